"""Tickets that belong together: joined by mail that answers both or by a person, taken apart again, and kept apart.

What a person decided holds: tickets that were split or taken apart are never joined by a later mail.
"""

from collections.abc import Collection, Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from desk.domain.enums import TICKET, MessageStatus, ThreadStatus
from desk.store import changes, jobs, threading
from desk.store import threads as tickets
from desk.store.database import Read, within
from desk.store.messages import participants
from desk.store.tables import events, kept_apart, messages, outbox, refusals, threads
from desk.store.upsert import add, insert, unless_there

FIRST_STEP = "context"
_AWAKE = (ThreadStatus.OPEN, ThreadStatus.PENDING_REVIEW)
_ASLEEP = (ThreadStatus.RESOLVED, ThreadStatus.ARCHIVED, ThreadStatus.WAITING)
_LEAVING = ("held", "queued", "retry", "sending")
_WAITING = (MessageStatus.PROCESSING, MessageStatus.CLASSIFIED, MessageStatus.DRAFT_READY, MessageStatus.COALESCED)


def merge(tx: Connection, gone: int, into: int, *, by: str, why: str, now: datetime) -> tuple[int, ...]:
    """Move everything of one ticket into another and say so on both; work on what still waits begins anew there.

    Returns the rows that moved, which the event keeps too, so that it can be undone later.
    """
    jobs.stop(tx, gone, TICKET, "merged", now=now)
    moved = threading.move_messages(tx, gone, into)
    left, stays = tickets.state(tx, gone), tickets.state(tx, into)
    if left.status in _AWAKE and stays.status in _ASLEEP:
        tickets.update(tx, into, status=ThreadStatus.OPEN, snoozed_until=None, resolved_at=None)
    if left.shelf == "desk" and left.step != "scanning" and stays.shelf != "desk":
        tickets.update(tx, into, shelf="desk")
    tickets.update(tx, gone, status=ThreadStatus.ARCHIVED, merged_into=into, step="", needs="")
    _follow(tx, gone, into)
    for thread_id in (into, gone):
        changes.record(
            tx, "thread.merged", why, actor=by, at=now, thread_id=thread_id,
            data={"gone": gone, "into": into, "moved": list(moved)},
        )  # fmt: skip
    m = messages.c
    waits = sa.select(m.id).where(m.id.in_(moved), m.run_id.is_not(None), m.status.in_([str(s) for s in _WAITING]))
    if tx.execute(waits.limit(1)).first() is not None:
        key = f"thread:{into}"
        jobs.enqueue(tx, TICKET, run_at=now, now=now, thread_id=into, coalesce_key=key, step=FIRST_STEP)
    return moved


def unmerge(tx: Connection, gone: int, into: int, moved: Collection[int]) -> None:
    """Take a merged ticket's messages out again; the two are kept apart from now on."""
    threading.move_messages(tx, into, gone, only=moved)
    tickets.update(tx, gone, status=ThreadStatus.OPEN, merged_into=None)
    keep_apart(tx, gone, into)


def merged(thread_id: int) -> Read[list[tuple[int, str, tuple[int, ...]]]]:
    """The tickets that went into this one: (id, number, rows that moved)."""
    statement = sa.select(threads.c.id, threads.c.number, events.c.data).join_from(
        threads, events, sa.and_(events.c.thread_id == threads.c.id, events.c.kind == "thread.merged")
    )
    statement = statement.where(threads.c.merged_into == thread_id).order_by(events.c.id)
    return Read(
        statement,
        lambda rows: [
            (r[0], r[1], tuple(r[2]["moved"]))
            for r in {row[0]: row for row in rows if (row[2] or {}).get("gone") == row[0]}.values()
        ],
    )


def keep_apart(tx: Connection, one: int, other: int) -> None:
    """Note that a person wants two tickets apart."""
    values = {"thread_id": min(one, other), "other_id": max(one, other)}
    statement = insert(tx, kept_apart).values(values)
    tx.execute(statement.on_conflict_do_nothing(index_elements=["thread_id", "other_id"]))


def let_join(tx: Connection, one: int, other: int) -> None:
    """Forget that two tickets were kept apart: a person put them together."""
    k = kept_apart.c
    tx.execute(kept_apart.delete().where(k.thread_id == min(one, other), k.other_id == max(one, other)))


def _apart(tx: Connection, ids: Collection[int]) -> set[tuple[int, int]]:
    k = kept_apart.c
    found = tx.execute(sa.select(k.thread_id, k.other_id).where(k.thread_id.in_(ids), k.other_id.in_(ids)))
    return {(r[0], r[1]) for r in found}


def _follow(tx: Connection, gone: int, into: int) -> None:
    """What was noted about a ticket that went into another holds for that one."""
    r, k = refusals.c, kept_apart.c
    noted = [tuple(x) for x in tx.execute(sa.select(refusals).where(sa.or_(r.thread_id == gone, r.into_id == gone)))]
    refuse(tx, [(into if lies == gone else lies, into if there == gone else there, who) for lies, there, who in noted])
    tx.execute(refusals.delete().where(sa.or_(r.thread_id == gone, r.into_id == gone)))
    pairs = [tuple(x) for x in tx.execute(sa.select(kept_apart).where(sa.or_(k.thread_id == gone, k.other_id == gone)))]
    for one, other in pairs:
        if (third := other if one == gone else one) != into:
            keep_apart(tx, into, third)


def refuse(tx: Connection, noted: Iterable[tuple[int, int, str]]) -> None:
    """Note (thread, other, sender): a message of the thread names one of the other, whose circle its sender is not in (yet)."""
    rows = [{"thread_id": a, "into_id": b, "sender": who.lower()} for a, b, who in noted if a != b and who]
    add(tx, unless_there(tx, refusals, "thread_id", "into_id", "sender"), rows)


def join(tx: Connection, thread_id: int, others: Iterable[int], *, grown: bool, now: datetime) -> int:
    """Join the tickets that a new message of `thread_id` connects, and those that waited for its circle to grow.

    The oldest stays, or the one with a message on its way out; two of those are left to a person. Returns the ticket
    that the message is in now.
    """
    waiting = set(others) - {thread_id}
    while True:
        if grown:
            waiting |= _welcome(tx, thread_id)
        into = _join(tx, thread_id, waiting, now) if waiting else thread_id
        if into == thread_id and not waiting:
            return into
        grown, waiting, thread_id = bool(waiting), set(), into


def _welcome(tx: Connection, thread_id: int) -> set[int]:
    """Tickets whose sender was refused here and has since become part of the conversation."""
    r = refusals.c
    found = tx.execute(sa.select(r.thread_id, r.sender).where(r.into_id == thread_id)).all()
    if not found:
        return set()
    circle = within(tx, participants([thread_id])).get(thread_id, frozenset())
    welcome = {lies for lies, sender in found if sender in circle}
    for lies in welcome:
        tx.execute(refusals.delete().where(r.thread_id == lies, r.into_id == thread_id))
    return welcome


def _join(tx: Connection, thread_id: int, others: set[int], now: datetime) -> int:
    ids = {thread_id, *others}
    leaving = set(
        tx.execute(
            sa.select(outbox.c.thread_id).where(outbox.c.thread_id.in_(ids), outbox.c.state.in_(_LEAVING))
        ).scalars()
    )
    into = min(leaving or ids)
    numbers = {r[0]: r[1] for r in tx.execute(sa.select(threads.c.id, threads.c.number).where(threads.c.id.in_(ids)))}
    apart = _apart(tx, ids)
    for gone in sorted(ids - {into} - leaving):
        if (min(gone, into), max(gone, into)) not in apart:
            why = f"{numbers[gone]} belongs to {numbers[into]}: a message that came later answers both"
            merge(tx, gone, into, by="fetch", why=why, now=now)
    return within(tx, tickets.merged_into(thread_id)) or thread_id
