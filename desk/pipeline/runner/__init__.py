"""Runs tickets step by step: claim, compute with no transaction open, then one fenced write with the step's output.

What a dead worker left is claimed again when its lease ends, and goes on at the step it was in with the stored outputs
of the steps before.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime

from desk.domain.enums import SCAN, TICKET
from desk.errors import Cancelled, DeskError
from desk.pipeline.case import Rooms
from desk.pipeline.runner import keep
from desk.pipeline.runner.load import batch, case_of
from desk.pipeline.runner.scan import scan_message
from desk.pipeline.steps import BY_NAME, after
from desk.store import jobs
from desk.store.database import Database

LEASE_SECONDS = 30.0
log = logging.getLogger("desk.runner")


class Runner:
    """Works on one run at a time. `clock` gives the current time in UTC."""

    def __init__(self, db: Database, rooms: Rooms, clock: Callable[[], datetime]) -> None:
        self.db, self.rooms, self.clock = db, rooms, clock

    def once(self, kinds: tuple[str, ...] = (SCAN, TICKET)) -> bool:
        """Claim one run and take it as far as it goes; False when none was due. Scans go before tickets."""
        for kind in kinds:
            if not self.db.get(jobs.ready(self.clock(), (kind,))):
                continue
            with self.db.write() as tx:
                run = jobs.claim(tx, (kind,), now=self.clock(), lease_seconds=LEASE_SECONDS)
            if run is not None:
                self._work(run)
                return True
        return False

    def _work(self, run: jobs.Run) -> None:
        try:
            with self._heartbeat(run):
                if run.kind == SCAN:
                    scan_message(self.db, run, self.rooms, self.clock)
                else:
                    self._ticket(run)
        except jobs.LeaseLost:
            log.warning("run %s was taken over; its result is dropped", run.id)
        except Cancelled:
            with contextlib.suppress(jobs.LeaseLost), self.db.write() as tx:
                jobs.hand_back(tx, self._fresh(run), self.clock())
        except DeskError as problem:
            self._failed(run, str(problem))
        except Exception as problem:
            log.exception("run %s failed at %s", run.id, run.step)
            self._failed(run, f"{type(problem).__name__}: {problem}")

    def _fresh(self, run: jobs.Run) -> jobs.Run:
        """The run at the step it has reached by now, under the lease we hold."""
        stored = self.db.get(jobs.one(run.id))
        return stored if stored is not None and stored.lease_token == run.lease_token else run

    def _ours(self, run: jobs.Run) -> bool:
        stored = self.db.get(jobs.one(run.id))
        return stored is not None and stored.lease_token == run.lease_token

    def _failed(self, run: jobs.Run, reason: str) -> None:
        with contextlib.suppress(jobs.LeaseLost), self.db.write() as tx:
            current = self._fresh(run)
            again = jobs.retry(tx, current, reason, self.clock())
            keep.failed(tx, current, reason, again=again, now=self.clock())

    def _ticket(self, run: jobs.Run) -> None:
        if not batch(self.db, run):
            with self.db.write() as tx:
                jobs.skip(tx, run, "nothing waits for an answer any more", self.clock())
                keep.skipped(tx, run)
            return
        step = BY_NAME[run.step]
        while True:
            case = case_of(self.db, run, self.rooms.config, self.clock().astimezone().date(), self.clock())
            started = time.perf_counter()
            result = step.run(case, self.rooms)
            ms = (time.perf_counter() - started) * 1000
            if self.rooms.cancel.is_set():
                raise Cancelled("The worker was asked to stop.")
            coming = after(step.name)
            with self.db.write() as tx:
                run = jobs.finish_step(
                    tx,
                    run,
                    step.name,
                    result.output,
                    ms,
                    coming.name if coming else None,
                    now=self.clock(),
                    lease_seconds=LEASE_SECONDS,
                    cost=keep.cost(result),
                    data=keep.data(step.name, result),
                )
                keep.step(tx, run, case, step.name, result, word=coming.word if coming else "", now=self.clock())
            if coming is None:
                return
            step = coming

    @contextlib.contextmanager
    def _heartbeat(self, run: jobs.Run) -> Iterator[None]:
        """Renew the lease while a step computes; a run taken over by another worker cancels the step."""
        done = threading.Event()

        def beat() -> None:
            while not done.wait(LEASE_SECONDS / 3):
                try:
                    with self.db.write() as tx:
                        jobs.heartbeat(tx, self._fresh(run), now=self.clock(), lease_seconds=LEASE_SECONDS)
                except jobs.LeaseLost:
                    if not self._ours(run):
                        return
                except DeskError as problem:
                    log.warning("the lease of run %s was not renewed: %s", run.id, problem)

        thread = threading.Thread(target=beat, daemon=True, name=f"lease-{run.id}")
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()
