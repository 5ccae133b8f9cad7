"""Messages as they are read. What writes them stands in `intake` and is named here too."""

import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from desk.domain.enums import Direction, MessageStatus
from desk.domain.guarded import content_hash
from desk.store.columns import maker, moment, strings, when
from desk.store.database import Read
from desk.store.intake import index_ids, keep, mailbox, move, outbound, receive, scanned, seen, set_cursor, take, touch
from desk.store.tables import attachments, blobs, contacts, cursors, mailboxes, message_ids, messages, threads

__all__ = [
    "AttachmentRow",
    "Cursor",
    "MessageRow",
    "cursor",
    "index_ids",
    "keep",
    "known_ids",
    "mailbox",
    "mailbox_names",
    "move",
    "of_run",
    "of_thread",
    "one",
    "outbound",
    "own_ids",
    "participants",
    "raw",
    "receive",
    "scanned",
    "seen",
    "set_cursor",
    "take",
    "touch",
    "unscanned",
]

m = messages.c


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a folder has been read, and up to which UID what came before a moment is history."""

    uidvalidity: int
    last_uid: int
    old_to: int = 0
    old_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class MessageRow:
    """One message as the panes and the pipeline see it. `clean_text` is set only where the guard passed it."""

    id: int
    thread_id: int
    mailbox_id: int
    direction: Direction
    status: MessageStatus
    blob_hash: str
    size: int
    message_id: str
    in_reply_to: str
    references: tuple[str, ...]
    from_addr: str
    from_name: str
    reply_to: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    subject: str
    text: str
    reply_text: str
    received_at: datetime
    sent_at: datetime | None
    auto: str
    auto_reason: str
    history: bool
    run_id: int | None
    problems: tuple[str, ...]
    flagged: bool | None
    score: float | None
    attack_type: str
    spam: float | None
    phishing: float | None
    complete: bool | None
    scanner: str
    clean_text: str | None
    hidden_text: str
    visible_text: str
    released: bool
    authentication: str
    """`pass`, `fail` or `none`: what the receiving server says of the sender; empty for what we sent."""
    attachments: tuple["AttachmentRow", ...] = ()

    @property
    def clean(self) -> bool:
        """Whether its text may enter a prompt: scanned to the end and not flagged, or released by a person."""
        return self.released or (self.flagged is False and self.complete is True)


@dataclass(frozen=True, slots=True)
class AttachmentRow:
    """One stored attachment's record."""

    filename: str
    content_type: str
    size: int
    hash: str
    risk: str
    """Why not to open it without a thought, in words; empty where nothing speaks against it."""


_COLUMNS = (
    *(m.id, m.thread_id, m.mailbox_id, m.direction, m.status, m.blob_hash, m.size, m.message_id, m.in_reply_to),
    *(m.reference_ids, m.from_addr, m.from_name, m.reply_to, m.to_addrs, m.cc_addrs, m.subject, m.text, m.reply_text),
    *(m.received_at, m.sent_at, m.auto, m.auto_reason, m.history, m.run_id, m.problems, m.flagged, m.score),
    *(
        m.attack_type,
        m.spam,
        m.phishing,
        m.complete,
        m.scanner,
        m.clean_text,
        m.hidden_text,
        m.visible_text,
        m.released,
        m.authentication,
    ),
)
_FILES = (
    attachments.c.filename,
    attachments.c.content_type,
    attachments.c.size,
    attachments.c.hash,
    attachments.c.risk,
)


_WIDTH = len(_COLUMNS)
_cursor = maker(Cursor, old_before=when)
_one = maker(
    MessageRow,
    direction=Direction,
    status=MessageStatus,
    blob_hash=lambda digest: digest or "",
    references=strings,
    to=strings,
    cc=strings,
    received_at=moment,
    sent_at=when,
    problems=strings,
)


def _many(rows: Sequence[Any]) -> list[MessageRow]:
    found: dict[int, list[AttachmentRow]] = {}
    first: dict[int, Any] = {}
    for row in rows:
        first.setdefault(row[0], row)
        files = found.setdefault(row[0], [])
        if row[_WIDTH] is not None:
            files.append(AttachmentRow(*row[_WIDTH : _WIDTH + len(_FILES)]))
    return [_one((*row[:_WIDTH], tuple(found[key]))) for key, row in first.items()]


def _select() -> sa.Select[Any]:
    return sa.select(*_COLUMNS, *_FILES).outerjoin_from(messages, attachments, attachments.c.message_id == m.id)


def of_thread(thread_id: int) -> Read[list[MessageRow]]:
    """Every message of a thread in both directions, oldest first."""
    statement = _select().where(m.thread_id == thread_id).order_by(m.received_at, m.id, attachments.c.id)
    return Read(statement, _many)


def one(message_id: int) -> Read[MessageRow | None]:
    """One message by its row id."""
    return Read(
        _select().where(m.id == message_id).order_by(attachments.c.id), lambda rows: next(iter(_many(rows)), None)
    )


def of_run(run_id: int) -> Read[list[MessageRow]]:
    """The batch a run collected, oldest first."""
    return Read(_select().where(m.run_id == run_id).order_by(m.received_at, m.id, attachments.c.id), _many)


def unscanned(limit: int = 50) -> Read[list[MessageRow]]:
    """Inbound messages no guard has looked at, oldest first."""
    some = sa.select(m.id).where(m.status == "received", m.direction == "inbound").order_by(m.id).limit(limit)
    return Read(_select().where(m.id.in_(some)).order_by(m.id, attachments.c.id), _many)


def by_hash(content_hash: str) -> Read[MessageRow | None]:
    """The message with exactly these bytes, by their SHA-256."""
    return Read(_select().where(m.blob_hash == content_hash), lambda rows: next(iter(_many(rows)), None))


def all_ids() -> Read[list[int]]:
    """Every message that has bytes, oldest first."""
    return Read(sa.select(m.id).where(m.blob_hash.is_not(None)).order_by(m.id), lambda rows: [int(r[0]) for r in rows])


def sent_letters(mailbox: str, limit: int = 300) -> Read[list[tuple[str, str, str, str]]]:
    """The newest letters of a mailbox to customers: body, the ticket's language, the customer's address and name."""
    c, t, b = contacts.c, threads.c, mailboxes.c
    statement = (
        sa.select(m.text, t.language, t.contact_addr, c.name)
        .join_from(messages, threads, t.id == m.thread_id)
        .join(mailboxes, b.id == m.mailbox_id)
        .outerjoin(contacts, c.id == t.contact_id)
        .where(m.direction == "outbound", b.name == mailbox, m.auto == "")
        .order_by(m.id.desc())
        .limit(limit)
    )
    return Read(statement, lambda rows: [(r[0] or "", r[1] or "", r[2] or "", r[3] or "") for r in rows])


def sent_count() -> Read[int]:
    """How many letters were sent: a number that changes when there are more to learn from."""
    statement = sa.select(sa.func.count()).select_from(messages).where(m.direction == "outbound")
    return Read(statement, lambda rows: int(rows[0][0]))


def raw(message_id: int) -> Read[bytes]:
    """The exact bytes of a message; empty for one that was never mail."""
    statement = (
        sa.select(blobs.c.data).join_from(messages, blobs, blobs.c.hash == m.blob_hash).where(m.id == message_id)
    )
    return Read(statement, lambda rows: zlib.decompress(rows[0][0]) if rows else b"")


def places(ids: Sequence[int]) -> Read[list[tuple[int, str, int, int]]]:
    """(mailbox, folder, UIDVALIDITY, UID) of those messages that lie on a server."""
    statement = sa.select(m.mailbox_id, m.folder, m.uidvalidity, m.uid).where(m.id.in_(list(ids)), m.uid.is_not(None))
    return Read(statement, lambda rows: [(int(r[0]), r[1], int(r[2] or 0), int(r[3])) for r in rows])


@dataclass(frozen=True, slots=True)
class Filed:
    """Where an inbound message was filed: its bytes' hash, its ticket, the names of the mailbox it came to and of the one its
    ticket belongs to, and whether it opened that ticket."""

    number: str
    blob_hash: str
    received_at: datetime
    came_to: str
    belongs_to: str
    opened: bool


_filed = maker(Filed, received_at=moment, opened=bool)


def filed(limit: int) -> Read[list[Filed]]:
    """The newest messages that came in, the newest first."""
    came, there, other = mailboxes.alias("came"), mailboxes.alias("there"), messages.alias("other").c
    first = sa.select(sa.func.min(other.id)).where(other.thread_id == m.thread_id).scalar_subquery()
    statement = (
        sa.select(threads.c.number, m.blob_hash, m.received_at, came.c.name, there.c.name, m.id == first)
        .join_from(messages, threads, threads.c.id == m.thread_id)
        .join(came, came.c.id == m.mailbox_id)
        .join(there, there.c.id == threads.c.mailbox_id)
    )
    newest = statement.where(m.direction == "inbound", m.blob_hash.is_not(None)).order_by(m.id.desc()).limit(limit)
    return Read(newest, lambda rows: [_filed(row) for row in rows])


def with_bytes(mailbox_id: int, raw: bytes) -> Read[str | None]:
    """The ticket that holds exactly this message of a mailbox, None when none does."""
    statement = sa.select(threads.c.number).join_from(messages, threads, threads.c.id == m.thread_id)
    here = (m.mailbox_id == mailbox_id, m.blob_hash == content_hash(raw))
    return Read(statement.where(*here), lambda rows: rows[0][0] if rows else None)


def blob(digest: str) -> Read[bytes]:
    """The bytes that are kept under a content hash; empty where there are none."""
    statement = sa.select(blobs.c.data).where(blobs.c.hash == digest)
    return Read(statement, lambda rows: zlib.decompress(rows[0][0]) if rows else b"")


def cursor(mailbox_id: int, folder: str) -> Read[Cursor | None]:
    """How far a folder has been read; None before the first time."""
    columns = (cursors.c.uidvalidity, cursors.c.last_uid, cursors.c.old_to, cursors.c.old_before)
    statement = sa.select(*columns)
    return Read(
        statement.where(cursors.c.mailbox_id == mailbox_id, cursors.c.folder == folder),
        lambda rows: _cursor(rows[0]) if rows else None,
    )


def known_ids(wanted: Collection[str]) -> Read[dict[str, int]]:
    """The thread of each known Message-ID: received, sent by us, or only referred to so far."""
    return Read(_KNOWN, lambda rows: {r[0]: r[1] for r in rows}, values={"wanted": list(wanted)})


_KNOWN = sa.select(message_ids.c.message_id, message_ids.c.thread_id).where(
    message_ids.c.message_id.in_(sa.bindparam("wanted", expanding=True))
)


def own_ids(wanted: Collection[str]) -> Read[set[str]]:
    """Which of these Message-IDs are ours: an incoming copy of one is never a ticket."""
    return Read(_OWN, lambda rows: {r[0] for r in rows}, values={"wanted": list(wanted)})


_OWN = sa.select(message_ids.c.message_id).where(
    message_ids.c.message_id.in_(sa.bindparam("wanted", expanding=True)), message_ids.c.own.is_(True)
)


def recipients(message_id: str) -> Read[tuple[str, ...]]:
    """Whom a message of ours went to, by its Message-ID."""
    statement = sa.select(m.to_addrs, m.cc_addrs).where(m.message_id == message_id, m.direction == "outbound")
    return Read(statement.limit(1), lambda rows: (*strings(rows[0][0]), *strings(rows[0][1])) if rows else ())


def participants(thread_ids: Collection[int]) -> Read[dict[int, frozenset[str]]]:
    """Every address seen in From, Reply-To, To and Cc of each thread, in lower case."""
    statement = sa.select(m.thread_id, m.from_addr, m.reply_to, m.to_addrs, m.cc_addrs)

    def convert(rows: Sequence[Any]) -> dict[int, frozenset[str]]:
        found: dict[int, set[str]] = {}
        for thread, sender, reply_to, to, cc in rows:
            addresses = [sender, reply_to, *(to or ()), *(cc or ())]
            found.setdefault(thread, set()).update(a.lower() for a in addresses if a)
        return {thread: frozenset(people) for thread, people in found.items()}

    return Read(statement.where(m.thread_id.in_(list(thread_ids))), convert)


def mailbox_names() -> Read[dict[int, str]]:
    """Every mailbox by id."""
    return Read(sa.select(mailboxes.c.id, mailboxes.c.name), lambda rows: {r[0]: r[1] for r in rows})
