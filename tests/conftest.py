"""Rules for every test: no network beyond loopback, no home folder, no one else's settings."""

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from postgres import cluster, emptied, new_database

from desk.paths import Paths, at

_LOOPBACK = ("127.", "::1", "localhost")
_connect = socket.socket.connect


def _only_loopback(self: socket.socket, address: object) -> None:
    if isinstance(address, tuple) and not str(address[0]).startswith(_LOOPBACK):
        raise OSError(f"a test tried to reach {address[0]}")
    _connect(self, address)  # type: ignore[arg-type]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes minutes begins first, so that no core waits for it at the end; the rest stay in their random order."""
    items.sort(key=lambda item: item.get_closest_marker("longest") is None)


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


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The maintenance URL of a running throw-away cluster, one for the session."""
    with cluster() as url:
        yield url


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite store with the schema and nothing in it."""
    from desk.store import database

    path = tmp_path_factory.mktemp("migrated") / "desk.sqlite"
    database.open(path).close()
    return path


@pytest.fixture(scope="session")
def migrated_database(postgres: str) -> str:
    """The same on PostgreSQL."""
    from desk.store import database

    url = new_database(postgres)
    database.open(url).close()
    return url


@pytest.fixture
def empty_store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a store with the schema and nothing in it is: SQLite, or PostgreSQL for a test parametrised with it."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return str(shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "desk.sqlite"))
    from desk.store.tables import metadata

    return emptied(request.getfixturevalue("migrated_database"), [t.name for t in metadata.sorted_tables])
