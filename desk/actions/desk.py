"""What every action is given, what it hands back, and the one write unit it works in."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from desk.domain.canned import Canned
from desk.domain.mail import Attachment, Outgoing
from desk.domain.sending import ReleaseCheck, ReplyRequest, Uptime
from desk.domain.states import IllegalMove
from desk.domain.ticket import Gate
from desk.errors import Conflict, Refused
from desk.store import changes, threads
from desk.store.database import Connection, Database, Read, T, within
from desk.store.threads import ThreadDetail

FIRST_STEP = "context"
DRAFT_STEP = "draft"
"""Steps a run is sent back to: after the guard, and to write again."""


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, in words, and how to take it back (None where nothing can)."""

    text: str
    undo: Callable[[], "Done"] | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """One person at the desk: the store, who they are, and what composes and checks outgoing mail."""

    db: Database
    agent: str
    hold_seconds: float
    compose: Callable[[ReplyRequest], Outgoing]
    check: Callable[[ReleaseCheck], tuple[Gate, ...]]
    clock: Callable[[], datetime]
    files: Callable[[bytes], tuple[Attachment, ...]]
    """The attachments of a message as received, with their bytes."""
    uptime: Callable[[], Uptime] | None = None
    """Measures holds, so that a clock that is set ends none too soon; without it the clock is trusted."""

    canned: Callable[[], Sequence[Canned]] = tuple
    """The ready-made replies of the house, as their files are now."""
    house: Callable[[str, str, str, str], Mapping[str, str]] = lambda mailbox, language, register, name: {}
    """What fills the blanks about a mailbox, in a language and form of address, to somebody of that name."""

    def up(self) -> Uptime | None:
        """The machine's uptime now, where it is known."""
        return self.uptime() if self.uptime is not None else None


@dataclass(frozen=True, slots=True)
class Unit:
    """One open write: the transaction, the moment it stands for, and who acts."""

    tx: Connection
    now: datetime
    agent: str

    def get(self, read: Read[T]) -> T:
        """Read what this write sees."""
        return within(self.tx, read)

    def thread(self, thread_id: int) -> ThreadDetail:
        """The ticket; Conflict when it is gone."""
        return found(self.get(threads.one(thread_id, self.agent)), "This ticket")

    def note(self, kind: str, text: str, thread_id: int | None = None, message_id: int | None = None) -> None:
        """One event for timeline and activity."""
        changes.record(self.tx, kind, text, actor=self.agent, at=self.now, thread_id=thread_id, message_id=message_id)


@contextlib.contextmanager
def unit(
    desk: Desk, action: str, target: str, data: dict[str, Any] | None = None, *, durable: bool = False
) -> Iterator[Unit]:
    """One write unit with its audit fact: both are there or neither. An illegal move is refused with its reason."""
    now = desk.clock()
    try:
        with desk.db.durable() if durable else desk.db.write() as tx:
            yield Unit(tx, now, desk.agent)
            changes.audit(tx, desk.agent, action, target, data, at=now)
    except IllegalMove as problem:
        raise Refused(f"That can't be done here: {problem}.", "Look at the ticket again.") from problem


def found(row: T | None, what: str) -> T:
    """The row; Conflict when it is gone."""
    if row is None:
        raise Conflict(f"{what} is not there any more.", "Go back to the list; it shows what is there now.")
    return row
