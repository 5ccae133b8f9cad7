"""Records of the wire: what a message is once it is parsed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

PASS, FAIL, NONE = "pass", "fail", "none"
"""What the receiving server found out about a sender: it is who it claims, it is not, nobody knows."""

DELIVERED = frozenset({"delivered-to", "x-original-to", "x-delivered-to", "envelope-to", "x-envelope-to"})
"""Header fields in which servers note to whom they delivered a message: nothing else tells, where that was a hidden copy."""
LIST_ID = "list-id"
"""The header field with the name of a mailing list (RFC 2919)."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """One file of a message. `content` is the decoded bytes, or None where only the record is needed."""

    filename: str
    content_type: str
    size: int
    content: bytes | None = field(default=None, repr=False)
    content_id: str = ""


@dataclass(frozen=True, slots=True)
class ParsedMail:
    """One message, decoded. Every string is clean UTF-8; nothing here has been scanned yet.

    `text` is the whole readable body (HTML converted where there is no plain text), `reply_text` what this author wrote
    without quotes and signature. `html` is the decoded HTML body where there is one, `plain` the text/plain part alone.
    `auto` is "bounce", "auto" or None, and `auto_reason` says why in words.
    """

    subject: str
    from_addr: str
    from_name: str
    reply_to: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    text: str
    reply_text: str
    plain: str
    html: str
    date: datetime | None
    message_id: str
    in_reply_to: str
    references: tuple[str, ...]
    auto: str | None
    auto_reason: str
    attachments: tuple[Attachment, ...]
    headers: tuple[tuple[str, str], ...]
    """All headers in order, decoded, including those of inner parts that a scanner may want (prefixed `part:`)."""
    problems: tuple[str, ...] = ()
    """What was wrong with the message, in words; an unreadable one has its reason here and an empty text."""
    authentication: str = ""
    """`PASS`, `FAIL` or `NONE`; empty where nobody asked the server that took the message in."""

    def as_json(self) -> dict[str, Any]:
        """The `parse` object of `desk inspect`."""
        return {
            "subject": self.subject,
            "from_addr": self.from_addr,
            "from_name": self.from_name,
            "reply_to": self.reply_to,
            "text": self.text,
            "reply_text": self.reply_text,
            "date": self.date.isoformat() if self.date else None,
            "message_id": self.message_id,
            "in_reply_to": self.in_reply_to,
            "references": list(self.references),
            "auto": self.auto,
            "attachments": [
                {"filename": a.filename, "content_type": a.content_type, "size": a.size} for a in self.attachments
            ],
        }


@dataclass(frozen=True, slots=True)
class Bounce:
    """One recipient of a delivery report: who could not be reached, for good or for now, and by which of our messages.

    `originals` are the identifiers the report names, the likeliest first: the envelope's (desk sends its Message-ID as
    ENVID, RFC 3461), the returned message's own, those it refers to.
    """

    recipient: str
    permanent: bool
    status: str
    originals: tuple[str, ...]

    @property
    def original_message_id(self) -> str:
        """The likeliest of `originals`, "" where the report names none."""
        return self.originals[0] if self.originals else ""


@dataclass(frozen=True, slots=True)
class Credential:
    """What a mailbox logs in with: `secret` gives it anew for each login, because tokens expire.

    It is a password, or with `bearer` an OAuth 2.0 access token (RFC 6750), which goes out as XOAUTH2.
    """

    secret: Callable[[], str] = field(repr=False)
    bearer: bool = False

    @classmethod
    def password(cls, text: str) -> "Credential":
        """A password that stays the same."""
        return cls(lambda: text)


@dataclass(frozen=True, slots=True)
class Fetched:
    """One message as a source hands it over: exact bytes and where they came from. `uid` is unique in its folder."""

    raw: bytes = field(repr=False)
    folder: str
    uidvalidity: int
    uid: int
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message ready for SMTP: the bytes of every attempt, fixed once."""

    raw: bytes = field(repr=False)
    message_id: str
    sender: str
    recipients: tuple[str, ...]
    subject: str
