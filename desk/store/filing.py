"""A batch of messages on its way into the store: what it may meet is looked up at once, and all of it written at once.

Between the two everything is decided in memory, so that a message of a batch finds the ticket that one before it opened.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from desk.config_rules import RuleConfig
from desk.domain.enums import Direction, MessageStatus
from desk.domain.mail import Fetched, ParsedMail
from desk.store import intake, joining, people, threading, threads
from desk.store.columns import moment, stamp
from desk.store.tables import attachments, blobs, events, message_ids, messages, refusals, runs
from desk.store.tables import threads as tickets
from desk.store.upsert import add, reserve, unless_there

m, t, names = messages.c, tickets.c, message_ids.c


@dataclass(frozen=True, slots=True)
class Letter:
    """One message ready to be filed: parsed, its bytes compressed (zlib), their SHA-256, and what leads to its thread.

    `hashes` are those of its attachments' bytes, empty where there are none.
    """

    fetched: Fetched
    mail: ParsedMail
    digest: str
    packed: bytes = field(repr=False)
    hashes: tuple[str, ...]
    subject_key: str = ""
    tag: str = ""


@dataclass(slots=True)
class Ticket:
    """What a decision needs to know of a ticket: its time, everybody in it, and who wrote."""

    first_at: datetime
    last_at: datetime
    people: set[str] = field(default_factory=set)
    authors: set[str] = field(default_factory=set)
    merged_into: int | None = None


_Place = tuple[str, int, int]


@dataclass(slots=True)
class _Id:
    thread_id: int
    own: bool
    placeholder: bool


class Filing:
    """One batch for one mailbox, inside one write. Ask and add in the order of arrival, then `write`.

    `mailboxes` are those, by name, that a rule may give a ticket to.
    """

    def __init__(
        self, tx: Connection, mailbox_id: int, letters: Sequence[Letter], now: datetime,
        mailboxes: Mapping[str, int] = MappingProxyType({}),
    ) -> None:  # fmt: skip
        self.tx, self.mailbox_id, self.now, self._mailboxes = tx, mailbox_id, now, mailboxes
        self._thread_ids = iter(reserve(tx, tickets, len(letters)))
        self._message_ids = iter(reserve(tx, messages, len(letters)))
        self._letters = letters
        self._look()
        self._opened: dict[int, dict[str, Any]] = {}
        self._from: dict[int, tuple[str, str]] = {}
        self._touched: dict[tuple[bool, bool, bool], list[dict[str, Any]]] = {}
        self._reopened: list[int] = []
        self._refused: list[tuple[int, int, str]] = []
        self._ruled: list[tuple[int, RuleConfig]] = []
        self._rows: dict[str, list[dict[str, Any]]] = {
            name: [] for name in ("blobs", "messages", "files", "events", "runs")
        }
        self._waiting: list[dict[str, Any]] = []
        self._arrived: list[dict[str, Any]] = []

    # Looking up ------------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        mails = [x.mail for x in self._letters]
        self._hashes, self._places = self._stored(self._letters)
        self._ids = self._named(i for x in mails for i in (x.message_id, x.in_reply_to, *x.references) if i)
        self._subjects = self._alike(self._letters)
        self._tags = self._tagged(self._letters)
        found = {i.thread_id for i in self._ids.values()} | {i for ids in self._subjects.values() for i in ids}
        self.tickets = self._known(found | set(self._tags.values()))
        awaited = self._all(sa.select(refusals.c.into_id), refusals.c.into_id, self.tickets)
        self._awaited: set[int] = {r[0] for r in awaited}

    def _stored(self, letters: Sequence[Letter]) -> tuple[dict[str, int], dict[_Place, tuple[str, str]]]:
        """Rows of this mailbox by the hash of their bytes, and those hashes with their Message-IDs by their place."""
        columns = (m.id, m.blob_hash, m.folder, m.uidvalidity, m.uid, m.message_id)
        here = sa.select(*columns).where(m.mailbox_id == self.mailbox_id)
        rows = list(self._all(here, m.blob_hash, {x.digest for x in letters}))
        folders: dict[tuple[str, int], set[int]] = {}
        for x in letters:
            folders.setdefault((x.fetched.folder, x.fetched.uidvalidity), set()).add(x.fetched.uid)
        for (folder, uidvalidity), uids in folders.items():
            placed = here.where(m.folder == folder, m.uidvalidity == uidvalidity)
            rows += self._all(placed, m.uid, uids)
        return {r[1]: r[0] for r in rows}, {(r[2], r[3], r[4]): (r[1], r[5]) for r in rows}

    def _named(self, wanted: Iterable[str]) -> dict[str, _Id]:
        columns = sa.select(names.message_id, names.thread_id, names.own, names.placeholder)
        return {r[0]: _Id(r[1], bool(r[2]), bool(r[3])) for r in self._all(columns, names.message_id, set(wanted))}

    def _alike(self, letters: Sequence[Letter]) -> dict[tuple[str, str], list[int]]:
        """Tickets by contact and subject."""
        senders = {x.mail.from_addr.lower() for x in letters if x.subject_key}
        keys = {x.subject_key for x in letters if x.subject_key}
        boxes = {self.mailbox_id, *self._mailboxes.values()}
        select = sa.select(t.id, t.contact_addr, t.subject_key).where(t.mailbox_id.in_(sorted(boxes)))
        found: dict[tuple[str, str], list[int]] = {}
        for thread_id, sender, key in self._all(select.where(t.contact_addr.in_(sorted(senders))), t.subject_key, keys):
            found.setdefault((sender, key), []).append(thread_id)
        return found

    def _tagged(self, letters: Sequence[Letter]) -> dict[str, int]:
        rows = self._all(sa.select(t.number, t.id), t.number, {x.tag for x in letters if x.tag})
        return {r[0]: r[1] for r in rows}

    def _known(self, ids: Collection[int]) -> dict[int, Ticket]:
        """These tickets, and those they were merged into."""
        found: dict[int, Ticket] = {}
        missing = set(ids)
        while missing:
            rows = list(self._all(sa.select(t.id, t.first_message_at, t.last_message_at, t.merged_into), t.id, missing))
            found |= {
                r[0]: Ticket(moment(r[2] if r[1] is None else r[1]), moment(r[2]), merged_into=r[3]) for r in rows
            }
            missing = {r[3] for r in rows if r[3] is not None} - set(found)
        columns = sa.select(m.thread_id, m.from_addr, m.reply_to, m.to_addrs, m.cc_addrs)
        for thread, sender, reply_to, to, cc in self._all(columns, m.thread_id, found):
            found[thread].people.update(_people(sender, reply_to, to, cc))
            found[thread].authors.add(sender)
        return found

    def _all(self, select: sa.Select[Any], column: sa.ColumnElement[Any], wanted: Iterable[Any]) -> Iterable[Any]:
        values = sorted(wanted)
        for start in range(0, len(values), _AT_ONCE):
            yield from self.tx.execute(select.where(column.in_(values[start : start + _AT_ONCE])))

    def look_up(self, message_ids: Iterable[str]) -> None:
        """Find further Message-IDs than the batch's messages name, with their tickets."""
        found = self._named(i for i in message_ids if i not in self._ids)
        self._ids |= found
        self.tickets |= self._known({i.thread_id for i in found.values()} - set(self.tickets))

    # Asking ----------------------------------------------------------------------------------------------------------

    def seen(self, letter: Letter) -> bool:
        """Whether the mailbox holds this message. The same bytes under a new UID mean that the folder was renumbered: the row
        then follows to its new place. Another message in a known place means that a server gave a UID twice: the row that
        was there has none any more."""
        f, row = letter.fetched, self._hashes.get(letter.digest)
        place, name = (f.folder, f.uidvalidity, f.uid), letter.mail.message_id
        there, known = self._places.get(place, ("", ""))
        if there and (there == letter.digest or (name and name == known)):
            return True
        if not there and row is None:
            return False
        self._write_messages()
        if there:
            self.tx.execute(messages.update().where(m.id == self._hashes[there]).values(uidvalidity=None, uid=None))
        if row is not None:
            self.tx.execute(
                messages.update().where(m.id == row).values(folder=f.folder, uidvalidity=f.uidvalidity, uid=f.uid)
            )
            self._places[place] = letter.digest, name
        return row is not None

    def is_own(self, message_id: str) -> bool:
        """Whether we sent the message with this id."""
        found = self._ids.get(message_id)
        return found is not None and found.own

    def referred(self, message_ids: Iterable[str]) -> list[int]:
        """The tickets these Message-IDs lead to."""
        return [self._ids[i].thread_id for i in message_ids if i in self._ids]

    def by_tag(self, tag: str) -> int | None:
        """The ticket of this number."""
        return self._tags.get(tag)

    def alike(self, sender: str, subject_key: str, since: datetime) -> list[int]:
        """This contact's tickets with this subject since then, newest first."""
        found = (i for i in self._subjects.get((sender.lower(), subject_key), ()) if self.tickets[i].last_at >= since)
        return sorted(found, key=lambda i: self.tickets[i].last_at, reverse=True)

    # Adding ----------------------------------------------------------------------------------------------------------

    def open(self, letter: Letter, who: str, name: str, channel: str, **columns: Any) -> int:
        """A new ticket for this message, of the contact `who`; returns its id."""
        thread_id = next(self._thread_ids)
        at = letter.fetched.received_at
        seconds = stamp(at)
        key, addr = letter.subject_key, who.lower()
        row = {"id": thread_id, "mailbox_id": self.mailbox_id, "subject": letter.mail.subject.replace("\0", "")}
        row |= {"contact_addr": addr, "first_message_at": seconds, "last_message_at": seconds, "created_at": seconds}
        row |= {"last_inbound_at": None, "last_outbound_at": None, "snippet": "", "message_count": 0, "version": 0}
        row |= {
            "subject_key": key,
            "channel": channel,
            "has_attachments": False,
            "authentication": "",
            "status": "open",
            "step": "",
            "assigned_to": "",
        }
        self._opened[thread_id] = row | columns
        self._from[thread_id] = ((who or "unknown").strip().lower(), name)
        self.tickets[thread_id] = Ticket(at, at)
        if key:
            self._subjects.setdefault((addr, key), []).append(thread_id)
        return thread_id

    def follow(self, thread_id: int, rule: RuleConfig, at: datetime) -> None:
        """Do with the ticket just opened what a rule says; its timeline tells it, as of then."""
        belongs_to = self._mailboxes.get(rule.mailbox, self.mailbox_id)
        self._opened[thread_id] |= {"mailbox_id": belongs_to, "assigned_to": rule.assign}
        self._ruled.append((thread_id, rule))
        fact = {
            "kind": "thread.ruled",
            "text": f"“{rule.name}”: {rule.does}".replace("\0", ""),
            "actor": "rule",
            "data": {},
        }
        self._rows["events"].append(fact | {"at": stamp(at), "thread_id": thread_id, "message_id": None})

    def add(
        self, letter: Letter, thread_id: int, *, direction: Direction, status: MessageStatus, history: bool, run: str,
        step: str, event: tuple[str, str],
    ) -> int:  # fmt: skip
        """Put a message into its ticket, with a queued run of this kind and a fact for the timeline (kind, words);
        returns its row id."""
        fetched, mail = letter.fetched, letter.mail
        message_id = next(self._message_ids)
        self._hashes[letter.digest] = message_id
        self._places[fetched.folder, fetched.uidvalidity, fetched.uid] = letter.digest, mail.message_id
        at, now = stamp(fetched.received_at), stamp(self.now)
        self._rows["blobs"].append({"hash": letter.digest, "data": letter.packed, "size": len(fetched.raw), "at": now})
        self._rows["messages"].append(
            {
                "id": message_id,
                "mailbox_id": self.mailbox_id,
                "status": str(status),
                "blob_hash": letter.digest,
                **intake.row(fetched, mail, thread_id, direction, history=history),
            }
        )
        self._rows["files"] += intake.file_rows(message_id, mail, letter.hashes)
        kind, words = event
        fact: dict[str, Any] = {
            "kind": kind,
            "text": words.replace("\0", ""),
            "actor": "fetch",
            "at": at if history else now,
            "data": {},
        }
        self._rows["events"].append(fact | {"thread_id": thread_id, "message_id": message_id})
        due: dict[str, Any] = {
            "run_at": now,
            "first_at": now,
            "created_at": now,
            "urgent": False,
            "coalesce_key": None,
            "data": {},
        }
        self._rows["runs"].append({"kind": run, "step": step, "thread_id": thread_id, "message_id": message_id, **due})
        self._name(mail, thread_id, own=direction is Direction.OUTBOUND)
        self._touch(thread_id, letter, direction, reopen=not (history or mail.auto))
        return message_id

    def refuse(self, thread_id: int, into: int, sender: str) -> None:
        """Note that a message of `thread_id` names one of `into`, whose circle its sender is not in (yet)."""
        self._refused.append((thread_id, into, sender))
        self._awaited.add(into)

    def join(self, thread_id: int, also: Collection[int], *, grown: bool) -> None:
        """Join the tickets that the message just added connects, and with `grown` those that waited for its circle."""
        if also or (grown and thread_id in self._awaited):
            self.write()
            joining.join(self.tx, thread_id, also, grown=grown, now=self.now)
            self._look()

    def _name(self, mail: ParsedMail, thread_id: int, *, own: bool) -> None:
        for i in (*mail.references, mail.in_reply_to):
            if i and i not in self._ids:
                self._ids[i] = _Id(thread_id, False, True)
                self._waiting.append({"message_id": i, "thread_id": thread_id, "placeholder": True})
        if mail.message_id:
            known = self._ids.get(mail.message_id)
            if known is None or known.placeholder:
                self._ids[mail.message_id] = _Id(thread_id, own or (known is not None and known.own), False)
            here = {"message_id": mail.message_id, "thread_id": thread_id, "own": own, "placeholder": False}
            self._arrived.append(here)

    def _touch(self, thread_id: int, letter: Letter, direction: Direction, *, reopen: bool) -> None:
        at, snippet = letter.fetched.received_at, intake.snippet(letter.mail)
        ticket = self.tickets[thread_id]
        ticket.first_at, ticket.last_at = min(ticket.first_at, at), max(ticket.last_at, at)
        mail = letter.mail
        ticket.people.update(_people(mail.from_addr, mail.reply_to, mail.to, mail.cc))
        ticket.authors.add(mail.from_addr.lower())
        inbound, files, proof = (
            direction is Direction.INBOUND,
            bool(mail.attachments),
            "" if mail.auto else mail.authentication,
        )
        row = self._opened.get(thread_id)
        if row is None:
            given = {"thread": thread_id, "seconds": stamp(at), "words": snippet}
            self._touched.setdefault((inbound, files, bool(proof)), []).append(
                given | ({"proof": proof} if proof else {})
            )
            if inbound and reopen:
                self._reopened.append(thread_id)
            return
        seconds = stamp(at) or 0.0
        side = "last_inbound_at" if inbound else "last_outbound_at"
        row["last_message_at"] = max(row["last_message_at"], seconds)
        row["first_message_at"] = min(row["first_message_at"], seconds)
        row[side] = max(row[side] or seconds, seconds)
        row |= {"message_count": row["message_count"] + 1, "version": row["version"] + 1, "snippet": snippet}
        row["has_attachments"] = row["has_attachments"] or files
        row["authentication"] = proof or row["authentication"]

    # Writing ---------------------------------------------------------------------------------------------------------

    def write(self) -> None:
        """Write what was added since the last time, in this transaction."""
        self._write_messages()
        for (inbound, files, proven), given in self._touched.items():
            self.tx.execute(intake.touched(inbound, files, proven=proven), given)
        if self._reopened:
            self.tx.execute(intake.REOPEN, [{"thread": i} for i in self._reopened])
        self._touched.clear()
        self._reopened.clear()
        self._insert(events, "events")
        self._insert(runs, "runs")
        joining.refuse(self.tx, self._refused)
        self._refused.clear()
        for thread_id, rule in self._ruled:
            for tag in rule.tags:
                threading.set_tag(self.tx, thread_id, tag.strip().lower(), on=True, by="rule")
            if rule.assign:
                people.ensure_agent(self.tx, rule.assign, at=self.now)
        self._ruled.clear()

    def _write_messages(self) -> None:
        self._write_tickets()
        self._insert(unless_there(self.tx, blobs, "hash"), "blobs")
        self._insert(messages, "messages")
        self._insert(attachments, "files")
        add(self.tx, unless_there(self.tx, message_ids, "message_id"), self._waiting)
        add(self.tx, intake.arrived(self.tx.dialect.name), self._arrived)
        self._waiting.clear()
        self._arrived.clear()

    def _write_tickets(self) -> None:
        if not self._opened:
            return
        contacts = people.contacts_of(self.tx, list(self._from.values()), at=self.now)
        numbers = threads.next_numbers(self.tx, len(self._opened))
        rows = [
            row | {"number": number, "contact_id": contacts[self._from[key][0]]}
            for (key, row), number in zip(self._opened.items(), numbers, strict=True)
        ]
        add(self.tx, tickets, rows)
        self._opened.clear()
        self._from.clear()

    def _insert(self, statement: Any, name: str) -> None:
        add(self.tx, statement, self._rows[name])
        self._rows[name].clear()


_AT_ONCE = 5000
"""Values of one look-up: SQLite takes 32,766 and PostgreSQL 65,535 in a statement."""


def _people(sender: str, reply_to: str, to: Iterable[str] | None, cc: Iterable[str] | None) -> set[str]:
    return {a.lower() for a in (sender, reply_to, *(to or ()), *(cc or ())) if a}
