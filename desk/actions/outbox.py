"""The second door. `release` is the only way to SMTP; everything else here is what a person does with the outbox."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from desk.actions.answer import advance, back_to_review, failing, forwards, release_check, request
from desk.actions.desk import Desk, Done, Unit, found, unit
from desk.actions.plan import close, closes
from desk.actions.standing import standing
from desk.domain.enums import Author, Direction, MessageStatus, OutboxState, ThreadStatus
from desk.domain.mail import Outgoing
from desk.domain.ticket import Gate
from desk.errors import Conflict, DeskError, Refused, SendError
from desk.store import changes, drafts, ledger, messages, outbox, threads
from desk.store.database import Connection, Read, within
from desk.store.drafts import DraftRow
from desk.store.outbox import OutboxRow

Send = Callable[[Outgoing, Callable[[], None]], str]
"""Hand one message over: its bytes, and what to call after the last accepted recipient and before DATA."""


@dataclass(frozen=True, slots=True)
class Released(Done):
    """How a release ended: `state` is where the message stands now."""

    state: OutboxState = OutboxState.SENT


def cancel(desk: Desk, outbox_id: int) -> Done:
    """Take a message back while it waits; its draft is on offer again. Conflict when it is leaving or has left."""
    with unit(desk, "cancel", f"outbox:{outbox_id}", durable=True) as u:
        row = found(u.get(outbox.one(outbox_id)), "This message")
        outbox.cancel(u.tx, outbox_id, u.now, why=f"taken back by {desk.agent}")
        back_to_review(u, row, "")
        u.note("outbox.cancelled", f"{row.subject}: taken back", row.thread_id)
    from desk.actions.review import approve

    again = partial(approve, desk, row.draft_id, confirm=True) if row.draft_id is not None else None
    return Done("Taken back; the draft is on offer again", again)


def send_now(desk: Desk, outbox_id: int) -> Done:
    """End the hold of a message."""
    with unit(desk, "send_now", f"outbox:{outbox_id}", durable=True) as u:
        row = found(u.get(outbox.one(outbox_id)), "This message")
        waiting = (OutboxState.HELD, OutboxState.QUEUED)
        outbox.change(u.tx, outbox_id, OutboxState.QUEUED, u.now, expect=waiting, not_before=u.now.timestamp())
        u.note("outbox.queued", f"{row.subject}: sent without waiting", row.thread_id)
    return Done("On its way")


def retry(desk: Desk, outbox_id: int) -> Done:
    """Try a failed message again, with the same bytes."""
    return _again(desk, outbox_id, "retry", OutboxState.FAILED)


def resend(desk: Desk, outbox_id: int) -> Done:
    """Send a doubtful message again, with the same bytes and the same Message-ID: the customer may get it twice."""
    return _again(desk, outbox_id, "resend", OutboxState.IN_DOUBT)


def _again(desk: Desk, outbox_id: int, action: str, expect: OutboxState) -> Done:
    with unit(desk, action, f"outbox:{outbox_id}", durable=True) as u:
        row = found(u.get(outbox.one(outbox_id)), "This message")
        now = u.now.timestamp()
        outbox.change(
            u.tx, outbox_id, OutboxState.QUEUED, u.now, expect=(expect,), not_before=now, attempt=0, phase="", error=""
        )
        if row.thread_id is not None:
            threads.update(u.tx, row.thread_id, needs="", step="on hold")
        u.note(f"outbox.{action}", f"{row.subject}: tried again", row.thread_id)
    return Done("It is tried again", partial(cancel, desk, outbox_id))


def mark_sent(desk: Desk, outbox_id: int) -> Done:
    """Settle a doubtful message as sent: a person (or a copy in Sent) says it arrived."""
    with unit(desk, "mark_sent", f"outbox:{outbox_id}", durable=True) as u:
        row = found(u.get(outbox.one(outbox_id)), "This message")
        outbox.change(
            u.tx,
            outbox_id,
            OutboxState.SENT,
            u.now,
            expect=(OutboxState.IN_DOUBT,),
            sent_at=u.now.timestamp(),
            error="",
        )
        _complete(u, row)
    return Done("Noted as sent")


STOPPED = "nothing_leaves"
"""Name of the stored setting that stops every send; its value is who stopped it."""


def stopped() -> Read[str]:
    """Who stopped everything that leaves, "" when nobody did."""
    return replace(changes.setting(STOPPED), convert=lambda rows: str(rows[0][0] or "") if rows else "")


def hold_everything(desk: Desk) -> Done:
    """Stop every send of every desk on this store, at once; what waited out its hold goes back to review.

    There is no undo: only `let_go`, which the screen asks about, makes mail leave again.
    """
    with unit(desk, "hold_everything", "outbox", durable=True) as u:
        changes.set_setting(u.tx, STOPPED, desk.agent)
        u.note("outbox.stopped", f"{desk.agent} holds everything")
    count = 0
    for row in desk.db.get(outbox.rows((OutboxState.HELD, OutboxState.QUEUED), limit=100_000)):
        # One by one, after the stop is committed: what a sender claimed meanwhile stops at its mark instead.
        with contextlib.suppress(Conflict, Refused):
            cancel(desk, row.id)
            count += 1
    return Done(f"Nothing leaves any more; {count} taken back")


def let_go(desk: Desk) -> Done:
    """Let approved messages leave again. What was taken back stays in review."""
    with unit(desk, "let_go", "outbox", durable=True) as u:
        changes.set_setting(u.tx, STOPPED, "")
        u.note("outbox.resumed", f"{desk.agent} lets mail leave again")
    return Done("Mail leaves again", partial(hold_everything, desk))


def recover(desk: Desk, *, orphans: bool = False) -> Done:
    """After a crash: what was claimed goes on, what was in DATA waits for a person. Called by the send worker."""
    with unit(desk, "recover", "outbox", durable=True) as u:
        again, unsure = outbox.recover(u.tx, u.now, orphans=orphans)
        for outbox_id in unsure:
            row = found(u.get(outbox.one(outbox_id)), "This message")
            _doubt(u, row, "desk stopped while the server had it")
    return Done(f"{len(again)} queued again, {len(unsure)} in doubt")


def release(desk: Desk, outbox_id: int, send: Send) -> Released:
    """Check one due message again and hand it over. Called by the send worker alone.

    The claim makes it ours; then everything a person approved must still hold, once more in the very transaction that
    marks the phase before DATA. Outcomes: sent, retry, failed, in_doubt, or back in review with the reason. Raises
    Conflict when it is not due or another worker has it.
    """
    with desk.db.durable() as tx:
        if who := within(tx, stopped()):
            raise Conflict(f"{who} holds everything.", "Let it go with ! first.")
        row = outbox.claim(tx, desk.clock(), outbox_id=outbox_id, up=desk.up())
    if row is None:
        raise Conflict("This message is not due, or another worker has it.", "Nothing needs doing.")
    if why := _objection(desk, row):
        return _refuse(desk, row, why)
    door = _Door(desk, row)
    try:
        reply = send(row.outgoing(), door.before_data)
    except (DeskError, OSError) as problem:
        return _failed(desk, row, door, problem)
    with unit(desk, "sent", f"outbox:{row.id}", {"message_id": row.message_id, "reply": reply}, durable=True) as u:
        outbox.sent(u.tx, row, reply, u.now)
        _complete(u, row)
    return Released(f"Sent: {row.subject}", state=OutboxState.SENT)


class _Door:
    """The moment before DATA: the last look at the thread and the durable mark, in one transaction."""

    def __init__(self, desk: Desk, row: OutboxRow) -> None:
        self._desk = desk
        self._row = row
        self.marked = False
        self.objection = ""

    def before_data(self) -> None:
        """Commit phase "data" (synchronous FULL); raises Refused when the thread changed, and nothing is sent then."""
        with self._desk.db.durable() as tx:
            who = within(tx, stopped())
            self.objection = f"{who} holds everything" if who else _changed(tx, self._row)
            if self.objection:
                raise Refused(f"Not sent: {self.objection}.", "Look at the ticket again.")
            outbox.mark_data(tx, self._row, self._desk.clock())
        self.marked = True


def _changed(tx: Connection, row: OutboxRow) -> str:
    """Why the thread no longer is what was approved, "" when it is."""
    if row.thread_id is None:
        return ""
    detail = within(tx, threads.one(row.thread_id))
    if detail is None or detail.merged_into is not None:
        return "the ticket was merged into another one"
    if detail.last_inbound_at != row.inbound_at and not _machine_wrote(tx, row):
        return "the customer wrote again after the approval"
    if detail.last_outbound_at is not None and detail.last_outbound_at > row.approved_at:
        return "somebody answered meanwhile"
    if detail.row.status in (ThreadStatus.RESOLVED, ThreadStatus.ARCHIVED):
        return f"the ticket is {detail.row.status}"
    return ""


def _machine_wrote(tx: Connection, row: OutboxRow) -> bool:
    """Whether all that came since the approval is an automatic answer, which changes nothing; a delivery report does."""
    since = [
        m
        for m in within(tx, messages.of_thread(row.thread_id or 0))
        if m.direction is Direction.INBOUND and (row.inbound_at is None or m.received_at > row.inbound_at)
    ]
    return bool(since) and all(m.auto and m.auto != "bounce" for m in since)


def _objection(desk: Desk, row: OutboxRow) -> str:
    """The first reason why an approved message may not leave now, "" when there is none."""
    with desk.db.read() as tx:
        if changed := _changed(tx, row):
            return changed
    if row.thread_id is None or row.draft_id is None:
        return _gates(desk, row, None)
    draft = desk.db.get(drafts.one(row.draft_id))
    if draft is None or draft.state != "approved" or draft.version != row.draft_version or draft.body != row.body:
        return "the approval was for another version of the draft"
    if not row.approved_by:
        return "nobody approved it"
    return _recipients(desk, row) or _gates(desk, row, draft)


def _recipients(desk: Desk, row: OutboxRow) -> str:
    detail = found(desk.db.get(threads.one(row.thread_id or 0)), "This ticket")
    draft = found(desk.db.get(drafts.one(row.draft_id or 0)), "This draft")
    rows = desk.db.get(messages.of_thread(detail.row.id))
    fresh = desk.compose(request(desk, detail, draft, rows, by_rule=row.by_rule))
    if {a.lower() for a in fresh.recipients} != {a.lower() for a in row.recipients}:
        return "the recipients are not the ones that were approved"
    return ""


def _gates(desk: Desk, row: OutboxRow, draft: drafts.DraftRow | None) -> str:
    """Every outgoing gate must hold, or have been confirmed by the person who approved; a rule can't confirm."""
    rows = desk.db.get(messages.of_thread(row.thread_id)) if row.thread_id is not None else []
    gates = desk.check(release_check(desk, row, row.body, draft, rows, by_rule=row.by_rule))
    known = standing(desk, draft, rows, row.recipients, by_rule=row.by_rule, besides=row.id)
    confirmed = set() if row.by_rule else {gate.name for gate in row.warnings}
    left: tuple[Gate, ...] = tuple(g for g in failing(gates, known) if g.name not in confirmed)
    return "; ".join(f"{g.name}: {g.reason}" for g in left)


def _refuse(desk: Desk, row: OutboxRow, why: str) -> Released:
    with unit(desk, "refused", f"outbox:{row.id}", {"why": why}, durable=True) as u:
        outbox.take_back(u.tx, row, why, u.now)
        back_to_review(u, row, why)
        u.note("outbox.refused", f"not sent: {why}", row.thread_id)
    return Released(f"Back in review: {why}", state=OutboxState.CANCELLED)


def _failed(desk: Desk, row: OutboxRow, door: _Door, problem: DeskError | OSError) -> Released:
    """What an error of the transport means: a definite answer of the server, or silence after DATA began."""
    if door.objection:
        return _refuse(desk, row, door.objection)
    definite = isinstance(problem, SendError) and not getattr(problem, "in_doubt", False)
    error = str(problem)
    if (door.marked and not definite) or getattr(problem, "in_doubt", False):
        with unit(desk, "in_doubt", f"outbox:{row.id}", {"error": error}, durable=True) as u:
            outbox.in_doubt(u.tx, row, error, u.now)
            _doubt(u, row, error)
        return Released(f"May have been sent: {error}", state=OutboxState.IN_DOUBT)
    permanent = isinstance(problem, SendError) and problem.permanent
    with unit(desk, "not_sent", f"outbox:{row.id}", {"error": error}, durable=True) as u:
        if permanent:
            outbox.fail(u.tx, row, error, u.now)
        again = not permanent and outbox.retry(u.tx, row, error, u.now)
        if row.thread_id is not None:
            columns = {"step": "trying again", "needs": ""} if again else {"step": "", "needs": f"not sent: {error}"}
            threads.update(u.tx, row.thread_id, **columns)  # type: ignore[arg-type]
        u.note("outbox.retry" if again else "outbox.failed", f"{row.subject}: {error}", row.thread_id)
    if again:
        return Released(f"Tried again later: {error}", state=OutboxState.RETRY)
    return Released(f"Not sent: {error}", state=OutboxState.FAILED)


def _doubt(u: Unit, row: OutboxRow, error: str) -> None:
    if row.thread_id is not None:
        threads.update(u.tx, row.thread_id, needs=f"may have been sent: {error}", step="")
    u.note("outbox.in_doubt", f"{row.subject}: may have been sent ({error})", row.thread_id)


def _complete(u: Unit, row: OutboxRow) -> None:
    """The rows of a sent message: it stands in its thread, what it answers is settled, the ticket waits."""
    if row.thread_id is None:
        u.note("outbox.sent", f"{row.subject} sent to {', '.join(row.recipients)}")
        return
    messages.outbound(
        u.tx, thread_id=row.thread_id, mailbox_id=row.mailbox_id, out=row.outgoing(), body=row.body, at=u.now
    )
    for message_id in row.answers:
        advance(u, message_id, MessageStatus.SENT)
    draft = u.get(drafts.one(row.draft_id)) if row.draft_id is not None else None
    if draft is not None and forwards(draft):
        _handed_on(u, row, draft)
        return
    threads.update(u.tx, row.thread_id, status=ThreadStatus.WAITING, needs="", step="", asks=False)
    if closes(u, row.thread_id):
        close(u, row.thread_id)
    detail = u.thread(row.thread_id)
    written = _judge(u, row)
    by = "alone" if row.by_rule else "person" if written else "approved"
    ledger.charge(u.tx, row.thread_id, channel=detail.channel, answered_by=by, at=u.now)
    u.note("outbox.sent", f"answer sent to {', '.join(row.recipients)}", row.thread_id)


def _handed_on(u: Unit, row: OutboxRow, draft: DraftRow) -> None:
    """A forward left: nothing is answered by it, and the reply that was on offer before is so again."""
    assert row.thread_id is not None
    drafts.settle(u.tx, draft.id, "sent", expect="approved")
    threads.update(u.tx, row.thread_id, needs="", step="")
    before = next((a.data.get("before", "") for a in draft.plan), "")
    reply = u.get(drafts.one(int(before))) if before else None
    if reply is not None and reply.state == "superseded":
        drafts.offer_again(u.tx, reply.id)
        threads.update(u.tx, row.thread_id, status=ThreadStatus.PENDING_REVIEW, written_by=str(reply.written_by))
    u.note("outbox.sent", f"forwarded to {', '.join(row.recipients)}", row.thread_id)


def _judge(u: Unit, row: OutboxRow) -> bool:
    """Settle the draft as sent and keep what its approval says about it; True when a person wrote it from scratch."""
    if row.draft_id is None or row.thread_id is None:
        return True
    drafts.settle(u.tx, row.draft_id, "sent", expect="approved")
    history = u.get(drafts.revisions(row.thread_id))
    draft = next(d for d in history if d.id == row.draft_id)
    ours = [d for d in history if d.written_by is not Author.AGENT and d.version <= draft.version]
    verdict = "approved" if draft.written_by is not Author.AGENT else "edited" if ours else "written"
    before = ours[-1].body if ours else ""
    ledger.feedback(
        u.tx, row.thread_id, draft.id, agent=row.approved_by, verdict=verdict, at=u.now, before=before, after=draft.body
    )
    return verdict == "written"
