"""Several real processes on one store: no update lost, no run lost or done twice, whoever is killed."""

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime
from multiprocessing.process import BaseProcess

import sqlalchemy as sa
from records import NOW, thread

from desk.domain.enums import RunState
from desk.store import changes, jobs, threads
from desk.store.database import Database

WRITERS, EACH = 4, 150
STEPS = ("context", "triage", "draft", "route")
RUNS = 40
KILLS = 6

# Processes of their own, forked from a clean one that has read the libraries once: the work is measured, not imports.
_apart = multiprocessing.get_context("forkserver")
_apart.set_forkserver_preload(["desk.store.changes", "desk.store.jobs", "desk.store.threads", "psycopg"])


def _start(target: Callable[..., None], *arguments: object) -> BaseProcess:
    process = _apart.Process(target=target, args=arguments, daemon=True)
    process.start()
    return process


def increment(url: str, thread_id: int) -> None:
    """Read a number, add one, write it back: what a careless transaction start loses."""
    db = Database(url)
    for _ in range(EACH):
        with db.write() as tx:
            found = sa.text("SELECT message_count FROM threads WHERE id = :id" + ("" if db.sqlite else " FOR UPDATE"))
            number = tx.execute(found, {"id": thread_id}).scalar_one()
            threads.update(tx, thread_id, message_count=number + 1)
            threads.next_number(tx)
            changes.audit(tx, str(os.getpid()), "count", "thread:1", {"to": number + 1}, at=NOW)
    db.close()


def test_four_processes_keep_six_hundred_of_six_hundred_updates(both: Database, both_url: str) -> None:
    with both.write() as tx:
        thread_id, _ = thread(tx)
        threads.update(tx, thread_id, message_count=0)
        start = threads.state(tx, thread_id).version
    writers = [_start(increment, both.location, thread_id) for _ in range(WRITERS)]
    for writer in writers:
        writer.join(50)
        assert writer.exitcode == 0
    with both.read() as tx:
        row = threads.state(tx, thread_id)
    assert row.message_count == WRITERS * EACH
    assert row.version == start + WRITERS * EACH
    with both.write() as tx:
        assert threads.next_number(tx) == f"T-{1000 + 1 + WRITERS * EACH + 1}"
    assert both.get(changes.audit_broken()) is None
    assert len(both.get(changes.audit_rows())) == WRITERS * EACH


def work(url: str) -> None:
    """One worker: claim, do a step in a moment, store it with a domain row in the same transaction."""
    db = Database(url)
    while True:
        now = datetime.now(UTC)
        run = None
        if db.get(jobs.ready(now, ["ticket"])):
            with db.write() as tx:
                run = jobs.claim(tx, ["ticket"], now=now, lease_seconds=0.6)
        if run is None:
            time.sleep(0.01)
            continue
        while run.state is RunState.RUNNING:
            time.sleep(0.004)
            place = STEPS.index(run.step)
            following = STEPS[place + 1] if place + 1 < len(STEPS) else None
            at = datetime.now(UTC)
            try:
                with db.write() as tx:
                    step, run = (
                        run.step,
                        jobs.finish_step(
                            tx, run, run.step, {"step": run.step}, 4.0, following, now=at, lease_seconds=0.6
                        ),
                    )
                    changes.record(tx, "step", f"{run.id} {step}", actor="worker", at=at)
            except jobs.LeaseLost:
                break


def test_workers_killed_at_random_lose_no_run_and_double_no_step(both: Database) -> None:
    with both.write() as tx:
        for _ in range(RUNS):
            jobs.enqueue(tx, "ticket", run_at=NOW, now=NOW, step=STEPS[0])
    chance = random.Random(7)
    workers = [_start(work, both.location) for _ in range(3)]
    kills, deadline = 0, time.monotonic() + 45
    try:
        while _left(both) and time.monotonic() < deadline:
            time.sleep(0.05)
            if kills < KILLS and _done(both) >= (kills + 1) * RUNS * len(STEPS) // (KILLS + 2):
                victim = chance.randrange(len(workers))
                os.kill(workers[victim].pid or 0, signal.SIGKILL)
                workers[victim].join()
                workers[victim] = _start(work, both.location)
                kills += 1
    finally:
        for worker in workers:
            worker.kill()
            worker.join()
    assert _left(both) == 0
    assert kills == KILLS
    assert _done(both) == RUNS * len(STEPS)
    told = [e.text for e in both.get(changes.activity(limit=100_000, kind="step"))]
    assert len(told) == len(set(told)) == RUNS * len(STEPS)


def _left(db: Database) -> int:
    with db.read() as tx:
        return int(tx.execute(sa.text("SELECT count(*) FROM runs WHERE state <> 'done'")).scalar_one())


def _done(db: Database) -> int:
    with db.read() as tx:
        return int(tx.execute(sa.text("SELECT count(*) FROM run_steps")).scalar_one())
