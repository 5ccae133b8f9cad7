"""What answers came to, and what they are charged: once a ticket and month, in whatever order things happen."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from desks import World
from hypothesis import given, settings
from hypothesis import strategies as st
from records import add, draft, mail, thread

from desk.actions import inbox, review
from desk.actions import outbox as door
from desk.actions.desk import Desk
from desk.domain.enums import OutboxState, ThreadStatus
from desk.mail.parse import parse
from desk.store import database, drafts, ledger, outbox, threads
from desk.store.ledger import Outcomes


@contextmanager
def opened() -> Iterator[tuple[Desk, World]]:
    """A desk on a store of its own: a property is tried many times in one test."""
    with TemporaryDirectory() as folder:
        world, db = World(), database.open(str(Path(folder) / "desk.db"))
        yield (
            Desk(db, "mara", 15.0, world.compose, world.check, lambda: world.now, lambda raw: parse(raw).attachments),
            world,
        )
        db.close()


def begin(desk: Desk, world: World) -> int:
    with desk.db.write() as tx:
        return thread(tx, mail(), world.now)[0]


def answer(desk: Desk, world: World, thread_id: int, *, by_rule: bool = False) -> None:
    with desk.db.write() as tx:
        newest = add(tx, thread_id, mail(), world.now)
        row = drafts.save(tx, thread_id, draft(), now=world.now, created_by="desk", message_id=newest)
    review.approve(desk, row.id, by_rule=by_rule)
    world.later(20)
    held = desk.db.get(outbox.rows())[0]
    assert door.release(desk, held.id, lambda out, before: before() or "250 ok").state is OutboxState.SENT


STEPS = st.sampled_from(["answer", "done", "reopen", "writes", "a day", "a month", "other"])


@given(st.lists(STEPS, max_size=25))
@settings(max_examples=25, deadline=None)
def test_a_ticket_is_charged_once_a_period_however_often_it_reopens(steps: list[str]) -> None:
    with opened() as (desk, world):
        ticket, other = begin(desk, world), begin(desk, world)
        wanted: set[tuple[int, str]] = set()
        for step in steps:
            world.later(60)
            detail = desk.db.get(threads.one(ticket))
            assert detail is not None
            if step in ("answer", "other"):
                which = ticket if step == "answer" else other
                answer(desk, world, which)
                wanted.add((which, f"{world.now:%Y-%m}"))
            elif step == "done" and detail.row.status != ThreadStatus.RESOLVED:
                inbox.done(desk, ticket)
            elif step == "reopen" and detail.row.status == ThreadStatus.RESOLVED:
                inbox.reopen(desk, ticket)
            elif step == "writes":
                with desk.db.write() as tx:
                    add(tx, ticket, mail(), world.now)
            elif step.startswith("a "):
                world.now += timedelta(days=1 if step == "a day" else 31)
        charged = [(row.thread_id, row.period) for row in desk.db.get(ledger.rows())]
        assert len(charged) == len(set(charged))
        assert set(charged) == wanted


def test_what_answers_came_to_and_first_contact_resolution() -> None:
    with opened() as (desk, world):
        settled, asked_again, silent, lost = (begin(desk, world) for _ in range(4))
        for thread_id in (settled, asked_again, silent, lost):
            answer(desk, world, thread_id)
        world.later(600)
        with desk.db.write() as tx:
            add(tx, asked_again, mail(), world.now)
            outbox.bounced(tx, desk.db.get(outbox.of_thread(lost))[0].message_id, "no such user")
        answer(desk, world, asked_again)
        for thread_id in (settled, asked_again):
            inbox.done(desk, thread_id)
        assert desk.db.get(ledger.outcomes()) == Outcomes(
            sent=5, replied=1, bounced=1, silent=3, resolved=2, at_first_contact=1
        )
