"""Many rows at once, INSERT … ON CONFLICT, and row ids in advance, for whichever database is at the other end."""

import json
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from operator import itemgetter
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
def _unless_there(table: sa.Table, key: tuple[str, ...], dialect: str) -> Any:
    return _insert(table, dialect).on_conflict_do_nothing(index_elements=key)


def unless_there(tx: Connection, table: sa.Table, *key: str) -> Any:
    """An insert that leaves a row with the same `key` (its columns) alone. One object for all its uses: building a statement
    anew takes several times as long as running it."""
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


_TOGETHER = (200, 20)
"""Rows of one INSERT. SQLite's full-text indexes write out what they gathered after every statement that fires a trigger:
a row each costs several times as much. Few sizes, because SQLite prepares and keeps every one."""


def add(tx: Connection, statement: Any, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows that all give the same columns. `statement` is a table, or an insert without parameters of its own."""
    if not rows:
        return
    statement = insert(tx, statement) if isinstance(statement, sa.Table) else statement
    if tx.dialect.name != "sqlite":
        tx.execute(statement, rows)
        return
    columns, coded = _columns(statement, tuple(rows[0]), tx.dialect)
    left = [_plain(columns(row), coded) for row in rows]
    for size in _TOGETHER:
        text = _many(statement, tuple(rows[0]), size, tx.dialect)
        while len(left) >= size:
            tx.exec_driver_sql(text, tuple(chain.from_iterable(left[:size])))
            del left[:size]
    if left:
        tx.exec_driver_sql(_many(statement, tuple(rows[0]), 1, tx.dialect), left)


def _plain(values: tuple[Any, ...], coded: Sequence[int]) -> tuple[Any, ...]:
    """The values of a row as the driver takes them: those of the `coded` places as JSON."""
    if not coded:
        return values
    found = list(values)
    for place in coded:
        value = found[place]
        found[place] = json.dumps(value) if value else _EMPTY[type(value)]
    return tuple(found)


_EMPTY = {list: "[]", tuple: "[]", dict: "{}", type(None): None}


@lru_cache(maxsize=64)
def _columns(statement: Any, names: tuple[str, ...], dialect: sa.Dialect) -> tuple[Any, tuple[int, ...]]:
    """What takes a row's values in the order of the statement's parameters, and which of them are JSON."""
    order = statement.compile(dialect=dialect, column_keys=names).positiontup
    types = statement.table.c
    return itemgetter(*order), tuple(n for n, name in enumerate(order) if isinstance(types[name].type, sa.JSON))


@lru_cache(maxsize=128)
def _many(statement: Any, names: tuple[str, ...], size: int, dialect: sa.Dialect) -> str:
    """The driver's text of an insert of so many rows."""
    text = str(statement.compile(dialect=dialect, column_keys=names))
    head, values, tail = text.partition(" VALUES ")
    one, close, tail = tail.partition(")")
    return f"{head}{values}{', '.join([one + close] * size)}{tail}"
