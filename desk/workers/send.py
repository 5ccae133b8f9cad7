"""The send worker: hands over what is approved and due through the one door, files copies, wakes snoozed tickets."""

import contextlib
import logging
import os
import secrets
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from desk.actions import outbox as door
from desk.actions.desk import Desk
from desk.config import Config, MailboxConfig
from desk.config_mailboxes import home
from desk.domain.enums import OutboxState, ThreadStatus
from desk.errors import Conflict, DeskError, MailError, Refused
from desk.mail.source import Place, Source
from desk.store import changes, messages, outbox, threads
from desk.store.database import Database
from desk.store.outbox import OutboxRow
from desk.workers import channels, loop
from desk.workers.channels import Send
from desk.workers.loop import Status, Stop

LOOK_AGAIN = timedelta(minutes=1)
"""How often a mailbox is asked whether a message in doubt lies in its Sent folder."""
LEASE_SECONDS = 15.0
log = logging.getLogger("desk.send")


class Lease:
    """The right to be the one sender of a store, renewed by a thread of its own; a desk beside it stands by.

    A sender that gets it anew knows that no other lives, so what was left in the middle is settled at once.
    """

    def __init__(self, db: Database, name: str) -> None:
        self.db, self.name = db, name
        self.token = secrets.token_hex(8)
        self.fresh = False
        self._has = False
        self._ended = threading.Event()

    def held(self) -> bool:
        """Whether it is ours; asks for it where it is not."""
        if not self._has and self._take():
            self.fresh = True
            self._ended.clear()
            threading.Thread(target=self._renew, daemon=True, name="send-lease").start()
        return self._has

    def end(self) -> None:
        """Give it back."""
        if self._has:
            self._ended.set()
            self._has = False
            with self.db.write() as tx:
                changes.end_lease(tx, self.name, self.token)

    def _take(self) -> bool:
        with self.db.write() as tx:
            owner = f"{os.getpid()}"
            self._has = changes.lease(tx, self.name, self.token, owner, now=loop.now(), seconds=LEASE_SECONDS)
        return self._has

    def _renew(self) -> None:
        while not self._ended.wait(LEASE_SECONDS / 4):
            try:
                if not self._take():
                    return
            except DeskError as problem:
                log.warning("the sender's lease was not renewed: %s", problem)


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
        self.channels = channels.found()
        self.lease = Lease(self.db, "send")
        self._sources: dict[str, Source] = {}
        self._looked: dict[int, datetime] = {}
        self._settled = datetime.min.replace(tzinfo=UTC)
        self._left = False
        """A release broke off (a full disk, a locked store), so a message may be claimed that nobody is sending."""

    def once(self) -> bool:
        """Do what is due now; whether there was anything."""
        if not self.lease.held():
            return False
        now = self.desk.clock()
        if self.lease.fresh or self._left:
            # Between two rounds the one sender sends nothing: whatever is claimed was left by trouble.
            door.recover(self.desk, orphans=True)
            self.lease.fresh = self._left = False
        woken = self._wake(now) + self._settle(now)
        up = self.desk.up()
        if up is not None and self.db.get(outbox.measured_elsewhere(up)):
            with self.db.write() as tx:
                outbox.measure(tx, up)
        due = [] if self.db.get(door.stopped()) else self.db.get(outbox.due(now, up))
        released = sum(self._release(outbox_id) for outbox_id in due)
        filed = self._file(now)
        return bool(woken or released or filed)

    def close(self) -> None:
        """Give the connections back."""
        for source in self._sources.values():
            source.close()
        self._sources.clear()
        self.lease.end()

    def _release(self, outbox_id: int) -> bool:
        """Through the door; whether it came to a result. The door records a refusal on the ticket, here it is logged."""
        row = self.db.get(outbox.one(outbox_id))
        if row is None:
            return False
        box = self._box(row.mailbox_id)
        if box is None:
            raise Refused(
                f"Outgoing message {outbox_id} belongs to a mailbox that is not in the configuration.",
                "Put the mailbox back, or cancel the message in the outbox.",
            )
        try:
            door.release(self.desk, outbox_id, self._way(row, box))
        except DeskError as problem:
            log.warning("outbox %s: %s", outbox_id, problem)
            self._left = True
            return False
        return True

    def _way(self, row: OutboxRow, box: MailboxConfig) -> Send:
        """How this message leaves: as its thread's channel says, else as its mailbox does."""
        detail = self.db.get(threads.one(row.thread_id)) if row.thread_id is not None else None
        channel = self.channels.get(detail.channel) if detail else None
        return (channel.reply(self.config, box) if channel else None) or self.transport(box)

    def _file(self, now: datetime) -> int:
        """Copy what was sent to Sent, and look there for what is in doubt."""
        count = 0
        for row in self.db.get(outbox.unfiled()):
            box = self._box(row.mailbox_id)
            if box is None:
                continue
            where = self._source(box).file_sent(row.raw, row.message_id)
            self._answered(row)
            with self.db.write() as tx:
                outbox.filed(tx, row.id, where or "", now)
            count += 1
        for row in self.db.get(outbox.rows((OutboxState.IN_DOUBT,))):
            box = self._box(row.mailbox_id)
            if box is None or now - self._looked.get(row.id, now - 2 * LOOK_AGAIN) < LOOK_AGAIN:
                continue
            self._looked[row.id] = now
            if self._source(box).find_sent(row.message_id):
                with contextlib.suppress(Refused):
                    door.mark_sent(self.desk, row.id)
                count += 1
        return count

    def _answered(self, row: OutboxRow) -> None:
        """Let other mail programs see what was answered, in the mailbox it came to, which need not be the one that answers;
        that this may fail keeps nothing else from being done."""
        for mailbox_id, folder, uidvalidity, uid in self.db.get(messages.places(row.answers)):
            box, place = self._box(mailbox_id), Place(folder, uidvalidity, uid)
            if box is None:
                continue
            try:
                source = self._source(box)
                if place.folder in (source.folder, *box.imap.watched):
                    source.flag(place, "\\Answered")
            except MailError as problem:
                log.warning("%s: %s", box.name, problem)

    def _wake(self, now: datetime) -> int:
        """Bring snoozed tickets back whose time has come."""
        due = self.db.get(threads.due(now))
        for thread_id in due:
            with self.db.write() as tx:
                threads.wake(tx, thread_id)
                changes.record(tx, "thread.woken", "snooze is over", actor="desk", at=now, thread_id=thread_id)
        return len(due)

    def _settle(self, now: datetime) -> int:
        """Resolve tickets whose contact has not answered us for as long as the configuration says."""
        days = self.config.pipeline.resolve_after_days
        if not days or now - self._settled < LOOK_AGAIN:
            return 0
        self._settled = now
        quiet = self.db.get(threads.quiet(now - timedelta(days=days)))
        for thread_id in quiet:
            with contextlib.suppress(Conflict), self.db.write() as tx:
                threads.update(tx, thread_id, status=ThreadStatus.RESOLVED, resolved_at=now, step="", needs="")
                text = f"no reply for {days} days"
                changes.record(tx, "thread.resolved", text, actor="desk", at=now, thread_id=thread_id)
        return len(quiet)

    def _box(self, mailbox_id: int) -> MailboxConfig | None:
        """The mailbox whose servers are used for this one."""
        name = self.db.get(messages.mailbox_names()).get(mailbox_id, "")
        return next((home(self.config, box) for box in self.config.mailboxes if box.name == name), None)

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
