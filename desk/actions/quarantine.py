"""What a person decides about mail the guard kept back."""

from datetime import timedelta
from functools import partial

from desk.actions.answer import newest_inbound
from desk.actions.desk import FIRST_STEP, Desk, Done, Unit, found, unit
from desk.domain.enums import TICKET, MessageStatus, ThreadStatus
from desk.errors import Refused
from desk.store import jobs, messages, quarantine, threads
from desk.store.messages import MessageRow


def release(desk: Desk, message_id: int, why: str = "") -> Done:
    """Let a quarantined message through. The release holds for exactly this content and can't be undone by a rescan."""
    with unit(desk, "release", f"message:{message_id}", {"why": why}) as u:
        row = found(u.get(messages.one(message_id)), "This message")
        if row.status is not MessageStatus.QUARANTINED:
            raise Refused("This message is not in quarantine.", "Look at the thread; somebody was first.")
        quarantine.release(u.tx, message_id, row.blob_hash, by=desk.agent, why=why, at=u.now)
        quarantine.example(u.tx, "guard", "benign", row.blob_hash, row.text, by=desk.agent, at=u.now)
        _process(u, row)
        u.note("quarantine.released", f"{desk.agent} released it" + (f": {why}" if why else ""), row.thread_id, row.id)
    return Done(f"Released: {row.subject}")


def sender_of(desk: Desk, thread_id: int) -> int:
    """The message of a ticket whose sender is meant: its newest from outside; Refused where there is none."""
    rows = desk.db.get(messages.of_thread(thread_id))
    row = newest_inbound(rows)
    if row is None:
        raise Refused("There is no message from outside in this ticket.", "Choose another one.")
    return row.id


def not_spam(desk: Desk, message_id: int) -> Done:
    """Bring a message back from spam or automated mail to the desk; it teaches the local score."""
    with unit(desk, "not_spam", f"message:{message_id}") as u:
        row = found(u.get(messages.one(message_id)), "This message")
        if row.status not in (MessageStatus.SPAM, MessageStatus.AUTOMATED):
            raise Refused("This message is neither spam nor automated.", "Look at the thread; somebody was first.")
        label = "ham" if row.status is MessageStatus.SPAM else "human"
        quarantine.example(u.tx, str(row.status), label, row.blob_hash, row.text, by=desk.agent, at=u.now)
        _process(u, row)
        u.note("spam.restored", f"{desk.agent}: not {row.status}", row.thread_id, row.id)
    return Done(f"Back on the desk: {row.subject}")


def _process(u: Unit, row: MessageRow) -> None:
    """Let a message go on past the guard: its verdict is settled by a person."""
    messages.move(u.tx, row.id, MessageStatus.PROCESSING)
    ticket = u.thread(row.thread_id).row
    if ticket.status in (ThreadStatus.RESOLVED, ThreadStatus.ARCHIVED):
        threads.update(u.tx, row.thread_id, status=ThreadStatus.OPEN)
    threads.update(u.tx, row.thread_id, shelf="desk", flagged=False, step="waiting")
    jobs.enqueue(
        u.tx,
        TICKET,
        run_at=u.now,
        now=u.now,
        thread_id=row.thread_id,
        message_id=row.id,
        coalesce_key=f"thread:{row.thread_id}",
        step=FIRST_STEP,
        urgent=True,
    )


def confirm(desk: Desk, message_id: int) -> Done:
    """Archive a quarantined message as a confirmed threat; it becomes an example for the local evaluation set."""
    with unit(desk, "confirm_threat", f"message:{message_id}") as u:
        row = found(u.get(messages.one(message_id)), "This message")
        if row.status is not MessageStatus.QUARANTINED:
            raise Refused("This message is not in quarantine.", "Look at the thread; somebody was first.")
        label = row.attack_type if row.attack_type and row.attack_type != "none" else "attack"
        quarantine.example(u.tx, "guard", label, row.blob_hash, row.text, by=desk.agent, at=u.now)
        _archive(u, row)
        u.note("quarantine.confirmed", f"{desk.agent} confirmed the threat", row.thread_id, row.id)
    return Done(f"Confirmed: {row.subject}")


def _archive(u: Unit, row: MessageRow) -> None:
    """Archive a message, and its thread when that holds nothing else that was let in."""
    messages.move(u.tx, row.id, MessageStatus.ARCHIVED)
    others = [m for m in u.get(messages.of_thread(row.thread_id)) if m.id != row.id]
    if all(m.status in (MessageStatus.ARCHIVED, MessageStatus.QUARANTINED) and not m.history for m in others):
        left = any(m.status is MessageStatus.QUARANTINED for m in others)
        if not left:
            threads.update(u.tx, row.thread_id, status=ThreadStatus.ARCHIVED)


def block(desk: Desk, message_id: int, kind: str = "address", why: str = "", days: int | None = None) -> Done:
    """Block a sender, by "address" or by "domain", and archive the message; later mail is archived at once.

    With `days` the block ends by itself after so many.
    """
    if kind not in ("address", "domain"):
        raise Refused(f"A {kind} can't be blocked.", "Choose address or domain.")
    with unit(desk, "block", f"message:{message_id}", {"kind": kind, "why": why, "days": days or 0}) as u:
        row = found(u.get(messages.one(message_id)), "This message")
        value = row.from_addr if kind == "address" else row.from_addr.rpartition("@")[2]
        if not value:
            raise Refused("This message names no sender.", "Confirm it as a threat instead.")
        until = u.now + timedelta(days=days) if days else None
        block_id = quarantine.block(u.tx, kind, value, by=desk.agent, at=u.now, why=why, expires_at=until)
        if row.status in (MessageStatus.QUARANTINED, MessageStatus.SPAM, MessageStatus.AUTOMATED):
            _archive(u, row)
        u.note("sender.blocked", f"{desk.agent} blocked {value}", row.thread_id, row.id)
    return Done(f"Blocked {value}{f' for {days} days' if days else ''}", partial(unblock, desk, block_id))


def unblock(desk: Desk, block_id: int) -> Done:
    """Lift a block."""
    with unit(desk, "unblock", f"block:{block_id}") as u:
        row = next((b for b in u.get(quarantine.blocks()) if b.id == block_id), None)
        row = found(row, "This block")
        quarantine.unblock(u.tx, block_id)
        u.note("sender.unblocked", f"{desk.agent} lifted the block of {row.value}")
    return Done(f"{row.value} may write again", partial(_block_again, desk, row))


def _block_again(desk: Desk, row: quarantine.BlockRow) -> Done:
    with unit(desk, "block", f"{row.kind}:{row.value}", {"why": row.why}) as u:
        block_id = quarantine.block(
            u.tx, row.kind, row.value, by=desk.agent, at=u.now, why=row.why, expires_at=row.expires_at
        )
        u.note("sender.blocked", f"{desk.agent} blocked {row.value}")
    return Done(f"Blocked {row.value}", partial(unblock, desk, block_id))
