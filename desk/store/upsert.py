"""INSERT … ON CONFLICT, and row ids in advance, for whichever database is at the other end of the connection."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection


def insert(tx: Connection, table: sa.Table) -> Any:
    """The dialect's own `insert`, with `on_conflict_do_nothing` and `on_conflict_do_update`."""
    return _insert(table, tx.dialect.name)


@lru_cache(maxsize=64)
def _insert(table: sa.Table, dialect: str) -> Any:
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


@lru_cache(maxsize=64)
def _unless_there(table: sa.Table, key: str, dialect: str) -> Any:
    return _insert(table, dialect).on_conflict_do_nothing(index_elements=[key])


def unless_there(tx: Connection, table: sa.Table, key: str) -> Any:
    """An insert that leaves a row with the same `key` alone. One object for all its uses: building a statement anew takes
    several times as long as running it."""
    return _unless_there(table, key, tx.dialect.name)


def reserve(tx: Connection, table: sa.Table, number: int) -> Sequence[int]:
    """So many row ids that nobody else will use, ascending. On SQLite the write lock keeps others away."""
    if tx.dialect.name == "sqlite":
        last = tx.execute(sa.select(sa.func.coalesce(sa.func.max(table.c.id), 0))).scalar_one()
        return range(last + 1, last + 1 + number)
    sequence = sa.func.pg_get_serial_sequence(table.name, "id")
    return list(
        tx.execute(sa.select(sa.func.nextval(sequence)).select_from(sa.func.generate_series(1, number))).scalars()
    )
