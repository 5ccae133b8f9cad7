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
from desk.store.tables import ledger, messages, outbox, run_steps, runs, threads
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


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What became of the answers we sent, and how many tickets were settled by their first one."""

    sent: int
    replied: int
    bounced: int
    silent: int
    resolved: int
    """Tickets that are resolved and that we answered."""
    at_first_contact: int
    """Those of them with one answer of ours and no word from the contact after it."""


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


def outcomes() -> Read[Outcomes]:
    """The outcome of every answer (a reply or a bounce counts for the answer before it), and first-contact resolution."""
    m, o, t = messages.c, outbox.c, threads.c
    later = sa.select(m.id).where(
        m.thread_id == o.thread_id, m.direction == "inbound", m.auto == "", m.received_at > o.sent_at
    )
    gone = o.state.in_(["sent", "filed"])
    replied = sa.and_(o.bounced == "", later.exists())
    sent = sa.select(
        sa.literal("answers"),
        sa.func.count(),
        sa.func.coalesce(sa.func.sum(sa.case((replied, 1), else_=0)), 0),
        sa.func.coalesce(sa.func.sum(sa.case((o.bounced != "", 1), else_=0)), 0),
    ).where(gone, o.thread_id.is_not(None))
    ours = sa.select(sa.func.count()).where(m.thread_id == t.id, m.direction == "outbound").scalar_subquery()
    again = sa.select(m.id).where(
        m.thread_id == t.id, m.direction == "inbound", m.auto == "", m.received_at > t.last_outbound_at
    )
    done = sa.select(
        sa.literal("tickets"),
        sa.func.count(),
        sa.func.coalesce(sa.func.sum(sa.case((sa.and_(ours == 1, ~again.exists()), 1), else_=0)), 0),
        sa.literal(0),
    ).where(t.status == "resolved", t.merged_into.is_(None), t.last_outbound_at.is_not(None))

    def convert(found: Sequence[Any]) -> Outcomes:
        by = {r[0]: tuple(int(x) for x in r[1:]) for r in found}
        (count, answered, back), (resolved, first, _) = by["answers"], by["tickets"]
        return Outcomes(count, answered, back, count - answered - back, resolved, first)

    return Read(sa.union_all(sent, done), convert)


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
