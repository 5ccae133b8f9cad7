"""What people said of messages, for the parts of desk that learn from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from desk.store.database import Read
from desk.store.tables import examples, feedback, messages, threads

m, t, e = messages.c, threads.c, examples.c
_CATEGORY = "category"
LEARNED = "learned"
"""The setting that says in a sentence what was made of the decisions."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A message and the category a person gave it, or let stand when they answered the ticket (`corrected` False)."""

    content_hash: str
    subject: str
    text: str
    label: str
    corrected: bool


def _decisions(found: Sequence[Any]) -> list[Decision]:
    by_content: dict[str, Decision] = {}
    for row in found:
        one = Decision(row[0], row[1] or "", row[2], row[3], bool(row[4]))
        by_content.setdefault(one.content_hash, one)
    return list(by_content.values())


def categories(limit: int = 300) -> Read[list[Decision]]:
    """Categories people decided, one a content: their corrections first, then the newest; no more than `limit`."""
    subject = sa.select(m.subject).where(m.blob_hash == e.content_hash).limit(1).scalar_subquery()
    one, none = sa.literal(1).label("corrected"), sa.literal(0).label("corrected")
    told = sa.select(e.content_hash.label("hash"), subject.label("subject"), e.text, e.label, one, e.at).where(
        e.kind == _CATEGORY
    )
    newest = (
        sa.select(sa.func.max(m.id))
        .where(m.thread_id == t.id, m.direction == "inbound", m.clean_text.is_not(None))
        .correlate(threads)
        .scalar_subquery()
    )
    answered = sa.exists().where(feedback.c.thread_id == t.id, feedback.c.verdict.in_(("approved", "edited")))
    kept = (
        sa.select(m.blob_hash, m.subject, m.clean_text, t.category, none, m.received_at)
        .join_from(threads, messages, m.id == newest)
        .where(answered, t.category != "", m.blob_hash != "")
    )
    both = sa.union_all(told, kept).subquery()
    return Read(sa.select(both).order_by(both.c.corrected.desc(), both.c.at.desc()).limit(limit), _decisions)


def state() -> Read[tuple[int, float]]:
    """How much people decided, and when last: two values that change with every decision."""
    statement = sa.select(sa.func.count(), sa.func.coalesce(sa.func.max(e.at), 0.0))
    return Read(statement, lambda found: (int(found[0][0]), float(found[0][1])))


def scores(kind: str) -> Read[list[tuple[str, float]]]:
    """Label and stored score of what people decided about mail kept back ("guard") or taken for spam ("spam")."""
    score = sa.func.max(m.spam if kind == "spam" else m.score)
    statement = sa.select(e.label, score).join_from(examples, messages, m.blob_hash == e.content_hash)
    statement = statement.where(e.kind == kind, m.score.is_not(None)).group_by(e.id, e.label)
    return Read(statement, lambda found: [(str(label), float(score or 0.0)) for label, score in found])


def category_of(thread_id: int) -> Read[str]:
    """The category a person gave this ticket, "" where nobody did."""
    own = sa.select(m.blob_hash).where(m.thread_id == thread_id)
    statement = sa.select(e.label).where(e.kind == _CATEGORY, e.content_hash.in_(own))
    return Read(statement.order_by(e.at.desc()).limit(1), lambda found: str(found[0][0]) if found else "")
