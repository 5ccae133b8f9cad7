"""The case of a ticket, from the store: only text the guard let through gets in."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from desk.config import Config, MailboxConfig
from desk.config_mailboxes import named
from desk.domain.enums import Direction, MessageStatus
from desk.domain.guarded import CleanText
from desk.domain.mail import FAIL
from desk.errors import StoreError
from desk.guard import readmit
from desk.mail.reply import split
from desk.pipeline.case import Case, Promise, Remembered, Turn
from desk.store import answers, commitments, decisions, intake, jobs, messages, people, summaries, threads
from desk.store.commitments import CommitmentRow
from desk.store.database import Database
from desk.store.messages import MessageRow

WAITING = (
    MessageStatus.PROCESSING,
    MessageStatus.CLASSIFIED,
    MessageStatus.DRAFT_READY,
    MessageStatus.COALESCED,
)
"""Messages in these states still wait for an answer and belong to the next batch."""


def batch(db: Database, run: jobs.Run) -> list[int]:
    """Stamp the thread's waiting messages with this run; the ids of its batch, oldest first."""
    if run.thread_id is None:
        raise StoreError(f"Run {run.id} has no thread.", "Skip it in the activity view.")
    with db.write() as tx:
        return intake.take(tx, run.thread_id, run.id, WAITING)


def case_of(db: Database, run: jobs.Run, config: Config, on: date | None = None, now: datetime | None = None) -> Case:
    """Everything a step needs to know about the run's ticket; `on` is the day for which knowledge must hold."""
    detail = db.get(threads.one(run.thread_id or 0))
    if detail is None:
        raise StoreError(f"The ticket of run {run.id} is gone.", "Skip it in the activity view.")
    rows = db.get(messages.of_thread(detail.row.id))
    asked = [row for row in rows if row.run_id == run.id and row.direction is Direction.INBOUND]
    newest = asked[-1] if asked else rows[-1]
    earlier = [row for row in rows if row.id < newest.id and row not in asked and row.clean and not _aside(row)]
    contact = db.get(people.contact(detail.contact_id or 0))
    short = db.get(summaries.of_thread(detail.row.id))
    outputs = {step.step: step.output for step in db.get(jobs.steps(run.id))}
    return Case(
        thread_id=detail.row.id,
        run_id=run.id,
        number=detail.row.number,
        subject=_clean(newest, newest.subject),
        question=_joined(asked),
        turns=tuple(_turn(row, short.get(row.id, ("", ""))[0]) for row in earlier if _words(row)),
        promised=_promised([*db.get(commitments.open_in(detail.row.id))], earlier),
        contact_id=detail.contact_id or 0,
        contact_name=newest.from_name,
        contact_addr=newest.from_addr,
        earlier_threads=sum(h.thread_id != detail.row.id for h in db.get(people.history(detail.contact_id or 0))),
        box=mailbox(config, detail.row.mailbox),
        replies_to_sender=newest.reply_to.casefold() in ("", newest.from_addr.casefold()),
        forged=any(row.authentication == FAIL for row in (*asked, newest)),
        vip=contact is not None and contact.vip,
        instruction=str(run.data.get("instruction", "")),
        rejected=str(run.data.get("rejected", "")),
        chosen=_article(str(run.data.get("chosen", ""))),
        remembered=tuple(
            Remembered(a.id, a.question, a.article, a.by, a.at)
            for a in db.get(answers.in_use(now or datetime.now(UTC)))
        ),
        said=db.get(decisions.said_of(detail.row.id)),
        on=on,
        outputs=outputs,
    )


def _promised(promises: Sequence[CommitmentRow], earlier: Sequence[MessageRow]) -> tuple[Promise, ...]:
    """Open promises as parts of the messages they stand in; one whose message may enter no prompt is left out."""
    texts = {row.id: own_words(row) for row in earlier if row.direction is Direction.OUTBOUND}
    return tuple(
        Promise(texts[one.message_id].narrow(one.text), one.said_at, one.due)
        for one in promises
        if one.message_id in texts and one.text in texts[one.message_id].text
    )


def _aside(row: MessageRow) -> bool:
    """Whether a message is no part of the conversation: on a shelf of its own, or from a blocked sender."""
    shelved = row.status in (MessageStatus.SPAM, MessageStatus.AUTOMATED, MessageStatus.QUARANTINED)
    return shelved or (row.status is MessageStatus.ARCHIVED and not row.history)


def mailbox(config: Config, name: str) -> MailboxConfig:
    """The mailbox of that name, or the first one where the configuration no longer has it."""
    return named(config, name) or (*config.mailboxes, MailboxConfig())[0]


def _clean(row: MessageRow, text: str) -> CleanText:
    return readmit(text, status_clean=row.clean, released=row.released, origin=f"message {row.id}")


def _words(row: MessageRow) -> str:
    """The text that passed: the guard's clean text, or what a person saw when they released the message."""
    if row.clean_text is not None:
        return row.clean_text
    return (row.visible_text or row.text) if row.released else ""


def own_words(row: MessageRow) -> CleanText:
    """What this author wrote: quotes and signature cut off, the whole text where nothing else is left."""
    clean = _clean(row, _words(row))
    own = split(clean.text).reply
    return clean.narrow(own) if own.strip() else clean


def _turn(row: MessageRow, short: str) -> Turn:
    """One message; its short form only while every line of it stands in the message as it is now."""
    words = own_words(row)
    try:
        shortened = words.narrow(short) if short else None
    except ValueError:
        shortened = None
    ours = row.direction is Direction.OUTBOUND
    return Turn(row.id, ours, row.received_at, "us" if ours else row.from_name or row.from_addr, words, shortened)


def _joined(rows: Sequence[MessageRow]) -> CleanText:
    """The messages of a burst as one text, in order."""
    whole = "\n\n".join(own_words(row).text for row in rows if _words(row))
    clean = all(row.clean for row in rows)
    return readmit(whole, status_clean=clean, released=clean, origin=f"messages {[row.id for row in rows]}")


def _article(option: str) -> str:
    """The article behind an option an agent pressed: its id stands in brackets at the end."""
    return option.rpartition("[")[2].rstrip("]") if option.endswith("]") else option
