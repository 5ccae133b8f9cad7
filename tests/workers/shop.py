"""A desk at work: customers write, desk drafts, a person answers, and in idle time desk learns."""

from pathlib import Path

from letters import QUESTION, Clock, deliver, letter

from desk.actions import inbox, review
from desk.actions.desk import Desk
from desk.cli import rooms as composition
from desk.config import Config
from desk.domain.ticket import Article
from desk.pipeline.case import Rooms
from desk.pipeline.runner import Runner
from desk.store import drafts, threads
from desk.store.database import Database
from desk.store.drafts import DraftRow
from desk.workers.fetch import Fetcher
from desk.workers.idle import idle_tasks
from desk.workers.indexing import Indexer
from desk.workers.send import Sender

RETURNS = Article(
    "returns", "Returning an order", "You can return an unused lamp within 30 days. Returns cost 4.90 euros."
)


class Shop:
    """A desk whose index follows its store."""

    def __init__(self, config: Config, db: Database, fetcher: Fetcher, rooms: Rooms, clock: Clock, desk: Desk) -> None:
        assert rooms.index is not None
        self.config, self.db, self.fetcher, self.clock, self.desk = config, db, fetcher, clock, desk
        self.indexer, self.runner = Indexer(db, rooms.index), Runner(db, rooms, clock)
        self.tasks = idle_tasks(db, rooms.index, clock)
        self._letters = 0

    @property
    def sent(self) -> list[Path]:
        """What has left."""
        return sorted((Path(self.config.mailboxes[0].folder) / "sent").glob("*.eml"))

    def ask(self, text: str = QUESTION, sender: str = "Anna Vogel <anna@web.example>", subject: str = "") -> DraftRow:
        """Let a customer write and desk draft; the draft."""
        self._letters += 1
        subject = subject or f"Returning a lamp {self._letters}"
        deliver(self.config, letter(text, sender=sender, message_id=f"<{self._letters}@web.example>", subject=subject))
        self.fetcher.poll()
        self.indexer.once()
        for _ in range(8):
            while self.runner.once():
                pass
            self.clock.pass_(31)
        newest = max(self.db.get(threads.ids(threads.Filter(threads.View.ALL))))
        draft = self.db.get(drafts.current(newest))
        assert draft is not None
        return draft

    def answer(self, thread_id: int, text: str, *, done: bool = True) -> None:
        """A person answers by hand, it leaves, and the ticket is done."""
        review.reply(self.desk, thread_id, text)
        draft = self.db.get(drafts.current(thread_id))
        assert draft is not None
        review.approve(self.desk, draft.id, confirm=True)
        self.leave()
        if done:
            inbox.done(self.desk, thread_id)

    def leave(self) -> None:
        """The hold ends, and what was approved leaves."""
        self.clock.pass_(60)
        sender = Sender(self.config, self.desk, composition.transport(self.config), composition.source)
        for _ in range(3):
            sender.once()
        sender.close()

    def rest(self) -> None:
        """Nothing is due: what is done in idle time is done to its end."""
        self.indexer.once()
        while any(task.once() for task in self.tasks):
            pass
