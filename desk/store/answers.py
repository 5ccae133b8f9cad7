"""What a person answered to a question of desk and wants used again: which article answers which question."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from desk.store.columns import maker, moment, stamp, when
from desk.store.database import Read
from desk.store.tables import entries

e = entries.c
_KIND, _IN_USE, _FORGOTTEN = "answer", "accepted", "forgotten"
KEPT = timedelta(days=180)
"""How long an answer is used after it was last used: what nobody asks for half a year may have changed."""


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One remembered answer: the customer's question, the article that answers it, who said so, and when it was used."""

    id: int
    question: str
    article: str
    by: str
    at: datetime
    used_at: datetime | None


_row = maker(AnswerRow, by=lambda tags: str((tags or [""])[0]), at=moment, used_at=when)


def remember(tx: Connection, question: str, article: str, *, by: str, at: datetime, thread_id: int) -> int:
    """Keep an answer; one kept before for the very same question is forgotten. Returns its id."""
    tx.execute(entries.update().where(e.kind == _KIND, e.text == question).values(state=_FORGOTTEN))
    values = {
        "kind": _KIND,
        "text": question,
        "state": _IN_USE,
        "source": article,
        "thread_id": thread_id,
        "tags": [by],
    }
    times = {"created_at": stamp(at), "expires_at": stamp(at + KEPT)}
    return int(tx.execute(entries.insert().values({**values, **times}).returning(e.id)).scalar_one())


def forget(tx: Connection, answer_id: int) -> bool:
    """Use an answer no more; False when there is none of that id in use."""
    mine = (e.id == answer_id, e.kind == _KIND, e.state == _IN_USE)
    return tx.execute(entries.update().where(*mine).values(state=_FORGOTTEN)).rowcount == 1


def in_use(now: datetime, limit: int = 200) -> Read[list[AnswerRow]]:
    """The answers that are used again, the newest first."""
    statement = sa.select(e.id, e.text, e.source, e.tags, e.created_at, e.used_at)
    statement = statement.where(e.kind == _KIND, e.state == _IN_USE, e.expires_at > stamp(now))
    return Read(statement.order_by(e.id.desc()).limit(limit), lambda rows: [_row(r) for r in rows])


def used(tx: Connection, ids: Sequence[int], *, now: datetime) -> None:
    """Note that answers were used, which keeps them."""
    times = {"used_at": stamp(now), "expires_at": stamp(now + KEPT)}
    tx.execute(entries.update().where(e.id.in_(list(ids)), e.state == _IN_USE).values(times))
