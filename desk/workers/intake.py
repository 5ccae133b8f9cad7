"""From fetched bytes to rows: parse, find the thread, store a batch and its cursor in one write, queue the scans."""

import contextlib
import gc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, astuple, replace
from datetime import datetime, timedelta

from desk.config import MailboxConfig
from desk.config_rules import RuleConfig
from desk.domain.enums import GUARD, SCAN, Direction, MessageStatus, ThreadStatus
from desk.domain.mail import NONE, PASS, Fetched, ParsedMail
from desk.domain.sending import LOOP_SECRET
from desk.mail.authentication import Learned, judge, learn
from desk.mail.automated import CAME_BACK, bounced, is_own_loop, without_forged_mark
from desk.mail.parse import parse
from desk.mail.rules import Rulebook
from desk.mail.source import Batch
from desk.mail.threads import Candidate, Decision, Via, assign
from desk.store import changes, intake, messages, outbox, people, threads
from desk.store.database import Connection, Database, within
from desk.store.filing import Filing, Letter
from desk.workers.reading import read

SUBJECT_DAYS = 30
"""How long a subject alone may lead a contact's mail into an earlier thread."""


def letter(fetched: Fetched) -> Letter:
    """A message ready to be filed."""
    return Letter(fetched, *read(fetched.raw))


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
    letters: Sequence[Letter] | None = None,
    rules: Rulebook | None = None,
) -> list[int]:
    """Store a batch and its cursor in one write; returns the rows of the messages that are new.

    `history` is filed for context and never becomes work; `outgoing` says that the batch is our own sent mail, `channel`
    how it came; `letters` are the batch's messages where they have been parsed already. `rules` say which mailbox a new
    ticket belongs to; without one that fits it is the one the message came to.
    """
    ready = [letter(fetched) for fetched in batch.messages] if letters is None else letters
    with _undisturbed(), db.write() as tx:
        secret = str(within(tx, changes.setting(LOOP_SECRET)) or "")
        own = frozenset(a.casefold() for a in (box.address, *box.aliases) if a)
        new: list[int] = []
        if ready:
            intake.alone(tx, mailbox_id)
            ready = _proven(tx, mailbox_id, box, ready, teaching=channel == "email" and not outgoing)
            desk = Filing(tx, mailbox_id, ready, now, _named(tx, rules, now))

            def ruled(mail: ParsedMail) -> RuleConfig | None:
                return None if outgoing or rules is None else rules.fitting(mail, box)

            for one in ready:
                found = _file(desk, one, own, secret, ruled, history=history, outgoing=outgoing, channel=channel)
                if found is not None:
                    new.append(found)
            desk.write()
        intake.set_cursor(tx, mailbox_id, folder, *astuple(batch.cursor), at=now)
    return new


def _named(tx: Connection, rules: Rulebook | None, now: datetime) -> dict[str, int]:
    """The ids of the mailboxes that rules name."""
    if rules is None or not rules.mailboxes:
        return {}
    known = {name: number for number, name in within(tx, messages.mailbox_names()).items()}
    return {b.name: known.get(b.name) or intake.mailbox(tx, b.name, b.address, at=now) for b in rules.mailboxes}


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """No search for cycles of garbage meanwhile: what a batch makes lives until it is written, and looking through all of it
    again and again costs a tenth of the time."""
    searching = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searching:
            gc.enable()


def _proven(
    tx: Connection, mailbox_id: int, box: MailboxConfig, letters: Sequence[Letter], *, teaching: bool
) -> list[Letter]:
    """The messages with the receiving server's word about their senders. Where nobody named that server, its name is
    learned; a refusal is believed before that, a proof is not."""
    name = f"auth_server:{mailbox_id}"
    stored = {} if box.auth_servers else within(tx, changes.setting(name)) or {}
    known = before = Learned(**{**stored, "domains": tuple(stored.get("domains", ()))})
    found: list[Letter] = []
    for one in letters:
        mail = one.mail
        known = learn(mail, known) if teaching and not box.auth_servers else known
        word = judge(mail, box.auth_servers or (known.server or known.candidate,))
        if word == PASS and not (box.auth_servers or known.server):
            word = NONE
        found.append(one if word == mail.authentication else replace(one, mail=replace(mail, authentication=word)))
    if known != before:
        changes.set_setting(tx, name, asdict(known))
    return found


def _file(
    desk: Filing, letter: Letter, own: frozenset[str], secret: str, ruled: Callable[[ParsedMail], RuleConfig | None], *,
    history: bool, outgoing: bool, channel: str,
) -> int | None:  # fmt: skip
    """Put one message where it belongs; None when the mailbox holds it already. `ruled` finds the rule for a new ticket."""
    if desk.seen(letter):
        return None
    ours = outgoing and letter.mail.from_addr.casefold() in own
    mail = letter.mail if ours else _judged(desk, letter, own, secret)
    letter = letter if mail is letter.mail else replace(letter, mail=mail)
    if mail.auto == "bounce":
        thread_id = _bounced(desk, parse(letter.fetched.raw))
        decision = Decision(thread_id, (), False, "delivery report")
    else:
        decision = find_thread(desk, letter, own)
        thread_id = decision.thread_id
    if thread_id is None:
        who = mail.to[0] if ours and mail.to else mail.from_addr
        state = {"status": str(ThreadStatus.RESOLVED)} if history else {"step": "scanning"}
        thread_id = desk.open(letter, who, "" if ours else mail.from_name, channel, **state)
        if rule := ruled(mail):
            rule = replace(rule, assign="") if history else rule
            desk.follow(thread_id, rule, letter.fetched.received_at if history else desk.now)
    if not (ours or history or mail.auto):
        people.reached(desk.tx, mail.from_addr)
    words = decision.reason if decision.thread_id else "a new ticket"
    message_id = desk.add(
        letter,
        thread_id,
        direction=Direction.OUTBOUND if ours else Direction.INBOUND,
        status=MessageStatus.SENT if ours else MessageStatus.RECEIVED,
        history=history,
        run=SCAN,
        step=GUARD,
        event=("mail.sent", f"from us: {words}") if ours else ("mail.received", f"from {mail.from_addr}: {words}"),
    )
    for into in decision.refused:
        desk.refuse(thread_id, into, mail.from_addr)
    desk.join(thread_id, decision.also, grown=decision.thread_id is not None)
    return message_id


def _judged(desk: Filing, letter: Letter, own: frozenset[str], secret: str) -> ParsedMail:
    """The message with what only the desk can know: whether it is our own that came back."""
    mail = letter.mail
    if secret and is_own_loop(mail.headers, secret):
        mail = _marked(mail, "our own mail came back")
    elif mail.auto_reason == CAME_BACK:
        judged = without_forged_mark(parse(letter.fetched.raw))
        mail = replace(mail, auto=judged.auto, auto_reason=judged.auto_reason)
    if mail.auto is None and mail.message_id and desk.is_own(mail.message_id):
        return _marked(mail, "our own message came back")
    if mail.auto is None and mail.from_addr.casefold() in own:
        return _marked(mail, "sent in the name of this mailbox")
    return mail


def find_thread(desk: Filing, letter: Letter, own: frozenset[str]) -> Decision:
    """The thread a message belongs to: by what it refers to, by the ticket number in its subject, then by subject."""
    mail, at = letter.mail, letter.fetched.received_at
    found: dict[int, Via] = {}
    for thread_id in desk.referred((mail.in_reply_to, *reversed(mail.references))):
        found.setdefault(_alive(desk, thread_id), "reference")
    for thread_id in desk.referred([mail.message_id]):
        found.setdefault(_alive(desk, thread_id), "answered")
    if letter.tag and (tagged := desk.by_tag(letter.tag)):
        found.setdefault(_alive(desk, tagged), "tag")
    if letter.subject_key:
        for thread_id in desk.alike(mail.from_addr, letter.subject_key, at - timedelta(days=SUBJECT_DAYS)):
            found.setdefault(_alive(desk, thread_id), "subject")
    candidates = []
    for thread_id, via in found.items():
        ticket = desk.tickets[thread_id]
        circle, authors = own | ticket.people, frozenset(ticket.authors)
        candidates.append(Candidate(thread_id, via, circle, ticket.last_at, ticket.first_at, authors))
    return assign(mail, candidates, tuple(own))


def _alive(desk: Filing, thread_id: int) -> int:
    """The ticket a merged one went into."""
    seen: set[int] = set()
    while (into := desk.tickets[thread_id].merged_into) and into not in seen:
        seen.add(thread_id)
        thread_id = into
    return thread_id


def _bounced(desk: Filing, mail: ParsedMail) -> int | None:
    """Link a delivery report to what we sent; the ticket it belongs to, None where it is about no mail of ours.

    For good: the contact is marked, the message in the outbox too, and the ticket is open again and says why. For now:
    the timeline says so. A report about somebody else's mail changes nothing.
    """
    desk.write()  # it may be about a ticket of this very batch
    tx, thread_id = desk.tx, None
    for report in bounced(mail):
        desk.look_up(report.originals)
        original = next((i for i in report.originals if desk.is_own(i)), "")
        if not original:
            continue
        thread_id = _alive(desk, desk.referred([original])[0])
        sent_to = within(tx, messages.recipients(original))
        who = _addressed(sent_to, report.recipient)
        code = f" ({report.status})" if report.status else ""
        text = f"our mail to {who} {'could not be delivered' if report.permanent else 'is delayed'}{code}"
        changes.record(tx, "mail.bounced", text, actor="fetch", at=desk.now, thread_id=thread_id)
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
