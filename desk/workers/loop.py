"""What all workers share: stop when asked (or when the parent is gone), wake when somebody commits, say how it goes."""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from desk.errors import DeskError
from desk.store import changes
from desk.store.database import Database

log = logging.getLogger("desk.workers")

WAKE_SECONDS = 0.1
"""How often a waiting worker looks whether somebody committed: a few microseconds each time."""
IDLE_SECONDS = 1.0
"""How long a worker waits at most before it looks at the clock again."""


def now() -> datetime:
    """The clock of the workers."""
    return datetime.now(UTC)


class Stop:
    """A request to end: a signal, or the parent's death (our standard input is its pipe and then closes)."""

    def __init__(self) -> None:
        self.event = threading.Event()

    def listen(self, *, parent: bool) -> None:
        """End on SIGTERM and SIGINT, and with `parent` when standard input closes. Main thread only."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.event.set())
        if parent:
            threading.Thread(target=self._watch_parent, daemon=True, name="parent").start()

    def _watch_parent(self) -> None:
        # The bare descriptor: a buffered read under way when the interpreter ends would abort the whole process.
        while os.read(sys.stdin.fileno(), 4096):
            pass
        self.event.set()

    def __bool__(self) -> bool:
        return self.event.is_set()


def wait(db: Database, stop: Stop, seconds: float = IDLE_SECONDS) -> None:
    """Sleep until somebody commits, at most `seconds`."""
    seen = db.data_version()
    until = time.monotonic() + seconds
    while not stop and time.monotonic() < until:
        if stop.event.wait(WAKE_SECONDS) or db.data_version() != seen:
            return


class Status:
    """The worker's line in the header, written only when it changes or once in ten seconds as a sign of life."""

    def __init__(self, db: Database, name: str) -> None:
        self.db, self.name = db, name
        self._last: tuple[str, str] = ("", "")
        self._at = 0.0

    def say(self, state: str, detail: str = "") -> None:
        """`state` is one word (idle, working, loading, off, error), `detail` the rest of the sentence."""
        if (state, detail) == self._last and time.monotonic() - self._at < 10:
            return
        self._last, self._at = (state, detail), time.monotonic()
        with self.db.write() as tx:
            changes.set_worker(tx, self.name, state, detail, at=now(), pid=os.getpid())


def run(db: Database, stop: Stop, status: Status, once: Callable[[], bool]) -> None:
    """Call `once` until told to stop; it returns whether it found work. An error is shown and tried again, never fatal."""
    trouble = 0
    while not stop:
        try:
            found = once()
            trouble = 0
        except DeskError as problem:
            trouble += 1
            log.warning("%s: %s", status.name, problem)
            status.say("error", str(problem))
            stop.event.wait(min(60.0, 2.0**trouble))
            continue
        except Exception:
            trouble += 1
            log.exception("%s: unexpected", status.name)
            status.say("error", "An unexpected error; the log has it. Trying again.")
            stop.event.wait(min(60.0, 2.0**trouble))
            continue
        if not found:
            status.say("idle")
            wait(db, stop)
