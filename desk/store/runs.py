"""Durable runs as they are read: the records, and what a run has done so far."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from desk.domain.enums import RunState
from desk.store.columns import maker, mapping, moment, stamp, when
from desk.store.database import Read
from desk.store.tables import run_steps, runs

r = runs.c


@dataclass(frozen=True, slots=True)
class Run:
    """One durable run. `lease_token` is set only on the copy its holder got from `claim`."""

    id: int
    kind: str
    thread_id: int | None
    message_id: int | None
    parent_id: int | None
    branch: str
    state: RunState
    step: str
    attempt: int
    urgent: bool
    run_at: datetime
    first_at: datetime
    lease_token: str | None
    lease_until: datetime | None
    data: dict[str, Any]
    last_error: str


@dataclass(frozen=True, slots=True)
class StepRow:
    """One finished step: what it gave, how long it took, which model and prompt."""

    step: str
    output: dict[str, Any]
    ms: float
    attempt: int
    model: str
    prompt_version: str
    tokens_in: int
    tokens_evaluated: int
    tokens_out: int
    started_at: datetime | None
    finished_at: datetime | None


COLUMNS = (
    *(r.id, r.kind, r.thread_id, r.message_id, r.parent_id, r.branch, r.state, r.step, r.attempt, r.urgent, r.run_at),
    *(r.first_at, r.lease_token, r.lease_until, r.data, r.last_error),
)


to_run = maker(Run, state=RunState, run_at=moment, first_at=moment, lease_until=when, data=mapping)
_step = maker(StepRow, output=mapping, started_at=when, finished_at=when)


def ready_condition(now: float | None, kinds: Collection[str]) -> sa.ColumnElement[bool]:
    """Queued and due, or running with an ended lease."""
    due = sa.and_(r.state == "queued", r.run_at <= now)
    orphaned = sa.and_(r.state == "running", r.lease_until < now)
    return sa.and_(r.state.in_(["queued", "running"]), sa.or_(due, orphaned), r.kind.in_(list(kinds)))


def ready(now: datetime, kinds: Collection[str]) -> Read[bool]:
    """Whether a claim would find something: a few microseconds, so ask before claiming."""
    statement = sa.select(r.id).where(ready_condition(stamp(now), kinds)).limit(1)
    return Read(statement, lambda rows: bool(rows), plain=True)


def steps(run_id: int) -> Read[list[StepRow]]:
    """What each finished step of a run gave, in order."""
    s = run_steps.c
    statement = sa.select(
        *(s.step, s.output, s.ms, s.attempt, s.model, s.prompt_version, s.tokens_in, s.tokens_evaluated),
        *(s.tokens_out, s.started_at, s.finished_at),
    ).where(s.run_id == run_id)
    return Read(
        statement.order_by(s.position, s.step),
        lambda rows: [_step(x) for x in rows],
    )


def one(run_id: int) -> Read[Run | None]:
    """One run."""
    return Read(sa.select(*COLUMNS).where(r.id == run_id), lambda rows: to_run(rows[0]) if rows else None)


def of_thread(thread_id: int) -> Read[list[Run]]:
    """Every run of a thread, newest first."""
    statement = sa.select(*COLUMNS).where(r.thread_id == thread_id).order_by(r.id.desc())
    return Read(statement, lambda rows: [to_run(x) for x in rows])


def children(run_id: int) -> Read[list[Run]]:
    """The branches of a run, in the order they were forked."""
    statement = sa.select(*COLUMNS).where(r.parent_id == run_id).order_by(r.id)
    return Read(statement, lambda rows: [to_run(x) for x in rows])


def queued(kinds: Collection[str]) -> Read[dict[RunState, int]]:
    """How many runs of these kinds are in each state that is not an end."""
    live = [str(s) for s in RunState if s not in (RunState.DONE, RunState.SKIPPED)]
    statement = sa.select(r.state, sa.func.count()).where(r.state.in_(live), r.kind.in_(list(kinds))).group_by(r.state)
    return Read(statement, lambda rows: {RunState(x[0]): x[1] for x in rows})


def step_times(limit: int = 20_000) -> Read[dict[str, list[float]]]:
    """Milliseconds of the newest finished steps, by step."""
    s = run_steps.c
    statement = sa.select(s.step, s.ms).order_by(s.finished_at.desc()).limit(limit)

    def convert(rows: Sequence[Any]) -> dict[str, list[float]]:
        found: dict[str, list[float]] = {}
        for name, ms in rows:
            found.setdefault(name, []).append(ms)
        return found

    return Read(statement, convert)
