"""Durable runs: who may work on what, what each step gave, and how work goes on after a crash.

A claim is one conditional UPDATE with a fresh lease token; a step computes with no transaction open and is stored in
one transaction fenced by that token, so a worker whose lease ended can't overwrite its successor.
"""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from desk.domain.enums import RunState
from desk.domain.states import RUN_MOVES, IllegalMove
from desk.errors import Conflict
from desk.store.columns import moment, stamp, when
from desk.store.runs import (
    COLUMNS,
    Run,
    StepRow,
    children,
    of_thread,
    one,
    queued,
    ready,
    ready_condition,
    step_times,
    steps,
    to_run,
)
from desk.store.states import must, sources, transition
from desk.store.tables import run_steps, runs
from desk.store.upsert import insert

__all__ = [
    "MAX_ATTEMPTS",
    "Child",
    "Cost",
    "LeaseLost",
    "Run",
    "StepRow",
    "children",
    "claim",
    "drop",
    "enqueue",
    "fail",
    "finish_step",
    "hand_back",
    "heartbeat",
    "of_thread",
    "one",
    "queued",
    "ready",
    "retry",
    "skip",
    "step_times",
    "steps",
    "stop",
    "wait",
    "wake",
]

r = runs.c

MAX_ATTEMPTS = 5
"""A step that failed this often ends its run as failed."""

BASE_SECONDS = 1.0
MOST_SECONDS = 60.0


class LeaseLost(Conflict):
    """Another worker holds the run now: the result of this step must be dropped."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a step cost: model, prompt version and tokens."""

    model: str = ""
    prompt_version: str = ""
    tokens_in: int = 0
    tokens_evaluated: int = 0
    tokens_out: int = 0


@dataclass(frozen=True, slots=True)
class Child:
    """A branch a step forks off; (parent, branch) is unique, so forking twice makes one child."""

    branch: str
    step: str
    data: Mapping[str, Any] = field(default_factory=dict)


_ADD = runs.insert().returning(r.id)


def enqueue(
    tx: Connection,
    kind: str,
    *,
    run_at: datetime,
    now: datetime,
    thread_id: int | None = None,
    message_id: int | None = None,
    coalesce_key: str | None = None,
    step: str = "",
    data: Mapping[str, Any] | None = None,
    cap_seconds: float | None = None,
    urgent: bool = False,
) -> int:
    """Queue a run; returns its id.

    With a `coalesce_key` a run still waiting under that key is moved to `run_at` instead, at most `cap_seconds` after
    it was first queued; an urgent one is only ever moved forward.
    """
    due = stamp(run_at)
    values = {
        "kind": kind,
        "thread_id": thread_id,
        "message_id": message_id,
        "step": step,
        "data": dict(data or {}),
        "run_at": due,
        "first_at": stamp(now),
        "created_at": stamp(now),
        "coalesce_key": coalesce_key,
        "urgent": urgent,
    }
    if coalesce_key is None:
        return int(tx.execute(_ADD, values).scalar_one())
    statement = insert(tx, runs).values(values)
    latest: Any = (
        due if cap_seconds is None else sa.case((r.first_at + cap_seconds < due, r.first_at + cap_seconds), else_=due)
    )
    sooner = sa.case((r.run_at < due, r.run_at), else_=due)
    moved = sa.case((sa.or_(r.urgent, sa.literal(urgent)), sooner), else_=latest)
    statement = statement.on_conflict_do_update(
        index_elements=["coalesce_key"],
        set_={"run_at": moved, "urgent": sa.or_(r.urgent, sa.literal(urgent)), "message_id": message_id},
    )
    return int(tx.execute(statement.returning(r.id)).scalar_one())


def claim(tx: Connection, kinds: Collection[str], *, now: datetime, lease_seconds: float) -> Run | None:
    """Take the next run that is due, or one whose worker went away; None when there is none.

    The coalesce key goes at the first claim: the thread's next message starts a run of its own. A run taken over too
    often (its worker dies each time) is failed instead of given out again.
    """
    now_at = stamp(now)
    while True:
        pick = sa.select(r.id).where(ready_condition(now_at, kinds)).order_by(r.urgent.desc(), r.run_at, r.id).limit(1)
        row = tx.execute(
            runs.update()
            .where(r.id == pick.with_for_update(skip_locked=True).scalar_subquery())
            .where(ready_condition(now_at, kinds))
            .values(
                state=str(RunState.RUNNING),
                attempt=r.attempt + 1,
                lease_token=secrets.token_hex(8),
                lease_until=(now_at or 0.0) + lease_seconds,
                coalesce_key=None,
            )
            .returning(*COLUMNS)
        ).first()
        if row is None:
            return None
        run = to_run(row)
        if run.attempt <= MAX_ATTEMPTS:
            return run
        fail(tx, run, run.last_error or "the worker stopped at this step each time", now)


def _fence(run: Run) -> tuple[sa.ColumnElement[bool], ...]:
    return (r.lease_token == run.lease_token, r.step == run.step)


def _fenced(tx: Connection, run: Run, new: RunState, **values: Any) -> None:
    """Move a claimed run, only while its lease is ours and its step is still this one."""
    try:
        transition(tx, runs, RUN_MOVES, run.id, new, where=(*_fence(run), r.state == "running"), **values)
    except (Conflict, IllegalMove) as problem:
        raise LeaseLost(f"Run {run.id} is no longer ours at step {run.step!r}.", "Drop the result.") from problem


def finish_step(
    tx: Connection,
    run: Run,
    step: str,
    output: Mapping[str, Any],
    ms: float,
    next_step: str | None,
    *,
    now: datetime,
    lease_seconds: float = 60.0,
    cost: Cost | None = None,
    data: Mapping[str, Any] | None = None,
    children: Sequence[Child] = (),
) -> Run:
    """Store a step's output and move on: to `next_step`, to the children it forks, or to the end (None).

    The same transaction takes the domain rows of the step. Returns the run as it stands; raises LeaseLost when another
    worker holds it, and then nothing may be written.
    """
    merged = {**run.data, **(data or {})}
    state = RunState.WAITING_CHILDREN if children else RunState.RUNNING if next_step is not None else RunState.DONE
    goes_on = state is RunState.RUNNING
    until = (stamp(now) or 0.0) + lease_seconds
    values = {
        "step": next_step if next_step is not None else step,
        "attempt": 1 if goes_on else 0,
        "data": merged,
        "lease_until": until if goes_on else None,
        "lease_token": run.lease_token if goes_on else None,
        "last_error": "",
        "ended_at": stamp(now) if state is RunState.DONE else None,
    }
    _fenced(tx, run, state, **values)
    _store_step(tx, run, step, output, ms, now, cost or Cost())
    for child in children:
        _fork(tx, run, child, now)
    if state is RunState.DONE and run.parent_id is not None:
        _join(tx, run.parent_id, now)
    return replace(
        run,
        state=state,
        step=str(values["step"]),
        attempt=1 if goes_on else 0,
        data=merged,
        lease_token=run.lease_token if goes_on else None,
        lease_until=when(until) if goes_on else None,
        last_error="",
    )


def _store_step(
    tx: Connection, run: Run, step: str, output: Mapping[str, Any], ms: float, now: datetime, cost: Cost
) -> None:
    place = sa.select(sa.func.count()).where(run_steps.c.run_id == run.id).scalar_subquery()
    finished = stamp(now) or 0.0
    values = {
        "output": dict(output),
        "ms": ms,
        "attempt": run.attempt,
        "model": cost.model,
        "prompt_version": cost.prompt_version,
        "tokens_in": cost.tokens_in,
        "tokens_evaluated": cost.tokens_evaluated,
        "tokens_out": cost.tokens_out,
        "started_at": finished - ms / 1000,
        "finished_at": finished,
    }
    statement = insert(tx, run_steps).values(run_id=run.id, step=step, position=place, **values)
    tx.execute(statement.on_conflict_do_update(index_elements=["run_id", "step"], set_=values))


def _fork(tx: Connection, run: Run, child: Child, now: datetime) -> None:
    at = stamp(now)
    values = {"kind": run.kind, "thread_id": run.thread_id, "message_id": run.message_id, "urgent": run.urgent}
    statement = insert(tx, runs).values(
        **values,
        parent_id=run.id,
        branch=child.branch,
        step=child.step,
        data=dict(child.data),
        run_at=at,
        first_at=at,
        created_at=at,
    )
    tx.execute(statement.on_conflict_do_nothing(index_elements=["parent_id", "branch"]))


def _join(tx: Connection, parent_id: int, now: datetime) -> None:
    """Queue the parent when its last child ended. Its row is locked first: on PostgreSQL two last children would
    otherwise each see the other unfinished."""
    tx.execute(sa.select(r.id).where(r.id == parent_id).with_for_update())
    ended = [str(RunState.DONE), str(RunState.FAILED), str(RunState.SKIPPED)]
    left = tx.execute(sa.select(sa.func.count()).where(r.parent_id == parent_id, r.state.not_in(ended))).scalar_one()
    if left == 0:
        tx.execute(
            runs.update()
            .where(r.id == parent_id, r.state == str(RunState.WAITING_CHILDREN))
            .values(state=str(RunState.QUEUED), run_at=stamp(now), attempt=0)
        )


def wait(tx: Connection, run: Run) -> None:
    """Park a claimed run until a person answered; `wake` brings it back at this step."""
    _fenced(tx, run, RunState.WAITING_FOR_INPUT, lease_token=None, lease_until=None, attempt=0)


def retry(tx: Connection, run: Run, error: str, now: datetime) -> bool:
    """Queue a claimed run again after an error, later each time; after `MAX_ATTEMPTS` it fails. True when queued."""
    if run.attempt >= MAX_ATTEMPTS:
        fail(tx, run, error, now)
        return False
    later = min(MOST_SECONDS, BASE_SECONDS * 2.0**run.attempt)
    at = (stamp(now) or 0.0) + later
    _fenced(tx, run, RunState.QUEUED, run_at=at, last_error=error, lease_token=None, lease_until=None)
    return True


def fail(tx: Connection, run: Run, error: str, now: datetime) -> None:
    """End a claimed run as failed, its reason kept; its parent goes on without it."""
    _fenced(tx, run, RunState.FAILED, last_error=error, lease_token=None, lease_until=None, ended_at=stamp(now))
    if run.parent_id is not None:
        _join(tx, run.parent_id, now)


def skip(tx: Connection, run: Run, reason: str, now: datetime) -> None:
    """End a claimed run because there is nothing left to do for it, with the reason."""
    _fenced(tx, run, RunState.SKIPPED, last_error=reason, lease_token=None, lease_until=None, ended_at=stamp(now))
    if run.parent_id is not None:
        _join(tx, run.parent_id, now)


def hand_back(tx: Connection, run: Run, now: datetime) -> None:
    """Give a claimed run back untouched (the worker stops): it is due at once and the attempt does not count."""
    _fenced(
        tx,
        run,
        RunState.QUEUED,
        run_at=stamp(now),
        attempt=max(run.attempt - 1, 0),
        lease_token=None,
        lease_until=None,
    )


def heartbeat(tx: Connection, run: Run, *, now: datetime, lease_seconds: float) -> Run:
    """Hold on to a claimed run during a long step; raises LeaseLost when it was taken over."""
    until = (stamp(now) or 0.0) + lease_seconds
    _fenced(tx, run, RunState.RUNNING, lease_until=until)
    return replace(run, lease_until=moment(until))


def wake(
    tx: Connection,
    run_id: int,
    *,
    now: datetime,
    step: str | None = None,
    data: Mapping[str, Any] | None = None,
    urgent: bool | None = None,
) -> None:
    """Queue a run that waits, failed or ended, at `step` (default: where it stood), with `data` merged into its own.

    Raises IllegalMove for one that is at work or queued already.
    """
    row = must(
        tx.execute(sa.select(r.data, r.step, r.state).where(r.id == run_id).with_for_update()).first(), "The run"
    )
    values: dict[str, Any] = {"data": {**(row[0] or {}), **(data or {})}, "step": row[1] if step is None else step}
    if urgent is not None:
        values["urgent"] = urgent
    resting = r.state.in_([s for s in sources(RUN_MOVES, RunState.QUEUED) if s not in ("running", "queued")])
    at = stamp(now)
    values |= {"run_at": at, "attempt": 0, "last_error": "", "ended_at": None, "lease_token": None, "lease_until": None}
    transition(tx, runs, RUN_MOVES, run_id, RunState.QUEUED, where=(resting,), **values)


def drop(tx: Connection, run_id: int, reason: str, *, now: datetime) -> bool:
    """Skip a run nobody works on (its thread was merged, or a person answered); True when there was one to skip."""
    waiting = [s for s in sources(RUN_MOVES, RunState.SKIPPED) if s not in ("running", "skipped")]
    done = tx.execute(
        runs.update()
        .where(r.id == run_id, r.state.in_(waiting))
        .values(state=str(RunState.SKIPPED), last_error=reason, ended_at=stamp(now), coalesce_key=None)
    )
    return done.rowcount == 1


def stop(tx: Connection, thread_id: int, kind: str, reason: str, *, now: datetime) -> list[int]:
    """Skip every live run of a thread, the one at work included: its worker finds its lease gone and drops its result.

    Returns the ids of the runs that were stopped.
    """
    live = [s for s in sources(RUN_MOVES, RunState.SKIPPED) if s not in ("failed", "skipped")]
    calm = {"lease_token": None, "lease_until": None, "coalesce_key": None, "ended_at": stamp(now)}
    done = tx.execute(
        runs.update()
        .where(r.thread_id == thread_id, r.kind == kind, r.state.in_(live))
        .values(state=str(RunState.SKIPPED), last_error=reason, **calm)
        .returning(r.id)
    )
    return [int(i) for i in done.scalars()]
