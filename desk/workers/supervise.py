"""Start the workers as processes, start them again when they die, and end them with us."""

import contextlib
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

WORKERS = ("fetch", "think", "send")
STEADY_SECONDS = 60.0
"""A worker that lived so long did not die of its start: it is started again without much ado."""
log = logging.getLogger("desk.supervise")


class Supervisor:
    """Owns one child process a worker. A child's standard input is our pipe: when we die, it ends by itself."""

    def __init__(self, command: Sequence[str], logs: Path, names: Sequence[str] = WORKERS) -> None:
        self.command, self.logs, self.names = tuple(command), logs, tuple(names)
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self._due: dict[str, float] = {}
        self._deaths: dict[str, int] = {}
        self._born: dict[str, float] = {}
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the workers and the thread that watches them."""
        self.logs.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name in self.names:
            self._spawn(name)
        self._thread = threading.Thread(target=self._watch, daemon=True, name="supervise")
        self._thread.start()

    def wait(self) -> None:
        """Block until `stop` is called (from a signal handler, say)."""
        while not self._stop.wait(0.5):
            pass

    def request_stop(self) -> None:
        """Ask `wait` to return."""
        self._stop.set()

    def stop(self, seconds: float = 5.0) -> None:
        """End every worker: ask first, insist after `seconds`. Their runs are taken over when the leases end."""
        self._stop.set()
        if self._thread:
            self._thread.join(2)
        for child in self.children.values():
            with contextlib.suppress(OSError):
                if child.stdin:
                    child.stdin.close()
                child.terminate()
        until = time.monotonic() + seconds
        for child in self.children.values():
            try:
                child.wait(max(0.05, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def _spawn(self, name: str) -> None:
        environment = {**os.environ, "TOKENIZERS_PARALLELISM": "false", "LANCE_LOG": "error", "RUST_LOG": "error"}
        with (self.logs / f"{name}.log").open("ab") as out:
            self.children[name] = subprocess.Popen(
                [*self.command, "worker", "--only", name],
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=out,
                env=environment,
            )
        self._born[name] = time.monotonic()

    def _watch(self) -> None:
        while not self._stop.wait(0.2):
            for name, child in list(self.children.items()):
                if child.poll() is None:
                    continue
                if name not in self._due:
                    log.warning("worker %s ended with %s; starting it again", name, child.returncode)
                    self._due[name] = time.monotonic() + self._pause(name)
                elif time.monotonic() >= self._due[name]:
                    self._again(name)

    def _pause(self, name: str) -> float:
        """Seconds until a dead worker is started again: doubled with every death in a row, at most half a minute."""
        steady = time.monotonic() - self._born[name] > STEADY_SECONDS
        self._deaths[name] = 1 if steady else min(7, self._deaths.get(name, 0) + 1)
        return min(30.0, 0.25 * 2.0 ** self._deaths[name])

    def _again(self, name: str) -> None:
        try:
            self._spawn(name)
        except OSError as problem:  # no memory, no file handles, no disk for its log: all of them may pass
            log.warning("worker %s could not be started: %s; trying again", name, problem)
            self._due[name] = time.monotonic() + self._pause(name)
        else:
            del self._due[name]


def command() -> list[str]:
    """How a child is started: this very interpreter and package."""
    return [sys.executable, "-m", "desk"]
