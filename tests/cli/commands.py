"""Running `desk` as a person or a program does: in this process, or as one of its own."""

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from desk.cli import main


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass
class Shell:
    """Runs commands in this process, with standard input as given and never a terminal."""

    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch
    home: Path

    def __call__(self, *words: str, stdin: str | bytes | Iterable[Any] = b"") -> Done:
        if not isinstance(stdin, (str, bytes)):
            stdin = "".join(json.dumps(row) + "\n" for row in stdin)
        data = stdin if isinstance(stdin, bytes) else stdin.encode()
        self.monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), encoding="utf-8"))
        self.capsys.readouterr()
        try:
            status = main(words)
        except SystemExit as end:
            status = int(end.code or 0)
        out, err = self.capsys.readouterr()
        return Done(status, out, err)

    def fails(self, *words: str, status: int, stdin: str | bytes | Iterable[Any] = b"") -> str:
        """Run what a person got wrong: one line on standard error, nothing else, and this exit status."""
        done = self(*words, stdin=stdin)
        assert done.status == status, (done.status, done.out, done.err)
        assert done.out == ""
        assert done.err.startswith("desk: ")
        assert done.err.count("\n") == 1, done.err
        assert "Traceback" not in done.err
        return done.err

    def config(self, text: str) -> Path:
        """Write desk.toml."""
        self.home.mkdir(parents=True, exist_ok=True)
        path = self.home / "desk.toml"
        path.write_text(text, encoding="utf-8")
        return path


@contextlib.contextmanager
def process(*words: str, **env: str) -> Iterator["subprocess.Popen[bytes]"]:
    """`python -m desk` with pipes; killed if the test leaves it running."""
    child = subprocess.Popen(
        [sys.executable, "-m", "desk", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **env},
    )
    try:
        yield child
    finally:
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout, child.stderr):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()
