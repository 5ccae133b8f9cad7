"""Whom a reply goes to: a forged sender warns a person and stops a rule; a rule answers people, alone and seldom."""

import pytest
from desks import Ticket, World
from records import add, draft, mail, thread

from desk.actions import outbox as door
from desk.actions import review
from desk.actions.desk import Desk
from desk.actions.standing import CONTACT_LIMIT, THREAD_LIMIT
from desk.domain.enums import OutboxState, ThreadStatus
from desk.errors import Refused
from desk.store import drafts, outbox, threads
from desk.store.threads import ThreadDetail


def asked(desk: Desk, world: World, **more: object) -> int:
    """A ticket by one more message; its draft on offer."""
    with desk.db.write() as tx:
        thread_id, message_id = thread(tx, mail(**more), world.now)  # type: ignore[arg-type]
        row = drafts.save(tx, thread_id, draft(), now=world.now, created_by="desk", message_id=message_id)
        threads.update(tx, thread_id, status=ThreadStatus.PENDING_REVIEW)
    return row.id


def again(desk: Desk, thread_id: int, world: World) -> int:
    """The customer writes once more into a ticket; its draft on offer."""
    with desk.db.write() as tx:
        message_id = add(tx, thread_id, mail(), world.now)
        row = drafts.save(tx, thread_id, draft(), now=world.now, created_by="desk", message_id=message_id)
    return row.id


def send(desk: Desk, draft_id: int, world: World) -> door.Released:
    review.approve(desk, draft_id, by_rule=True)
    world.later(20)
    return door.release(desk, desk.db.get(outbox.rows())[0].id, lambda out, before: before() or "250 ok")


def test_a_forged_sender_is_shown_in_the_row_and_must_be_confirmed(desk: Desk, world: World) -> None:
    draft_id = asked(desk, world, authentication="fail")
    row: ThreadDetail | None = desk.db.get(threads.one(desk.db.get(drafts.one(draft_id)).thread_id))  # type: ignore[union-attr]
    assert row is not None
    assert row.row.authentication == "fail"
    with pytest.raises(Refused, match=r"sender: the mail server says this is not from anna@example\.org"):
        review.approve(desk, draft_id)
    review.approve(desk, draft_id, confirm=True)


@pytest.mark.parametrize("word", ["fail", "none", ""])
def test_a_rule_answers_only_a_proven_sender(desk: Desk, world: World, word: str) -> None:
    with pytest.raises(Refused, match="nothing proves"):
        review.approve(desk, asked(desk, world, authentication=word), by_rule=True, confirm=True)
    assert desk.db.get(outbox.rows()) == []


def test_a_rule_answers_no_machine_and_nobody_but_the_sender(desk: Desk, world: World) -> None:
    machine = asked(desk, world, auto="auto", auto_reason="It says so.")
    with pytest.raises(Refused, match="a machine wrote it"):
        review.approve(desk, machine, by_rule=True)
    world.recipients = ("anna@example.org", "bo@example.org")
    with pytest.raises(Refused, match=r"a rule writes to anna@example\.org alone"):
        review.approve(desk, asked(desk, world), by_rule=True)


def test_a_rule_answers_one_ticket_seldom_and_time_frees_it(desk: Desk, ticket: Ticket, world: World) -> None:
    for n in range(THREAD_LIMIT[0]):
        draft_id = again(desk, ticket.id, world) if n else ticket.draft
        assert send(desk, draft_id, world).state is OutboxState.SENT
    with pytest.raises(Refused, match="rules have answered this ticket 2 times within an hour"):
        review.approve(desk, again(desk, ticket.id, world), by_rule=True)
    world.later(3600)
    assert send(desk, again(desk, ticket.id, world), world).state is OutboxState.SENT


def test_a_rule_answers_one_contact_seldom_over_all_tickets(desk: Desk, world: World) -> None:
    for _ in range(CONTACT_LIMIT[0]):
        assert send(desk, asked(desk, world), world).state is OutboxState.SENT
    with pytest.raises(Refused, match="this contact 5 times within a day"):
        review.approve(desk, asked(desk, world), by_rule=True)
    world.recipients = ("bo@example.org",)
    assert send(desk, asked(desk, world, sender="bo@example.org"), world).state is OutboxState.SENT


def test_the_limit_holds_at_the_door_too(desk: Desk, ticket: Ticket, world: World) -> None:
    review.approve(desk, ticket.draft, by_rule=True)
    held = desk.db.get(outbox.rows())[0]
    world.later(20)
    for _ in range(CONTACT_LIMIT[0]):
        review.approve(desk, asked(desk, world), confirm=True)
    with desk.db.write() as tx:
        tx.exec_driver_sql("UPDATE outbox SET by_rule = 1")
    released = door.release(desk, held.id, lambda out, before: before() or "250 ok")
    assert released.state is OutboxState.CANCELLED
    assert "this contact 5 times" in released.text
