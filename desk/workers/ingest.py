"""Mail that does not come from a mailbox's folder: handed in by a program, stored and queued like any other."""

from dataclasses import dataclass
from datetime import datetime

from desk.config import Config, MailboxConfig
from desk.config_mailboxes import receiving
from desk.domain.mail import Fetched
from desk.errors import MailError
from desk.mail.parse import MAX_RAW, parse
from desk.mail.rules import Rulebook
from desk.mail.source import Batch, Cursor
from desk.store import intake, messages, threads
from desk.store.database import Database
from desk.workers.intake import take


@dataclass(frozen=True, slots=True)
class Ingested:
    """What became of a message: its ticket, and whether it was there already."""

    number: str
    known: bool


def mailbox_for(config: Config, raw: bytes, name: str = "", recipient: str = "") -> MailboxConfig:
    """The mailbox a message belongs to: the one named, else whom it was delivered to (`recipient`), else the one it is
    addressed to, else the first.

    Raises MailError where there is none, or none of that name.
    """
    if not config.mailboxes:
        raise MailError("No mailbox is connected, so nothing can be taken in.", "Run `desk init` first.")
    if name:
        found = next((box for box in config.mailboxes if name in (box.name, box.address)), None)
        if found is None:
            known = ", ".join(box.name for box in config.mailboxes)
            raise MailError(f"There is no mailbox {name!r}.", f"Name one of: {known}.")
        return found
    mail, boxes = parse(raw), receiving(config)
    own = {a.casefold(): box for box in reversed(boxes) for a in (box.address, *box.aliases) if a}
    addressed = (a.casefold() for a in (recipient, *mail.to, *mail.cc) if a)
    return next((own[a] for a in addressed if a in own), boxes[0])


def ingest(
    db: Database, box: MailboxConfig, raw: bytes, channel: str, *, now: datetime, rules: Rulebook | None = None
) -> Ingested:
    """Store one message (RFC 5322 bytes) of a channel and queue its scan; the same bytes twice are stored once.

    `rules` may give its ticket to another mailbox than `box`, as they do with what is fetched. It is on the disk when this
    returns. Raises MailError for what can't be a message: nothing, or more than the parser looks at.
    """
    if not raw.strip():
        raise MailError("There is no message.", "Hand in the whole message, headers first.")
    if len(raw) > MAX_RAW:
        raise MailError(f"The message has {len(raw) / 1e6:.0f} MB.", f"desk takes up to {MAX_RAW / 1e6:.0f} MB.")
    with db.write() as tx:
        mailbox_id = intake.mailbox(tx, box.name, box.address, at=now)
        number = threads.count(tx, f"uid:{channel}")
    known = db.get(messages.with_bytes(mailbox_id, raw))
    if known is not None:
        return Ingested(known, True)
    fetched = Fetched(raw, channel, 1, number, now)
    batch = Batch((fetched,), Cursor(1, number))
    take(db, mailbox_id, box, channel, batch, now=now, channel=channel, rules=rules)
    return Ingested(db.get(messages.with_bytes(mailbox_id, raw)) or "", False)
