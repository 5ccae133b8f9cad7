"""A state column changes only along the tables of legal moves, whatever is tried."""

from collections.abc import Mapping
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from records import NOW, draft, thread

from desk.domain.enums import MessageStatus, OutboxState, RunState, ThreadStatus
from desk.domain.mail import Outgoing
from desk.domain.states import MESSAGE_MOVES, OUTBOX_MOVES, RUN_MOVES, THREAD_MOVES, IllegalMove
from desk.errors import Conflict
from desk.store import drafts, jobs, messages, outbox, threads
from desk.store.database import Database
from desk.store.states import sources, transition
from desk.store.tables import messages as message_table
from desk.store.tables import outbox as outbox_table
from desk.store.tables import runs
from desk.store.tables import threads as thread_table

SHARED = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@SHARED
@given(steps=st.lists(st.sampled_from(list(MessageStatus)), max_size=12))
def test_messages_follow_their_table(db: Database, steps: list[MessageStatus]) -> None:
    with db.write() as tx:
        _, message_id = thread(tx)
        state = MessageStatus.RECEIVED
        for new in steps:
            if new is state or new in MESSAGE_MOVES[state]:
                messages.move(tx, message_id, new)
                state = new
            else:
                with pytest.raises(IllegalMove):
                    messages.move(tx, message_id, new)
            row = messages.one(message_id).run(tx)
            assert row is not None
            assert row.status is state


@SHARED
@given(steps=st.lists(st.sampled_from(list(ThreadStatus)), max_size=12))
def test_threads_follow_their_table_and_count_their_version(db: Database, steps: list[ThreadStatus]) -> None:
    with db.write() as tx:
        thread_id, _ = thread(tx)
        state, version = ThreadStatus.OPEN, threads.state(tx, thread_id).version
        for new in steps:
            if new is state or new in THREAD_MOVES[state]:
                assert threads.update(tx, thread_id, status=new, needs="why") == version + 1
                state, version = new, version + 1
            else:
                with pytest.raises(IllegalMove):
                    threads.update(tx, thread_id, status=new, needs="not written")
            row = threads.state(tx, thread_id)
            assert (row.status, row.version) == (str(state), version)
            assert row.needs != "not written"


@pytest.mark.parametrize(
    ("table", "moves", "column"),
    [
        (message_table, MESSAGE_MOVES, "status"),
        (thread_table, THREAD_MOVES, "status"),
        (runs, RUN_MOVES, "state"),
        (outbox_table, OUTBOX_MOVES, "state"),
    ],
    ids=lambda v: getattr(v, "name", None),
)
def test_every_pair_of_states_is_allowed_or_refused(
    db: Database, table: sa.Table, moves: Mapping[Any, frozenset[Any]], column: str
) -> None:
    with db.write() as tx:
        row_id = _row_of(tx, table)
        for old in moves:
            for new in moves:
                tx.execute(table.update().where(table.c.id == row_id).values({column: str(old)}))
                if old is new or new in moves[old]:
                    transition(tx, table, moves, row_id, new, column=column)
                    now: Any = new
                else:
                    with pytest.raises(IllegalMove, match=f"may not become {new}"):
                        transition(tx, table, moves, row_id, new, column=column)
                    now = old
                assert tx.execute(sa.select(table.c[column]).where(table.c.id == row_id)).scalar_one() == str(now)


def _row_of(tx: Any, table: sa.Table) -> int:
    thread_id, message_id = thread(tx)
    if table is message_table:
        return message_id
    if table is thread_table:
        return thread_id
    if table is runs:
        return jobs.enqueue(tx, "ticket", run_at=NOW, now=NOW, thread_id=thread_id)
    row = drafts.save(tx, thread_id, draft(), now=NOW, created_by="desk")
    return hold(tx, thread_id, row)


def hold(tx: Any, thread_id: int, row: drafts.DraftRow) -> int:
    out = Outgoing(b"raw", f"<{row.id}@shop.example>", "help@shop.example", ("anna@example.org",), "Re: Parcel")
    return outbox.add(
        tx,
        out,
        mailbox_id=1,
        thread_id=thread_id,
        draft_id=row.id,
        draft_version=row.version,
        body=row.body,
        answers=(),
        inbound_at=NOW,
        not_before=NOW,
        approved_by="mara",
        now=NOW,
    )


def test_the_same_draft_version_is_held_once_while_it_lives(db: Database) -> None:
    with db.write() as tx:
        thread_id, _ = thread(tx)
        row = drafts.save(tx, thread_id, draft(), now=NOW, created_by="desk")
        first = hold(tx, thread_id, row)
    with pytest.raises(sa.exc.IntegrityError), db.write() as tx:
        tx.execute(
            outbox_table.insert().from_select(
                ["draft_id", "draft_version", "message_id", "mailbox_id", "raw", "not_before", "approved_at"],
                sa.select(
                    outbox_table.c.draft_id,
                    outbox_table.c.draft_version,
                    sa.literal("<other@shop.example>"),
                    outbox_table.c.mailbox_id,
                    outbox_table.c.raw,
                    outbox_table.c.not_before,
                    outbox_table.c.approved_at,
                ),
            )
        )
    with db.write() as tx:
        outbox.cancel(tx, first, NOW)
        tx.execute(outbox_table.update().values(message_id="<old@shop.example>"))
        assert hold(tx, thread_id, row) != first


def test_an_expected_version_that_passed_is_a_conflict_and_writes_nothing(both: Database) -> None:
    with both.write() as tx:
        thread_id, _ = thread(tx)
        seen = threads.state(tx, thread_id).version
        threads.update(tx, thread_id, assigned_to="mara")
    with pytest.raises(Conflict, match="changed while you were at it"), both.write() as tx:
        threads.update(tx, thread_id, expect_version=seen, assigned_to="tom")
    with both.read() as tx:
        assert threads.state(tx, thread_id).assigned_to == "mara"


def test_sources_is_the_table_read_backwards() -> None:
    for new in RunState:
        assert set(sources(RUN_MOVES, new)) == {str(o) for o in RunState if new in RUN_MOVES[o]} | {str(new)}
    assert sources(OUTBOX_MOVES, OutboxState.FILED) == ["filed", "sent"]
