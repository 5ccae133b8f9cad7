"""Durable runs: claims, leases, fences, coalescing, forks and joins, on both databases."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from records import NOW, at, thread

from desk.domain.enums import RunState
from desk.domain.states import IllegalMove
from desk.store import jobs
from desk.store.database import Database
from desk.store.jobs import Child, Cost, LeaseLost, Run

KINDS = ("ticket",)


def queue(db: Database, **more: object) -> int:
    with db.write() as tx:
        options = {"run_at": NOW, "now": NOW, "step": "context", **more}
        return jobs.enqueue(tx, "ticket", **options)  # type: ignore[arg-type]


def take(db: Database, seconds: float = 0, lease: float = 10) -> Run | None:
    with db.write() as tx:
        return jobs.claim(tx, KINDS, now=at(seconds), lease_seconds=lease)


def taken(db: Database, seconds: float = 0, lease: float = 10) -> Run:
    run = take(db, seconds, lease)
    assert run is not None
    return run


def state(db: Database, run_id: int) -> Run:
    run = db.get(jobs.one(run_id))
    assert run is not None
    return run


def test_a_run_goes_through_its_steps_and_keeps_what_each_gave(both: Database) -> None:
    run_id = queue(both)
    assert not both.get(jobs.ready(at(-1), KINDS))
    assert both.get(jobs.ready(NOW, KINDS))
    assert not both.get(jobs.ready(NOW, ["scan"]))
    run = taken(both)
    with both.write() as tx:
        run = jobs.finish_step(tx, run, "context", {"turns": 2}, 3.5, "draft", now=at(1), data={"k": "v"})
    assert (run.state, run.step, run.data) == (RunState.RUNNING, "draft", {"k": "v"})
    with both.write() as tx:
        cost = Cost("smol", "p3", 100, 40, 20)
        run = jobs.finish_step(tx, run, "draft", {"body": "x"}, 900.0, None, now=at(2), cost=cost)
    assert state(both, run_id).state is RunState.DONE
    first, second = both.get(jobs.steps(run_id))
    assert (first.step, first.output, first.ms) == ("context", {"turns": 2}, 3.5)
    assert (second.model, second.prompt_version, second.tokens_evaluated) == ("smol", "p3", 40)
    assert take(both, 100) is None


def test_of_two_claims_at_the_same_time_one_gets_the_run(both: Database) -> None:
    wanted = {queue(both) for _ in range(20)}
    start = threading.Barrier(4)

    def worker() -> list[int]:
        start.wait()
        found = []
        while (run := take(both)) is not None:
            found.append(run.id)
        return found

    with ThreadPoolExecutor(4) as pool:
        got = [i for part in pool.map(lambda _: worker(), range(4)) for i in part]
    assert sorted(got) == sorted(wanted)


def test_a_lease_that_ended_is_taken_over_and_the_first_holder_is_fenced_off(both: Database) -> None:
    queue(both)
    first = taken(both, 0, lease=5)
    assert take(both, 4) is None
    second = taken(both, 6, lease=5)
    assert second.id == first.id
    assert second.attempt == 2
    with pytest.raises(LeaseLost), both.write() as tx:
        jobs.finish_step(tx, first, "context", {"from": "first"}, 1.0, "draft", now=at(7))
    assert both.get(jobs.steps(first.id)) == []
    with pytest.raises(LeaseLost), both.write() as tx:
        jobs.heartbeat(tx, first, now=at(7), lease_seconds=5)
    with both.write() as tx:
        jobs.finish_step(tx, second, "context", {"from": "second"}, 1.0, None, now=at(8))
    assert [s.output for s in both.get(jobs.steps(first.id))] == [{"from": "second"}]


def test_a_step_finished_twice_by_one_holder_is_stored_once(db: Database) -> None:
    queue(db)
    run = taken(db)
    with db.write() as tx:
        jobs.finish_step(tx, run, "context", {"n": 1}, 1.0, "draft", now=NOW)
    with pytest.raises(LeaseLost), db.write() as tx:
        jobs.finish_step(tx, run, "context", {"n": 2}, 1.0, "draft", now=NOW)
    assert [s.output for s in db.get(jobs.steps(run.id))] == [{"n": 1}]


def test_a_heartbeat_holds_a_long_step(both: Database) -> None:
    queue(both)
    run = taken(both, 0, lease=5)
    with both.write() as tx:
        run = jobs.heartbeat(tx, run, now=at(4), lease_seconds=5)
    assert take(both, 8) is None
    assert take(both, 10) is not None


def test_a_burst_moves_one_run_and_the_cap_ends_the_waiting(both: Database) -> None:
    def message(second: float) -> int:
        with both.write() as tx:
            return jobs.enqueue(
                tx, "ticket", run_at=at(second + 30), now=at(second), coalesce_key="thread:1", cap_seconds=75
            )

    ids = {message(second) for second in (0, 20, 40)}
    assert len(ids) == 1
    run_id = ids.pop()
    assert state(both, run_id).run_at == at(70)
    assert message(60) == run_id
    assert state(both, run_id).run_at == at(75)


def test_an_urgent_message_moves_the_run_forward_and_a_calm_one_never_back(both: Database) -> None:
    def message(second: float, *, urgent: bool) -> int:
        with both.write() as tx:
            run_at = at(second) if urgent else at(second + 30)
            return jobs.enqueue(tx, "ticket", run_at=run_at, now=at(second), coalesce_key="k", urgent=urgent)

    run_id = message(0, urgent=False)
    message(5, urgent=True)
    assert state(both, run_id).run_at == at(5)
    message(6, urgent=False)
    assert state(both, run_id).run_at == at(5)
    assert state(both, run_id).urgent


def test_the_coalesce_key_goes_at_the_first_claim(both: Database) -> None:
    first = queue(both, coalesce_key="thread:1")
    run = taken(both)
    second = queue(both, coalesce_key="thread:1")
    assert second != first
    with both.write() as tx:
        assert jobs.retry(tx, run, "the model was busy", at(1))
    assert {state(both, first).state, state(both, second).state} == {RunState.QUEUED}


def test_retries_come_later_each_time_and_end_as_failed(both: Database) -> None:
    run_id = queue(both)
    now, waits = 0.0, []
    for _ in range(jobs.MAX_ATTEMPTS):
        run = taken(both, now)
        with both.write() as tx:
            again = jobs.retry(tx, run, "no luck", at(now))
        if again:
            due = (state(both, run_id).run_at - NOW).total_seconds()
            waits.append(due - now)
            now = due
    assert waits == [2.0, 4.0, 8.0, 16.0]
    end = state(both, run_id)
    assert (end.state, end.last_error, end.step) == (RunState.FAILED, "no luck", "context")
    with both.write() as tx:
        jobs.wake(tx, run_id, now=at(now))
    assert taken(both, now).step == "context"


def test_a_run_that_kills_its_worker_each_time_is_failed_not_given_out_for_ever(both: Database) -> None:
    run_id = queue(both)
    for number in range(jobs.MAX_ATTEMPTS):
        assert taken(both, number * 20).attempt == number + 1
    assert take(both, 1000) is None
    assert state(both, run_id).state is RunState.FAILED


def test_waiting_for_a_person_costs_nothing_and_resumes_at_its_step(both: Database) -> None:
    run_id = queue(both)
    run = taken(both)
    with both.write() as tx:
        run = jobs.finish_step(tx, run, "context", {}, 1.0, "plan", now=NOW)
        jobs.wait(tx, run)
    assert take(both, 10_000) is None
    with both.write() as tx:
        jobs.wake(tx, run_id, now=at(10_001), data={"answers": {"1": "yes"}})
    again = taken(both, 10_001)
    assert (again.step, again.data) == ("plan", {"answers": {"1": "yes"}})
    with pytest.raises((IllegalMove, jobs.Conflict)), both.write() as tx:
        jobs.wake(tx, run_id, now=at(10_002))


def test_children_are_forked_once_and_the_last_one_queues_the_parent(both: Database) -> None:
    parent_id = queue(both)
    run = taken(both)
    with both.write() as tx:
        branches = [Child("a", "search"), Child("b", "search"), Child("a", "search")]
        jobs.finish_step(tx, run, "context", {}, 1.0, "join", now=NOW, children=branches)
    assert state(both, parent_id).state is RunState.WAITING_CHILDREN
    assert [c.branch for c in both.get(jobs.children(parent_id))] == ["a", "b"]
    one, two = taken(both), taken(both)
    with both.write() as tx:
        jobs.finish_step(tx, one, "search", {}, 1.0, None, now=at(1))
    assert state(both, parent_id).state is RunState.WAITING_CHILDREN
    with both.write() as tx:
        jobs.fail(tx, two, "no index", at(2))
    parent = state(both, parent_id)
    assert (parent.state, parent.step) == (RunState.QUEUED, "join")


def test_two_last_children_at_the_same_time_do_not_leave_the_parent_waiting(both: Database) -> None:
    parents = []
    for _ in range(12):
        parents.append(queue(both))
        run = taken(both)
        with both.write() as tx:
            jobs.finish_step(tx, run, "c", {}, 1.0, "join", now=NOW, children=[Child("a", "s"), Child("b", "s")])
        pair = [taken(both), taken(both)]
        start = threading.Barrier(2)

        def end(child: Run, start: threading.Barrier = start) -> None:
            start.wait()
            with both.write() as tx:
                jobs.finish_step(tx, child, "s", {}, 1.0, None, now=at(1))

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(end, pair))
        with both.write() as tx:
            jobs.stop(tx, 0, "ticket", "unused", now=NOW)
        assert state(both, parents[-1]).state is RunState.QUEUED
        joined = taken(both, 2)
        with both.write() as tx:
            jobs.finish_step(tx, joined, "join", {}, 1.0, None, now=at(2))


def test_stopping_a_thread_fences_off_the_worker_at_work(both: Database) -> None:
    with both.write() as tx:
        thread_id, _ = thread(tx)
    run_id = queue(both, thread_id=thread_id)
    run = taken(both)
    with both.write() as tx:
        assert jobs.stop(tx, thread_id, "ticket", "a person answered", now=at(1)) == [run_id]
    with pytest.raises(LeaseLost), both.write() as tx:
        jobs.finish_step(tx, run, "context", {}, 1.0, "draft", now=at(2))
    assert state(both, run_id).state is RunState.SKIPPED


def test_a_run_handed_back_is_due_at_once_and_lost_no_attempt(db: Database) -> None:
    queue(db)
    run = taken(db)
    with db.write() as tx:
        jobs.hand_back(tx, run, at(1))
    assert taken(db, 1).attempt == 1


def test_urgent_runs_come_first(db: Database) -> None:
    queue(db)
    urgent = queue(db, urgent=True)
    assert taken(db).id == urgent
