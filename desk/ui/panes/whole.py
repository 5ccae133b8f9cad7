"""A list whose rows are all read at once, and the line of one of its rows."""

from array import array
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.segment import Segment
from rich.style import Style

from desk.ui import words
from desk.ui.reads import Reads
from desk.ui.themes import Ink


class WholeSheet:
    """A short list: all rows are read at once, the ids count from what the subclass says."""

    name = ""
    tall = 1
    ticking = False
    partial = False
    markable = False

    def grow(self, *, whole: bool = False) -> bool:
        """All of it is there."""
        return False

    def __init__(self, database: Reads) -> None:
        self._database = database
        self._held: dict[int, Any] = {}

    async def load(self) -> dict[int, Any]:
        """Every row by its id, in order."""
        raise TypeError("a list loads its own rows")

    async def ids(self) -> "array[int]":
        """Read the rows; their ids in order."""
        self._held = await self.load()
        return array("q", self._held)

    async def rows(self, ids: Sequence[int]) -> dict[int, Any]:
        """The rows read last."""
        return {i: self._held[i] for i in ids if i in self._held}

    def draw(self, row: Any, width: int, ink: Ink, now: datetime) -> list[list[Segment]]:
        """One row as lines."""
        raise TypeError("a list draws its own rows")


def two(first: list[tuple[str, Style]], right: str, width: int, ink: Ink) -> list[Segment]:
    """Pieces from the left, the last one filling, and a quiet word at the right edge."""
    room = max(0, width - words.cell_len(right) - 1)
    drawn = []
    for text, style in first[:-1]:
        text = words.cut(text, room)
        drawn.append(Segment(text, style))
        room -= words.cell_len(text)
    drawn.append(Segment(words.clip(first[-1][0], room), first[-1][1]))
    return [*drawn, Segment(" " + right, ink.quiet)]
