"""Messages as they are written: bytes, rows, Message-IDs and the thread, all in the caller's one write."""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from desk.domain.enums import Direction, MessageStatus, ThreadStatus
from desk.domain.guarded import Scan, content_hash
from desk.domain.mail import Fetched, Outgoing, ParsedMail
from desk.domain.states import MESSAGE_MOVES
from desk.store.columns import stamp
from desk.store.states import transition
from desk.store.tables import attachments, blobs, cursors, evidence, mailboxes, message_ids, messages, threads
from desk.store.upsert import insert, unless_there

m = messages.c


def set_cursor(
    tx: Connection,
    mailbox_id: int,
    folder: str,
    uidvalidity: int,
    last_uid: int,
    old_to: int = 0,
    old_before: datetime | None = None,
    *,
    at: datetime,
) -> None:
    """Note how far a folder has been read, in the same write as what was read."""
    values = {"uidvalidity": uidvalidity, "last_uid": last_uid, "old_to": old_to, "old_before": stamp(old_before)}
    values["at"] = stamp(at)
    statement = insert(tx, cursors).values(mailbox_id=mailbox_id, folder=folder, **values)
    tx.execute(statement.on_conflict_do_update(index_elements=["mailbox_id", "folder"], set_=values))


def mailbox(tx: Connection, name: str, address: str, *, at: datetime, channel: str = "email") -> int:
    """The id of a mailbox, created when new; its address follows the configuration."""
    statement = insert(tx, mailboxes).values(name=name, address=address, channel=channel, added_at=stamp(at))
    statement = statement.on_conflict_do_update(index_elements=["name"], set_={"address": address, "channel": channel})
    return int(tx.execute(statement.returning(mailboxes.c.id)).scalar_one())


def alone(tx: Connection, mailbox_id: int) -> None:
    """Let nobody else file mail of this mailbox until the end of this write: another desk on PostgreSQL waits here, and sees
    then what was filed. On SQLite a write is alone anyway."""
    tx.execute(_ALONE, {"box": mailbox_id})


_ALONE = sa.select(mailboxes.c.id).where(mailboxes.c.id == sa.bindparam("box")).with_for_update(key_share=True)


def keep(tx: Connection, content: bytes, at: datetime) -> str:
    """Keep bytes by content hash, compressed; returns the hash."""
    digest = content_hash(content)
    values = {"hash": digest, "data": zlib.compress(content, 6), "size": len(content), "at": stamp(at)}
    tx.execute(unless_there(tx, blobs, "hash"), values)
    return digest


# Statements of the way of every message, made once: building one anew takes several times as long as running it.
_HERE = sa.and_(
    m.folder == sa.bindparam("folder"), m.uidvalidity == sa.bindparam("uidvalidity"), m.uid == sa.bindparam("uid")
)
_SEEN = (
    sa.select(m.id, _HERE)
    .where(m.mailbox_id == sa.bindparam("box"), sa.or_(_HERE, m.blob_hash == sa.bindparam("digest")))
    .order_by(_HERE.desc())
)
_ADD = messages.insert().returning(m.id)


def seen(tx: Connection, mailbox_id: int, fetched: Fetched) -> int | None:
    """The row of a message this mailbox already holds (same place, or same bytes), else None.

    The same bytes under a new UID mean the folder was renumbered: the row then follows to its new place.
    """
    here = {"folder": fetched.folder, "uidvalidity": fetched.uidvalidity, "uid": fetched.uid}
    found = tx.execute(_SEEN, {**here, "box": mailbox_id, "digest": content_hash(fetched.raw)}).first()
    if found is None:
        return None
    if not found[1]:
        tx.execute(messages.update().where(m.id == found[0]).values(here))
    return int(found[0])


def receive(
    tx: Connection,
    *,
    mailbox_id: int,
    fetched: Fetched,
    parsed: ParsedMail,
    thread_id: int,
    now: datetime,
    direction: Direction = Direction.INBOUND,
    status: MessageStatus = MessageStatus.RECEIVED,
    history: bool = False,
    attachment_hashes: Sequence[str] = (),
    asked: bool = False,
) -> int | None:
    """Store one message with its bytes, attachments and Message-IDs, and bring its thread up to date.

    Returns its row id, None when the mailbox already holds it (ask `seen` first to avoid an empty thread, and say that
    you have `asked`).
    """
    if not asked and seen(tx, mailbox_id, fetched) is not None:
        return None
    values = {"mailbox_id": mailbox_id, "status": str(status), "blob_hash": keep(tx, fetched.raw, now)}
    values |= row(fetched, parsed, thread_id, direction, history=history)
    message_id = int(tx.execute(_ADD, values).scalar_one())
    if files := file_rows(message_id, parsed, attachment_hashes):
        tx.execute(attachments.insert(), files)
    named = (*parsed.references, parsed.in_reply_to)
    index_ids(tx, thread_id, parsed.message_id, named, own=direction is Direction.OUTBOUND)
    reopen = not (history or parsed.auto)
    proof = "" if parsed.auto else parsed.authentication
    touch(
        tx,
        thread_id,
        direction,
        fetched.received_at,
        snippet(parsed),
        files=bool(files),
        reopen=reopen,
        authentication=proof,
    )
    return message_id


def row(fetched: Fetched, parsed: ParsedMail, thread_id: int, direction: Direction, *, history: bool) -> dict[str, Any]:
    """The columns of a message that follow from what was fetched and parsed."""
    texts = ("message_id", "in_reply_to", "from_addr", "from_name", "reply_to", "subject", "text", "reply_text")
    values: dict[str, Any] = {name: getattr(parsed, name).replace("\0", "") for name in texts}
    values["from_addr"] = values["from_addr"].lower()
    values |= {"thread_id": thread_id, "direction": str(direction), "history": history, "size": len(fetched.raw)}
    values |= {"folder": fetched.folder, "uidvalidity": fetched.uidvalidity, "uid": fetched.uid}
    values |= {"received_at": stamp(fetched.received_at), "sent_at": stamp(parsed.date)}
    values |= {"to_addrs": list(parsed.to), "cc_addrs": list(parsed.cc), "reference_ids": list(parsed.references)}
    values |= {"auto": parsed.auto or "", "auto_reason": parsed.auto_reason, "problems": list(parsed.problems)}
    values["authentication"] = parsed.authentication
    return values


def file_rows(message_id: int, parsed: ParsedMail, hashes: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The rows of a message's attachments; `hashes` are those of their bytes, where they are known already."""
    rows = []
    for place, file in enumerate(parsed.attachments):
        digest = hashes[place] if place < len(hashes) else ""
        if not digest and file.content is not None:
            digest = content_hash(file.content)
        values = {"filename": file.filename.replace("\0", ""), "content_type": file.content_type, "size": file.size}
        rows.append({"message_id": message_id, "hash": digest, "content_id": file.content_id, **values})
    return rows


def risky(tx: Connection, message_id: int, found: Mapping[int, str]) -> None:
    """Note which attachments of a message (by their place) should not just be opened, and why."""
    a = attachments.c
    ids = tx.execute(sa.select(a.id).where(a.message_id == message_id).order_by(a.id)).scalars().all()
    for place, why in found.items():
        if place < len(ids):
            tx.execute(attachments.update().where(a.id == ids[place]).values(risk=why))


def snippet(parsed: ParsedMail) -> str:
    """The first words of a message, for lists."""
    return " ".join((parsed.reply_text or parsed.text).replace("\0", "")[:600].split())[:160]


def index_ids(
    tx: Connection, thread_id: int, message_id: str, references: Iterable[str] = (), *, own: bool = False
) -> None:
    """Make Message-IDs lead to the thread; those only referred to are placeholders until their mail comes."""
    waiting = [{"message_id": i, "thread_id": thread_id, "placeholder": True} for i in references if i]
    if waiting:
        tx.execute(unless_there(tx, message_ids, "message_id"), waiting)
    if message_id:
        here = {"message_id": message_id, "thread_id": thread_id, "own": own, "placeholder": False}
        tx.execute(arrived(tx.dialect.name), here)


@lru_cache(maxsize=2)
def arrived(dialect: str) -> Any:
    """A Message-ID whose mail came: a placeholder follows it into its thread, a known one stays where it is."""
    base = sqlite.insert(message_ids) if dialect == "sqlite" else postgresql.insert(message_ids)
    c, new = message_ids.c, base.excluded
    values = {
        "placeholder": sa.false(),
        "own": sa.or_(c.own, new.own),
        "thread_id": sa.case((c.placeholder, new.thread_id), else_=c.thread_id),
    }
    return base.on_conflict_do_update(index_elements=["message_id"], set_=values)


def touch(
    tx: Connection,
    thread_id: int,
    direction: Direction,
    at: datetime,
    snippet: str,
    *,
    files: bool,
    reopen: bool,
    authentication: str = "",
) -> None:
    """Bring a thread's row up to date after a message.

    An inbound one wakes and reopens it, unless it is history or a machine wrote it.
    """
    given = {"thread": thread_id, "seconds": stamp(at), "words": snippet}
    if authentication:
        given["proof"] = authentication
    tx.execute(touched(direction is Direction.INBOUND, files, proven=bool(authentication)), given)
    if direction is Direction.INBOUND and reopen:
        tx.execute(REOPEN, {"thread": thread_id})


@lru_cache(maxsize=8)
def touched(inbound: bool, files: bool, *, proven: bool) -> sa.Update:
    """The update of a thread's row by one more message, with the parameters `thread`, `seconds`, `words` and, where
    something is `proven`, `proof`."""
    c, seconds = threads.c, sa.bindparam("seconds", type_=sa.Double)
    side = c.last_inbound_at if inbound else c.last_outbound_at
    values: dict[str, Any] = {
        "last_message_at": sa.case((c.last_message_at < seconds, seconds), else_=c.last_message_at),
        "first_message_at": sa.case((c.first_message_at > seconds, seconds), else_=c.first_message_at),
        "message_count": c.message_count + 1,
        "snippet": sa.bindparam("words"),
        "version": c.version + 1,
        side.name: sa.case((sa.or_(side.is_(None), side < seconds), seconds), else_=side),
        **({"authentication": sa.bindparam("proof")} if proven else {}),
        **({"has_attachments": True} if files else {}),
    }
    return threads.update().where(c.id == sa.bindparam("thread")).values(values)


_ASLEEP = [str(s) for s in (ThreadStatus.WAITING, ThreadStatus.ON_HOLD, ThreadStatus.RESOLVED, ThreadStatus.ARCHIVED)]
REOPEN = (
    threads.update()
    .where(
        threads.c.id == sa.bindparam("thread"),
        sa.or_(*(threads.c.status == s for s in _ASLEEP)),
        threads.c.merged_into.is_(None),
    )
    .values(status=str(ThreadStatus.OPEN), snoozed_until=None, resolved_at=None)
)


def outbound(
    tx: Connection,
    *,
    thread_id: int,
    mailbox_id: int,
    out: Outgoing,
    body: str,
    at: datetime,
    references: Sequence[str] = (),
) -> int:
    """Store what we sent as a message of its thread, its Message-ID marked as our own; twice changes nothing."""
    known = tx.execute(sa.select(m.id).where(m.message_id == out.message_id, m.direction == "outbound")).scalar()
    if known is not None:
        return int(known)
    row = {
        "thread_id": thread_id,
        "mailbox_id": mailbox_id,
        "direction": str(Direction.OUTBOUND),
        "status": str(MessageStatus.SENT),
        "blob_hash": keep(tx, out.raw, at),
        "size": len(out.raw),
        "message_id": out.message_id,
        "from_addr": out.sender.lower(),
        "to_addrs": list(out.recipients),
        "cc_addrs": [],
        "reference_ids": list(references),
        "problems": [],
        "subject": out.subject,
        "text": body,
        "reply_text": body,
        "received_at": stamp(at),
        "sent_at": stamp(at),
        "flagged": False,
        "complete": True,
        "scanner": "own",
        "clean_text": body,
    }
    message_id = int(tx.execute(_ADD, row).scalar_one())
    index_ids(tx, thread_id, out.message_id, own=True)
    touch(tx, thread_id, Direction.OUTBOUND, at, " ".join(body[:600].split())[:160], files=False, reopen=False)
    return message_id


def scanned(tx: Connection, message_id: int, scan: Scan, *, now: datetime, released: bool = False) -> None:
    """Store a verdict with its evidence, and the clean text where there is one; an earlier verdict gives way."""
    verdict = scan.verdict
    tx.execute(
        messages.update()
        .where(m.id == message_id)
        .values(
            flagged=verdict.flagged,
            score=verdict.score,
            attack_type=str(verdict.attack_type),
            spam=verdict.spam,
            phishing=verdict.phishing,
            complete=verdict.complete,
            scanner=verdict.scanner,
            scanned_at=stamp(now),
            clean_text=None if scan.clean is None else scan.clean.text,
            hidden_text=scan.hidden.replace("\0", ""),
            visible_text=scan.visible.replace("\0", ""),
            released=released,
        )
    )
    tx.execute(evidence.delete().where(evidence.c.message_id == message_id))
    found = [
        {
            "message_id": message_id,
            **{name: getattr(e, name).replace("\0", "") for name in ("layer", "rule", "channel", "text")},
            **{"start_at": e.start, "end_at": e.end, "weight": e.weight, "attack_type": str(e.attack_type)},
        }
        for e in verdict.evidence
    ]
    if found:
        tx.execute(evidence.insert(), found)


def move(tx: Connection, message_id: int, new: MessageStatus, *, expect: MessageStatus | None = None) -> None:
    """Move a message to `new`; IllegalMove when its status does not lead there, Conflict when it is not `expect`."""
    where = () if expect is None else (m.status == str(expect),)
    transition(tx, messages, MESSAGE_MOVES, message_id, new, column="status", where=where)


def take(tx: Connection, thread_id: int, run_id: int, statuses: Iterable[MessageStatus]) -> list[int]:
    """Stamp a thread's waiting inbound messages with the run that answers them; returns their ids, oldest first.

    Messages without a run, and those of an earlier run that still wait for an answer, belong to the batch.
    """
    waiting = sa.and_(
        m.thread_id == thread_id,
        m.direction == "inbound",
        m.history.is_(False),
        m.status.in_([str(s) for s in statuses]),
    )
    tx.execute(messages.update().where(waiting).values(run_id=run_id))
    found = tx.execute(sa.select(m.id).where(m.run_id == run_id).order_by(m.received_at, m.id))
    return [int(i) for i in found.scalars()]
