"""The one place a state column is written: a conditional UPDATE whose condition comes from the table of legal moves."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from desk.domain.states import IllegalMove
from desk.errors import Conflict

S = TypeVar("S", bound=StrEnum)


def sources(table: Mapping[S, frozenset[S]], new: S) -> list[str]:
    """Every state that may become `new`, itself included."""
    return sorted({str(old) for old, to in table.items() if new in to} | {str(new)})


def transition(
    tx: Connection,
    table: sa.Table,
    moves: Mapping[S, frozenset[S]],
    row_id: int,
    new: S,
    *,
    column: str = "state",
    where: tuple[sa.ColumnElement[bool], ...] = (),
    **values: Any,
) -> None:
    """Move one row to `new` if the table of moves allows it; `where` adds conditions (a fence, an expected state).

    Raises IllegalMove when the row's state does not lead there, Conflict when a condition of `where` fails or the row
    is gone.
    """
    state = table.c[column]
    done = tx.execute(
        table.update()
        .where(table.c.id == row_id, state.in_(sources(moves, new)), *where)
        .values({column: str(new), **values})
    )
    if done.rowcount == 1:
        return
    old = tx.execute(sa.select(state).where(table.c.id == row_id)).scalar()
    if old is not None and old not in sources(moves, new):
        raise IllegalMove(f"{table.name} {row_id} is {old} and may not become {new}")
    raise Conflict(f"{table.name} {row_id} changed in the meantime.", "Look at it again and repeat if still needed.")


def must(row: Any, what: str) -> Any:
    """The row, or Conflict when it is gone."""
    if row is None:
        raise Conflict(f"{what} is not there any more.", "Go back to the list; it shows what is there now.")
    return row
