"""Trouble with a server or a message is shown, and the poll goes on."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from letters import Clock, deliver, letter

from desk.cli import rooms as composition
from desk.config import Config, ImapConfig, MailboxConfig
from desk.errors import MailError
from desk.mail.folder import FolderSource
from desk.mail.source import Batch, Cursor, Moved, Source
from desk.store import messages
from desk.store.database import Database
from desk.workers.fetch import Fetcher
from desk.workers.loop import Stop


class Hurried(Stop):
    """A stop whose waits end at once and are kept."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []
        self.event.wait = self._wait  # type: ignore[method-assign]

    def _wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout or 0.0)
        return self.event.is_set()


def test_every_kind_of_trouble_is_said_and_the_mail_still_arrives(config: Config, db: Database, clock: Clock) -> None:
    deliver(config, letter())
    stop, said = Hurried(), []
    troubles = [MailError("mail.example did not answer.", "Check the host."), ValueError("a surprise"), OSError("gone")]

    def connect(box: object) -> Source:
        if troubles:
            raise troubles.pop(0)
        stop.event.set()
        return composition.source(config.mailboxes[0])

    box = replace(config.mailboxes[0], imap=ImapConfig(poll_seconds=0))
    fetcher = Fetcher(db, box, connect, clock)
    fetcher.run(stop, lambda state, detail: said.append((state, detail)))
    assert said[0] == ("error", "mail.example did not answer. Check the host.")
    assert [state for state, _ in said[:3]] == ["error"] * 3
    assert said[-1][0] == "idle"
    assert len(db.get(messages.all_ids())) == 1


def test_a_server_that_breaks_each_new_connection_is_asked_later_each_time(
    config: Config, db: Database, clock: Clock
) -> None:
    stop, opened = Hurried(), 0

    class Brittle(FolderSource):
        polls = 0

        def poll(self, cursor: Cursor | None, moved: Moved | None = None) -> Iterator[Batch]:
            self.polls += 1
            if self.polls == 2:
                raise MailError("mail.example hung up.", "Check the host.")
            return super().poll(cursor, moved)

        def wait(self, seconds: float) -> None:
            """It breaks at once."""

    def connect(box: MailboxConfig) -> Source:
        nonlocal opened
        opened += 1
        if opened == 7:
            stop.event.set()
        return Brittle(Path(box.folder))

    Fetcher(db, config.mailboxes[0], connect, clock).run(stop, lambda state, detail: None)
    expected = [2.0, 4, 8, 16, 32, 64]
    assert len(stop.waits) == len(expected)
    assert all(0.75 * e <= w <= 1.25 * e for w, e in zip(stop.waits, expected, strict=True)), stop.waits
    assert stop.waits != expected, "not all at the same moment"
