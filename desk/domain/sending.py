"""Records that cross the second door: what a reply is composed from, and what is checked before it leaves."""

from dataclasses import dataclass

from desk.domain.mail import Attachment

LOOP_SECRET = "loop_secret"
"""Name of the stored setting that holds the desk's own secret: it signs outgoing mail, so that a loop is seen."""


@dataclass(frozen=True, slots=True)
class Uptime:
    """How long a machine has run: seconds that nobody can set, and which start of which machine they count from."""

    boot: str
    seconds: float


@dataclass(frozen=True, slots=True)
class ReplyRequest:
    """What an outgoing message is composed from.

    `answers` holds the exact bytes of the message being answered (None for a new message, which then needs `to`);
    `to` overrides the recipients that follow from it. `by_rule` marks a message no person approved.
    """

    mailbox: str
    answers: bytes | None
    body: str
    subject: str | None = None
    to: tuple[str, ...] | None = None
    cc: tuple[str, ...] = ()
    number: str = ""
    references: tuple[str, ...] = ()
    by_rule: bool = False
    forward: bool = False
    """Hand `answers` on to `to` with its files, instead of answering it."""
    attachments: tuple[Attachment, ...] = ()
    language: str = ""
    """Of the reply, for the line above the quoted original."""


@dataclass(frozen=True, slots=True)
class ReleaseCheck:
    """What the outgoing gates look at: the body as it will leave, who gets it, and what it may rest on."""

    body: str
    subject: str
    recipients: tuple[str, ...]
    thread_addresses: tuple[str, ...]
    sources: tuple[str, ...] = ()
    allowed_links: tuple[str, ...] = ()
    by_rule: bool = False
    customer_text: str = ""
    other_addresses: tuple[str, ...] = ()
    """Addresses in the text that belong to contacts outside the thread."""
    files: bool = False
    """Whether anything is attached."""
    by_hand: bool = False
    """A person wrote this reply: what it answers and whom it greets is looked at, too."""
    asked: str = ""
    """What a hand-written reply answers, as it came."""
    names: tuple[str, ...] = ()
    """What the people who wrote to us in this thread are called, and their addresses."""
