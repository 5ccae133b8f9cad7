"""The outbox: approved bytes on their way, with a durable mark before the point where a crash leaves doubt.

`held → queued → sending[claimed → data → accepted] → sent → filed`. A failure before `data` may be tried again; after
it only evidence or a person decides, because the server may have taken the message (RFC 1047).
"""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from desk.domain.enums import OutboxState
from desk.domain.mail import Outgoing
from desk.domain.sending import Uptime
from desk.domain.states import OUTBOX_MOVES, IllegalMove
from desk.domain.ticket import Gate
from desk.errors import Conflict
from desk.store.columns import maker, moment, stamp, strings, when
from desk.store.database import Read
from desk.store.states import transition
from desk.store.tables import outbox, threads

o = outbox.c

CLAIMED, DATA, ACCEPTED = "claimed", "data", "accepted"
"""Phases of sending."""

RETRY_SECONDS = (30.0, 120.0, 600.0, 1800.0, 3600.0, 7200.0)
"""Back-off after each temporary refusal; after the last one the message has failed."""


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One outgoing message. `raw` is what every attempt sends, byte for byte."""

    id: int
    thread_id: int | None
    mailbox_id: int
    draft_id: int | None
    draft_version: int
    state: OutboxState
    phase: str
    message_id: str
    sender: str
    recipients: tuple[str, ...]
    subject: str
    body: str
    raw: bytes
    answers: tuple[int, ...]
    inbound_at: datetime | None
    not_before: datetime
    attempt: int
    lease_token: str | None
    lease_until: datetime | None
    approved_by: str
    approved_at: datetime
    by_rule: bool
    warnings: tuple[Gate, ...]
    reply: str
    error: str
    sent_at: datetime | None
    filed_at: datetime | None
    bounced: str
    """Why it came back, empty where it did not."""

    def outgoing(self) -> Outgoing:
        """What the transport takes."""
        return Outgoing(self.raw, self.message_id, self.sender, self.recipients, self.subject)


_COLUMNS = (
    *(o.id, o.thread_id, o.mailbox_id, o.draft_id, o.draft_version, o.state, o.phase, o.message_id, o.sender),
    *(o.recipients, o.subject, o.body, o.raw, o.answers, o.inbound_at, o.not_before, o.attempt, o.lease_token),
    *(o.lease_until, o.approved_by, o.approved_at, o.by_rule, o.warnings, o.reply, o.error, o.sent_at, o.filed_at),
    o.bounced,
)


_row = maker(
    OutboxRow,
    state=OutboxState,
    recipients=strings,
    raw=bytes,
    answers=strings,
    inbound_at=when,
    not_before=moment,
    lease_until=when,
    approved_at=moment,
    warnings=lambda gates: tuple(Gate(**g) for g in gates or ()),
    sent_at=when,
    filed_at=when,
)


def rows(states: Collection[OutboxState] | None = None, limit: int = 200) -> Read[list[OutboxRow]]:
    """Outgoing messages, newest first; `states` keeps those."""
    statement = sa.select(*_COLUMNS).order_by(o.id.desc()).limit(limit)
    if states is not None:
        statement = statement.where(o.state.in_([str(s) for s in states]))
    return Read(statement, lambda found: [_row(r) for r in found])


def one(outbox_id: int) -> Read[OutboxRow | None]:
    """One outgoing message."""
    return Read(sa.select(*_COLUMNS).where(o.id == outbox_id), lambda found: _row(found[0]) if found else None)


def of_thread(thread_id: int) -> Read[list[OutboxRow]]:
    """A thread's outgoing messages, oldest first."""
    return Read(
        sa.select(*_COLUMNS).where(o.thread_id == thread_id).order_by(o.id), lambda found: [_row(r) for r in found]
    )


def by_rule(
    since: datetime, *, besides: int = 0, thread_id: int | None = None, contact_id: int | None = None
) -> Read[int]:
    """How many messages a rule approved since then and nobody stopped: for one ticket, one contact, or in all."""
    stopped = [str(OutboxState.CANCELLED), str(OutboxState.FAILED)]
    statement = sa.select(sa.func.count()).select_from(outbox)
    statement = statement.where(o.by_rule, o.approved_at >= stamp(since), o.state.not_in(stopped), o.id != besides)
    if thread_id is not None:
        statement = statement.where(o.thread_id == thread_id)
    if contact_id is not None:
        statement = statement.where(o.thread_id.in_(sa.select(threads.c.id).where(threads.c.contact_id == contact_id)))
    return Read(statement, lambda found: int(found[0][0]))


def add(
    tx: Connection,
    out: Outgoing,
    *,
    mailbox_id: int,
    thread_id: int | None,
    draft_id: int | None,
    draft_version: int,
    body: str,
    answers: Sequence[int],
    inbound_at: datetime | None,
    not_before: datetime,
    approved_by: str,
    now: datetime,
    by_rule: bool = False,
    warnings: Sequence[Gate] = (),
    up: Uptime | None = None,
    hold_seconds: float = 0.0,
) -> int:
    """Freeze an approved message until `not_before`, and until `hold_seconds` of uptime went by; returns its id.

    Approving the same draft revision twice violates the unique index on (draft_id, draft_version): callers settle the
    draft first.
    """
    values = {
        "thread_id": thread_id,
        "mailbox_id": mailbox_id,
        "draft_id": draft_id,
        "draft_version": draft_version,
        "message_id": out.message_id,
        "sender": out.sender,
        "recipients": list(out.recipients),
        "subject": out.subject,
        "body": body,
        "raw": out.raw,
        "answers": list(answers),
        "inbound_at": stamp(inbound_at),
        "not_before": stamp(not_before),
        "approved_by": approved_by,
        "approved_at": stamp(now),
        "updated_at": stamp(now),
        "by_rule": by_rule,
        "warnings": [asdict(g) for g in warnings],
        **({"boot": up.boot, "hold_over": up.seconds + hold_seconds} if up is not None else {}),
    }
    return int(tx.execute(outbox.insert().values(values).returning(o.id)).scalar_one())


LONGEST_HOLD = 120.0
"""Seconds. What waits longer than this is sent later on purpose: then the clock says when."""


def _ready(now: datetime, up: Uptime | None) -> sa.ColumnElement[bool]:
    """What may leave now. A hold is over when that much uptime went by, whatever the clock was set to meanwhile; a
    try is due at its time, or where the clock was set so far back that its time is out of reach."""
    reached = o.not_before <= stamp(now)
    on_hold = o.state == str(OutboxState.HELD)
    trying = o.state.in_([str(OutboxState.QUEUED), str(OutboxState.RETRY)])
    out_of_reach = o.not_before > (stamp(now) or 0.0) + 2 * RETRY_SECONDS[-1]
    tried = sa.and_(trying, sa.or_(reached, out_of_reach))
    if up is None:
        return sa.or_(sa.and_(on_hold, reached), tried)
    waited = sa.and_(o.boot == up.boot, o.hold_over <= up.seconds)
    brief = o.not_before - o.approved_at <= LONGEST_HOLD
    return sa.or_(sa.and_(on_hold, waited, sa.or_(reached, brief)), tried)


def due(now: datetime, up: Uptime | None = None) -> Read[list[int]]:
    """What may leave now: holds that ended and retries whose time has come, oldest first."""
    statement = sa.select(o.id).where(_ready(now, up)).order_by(o.not_before, o.id)
    return Read(statement, lambda found: [int(r[0]) for r in found], plain=True)


def measured_elsewhere(up: Uptime) -> Read[bool]:
    """Whether something is on hold whose uptime was another one's: before a restart, or another machine's."""
    statement = sa.select(o.id).where(o.state == str(OutboxState.HELD), o.boot != up.boot).limit(1)
    return Read(statement, lambda found: bool(found), plain=True)


def measure(tx: Connection, up: Uptime) -> None:
    """Hold those once more from now on, for as long as they were to be held: nobody knows how long they waited."""
    length = o.not_before - o.approved_at
    again = sa.case((length <= LONGEST_HOLD, length), else_=0.0)
    held = outbox.update().where(o.state == str(OutboxState.HELD), o.boot != up.boot)
    tx.execute(held.values(boot=up.boot, hold_over=up.seconds + again))


def claim(
    tx: Connection,
    now: datetime,
    *,
    outbox_id: int | None = None,
    lease_seconds: float = 900.0,
    up: Uptime | None = None,
) -> OutboxRow | None:
    """Take one message that is due (this one, or the oldest) for sending; None when there is none.

    The lease is longer than the ten minutes a server may take to answer after the final dot (RFC 5321 4.5.3.2.6).
    """
    over = outbox.update().where(o.state == str(OutboxState.HELD), _ready(now, up))
    tx.execute(over.values(state=str(OutboxState.QUEUED), not_before=stamp(now)))
    free = sa.and_(o.state != str(OutboxState.HELD), _ready(now, up))
    pick = sa.select(o.id).where(free).order_by(o.not_before, o.id).limit(1)
    if outbox_id is not None:
        pick = pick.where(o.id == outbox_id)
    row = tx.execute(
        outbox.update()
        .where(o.id == pick.with_for_update(skip_locked=True).scalar_subquery(), free)
        .values(
            state=str(OutboxState.SENDING),
            phase=CLAIMED,
            attempt=o.attempt + 1,
            lease_token=secrets.token_hex(8),
            lease_until=(stamp(now) or 0.0) + lease_seconds,
            updated_at=stamp(now),
        )
        .returning(*_COLUMNS)
    ).first()
    return None if row is None else _row(row)


def _set(tx: Connection, row: OutboxRow, new: OutboxState, now: datetime, **values: Any) -> None:
    """Move a claimed message; Conflict when the claim is no longer ours."""
    fence = (o.lease_token == row.lease_token, o.state == str(OutboxState.SENDING))
    try:
        transition(tx, outbox, OUTBOX_MOVES, row.id, new, where=fence, updated_at=stamp(now), **values)
    except IllegalMove as problem:
        raise Conflict("This message is no longer ours to send.", "Look at the outbox.") from problem


_FREE: Mapping[str, Any] = {"lease_token": None, "lease_until": None}


def mark_data(tx: Connection, row: OutboxRow, now: datetime) -> None:
    """Note that DATA comes next. Commit this in `Database.durable` before the first byte of the message is sent."""
    _set(tx, row, OutboxState.SENDING, now, phase=DATA)


def sent(tx: Connection, row: OutboxRow, reply: str, now: datetime) -> None:
    """The server took it; `reply` is what it said (its queue id)."""
    _set(tx, row, OutboxState.SENT, now, phase=ACCEPTED, reply=reply, error="", sent_at=stamp(now), **_FREE)


def retry(tx: Connection, row: OutboxRow, error: str, now: datetime) -> bool:
    """A temporary refusal: later again, or failed after the last attempt. True when it will be tried again."""
    if row.attempt > len(RETRY_SECONDS):
        fail(tx, row, error, now)
        return False
    at = (stamp(now) or 0.0) + RETRY_SECONDS[row.attempt - 1]
    _set(tx, row, OutboxState.RETRY, now, phase="", error=error, not_before=at, **_FREE)
    return True


def fail(tx: Connection, row: OutboxRow, error: str, now: datetime) -> None:
    """A final refusal."""
    _set(tx, row, OutboxState.FAILED, now, phase="", error=error, **_FREE)


def in_doubt(tx: Connection, row: OutboxRow, error: str, now: datetime) -> None:
    """It may have been sent: nothing but evidence or a person moves it from here."""
    _set(tx, row, OutboxState.IN_DOUBT, now, error=error, **_FREE)


def take_back(tx: Connection, row: OutboxRow, why: str, now: datetime) -> None:
    """Cancel a claimed message whose release was refused, before anything reached a server."""
    _set(tx, row, OutboxState.QUEUED, now, phase="", **_FREE)
    cancel(tx, row.id, now, why=why)


def change(
    tx: Connection, outbox_id: int, new: OutboxState, now: datetime, *, expect: Collection[OutboxState], **values: Any
) -> None:
    """Move a message nobody is sending, if it is in one of the states of `expect`; Conflict otherwise."""
    where = (o.state.in_([str(s) for s in expect]),)
    transition(tx, outbox, OUTBOX_MOVES, outbox_id, new, where=where, updated_at=stamp(now), **values)


def cancel(tx: Connection, outbox_id: int, now: datetime, why: str = "") -> None:
    """Take a waiting, failed or doubtful message out for good; Conflict when it is being sent or was sent.

    The draft revision is free to be approved again: only live rows are unique by (draft_id, draft_version).
    """
    expect = (OutboxState.HELD, OutboxState.QUEUED, OutboxState.RETRY, OutboxState.FAILED, OutboxState.IN_DOUBT)
    change(tx, outbox_id, OutboxState.CANCELLED, now, expect=expect, error=why)


def filed(tx: Connection, outbox_id: int, where: str, now: datetime) -> None:
    """A copy lies in the Sent folder."""
    values = {"filed_at": stamp(now), "filed_as": where}
    change(tx, outbox_id, OutboxState.FILED, now, expect=(OutboxState.SENT,), **values)


def bounced(tx: Connection, message_id: str, why: str) -> None:
    """Note that a sent message came back."""
    tx.execute(outbox.update().where(o.message_id == message_id).values(bounced=why))


def unfiled(limit: int = 50) -> Read[list[OutboxRow]]:
    """What was sent and has no copy in Sent yet, oldest first."""
    statement = sa.select(*_COLUMNS).where(o.state == str(OutboxState.SENT)).order_by(o.id).limit(limit)
    return Read(statement, lambda found: [_row(r) for r in found])


def recover(tx: Connection, now: datetime, *, orphans: bool = False) -> tuple[list[int], list[int]]:
    """After a crash: claims whose lease ended before DATA are queued again, those in DATA are in doubt.

    With `orphans` no lease is waited for: the caller knows that no sender lives, and one that only slept finds its claim
    gone when it asks to mark DATA. Returns (queued again, in doubt) as ids.
    """
    sending = o.state == str(OutboxState.SENDING)
    lost = sending if orphans else sa.and_(sending, o.lease_until < stamp(now))
    calm = {"updated_at": stamp(now), **_FREE}
    doubt = outbox.update().where(lost, o.phase.in_([DATA, ACCEPTED]))
    doubt = doubt.values(state=str(OutboxState.IN_DOUBT), error="desk stopped while the server had it", **calm)
    again = outbox.update().where(lost, o.phase == CLAIMED)
    again = again.values(state=str(OutboxState.QUEUED), phase="", not_before=stamp(now), **calm)
    unsure = [int(i) for i in tx.execute(doubt.returning(o.id)).scalars()]
    return [int(i) for i in tx.execute(again.returning(o.id)).scalars()], unsure
