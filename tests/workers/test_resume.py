"""A step that fails is tried again alone; when it fails for good, its ticket says so and can be taken up again."""

import pytest
from letters import Clock, deliver, letter

from desk.config import Config
from desk.domain.enums import MessageStatus, RunState
from desk.pipeline.case import Rooms
from desk.pipeline.runner import Runner
from desk.store import drafts, jobs, messages, threads
from desk.store.database import Database
from desk.workers.fetch import Fetcher


def burst(config: Config, fetcher: Fetcher) -> None:
    deliver(config, letter(), letter(message_id="<2@web.example>", In_Reply_To="<1@web.example>"))
    assert fetcher.poll() == 2


def work(runner: Runner, clock: Clock, times: int) -> None:
    for _ in range(times):
        while runner.once():
            pass
        clock.pass_(61)


def ticket_run(db: Database) -> jobs.Run:
    (thread_id,) = db.get(threads.ids(threads.Filter(threads.View.ALL)))
    return next(run for run in db.get(jobs.of_thread(thread_id)) if run.kind == "ticket")


def test_a_burst_whose_step_fails_for_good_says_so_and_goes_on_where_it_stopped(
    config: Config, db: Database, fetcher: Fetcher, rooms: Rooms, clock: Clock
) -> None:
    burst(config, fetcher)
    embedder, rooms.embedder = rooms.embedder, None
    rooms.off["embeddings"] = "The embedding model is missing."
    runner = Runner(db, rooms, clock)
    work(runner, clock, 10)
    run = ticket_run(db)
    assert (run.state, run.step) == (RunState.FAILED, "triage")
    detail = db.get(threads.one(run.thread_id or 0))
    assert detail is not None
    assert "The embedding model is missing." in detail.row.needs
    assert {m.status for m in db.get(messages.of_thread(detail.row.id))} == {MessageStatus.FAILED}
    context = db.get(jobs.steps(run.id))

    rooms.embedder = embedder
    with db.write() as tx:
        for message in db.get(messages.of_thread(detail.row.id)):
            messages.move(tx, message.id, MessageStatus.PROCESSING)
        jobs.wake(tx, run.id, now=clock())
    work(runner, clock, 2)
    steps = db.get(jobs.steps(run.id))
    assert steps[0] == context[0], "the step before the fault ran again"
    assert ticket_run(db).state is RunState.DONE
    assert db.get(drafts.current(detail.row.id)) is not None


@pytest.mark.parametrize("place", ["search", "plan", "check", "route"])
def test_a_fault_at_a_step_runs_only_that_step_again(
    config: Config,
    db: Database,
    fetcher: Fetcher,
    rooms: Rooms,
    clock: Clock,
    place: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from dataclasses import replace

    from desk.pipeline import runner as running
    from desk.pipeline.steps import BY_NAME, STEPS

    calls: dict[str, int] = {}

    def counted(name: str) -> object:
        def run(case: object, rooms: object) -> object:
            calls[name] = calls.get(name, 0) + 1
            if name == place and calls[name] == 1:
                raise RuntimeError("a fault")
            return BY_NAME[name].run(case, rooms)  # type: ignore[arg-type]

        return run

    faulty = tuple(replace(step, run=counted(step.name)) for step in STEPS)  # type: ignore[arg-type]
    monkeypatch.setattr(running, "BY_NAME", {step.name: step for step in faulty})
    following = {a.name: b for a, b in zip(faulty, (*faulty[1:], None), strict=True)}
    monkeypatch.setattr(running, "after", lambda name: following[name])
    burst(config, fetcher)
    work(Runner(db, rooms, clock), clock, 4)
    assert ticket_run(db).state is RunState.DONE
    assert calls == {step.name: 2 if step.name == place else 1 for step in STEPS}
