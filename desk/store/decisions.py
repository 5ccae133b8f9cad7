"""What people said of messages, for the parts of desk that learn from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from desk.domain.enums import FIELDS
from desk.store.columns import stamp
from desk.store.database import Read
from desk.store.quarantine import example
from desk.store.tables import examples, feedback, messages, threads

m, t, e = messages.c, threads.c, examples.c
LEARNED = "learned"
"""The setting that says in a sentence what was made of the decisions."""
_READABLE = sa.and_(m.direction == "inbound", m.clean_text.is_not(None))


@dataclass(frozen=True, slots=True)
class Decision:
    """A message and the label a person gave it, or let stand when they answered the ticket (`corrected` False)."""

    content_hash: str
    subject: str
    text: str
    label: str
    corrected: bool


@dataclass(frozen=True, slots=True)
class Lesson:
    """A label as a person gave it to a message, and the one that stood there before (None for none)."""

    field: str
    content_hash: str
    at: datetime
    before: dict[str, Any] | None


def teach(tx: Connection, thread_id: int, field: str, label: str, *, by: str, at: datetime) -> Lesson | None:
    """Keep a person's label with the ticket's last clean message from outside; None where it has no such message."""
    newest = sa.select(m.blob_hash, m.clean_text).where(m.thread_id == thread_id, _READABLE)
    row = tx.execute(newest.order_by(m.received_at.desc(), m.id.desc()).limit(1)).first()
    if row is None or not row[0]:
        return None
    old = sa.select(e.label, e.text, e.agent, e.at).where(e.kind == field, e.content_hash == row[0])
    before = tx.execute(old).mappings().first()
    example(tx, field, label, row[0], row[1], by=by, at=at)
    return Lesson(field, row[0], at, dict(before) if before else None)


def forget(tx: Connection, lesson: Lesson) -> None:
    """Put back what stood there before a lesson, unless somebody said something else since."""
    mine = sa.and_(e.kind == lesson.field, e.content_hash == lesson.content_hash, e.at == stamp(lesson.at))
    tx.execute(examples.update().where(mine).values(lesson.before) if lesson.before else examples.delete().where(mine))


def _decisions(found: Sequence[Any]) -> list[Decision]:
    by_content: dict[str, Decision] = {}
    for row in found:
        one = Decision(row[0], row[1] or "", row[2], row[3], bool(row[4]))
        by_content.setdefault(one.content_hash, one)
    return list(by_content.values())


def of_field(field: str, limit: int = 300) -> Read[list[Decision]]:
    """What people decided about a field, one a content: their corrections first, then the newest; no more than `limit`.

    A priority that was let stand counts unless it is urgent: that came from rules as often as from the text.
    """
    subject = sa.select(m.subject).where(m.blob_hash == e.content_hash).limit(1).scalar_subquery()
    one, none = sa.literal(1).label("corrected"), sa.literal(0).label("corrected")
    told = sa.select(e.content_hash.label("hash"), subject.label("subject"), e.text, e.label, one, e.at).where(
        e.kind == field
    )
    newest = sa.select(sa.func.max(m.id)).where(m.thread_id == t.id, _READABLE).correlate(threads).scalar_subquery()
    answered = sa.exists().where(feedback.c.thread_id == t.id, feedback.c.verdict.in_(("approved", "edited")))
    stood = [answered, t.category != "", t[field] != "", m.blob_hash != ""]
    stood += [t.priority != "urgent"] if field == "priority" else []
    kept = (
        sa.select(m.blob_hash, m.subject, m.clean_text, t[field], none, m.received_at)
        .join_from(threads, messages, m.id == newest)
        .where(*stood)
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


def said_of(thread_id: int) -> Read[Mapping[str, str]]:
    """What people said of this ticket, by field: category and priority of any of its messages, the mood of the last."""
    taught = sa.and_(e.content_hash == m.blob_hash, e.kind.in_(FIELDS))
    own = sa.select(m.id, e.kind, e.label, e.at).join_from(messages, examples, taught, isouter=True)

    def said(found: Sequence[Any]) -> Mapping[str, str]:
        newest = found[-1][0] if found else None
        spoken = sorted((row for row in found if row[1]), key=lambda row: row[3])
        return {kind: label for message, kind, label, _ in spoken if kind != "sentiment" or message == newest}

    return Read(own.where(m.thread_id == thread_id, _READABLE).order_by(m.received_at, m.id), said)
