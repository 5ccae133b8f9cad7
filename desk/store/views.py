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
def ids(wanted: Filter, limit: int | None, dialect: str) -> sa.Select[Any]:
    """The statement behind `threads.ids`, kept while it is in use."""
    statement = sa.select(t.id).where(*condition(wanted.view, wanted.me), *_narrowed(wanted, dialect))
    return statement.order_by(*order(wanted.view)).limit(limit)


def _narrowed(wanted: Filter, dialect: str) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    plain = ("category", "priority", "language", "status")
    found += [t[name] == value for name in plain if (value := getattr(wanted, name)) is not None]
    if wanted.assigned is not None:
        found.append(t.assigned_to == wanted.assigned)
    if wanted.mailbox is not None:
        box = sa.select(mailboxes.c.id).where(mailboxes.c.name == wanted.mailbox)
        found.append(t.mailbox_id == box.scalar_subquery())
    if wanted.tag is not None:
        tagged = sa.select(thread_tags.c.thread_id).join(tag_table).where(tag_table.c.name == wanted.tag)
        found.append(t.id.in_(tagged))
    if wanted.text.strip():
        columns = (t.subject, t.contact_addr, t.snippet, t.number)
        found += [sa.or_(*(_holds(column, word, dialect) for column in columns)) for word in wanted.text.split()]
    return found


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
