"""The worst moments of a message on its way out, each by a sender that really dies there: once, or in doubt, never twice."""

import multiprocessing
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bench"))

from bench_send import FAULTS, World, round_of
from servers import pymap_server, smtp_sink

WORST = (
    "kill after the claim",
    "kill between mark and DATA",
    "kill after 250, before the commit",
    "kill after APPEND, before the commit",
    "451 at DATA",
    "connection dropped after it was stored",
    "disk full at the mark",
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    home = tmp_path_factory.mktemp("outgoing")
    with pytest.MonkeyPatch.context() as patch, pymap_server() as imap, smtp_sink(auth=True) as sink:
        for name in ("DESK_HOME", "BENCH_PASSWORD"):
            patch.setenv(name, "")
        yield World(str(home / "desk.sqlite"), home, imap, sink)
        sink.closing.set()


@pytest.mark.parametrize("name", WORST)
def test_a_message_is_sent_once_or_stands_in_doubt(world: World, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK_HOME", str(world.home))
    fault = next(f for f in FAULTS if f.name == name)
    state, copies, filed = round_of(world, fault, WORST.index(name))
    assert state in fault.ends
    assert copies in fault.copies
    assert filed == (state == "filed")
    assert not multiprocessing.active_children()
