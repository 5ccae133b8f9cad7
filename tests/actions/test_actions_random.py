"""Whatever people, customers and servers do in whatever order, no row ever makes an illegal move."""

import sqlite3
from collections.abc import Callable

import pytest
from desks import Ticket, World
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from records import add, cleared

from desk.actions import inbox, review
from desk.actions import outbox as door
from desk.actions.desk import Desk
from desk.domain.enums import MessageStatus, OutboxState, Priority, RejectReason, RunState, ThreadStatus
from desk.domain.mail import Outgoing
from desk.domain.states import MESSAGE_MOVES, OUTBOX_MOVES, RUN_MOVES, THREAD_MOVES
from desk.errors import DeskError, SendError
from desk.store import changes, drafts, jobs, messages, outbox

TABLES = {
    "messages": ("status", MessageStatus, MESSAGE_MOVES),
    "threads": ("status", ThreadStatus, THREAD_MOVES),
    "runs": ("state", RunState, RUN_MOVES),
    "outbox": ("state", OutboxState, OUTBOX_MOVES),
}


@pytest.fixture
def watched(desk: Desk) -> Desk:
    """A desk whose store writes down every change of a state."""
    connection = sqlite3.connect(str(desk.db.url.database))
    connection.execute("CREATE TABLE moves (place TEXT, old TEXT, new TEXT)")
    for table, (column, _, _) in TABLES.items():
        connection.execute(
            f"CREATE TRIGGER watch_{table} AFTER UPDATE OF {column} ON {table} WHEN old.{column} <> new.{column} "
            f"BEGIN INSERT INTO moves VALUES ('{table}', old.{column}, new.{column}); END"
        )
    connection.commit()
    connection.close()
    return desk


class Anyone:
    """Everything that can happen to one ticket."""

    def __init__(self, desk: Desk, ticket: Ticket, world: World) -> None:
        self.desk, self.ticket, self.world = desk, ticket, world
        self.undo: Callable[[], object] = lambda: None
        self.sent: list[str] = []
        self.refused: list[str] = []

    def act(self, name: str) -> None:
        """Do one thing; what is refused is refused with a sentence."""
        self.world.later(7)
        try:
            done = getattr(self, name)()
        except DeskError as refused:
            self.refused.append(refused.what)
            return
        if getattr(done, "undo", None):
            self.undo = done.undo

    def approve(self) -> object:
        current = self.desk.db.get(drafts.current(self.ticket.id))
        return review.approve(self.desk, current.id, confirm=True) if current else None

    def reject(self) -> object:
        current = self.desk.db.get(drafts.current(self.ticket.id))
        return review.reject(self.desk, current.id, RejectReason.OTHER) if current else None

    def take_back(self) -> object:
        return self.undo()

    def reply(self) -> object:
        return review.reply(self.desk, self.ticket.id, "Hello.")

    def redraft(self) -> object:
        return review.redraft(self.desk, self.ticket.id, "shorter")

    def done(self) -> object:
        return inbox.done(self.desk, self.ticket.id)

    def reopen(self) -> object:
        return inbox.reopen(self.desk, self.ticket.id)

    def snooze(self) -> object:
        return inbox.snooze(self.desk, self.ticket.id, self.world.now.replace(year=2027))

    def priority(self) -> object:
        return inbox.set_priority(self.desk, self.ticket.id, Priority.URGENT)

    def customer(self) -> None:
        with self.desk.db.write() as tx:
            new = add(tx, self.ticket.id, when=self.world.now)
            cleared(tx, new, MessageStatus.PROCESSING)
            now = self.world.now
            jobs.enqueue(tx, "ticket", run_at=now, now=now, thread_id=self.ticket.id, coalesce_key="k", step="context")

    def worker(self) -> None:
        with self.desk.db.write() as tx:
            run = jobs.claim(tx, ["ticket"], now=self.world.now, lease_seconds=5)
            if run is not None:
                waiting = [MessageStatus.PROCESSING, MessageStatus.CLASSIFIED]
                taken = messages.take(tx, self.ticket.id, run.id, waiting)
                jobs.finish_step(tx, run, run.step, {"taken": taken}, 1.0, None, now=self.world.now)

    def server(self) -> object:
        return self._release(lambda: None)

    def server_refuses(self) -> object:
        return self._release(lambda: _raise(SendError("550 no", permanent=True)))

    def server_is_silent(self) -> object:
        return self._release(lambda: _raise(OSError("silence")))

    def resend(self) -> object:
        rows = self.desk.db.get(outbox.rows([OutboxState.IN_DOUBT, OutboxState.FAILED]))
        again = {OutboxState.IN_DOUBT: door.resend, OutboxState.FAILED: door.retry}
        return again[rows[0].state](self.desk, rows[0].id) if rows else None

    def _release(self, after: Callable[[], None]) -> object:
        def send(out: Outgoing, before_data: Callable[[], None]) -> str:
            before_data()
            after()
            self.sent.append(out.message_id)
            return "250 ok"

        self.world.later(20)
        due = self.desk.db.get(outbox.due(self.world.now))
        return door.release(self.desk, due[0], send) if due else None


def _raise(problem: Exception) -> None:
    raise problem


ACTS = [n for n in vars(Anyone) if not n.startswith("_") and n not in ("act",)]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(st.sampled_from(ACTS), min_size=4, max_size=14))
def test_no_order_of_events_reaches_an_illegal_state(
    watched: Desk, ticket: Ticket, world: World, names: list[str]
) -> None:
    anyone = Anyone(watched, ticket, world)
    for name in names:
        anyone.act(name)
    with watched.db.read() as tx:
        moves = {tuple(r) for r in tx.exec_driver_sql("SELECT DISTINCT place, old, new FROM moves").all()}
        offered = tx.exec_driver_sql("SELECT count(*) FROM drafts WHERE state = 'offered'").scalar_one()
    for place, old, new in moves:
        _, kind, table = TABLES[place]
        assert kind(new) in table[kind(old)], f"{place}: {old} → {new}"
    assert offered <= 1
    assert all(anyone.refused)
    assert len(anyone.sent) == len(set(anyone.sent))
    assert watched.db.get(changes.audit_broken()) is None
