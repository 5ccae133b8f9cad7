"""Threads: the lists, one ticket, and every change of its row."""

import json
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import lru_cache, partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from desk.domain.enums import ThreadStatus
from desk.domain.states import THREAD_MOVES
from desk.errors import Conflict
from desk.store import views
from desk.store.columns import maker, moment, stamp, when
from desk.store.database import Read
from desk.store.states import must, transition
from desk.store.tables import contacts, counters, mailboxes, notes, reads, tags, thread_tags, threads
from desk.store.upsert import insert
from desk.store.views import Filter, View

__all__ = ["Filter", "ThreadDetail", "ThreadRow", "View", "counts", "ids", "one", "rows"]

PAGE = 128
"""Most rows one call of `rows` fetches."""

FIRST_NUMBER = 1000


@dataclass(slots=True)
class ThreadRow:
    """One line of a thread list; not frozen, because a hundred are made at every page and that takes thrice as long."""

    id: int
    number: str
    subject: str
    contact_name: str
    """The address where nobody knows a name."""
    contact_addr: str
    status: str
    category: str
    priority: str
    sentiment: str
    language: str
    urgent: bool
    unread: bool
    confidence: float | None
    known: str
    answerable: float | None
    written_by: str
    step: str
    needs: str
    last_message_at: datetime
    message_count: int
    assigned: str
    snoozed_until: datetime | None
    mailbox: str
    snippet: str
    flagged: bool
    has_attachments: bool
    version: int
    shelf: str
    question_count: int
    authentication: str
    """What the receiving server says of the sender of the newest mail: `pass`, `fail`, `none`, or nothing."""


@dataclass(frozen=True, slots=True)
class Note:
    """An internal note; no send path reads this table."""

    id: int
    author: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ThreadDetail:
    """One ticket: its row, and what only its own pane shows."""

    row: ThreadRow
    contact_id: int | None
    mailbox_id: int
    channel: str
    register: str
    team_id: int | None
    first_message_at: datetime | None
    last_inbound_at: datetime | None
    last_outbound_at: datetime | None
    merged_into: int | None
    tags: tuple[str, ...]
    notes: tuple[Note, ...]


_UNREAD = sa.and_(
    threads.c.last_inbound_at.is_not(None), sa.or_(reads.c.at.is_(None), reads.c.at < threads.c.last_inbound_at)
)


_NAME = sa.func.coalesce(sa.func.nullif(contacts.c.name, ""), threads.c.contact_addr)


@lru_cache(maxsize=4)
def _row_statement(me: str) -> sa.Select[Any]:
    t = threads.c
    return (
        sa.select(
            *(
                t.id,
                t.number,
                t.subject,
                _NAME.label("contact_name"),
                t.contact_addr,
                t.status,
                t.category,
                t.priority,
                t.sentiment,
            ),
            *(t.language, t.urgent, _UNREAD.label("unread"), t.confidence, t.known, t.answerable, t.written_by, t.step),
            *(t.needs, t.last_message_at, t.message_count, t.assigned_to, t.snoozed_until),
            *(mailboxes.c.name.label("mailbox"), t.snippet, t.flagged, t.has_attachments, t.version, t.shelf),
            t.question_count,
            t.authentication,
        )
        .join_from(threads, mailboxes, mailboxes.c.id == t.mailbox_id)
        .outerjoin(contacts, contacts.c.id == t.contact_id)
        .outerjoin(reads, sa.and_(reads.c.thread_id == t.id, reads.c.agent == me))
    )


_row = maker(
    ThreadRow,
    urgent=bool,
    unread=bool,
    last_message_at=moment,
    snoozed_until=when,
    flagged=bool,
    has_attachments=bool,
)


def counts(me: str = "") -> Read[dict[View, int]]:
    """How many threads each view holds for `me`."""
    return Read(views.counts(me), lambda rows: {View(name): int(n or 0) for name, n in rows}, plain=True)


def ids(wanted: Filter, limit: int | None = None) -> Read["array[int]"]:
    """The ids of a view in display order as a packed array; `limit` cuts it for a first paint."""
    return Read(partial(views.ids, wanted, limit), lambda rows: array("q", [r[0] for r in rows]), plain=True)


def rows(wanted: Sequence[int], me: str = "") -> Read[list[ThreadRow]]:
    """At most 128 rows in the order of `wanted`; ids that are gone are left out. `unread` is as `me` sees it."""
    order = list(wanted)[:PAGE]

    def convert(found: Sequence[Any]) -> list[ThreadRow]:
        by_id = {r[0]: _row(r) for r in found}
        return [by_id[i] for i in order if i in by_id]

    return Read(partial(_page_statement, me), convert, plain=True, values={"ids": json.dumps(order)})


@lru_cache(maxsize=8)
def _page_statement(me: str, dialect: str) -> sa.Select[Any]:
    """The rows of the ids in the JSON list `ids`: one parameter, so one text for a page of any length."""
    of = sa.func.json_each if dialect == "sqlite" else sa.func.json_array_elements_text
    given = of(sa.cast(sa.bindparam("ids"), sa.Text if dialect == "sqlite" else sa.JSON)).table_valued("value")
    return _row_statement(me).where(threads.c.id.in_(sa.select(sa.cast(given.c.value, sa.Integer))))


def _detail(where: sa.ColumnElement[bool], me: str) -> Read[ThreadDetail | None]:
    t = threads.c
    kinds = sa.select(
        sa.literal("tag"), tags.c.name, sa.literal(""), sa.literal(0.0), sa.literal(0), thread_tags.c.thread_id
    )
    extra = sa.union_all(
        kinds.join_from(thread_tags, tags),
        sa.select(sa.literal("note"), notes.c.text, notes.c.author, notes.c.at, notes.c.id, notes.c.thread_id).where(
            notes.c.deleted.is_(False)
        ),
    ).subquery("extra")
    base = _row_statement(me).add_columns(
        *(t.contact_id, t.mailbox_id, t.channel, t.register, t.team_id, t.first_message_at, t.last_inbound_at),
        *(t.last_outbound_at, t.merged_into, *list(extra.c)[:5]),
    )
    statement = base.outerjoin(extra, list(extra.c)[5] == t.id).where(where).order_by(list(extra.c)[4])
    return Read(statement, _to_detail)


def _to_detail(found: Sequence[Any]) -> ThreadDetail | None:
    if not found:
        return None
    at = len(fields(ThreadRow))
    kind, words, author, when_written, key = range(at + 9, at + 14)
    tagged = tuple(sorted({r[words] for r in found if r[kind] == "tag"}))
    noted = tuple(_note((r[key], r[author], r[words], r[when_written])) for r in found if r[kind] == "note")
    return _whole((_row(found[0]), *found[0][at : at + 9], tagged, noted))


_note = maker(Note, at=moment)
_whole = maker(ThreadDetail, first_message_at=when, last_inbound_at=when, last_outbound_at=when)


def one(thread_id: int, me: str = "") -> Read[ThreadDetail | None]:
    """One ticket with its tags and notes."""
    return _detail(threads.c.id == thread_id, me)


def merged_into(thread_id: int) -> Read[int | None]:
    """The ticket that this one's messages went to, None where it stands for itself."""
    return Read(_MERGED, lambda rows: rows[0][0] if rows else None, plain=True, values={"thread": thread_id})


_MERGED = sa.select(threads.c.merged_into).where(threads.c.id == sa.bindparam("thread", type_=sa.Integer))


def by_number(number: str, me: str = "") -> Read[ThreadDetail | None]:
    """The ticket called "T-1042"."""
    return _detail(threads.c.number == number.strip().upper(), me)


def count(tx: Connection, name: str, start: int = 0, by: int = 1) -> int:
    """A counter's next value, or its `by`th: one statement, so no two callers get the same; a rolled-back one is given
    again."""
    return int(tx.execute(_counted(tx), {"name": name, "value": start + by, "more": by}).scalar_one())


def _counted(tx: Connection) -> Any:
    statement = insert(tx, counters)
    if statement not in _COUNTED:
        more = statement.on_conflict_do_update(
            index_elements=["name"], set_={"value": counters.c.value + sa.bindparam("more")}
        )
        _COUNTED[statement] = more.returning(counters.c.value)
    return _COUNTED[statement]


_COUNTED: dict[Any, Any] = {}
"""The counting statement by dialect."""


def next_number(tx: Connection) -> str:
    """The next ticket number, "T-1001" first."""
    return next_numbers(tx, 1)[0]


def next_numbers(tx: Connection, many: int) -> list[str]:
    """The next ticket numbers, in order."""
    last = count(tx, "thread", FIRST_NUMBER, many)
    return [f"T-{number}" for number in range(last - many + 1, last + 1)]


def create(
    tx: Connection,
    *,
    mailbox_id: int,
    subject: str,
    contact_id: int | None,
    contact_addr: str,
    at: datetime,
    subject_key: str = "",
    channel: str = "email",
    **columns: Any,
) -> int:
    """A new ticket with the next number; further columns of the table may be given. Returns its id."""
    values = {
        "number": next_number(tx),
        "mailbox_id": mailbox_id,
        "subject": subject.replace("\0", ""),
        "contact_id": contact_id,
        "contact_addr": contact_addr.lower(),
        "first_message_at": stamp(at),
        "last_message_at": stamp(at),
        "created_at": stamp(at),
        "subject_key": subject_key,
        "channel": channel,
    }
    return int(tx.execute(_CREATE, {**values, **_plain(columns)}).scalar_one())


_CREATE = threads.insert().returning(threads.c.id)


def update(tx: Connection, thread_id: int, *, expect_version: int | None = None, **columns: Any) -> int:
    """Change columns and count the version up; returns the new version.

    Raises Conflict when `expect_version` differs from the stored one, IllegalMove when `status` may not change so.
    """
    values = _plain(columns)
    where = () if expect_version is None else (threads.c.version == expect_version,)
    status = values.pop("status", None)
    values["version"] = threads.c.version + 1
    if status is not None:
        transition(tx, threads, THREAD_MOVES, thread_id, ThreadStatus(status), column="status", where=where, **values)
    else:
        done = tx.execute(threads.update().where(threads.c.id == thread_id, *where).values(values))
        if done.rowcount != 1:
            raise Conflict("This ticket changed while you were at it.", "Look at it again and repeat if still needed.")
    return int(tx.execute(sa.select(threads.c.version).where(threads.c.id == thread_id)).scalar_one())


def _plain(columns: dict[str, Any]) -> dict[str, Any]:
    return {name: stamp(v) if isinstance(v, datetime) else v for name, v in columns.items()}


def state(tx: Connection, thread_id: int) -> Any:
    """The whole stored row (every column by name), inside a write unit; Conflict when there is none."""
    return must(tx.execute(sa.select(threads).where(threads.c.id == thread_id)).one_or_none(), "The ticket")


def due(now: datetime) -> Read[list[int]]:
    """Snoozed tickets whose time has come."""
    statement = sa.select(threads.c.id).where(
        threads.c.snoozed_until.is_not(None), threads.c.snoozed_until <= stamp(now)
    )
    return Read(statement, lambda rows: [r[0] for r in rows])


def quiet(before: datetime, limit: int = 200) -> Read[list[int]]:
    """Tickets that wait for the contact since our answer, which left before then, oldest first."""
    c = threads.c
    statement = sa.select(c.id).where(
        *(c.shelf == "desk", c.status == str(ThreadStatus.WAITING), c.snoozed_until.is_(None)),
        *(c.merged_into.is_(None), c.last_outbound_at <= stamp(before), c.last_message_at <= stamp(before)),
    )
    return Read(statement.order_by(c.last_message_at, c.id).limit(limit), lambda rows: [int(r[0]) for r in rows])


def wake(tx: Connection, thread_id: int) -> None:
    """Bring a snoozed ticket back: to review when a draft is on offer, else to the inbox."""
    from desk.store import drafts

    offered = tx.execute(drafts.offered(thread_id)).scalar() is not None
    status = ThreadStatus.PENDING_REVIEW if offered else ThreadStatus.OPEN
    update(tx, thread_id, status=status, snoozed_until=None)


def mark_read(tx: Connection, thread_id: int, agent: str, at: datetime | None) -> None:
    """Note that `agent` has read the ticket up to `at`; None makes it unread again."""
    if at is None:
        tx.execute(reads.delete().where(reads.c.thread_id == thread_id, reads.c.agent == agent))
        return
    statement = insert(tx, reads).values(agent=agent, thread_id=thread_id, at=stamp(at))
    tx.execute(statement.on_conflict_do_update(index_elements=["agent", "thread_id"], set_={"at": stamp(at)}))
