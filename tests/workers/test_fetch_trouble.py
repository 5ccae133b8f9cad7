"""Trouble with a server or a message is shown, and the poll goes on."""

from letters import Clock, deliver, letter

from desk.cli import rooms as composition
from desk.config import Config
from desk.errors import MailError
from desk.mail.source import Source
from desk.store import messages
from desk.store.database import Database
from desk.workers.fetch import Fetcher
from desk.workers.loop import Stop


class Hurried(Stop):
    """A stop whose waits end at once."""

    def __init__(self) -> None:
        super().__init__()
        self.event.wait = lambda timeout=None: self.event.is_set()  # type: ignore[method-assign]


def test_every_kind_of_trouble_is_said_and_the_mail_still_arrives(config: Config, db: Database, clock: Clock) -> None:
    deliver(config, letter())
    stop, said = Hurried(), []
    troubles = [MailError("mail.example did not answer.", "Check the host."), ValueError("a surprise"), OSError("gone")]

    def connect(box: object) -> Source:
        if troubles:
            raise troubles.pop(0)
        stop.event.set()
        return composition.source(config.mailboxes[0])

    fetcher = Fetcher(db, config.mailboxes[0], connect, clock)
    fetcher.run(stop, lambda state, detail: said.append((state, detail)))
    assert said[0] == ("error", "mail.example did not answer. Check the host.")
    assert [state for state, _ in said[:3]] == ["error"] * 3
    assert said[-1][0] == "idle"
    assert len(db.get(messages.all_ids())) == 1
