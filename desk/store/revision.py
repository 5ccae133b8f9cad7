"""The schema's revision: one SELECT says whether it is current; Alembic is imported only when it is behind."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from desk.errors import StoreError

if TYPE_CHECKING:
    from desk.store.database import Database

HEAD = "0011"
"""The revision this program works with."""

FOLDER = Path(__file__).resolve().parent / "migrations"
_LOCK = 0x6465736B
"""Key of the advisory lock on PostgreSQL: two desks never migrate at once."""


def ensure(database: "Database") -> bool:
    """Bring the store to `HEAD`; True when something was done. Raises `StoreError` for a store of a newer desk."""
    with database.read() as connection:
        if current(connection) == HEAD:
            return False
    with _locked(database) as connection:
        stored = current(connection)
        if stored == HEAD:
            return False
        from desk.store.migrations import runner

        if stored is not None and stored not in runner.known(FOLDER):
            raise StoreError(
                f"This store was written by a newer desk (revision {stored}).", "Upgrade desk, or open another store."
            )
        if stored is not None and database.sqlite:
            _copy(Path(str(database.url.database)), stored)
        runner.upgrade(connection, FOLDER)
    return True


def current(connection: Connection) -> str | None:
    """The stored revision, None for an empty database."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


@contextlib.contextmanager
def _locked(database: "Database") -> Iterator[Connection]:
    with database.durable() as connection:
        if not database.sqlite:
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        yield connection


def _copy(path: Path, stored: str) -> Path:
    """A copy of the file beside it, made through SQLite's backup so that the write-ahead log is in it."""
    target = path.with_name(f"{path.name}.before-{HEAD}-from-{stored}")
    with contextlib.closing(sqlite3.connect(path)) as source, contextlib.closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
    return target
