"""Thread lists: one line a thread, two in review; numbers align and subjects are cut by cells."""

from array import array
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style

from desk.domain.mail import FAIL, NONE
from desk.ui import words
from desk.ui.reads import Reads
from desk.ui.themes import Ink
from desk.ui.widgets import safe

if TYPE_CHECKING:
    from desk.store.threads import ThreadRow

HELD = "on hold"
"""The step of a ticket whose reply waits in the outbox."""

FIRST, GROWTH, MOST = 1_000, 4, 1_000_000
"""Ids read at first, and how many times more whenever the list comes near their end."""


class ThreadSheet:
    """The threads of one view."""

    ticking, markable = False, True

    def __init__(self, database: Reads, view: str, me: str, text: str = "") -> None:
        self._database, self._view, self._me, self._text = database, view, me, text
        self.name = f"{view}:{text}"
        self.tall = 2 if view == "review" else 1
        self._limit: int | None = FIRST
        self.partial = True

    async def ids(self) -> "array[int]":
        """The view's ids in its order, as many as have been asked for so far."""
        from desk.store import threads

        limit = self._limit
        wanted = threads.Filter(threads.View(self._view), me=self._me, text=self._text)
        found = await self._database.get(threads.ids(wanted, limit))
        self.partial = limit is not None and len(found) >= limit
        return found

    def grow(self, *, whole: bool = False) -> bool:
        """Ask for more ids from the next reading on, or for all; False when there are no more."""
        if self.partial and self._limit is not None:
            self._limit = None if whole or self._limit > MOST else self._limit * GROWTH
            return True
        return False

    async def rows(self, ids: Sequence[int]) -> "dict[int, ThreadRow]":
        """One page of rows."""
        from desk.store import threads

        found = await self._database.get(threads.rows(ids, self._me))
        return {row.id: row for row in found}

    def draw(self, row: "ThreadRow", width: int, ink: Ink, now: datetime) -> list[list[Segment]]:
        """Who and what; in review, below it, why it is here."""
        first = _first(row, width, ink, now)
        return [first] if self.tall == 1 else [first, _second(row, width, ink)]


def glyph(row: "ThreadRow", ink: Ink) -> tuple[str, Style]:
    """The one sign that says most about a ticket."""
    if row.flagged or row.shelf == "quarantine":
        return "⚠", ink.danger
    if row.step == HELD:
        return "⏸", ink.warning
    if row.urgent or row.priority == "urgent":
        return "!", ink.urgent
    if row.question_count or row.needs.startswith("asks"):
        return "?", ink.asks
    if row.snoozed_until is not None:
        return "⧗", ink.quiet
    if row.status == "pending_review":
        return ("●", ink.accent) if row.unread else ("✎", ink.quiet)
    if row.unread:
        return "●", ink.accent
    return " ", ink.quiet


def _first(row: "ThreadRow", width: int, ink: Ink, now: datetime) -> list[Segment]:
    sign, style = glyph(row, ink)
    until = row.snoozed_until
    age = words.moment(until, now) if until else words.age(row.last_message_at, now)
    right = max(4, len(age) + 1)
    name_width = max(10, min(20, width * 3 // 10))
    step = safe.line(row.step)
    moving = row.step not in ("", HELD) and row.status not in ("pending_review", "resolved", "archived")
    working = f" {step}…" if moving else f" {HELD}" if row.step == HELD else ""
    count = f" {row.message_count}" if row.message_count > 1 else ""
    files = " ⌁" if row.has_attachments else ""
    forged = f" {row.authentication}" if row.authentication == FAIL else ""
    tail = count + files
    room = max(0, width - 2 - name_width - 2 - right - len(working) - len(tail) - len(forged))
    subject = words.cut(safe.line(row.subject) or "(no subject)", room)
    name = ink.strong if row.unread else Style()
    segments = [
        Segment(sign + " ", style),
        Segment(words.clip(safe.line(row.contact_name or row.contact_addr), name_width) + "  ", name),
        Segment(subject, name),
        Segment(tail, ink.quiet),
        Segment(forged, ink.danger),
    ]
    used = words.cell_len(subject)
    snippet = safe.line(row.snippet)
    free = room - used
    if free > 12 and snippet:
        segments.append(Segment(words.clip("  " + snippet, free), ink.quiet))
    else:
        segments.append(Segment(" " * free))
    segments += [Segment(working, ink.accent), Segment(age.rjust(right), ink.quiet)]
    return segments


def _second(row: "ThreadRow", width: int, ink: Ink) -> list[Segment]:
    """Category, priority, known and confidence in columns that align down the list, then what it needs."""
    roomy = width >= 56
    urgent = row.priority == "urgent"
    priority = words.clip(row.priority, 8) if roomy else ""
    proof = "" if row.authentication == NONE else row.authentication
    parts = [
        Segment("  " + words.clip(words.plain(row.category) or "unsorted", 16 if roomy else 10) + " ", ink.quiet),
        Segment(priority, ink.urgent if urgent else ink.quiet),
        Segment(words.clip(row.known or "", 7), ink.good if row.known == "known" else ink.quiet),
        Segment(_sure(row.confidence, roomy), ink.quiet),
        Segment(f" {proof:4}" if roomy else "", ink.danger if row.authentication == FAIL else ink.quiet),
    ]
    used = sum(words.cell_len(p.text) for p in parts) + 2
    text, style = reason(row, ink)
    return [*parts, Segment("  " + words.clip(text, max(0, width - used)), style)]


def _sure(confidence: float | None, roomy: bool) -> str:
    """A confidence as blocks and digits, as digits alone where there is little room."""
    if confidence is None:
        return " " * (len(words.blocks(0.0)) if roomy else 4)
    return words.blocks(confidence) if roomy else f"{confidence:.2f}"


def reason(row: "ThreadRow", ink: Ink) -> tuple[str, Style]:
    """Why a ticket is here: what it asks, what it needs, or who wrote its draft."""
    if row.question_count:
        return f"asks you {words.plural(row.question_count, 'question')}", ink.asks
    found = safe.line(row.needs)
    who = f"  @{safe.line(row.assigned)}" if row.assigned else ""
    if found:
        return f"→ {found}{who}", ink.warning
    return (f"✎ {row.written_by}{who}" if row.written_by else who.strip()), ink.quiet
