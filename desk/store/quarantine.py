"""Quarantine: what the guard kept back and why, releases bound to exact content, and blocked senders."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from desk.domain.enums import AttackType
from desk.domain.guarded import Evidence
from desk.store.columns import maker, moment, stamp, when
from desk.store.database import Read
from desk.store.tables import blocks as block_table
from desk.store.tables import evidence as evidence_table
from desk.store.tables import examples, messages, releases
from desk.store.upsert import insert

m = messages.c


@dataclass(frozen=True, slots=True)
class QuarantineRow:
    """One message kept back."""

    message_id: int
    thread_id: int
    from_addr: str
    from_name: str
    subject: str
    received_at: datetime
    score: float
    attack_type: str
    spam: float
    phishing: float
    complete: bool
    scanner: str
    rule: str
    snippet: str


@dataclass(frozen=True, slots=True)
class BlockRow:
    """One blocked address or domain."""

    id: int
    kind: str
    value: str
    blocked_by: str
    why: str
    hits: int
    at: datetime
    expires_at: datetime | None


def _number(value: float | None) -> float:
    return value or 0.0


_row = maker(
    QuarantineRow,
    received_at=moment,
    score=_number,
    spam=_number,
    phishing=_number,
    complete=bool,
    rule=lambda rule: rule or "",
)
_block = maker(BlockRow, at=moment, expires_at=when)
_evidence = maker(Evidence, attack_type=AttackType)


def rows(limit: int = 500) -> Read[list[QuarantineRow]]:
    """Quarantined messages, newest first, each with its heaviest rule."""
    heaviest = (
        sa.select(evidence_table.c.rule)
        .where(evidence_table.c.message_id == m.id)
        .order_by(evidence_table.c.weight.desc(), evidence_table.c.id)
        .limit(1)
        .scalar_subquery()
    )
    statement = (
        sa.select(
            *(m.id, m.thread_id, m.from_addr, m.from_name, m.subject, m.received_at, m.score, m.attack_type, m.spam),
            *(m.phishing, m.complete, m.scanner, heaviest, sa.func.substr(m.text, 1, 160)),
        )
        .where(m.status == "quarantined")
        .order_by(m.id.desc())
        .limit(limit)
    )

    return Read(statement, lambda found: [_row(r) for r in found])


def evidence(message_id: int) -> Read[list[Evidence]]:
    """Why the guard kept a message back, heaviest first."""
    x = evidence_table.c
    statement = sa.select(x.layer, x.rule, x.channel, x.start_at, x.end_at, x.text, x.weight, x.attack_type)
    return Read(
        statement.where(x.message_id == message_id).order_by(x.weight.desc(), x.id),
        lambda found: [_evidence(r) for r in found],
    )


def judged_by_others(scanner: str, after: int = 0, limit: int = 100) -> Read[list[int]]:
    """Inbound messages behind row id `after` whose verdict another version of the guard gave, oldest first."""
    statement = sa.select(m.id).where(m.direction == "inbound", m.scanned_at.is_not(None), m.scanner != scanner)
    return Read(statement.where(m.id > after).order_by(m.id).limit(limit), lambda found: [int(r[0]) for r in found])


def count_judged_by_others(scanner: str) -> Read[int]:
    """How many verdicts another version of the guard gave."""
    statement = sa.select(sa.func.count()).where(
        m.direction == "inbound", m.scanned_at.is_not(None), m.scanner != scanner
    )
    return Read(statement, lambda found: int(found[0][0]))


def release(tx: Connection, message_id: int, content_hash: str, *, by: str, why: str, at: datetime) -> None:
    """Exempt exactly this content from quarantine, with who and why; it is not scanned into quarantine again.

    What a person saw becomes its clean text; what was hidden from people stays out of every prompt.
    """
    values = {"message_id": message_id, "released_by": by, "why": why, "at": stamp(at)}
    statement = insert(tx, releases).values(content_hash=content_hash, **values)
    tx.execute(statement.on_conflict_do_update(index_elements=["content_hash"], set_=values))
    tx.execute(
        messages.update()
        .where(m.id == message_id)
        .values(released=True, clean_text=sa.func.coalesce(m.clean_text, m.visible_text))
    )


def is_released(content_hash: str) -> Read[bool]:
    """Whether a person released exactly this content."""
    statement = sa.select(releases.c.content_hash).where(releases.c.content_hash == content_hash)
    return Read(statement, lambda found: bool(found))


def block(
    tx: Connection, kind: str, value: str, *, by: str, at: datetime, why: str = "", expires_at: datetime | None = None
) -> int:
    """Block an "address" or a "domain"; returns the row's id. Blocking twice renews it."""
    values = {"blocked_by": by, "why": why, "at": stamp(at), "expires_at": stamp(expires_at)}
    statement = insert(tx, block_table).values(kind=kind, value=value.lower(), **values)
    statement = statement.on_conflict_do_update(index_elements=["kind", "value"], set_=values)
    return int(tx.execute(statement.returning(block_table.c.id)).scalar_one())


def unblock(tx: Connection, block_id: int) -> None:
    """Lift a block."""
    tx.execute(block_table.delete().where(block_table.c.id == block_id))


def blocks() -> Read[list[BlockRow]]:
    """Every block, newest first."""
    b = block_table.c
    statement = sa.select(b.id, b.kind, b.value, b.blocked_by, b.why, b.hits, b.at, b.expires_at).order_by(b.id.desc())
    return Read(statement, lambda found: [_block(r) for r in found])


def _names(address: str) -> sa.ColumnElement[bool]:
    address = address.lower()
    domain = address.rpartition("@")[2]
    return sa.or_(
        sa.and_(block_table.c.kind == "address", block_table.c.value == address),
        sa.and_(block_table.c.kind == "domain", block_table.c.value == domain),
    )


def _live(now: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(block_table.c.expires_at.is_(None), block_table.c.expires_at > stamp(now))


def is_blocked(address: str, now: datetime) -> Read[bool]:
    """Whether mail from this address is blocked, by itself or by its domain."""
    return Read(sa.select(block_table.c.id).where(_names(address), _live(now)).limit(1), lambda found: bool(found))


def hit(tx: Connection, address: str, now: datetime) -> None:
    """Count one message for every block that stopped it."""
    tx.execute(block_table.update().where(_names(address), _live(now)).values(hits=block_table.c.hits + 1))


def example(tx: Connection, kind: str, label: str, content_hash: str, text: str, *, by: str, at: datetime) -> None:
    """Keep a person's verdict on a message as an example for the local classifiers; the newest verdict counts."""
    values = {"label": label, "text": text, "agent": by, "at": stamp(at)}
    statement = insert(tx, examples).values(kind=kind, content_hash=content_hash, **values)
    tx.execute(statement.on_conflict_do_update(index_elements=["kind", "content_hash"], set_=values))
