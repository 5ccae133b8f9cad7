"""What we promised, found in our own mail: kept with its source until it is done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from desk.errors import Conflict
from desk.store.columns import maker, moment, stamp
from desk.store.database import Read
from desk.store.tables import commitments, messages

OPEN, KEPT, DROPPED = "open", "kept", "dropped"
OVERDUE = "overdue: "
"""How the need of a ticket begins that has an overdue promise."""
c = commitments.c


@dataclass(frozen=True, slots=True)
class CommitmentRow:
    """One promise of ours, word for word, the message it stands in, and the day it is due (None where it names none)."""

    id: int
    thread_id: int
    message_id: int
    text: str
    said_at: datetime
    due: date | None
    by_mail: bool
    state: str

    def overdue(self, on: date) -> bool:
        """Whether its day is over and it is still open."""
        return self.state == OPEN and self.due is not None and self.due < on


@dataclass(frozen=True, slots=True)
class Sent:
    """One message of ours in which promises are looked for."""

    message_id: int
    thread_id: int
    sent_at: datetime
    text: str


_COLUMNS = (c.id, c.thread_id, c.message_id, c.text, c.said_at, c.due_on, c.by_mail, c.state)
_row = maker(CommitmentRow, said_at=moment, due=lambda day: date.fromisoformat(day) if day else None, by_mail=bool)


def _many(rows: Sequence[Any]) -> list[CommitmentRow]:
    return [_row(r) for r in rows]


def open_in(thread_id: int) -> Read[list[CommitmentRow]]:
    """The open promises of a ticket, the one that is due first in front, those without a day last."""
    mine = sa.select(*_COLUMNS).where(c.thread_id == thread_id, c.state == OPEN)
    return Read(mine.order_by(c.due_on == "", c.due_on, c.id), _many)


def one(commitment_id: int) -> Read[CommitmentRow | None]:
    """One promise."""
    return Read(sa.select(*_COLUMNS).where(c.id == commitment_id), lambda rows: _row(rows[0]) if rows else None)


def untold(on: date) -> Read[list[CommitmentRow]]:
    """Promises that became overdue by that day and were not shown as such yet."""
    late = sa.select(*_COLUMNS).where(c.state == OPEN, c.due_on != "", c.due_on < on.isoformat(), c.told.is_(False))
    return Read(late.order_by(c.id), _many)


def sent_after(message_id: int, limit: int = 20) -> Read[list[Sent]]:
    """Messages of ours that were stored after that one, in order; nothing from before desk was connected."""
    m = messages.c
    statement = sa.select(m.id, m.thread_id, m.received_at, m.clean_text).where(
        m.direction == "outbound", m.id > message_id, m.history.is_(False), m.clean_text.is_not(None)
    )
    made = maker(Sent, sent_at=moment)
    return Read(statement.order_by(m.id).limit(limit), lambda rows: [made(r) for r in rows])


def add(tx: Connection, sent: Sent, text: str, due: date | None, *, by_mail: bool) -> None:
    """Keep a promise of a message."""
    values = {"thread_id": sent.thread_id, "message_id": sent.message_id, "text": text, "by_mail": by_mail}
    values |= {"said_at": stamp(sent.sent_at), "due_on": due.isoformat() if due else ""}
    tx.execute(commitments.insert().values(values))


def kept_by(tx: Connection, sent: Sent) -> None:
    """Another message of ours in the same ticket keeps what was promised to be written."""
    earlier = sa.and_(c.thread_id == sent.thread_id, c.message_id < sent.message_id, c.state == OPEN)
    tx.execute(
        commitments.update().where(earlier, c.by_mail.is_(True)).values(state=KEPT, decided_at=stamp(sent.sent_at))
    )


def settle(tx: Connection, commitment_id: int, state: str, *, was: str, by: str, at: datetime) -> None:
    """Say what became of a promise; Conflict when somebody did meanwhile."""
    mine = commitments.update().where(c.id == commitment_id, c.state == was)
    if tx.execute(mine.values(state=state, decided_by=by, decided_at=stamp(at))).rowcount != 1:
        raise Conflict("Somebody settled this promise meanwhile.", "Look at the ticket again.")


def tell(tx: Connection, row: CommitmentRow) -> None:
    """Note that it was shown as overdue."""
    tx.execute(commitments.update().where(c.id == row.id).values(told=True))
