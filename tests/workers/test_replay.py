"""A past ticket again: the same inputs and the same knowledge give the same outputs, and nothing is written."""

from letters import Clock, deliver, letter

from desk.config import Config
from desk.domain.ticket import Article
from desk.knowledge.embed import Embedder
from desk.knowledge.index import Index
from desk.learn.replay import replay
from desk.pipeline.case import Rooms
from desk.pipeline.runner import Runner
from desk.pipeline.runner.load import case_of
from desk.store import changes, jobs, threads
from desk.store.database import Database
from desk.workers.fetch import Fetcher


def test_replay_is_equal_until_the_knowledge_changes(
    config: Config, db: Database, fetcher: Fetcher, rooms: Rooms, clock: Clock, embedder: Embedder
) -> None:
    deliver(config, letter())
    fetcher.poll()
    runner = Runner(db, rooms, clock)
    for _ in range(3):
        while runner.once():
            pass
        clock.pass_(31)
    (thread_id,) = db.get(threads.ids(threads.Filter(threads.View.REVIEW)))
    run = next(r for r in db.get(jobs.of_thread(thread_id)) if r.kind == "ticket")
    stored = {step.step: step.output for step in db.get(jobs.steps(run.id))}
    case = case_of(db, run, config)
    events = len(db.get(changes.activity(1000)))

    assert [line.step for line in replay(case, stored, rooms) if not line.same] == []

    changed = Index(None, embedder)
    changed.rebuild(
        [Article("returns", "Returning an order", "You can return an unused lamp within 90 days for free.")]
    )
    rooms.index = changed
    lines = {line.step: line for line in replay(case, stored, rooms)}
    assert not lines["draft"].same
    assert "90 days" in lines["draft"].now["composed"]["body"]
    assert lines["context"].same
    assert len(db.get(changes.activity(1000))) == events
