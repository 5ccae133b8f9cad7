"""Rules for every test: no network beyond loopback, no home folder, no one else's settings."""

import socket
from pathlib import Path

import pytest

from desk.paths import Paths, at

_LOOPBACK = ("127.", "::1", "localhost")
_connect = socket.socket.connect


def _only_loopback(self: socket.socket, address: object) -> None:
    if isinstance(address, tuple) and not str(address[0]).startswith(_LOOPBACK):
        raise OSError(f"a test tried to reach {address[0]}")
    _connect(self, address)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def _own_world(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket.socket, "connect", _only_loopback)
    for name in ("LLM_MODEL", "LLM_MODEL_FAST", "LLM_MODEL_CAPABLE", "LLM_PROVIDER", "LLM_BASE_URL", "LLM_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DESK_HOME", str(tmp_path_factory.mktemp("desk-home")))


@pytest.fixture
def home(tmp_path: Path) -> Paths:
    """A desk's files under a folder of the test's own."""
    places = at(tmp_path / "home")
    places.create()
    return places


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The labelled sets beside the checkout; the test is skipped where they are not."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "corpora"
    if not folder.is_dir():
        pytest.skip("the labelled sets are not beside this checkout")
    return folder
