"""The built-in views as SQL: one condition and one order each, so that counts and lists can never disagree."""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from desk.store.tables import mailboxes, outbox, thread_tags, threads
from desk.store.tables import tags as tag_table

t = threads.c


class View(StrEnum):
    """The lists a person can open."""

    INBOX = "inbox"
    REVIEW = "review"
    MINE = "mine"
    UNASSIGNED = "unassigned"
    OUTBOX = "outbox"
    SNOOZED = "snoozed"
    QUARANTINE = "quarantine"
    AUTOMATED = "automated"
    SPAM = "spam"
    DONE = "done"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Filter:
    """A view, narrowed. Empty means: no matter."""

    view: View = View.INBOX
    me: str = ""
    mailbox: str | None = None
    category: str | None = None
    priority: str | None = None
    assigned: str | None = None
    language: str | None = None
    status: str | None = None
    tag: str | None = None
    text: str = ""


_DONE = ("resolved", "archived")
_IN_OUTBOX = sa.select(outbox.c.thread_id).where(
    outbox.c.state.in_(["held", "queued", "retry", "sending", "in_doubt", "failed"])
)


def condition(view: View, me: str) -> list[sa.ColumnElement[bool]]:
    """What a thread must satisfy to be in the view."""
    on_desk = t.shelf == "desk"
    live = t.status.not_in(_DONE)
    known: dict[View, list[sa.ColumnElement[bool]]] = {
        View.INBOX: [on_desk, t.status.in_(["open", "pending_review"])],
        View.REVIEW: [on_desk, t.status == "pending_review"],
        View.MINE: [on_desk, t.assigned_to == me, t.status.in_(["open", "pending_review", "waiting", "on_hold"])],
        View.UNASSIGNED: [on_desk, t.assigned_to == "", t.status.in_(["open", "pending_review"])],
        View.OUTBOX: [t.id.in_(_IN_OUTBOX)],
        View.SNOOZED: [on_desk, t.status == "on_hold"],
        View.QUARANTINE: [t.shelf == "quarantine", live],
        View.AUTOMATED: [t.shelf == "automated", live],
        View.SPAM: [t.shelf == "spam", live],
        View.DONE: [on_desk, t.status.in_(_DONE), t.merged_into.is_(None)],
        View.ALL: [on_desk, t.merged_into.is_(None)],
    }
    return known[view]


def order(view: View) -> list[Any]:
    """Newest first; review shows who needs a person first: urgent, then with a question to us, then the oldest."""
    if view is View.REVIEW:
        return [t.urgent.desc(), t.asks.desc(), t.last_message_at, t.id]
    if view is View.SNOOZED:
        return [t.snoozed_until, t.id]
    return [t.last_message_at.desc(), t.id.desc()]


@lru_cache(maxsize=64)
def ids(wanted: Filter, limit: int | None, dialect: str) -> sa.Executable:
    """The statement behind `threads.ids`, kept while it is in use."""
    statement = sa.select(t.id).where(*condition(wanted.view, wanted.me), *_narrowed(wanted, dialect))
    statement = statement.order_by(*order(wanted.view))
    words = wanted.text.split()
    if words and dialect == "sqlite":
        return _by_letters(statement, words, limit)
    return statement.limit(limit)


def _narrowed(wanted: Filter, dialect: str) -> list[sa.ColumnElement[bool]]:
    """The filters as conditions. SQLite knows only the average value of a column and would rather read the whole view:
    it is told that what a person narrows to is rare."""
    found: list[sa.ColumnElement[bool]] = []
    named = {"category": t.category, "priority": t.priority, "language": t.language, "assigned": t.assigned_to}
    found += [column == value for name, column in named.items() if (value := getattr(wanted, name)) is not None]
    if wanted.mailbox is not None:
        box = sa.select(mailboxes.c.id).where(mailboxes.c.name == wanted.mailbox)
        found.append(t.mailbox_id == box.scalar_subquery())
    if dialect == "sqlite":
        found = [sa.func.unlikely(one) for one in found]
    if wanted.status is not None:
        found.append(t.status == wanted.status)
    if wanted.tag is not None:
        tagged = sa.select(thread_tags.c.thread_id).join(tag_table).where(tag_table.c.name == wanted.tag)
        found.append(t.id.in_(tagged))
    columns = (t.subject, t.contact_addr, t.snippet, t.number)
    found += [sa.or_(*(_holds(column, word, dialect) for column in columns)) for word in wanted.text.split()]
    return found


FEW = 1500
"""Tickets that are looked at one by one; words that more of them may hold are soon met by reading down the view."""


def _by_letters(statement: sa.Select[Any], words: list[str], limit: int | None) -> sa.CompoundSelect[Any]:
    """A list narrowed by free text: from the tickets that share the words' letters, by threes, while those are few,
    else down the view. Both halves ask the same; the limit of the one that is not wanted is 0, so it costs nothing."""
    few = _sharing(words).limit(FEW + 1).cte("few").prefix_with("MATERIALIZED")
    number = sa.select(sa.func.count()).select_from(few).scalar_subquery()
    rows = -1 if limit is None else limit
    picked = statement.where(t.id.in_(sa.select(few.c.id))).limit(sa.case((number <= FEW, rows), else_=0))
    passed = statement.limit(sa.case((number > FEW, rows), else_=0))
    return sa.union_all(*(sa.select(half.subquery().c.id) for half in (picked, passed)))


def _sharing(words: list[str]) -> sa.Select[Any]:
    """Tickets whose row may hold the words (FTS5's trigram index); a word of one or two letters is a beginning there."""
    grams = {word[i : i + 3] for word in words for i in (*range(0, len(word) - 2, 3), len(word) - 3) if len(word) > 2}
    if grams:
        index = sa.table("threads_fts", sa.column("rowid"))
        wanted = " AND ".join('"' + gram.replace('"', '""') + '"' for gram in sorted(grams))
        return sa.select(index.c.rowid.label("id")).where(sa.literal_column("threads_fts").op("MATCH")(wanted))
    index = sa.table("threads_grams", sa.column("doc"), sa.column("term"))
    start = max(words, key=len).lower()
    return sa.select(index.c.doc.label("id")).where(index.c.term >= start, index.c.term < start + chr(0x10FFFF))


def _holds(column: sa.ColumnElement[str], word: str, dialect: str) -> sa.ColumnElement[bool]:
    """Whatever the case. SQLite's LIKE knows no case anyway: without lower() it takes half the time."""
    if dialect == "sqlite":
        return column.contains(word, autoescape=True)
    return column.icontains(word, autoescape=True)


@lru_cache(maxsize=4)
def counts(me: str) -> sa.CompoundSelect[Any]:
    """One row (name, count) a view."""
    return sa.union_all(
        *(
            sa.select(sa.literal(str(view)), sa.func.count()).select_from(threads).where(*condition(view, me))
            for view in View
        )
    )
