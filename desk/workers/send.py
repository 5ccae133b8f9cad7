"""The send worker: hands over what is approved and due through the one door, files copies, wakes snoozed tickets."""

import contextlib
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from desk.actions import outbox as door
from desk.actions.desk import Desk
from desk.config import Config, MailboxConfig
from desk.domain.enums import OutboxState
from desk.domain.mail import Outgoing
from desk.errors import DeskError, Refused
from desk.mail.source import Source
from desk.store import changes, messages, outbox, threads
from desk.store.database import Database
from desk.store.outbox import OutboxRow
from desk.workers import loop
from desk.workers.loop import Status, Stop

Send = Callable[[Outgoing, Callable[[], None]], str]
"""Hand one message over: the bytes, and what to call between the last accepted recipient and DATA. Returns the reply."""
LOOK_AGAIN = timedelta(minutes=1)
"""How often a mailbox is asked whether a message in doubt lies in its Sent folder."""
log = logging.getLogger("desk.send")


class Sender:
    """Sends for every mailbox. `transport` gives the way out of a mailbox, `connect` its connection for filing copies."""

    def __init__(
        self,
        config: Config,
        desk: Desk,
        transport: Callable[[MailboxConfig], Send],
        connect: Callable[[MailboxConfig], Source],
    ) -> None:
        self.config, self.desk, self.db = config, desk, desk.db
        self.transport, self.connect = transport, connect
        self._sources: dict[str, Source] = {}
        self._looked: dict[int, datetime] = {}

    def once(self) -> bool:
        """Do what is due now; whether there was anything."""
        now = self.desk.clock()
        with self.db.durable() as tx:
            _, unsure = outbox.recover(tx, now)
        woken = self._wake(now)
        due = self.db.get(outbox.due(now))
        for outbox_id in due:
            self._release(outbox_id)
        filed = self._file(now)
        return bool(unsure or woken or due or filed)

    def close(self) -> None:
        """Give the connections back."""
        for source in self._sources.values():
            source.close()
        self._sources.clear()

    def _release(self, outbox_id: int) -> None:
        """Through the door. A refusal is recorded on the ticket by the door itself; here it only ends the attempt."""
        row = self.db.get(outbox.one(outbox_id))
        if row is None:
            return
        box = self._box(row)
        if box is None:
            raise Refused(
                f"Outgoing message {outbox_id} belongs to a mailbox that is not in the configuration.",
                "Put the mailbox back, or cancel the message in the outbox.",
            )
        try:
            door.release(self.desk, outbox_id, self.transport(box))
        except DeskError as problem:
            log.warning("outbox %s: %s", outbox_id, problem)

    def _file(self, now: datetime) -> int:
        """Copy what was sent to Sent, and look there for what is in doubt."""
        count = 0
        for row in self.db.get(outbox.unfiled()):
            box = self._box(row)
            if box is None:
                continue
            where = self._source(box).file_sent(row.raw, row.message_id)
            with self.db.write() as tx:
                outbox.filed(tx, row.id, where or "", now)
            count += 1
        for row in self.db.get(outbox.rows((OutboxState.IN_DOUBT,))):
            box = self._box(row)
            if box is None or now - self._looked.get(row.id, now - 2 * LOOK_AGAIN) < LOOK_AGAIN:
                continue
            self._looked[row.id] = now
            if self._source(box).find_sent(row.message_id):
                with contextlib.suppress(Refused):
                    door.mark_sent(self.desk, row.id)
                count += 1
        return count

    def _wake(self, now: datetime) -> int:
        """Bring snoozed tickets back whose time has come."""
        due = self.db.get(threads.due(now))
        for thread_id in due:
            with self.db.write() as tx:
                threads.wake(tx, thread_id)
                changes.record(tx, "thread.woken", "snooze is over", actor="desk", at=now, thread_id=thread_id)
        return len(due)

    def _box(self, row: OutboxRow) -> MailboxConfig | None:
        name = self.db.get(messages.mailbox_names()).get(row.mailbox_id, "")
        return next((box for box in self.config.mailboxes if box.name == name), None)

    def _source(self, box: MailboxConfig) -> Source:
        if box.name not in self._sources:
            self._sources[box.name] = self.connect(box)
        return self._sources[box.name]


def run(
    db: Database,
    config: Config,
    desk: Desk,
    transport: Callable[[MailboxConfig], Send],
    connect: Callable[[MailboxConfig], Source],
    stop: Stop,
) -> None:
    """Send until told to stop."""
    sender = Sender(config, desk, transport, connect)
    status = Status(db, "send")

    def once() -> bool:
        try:
            return sender.once()
        except DeskError:
            sender.close()
            raise

    try:
        loop.run(db, stop, status, once)
    finally:
        sender.close()
