"""Questions that nothing answers, gathered where they ask the same, and what was asked since the last look."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from desk.domain.enums import RunState
from desk.store.columns import maker, mapping, moment, stamp
from desk.store.database import Read
from desk.store.tables import gaps, run_steps, runs, threads

OPEN, PROPOSED, DISMISSED = "open", "proposed", "dismissed"
MOST_ASKED = 200
"""Tickets a gap remembers, the newest ones."""
g = gaps.c


@dataclass(frozen=True, slots=True)
class Asked:
    """One ticket that asked it, and in which words."""

    thread_id: int
    number: str
    contact_id: int
    text: str


@dataclass(frozen=True, slots=True)
class GapRow:
    """One question that nothing answers."""

    id: int
    question: str
    language: str
    category: str
    state: str
    asked: tuple[Asked, ...]
    first_at: datetime
    last_at: datetime

    @property
    def contacts(self) -> int:
        """How many different people asked."""
        return len({one.contact_id for one in self.asked})


@dataclass(frozen=True, slots=True)
class Ended:
    """A finished run of a ticket with what its search found."""

    run_id: int
    ended_at: float
    thread_id: int
    number: str
    contact_id: int
    category: str
    language: str
    listed: bool
    """Whether its ticket is on the desk and nothing of it was kept back."""
    found: dict[str, Any]


_COLUMNS = (g.id, g.question, g.language, g.category, g.state, g.asked, g.first_at, g.last_at)
_row = maker(GapRow, asked=lambda found: tuple(Asked(**one) for one in found or ()), first_at=moment, last_at=moment)
_ended = maker(Ended, contact_id=lambda found: found or 0, listed=bool, found=mapping)


def all_rows() -> Read[list[GapRow]]:
    """Every gap, whatever became of it, the oldest first."""
    return Read(sa.select(*_COLUMNS).order_by(g.id), lambda rows: [_row(r) for r in rows])


def listed(contacts: int = 2) -> Read[list[GapRow]]:
    """Open gaps that at least so many different people asked, the most asked first."""

    def enough(rows: Sequence[Any]) -> list[GapRow]:
        found = [one for one in map(_row, rows) if one.contacts >= contacts]
        return sorted(found, key=lambda one: (-len(one.asked), one.id))

    return Read(sa.select(*_COLUMNS).where(g.state == OPEN).order_by(g.id), enough)


def one(gap_id: int) -> Read[GapRow | None]:
    """One gap."""
    return Read(sa.select(*_COLUMNS).where(g.id == gap_id), lambda rows: _row(rows[0]) if rows else None)


def ended_after(at: float, run_id: int, limit: int = 50) -> Read[list[Ended]]:
    """Ticket runs that ended after that moment (epoch seconds) and run, in order."""
    r, t = runs.c, threads.c
    listed = sa.and_(t.shelf == "desk", t.flagged.is_(False), t.merged_into.is_(None))
    statement = (
        sa.select(r.id, r.ended_at, t.id, t.number, t.contact_id, t.category, t.language, listed, run_steps.c.output)
        .join_from(runs, threads, threads.c.id == r.thread_id)
        .join(run_steps, sa.and_(run_steps.c.run_id == r.id, run_steps.c.step == "search"))
        .where(r.kind == "ticket", r.state == str(RunState.DONE))
        .where(sa.or_(r.ended_at > at, sa.and_(r.ended_at == at, r.id > run_id)))
        .order_by(r.ended_at, r.id)
        .limit(limit)
    )
    return Read(statement, lambda rows: [_ended(row) for row in rows])


def keep(
    tx: Connection, gap_id: int | None, asked: Sequence[Asked], *, language: str, category: str, at: datetime
) -> int:
    """Write who asked; a gap that is none yet (`gap_id` None) is begun with the first of them as its question."""
    values: dict[str, Any] = {"asked": [asdict(one) for one in asked[-MOST_ASKED:]], "last_at": stamp(at)}
    if gap_id is not None:
        tx.execute(gaps.update().where(g.id == gap_id).values(values))
        return gap_id
    values |= {"question": asked[0].text, "language": language, "category": category, "first_at": stamp(at)}
    return int(tx.execute(gaps.insert().values(values).returning(g.id)).scalar_one())


def settle(tx: Connection, gap_id: int, state: str, by: str) -> None:
    """Say what becomes of a gap."""
    tx.execute(gaps.update().where(g.id == gap_id).values(state=state, decided_by=by))


def forget(tx: Connection, gap_id: int) -> None:
    """Something answers it now, or nobody asks it any more; a gap that a proposal was made from stays with it."""
    tx.execute(gaps.delete().where(g.id == gap_id, g.state == OPEN))
