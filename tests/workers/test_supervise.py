"""The supervisor with real processes: what dies is started again, stop ends all, and no worker outlives its parent."""

import fcntl
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

import desk
from desk.store import changes, database
from desk.workers.supervise import Supervisor, command

# A worker as far as its supervisor sees it: it says who it is, holds a lock as long as it lives, and ends as they do.
WORKER = """
import fcntl, os, sys, threading
from pathlib import Path
from desk.workers.loop import Stop
home, name = Path(sys.argv[1]), sys.argv[4]
stop = Stop()
stop.listen(parent=True)
lock = open(home / f"{name}.lock", "w")
fcntl.flock(lock, fcntl.LOCK_EX)
with open(home / f"{name}.pids", "a") as out:
    out.write(f"{os.getpid()}\\n")
if name == "hopeless":
    sys.exit(3)
if name == "stubborn":
    import signal
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    (home / "deaf").touch()
    threading.Event().wait()
stop.event.wait()
"""


def until(true: Callable[[], object], seconds: float = 30.0) -> None:
    """Return as soon as it is so; fail when it is not so in time."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.01)):
        if true():
            return
        pause.wait(0.01)
    pytest.fail("it did not come to pass in time")


def pids(home: Path, name: str) -> list[int]:
    """Every process that ran as this worker, in order."""
    file = home / f"{name}.pids"
    return [int(line) for line in file.read_text().splitlines()] if file.exists() else []


def over(home: Path, name: str) -> bool:
    """Whether no process holds this worker's lock any more."""
    with (home / f"{name}.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("PYTHONPATH", str(Path(desk.__file__).parents[1]))
    (tmp_path / "worker.py").write_text(WORKER)
    return [sys.executable, str(tmp_path / "worker.py"), str(tmp_path)]


@pytest.fixture
def supervised(script: list[str], tmp_path: Path) -> Iterator[Callable[..., Supervisor]]:
    """Makes started supervisors, and stops them in the end."""
    made: list[Supervisor] = []

    def make(*names: str) -> Supervisor:
        made.append(Supervisor(script, tmp_path / "logs", names))
        made[-1].start()
        return made[-1]

    yield make
    for supervisor in made:
        supervisor.stop(0.2)


def test_a_killed_worker_is_started_again_and_the_others_stay(
    supervised: Callable[..., Supervisor], tmp_path: Path
) -> None:
    supervised("one", "two")
    until(lambda: pids(tmp_path, "one") and pids(tmp_path, "two"))
    for deaths in (1, 2):
        os.kill(pids(tmp_path, "one")[-1], signal.SIGKILL)
        until(lambda deaths=deaths: len(pids(tmp_path, "one")) == deaths + 1)  # type: ignore[misc]
    assert len(set(pids(tmp_path, "one"))) == 3
    assert len(pids(tmp_path, "two")) == 1
    assert not over(tmp_path, "two")


def test_stop_ends_all_and_starts_none(supervised: Callable[..., Supervisor], tmp_path: Path) -> None:
    supervisor = supervised("one", "two")
    until(lambda: pids(tmp_path, "one") and pids(tmp_path, "two"))
    supervisor.stop()
    # Asked twice, by its closed input and by a signal, a worker may meet the signal when it has all but ended.
    assert {child.returncode for child in supervisor.children.values()} <= {0, -signal.SIGTERM}
    assert over(tmp_path, "one")
    assert over(tmp_path, "two")
    assert supervisor._thread is not None
    assert not supervisor._thread.is_alive()
    supervisor.stop()


def test_a_worker_that_is_told_to_end_ends_in_order(script: list[str], tmp_path: Path) -> None:
    """By the signal alone, its input still open: the thread that waits for its parent is in its way to nobody."""
    with subprocess.Popen([*script, "worker", "--only", "one"], stdin=subprocess.PIPE) as child:
        until(lambda: pids(tmp_path, "one"))
        child.terminate()
        assert child.wait(20) == 0


def test_a_worker_that_does_not_listen_is_killed(supervised: Callable[..., Supervisor], tmp_path: Path) -> None:
    supervisor = supervised("stubborn")
    until((tmp_path / "deaf").exists)
    supervisor.stop(0.3)
    assert supervisor.children["stubborn"].returncode == -signal.SIGKILL
    assert over(tmp_path, "stubborn")


def test_a_worker_that_dies_at_its_start_is_tried_more_and_more_seldom(
    supervised: Callable[..., Supervisor], tmp_path: Path
) -> None:
    supervisor = supervised("hopeless")
    until(lambda: len(pids(tmp_path, "hopeless")) >= 2)
    pauses = [supervisor._pause("hopeless") for _ in range(5000)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == 30.0
    supervisor._born["hopeless"] -= 3600
    assert supervisor._pause("hopeless") == 0.5, "a worker that ran for an hour is not one that can't start"


def test_a_start_that_fails_is_tried_again(supervised: Callable[..., Supervisor], tmp_path: Path) -> None:
    supervisor = supervised("one")
    until(lambda: pids(tmp_path, "one"))
    right, supervisor.command = supervisor.command, ("/no/such/program",)
    os.kill(pids(tmp_path, "one")[-1], signal.SIGKILL)
    until(lambda: supervisor._deaths.get("one", 0) >= 2)
    supervisor.command = right
    until(lambda: len(pids(tmp_path, "one")) == 2)


def test_wait_returns_when_a_stop_is_asked_for(tmp_path: Path) -> None:
    supervisor = Supervisor([], tmp_path, ())
    thread = threading.Thread(target=supervisor.wait)
    thread.start()
    supervisor.request_stop()
    thread.join(10)
    assert not thread.is_alive()


def test_workers_end_by_themselves_when_their_parent_is_killed(script: list[str], tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from desk.workers.supervise import Supervisor; "
        "s = Supervisor(sys.argv[1:], Path(sys.argv[-1]) / 'logs', ('one', 'two')); s.start(); s.wait()"
    )
    parent = subprocess.Popen([sys.executable, "-c", program, *script])
    try:
        until(lambda: pids(tmp_path, "one") and pids(tmp_path, "two"))
        assert not over(tmp_path, "one")
    finally:
        parent.kill()
        parent.wait()
    until(lambda: over(tmp_path, "one") and over(tmp_path, "two"))
    assert [len(pids(tmp_path, name)) for name in ("one", "two")] == [1, 1]


def alive(pid: int) -> bool:
    """Whether a process runs; one that ended and waits to be reaped does not."""
    done = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return bool(done.stdout.strip()) and not done.stdout.strip().startswith("Z")


def test_desk_worker_itself(tmp_path: Path) -> None:
    """The whole of it: three workers say they live, a killed one is back, SIGTERM ends all with status 0."""
    home = tmp_path / "home"
    (home / "mail").mkdir(parents=True)
    (home / "desk.toml").write_text(f'[[mailboxes]]\naddress = "help@shop.example"\nfolder = "{home}/mail"\n')
    environment = {**os.environ, "DESK_HOME": str(home), "LLM_PROVIDER": "none"}
    store = home / "desk.sqlite"
    with closing(database.open(store)) as db:

        def running() -> dict[str, int]:
            return {row.name.split("-")[0]: row.pid for row in db.get(changes.workers()) if row.pid}

        parent = subprocess.Popen([*command(), "worker"], env=environment, stdin=subprocess.DEVNULL)
        try:
            until(lambda: running().keys() >= {"fetch", "think", "send"}, 60)
            first = running()
            os.kill(first["send"], signal.SIGKILL)
            until(lambda: running()["send"] != first["send"], 60)
            parent.terminate()
            assert parent.wait(30) == 0
            assert not any(alive(pid) for pid in {*first.values(), *running().values()})
        finally:
            parent.kill()
            parent.wait()
    assert {path.name for path in (home / "logs").iterdir()} == {"fetch.log", "think.log", "send.log"}
