"""Tickets rearranged: merge, split, tags and notes."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from desk.domain.enums import Direction
from desk.errors import Refused
from desk.store import threads as tickets
from desk.store.columns import moment, stamp
from desk.store.states import must
from desk.store.tables import message_ids, messages, notes, tags, thread_tags
from desk.store.upsert import insert

m = messages.c


def move_messages(tx: Connection, from_id: int, into_id: int, only: Collection[int] | None = None) -> tuple[int, ...]:
    """Move messages (all, or these) with their Message-IDs to another ticket and bring both rows up to date.

    Returns the row ids that moved.
    """
    chosen = m.thread_id == from_id
    if only is not None:
        chosen = sa.and_(chosen, m.id.in_(list(only)))
    found = tx.execute(sa.select(m.id, m.message_id).where(chosen)).all()
    ids = [r[0] for r in found]
    names = message_ids.c.thread_id == from_id
    if only is not None:
        carried = {r[1] for r in found if r[1]} | _only_named(tx, from_id, ids)
        names = sa.and_(names, message_ids.c.message_id.in_(carried))
    tx.execute(messages.update().where(m.id.in_(ids)).values(thread_id=into_id))
    tx.execute(message_ids.update().where(names).values(thread_id=into_id))
    for thread_id in (from_id, into_id):
        refresh(tx, thread_id)
    return tuple(ids)


def _only_named(tx: Connection, thread_id: int, moving: Collection[int]) -> set[str]:
    """Identifiers that only these messages of a ticket refer to: mail that comes late must find them."""
    rows = tx.execute(sa.select(m.id, m.in_reply_to, m.reference_ids).where(m.thread_id == thread_id)).all()
    named = [(row[0] in moving, {i for i in (row[1], *(row[2] or ())) if i}) for row in rows]
    going = {i for goes, ids in named if goes for i in ids}
    staying = {i for goes, ids in named if not goes for i in ids}
    arrived = tx.execute(
        sa.select(message_ids.c.message_id).where(message_ids.c.message_id.in_(going), ~message_ids.c.placeholder)
    )
    return going - staying - set(arrived.scalars())


def refresh(tx: Connection, thread_id: int) -> None:
    """Work out counts, times and snippet of a ticket from its messages."""
    inbound = sa.case((m.direction == str(Direction.INBOUND), m.received_at))
    outbound = sa.case((m.direction == str(Direction.OUTBOUND), m.received_at))
    first, last, came, went, number = tx.execute(
        sa.select(
            sa.func.min(m.received_at),
            sa.func.max(m.received_at),
            sa.func.max(inbound),
            sa.func.max(outbound),
            sa.func.count(),
        ).where(m.thread_id == thread_id)
    ).one()
    latest = (m.received_at.desc(), m.id.desc())
    newest = sa.select(sa.func.substr(m.reply_text, 1, 160)).where(m.thread_id == thread_id)
    snippet = tx.execute(newest.order_by(*latest).limit(1)).scalar()
    heard = sa.select(m.authentication).where(m.thread_id == thread_id, m.auto == "", m.direction == "inbound")
    proof = tx.execute(heard.order_by(*latest).limit(1)).scalar()
    values: dict[str, Any] = {"message_count": number, "last_inbound_at": came, "last_outbound_at": went}
    values["authentication"] = proof or ""
    if number:
        values |= {"first_message_at": first, "last_message_at": last, "snippet": " ".join((snippet or "").split())}
    tickets.update(tx, thread_id, **values)


def split_at(tx: Connection, message_id: int, *, at: datetime) -> tuple[int, int, tuple[int, ...]]:
    """A new ticket from a message on: (old ticket, new ticket, moved rows). Refused for a ticket's first message."""
    row = must(tx.execute(sa.select(m.thread_id, m.received_at, m.subject).where(m.id == message_id)).first(), "It")
    old, since, subject = row
    later = sa.or_(m.received_at > since, sa.and_(m.received_at == since, m.id >= message_id))
    moving = list(tx.execute(sa.select(m.id).where(m.thread_id == old, later)).scalars())
    total = tx.execute(sa.select(sa.func.count()).where(m.thread_id == old)).scalar_one()
    if len(moving) == total:
        raise Refused("Nothing would be left of the old ticket.", "Split at a later message.")
    ticket = tickets.state(tx, old)
    new = tickets.create(
        tx,
        mailbox_id=ticket.mailbox_id,
        subject=subject,
        contact_id=ticket.contact_id,
        contact_addr=ticket.contact_addr,
        at=moment(since),
        channel=ticket.channel,
        category=ticket.category,
        priority=ticket.priority,
        language=ticket.language,
        subject_key=ticket.subject_key,
    )
    return old, new, move_messages(tx, old, new, only=moving)


def set_tag(tx: Connection, thread_id: int, name: str, *, on: bool, by: str) -> bool:
    """Put a tag on or take it off; True when that changed something."""
    if not on:
        known = sa.select(tags.c.id).where(tags.c.name == name).scalar_subquery()
        gone = thread_tags.delete().where(thread_tags.c.thread_id == thread_id, thread_tags.c.tag_id == known)
        return tx.execute(gone).rowcount == 1
    statement = insert(tx, tags).values(name=name)
    statement = statement.on_conflict_do_update(index_elements=["name"], set_={"name": name}).returning(tags.c.id)
    row = {"thread_id": thread_id, "tag_id": tx.execute(statement).scalar_one(), "added_by": by}
    added = insert(tx, thread_tags).values(**row).on_conflict_do_nothing(index_elements=["thread_id", "tag_id"])
    return tx.execute(added.returning(thread_tags.c.tag_id)).first() is not None


def add_note(tx: Connection, thread_id: int, author: str, text: str, *, at: datetime) -> int:
    """Write an internal note; returns its id."""
    values = {"thread_id": thread_id, "author": author, "text": text, "at": stamp(at)}
    return int(tx.execute(notes.insert().values(values).returning(notes.c.id)).scalar_one())


def drop_note(tx: Connection, note_id: int) -> None:
    """Take a note back; the row stays for the record."""
    tx.execute(notes.update().where(notes.c.id == note_id).values(deleted=True))
