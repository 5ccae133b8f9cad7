"""Stores to test on: SQLite in a folder of the test's own, PostgreSQL in a cluster of the session's own."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from postgres import emptied, new_database

from desk.store import database
from desk.store.database import Database
from desk.store.tables import metadata


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty store of either kind may be made."""
    if request.param == "sqlite":
        return str(tmp_path / "desk.sqlite")
    return new_database(request.getfixturevalue("postgres"))


@pytest.fixture(params=["sqlite", "postgresql"])
def both_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a store with the schema and nothing in it is, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        return str(shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "desk.sqlite"))
    return emptied(request.getfixturevalue("migrated_database"), [t.name for t in metadata.sorted_tables])


@pytest.fixture
def both(both_url: str) -> Iterator[Database]:
    """An open store, once on SQLite and once on PostgreSQL."""
    db = database.open(both_url)
    yield db
    db.close()


@pytest.fixture
def db(migrated_file: Path, tmp_path: Path) -> Iterator[Database]:
    """An open store on SQLite."""
    db = database.open(shutil.copy(migrated_file, tmp_path / "desk.sqlite"))
    yield db
    db.close()
