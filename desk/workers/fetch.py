"""The fetch worker: one thread a watched folder, each holding one connection; polls, or is woken by the server."""

import contextlib
import logging
import random
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import astuple, replace
from datetime import datetime

from desk.config import Config, MailboxConfig
from desk.config_mailboxes import receiving
from desk.errors import AuthError, DeskError
from desk.mail.rules import Rulebook
from desk.mail.source import Cursor, Heading, Source
from desk.store import changes, intake, messages
from desk.store.database import Database
from desk.store.renumber import renumber
from desk.workers.ahead import ahead
from desk.workers.intake import take
from desk.workers.loop import Status, Stop, now

log = logging.getLogger("desk.fetch")
REFUSED_SECONDS = 300.0
"""How long to wait after a refused login: providers lock accounts that knock too often."""
Open = Callable[[MailboxConfig], Source]
"""Connects to a mailbox; raises MailError naming host, step and what to do."""


class Fetcher:
    """Keeps one folder of a mailbox in step with its server."""

    def __init__(
        self,
        db: Database,
        box: MailboxConfig,
        connect: Open,
        clock: Callable[[], datetime] = now,
        filing: AbstractContextManager[object] | None = None,
        rules: Rulebook | None = None,
    ) -> None:
        """`filing` is held while mail is stored; the folders of a mailbox share it, because one may answer another's."""
        self.db, self.box, self.connect, self.clock, self.rules = db, box, connect, clock, rules
        self._filing = filing or contextlib.nullcontext()
        with db.write() as tx:
            self.mailbox_id = intake.mailbox(tx, box.name, box.address, at=self.clock())
        self.source: Source | None = None

    def poll(self) -> int:
        """Take everything new; returns how many messages were stored. Connects first where there is no connection."""
        if self.source is None:
            self.source = self.connect(self.box)
        stored = self.db.get(messages.cursor(self.mailbox_id, self.source.folder))
        cursor = Cursor(*astuple(stored)) if stored else None
        count = 0
        for batch, letters in ahead(self.source.poll(cursor, self._moved)):
            now, folder = self.clock(), self.source.folder
            with self._filing:
                old, rules = batch.history, self.rules
                count += len(
                    take(
                        self.db,
                        self.mailbox_id,
                        self.box,
                        folder,
                        batch,
                        now=now,
                        history=old,
                        letters=letters,
                        rules=rules,
                    )
                )
        return count

    def _moved(self, uidvalidity: int, headings: Sequence[Heading]) -> set[int]:
        folder = self.source.folder if self.source else ""
        with self.db.write() as tx:
            intake.alone(tx, self.mailbox_id)
            return renumber(tx, self.mailbox_id, folder, uidvalidity, headings)

    def close(self) -> None:
        """Give the connection back."""
        if self.source is not None:
            self.source.close()
            self.source = None

    def run(self, stop: Stop, say: Callable[[str, str], None]) -> None:
        """Poll until told to stop. Trouble with the server is shown, the connection made anew, later each time."""
        trouble = 0
        while not stop:
            kept = self.source is not None
            try:
                self.poll()
                trouble = 0 if kept else trouble  # a new connection may break as soon as the last one did
                say("idle", self.box.address)
                if self.source is not None:
                    self.source.wait(self.box.imap.poll_seconds)
            except Exception as problem:
                trouble += 1
                self._failed(problem, say)
                pause = REFUSED_SECONDS if isinstance(problem, AuthError) else min(120.0, 2.0 ** min(trouble, 7))
                stop.event.wait(pause * random.uniform(0.75, 1.25))  # apart from others that lost the same server
        self.close()

    def _failed(self, problem: Exception, say: Callable[[str, str], None]) -> None:
        """Show what went wrong and drop the connection; the loop goes on whatever it was."""
        if isinstance(problem, DeskError):
            log.warning("%s: %s", self.box.name, problem)
            words = str(problem)
        else:
            log.error("%s: unexpected", self.box.name, exc_info=problem)
            words = "An unexpected error; the log has it. Trying again."
        try:
            say("error", words)
            self.close()
        except DeskError as again:
            log.warning("%s: %s", self.box.name, again)


def watched(box: MailboxConfig) -> dict[str, MailboxConfig]:
    """The mailbox once for each folder that is read, by the name its worker is shown under; the first is the mailbox's."""
    folders = () if box.folder else box.imap.watched[1:]
    more = {f"{box.name}/{name}": replace(box, imap=replace(box.imap, folder=name)) for name in folders}
    return {box.name: box, **more}


def run(db: Database, config: Config, connect: Open, stop: Stop) -> None:
    """Fetch every folder of every mailbox until told to stop. One that fails never stops another."""
    named: list[tuple[str, Fetcher]] = []
    rules = Rulebook(config)
    for box in receiving(config):
        filing = threading.Lock()
        named += [(name, Fetcher(db, one, connect, filing=filing, rules=rules)) for name, one in watched(box).items()]
    lines = {"fetch" if len(named) == 1 else f"fetch:{name}": fetcher for name, fetcher in named}
    with db.write() as tx:
        changes.keep_workers(tx, "fetch", lines or ("fetch",))
        for (
            box
        ) in config.mailboxes:  # those that share an inbox are to be chosen from and narrowed to before they have mail
            intake.mailbox(tx, box.name, box.address, at=now())
    if not lines:
        Status(db, "fetch").say("off", "No mailbox is connected; run `desk init`.")
        stop.event.wait()
        return
    threads = []
    for name, fetcher in lines.items():
        status = Status(db, name)
        threads.append(threading.Thread(target=fetcher.run, args=(stop, status.say), daemon=True, name=name))
    for thread in threads:
        thread.start()
    stop.event.wait()
    for fetcher in lines.values():
        fetcher.close()
    for thread in threads:
        thread.join(3)
