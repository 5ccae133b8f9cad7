"""Stores to test on: SQLite in a folder of the test's own, PostgreSQL in a cluster of the session's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from postgres import cluster, new_database

from desk.store import database
from desk.store.database import Database


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The maintenance URL of a running throw-away cluster."""
    with cluster() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty store of either kind may be made."""
    if request.param == "sqlite":
        return str(tmp_path / "desk.sqlite")
    return new_database(request.getfixturevalue("postgres"))


@pytest.fixture
def both(store_url: str) -> Iterator[Database]:
    """An open store, once on SQLite and once on PostgreSQL."""
    db = database.open(store_url)
    yield db
    db.close()


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    """An open store on SQLite."""
    db = database.open(tmp_path / "desk.sqlite")
    yield db
    db.close()
