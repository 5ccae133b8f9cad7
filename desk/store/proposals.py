"""Articles that desk proposes: no search sees them until a person accepts them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from desk.domain.codec import from_json, to_json
from desk.domain.ticket import Article
from desk.errors import Conflict
from desk.store.columns import maker, moment, stamp
from desk.store.database import Read
from desk.store.tables import proposals, threads

PROPOSED, ACCEPTED, REFUSED = "proposed", "accepted", "refused"
p = proposals.c


@dataclass(frozen=True, slots=True)
class ProposalRow:
    """One proposed article, and where it is from: a ticket's number, or a gap."""

    id: int
    article: Article
    state: str
    thread_id: int | None
    gap_id: int | None
    article_id: str
    """What it became once accepted, or what it would replace: its file says otherwise than what was changed here."""
    made_at: datetime
    number: str


@dataclass(frozen=True, slots=True)
class Resolved:
    """A resolved ticket that may be learnt from."""

    thread_id: int
    number: str
    resolved_at: float
    known: str


_COLUMNS = (p.id, p.article, p.state, p.thread_id, p.gap_id, p.article_id, p.made_at, threads.c.number)
_row = maker(ProposalRow, article=lambda a: from_json(Article, a), made_at=moment, number=lambda n: n or "")


def _select() -> sa.Select[Any]:
    return sa.select(*_COLUMNS).outerjoin_from(proposals, threads, threads.c.id == p.thread_id)


def _many(rows: Sequence[Any]) -> list[ProposalRow]:
    return [_row(r) for r in rows]


def waiting() -> Read[list[ProposalRow]]:
    """What waits for a person, the oldest first."""
    return Read(_select().where(p.state == PROPOSED).order_by(p.id), _many)


def one(proposal_id: int) -> Read[ProposalRow | None]:
    """One proposal."""
    return Read(_select().where(p.id == proposal_id), lambda rows: _row(rows[0]) if rows else None)


def of_thread(thread_id: int) -> Read[list[ProposalRow]]:
    """Everything that was proposed from a ticket."""
    return Read(_select().where(p.thread_id == thread_id).order_by(p.id), _many)


def resolved_after(at: float, thread_id: int) -> Read[Resolved | None]:
    """The next ticket of the desk that was resolved after that moment (epoch seconds) and ticket."""
    t = threads.c
    later = sa.or_(t.resolved_at > at, sa.and_(t.resolved_at == at, t.id > thread_id))
    statement = sa.select(t.id, t.number, t.resolved_at, t.known).where(
        t.shelf == "desk", t.status == "resolved", t.flagged.is_(False), later
    )
    return Read(statement.order_by(t.resolved_at, t.id).limit(1), lambda rows: Resolved(*rows[0]) if rows else None)


def add(
    tx: Connection,
    article: Article,
    *,
    at: datetime,
    thread_id: int | None = None,
    gap_id: int | None = None,
    replaces: str = "",
) -> int:
    """Propose an article; one that `replaces` another takes the place of what was proposed for it before."""
    if replaces:
        tx.execute(proposals.delete().where(p.article_id == replaces, p.state == PROPOSED))
    values = {"article": to_json(article), "thread_id": thread_id, "gap_id": gap_id, "made_at": stamp(at)}
    values["article_id"] = replaces
    return int(tx.execute(proposals.insert().values(values).returning(p.id)).scalar_one())


def change(tx: Connection, proposal_id: int, article: Article) -> None:
    """Keep what a person made of it; Conflict when it was decided meanwhile."""
    _only(tx, proposal_id, PROPOSED, {"article": to_json(article)})


def settle(
    tx: Connection, proposal_id: int, state: str, *, by: str, at: datetime, was: str = PROPOSED, article_id: str = ""
) -> None:
    """Accept, refuse, or put it back; Conflict when it is no longer as it `was`."""
    values: dict[str, Any] = {"state": state, "decided_by": by, "decided_at": stamp(at)}
    _only(tx, proposal_id, was, values | ({"article_id": article_id} if article_id else {}))


def drop(tx: Connection, proposal_id: int) -> None:
    """Take a proposal back that a person made by mistake; its gap stays."""
    tx.execute(proposals.delete().where(p.id == proposal_id, p.state == PROPOSED))


def _only(tx: Connection, proposal_id: int, was: str, values: dict[str, Any]) -> None:
    done = tx.execute(proposals.update().where(p.id == proposal_id, p.state == was).values(values))
    if done.rowcount != 1:
        raise Conflict("Somebody decided about this proposal meanwhile.", "Look at the list again.")
