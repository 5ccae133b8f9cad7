"""From a key to the painted row, with every worker busy against none: the real screen on a terminal of its own.

The workers are the real ones with the embedded model, busy with the demo's mail: `python tests/bench/bench_keys.py`.
"""

import contextlib
import os
import pty
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from desk.workers.supervise import Supervisor

ROOT = Path(__file__).resolve().parents[2]
ROUNDS, KEYS = 5, 40
"""Busy and idle take turns, so that a machine with other work on it treats both alike."""
PACE = 0.15
"""Seconds between two keys: a person who holds j down is slower."""
PATIENCE = 240.0


def screen(home: Path, out: Path) -> None:
    """Show the demo's store, no worker started; note the moment each moved cursor is painted."""
    os.environ["DESK_HOME"] = str(home)
    from desk.cli import rooms
    from desk.store.database import AsyncDatabase
    from desk.ui.app import run
    from desk.ui.widgets.lines import LineList

    config, places = rooms.configuration()
    moved = LineList._go
    painted = out.open("a", buffering=1)

    def go(self: LineList, index: int) -> None:
        before = self.index
        moved(self, index)
        if self.index != before:
            self.call_after_refresh(lambda: painted.write(f"{time.monotonic()}\n"))

    LineList._go = go  # type: ignore[method-assign]
    run(lambda: (rooms.desk(config, rooms.store(config, places)), AsyncDatabase(str(places.database))), config)


def latencies(home: Path, workers: "Supervisor") -> tuple[list[float], list[float]]:
    """Milliseconds from each key to its row: with the workers at work, and with the same ones stopped in their tracks."""
    out = home / "painted.txt"
    out.unlink(missing_ok=True)
    out.touch()
    master, slave = pty.openpty()
    os.set_blocking(master, True)
    env = os.environ | {"TERM": "xterm-256color", "COLUMNS": "120", "LINES": "36", "PYTHONPATH": str(ROOT)}
    code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import bench_keys as b; from pathlib import Path"
    call = f"{code}; b.screen(Path({str(home)!r}), Path({str(out)!r}))"
    child = subprocess.Popen([sys.executable, "-c", call], stdin=slave, stdout=slave, stderr=slave, env=env)
    os.close(slave)
    threading.Thread(target=_drain, args=(master,), daemon=True).start()
    try:
        os.write(master, b"1")
        _until(lambda: _press(master, out, b"j") is not None, "the screen answers")
        busy: list[float] = []
        idle: list[float] = []
        for _ in range(ROUNDS):
            busy += _walk(master, out)
            for worker in workers.children.values():
                worker.send_signal(signal.SIGSTOP)
            idle += _walk(master, out)
            for worker in workers.children.values():
                worker.send_signal(signal.SIGCONT)
    finally:
        child.terminate()
        child.wait()
        os.close(master)
    if min(len(busy), len(idle)) < ROUNDS * KEYS * 0.9:
        raise SystemExit(f"Only {len(busy)} and {len(idle)} of {ROUNDS * KEYS} keys moved the cursor.")
    return busy, idle


def _walk(master: int, out: Path) -> list[float]:
    """Ten rows down, ten up, and again."""
    time.sleep(1)
    found = []
    for number in range(KEYS):
        time.sleep(PACE)
        took = _press(master, out, b"j" if number // 10 % 2 == 0 else b"k")
        if took is not None:
            found.append(took)
    return found


def _press(master: int, out: Path, key: bytes) -> float | None:
    """Milliseconds until the next painted row, None when none comes within two seconds."""
    size, sent = out.stat().st_size, time.monotonic()
    os.write(master, key)
    while time.monotonic() - sent < 2:
        text = out.read_text()[size:]
        if text.endswith("\n"):
            return (float(text.split()[0]) - sent) * 1000
        time.sleep(0.001)
    return None


def _drain(master: int) -> None:
    with contextlib.suppress(OSError):
        while os.read(master, 65536):
            pass


def _until(what: object, said: str) -> None:
    end = time.monotonic() + PATIENCE
    while not what():  # type: ignore[operator]
        if time.monotonic() > end:
            raise SystemExit(f"It did not come to this: {said}.")
        time.sleep(0.2)


def _drafts(home: Path) -> tuple[int, int]:
    """Drafts written so far, and tickets that still wait."""
    import sqlalchemy as sa

    from desk.store import jobs
    from desk.store.database import Database
    from desk.store.tables import drafts

    database = Database(home / "desk.sqlite")
    try:
        with database.write() as tx:
            written = int(tx.execute(sa.select(sa.func.count()).select_from(drafts)).scalar_one())
        return written, sum(database.get(jobs.queued(["ticket"])).values())
    finally:
        database.close()


def main() -> None:
    """Fill a desk with the demo's mail and measure while the workers draft."""
    from desk.cli import rooms, stories
    from desk.cli.demo import prepare
    from desk.paths import packaged
    from desk.workers.supervise import Supervisor, command

    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        config, places = prepare(home)
        sample = stories.load(packaged("sample_mailbox"))
        store = rooms.store(config, places)
        shift = stories.import_history(store, config, sample)
        store.close()
        os.environ["PYTHONPATH"] = str(ROOT)
        for number, name in enumerate(sample.arriving, 1):
            stories.deliver(sample, name, Path(config.mailboxes[0].folder), number, shift)
        workers = Supervisor(command(), places.logs)
        workers.start()
        try:
            _until(lambda: _drafts(home)[0] >= 2, "two drafts are written")
            busy, idle = latencies(home, workers)
            written, waiting = _drafts(home)
        finally:
            workers.stop()
    print(f"busy: {written} drafts were written meanwhile, {waiting} tickets still waited at the end")
    for name, found in (("idle", idle), ("busy", busy)):
        print(f"{name}  median {statistics.median(found):.1f} ms, p95 {p95(found):.1f} ms, most {max(found):.1f} ms")
    print(f"key p95 busy against idle: {p95(busy) / p95(idle):.2f}x (at most 2)")


def p95(found: list[float]) -> float:
    """The 95th percentile."""
    return statistics.quantiles(found, n=20)[-1]


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
