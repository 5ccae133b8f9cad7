"""The other lists: what leaves, what was stopped, what is known, what happened, what was found."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.segment import Segment
from rich.style import Style

from desk.domain.enums import OutboxState
from desk.ui import words
from desk.ui.panes.threads import ThreadSheet, glyph
from desk.ui.panes.whole import WholeSheet, two
from desk.ui.reads import Reads
from desk.ui.themes import Ink
from desk.ui.widgets.safe import line

if TYPE_CHECKING:
    from desk.store.changes import EventRow
    from desk.store.outbox import OutboxRow
    from desk.store.quarantine import QuarantineRow
    from desk.store.search import SearchHit
    from desk.store.threads import ThreadRow
    from desk.ui.widgets.lines import Sheet

LIMIT = 1000
"""Most items of a list that is read whole."""


SIGNS = {
    OutboxState.HELD: ("⏸", "held"),
    OutboxState.QUEUED: ("→", "queued"),
    OutboxState.SENDING: ("→", "sending"),
    OutboxState.RETRY: ("↻", "will try again"),
    OutboxState.SENT: ("✓", "sent"),
    OutboxState.FILED: ("✓", "sent and filed"),
    OutboxState.IN_DOUBT: ("?", "in doubt: it may have been sent"),
    OutboxState.FAILED: ("✗", "failed"),
    OutboxState.CANCELLED: ("·", "taken back"),
}


class OutboxSheet(WholeSheet):
    """What is on its way or could not leave, with the hold's countdown."""

    name, tall, ticking = "outbox", 2, True
    _holder = ""

    async def load(self) -> "dict[int, OutboxRow]":
        """Everything that has not left."""
        from desk.actions.outbox import stopped
        from desk.store import outbox

        self._holder = await self._database.get(stopped())
        states = (OutboxState.HELD, OutboxState.QUEUED, OutboxState.SENDING, OutboxState.RETRY)
        found = await self._database.get(outbox.rows((*states, OutboxState.IN_DOUBT, OutboxState.FAILED)))
        return {row.id: row for row in found}

    def draw(self, row: "OutboxRow", width: int, ink: Ink, now: datetime) -> list[list[Segment]]:
        """To whom and what; below, its state and what can be done."""
        sign, word = SIGNS[OutboxState(row.state)]
        held = row.state == OutboxState.HELD
        bad = row.state in (OutboxState.FAILED, OutboxState.IN_DOUBT)
        style = ink.warning if held else ink.danger if bad else ink.accent
        right = words.age(row.approved_at, now)
        if held:
            right = "stopped" if self._holder else words.countdown(row.not_before, now)
        to = words.clip(line(", ".join(row.recipients)), min(26, width // 3)) + "  "
        first = two([(sign + " ", style), (to, ink.strong), (line(row.subject), Style())], right, width, ink)
        detail = f"  {word}" + (f" · approved by {line(row.approved_by)}" if row.approved_by else "")
        if row.error:
            detail = f"  {word} · {line(row.error)}"
        if held:
            detail += f" · {line(self._holder)} holds everything" if self._holder else " · u takes it back"
        return [first, [Segment(words.clip(detail, width), style if bad else ink.quiet)]]


class QuarantineSheet(WholeSheet):
    """Messages the guard stopped: who, what, which rule."""

    name, tall, markable = "quarantine", 2, True

    async def load(self) -> "dict[int, QuarantineRow]":
        """Newest first."""
        from desk.store import quarantine

        return {row.message_id: row for row in await self._database.get(quarantine.rows(LIMIT))}

    def draw(self, row: "QuarantineRow", width: int, ink: Ink, now: datetime) -> list[list[Segment]]:
        """Two lines."""
        name = words.clip(line(row.from_name) or line(row.from_addr), min(20, width // 3)) + "  "
        age = words.age(row.received_at, now)
        first = two(
            [("⚠ ", ink.danger), (name, ink.strong), (line(row.subject) or "(no subject)", Style())], age, width, ink
        )
        kind = words.plain(row.attack_type) if row.attack_type not in ("", "none") else "suspicious"
        kind = words.clip(kind, min(22, width // 3))
        second = [("  " + kind, ink.danger), (f" {words.blocks(row.score)}  ", ink.quiet), (line(row.rule), ink.quiet)]
        return [first, two(second, "", width, ink)]


class ActivitySheet(WholeSheet):
    """Everything that happened, newest first."""

    name = "activity"

    def __init__(self, database: Reads) -> None:
        super().__init__(database)
        self._numbers: dict[int, str] = {}

    async def load(self) -> "dict[int, EventRow]":
        """The newest events."""
        from desk.store import changes

        return {row.id: row for row in await self._database.get(changes.activity(LIMIT))}

    async def rows(self, ids: Sequence[int]) -> dict[int, Any]:
        """The rows, and the numbers of their tickets."""
        from desk.store import threads

        found = await super().rows(ids)
        wanted = {row.thread_id for row in found.values() if row.thread_id is not None} - self._numbers.keys()
        if wanted:
            rows = await self._database.get(threads.rows(sorted(wanted)))
            self._numbers |= {row.id: row.number for row in rows}
        return found

    def draw(self, row: "EventRow", width: int, ink: Ink, now: datetime) -> list[list[Segment]]:
        """When, who, about which ticket, what."""
        at = f"{row.at.astimezone():%H:%M:%S} "
        who = words.clip(line(row.actor), 9) + " "
        about = words.clip(self._numbers.get(row.thread_id or 0, ""), 7) + " "
        pieces = [(at, ink.quiet), (who, ink.accent), (about, ink.quiet), (line(row.text), Style())]
        return [two(pieces, words.age(row.at, now), width, ink)]


class SearchSheet(WholeSheet):
    """Messages that hold the words searched for, one line a ticket and the place below it."""

    tall = 2

    def __init__(self, database: Reads, text: str) -> None:
        super().__init__(database)
        self.text = text
        self.name = f"search:{text}"
        self._tickets: dict[int, ThreadRow] = {}

    async def load(self) -> "dict[int, SearchHit]":
        """The newest hit of each ticket, by ticket."""
        from desk.store import search

        hits = await self._database.get(search.messages(self.text, 200))
        found: dict[int, SearchHit] = {}
        for hit in hits:
            found.setdefault(hit.thread_id, hit)
        return found

    async def rows(self, ids: Sequence[int]) -> dict[int, Any]:
        """The hits, and the sign of each one's ticket."""
        from desk.store import threads

        self._tickets |= {row.id: row for row in await self._database.get(threads.rows(ids))}
        return await super().rows(ids)

    def draw(self, row: "SearchHit", width: int, ink: Ink, now: datetime) -> list[list[Segment]]:
        """The ticket, then the words around the hit, the hit in the accent."""
        name = words.clip(line(row.from_addr), min(20, width // 3)) + "  "
        ticket = self._tickets.get(row.thread_id)
        sign, style = glyph(ticket, ink) if ticket is not None else (" ", Style())
        pieces = [(sign + " ", style), (words.clip(row.number, 7) + " ", ink.quiet)]
        pieces += [(name, ink.strong), (line(row.subject), Style())]
        first = two(pieces, words.age(row.at, now), width, ink)
        pieces = [("  ", Style())]
        for part in " ".join(row.snippet.split()).split("\x02"):
            hit, mark, rest = part.partition("\x03")
            pieces += [(line(hit), ink.accent), (_spaced(rest), ink.quiet)] if mark else [(_spaced(hit), ink.quiet)]
        return [first, two(pieces, "", width, ink)]


def _spaced(text: str) -> str:
    """One line, its outer spaces kept."""
    inner = line(text)
    return f"{' ' if text[:1].isspace() else ''}{inner}{' ' if inner and text[-1:].isspace() else ''}"


def sheet(database: Reads, pane: str, me: str, text: str) -> "Sheet":
    """The sheet of a pane; `text` is what the view is narrowed to, or what is searched for."""
    from desk.ui.panes.knowing import KnowledgeSheet

    kinds: dict[str, type[WholeSheet]] = {
        "outbox": OutboxSheet,
        "quarantine": QuarantineSheet,
        "knowledge": KnowledgeSheet,
        "activity": ActivitySheet,
    }
    if pane == "search":
        return SearchSheet(database, text)
    if pane in kinds:
        return kinds[pane](database)
    return ThreadSheet(database, pane, me, text)
