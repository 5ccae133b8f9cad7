"""Planned actions: what a run proposes for a ticket, each proposed once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from desk.domain.enums import ActionKind, ActionState
from desk.domain.ticket import PlannedAction
from desk.store.columns import stamp
from desk.store.database import Read
from desk.store.tables import planned_actions
from desk.store.upsert import insert

p = planned_actions.c


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One planned action and what became of it."""

    id: int
    thread_id: int
    run_id: int | None
    action: PlannedAction
    state: ActionState
    decided_by: str


OWN = ":own:"
"""In the key of an action that a person added; a plan made anew leaves it alone."""
PLACE = "place"
"""Under this name an action's data says where a person moved it."""


def propose(tx: Connection, thread_id: int, run_id: int, actions: Sequence[PlannedAction]) -> None:
    """Store a run's actions; proposing the same ones again (a step that ran twice) changes nothing.

    What an earlier plan of the run proposed and this one does not is gone, unless somebody decided about it.
    """
    keys = [f"{run_id}:{place}:{action.kind}" for place, action in enumerate(actions)]
    for key, action in zip(keys, actions, strict=True):
        values: dict[str, Any] = {"kind": str(action.kind), "detail": action.detail, "data": dict(action.data)}
        statement = insert(tx, planned_actions).values(
            thread_id=thread_id, run_id=run_id, idempotency_key=key, **values
        )
        tx.execute(statement.on_conflict_do_update(index_elements=["idempotency_key"], set_=values))
    stale = (p.run_id == run_id, p.state == str(ActionState.PLANNED), p.idempotency_key.not_in(keys))
    tx.execute(planned_actions.delete().where(*stale, ~p.idempotency_key.contains(OWN, autoescape=True)))


_COLUMNS = (p.id, p.thread_id, p.run_id, p.kind, p.detail, p.data, p.state, p.decided_by)


def _rows(found: Sequence[Any]) -> list[PlanRow]:
    rows = [
        PlanRow(r[0], r[1], r[2], PlannedAction(ActionKind(r[3]), r[4], dict(r[5] or {})), ActionState(r[6]), r[7])
        for r in found
    ]
    places = {row.id: int(row.action.data.get(PLACE, at)) for at, row in enumerate(rows)}
    return sorted(rows, key=lambda row: places[row.id])


def of_run(run_id: int) -> Read[list[PlanRow]]:
    """A run's actions in the order they stand."""
    return Read(sa.select(*_COLUMNS).where(p.run_id == run_id).order_by(p.id), _rows)


def of_thread(thread_id: int) -> Read[list[PlanRow]]:
    """The plan of a ticket as it stands: that of its newest run, with what people added."""
    newest = sa.select(sa.func.max(p.run_id)).where(p.thread_id == thread_id).scalar_subquery()
    mine = sa.or_(p.run_id == newest, p.run_id.is_(None))
    return Read(sa.select(*_COLUMNS).where(p.thread_id == thread_id, mine).order_by(p.id), _rows)


def one(action_id: int) -> Read[PlanRow | None]:
    """One action."""
    return Read(sa.select(*_COLUMNS).where(p.id == action_id), lambda rows: _rows(rows)[0] if rows else None)


def add(tx: Connection, thread_id: int, run_id: int | None, action: PlannedAction, *, key: str) -> int:
    """Store an action that a person added; returns its id."""
    values = {"kind": str(action.kind), "detail": action.detail, "data": dict(action.data)}
    row = {"thread_id": thread_id, "run_id": run_id, "idempotency_key": f"{thread_id}{OWN}{key}", **values}
    return int(tx.execute(planned_actions.insert().values(row).returning(p.id)).scalar_one())


def decide(tx: Connection, action_id: int, new: ActionState, *, expect: ActionState, by: str, at: datetime) -> bool:
    """Move an action from one state to another; False when it is not (or no longer) in the one expected."""
    values = {"state": str(new), "decided_by": by, "decided_at": stamp(at)}
    done = tx.execute(planned_actions.update().where(p.id == action_id, p.state == str(expect)).values(values))
    return done.rowcount == 1


def remember(tx: Connection, action_id: int, data: Mapping[str, str]) -> None:
    """Write an action's data anew: its place, or what carrying it out made."""
    tx.execute(planned_actions.update().where(p.id == action_id).values(data=dict(data)))
