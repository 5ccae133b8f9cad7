"""After an upgrade of the guard: every stored message judged anew, and what is judged differently now."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from desk.config import Config
from desk.domain.enums import MessageStatus
from desk.guard.meaning import Embed
from desk.guard.policy import SCANNER, THRESHOLD
from desk.pipeline.runner.load import mailbox
from desk.pipeline.runner.scan import judged
from desk.store import changes, intake, messages, quarantine, threads
from desk.store.database import Database


@dataclass(frozen=True, slots=True)
class Changed:
    """A message whose verdict changed. `flagged` is what it is now; scores are 0..1, before and after."""

    number: str
    message_id: int
    subject: str
    sender: str
    status: str
    flagged: bool
    before: float
    after: float
    why: str
    """The heaviest rule or layer of the new verdict."""


def rescan(
    db: Database,
    config: Config,
    clock: Callable[[], datetime],
    embed: Embed | None = None,
    flag_from: float = THRESHOLD,
) -> Iterator[Changed | None]:
    """Judge every message another version of the guard judged; yields each change, None for a message judged the same.

    A verdict decides what may enter a prompt from now on, at once; where a message stands is left to a person: nothing
    is put into quarantine or let out of it. What a person released stays released. `embed` is what the guard is given
    when mail comes in, `flag_from` the score this desk keeps mail back from. May be stopped and begun again.
    """
    last = 0
    while ids := db.get(quarantine.judged_by_others(SCANNER, last)):
        for last in ids:
            yield _judge(db, config, last, clock(), embed, flag_from)


def _judge(db: Database, config: Config, message_id: int, now: datetime, embed: Embed | None, flag_from: float) \
        -> Changed | None:  # fmt: skip
    row = db.get(messages.one(message_id))
    detail = db.get(threads.one(row.thread_id)) if row is not None else None
    if row is None or detail is None:
        return None
    released = db.get(quarantine.is_released(row.blob_hash))
    box, lists = mailbox(config, detail.row.mailbox), config.guard.prohibited
    _, scan = judged(db, row, box, lists, released=released, embed=embed, flag_from=flag_from)
    verdict = scan.verdict
    kept_back, keeps_back = bool(row.flagged) or not row.complete, verdict.flagged or not verdict.complete
    changed = kept_back != keeps_back and not released
    with db.write() as tx:
        intake.scanned(tx, row.id, scan, now=now, released=released)
        if changed:
            said = "would be kept back now" if keeps_back else "would be let through now"
            text = f"{row.subject}: {said} ({SCANNER}, {row.score or 0:.2f} → {verdict.score:.2f})"
            changes.record(
                tx, "guard.rescanned", text, actor="guard", at=now, thread_id=row.thread_id, message_id=row.id
            )
            if row.status is not MessageStatus.QUARANTINED:
                threads.update(tx, row.thread_id, flagged=keeps_back)
    if not changed:
        return None
    why = max(verdict.evidence, key=lambda e: e.weight).rule if verdict.evidence else ""
    return Changed(detail.row.number, row.id, row.subject, row.from_addr, str(row.status), keeps_back,
                   row.score or 0.0, verdict.score, why if keeps_back else "")  # fmt: skip
