"""What a mailbox looks like to the fetch worker, whatever is behind it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple, Protocol

from desk.domain.mail import Fetched

BEARER_FIX = "Sign in again with `desk init`, and see that IMAP and SMTP are switched on for this account."
"""What to do when a server refuses a token."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a folder has been read: UIDs up to and including `last_uid`, valid for this `uidvalidity` only (RFC 3501)."""

    uidvalidity: int
    last_uid: int
    old_to: int = 0
    """Messages up to this UID lay there when the folder was first read, or read anew after a change of UIDVALIDITY;"""
    old_before: datetime | None = None
    """of those, what came before this moment is history, also when the reading was cut short and is taken up again."""

    def after(self, uid: int) -> "Cursor":
        """The cursor once everything up to this UID is stored."""
        if uid >= self.old_to:
            return Cursor(self.uidvalidity, uid)
        return replace(self, last_uid=uid)

    def is_old(self, message: Fetched) -> bool:
        """Whether a message is history."""
        return message.uid <= self.old_to and self.old_before is not None and message.received_at < self.old_before


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message lies on its server."""

    folder: str
    uidvalidity: int
    uid: int


class Heading(NamedTuple):
    """What tells a message from most others without its bytes: its Message-ID and how many bytes it has."""

    uid: int
    message_id: str
    size: int


Moved = Callable[[int, Sequence[Heading]], set[int]]
"""Told the new UIDVALIDITY and what lies in a folder that was numbered anew, notes the new places of messages that are stored
already; returns the UIDs of those."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages and the cursor after them; both are stored in one write. `history` is context and never becomes work."""

    messages: tuple[Fetched, ...]
    cursor: Cursor
    history: bool = False


class Source(Protocol):
    """One watched folder. Used by one thread at a time, except `close`, which any thread may call and which ends a `wait`."""

    name: str
    folder: str

    def poll(self, cursor: Cursor | None, moved: Moved | None = None) -> Iterator[Batch]:
        """Everything after `cursor`, in UID order; None on the first connection. What `moved` knows is left out after the
        folder was numbered anew. Raises MailError."""
        ...

    def wait(self, seconds: float) -> None:
        """Return when there may be new mail, at the latest after `seconds`."""
        ...

    def file_sent(self, raw: bytes, message_id: str) -> str | None:
        """Copy a sent message to Sent unless it is there; says where it lies, None where no copy is wanted."""
        ...

    def flag(self, place: Place, name: str) -> None:
        """Note on the server that a message was answered (`\\Answered`) or forwarded (`$Forwarded`), where that is wanted."""
        ...

    def find_sent(self, message_id: str) -> bool:
        """Whether a message with this id lies in Sent."""
        ...

    def close(self) -> None:
        """Give the connection back."""
        ...
