"""Two desks that would both answer by rule: one exchange, then silence; and an end even where headers get lost."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from letters import Clock

from desk.actions import review, writing
from desk.actions.desk import Desk
from desk.cli import rooms as composition
from desk.config import Config, MailboxConfig, PipelineConfig
from desk.domain.enums import Direction, MessageStatus
from desk.errors import Refused
from desk.knowledge.embed import Embedder
from desk.llm import Models
from desk.pipeline.case import Rooms
from desk.pipeline.runner import Runner
from desk.store import database, drafts, messages, threads
from desk.store.database import Database
from desk.workers.fetch import Fetcher
from desk.workers.send import Sender


@dataclass
class House:
    """One desk with its mailbox in a folder, and a rule that answers whatever it may."""

    folder: Path
    address: str
    db: Database
    desk: Desk
    fetcher: Fetcher
    runner: Runner
    sender: Sender
    passed_on: set[Path] = field(default_factory=set)
    refusals: int = 0

    def turn(self, clock: Clock) -> None:
        """Fetch, scan, answer by rule, send."""
        self.fetcher.poll()
        while self.runner.once():
            pass
        for thread_id in list(self.db.get(threads.ids(threads.Filter(threads.View.ALL)))):
            rows = self.db.get(messages.of_thread(thread_id))
            if rows and rows[-1].direction is Direction.INBOUND and rows[-1].status is MessageStatus.PROCESSING:
                self.answer(thread_id)
        clock.pass_(20)
        self.sender.once()

    def answer(self, thread_id: int) -> None:
        review.reply(self.desk, thread_id, "Yes, we have the green lamp in stock.")
        draft = self.db.get(drafts.current(thread_id))
        assert draft is not None
        try:
            review.approve(self.desk, draft.id, by_rule=True)
        except Refused:
            self.refusals += 1

    def sent(self) -> list[Path]:
        return sorted((self.folder / "sent").glob("*.eml"))


def house(path: Path, name: str, embedder: Embedder, clock: Clock) -> House:
    folder = path / name
    (folder / "sent").mkdir(parents=True)
    address = f"help@{name}.example"
    box = MailboxConfig(name=name, address=address, folder=str(folder), auth_servers=("mx.test",))
    config = Config(mailboxes=(box,), pipeline=PipelineConfig(window_seconds=3600, hold_seconds=15))
    db = database.open(str(path / f"{name}.db"))
    desk = replace(composition.desk(config, db, who="rule"), clock=clock, uptime=None)
    rooms = Rooms(config, embedder, None, Models(None, None, "no model in this test"), None, None)
    fetcher = Fetcher(db, box, composition.source, clock)
    sender = Sender(config, desk, composition.transport(config), composition.source)
    return House(folder, address, db, desk, fetcher, Runner(db, rooms, clock), sender)


def carry(one: House, other: House, *lost: bytes) -> None:
    """Bring what one desk sent to the other, as its mail server would; `lost` are headers that a relay drops."""
    for path in set(one.sent()) - one.passed_on:
        head, _, body = path.read_bytes().replace(b"\r\n", b"\n").partition(b"\n\n")
        lines = [line for line in head.split(b"\n") if not line.startswith(lost)]
        domain = one.address.partition("@")[2].encode()
        proof = b"Authentication-Results: mx.test; dmarc=pass header.from=" + domain
        name = f"{len(list(other.folder.glob('*.eml'))):05d}.eml"
        (other.folder / name).write_bytes(b"\n".join([proof, *lines]) + b"\n\n" + body)
        one.passed_on.add(path)


@pytest.mark.parametrize(
    ("lost", "most"), [((), 2), ((b"Auto-Submitted", b"X-Auto-Response", b"X-Desk-Loop"), 5)], ids=["kept", "lost"]
)
def test_two_desks_stop(tmp_path: Path, embedder: Embedder, clock: Clock, lost: tuple[bytes, ...], most: int) -> None:
    ann, bob = house(tmp_path, "ann", embedder, clock), house(tmp_path, "bob", embedder, clock)
    writing.begin(ann.desk, "ann", (bob.address,), "Lamp", "Do you have the green lamp?")
    (first,) = [
        d for i in ann.db.get(threads.ids(threads.Filter(threads.View.ALL))) if (d := ann.db.get(drafts.current(i)))
    ]
    review.approve(ann.desk, first.id)
    for _ in range(12):
        ann.turn(clock)
        carry(ann, bob, *lost)
        bob.turn(clock)
        carry(bob, ann, *lost)
    total = len(ann.sent()) + len(bob.sent())
    assert 2 <= total <= most
    marked = [b"\nAuto-Submitted: auto-replied" in path.read_bytes() for path in (*ann.sent(), *bob.sent())]
    assert marked.count(False) == 1
    if not lost:
        assert (ann.refusals, bob.refusals) == (0, 0)
        assert len(list(ann.db.get(threads.ids(threads.Filter(threads.View.ALL))))) == 1
    for one in (ann, bob):
        one.sender.close()
        one.fetcher.close()
        one.db.close()
