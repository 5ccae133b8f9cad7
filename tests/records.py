"""Small pieces that tests fill a store with."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from desk.domain.enums import AttackType, Author, MessageStatus
from desk.domain.guarded import Scan, Verdict
from desk.domain.mail import Fetched, ParsedMail
from desk.domain.ticket import Draft, Source
from desk.store import messages, people, threads
from desk.store.database import Connection

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_uid = iter(range(1, 10_000_000))


def at(seconds: float) -> datetime:
    """A moment after `NOW`."""
    return NOW + timedelta(seconds=seconds)


def mail(
    text: str = "Where is my parcel?", *, subject: str = "Parcel", sender: str = "anna@example.org", **more: Any
) -> ParsedMail:
    """One parsed message."""
    number = next(_uid)
    plain = ParsedMail(
        subject=subject,
        from_addr=sender,
        from_name="Anna Vogel",
        reply_to="",
        to=("help@shop.example",),
        cc=(),
        text=text,
        reply_text=text,
        plain=text,
        html="",
        date=NOW,
        message_id=f"<{number}@example.org>",
        in_reply_to="",
        references=(),
        auto=None,
        auto_reason="",
        attachments=(),
        headers=(),
        authentication="pass",
    )
    return replace(plain, **more)


def fetched(parsed: ParsedMail, when: datetime = NOW, **more: Any) -> Fetched:
    """The same message as it came from a server."""
    number = next(_uid)
    return replace(Fetched(f"{number} {parsed.subject}\n\n{parsed.text}".encode(), "INBOX", 1, number, when), **more)


def mailbox(tx: Connection) -> int:
    """The one mailbox of a test."""
    return messages.mailbox(tx, "main", "help@shop.example", at=NOW)


def thread(tx: Connection, parsed: ParsedMail | None = None, when: datetime = NOW, **columns: Any) -> tuple[int, int]:
    """A ticket with one inbound message: (thread id, message id)."""
    parsed = parsed or mail()
    box = mailbox(tx)
    contact = people.contact_of(tx, parsed.from_addr, parsed.from_name, at=when)
    thread_id = threads.create(
        tx, mailbox_id=box, subject=parsed.subject, contact_id=contact, contact_addr=parsed.from_addr, at=when
    )
    message_id = add(tx, thread_id, parsed, when)
    if columns:
        threads.update(tx, thread_id, **columns)
    return thread_id, message_id


def add(tx: Connection, thread_id: int, parsed: ParsedMail | None = None, when: datetime = NOW) -> int:
    """One more inbound message of a ticket."""
    parsed = parsed or mail()
    new = messages.receive(
        tx, mailbox_id=mailbox(tx), fetched=fetched(parsed, when), parsed=parsed, thread_id=thread_id, now=when
    )
    assert new is not None
    return new


def scan(text: str, *, flagged: bool = False) -> Scan:
    """A verdict as the guard gives it, with text as the guard would seal it."""
    verdict = Verdict(flagged, 0.9 if flagged else 0.0, AttackType.NONE, (), 0.0, 0.0, True, "test")
    return Scan(verdict, None, "", text)


def cleared(tx: Connection, message_id: int, *statuses: MessageStatus) -> None:
    """Bring a message through a clean scan and then through these statuses."""
    row = messages.one(message_id).run(tx)
    assert row is not None
    messages.scanned(tx, message_id, scan(row.text), now=NOW)
    for status in statuses or (MessageStatus.PROCESSING, MessageStatus.CLASSIFIED, MessageStatus.DRAFT_READY):
        messages.move(tx, message_id, status)


def draft(body: str = "Dear Anna, it arrives tomorrow.", **more: Any) -> Draft:
    """One draft."""
    plain = Draft(
        subject="Re: Parcel",
        body=body,
        language="en",
        written_by=Author.COMPOSED,
        confidence=0.8,
        sources=(Source("kb-1", "Delivery", 0, 10, "It arrives tomorrow."),),
        claims=(),
    )
    return replace(plain, **more)
