"""A plan: switched off, moved, added to, and carried out: each action once, whoever asks, and taken back."""

from datetime import timedelta

import pytest
from desks import Ticket, World
from records import NOW

from desk.actions import outbox as door
from desk.actions import plan, review
from desk.actions.desk import Desk
from desk.domain.enums import ActionKind, ActionState, OutboxState, ThreadStatus
from desk.domain.ticket import PlannedAction
from desk.errors import Refused
from desk.store import outbox, plans, threads
from desk.store.plans import PlanRow
from desk.store.threads import ThreadDetail

PLAN = (
    PlannedAction(ActionKind.REPLY, "reply from Refunds"),
    PlannedAction(ActionKind.ESCALATE, "hand to bo", {"to": "bo", "why": "it speaks of “my lawyer”"}),
    PlannedAction(ActionKind.TAG_THREAD, "tag billing", {"tag": "billing"}),
    PlannedAction(ActionKind.CREATE_CONTACT, "remember anna@example.org as a contact"),
    PlannedAction(ActionKind.CREATE_TICKET, "note the wish for the team"),
)


@pytest.fixture
def planned(desk: Desk, ticket: Ticket) -> Ticket:
    with desk.db.write() as tx:
        plans.propose(tx, ticket.id, ticket.run, PLAN)
    return ticket


def rows(desk: Desk, ticket: Ticket) -> list[PlanRow]:
    return desk.db.get(plans.of_thread(ticket.id))


def states(desk: Desk, ticket: Ticket) -> dict[str, str]:
    return {str(row.action.kind): str(row.state) for row in rows(desk, ticket)}


def detail(desk: Desk, thread_id: int) -> ThreadDetail:
    found = desk.db.get(threads.one(thread_id))
    assert found is not None
    return found


def every(desk: Desk) -> int:
    return len(desk.db.get(threads.ids(threads.Filter(threads.View.ALL))))


def test_approving_does_what_is_switched_on_once_and_one_undo_takes_all_of_it_back(desk: Desk, planned: Ticket) -> None:
    off = next(row for row in rows(desk, planned) if row.action.kind is ActionKind.CREATE_TICKET)
    plan.toggle(desk, off.id)
    before, count = detail(desk, planned.id).row, every(desk)
    done = review.approve(desk, planned.draft)
    after = detail(desk, planned.id)
    assert (after.row.assigned, after.row.priority, after.tags) == ("bo", "urgent", ("billing",))
    assert any("my lawyer" in note.text for note in after.notes)
    assert every(desk) == count
    assert states(desk, planned) == {
        "reply": "executed", "escalate": "executed", "tag_thread": "executed", "create_contact": "executed",
        "create_ticket": "rejected",
    }  # fmt: skip
    with pytest.raises(Refused, match="Nothing of the plan"):
        plan.carry_out(desk, planned.id)
    assert done.undo is not None
    done.undo()
    again = detail(desk, planned.id)
    assert (again.row.assigned, again.row.priority, again.tags, again.row.status) == (
        before.assigned, before.priority, (), "pending_review",
    )  # fmt: skip
    assert not again.notes
    assert states(desk, planned)["reply"] == states(desk, planned)["tag_thread"] == "planned"


def test_an_action_that_cannot_be_done_is_said_and_stops_neither_the_reply_nor_the_others(
    desk: Desk, planned: Ticket, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(u: object, row: object) -> int | None:
        raise Refused("The tag is too long.", "")

    monkeypatch.setitem(plan.DEEDS, ActionKind.TAG_THREAD, broken)
    done = review.approve(desk, planned.draft)
    assert "not done: tag billing: The tag is too long." in done.text
    assert states(desk, planned)["tag_thread"] == "planned"
    assert states(desk, planned)["escalate"] == "executed"
    assert [o.state for o in desk.db.get(outbox.of_thread(planned.id))] == [OutboxState.HELD]


def test_a_new_ticket_is_made_once_and_put_away_when_taken_back(desk: Desk, planned: Ticket) -> None:
    count = every(desk)
    done = plan.carry_out(desk, planned.id)
    assert every(desk) == count + 1
    assert states(desk, planned)["reply"] == "planned", "mail is approved, never done by the plan"
    assert done.undo is not None
    done.undo()
    assert every(desk) == count + 1
    (made,) = set(desk.db.get(threads.ids(threads.Filter(threads.View.ALL)))) - {planned.id}
    assert detail(desk, made).row.status == "archived"


def test_two_people_carry_out_the_same_plan_and_each_action_is_done_once(desk: Desk, planned: Ticket) -> None:
    row = next(row for row in rows(desk, planned) if row.action.kind is ActionKind.CREATE_TICKET)
    count = every(desk)
    assert plan._one(desk, row) is not None
    assert plan._one(desk, row) is None, "the same row, read before the first one was done"
    assert every(desk) == count + 1


def test_an_action_is_moved_switched_off_and_on_and_back(desk: Desk, planned: Ticket) -> None:
    def order() -> list[str]:
        return [str(row.action.kind) for row in rows(desk, planned)]

    first = order()
    moved = plan.move(desk, rows(desk, planned)[2].id, -1)
    assert order() == [first[0], first[2], first[1], *first[3:]]
    assert moved.undo is not None
    moved.undo()
    assert order() == first
    assert plan.move(desk, rows(desk, planned)[0].id, -1).undo is None, "the first one goes no higher"
    tag = rows(desk, planned)[2]
    back = plan.toggle(desk, tag.id)
    assert states(desk, planned)["tag_thread"] == "rejected"
    assert back.undo is not None
    back.undo()
    assert states(desk, planned)["tag_thread"] == "planned"
    plan.carry_out(desk, planned.id)
    with pytest.raises(Refused, match="done already"):
        plan.toggle(desk, tag.id)


def test_what_a_person_adds_stays_when_the_run_plans_anew_and_what_it_no_longer_plans_goes(
    desk: Desk, planned: Ticket
) -> None:
    plan.add(desk, planned.id, ActionKind.TAG_THREAD, " Urgent ")
    plan.toggle(desk, rows(desk, planned)[1].id)
    with desk.db.write() as tx:
        plans.propose(tx, planned.id, planned.run, PLAN[:1])
    left = [(str(r.action.kind), str(r.state)) for r in rows(desk, planned)]
    assert left == [("reply", "planned"), ("escalate", "rejected"), ("tag_thread", "planned")]
    plan.carry_out(desk, planned.id)
    assert detail(desk, planned.id).tags == ("urgent",)
    for kind, value in ((ActionKind.TAG_THREAD, " "), (ActionKind.REPLY, "x"), (ActionKind.FORWARD, "a@b.example")):
        with pytest.raises(Refused):
            plan.add(desk, planned.id, kind, value)


def test_closing_waits_until_the_reply_has_left(desk: Desk, ticket: Ticket, world: World) -> None:
    plan.add(desk, ticket.id, ActionKind.ARCHIVE)
    review.approve(desk, ticket.draft)
    with pytest.raises(Refused, match="on its way"):
        plan.carry_out(desk, ticket.id)
    assert states(desk, ticket) == {"archive": "planned"}
    world.now = NOW + timedelta(seconds=60)
    (outbox_id,) = desk.db.get(outbox.due(world.now))

    def transport(out: object, before_data: object) -> str:
        before_data()  # type: ignore[operator]
        return "250 OK"

    assert door.release(desk, outbox_id, transport).state is OutboxState.SENT
    assert detail(desk, ticket.id).row.status == ThreadStatus.RESOLVED
    assert rows(desk, ticket)[0].state is ActionState.EXECUTED


def test_a_ticket_that_asks_nothing_is_closed_by_its_plan_and_opened_again(desk: Desk, ticket: Ticket) -> None:
    plan.add(desk, ticket.id, ActionKind.ARCHIVE)
    done = plan.carry_out(desk, ticket.id)
    assert detail(desk, ticket.id).row.status == ThreadStatus.RESOLVED
    assert done.undo is not None
    done.undo()
    assert detail(desk, ticket.id).row.status == ThreadStatus.PENDING_REVIEW
    assert states(desk, ticket) == {"archive": "planned"}
