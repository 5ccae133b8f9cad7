"""What happened: the timeline of a thread, the activity of the desk, the audit chain, and what workers say."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from desk.store.columns import maker, mapping, moment, stamp
from desk.store.database import Read
from desk.store.tables import audit as audit_table
from desk.store.tables import events, leases, settings, streams, worker_status
from desk.store.upsert import insert

e = events.c


@dataclass(frozen=True, slots=True)
class EventRow:
    """One thing that happened, in words; `kind` is a dotted name such as "draft.offered"."""

    id: int
    at: datetime
    kind: str
    actor: str
    text: str
    thread_id: int | None
    message_id: int | None
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One link of the audit chain."""

    id: int
    at: datetime
    actor: str
    action: str
    target: str
    data: dict[str, Any]
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """What a worker said last."""

    name: str
    state: str
    detail: str
    pid: int | None
    at: datetime


def record(
    tx: Connection,
    kind: str,
    text: str,
    *,
    actor: str,
    at: datetime,
    thread_id: int | None = None,
    message_id: int | None = None,
    data: Mapping[str, Any] | None = None,
) -> int:
    """Add one event to the timeline and the activity; returns its id."""
    values = {"kind": kind, "text": text.replace("\0", ""), "actor": actor, "at": stamp(at), "data": dict(data or {})}
    added = tx.execute(_RECORD, {"thread_id": thread_id, "message_id": message_id, **values})
    return int(added.scalar_one())


_RECORD = events.insert().returning(e.id)


def link(at: float, actor: str, action: str, target: str, data: Mapping[str, Any], previous: str) -> str:
    """SHA-256 over one audit fact and the hash before it, in hex."""
    body = json.dumps([at, actor, action, target, dict(data), previous], sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(body.encode()).hexdigest()


def audit(
    tx: Connection, actor: str, action: str, target: str, data: Mapping[str, Any] | None = None, *, at: datetime
) -> str:
    """Append one fact to the audit chain; returns its hash. The chain is locked: two writers can't fork it."""
    if tx.dialect.name == "postgresql":
        tx.execute(sa.text("LOCK TABLE audit IN EXCLUSIVE MODE"))
    a = audit_table.c
    previous = tx.execute(sa.select(a.hash).order_by(a.id.desc()).limit(1)).scalar() or ""
    seconds, facts = stamp(at) or 0.0, dict(data or {})
    digest = link(seconds, actor, action, target, facts, previous)
    values = {"actor": actor, "action": action, "target": target, "data": facts, "previous": previous, "hash": digest}
    tx.execute(audit_table.insert().values(at=seconds, **values))
    return digest


def audit_rows(limit: int | None = None) -> Read[list[AuditRow]]:
    """The audit chain, oldest first."""
    a = audit_table.c
    statement = sa.select(a.id, a.at, a.actor, a.action, a.target, a.data, a.previous, a.hash).order_by(a.id)
    return Read(
        statement.limit(limit),
        lambda rows: [_audit_row(r) for r in rows],
    )


def audit_broken() -> Read[int | None]:
    """The id of the first audit fact that was changed, removed or put in, None when the chain holds."""
    a = audit_table.c
    statement = sa.select(a.at, a.actor, a.action, a.target, a.data, a.previous, a.hash, a.id).order_by(a.id)

    def convert(rows: Sequence[Any]) -> int | None:
        last = ""
        for r in rows:
            if r[5] != last or link(r[0], r[1], r[2], r[3], r[4] or {}, r[5]) != r[6]:
                return int(r[7])
            last = r[6]
        return None

    return Read(statement, convert)


_event = maker(EventRow, at=moment, data=mapping)
_audit_row = maker(AuditRow, at=moment, data=mapping)
_worker = maker(WorkerRow, at=moment)


def _events(rows: Sequence[Any]) -> list[EventRow]:
    return [_event(r) for r in rows]


_EVENT = (e.id, e.at, e.kind, e.actor, e.text, e.thread_id, e.message_id, e.data)


def activity(limit: int = 200, kind: str = "") -> Read[list[EventRow]]:
    """The newest events of the whole desk, newest first; `kind` keeps those whose kind starts with it."""
    statement = sa.select(*_EVENT).order_by(e.id.desc()).limit(limit)
    return Read(statement.where(e.kind.startswith(kind, autoescape=True)) if kind else statement, _events)


def timeline(thread_id: int) -> Read[list[EventRow]]:
    """Everything that happened to a thread, oldest first."""
    return Read(sa.select(*_EVENT).where(e.thread_id == thread_id).order_by(e.id), _events)


def set_worker(
    tx: Connection, name: str, state: str, detail: str = "", *, at: datetime, pid: int | None = None
) -> None:
    """Say what a worker does now (`state` a word: idle, working, off, error), for the header line."""
    values = {"state": state, "detail": detail, "at": stamp(at), "pid": pid}
    statement = insert(tx, worker_status).values(name=name, **values)
    tx.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))


def keep_workers(tx: Connection, kind: str, names: Collection[str]) -> None:
    """Forget what workers of this kind (the word before the colon) said that are no more: a folder no longer watched."""
    w = worker_status.c
    ours = sa.or_(w.name == kind, w.name.startswith(f"{kind}:", autoescape=True))
    tx.execute(worker_status.delete().where(ours, w.name.not_in(list(names))))


def workers() -> Read[list[WorkerRow]]:
    """What every worker said last, by name."""
    w = worker_status.c
    statement = sa.select(w.name, w.state, w.detail, w.pid, w.at).order_by(w.name)
    return Read(statement, lambda rows: [_worker(r) for r in rows])


def damage() -> Read[str]:
    """What is wrong with the database's file, empty when nothing is; PostgreSQL looks after its own."""

    def look(dialect: str) -> sa.Executable:
        return sa.text("PRAGMA quick_check(1)" if dialect == "sqlite" else "SELECT 'ok'")

    return Read(look, lambda rows: "" if not rows or rows[0][0] == "ok" else str(rows[0][0]))


def stream(tx: Connection, thread_id: int, text: str, *, at: datetime) -> None:
    """Show a draft while it is being written; an empty text ends the show."""
    if not text:
        tx.execute(streams.delete().where(streams.c.thread_id == thread_id))
        return
    values = {"text": text, "at": stamp(at)}
    statement = insert(tx, streams).values(thread_id=thread_id, **values)
    tx.execute(statement.on_conflict_do_update(index_elements=["thread_id"], set_=values))


def streaming(thread_id: int) -> Read[str]:
    """The draft being written for a thread right now, empty when none is."""
    statement = sa.select(streams.c.text).where(streams.c.thread_id == thread_id)
    return Read(statement, lambda rows: rows[0][0] if rows else "")


def setting(name: str) -> Read[Any]:
    """One stored setting (any JSON value), None when it was never set."""
    statement = sa.select(settings.c.value).where(settings.c.name == name)
    return Read(statement, lambda rows: rows[0][0] if rows else None)


def set_setting(tx: Connection, name: str, value: Any) -> None:
    """Store one setting (any JSON value)."""
    statement = insert(tx, settings).values(name=name, value=value)
    tx.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"value": value}))


def lease(tx: Connection, name: str, token: str, owner: str, *, now: datetime, seconds: float) -> bool:
    """Take or renew a named lease (the one writer of the vector index); False while somebody else holds it."""
    at = stamp(now) or 0.0
    values = {"token": token, "owner": owner, "until": at + seconds}
    statement = insert(tx, leases).values(name=name, **values)
    free = sa.or_(leases.c.token == token, leases.c.until < at)
    taken = tx.execute(
        statement.on_conflict_do_update(index_elements=["name"], set_=values, where=free).returning(leases.c.token)
    )
    return taken.scalar() == token


def first_time(tx: Connection, name: str, *, now: datetime, seconds: float) -> bool:
    """Whether `name` comes by for the first time within `seconds`; what is older is forgotten on the way."""
    at = stamp(now) or 0.0
    tx.execute(leases.delete().where(leases.c.owner == _ONCE, leases.c.until < at))
    statement = insert(tx, leases).values(name=f"{_ONCE}:{name}", token="", owner=_ONCE, until=at + seconds)
    added = statement.on_conflict_do_nothing(index_elements=["name"]).returning(leases.c.name)
    return tx.execute(added).scalar() is not None


_ONCE = "once"


def end_lease(tx: Connection, name: str, token: str) -> None:
    """Give a named lease back, if it is still ours."""
    tx.execute(leases.delete().where(leases.c.name == name, leases.c.token == token))
