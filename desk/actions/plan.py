"""A ticket's plan: switched off, put in another order, added to, and carried out, each action once."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from desk.actions.desk import Desk, Done, Unit, found, unit
from desk.domain.enums import TICKET, ActionKind, ActionState, ThreadStatus
from desk.domain.ticket import PlannedAction
from desk.errors import DeskError, Refused
from desk.store import jobs, outbox, people, plans, threading, threads
from desk.store.plans import PlanRow

MAIL = (ActionKind.REPLY, ActionKind.FORWARD)
"""Actions that are mail: they are carried out by approving it, never by the plan."""
LATER = (*MAIL, ActionKind.ARCHIVE)
"""What approving a reply does not do at once: a ticket is closed when its reply has left."""


def toggle(desk: Desk, action_id: int) -> Done:
    """Switch an action off, or on again."""
    with unit(desk, "plan.toggle", f"action:{action_id}") as u:
        row = found(u.get(plans.one(action_id)), "This action")
        if row.state is ActionState.EXECUTED:
            raise Refused(f"“{row.action.detail}” was done already.", "u takes back what you did last.")
        off = row.state is ActionState.PLANNED
        new = ActionState.REJECTED if off else ActionState.PLANNED
        plans.decide(u.tx, action_id, new, expect=row.state, by=desk.agent, at=u.now)
        text = f"{'off' if off else 'on again'}: {row.action.detail}"
        u.note("plan.changed", text, row.thread_id)
    return Done(text, partial(toggle, desk, action_id))


def move(desk: Desk, action_id: int, by: int) -> Done:
    """Move an action up (-1) or down (1) in its plan."""
    with unit(desk, "plan.move", f"action:{action_id}", {"by": by}) as u:
        row = found(u.get(plans.one(action_id)), "This action")
        rows = u.get(plans.of_thread(row.thread_id))
        at = next((n for n, other in enumerate(rows) if other.id == action_id), 0)
        to = min(max(0, at + by), len(rows) - 1)
        rows.insert(to, rows.pop(at))
        for place, other in enumerate(rows):
            plans.remember(u.tx, other.id, {**other.action.data, plans.PLACE: str(place)})
    return Done(
        f"{row.action.detail}: {to + 1} of {len(rows)}", partial(move, desk, action_id, at - to) if to != at else None
    )


def add(desk: Desk, thread_id: int, kind: ActionKind, value: str = "") -> Done:
    """Add an action: a tag to put on, a login to escalate to, words for a new ticket, or closing the ticket."""
    value = value.strip()
    details = {
        ActionKind.TAG_THREAD: (f"tag {value.lower()}", {"tag": value.lower()}),
        ActionKind.ESCALATE: (
            f"hand to {value or 'somebody in charge'}",
            {"to": value, "why": f"{desk.agent} says so"},
        ),
        ActionKind.CREATE_TICKET: (f"new ticket: {value}", {"subject": value}),
        ActionKind.ARCHIVE: ("close the ticket", {}),
    }
    if kind not in details:
        raise Refused(f"A plan can't be given “{kind}”.", "Write the mail with r or f.")
    if kind in (ActionKind.TAG_THREAD, ActionKind.CREATE_TICKET) and not value:
        raise Refused("It needs a word.", "Say which.")
    with unit(desk, "plan.add", f"thread:{thread_id}", {"kind": str(kind), "value": value}) as u:
        u.thread(thread_id)
        rows = u.get(plans.of_thread(thread_id))
        run_id = max((r.run_id for r in rows if r.run_id is not None), default=None)
        action = PlannedAction(kind, *details[kind])
        action_id = plans.add(u.tx, thread_id, run_id, action, key=secrets.token_hex(8))
        u.note("plan.changed", f"{desk.agent} added: {action.detail}", thread_id)
    return Done(f"Added: {action.detail}", partial(toggle, desk, action_id))


def carry_out(desk: Desk, thread_id: int) -> Done:
    """Do what the plan holds and is switched on, in its order; mail stays planned. Refused when nothing could be done."""
    done, problems = _all(desk, thread_id, MAIL)
    if not done:
        raise Refused(" ".join(problems) or "Nothing of the plan is left to be done here.", "+ adds something.")
    return Done("; ".join([*(d.text for d in done), *problems]), partial(_back, desk, _undos(done)))


def with_reply(desk: Desk, thread_id: int) -> tuple[str, list[Callable[[], Done]]]:
    """Do what goes with an approved reply: what could not be done, in words, and how to take back what was."""
    done, problems = _all(desk, thread_id, LATER)
    return "; ".join(problems), _undos(done)


def _undos(done: list[Done]) -> list[Callable[[], Done]]:
    return [d.undo for d in reversed(done) if d.undo is not None]


def _all(desk: Desk, thread_id: int, leave: tuple[ActionKind, ...]) -> tuple[list[Done], list[str]]:
    """Every planned action but those of the kinds to `leave`: what was done, and what was not and why.

    Each action and its state are one write: none is done twice, whoever asks. One that fails stops no other.
    """
    done: list[Done] = []
    problems: list[str] = []
    for row in desk.db.get(plans.of_thread(thread_id)):
        if row.state is not ActionState.PLANNED or row.action.kind in leave:
            continue
        try:
            one = _one(desk, row)
        except DeskError as problem:
            problems.append(f"not done: {row.action.detail}: {problem}")
            continue
        done += [one] if one is not None else []
    return done, problems


def _back(desk: Desk, undos: list[Callable[[], Done]]) -> Done:
    return Done("; ".join(undo().text for undo in undos))


@dataclass(frozen=True, slots=True)
class _Before:
    """What a ticket was before an action changed it, and what the action made."""

    priority: str
    urgent: bool
    assigned: str
    status: str
    needs: str
    made: int | None = None


def _one(desk: Desk, row: PlanRow) -> Done | None:
    """Carry one action out; None where somebody else was first."""
    with unit(desk, "plan.do", f"action:{row.id}", {"kind": str(row.action.kind)}) as u:
        if not plans.decide(u.tx, row.id, ActionState.EXECUTED, expect=ActionState.PLANNED, by=desk.agent, at=u.now):
            return None
        ticket = u.thread(row.thread_id).row
        before = _Before(ticket.priority, ticket.urgent, ticket.assigned, ticket.status, ticket.needs)
        before = replace(before, made=DEEDS[row.action.kind](u, row))
        u.note("plan.done", row.action.detail, row.thread_id)
    return Done(row.action.detail, partial(_undo, desk, row, before))


def _tag(u: Unit, row: PlanRow) -> int | None:
    name = row.action.data.get("tag", "")
    return int(threading.set_tag(u.tx, row.thread_id, name, on=True, by=u.agent)) if name else None


def _escalate(u: Unit, row: PlanRow) -> int | None:
    to = row.action.data.get("to", "")
    threads.update(u.tx, row.thread_id, priority="urgent", urgent=True)
    if to:
        people.ensure_agent(u.tx, to, at=u.now)
        threads.update(u.tx, row.thread_id, assigned_to=to)
    why = row.action.data.get("why", "")
    return threading.add_note(u.tx, row.thread_id, u.agent, f"Escalated: {why}" if why else "Escalated.", at=u.now)


def _archive(u: Unit, row: PlanRow) -> int | None:
    if any(o.state in ("held", "queued", "retry", "sending") for o in u.get(outbox.of_thread(row.thread_id))):
        raise Refused("An answer is on its way.", "The ticket is closed when it has left.")
    close(u, row.thread_id)
    return None


def _contact(u: Unit, row: PlanRow) -> int | None:
    ticket = u.thread(row.thread_id).row
    name = ticket.contact_name if ticket.contact_name != ticket.contact_addr else ""
    return people.contact_of(u.tx, ticket.contact_addr, name, at=u.now)


def _ticket(u: Unit, row: PlanRow) -> int | None:
    detail = u.thread(row.thread_id)
    subject = row.action.data.get("subject") or f"Wish: {detail.row.subject}"
    made = threads.create(
        u.tx, mailbox_id=detail.mailbox_id, subject=subject, contact_id=detail.contact_id,
        contact_addr=detail.row.contact_addr, at=u.now, category=detail.row.category,
    )  # fmt: skip
    threading.add_note(u.tx, made, u.agent, f"From {detail.row.number}: {detail.row.snippet}", at=u.now)
    threading.add_note(u.tx, row.thread_id, u.agent, f"Noted in {u.thread(made).row.number}.", at=u.now)
    return made


DEEDS: dict[ActionKind, Callable[[Unit, PlanRow], int | None]] = {
    ActionKind.TAG_THREAD: _tag,
    ActionKind.ESCALATE: _escalate,
    ActionKind.ARCHIVE: _archive,
    ActionKind.CREATE_CONTACT: _contact,
    ActionKind.CREATE_TICKET: _ticket,
}
"""What each action does in its write; what it gives back is what undoing it needs."""


def close(u: Unit, thread_id: int) -> None:
    """Resolve a ticket inside another write."""
    threads.update(
        u.tx, thread_id, status=ThreadStatus.RESOLVED, snoozed_until=None, resolved_at=u.now, step="", needs=""
    )
    jobs.stop(u.tx, thread_id, TICKET, "the ticket was resolved", now=u.now)


def closes(u: Unit, thread_id: int) -> bool:
    """Whether the plan closes the ticket once its reply has left; it then counts as done."""
    rows = [r for r in u.get(plans.of_thread(thread_id)) if r.action.kind is ActionKind.ARCHIVE]
    planned = [r for r in rows if r.state is ActionState.PLANNED]
    return any(
        plans.decide(u.tx, r.id, ActionState.EXECUTED, expect=ActionState.PLANNED, by=u.agent, at=u.now)
        for r in planned
    )


def mark_reply(u: Unit, thread_id: int, new: ActionState) -> None:
    """Say in the plan that the reply was approved (executed), or is to be decided again (planned)."""
    old = ActionState.PLANNED if new is ActionState.EXECUTED else ActionState.EXECUTED
    for row in u.get(plans.of_thread(thread_id)):
        if row.action.kind is ActionKind.REPLY:
            plans.decide(u.tx, row.id, new, expect=old, by=u.agent, at=u.now)


def _undo(desk: Desk, row: PlanRow, before: _Before) -> Done:
    """Take one action back; it is planned again."""
    with unit(desk, "plan.undo", f"action:{row.id}") as u:
        plans.decide(u.tx, row.id, ActionState.PLANNED, expect=ActionState.EXECUTED, by=desk.agent, at=u.now)
        kind, made = row.action.kind, before.made
        if kind is ActionKind.TAG_THREAD and made:
            threading.set_tag(u.tx, row.thread_id, row.action.data["tag"], on=False, by=desk.agent)
        elif kind is ActionKind.ESCALATE:
            threads.update(
                u.tx, row.thread_id, priority=before.priority, urgent=before.urgent, assigned_to=before.assigned
            )
            threading.drop_note(u.tx, made or 0)
        elif kind is ActionKind.ARCHIVE:
            threads.update(u.tx, row.thread_id, status=ThreadStatus.OPEN, resolved_at=None)
            if before.status != ThreadStatus.OPEN:
                threads.update(u.tx, row.thread_id, status=ThreadStatus(before.status), needs=before.needs)
        elif kind is ActionKind.CREATE_TICKET and made:
            threads.update(u.tx, made, status=ThreadStatus.ARCHIVED, needs="")
        u.note("plan.undone", f"taken back: {row.action.detail}", row.thread_id)
    return Done(f"taken back: {row.action.detail}")
