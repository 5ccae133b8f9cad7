"""Finding what we promised in the mail we sent, and saying when its day is over."""

from collections.abc import Callable
from datetime import datetime

from desk.domain.enums import ThreadStatus
from desk.mail.reply import split
from desk.pipeline.promised import Promised, found
from desk.pipeline.sentences import bare, plain
from desk.store import changes, commitments, drafts, threads
from desk.store.commitments import CommitmentRow, Sent
from desk.store.database import Database, within

LOOKED = "promises.looked"
"""Setting: the last message of ours that was looked at."""


class Promises:
    """Follows our sent mail and the calendar. `clock` gives the current time in UTC."""

    def __init__(self, db: Database, clock: Callable[[], datetime]) -> None:
        self.db, self.clock = db, clock

    def once(self) -> bool:
        """Read what was sent since the last look, or show what became overdue; False where neither is."""
        looked = self.db.get(changes.setting(LOOKED)) or 0
        if sent := self.db.get(commitments.sent_after(looked)):
            self._read(sent, looked)
            return True
        late = self.db.get(commitments.untold(self.clock().astimezone().date()))
        for row in late:
            self._tell(row)
        return bool(late)

    def _read(self, sent: list[Sent], looked: int) -> None:
        promised = [(one, self._promised(one)) for one in sent]
        with self.db.write() as tx:
            if (within(tx, changes.setting(LOOKED)) or 0) != looked:
                return
            for one, promises in promised:
                commitments.kept_by(tx, one)
                for promise in promises:
                    commitments.add(tx, one, promise.text, promise.due, by_mail=promise.by_mail)
            changes.set_setting(tx, LOOKED, sent[-1].message_id)

    def _promised(self, one: Sent) -> list[Promised]:
        """The promises of a message in our own words; what an article says to everybody, quoted in it, is none."""
        quoted = " ".join(
            _one_line(plain(source.text))
            for row in self.db.get(drafts.revisions(one.thread_id))
            for source in row.sources
        )
        promises = found(bare(split(one.text).reply), one.sent_at.astimezone().date())
        return [promise for promise in promises if _one_line(promise.text) not in quoted]

    def _tell(self, row: CommitmentRow) -> None:
        """Bring a ticket back whose promise is overdue, and say so in its row and in the activity."""
        assert row.due is not None
        text = f"{commitments.OVERDUE}we promised “{_one_line(row.text)[:120]}” by {row.due:%d %b}"
        with self.db.write() as tx:
            commitments.tell(tx, row)
            detail = within(tx, threads.one(row.thread_id))
            if detail is None or detail.merged_into is not None:
                return
            if detail.row.status in (ThreadStatus.RESOLVED, ThreadStatus.ARCHIVED):
                threads.update(tx, row.thread_id, status=ThreadStatus.OPEN, resolved_at=None)
            if detail.row.status != ThreadStatus.PENDING_REVIEW:
                threads.update(tx, row.thread_id, needs=text)
            changes.record(tx, "promise.overdue", text, actor="desk", at=self.clock(), thread_id=row.thread_id)


def _one_line(text: str) -> str:
    return " ".join(text.split())
