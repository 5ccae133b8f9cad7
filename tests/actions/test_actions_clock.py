"""A hold is as long as it says, whatever happens to the clock and whoever starts again meanwhile."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from desks import Ticket, World

from desk.actions import outbox as door
from desk.actions import review
from desk.actions.desk import Desk
from desk.domain.enums import OutboxState
from desk.domain.sending import Uptime
from desk.errors import Conflict, SendError
from desk.store import outbox
from desk.store.database import Database


class Machine:
    """Uptime that a test moves."""

    def __init__(self) -> None:
        self.at = Uptime("first start", 500.0)

    def __call__(self) -> Uptime:
        return self.at

    def pass_(self, seconds: float) -> None:
        self.at = Uptime(self.at.boot, self.at.seconds + seconds)


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def watched(desk: Desk, machine: Machine) -> Desk:
    return replace(desk, uptime=machine)


def send(out: object, before: Callable[[], None]) -> str:
    before()
    return "250 ok"


def due(db: Database, world: World, machine: Machine) -> bool:
    """Whether it leaves now, as the send worker asks: first what other machines measured, then what is due."""
    if db.get(outbox.measured_elsewhere(machine())):
        with db.write() as tx:
            outbox.measure(tx, machine())
    return bool(db.get(outbox.due(world.now, machine())))


@pytest.mark.parametrize(
    "jump", [6 * 3600.0, -6 * 3600.0, 0.0, 86_400.0 * 400], ids=["on", "back", "none", "a year on"]
)
def test_no_clock_shortens_or_lengthens_a_hold(
    watched: Desk, ticket: Ticket, world: World, machine: Machine, jump: float
) -> None:
    review.approve(watched, ticket.draft)
    (row,) = watched.db.get(outbox.rows())
    machine.pass_(3)
    world.later(3 + jump)
    assert not due(watched.db, world, machine)
    with pytest.raises(Conflict, match="not due"):
        door.release(watched, row.id, send)
    machine.pass_(11.9)
    world.later(11.9)
    assert not due(watched.db, world, machine)
    machine.pass_(0.2)
    world.later(0.2)
    assert due(watched.db, world, machine)
    assert door.release(watched, row.id, send).state is OutboxState.SENT


def test_a_restarted_worker_goes_on_counting_and_a_restarted_machine_begins_anew(
    watched: Desk, ticket: Ticket, world: World, machine: Machine
) -> None:
    review.approve(watched, ticket.draft)
    machine.pass_(14)
    world.later(14)
    assert not due(watched.db, world, machine)
    machine.at = Uptime("second start", 2.0)
    world.later(5000)
    assert not due(watched.db, world, machine)
    machine.pass_(14)
    assert not due(watched.db, world, machine)
    machine.pass_(1.1)
    assert due(watched.db, world, machine)


def test_what_is_sent_later_waits_for_the_clock_and_for_its_hold(
    watched: Desk, ticket: Ticket, world: World, machine: Machine
) -> None:
    review.approve(watched, ticket.draft, at=world.now + timedelta(days=2))
    machine.pass_(3600)
    world.later(3600)
    assert not due(watched.db, world, machine)
    machine.at = Uptime("second start", 1.0)
    world.later(2 * 86_400)
    assert due(watched.db, world, machine)


def test_a_clock_set_back_does_not_keep_a_retry_for_ever(
    watched: Desk, ticket: Ticket, world: World, machine: Machine
) -> None:
    review.approve(watched, ticket.draft)
    machine.pass_(20)
    world.later(20)
    (row,) = watched.db.get(outbox.rows())

    def busy(out: object, before: Callable[[], None]) -> str:
        raise SendError("451 later", permanent=False)

    assert door.release(watched, row.id, busy).state is OutboxState.RETRY
    assert not due(watched.db, world, machine)
    world.later(-30 * 86_400)
    assert due(watched.db, world, machine)
