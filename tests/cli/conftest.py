"""A shell for each test, over a desk folder of its own."""

import os
from pathlib import Path

import pytest
from commands import Shell


@pytest.fixture
def desk(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Runs `desk` commands in this process."""
    return Shell(capsys, monkeypatch, Path(os.environ["DESK_HOME"]))
