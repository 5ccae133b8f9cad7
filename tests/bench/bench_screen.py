"""First paint against a minimal Textual app; 100,000 threads against 1,000; CPU a key against a bare app.

Ratios within one run, each figure from a process of its own: `python tests/bench/bench_screen.py`.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 10, 20, 14, 6, tzinfo=UTC)
KEYS = 200

BARE = """
import time; start = time.perf_counter()
from textual.app import App
from textual.widgets import Static
class Bare(App):
    ENABLE_COMMAND_PALETTE = False
    BINDINGS = [("j", "step", "step")]
    def compose(self):
        yield Static("hello", id="x")
    def action_step(self):
        self.query_one("#x", Static).update("hello again")
app = Bare()
"""

DESK = """
import time; start = time.perf_counter()
from desk.config import Config
from desk.ui.app import DeskApp
def connect():
    from desk.errors import StoreError
    raise StoreError("No store here.")
app = DeskApp(connect, Config())
"""

PAINT = """
import asyncio, sys
async def main():
    async with app.run_test(size=(120, 36)) as pilot:
        app.screen.refresh(); await asyncio.sleep(0)
        print(time.perf_counter() - start)
asyncio.run(main())
"""


WALK = """
import asyncio, bench_screen as b
async def main():
    async with app.run_test(size=(120, 36)) as pilot:
        print(await b.keys(pilot))
asyncio.run(main())
"""


def child(code: str, **env: str) -> str:
    """What a Python process of its own printed last."""
    with tempfile.TemporaryDirectory() as home:
        full = os.environ | {"DESK_HOME": home, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color"} | env
        ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=full, check=False)
    if ended.returncode:
        raise SystemExit(ended.stderr[-2000:])
    return ended.stdout.strip().splitlines()[-1]


def fill(path: Path, count: int) -> None:
    """A store with many threads, written in bulk."""
    from desk.store import intake, tables
    from desk.store.database import open as open_store

    database = open_store(path)
    with database.write() as tx:
        box = intake.mailbox(tx, "main", "help@lumen.example", at=NOW)
        for start in range(0, count, 5000):
            rows = [
                {
                    "number": f"T-{1001 + i}",
                    "mailbox_id": box,
                    "contact_addr": f"person{i}@example.org",
                    "subject": f"Question {i} about an order",
                    "last_message_at": NOW.timestamp() - i,
                    "snippet": "Hello, I have a question about my order.",
                    "version": 1,
                }
                for i in range(start, min(count, start + 5000))
            ]
            tx.execute(tables.threads.insert(), rows)
    database.close()


def peak() -> float:
    """The most memory this process held so far, in MB; `ru_maxrss` would start at what the parent held."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(part for part in status.read_text().splitlines() if part.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def measure(path: str) -> dict[str, float]:
    """Show the list of a store, then walk down it: seconds to show, MB grown, CPU milliseconds a key."""
    from desk.actions.desk import Desk
    from desk.config import Config
    from desk.store.database import AsyncDatabase, Database
    from desk.ui.app import DeskApp

    database = Database(path)
    desk = Desk(database, "Mara", 15.0, None, None, lambda: NOW, None)  # type: ignore[arg-type]
    app = DeskApp(lambda: (desk, AsyncDatabase(path)), Config())
    async with app.run_test(size=(120, 36)) as pilot:
        while app.screen.list.sheet is None or app.screen.opened.id is None:
            await pilot.pause()
        await app.screen.go("done")
        before = peak()
        times = []
        for _ in range(9):
            await app.screen.go("done")
            start = time.perf_counter()
            await app.screen.go("inbox")
            times.append(time.perf_counter() - start)
        after = peak()
        per_key = await keys(pilot)
    database.close()
    return {"show": statistics.median(times), "grown": after - before, "rss": after, "key": per_key}


async def keys(pilot: object) -> float:
    """CPU milliseconds a press of `j`."""
    start = time.process_time()
    for _ in range(KEYS):
        await pilot.press("j")  # type: ignore[attr-defined]
    return (time.process_time() - start) * 1000 / KEYS


def listed(count: int) -> dict[str, float]:
    """`measure` in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "desk.sqlite"
        fill(path, count)
        code = (
            f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import bench_screen as b, asyncio, json"
        )
        answer = child(f"{code}; print(json.dumps(asyncio.run(b.measure({str(path)!r}))))")
    found: dict[str, float] = json.loads(answer)
    return found


def main() -> None:
    """Print the figures beside what they should be."""
    rounds = range(7)
    bare = statistics.median(float(child(BARE + PAINT)) for _ in rounds)
    desk = statistics.median(float(child(DESK + PAINT)) for _ in rounds)
    print(f"first paint    bare {bare * 1000:.0f} ms, desk {desk * 1000:.0f} ms: {desk / bare:.2f}x (at most 1.6)")
    small, large = listed(1_000), listed(100_000)
    shown = f"1,000 {small['show'] * 1000:.1f} ms, 100,000 {large['show'] * 1000:.1f} ms"
    print(f"show the list  {shown}: {large['show'] / small['show']:.2f}x (at most 1.5)")
    more = large["rss"] - small["rss"]
    print(f"memory         1,000 {small['rss']:.1f} MB, 100,000 {large['rss']:.1f} MB: {more:+.1f} MB (at most 10)")
    one = float(child(f"{BARE}\nimport sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n{WALK}"))
    print(f"CPU a key      bare {one:.2f} ms, desk {large['key']:.2f} ms: {large['key'] / one:.1f}x (at most 8)")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
