"""A person at a desk on a fresh store, with a clock that stands still until a test moves it."""

from collections.abc import Iterator

import pytest
from desks import Ticket, World
from records import NOW, cleared, draft, thread

from desk.actions.desk import Desk
from desk.domain.enums import ThreadStatus
from desk.mail.parse import parse
from desk.store import database, drafts, jobs, threads


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def desk(empty_store: str, world: World) -> Iterator[Desk]:
    db = database.open(empty_store)
    yield Desk(db, "mara", 15.0, world.compose, world.check, lambda: world.now, lambda raw: parse(raw).attachments)
    db.close()


@pytest.fixture
def ticket(desk: Desk) -> Ticket:
    with desk.db.write() as tx:
        thread_id, message_id = thread(tx)
        run_id = jobs.enqueue(tx, "ticket", run_at=NOW, now=NOW, thread_id=thread_id, step="context")
        run = jobs.claim(tx, ["ticket"], now=NOW, lease_seconds=60)
        assert run is not None
        for step, following in (("context", "plan"), ("plan", "draft"), ("draft", "route"), ("route", None)):
            run = jobs.finish_step(tx, run, step, {}, 1.0, following, now=NOW, cost=jobs.Cost("smol", "1", 9, 5, 2))
        cleared(tx, message_id)
        row = drafts.save(tx, thread_id, draft(), now=NOW, created_by="desk", run_id=run_id, message_id=message_id)
        threads.update(
            tx, thread_id, status=ThreadStatus.PENDING_REVIEW, needs="a draft is ready", written_by="composed"
        )
    return Ticket(thread_id, message_id, row.id, run_id)
