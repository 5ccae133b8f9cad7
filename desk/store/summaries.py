"""Short forms of long messages, kept until the message says something else."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from desk.store.columns import stamp
from desk.store.database import Read
from desk.store.tables import messages, summaries, threads
from desk.store.upsert import insert

s = summaries.c


@dataclass(frozen=True, slots=True)
class Arrived:
    """One message, and how many its ticket has."""

    message_id: int
    thread_id: int
    count: int


def of_thread(thread_id: int) -> Read[dict[int, tuple[str, str]]]:
    """Message → its short form and the hash of the words it was made of."""
    statement = sa.select(s.message_id, s.text, s.made_of).join_from(summaries, messages, messages.c.id == s.message_id)
    return Read(
        statement.where(messages.c.thread_id == thread_id), lambda rows: {row[0]: (row[1], row[2]) for row in rows}
    )


def arrived_after(message_id: int, limit: int = 50) -> Read[list[Arrived]]:
    """Messages that were stored after that one, in order; none from before desk was connected."""
    m = messages.c
    statement = sa.select(m.id, m.thread_id, threads.c.message_count).join_from(
        messages, threads, threads.c.id == m.thread_id
    )
    statement = statement.where(m.id > message_id, m.history.is_(False)).order_by(m.id).limit(limit)
    return Read(statement, lambda rows: [Arrived(*row) for row in rows])


def keep(tx: Connection, message_id: int, text: str, made_of: str, *, at: datetime) -> None:
    """Write a message's short form, in place of an older one."""
    values = {"text": text, "made_of": made_of, "made_at": stamp(at)}
    statement = insert(tx, summaries).values(message_id=message_id, **values)
    tx.execute(statement.on_conflict_do_update(index_elements=["message_id"], set_=values))
