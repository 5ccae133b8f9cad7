"""What a person does with a ticket besides answering it. Each act can be taken back."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any

from desk.actions.desk import Desk, Done, Unit, unit
from desk.actions.plan import close
from desk.domain.enums import Category, Priority, Sentiment, ThreadStatus
from desk.domain.states import THREAD_MOVES
from desk.errors import Refused
from desk.store import decisions, joining, outbox, people, threading, threads


def assign(desk: Desk, thread_id: int, who: str | None) -> Done:
    """Give a ticket to somebody (by login), or to nobody."""
    with unit(desk, "assign", f"thread:{thread_id}", {"to": who or ""}) as u:
        row = u.thread(thread_id).row
        if who:
            people.ensure_agent(u.tx, who, at=u.now)
        threads.update(u.tx, thread_id, assigned_to=who or "")
        text = f"{row.number} assigned to {who}" if who else f"{row.number} assigned to nobody"
        u.note("thread.assigned", text, thread_id)
    return Done(text, partial(assign, desk, thread_id, row.assigned or None))


def snooze(desk: Desk, thread_id: int, until: datetime | None) -> Done:
    """Put a ticket away until a time (a customer's message brings it back sooner), or bring it back now with None."""
    with unit(desk, "snooze", f"thread:{thread_id}", {"until": until.isoformat() if until else ""}) as u:
        row = u.thread(thread_id).row
        if until is None:
            threads.wake(u.tx, thread_id)
            text = f"{row.number} is back"
        elif until <= u.now:
            raise Refused("That time is over.", "Give one that is still to come.")
        else:
            threads.update(u.tx, thread_id, status=ThreadStatus.ON_HOLD, snoozed_until=until)
            text = f"{row.number} snoozed until {until.astimezone():%a %d %b %H:%M}"
        u.note("thread.snoozed" if until else "thread.woken", text, thread_id)
    return Done(text, partial(_back_to, desk, thread_id, ThreadStatus(row.status), row.snoozed_until))


def done(desk: Desk, thread_id: int) -> Done:
    """Resolve a ticket: it leaves the inbox, and work on it stops. A message that is on hold must be settled first."""
    with unit(desk, "done", f"thread:{thread_id}") as u:
        row = u.thread(thread_id).row
        if any(o.state in ("held", "queued", "retry", "sending") for o in u.get(outbox.of_thread(thread_id))):
            raise Refused("An answer is on its way.", "Wait until it left, or take it back first.")
        close(u, thread_id)
        u.note("thread.resolved", f"{row.number} resolved", thread_id)
    old = ThreadStatus(row.status)
    return Done(f"{row.number} is done", partial(_back_to, desk, thread_id, old, row.snoozed_until, row.needs))


def reopen(desk: Desk, thread_id: int) -> Done:
    """Bring a resolved or archived ticket back to the inbox."""
    with unit(desk, "reopen", f"thread:{thread_id}") as u:
        row = u.thread(thread_id).row
        threads.update(u.tx, thread_id, status=ThreadStatus.OPEN, snoozed_until=None, resolved_at=None)
        u.note("thread.reopened", f"{row.number} reopened", thread_id)
    return Done(f"{row.number} is open again", partial(_back_to, desk, thread_id, ThreadStatus(row.status), None))


def _back_to(desk: Desk, thread_id: int, status: ThreadStatus, snoozed_until: datetime | None, needs: str = "") -> Done:
    """Undo of a change of status; by way of open where the table knows no direct way."""
    with unit(desk, "restore", f"thread:{thread_id}", {"status": str(status)}) as u:
        row = u.thread(thread_id).row
        if status not in THREAD_MOVES[ThreadStatus(row.status)]:
            threads.update(u.tx, thread_id, status=ThreadStatus.OPEN)
        threads.update(u.tx, thread_id, status=status, snoozed_until=snoozed_until, resolved_at=None)
        if needs:
            threads.update(u.tx, thread_id, needs=needs)
        u.note("thread.restored", f"{row.number} is {status} again", thread_id)
    return Done(f"{row.number} is {status} again")


def set_priority(desk: Desk, thread_id: int, priority: Priority) -> Done:
    """Say how soon a ticket needs an answer; urgent ones stand first in review. The correction teaches."""
    return _say(desk, thread_id, "priority", priority, f"is {priority}")


def set_category(desk: Desk, thread_id: int, category: Category) -> Done:
    """Say what a ticket is about; the correction teaches the local classifier."""
    return _say(desk, thread_id, "category", category, f"is about {category}")


def set_mood(desk: Desk, thread_id: int, mood: Sentiment) -> Done:
    """Say how the customer feels in the last message of a ticket; the correction teaches the local classifier."""
    return _say(desk, thread_id, "sentiment", mood, f"sounds {mood}")


def _say(desk: Desk, thread_id: int, field: str, label: StrEnum, words: str) -> Done:
    with unit(desk, field, f"thread:{thread_id}", {"to": str(label)}) as u:
        row = u.thread(thread_id).row
        columns: dict[str, Any] = {field: str(label)} | (
            {"urgent": label is Priority.URGENT} if field == "priority" else {}
        )
        threads.update(u.tx, thread_id, **columns)
        lesson = decisions.teach(u.tx, thread_id, field, str(label), by=desk.agent, at=u.now)
        u.note(f"thread.{field}", f"{row.number} {words}", thread_id)
    before = {name: getattr(row, name) for name in columns}
    again = partial(_say, desk, thread_id, field, label, words)
    return Done(f"{row.number} {words}", partial(_unsay, desk, thread_id, field, before, lesson, again))


def _unsay(
    desk: Desk,
    thread_id: int,
    field: str,
    before: dict[str, Any],
    lesson: decisions.Lesson | None,
    again: Callable[[], Done],
) -> Done:
    """Undo of what was said of a ticket: a slip of the key teaches nothing, not even that the old label was right."""
    with unit(desk, f"{field}.remove", f"thread:{thread_id}", {"to": before[field]}) as u:
        row = u.thread(thread_id).row
        threads.update(u.tx, thread_id, **before)
        if lesson is not None:
            decisions.forget(u.tx, lesson)
        text = (
            f"{row.number} is {before[field]} again" if before[field] else f"{row.number}: what was said is taken back"
        )
        u.note(f"thread.{field}", text, thread_id)
    return Done(text, again)


def tag(desk: Desk, thread_id: int, name: str, *, on: bool = True) -> Done:
    """Put a tag on a ticket, or take it off."""
    name = name.strip().lower()
    if not name:
        raise Refused("A tag needs a name.", "Type one.")
    with unit(desk, "tag" if on else "untag", f"thread:{thread_id}", {"tag": name}) as u:
        row = u.thread(thread_id).row
        changed = threading.set_tag(u.tx, thread_id, name, on=on, by=desk.agent)
        text = f"{row.number} {'tagged' if on else 'no longer tagged'} {name}"
        if changed:
            u.note("thread.tagged", text, thread_id)
    return Done(text, partial(tag, desk, thread_id, name, on=not on) if changed else None)


def note(desk: Desk, thread_id: int, text: str) -> Done:
    """Write an internal note. Notes have a table of their own that no send path reads."""
    if not text.strip():
        raise Refused("The note is empty.", "Write something first.")
    with unit(desk, "note", f"thread:{thread_id}") as u:
        row = u.thread(thread_id).row
        note_id = threading.add_note(u.tx, thread_id, desk.agent, text, at=u.now)
        u.note("thread.note", f"{desk.agent} wrote a note", thread_id)
    return Done(f"Note on {row.number}", partial(_unnote, desk, thread_id, note_id))


def _unnote(desk: Desk, thread_id: int, note_id: int) -> Done:
    with unit(desk, "note.remove", f"note:{note_id}") as u:
        threading.drop_note(u.tx, note_id)
        u.note("thread.note", f"{desk.agent} took a note back", thread_id)
    return Done("The note is gone")


def mark_read(desk: Desk, thread_id: int, *, read: bool = True) -> Done:
    """Note that this person has read a ticket, or not yet. Reading is no act worth an audit fact."""
    now = desk.clock()
    with desk.db.write() as tx:
        u = Unit(tx, now, desk.agent)
        row = u.thread(thread_id).row
        threads.mark_read(tx, thread_id, desk.agent, now if read else None)
    word = "read" if read else "unread"
    changed = row.unread == read
    return Done(f"{row.number} is {word}", partial(mark_read, desk, thread_id, read=not read) if changed else None)


def merge(desk: Desk, from_id: int, into_id: int) -> Done:
    """Move everything of one ticket into another; later replies to either follow."""
    if from_id == into_id:
        raise Refused("A ticket can't be merged into itself.", "Pick another one.")
    with unit(desk, "merge", f"thread:{from_id}", {"into": into_id}) as u:
        gone, kept = u.thread(from_id).row, u.thread(into_id).row
        if any(o.state in ("held", "queued", "retry", "sending") for o in u.get(outbox.of_thread(from_id))):
            raise Refused(f"An answer of {gone.number} is on its way.", "Wait until it left, or take it back first.")
        text = f"{gone.number} merged into {kept.number}"
        joining.let_join(u.tx, from_id, into_id)
        moved = joining.merge(u.tx, from_id, into_id, by=u.agent, why=text, now=u.now)
    return Done(text, partial(unmerge, desk, from_id, into_id, moved, ThreadStatus(gone.status)))


def unmerge(
    desk: Desk, from_id: int, into_id: int, moved: tuple[int, ...], status: ThreadStatus = ThreadStatus.OPEN
) -> Done:
    """Take a merged ticket's messages out again, whoever merged it; no later mail joins the two."""
    with unit(desk, "unmerge", f"thread:{from_id}", {"from": into_id}) as u:
        joining.unmerge(u.tx, from_id, into_id, moved)
        if status is not ThreadStatus.OPEN:
            threads.update(u.tx, from_id, status=status)
        row = u.thread(from_id).row
        u.note("thread.split", f"{row.number} stands alone again", from_id)
        u.note("thread.split", f"{row.number} stands alone again", into_id)
    return Done(f"{row.number} stands alone again", partial(merge, desk, from_id, into_id))


def split(desk: Desk, message_id: int) -> Done:
    """Give a message, and those after it in its ticket, a ticket of their own."""
    with unit(desk, "split", f"message:{message_id}") as u:
        old, new, moved = threading.split_at(u.tx, message_id, at=u.now)
        joining.keep_apart(u.tx, old, new)
        row = u.thread(new).row
        text = f"{u.thread(old).row.number} split: {row.number} begins here"
        u.note("thread.split", text, new, message_id)
        u.note("thread.split", text, old, message_id)
    return Done(text, partial(_unsplit, desk, new, old, moved))


def _unsplit(desk: Desk, new: int, old: int, moved: tuple[int, ...]) -> Done:
    with unit(desk, "unsplit", f"thread:{new}", {"into": old}) as u:
        joining.let_join(u.tx, new, old)
        threading.move_messages(u.tx, new, old, only=moved)
        threads.update(u.tx, new, status=ThreadStatus.ARCHIVED, merged_into=old)
        u.note("thread.merged", "the split was taken back", old)
    return Done("They are one ticket again")


def wake_due(desk: Desk) -> int:
    """Bring back every snoozed ticket whose time has come; returns how many. Called by a worker's loop."""
    now = desk.clock()
    ready = desk.db.get(threads.due(now))
    for thread_id in ready:
        with unit(desk, "wake", f"thread:{thread_id}") as u:
            threads.wake(u.tx, thread_id)
            u.note("thread.woken", "the snooze is over", thread_id)
    return len(ready)
