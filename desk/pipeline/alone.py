"""One message through the steps by itself, with no store: for `desk inspect --draft` and for measuring."""

from dataclasses import replace

from desk.config import MailboxConfig
from desk.domain.codec import from_json
from desk.domain.guarded import CleanText, Scan
from desk.domain.mail import FAIL, ParsedMail
from desk.domain.ticket import Draft
from desk.errors import Refused
from desk.guard import readmit
from desk.mail.reply import split
from desk.pipeline.case import Case, Rooms
from desk.pipeline.steps import STEPS


def case(mail: ParsedMail, scan: Scan, box: MailboxConfig | None) -> Case:
    """The case of one message with no history; Refused when the guard kept it back."""
    if scan.clean is None:
        raise Refused("The guard kept this message back.", "Release it first.")
    own = split(scan.clean.text).reply
    question: CleanText = scan.clean.narrow(own) if own.strip() else scan.clean
    return Case(
        thread_id=0,
        run_id=0,
        number="",
        subject=readmit(mail.subject, status_clean=True, released=False, origin="the message"),
        question=question,
        turns=(),
        contact_id=0,
        contact_name=mail.from_name,
        contact_addr=mail.from_addr,
        earlier_threads=0,
        box=box or MailboxConfig(),
        replies_to_sender=mail.reply_to.casefold() in ("", mail.from_addr.casefold()),
        forged=mail.authentication == FAIL,
    )


def draft(mail: ParsedMail, scan: Scan, rooms: Rooms, box: MailboxConfig | None) -> Draft:
    """The draft the pipeline would offer."""
    work = case(mail, scan, box)
    for step in STEPS:
        work = replace(work, outputs={**work.outputs, step.name: step.run(work, rooms).output})
    return from_json(Draft, work.outputs["check"]["draft"])
