"""What an answered ticket cost and who answered it, and what people thought of drafts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from desk.store.columns import maker, moment, stamp
from desk.store.database import Read
from desk.store.tables import feedback as feedback_table
from desk.store.tables import ledger, run_steps, runs, threads
from desk.store.upsert import insert


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One ticket in one period. `answered_by` is person, approved (a draft a person approved) or alone (by rule)."""

    thread_id: int
    number: str
    period: str
    channel: str
    answered_by: str
    model_seconds: float
    tokens: int
    at: datetime


@dataclass(frozen=True, slots=True)
class FeedbackRow:
    """What one person thought of one draft: approved, edited or rejected, with the reason and both texts."""

    thread_id: int
    draft_id: int | None
    agent: str
    verdict: str
    reason: str
    text: str
    before: str
    after: str
    at: datetime


_row = maker(LedgerRow, at=moment)
_feedback = maker(FeedbackRow, at=moment)


def charge(tx: Connection, thread_id: int, *, channel: str, answered_by: str, at: datetime) -> bool:
    """Charge a ticket once a month, however often it reopens; True when this was the first time."""
    s = run_steps.c
    cost = sa.select(
        sa.func.coalesce(sa.func.sum(sa.case((s.model != "", s.ms), else_=0.0)), 0.0),
        sa.func.coalesce(sa.func.sum(s.tokens_evaluated + s.tokens_out), 0),
    ).join_from(run_steps, runs, runs.c.id == s.run_id)
    ms, tokens = tx.execute(cost.where(runs.c.thread_id == thread_id)).one()
    values = {"channel": channel, "answered_by": answered_by, "model_seconds": ms / 1000, "tokens": int(tokens)}
    statement = insert(tx, ledger).values(thread_id=thread_id, period=f"{at:%Y-%m}", at=stamp(at), **values)
    added = statement.on_conflict_do_nothing(index_elements=["thread_id", "period"]).returning(ledger.c.id)
    return tx.execute(added).first() is not None


def rows(period: str | None = None) -> Read[list[LedgerRow]]:
    """The ledger, oldest first; `period` ("2026-03") keeps one month."""
    c = ledger.c
    statement = sa.select(
        c.thread_id, threads.c.number, c.period, c.channel, c.answered_by, c.model_seconds, c.tokens, c.at
    ).join_from(ledger, threads)
    if period is not None:
        statement = statement.where(c.period == period)
    return Read(statement.order_by(c.id), lambda found: [_row(r) for r in found])


def feedback(
    tx: Connection,
    thread_id: int,
    draft_id: int | None,
    *,
    agent: str,
    verdict: str,
    at: datetime,
    reason: str = "",
    text: str = "",
    before: str = "",
    after: str = "",
) -> None:
    """Keep what a person thought of a draft."""
    values: dict[str, Any] = {"agent": agent, "verdict": verdict, "reason": reason, "text": text}
    values |= {"before": before, "after": after, "at": stamp(at)}
    tx.execute(feedback_table.insert().values(thread_id=thread_id, draft_id=draft_id, **values))


def feedback_of(thread_id: int | None = None) -> Read[list[FeedbackRow]]:
    """What people thought of drafts (of one thread), oldest first."""
    f = feedback_table.c
    statement = sa.select(f.thread_id, f.draft_id, f.agent, f.verdict, f.reason, f.text, f.before, f.after, f.at)
    if thread_id is not None:
        statement = statement.where(f.thread_id == thread_id)

    def convert(found: Sequence[Any]) -> list[FeedbackRow]:
        return [_feedback(r) for r in found]

    return Read(statement.order_by(f.id), convert)
