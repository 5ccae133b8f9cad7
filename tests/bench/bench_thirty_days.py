"""Thirty days without a desk: what came meanwhile is taken in once, whatever happened to the mailbox.

    python tests/bench/bench_thirty_days.py [--messages 5000]

A desk runs, answers some mail, and is away for thirty days. Meanwhile mail arrives: conversations, replies to our own
answers, replies that only share a subject, duplicates, mail without Message-ID, one that is malformed; a part is read
elsewhere. Half way through the catching-up the connection drops, and at the end the server renumbers the folder
(UIDVALIDITY). A real IMAP server and the real fetch code; prints what was lost, doubled or answered again and ends with 1
when anything was.
"""

import argparse
import random
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import sqlalchemy as sa
from servers import ImapServer, pymap_server

from desk.actions import outbox as door
from desk.actions import review
from desk.cli import rooms
from desk.config import Config
from desk.domain.mail import Credential
from desk.errors import MailError
from desk.mail.imap import ImapSource
from desk.store import database, drafts, messages, outbox, threads
from desk.store.database import Database
from desk.store.tables import messages as message_table
from desk.store.tables import runs as run_table
from desk.workers.fetch import Fetcher

START = datetime.now(UTC) - timedelta(days=31)
TOPICS = "lamp shade bulb cable dimmer pendant invoice parcel refund voucher glass switch socket timer remote".split()


@dataclass
class Mail:
    """What the world sent: the bytes, when they came, and which conversation they belong to."""

    raw: bytes
    at: datetime
    talk: int
    message_id: str
    seen: bool = False


@dataclass
class World:
    """Writes letters and knows which belong together."""

    dice: random.Random
    mails: list[Mail] = field(default_factory=list)
    talks: int = 0
    subjects: dict[int, tuple[str, str]] = field(default_factory=dict)

    def letter(self, n: int, at: datetime, ours: dict[int, str]) -> Mail:
        """The next letter: a new conversation, a reply in an old one (to us where we answered), or the same again."""
        kind = self.dice.random()
        if kind < 0.01 and self.mails:
            return replace(self.dice.choice(self.mails[-200:]), at=at)
        answers = [m for m in self.mails[-300:] if m.message_id]
        if kind < 0.4 and answers:
            before = self.dice.choice(answers)
            sender, subject = self.subjects[before.talk]
            refs = f"In-Reply-To: <{ours.get(before.talk, before.message_id)}>\r\n"
            if self.dice.random() < 0.1:
                refs = ""  # a program that drops the references: the subject alone tells
            return self._write(n, at, before.talk, sender, f"Re: {subject}", refs)
        self.talks += 1
        sender = f"c{self.talks}@web{self.talks % 50}.example"
        self.subjects[self.talks] = (sender, f"The {self.dice.choice(TOPICS)} of order {10_000 + self.talks}")
        return self._write(n, at, self.talks, sender, self.subjects[self.talks][1], "")

    def _write(self, n: int, at: datetime, talk: int, sender: str, subject: str, refs: str) -> Mail:
        name = "" if not refs and self.dice.random() < 0.02 else f"{n}.{talk}@web.example"
        head = f"Message-ID: <{name}>\r\n" if name else ""
        raw = (
            f"From: Customer {talk} <{sender}>\r\nTo: help@shop.example\r\nSubject: {subject}\r\n{head}{refs}"
            f"Date: {format_datetime(at)}\r\n\r\nLetter {n}: {' '.join(self.dice.choices(TOPICS, k=30))}\r\n"
        ).encode()
        if n == 777:
            raw = b"Subject\xff: =?broken?\r\n From \x01 nobody\r\n\r\n\xfe\xff letter 777\r\n"
            self.talks += 1
            self.subjects[self.talks] = (sender, subject)
            return Mail(raw, at, self.talks, "")
        return Mail(raw, at, talk, name, self.dice.random() < 0.2)


def deliver(server: ImapServer, mails: list[Mail]) -> None:
    """Put letters into the mailbox, some of them read already."""
    with server.client() as client:
        for mail in mails:
            client.append("INBOX", mail.raw, flags=[b"\\Seen"] if mail.seen else [], msg_time=mail.at)


def renumber(server: ImapServer, mails: list[Mail]) -> None:
    """What a server does that is restored from a backup: the same letters under another UIDVALIDITY."""
    with server.client() as client:
        client.rename_folder("INBOX", f"old{time.monotonic_ns()}")
    deliver(server, mails)


def answer_some(db: Database, config: Config, number: int) -> dict[int, str]:
    """Answer the first tickets by hand; ticket id → Message-ID of our answer."""
    desk = rooms.desk(config, db, who="bench")
    sent: dict[int, str] = {}

    def transport(out: object, before_data: object) -> str:
        before_data()  # type: ignore[operator]
        return "250 OK"

    for thread_id in list(db.get(threads.ids(threads.Filter(threads.View.ALL))))[:number]:
        review.reply(desk, thread_id, "Thank you, we look into it.")
        draft = db.get(drafts.current(thread_id))
        assert draft is not None
        review.approve(desk, draft.id, confirm=True)
        (row,) = db.get(outbox.of_thread(thread_id))
        door.release(desk, row.id, transport)
        sent[thread_id] = row.message_id.strip("<>")
    return sent


class Dropping(ImapSource):
    """A connection that breaks once, in the middle of catching up."""

    left = 3

    def _fetch(self, *args: object) -> object:  # type: ignore[override]
        self.left -= 1
        if self.left == 0:
            raise OSError("the connection was reset")
        return super()._fetch(*args)  # type: ignore[arg-type]


def catch_up(fetcher: Fetcher) -> int:
    """Poll until nothing is new, over whatever breaks."""
    count, quiet = 0, 0
    while quiet < 2:
        try:
            got = fetcher.poll()
        except MailError as problem:
            print(f"  the connection broke: {problem.what}")
            fetcher.close()
            continue
        count, quiet = count + got, quiet + (got == 0)
    return count


def simulate(server: ImapServer, home: Path, number: int) -> bool:
    """The thirty days; whether nothing was lost, doubled or answered again."""
    world = World(random.Random(7))
    db = database.open(home / "desk.sqlite")
    box = replace(server.box(), name="main", address="help@shop.example", import_from="now")
    box = replace(box, smtp=replace(box.smtp, host="127.0.0.1", security="none"))
    config = Config(mailboxes=(box,), pipeline=replace(Config().pipeline, hold_seconds=0.0))
    clock = [START]
    login = Credential.password(server.password)
    fetcher = Fetcher(db, box, lambda b: Dropping(b, login), clock=lambda: clock[0])
    fetcher.poll()
    first = [world.letter(n, START + timedelta(minutes=n), {}) for n in range(100)]
    for mail in first:
        world.mails.append(mail)
    deliver(server, world.mails)
    catch_up(fetcher)
    talk_of = {m.message_id: m.talk for m in world.mails if m.message_id}
    sent = answer_some(db, config, 40)
    ours = {}
    for thread_id, message_id in sent.items():
        inbound = next(m for m in db.get(messages.of_thread(thread_id)) if m.direction == "inbound")
        if inbound.message_id in talk_of:
            ours[talk_of[inbound.message_id]] = message_id
    fetcher.close()
    away = []
    for n in range(100, number):
        mail = world.letter(n, START + timedelta(days=30 * n / number), ours)
        world.mails.append(mail)
        away.append(mail)
    deliver(server, away)
    clock[0] = datetime.now(UTC)
    begin = time.perf_counter()
    took = catch_up(fetcher)
    seconds = time.perf_counter() - begin
    print(
        f"  {number:,} messages in {world.talks:,} conversations; {took:,} taken in after the absence in {seconds:.0f} s"
    )
    good = verdict(db, world)
    before = counts(db)
    renumber(server, world.mails)
    fetcher.close()
    again = catch_up(fetcher)
    print(
        f"  after the folder was renumbered: {again} new, figures {'unchanged' if counts(db) == before else 'CHANGED'}"
    )
    good = good and again == 0 and counts(db) == before
    fetcher.close()
    db.close()
    return good


def counts(db: Database) -> tuple[int, int, int, int]:
    """Messages, tickets, queued work, answers."""
    with db.read() as tx:
        inbound = sa.select(sa.func.count()).select_from(message_table).where(message_table.c.direction == "inbound")
        work = sa.select(sa.func.count()).select_from(run_table)
        return (
            int(tx.execute(inbound).scalar_one()), len(threads.ids(threads.Filter(threads.View.ALL)).run(tx)),
            int(tx.execute(work).scalar_one()), len(outbox.rows(limit=10_000).run(tx)),
        )  # fmt: skip


def verdict(db: Database, world: World) -> bool:
    """Compare what is stored with what was sent."""
    wanted = {mail.raw for mail in world.mails}
    with db.read() as tx:
        rows = tx.execute(
            sa.select(message_table.c.id, message_table.c.thread_id).where(message_table.c.direction == "inbound")
        ).all()
    stored: dict[bytes, list[int]] = defaultdict(list)
    for message_id, thread_id in rows:
        stored[db.get(messages.raw(message_id))].append(thread_id)
    lost = sum(raw not in stored for raw in wanted)
    doubled = sum(len(found) - 1 for found in stored.values())
    talk_of = {mail.raw: mail.talk for mail in world.mails}
    tickets: dict[int, set[int]] = defaultdict(set)
    talks: dict[int, set[int]] = defaultdict(set)
    for raw, found in stored.items():
        for thread_id in found:
            tickets[talk_of[raw]].add(thread_id)
            talks[thread_id].add(talk_of[raw])
    split = sum(len(found) > 1 for found in tickets.values())
    mixed = sum(len(found) > 1 for found in talks.values())
    print(
        f"  lost {lost}, stored twice {doubled}, conversations in two tickets {split}, tickets with two conversations {mixed}"
    )
    return not (lost or doubled or split or mixed)


def main() -> None:
    """Run it and say how it went."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--messages", type=int, default=5000)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, pymap_server() as server:
        good = simulate(server, Path(folder), given.messages)
    print("nothing lost, nothing twice" if good else "SOMETHING WENT WRONG")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
