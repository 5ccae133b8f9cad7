"""The think worker: scans what arrived and takes tickets through the pipeline. The only process that loads models."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime

from desk.errors import DeskError
from desk.learn.labels import Teacher
from desk.pipeline.case import Rooms
from desk.pipeline.runner import Runner
from desk.store import changes
from desk.store.database import Database
from desk.workers import loop
from desk.workers.idle import idle_tasks
from desk.workers.indexing import Indexer, import_files
from desk.workers.loop import Status, Stop, now
from desk.workers.voices import Voices

PARTS = ("model", "embeddings", "knowledge", "knowledge files")
"""What may be missing without stopping the rest; the header says so in the words of `Rooms.off`."""
STREAM_SECONDS = 0.15
"""How often the draft being written is shown: each time is one small write."""
log = logging.getLogger("desk.think")


class Stream:
    """Shows a draft while a model writes it, a few times a second."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self._last = 0.0

    def __call__(self, thread_id: int, text: str) -> None:
        """Show the draft so far, unless it was shown a moment ago."""
        if time.monotonic() - self._last < STREAM_SECONDS:
            return
        self._last = time.monotonic()
        with self.db.write() as tx:
            changes.stream(tx, thread_id, text, at=now())


def run(db: Database, load: Callable[[], Rooms], stop: Stop, clock: Callable[[], datetime] = now) -> None:
    """Load what the rooms need, then scan what arrives and work on tickets until told to stop."""
    status = Status(db, "think")
    status.say("loading", "the models are loading")
    rooms = load()
    rooms.stream = Stream(db)
    rooms.voices = Voices(db)
    threading.Thread(target=_pass_on, args=(stop, rooms.cancel), daemon=True, name="cancel").start()
    runner = Runner(db, rooms, clock)
    indexer = prepare(db, rooms, status)
    teacher = Teacher(db, rooms)
    idle = idle_tasks(db, indexer.index if indexer else None, clock)
    for part in PARTS:
        Status(db, part).say("off", rooms.off.get(part, ""))
    name = rooms.models.capable.name if rooms.models.capable else "no model"

    def once() -> bool:
        if indexer and indexer.once():
            status.say("working", "the knowledge index is up to date")
        if teacher.once():
            status.say("working", teacher.says)
        if runner.once():
            status.say("working", name)
            return True
        status.say("idle", name)
        return any(task.once() for task in idle)

    loop.run(db, stop, status, once)


def _pass_on(stop: Stop, cancel: threading.Event) -> None:
    """A request to stop also ends the sentence a model is writing."""
    stop.event.wait()
    cancel.set()


def prepare(db: Database, rooms: Rooms, status: Status | None = None) -> Indexer | None:
    """Read the configured articles and bring the index up to date; without an index, say what is off and go on."""
    try:
        import_files(db, rooms.config.knowledge)
    except DeskError as problem:
        rooms.off["knowledge files"] = str(problem)
        log.warning("%s", problem)
    if rooms.index is None:
        return None
    indexer = Indexer(db, rooms.index)
    if status:
        status.say("loading", "reading the articles")
    try:
        indexer.once()
    except DeskError as problem:
        rooms.off["knowledge"] = str(problem)
        rooms.index = None
        return None
    return indexer
