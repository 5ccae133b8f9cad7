"""From fetched bytes to rows: parse, find the thread, store message and cursor in one write, queue the scan."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta

from desk.config import MailboxConfig
from desk.domain.enums import Direction, MessageStatus, ThreadStatus
from desk.domain.mail import NONE, PASS, Fetched, ParsedMail
from desk.domain.sending import LOOP_SECRET
from desk.mail.authentication import Learned, judge, learn
from desk.mail.automated import CAME_BACK, bounced, is_own_loop, without_forged_mark
from desk.mail.parse import parse
from desk.mail.source import Batch
from desk.mail.threads import Candidate, Decision, Via, assign, subject_key, ticket_tag
from desk.pipeline.steps import GUARD, SCAN
from desk.store import changes, intake, jobs, joining, messages, outbox, people, threads
from desk.store.database import Connection, Database, within

SUBJECT_DAYS = 30
"""How long a subject alone may lead a contact's mail into an earlier thread."""


def take(
    db: Database,
    mailbox_id: int,
    box: MailboxConfig,
    folder: str,
    batch: Batch,
    *,
    now: datetime,
    history: bool = False,
    outgoing: bool = False,
    channel: str = "email",
) -> list[int]:
    """Store a batch and its cursor in one write; returns the rows of the messages that are new.

    `history` is filed for context and never becomes work; `outgoing` says that the batch is our own sent mail, `channel`
    how it came.
    """
    parsed = [(fetched, parse(fetched.raw)) for fetched in batch.messages]
    new: list[int] = []
    with db.write() as tx:
        parsed = _proven(tx, mailbox_id, box, parsed, teaching=channel == "email" and not outgoing)
        secret = str(within(tx, changes.setting(LOOP_SECRET)) or "")
        for fetched, mail in parsed:
            found = _store(tx, mailbox_id, box, fetched, mail, now=now, history=history, outgoing=outgoing,
                           channel=channel, secret=secret)  # fmt: skip
            if found is not None:
                new.append(found)
        intake.set_cursor(tx, mailbox_id, folder, batch.cursor.uidvalidity, batch.cursor.last_uid, at=now)
    return new


def _proven(
    tx: Connection, mailbox_id: int, box: MailboxConfig, parsed: list[tuple[Fetched, ParsedMail]], *, teaching: bool
) -> list[tuple[Fetched, ParsedMail]]:
    """The messages with the receiving server's word about their senders. Where nobody named that server, its name is
    learned; a refusal is believed before that, a proof is not."""
    name = f"auth_server:{mailbox_id}"
    stored = {} if box.auth_servers else within(tx, changes.setting(name)) or {}
    known = before = Learned(**{**stored, "domains": tuple(stored.get("domains", ()))})
    found: list[tuple[Fetched, ParsedMail]] = []
    for fetched, mail in parsed:
        known = learn(mail, known) if teaching and not box.auth_servers else known
        word = judge(mail, box.auth_servers or (known.server or known.candidate,))
        if word == PASS and not (box.auth_servers or known.server):
            word = NONE
        found.append((fetched, replace(mail, authentication=word)))
    if known != before:
        changes.set_setting(tx, name, asdict(known))
    return found


def _store(
    tx: Connection,
    mailbox_id: int,
    box: MailboxConfig,
    fetched: Fetched,
    mail: ParsedMail,
    *,
    now: datetime,
    history: bool,
    outgoing: bool,
    channel: str,
    secret: str,
) -> int | None:
    if intake.seen(tx, mailbox_id, fetched) is not None:
        return None
    own = {a.casefold() for a in (box.address, *box.aliases) if a}
    ours = outgoing and mail.from_addr.casefold() in own
    if not ours and secret and is_own_loop(mail.headers, secret):
        mail = _marked(mail, "our own mail came back")
    elif mail.auto_reason == CAME_BACK:
        mail = without_forged_mark(mail)
    if not ours and mail.auto is None and mail.message_id and within(tx, messages.own_ids([mail.message_id])):
        mail = _marked(mail, "our own message came back")
    elif not ours and mail.from_addr.casefold() in own and mail.auto is None:
        mail = _marked(mail, "sent in the name of this mailbox")
    if mail.auto == "bounce":
        thread_id: int | None = _bounced(tx, mail, now)
        decision = Decision(thread_id, (), False, "delivery report")
    else:
        decision = find_thread(tx, mailbox_id, mail, own, fetched.received_at)
    thread_id = decision.thread_id
    if thread_id is None:
        who = mail.to[0] if ours and mail.to else mail.from_addr
        contact = people.contact_of(tx, who or "unknown", "" if ours else mail.from_name, at=now)
        thread_id = threads.create(
            tx,
            mailbox_id=mailbox_id,
            subject=mail.subject,
            contact_id=contact,
            contact_addr=who,
            at=fetched.received_at,
            subject_key=subject_key(mail.subject),
            channel=channel,
            **({"status": ThreadStatus.RESOLVED} if history else {"step": "scanning"}),
        )
    if not (ours or history or mail.auto):
        people.reached(tx, mail.from_addr)
    status = MessageStatus.SENT if ours else MessageStatus.RECEIVED
    message_id = intake.receive(
        tx,
        mailbox_id=mailbox_id,
        fetched=fetched,
        parsed=mail,
        thread_id=thread_id,
        now=now,
        direction=Direction.OUTBOUND if ours else Direction.INBOUND,
        status=status,
        history=history,
        asked=True,
    )
    if message_id is None:
        return None
    for into in decision.refused:
        joining.refuse(tx, thread_id, into, mail.from_addr)
    words = decision.reason if decision.thread_id else "a new ticket"
    changes.record(
        tx,
        "mail.sent" if ours else "mail.received",
        f"{'from us' if ours else f'from {mail.from_addr}'}: {words}",
        actor="fetch",
        at=fetched.received_at if history else now,
        thread_id=thread_id,
        message_id=message_id,
    )
    jobs.enqueue(tx, SCAN, run_at=now, now=now, thread_id=thread_id, message_id=message_id, step=GUARD)
    joining.join(tx, thread_id, decision.also, grown=decision.thread_id is not None, now=now)
    return message_id


def find_thread(tx: Connection, mailbox_id: int, mail: ParsedMail, own: set[str], received_at: datetime) -> Decision:
    """The thread a message belongs to: by what it refers to, by the ticket number in its subject, then by subject."""
    referred = [i for i in (mail.in_reply_to, *reversed(mail.references)) if i]
    known = within(tx, messages.known_ids([*referred, mail.message_id])) if referred or mail.message_id else {}
    found: dict[int, Via] = {}
    for identity in referred:
        if identity in known:
            found.setdefault(_alive(tx, known[identity]), "reference")
    if mail.message_id in known:
        found.setdefault(_alive(tx, known[mail.message_id]), "answered")
    if (tag := ticket_tag(mail.subject)) and (detail := within(tx, threads.by_number(tag))):
        found.setdefault(_alive(tx, detail.row.id), "tag")
    if key := subject_key(mail.subject):
        since = received_at - timedelta(days=SUBJECT_DAYS)
        for thread_id, _ in within(tx, messages.recent_same_subject(mail.from_addr, key, since, mailbox_id)):
            found.setdefault(_alive(tx, thread_id), "subject")
    if not found:
        return assign(mail, ())
    people_of = within(tx, messages.participants(found))
    authors = within(tx, messages.authors(found)) if "answered" in found.values() else {}
    spans = within(tx, messages.spans(found))
    candidates = []
    for thread_id, via in found.items():
        first, last = spans.get(thread_id, (received_at, received_at))
        circle = people_of.get(thread_id, frozenset()) | own
        candidates.append(Candidate(thread_id, via, circle, last, first, authors.get(thread_id, frozenset())))
    return assign(mail, candidates, tuple(own))


def _alive(tx: Connection, thread_id: int) -> int:
    """The ticket a merged one went into."""
    seen: Sequence[int] = ()
    while (into := within(tx, threads.merged_into(thread_id))) and thread_id not in seen:
        seen = (*seen, thread_id)
        thread_id = into
    return thread_id


def _bounced(tx: Connection, mail: ParsedMail, now: datetime) -> int | None:
    """Link a delivery report to what we sent; the ticket it belongs to, None where it is about no mail of ours.

    For good: the contact is marked, the message in the outbox too, and the ticket is open again and says why. For now:
    the timeline says so. A report about somebody else's mail changes nothing.
    """
    thread_id = None
    for report in bounced(mail):
        ours = within(tx, messages.own_ids(report.originals))
        original = next((i for i in report.originals if i in ours), "")
        if not original:
            continue
        thread_id = _alive(tx, within(tx, messages.known_ids([original]))[original])
        sent_to = within(tx, messages.recipients(original))
        who = _addressed(sent_to, report.recipient)
        code = f" ({report.status})" if report.status else ""
        text = f"our mail to {who} {'could not be delivered' if report.permanent else 'is delayed'}{code}"
        changes.record(tx, "mail.bounced", text, actor="fetch", at=now, thread_id=thread_id)
        if report.permanent:
            people.undeliverable(tx, who, f"{who} could not be reached{code}")
            outbox.bounced(tx, original, text)
            waits = threads.state(tx, thread_id).status == ThreadStatus.PENDING_REVIEW
            status = ThreadStatus.PENDING_REVIEW if waits else ThreadStatus.OPEN
            threads.update(tx, thread_id, status=status, needs=text, snoozed_until=None, resolved_at=None)
    return thread_id


def _addressed(sent_to: Sequence[str], reported: str) -> str:
    """Whom we wrote to: the address reported, or the only one there was, where it was forwarded on."""
    known = {a.lower(): a for a in sent_to}
    return known.get(reported.lower()) or (sent_to[0] if len(sent_to) == 1 else reported)


def _marked(mail: ParsedMail, reason: str) -> ParsedMail:
    return replace(mail, auto="auto", auto_reason=reason)
