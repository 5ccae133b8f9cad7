"""What the header and the list of views say: read in one go whenever something changed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from desk.domain.enums import OutboxState
from desk.ui import words
from desk.ui.reads import Reads
from desk.ui.widgets.bars import Health, Light

if TYPE_CHECKING:
    from desk.store.changes import WorkerRow
    from desk.store.outbox import OutboxRow

SILENT = {"fetch": timedelta(seconds=30), "think": timedelta(seconds=120), "send": timedelta(seconds=30)}
"""A worker that said nothing for this long is said to be gone: longer than its longest piece of work."""

OPEN = (
    OutboxState.HELD,
    OutboxState.QUEUED,
    OutboxState.SENDING,
    OutboxState.RETRY,
    OutboxState.IN_DOUBT,
    OutboxState.FAILED,
)


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts a view, and the header."""

    counts: dict[str, int]
    health: Health


async def read(
    database: Reads, me: str, mailbox: str, now: datetime, status: Callable[[], str] | None, poll: float = 0.0
) -> Figures:
    """All figures, from short reads; `poll` is how many seconds fetch may wait for its server without a word."""
    from desk.actions import outbox as door
    from desk.store import articles, changes, jobs, outbox, quarantine, threads

    counts = {str(view): n for view, n in (await database.get(threads.counts(me))).items()}
    going = await database.get(outbox.rows(OPEN))
    stopped, known = await database.get(quarantine.rows()), await database.get(articles.hashes())
    counts |= {"outbox": len(going), "quarantine": len(stopped), "knowledge": len(known)}
    workers = await database.get(changes.workers())
    queued = await database.get(jobs.queued(["ticket"]))
    held = [row for row in going if row.state in (OutboxState.HELD, OutboxState.QUEUED)]
    holder = await database.get(door.stopped())
    trouble = f"{holder} holds everything: nothing leaves; ! lets it go." if holder else ""
    trouble = trouble or (status() if status else "") or _trouble(workers, going, now, timedelta(seconds=poll))
    health = Health(
        mailbox=mailbox,
        lights=tuple(Light(w.name, w.state, w.detail) for w in sorted(workers, key=_order) if w.state != "off"),
        waiting=sum(queued.values()),
        held=len(held),
        next_send=min((row.not_before for row in held), default=None),
        agent=me,
        trouble=trouble,
    )
    return Figures(counts, health)


def _order(worker: "WorkerRow") -> tuple[int, str]:
    """The way of a message: fetched, thought about, sent."""
    kind = worker.name.partition(":")[0]
    return ("fetch", "think", "send").index(kind) if kind in ("fetch", "think", "send") else 3, worker.name


def _trouble(
    workers: "Sequence[WorkerRow]", going: "Sequence[OutboxRow]", now: datetime, poll: timedelta = timedelta()
) -> str:
    """One sentence for what is wrong now, the worst first; empty when nothing is."""
    for worker in workers:
        if worker.state == "error":
            return f"{worker.name}: {worker.detail or 'stopped by an error'}"
    doubt = sum(1 for row in going if row.state == OutboxState.IN_DOUBT)
    if doubt:
        return f"{words.plural(doubt, 'reply', 'replies')} may or may not have been sent; press 4 and decide."
    if late := next((row.error for row in going if row.state == OutboxState.RETRY and row.error), ""):
        return f"A reply waits and is tried again: {late}"
    for worker in workers:
        kind = worker.name.partition(":")[0]
        patience = SILENT.get(kind, SILENT["think"]) + (poll if kind == "fetch" else timedelta())
        if worker.state in ("idle", "working", "loading") and now - worker.at > patience:
            silent = words.span((now - worker.at).total_seconds())
            return f"{worker.name} has said nothing for {silent}; `desk doctor` says what is wrong."
    off = next((w.detail for w in workers if w.state == "off" and w.detail), "")
    return off
