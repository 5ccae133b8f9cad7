"""Full-text search over messages, newest first, with the place that matched."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from desk.store.columns import maker, moment, stamp
from desk.store.database import Read
from desk.store.tables import commitments, thread_tags, threads
from desk.store.tables import messages as message_table
from desk.store.tables import tags as tag_table

MARK = ("\x02", "\x03")
"""What stands around a hit in a snippet: control characters no message can hold, for the screen to style."""


@dataclass(frozen=True, slots=True)
class SearchHit:
    """One message that matched."""

    thread_id: int
    message_id: int
    number: str
    subject: str
    from_addr: str
    snippet: str
    at: datetime


_hit = maker(SearchHit, snippet=lambda text: text or "", at=moment)


@dataclass(frozen=True, slots=True)
class Query:
    """A search as typed, taken apart: `words` match anywhere, the rest narrows."""

    words: tuple[str, ...]
    sender: str = ""
    status: str = ""
    assigned: str = ""
    tag: str = ""
    before: datetime | None = None
    after: datetime | None = None


_TOKEN = re.compile(
    r'(?:(?P<field>from|subject|is|in|assigned|tag|before|after):)?(?:"(?P<phrase>[^"]*)"|(?P<word>\S+))'
)


def parse(text: str) -> Query:
    """Take a search line apart: words, "a phrase", from: subject: is: assigned: tag: before: after: (ISO dates).

    `is:promised` keeps tickets with something we promised and have not done yet, `is:overdue` those whose day is over.
    """
    words: list[str] = []
    named: dict[str, Any] = {}
    for found in _TOKEN.finditer(text):
        field, value = found["field"], found["phrase"] if found["phrase"] is not None else found["word"]
        if field in (None, "subject"):
            words.append(f"subject:{value}" if field else value)
        elif field in ("before", "after"):
            try:
                day = datetime.fromisoformat(value)
            except ValueError:
                words.append(value)
                continue
            named[field] = day if day.tzinfo else day.astimezone()
        else:
            named[{"from": "sender", "is": "status", "in": "status"}.get(field, field)] = value.lower()
    return Query(tuple(words), **named)


def _match(words: Sequence[str], sender: str) -> str:
    """FTS5 syntax: every word quoted (so no operator gets through), the last one and the sender as a prefix.

    A single Latin letter is only itself: as a beginning it would stand for a good part of all words.
    """
    parts = []
    if re.search(r"\w", sender):
        name = sender.replace('"', '""')
        parts.append(f'{{from_name from_addr}} : "{name}"*')
    for place, word in enumerate(words):
        column, value = ("subject : ", word[8:]) if word.startswith("subject:") else ("", word)
        escaped = value.replace('"', '""')
        star = "*" if place == len(words) - 1 and not column and re.search(r"\w\w$|[^\W\x00-\x7f]$", value) else ""
        if re.search(r"\w", value):
            parts.append(f'{column}"{escaped}"{star}')
    return " AND ".join(parts)


def _narrow(query: Query, *, in_columns: bool) -> list[sa.ColumnElement[bool]]:
    m, t = message_table.c, threads.c
    found: list[sa.ColumnElement[bool]] = []
    if query.sender and in_columns:
        found.append(sa.or_(m.from_addr.icontains(query.sender, autoescape=True), m.from_name.icontains(query.sender)))
    if query.status in ("promised", "overdue"):
        c = commitments.c
        late = c.told.is_(True) if query.status == "overdue" else sa.true()
        found.append(t.id.in_(sa.select(c.thread_id).where(c.state == "open", late)))
    elif query.status:
        found.append(sa.or_(t.status == query.status, t.shelf == query.status))
    if query.assigned:
        found.append(t.assigned_to == query.assigned)
    if query.tag:
        tagged = sa.select(thread_tags.c.thread_id).join(tag_table).where(tag_table.c.name == query.tag)
        found.append(t.id.in_(tagged))
    if query.before is not None:
        found.append(m.received_at < stamp(query.before))
    if query.after is not None:
        found.append(m.received_at >= stamp(query.after))
    return found


def messages(text: str, limit: int = 50) -> Read[list[SearchHit]]:
    """The newest messages that hold every word of `text`; a search without words lists the newest that fit."""
    query = parse(text)

    def statement(dialect: str) -> sa.Select[Any]:
        return _statement(query, limit, dialect)

    return Read(statement, lambda rows: [_hit(r) for r in rows], plain=True)


def _statement(query: Query, limit: int, dialect: str) -> sa.Select[Any]:
    m, t = message_table.c, threads.c
    match = _match(query.words, query.sender if dialect == "sqlite" else "")
    snippet: sa.ColumnElement[Any] = sa.func.substr(m.text, 1, 160)
    source: Any = message_table.join(threads, t.id == m.thread_id)
    conditions = _narrow(query, in_columns=dialect != "sqlite" or not match)
    order: Any = m.id.desc()
    if match and dialect == "sqlite":
        fts = sa.table("messages_fts", sa.column("rowid"))
        snippet = sa.func.snippet(sa.literal_column("messages_fts"), -1, *MARK, "…", 16)
        source = fts.join(message_table, m.id == fts.c.rowid).join(threads, t.id == m.thread_id)
        conditions.append(sa.literal_column("messages_fts").op("MATCH")(match))
        order = fts.c.rowid.desc()
    elif match:
        source, snippet, found = _postgresql(query, source)
        conditions.append(found)
    statement = sa.select(m.thread_id, m.id, t.number, m.subject, m.from_addr, snippet, m.received_at)
    return statement.select_from(source).where(*conditions).order_by(order).limit(limit)


def _postgresql(query: Query, source: Any) -> tuple[Any, sa.ColumnElement[Any], sa.ColumnElement[bool]]:
    found = sa.table("message_search", sa.column("message_id"), sa.column("document"))
    words = [w.removeprefix("subject:") for w in query.words if re.search(r"\w", w)]
    parts = [sa.func.phraseto_tsquery(sa.text("'simple'"), word) for word in words]
    if re.fullmatch(r"\w+", words[-1]):
        parts[-1] = sa.func.to_tsquery(sa.text("'simple'"), f"{words[-1]}:*")
    wanted: sa.ColumnElement[Any] = parts[0]
    for part in parts[1:]:
        wanted = wanted.op("&&")(part)
    options = f"StartSel={MARK[0]}, StopSel={MARK[1]}, MaxWords=16, MinWords=8"
    snippet = sa.func.ts_headline(sa.text("'simple'"), message_table.c.text, wanted, options)
    return source.join(found, found.c.message_id == message_table.c.id), snippet, found.c.document.op("@@")(wanted)
