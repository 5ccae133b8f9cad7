"""Planned actions: what a run proposes for a ticket, each proposed once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from desk.domain.enums import ActionKind, ActionState
from desk.domain.ticket import PlannedAction
from desk.store.database import Read
from desk.store.tables import planned_actions
from desk.store.upsert import insert

p = planned_actions.c


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One planned action and what became of it."""

    id: int
    action: PlannedAction
    state: ActionState
    decided_by: str


def propose(tx: Connection, thread_id: int, run_id: int, actions: Sequence[PlannedAction]) -> None:
    """Store a run's actions; proposing the same ones again (a step that ran twice) changes nothing."""
    for place, action in enumerate(actions):
        values: dict[str, Any] = {"kind": str(action.kind), "detail": action.detail, "data": dict(action.data)}
        statement = insert(tx, planned_actions).values(
            thread_id=thread_id, run_id=run_id, idempotency_key=f"{run_id}:{place}:{action.kind}", **values
        )
        tx.execute(statement.on_conflict_do_update(index_elements=["idempotency_key"], set_=values))


def of_run(run_id: int) -> Read[list[PlanRow]]:
    """A run's actions in the order they were planned."""
    statement = (
        sa.select(p.id, p.kind, p.detail, p.data, p.state, p.decided_by).where(p.run_id == run_id).order_by(p.id)
    )
    return Read(
        statement,
        lambda rows: [
            PlanRow(r[0], PlannedAction(ActionKind(r[1]), r[2], dict(r[3] or {})), ActionState(r[4]), r[5])
            for r in rows
        ],
    )
