"""A list that knows a count and a fetch: no widget and no object per row, and a cursor that sticks to an id."""

from array import array
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Protocol

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from desk.ui.themes import Ink

PAGE = 128
"""Rows fetched at a time."""
AHEAD = 300
"""Ids beyond the screen below which more are read."""
KEPT = 8 * PAGE
"""Rows kept beyond what is on the screen."""

_BOLD = Style(bold=True)


class Sheet(Protocol):
    """What a list shows: how many lines an item has, how its rows are fetched, and how one is drawn."""

    name: str
    """Names the sheet, so that its place is remembered."""
    tall: int
    """Lines of one item."""
    ticking: bool
    """Whether rows count seconds."""

    markable: bool
    """Whether rows can be marked, so that one deed is done to many."""

    partial: bool
    """Whether there are more ids than were read so far."""

    async def ids(self) -> "array[int]":
        """The ids in display order."""
        ...

    def grow(self, *, whole: bool = False) -> bool:
        """Ask for more ids from the next reading on; False when there are no more."""
        ...

    async def rows(self, ids: Sequence[int]) -> dict[int, Any]:
        """The rows of these ids."""
        ...

    def draw(self, row: Any, width: int, ink: Ink, now: datetime) -> list[list[Segment]]:
        """One item as `tall` lines of segments, each at most `width` cells."""
        ...


class LineList(ScrollView, can_focus=True, inherit_bindings=False):
    """The list of a pane, drawn line by line from pages of rows."""

    class Moved(Message):
        """The cursor stands on another item (or on none)."""

        def __init__(self, id: int | None) -> None:
            self.id = id
            super().__init__()

    class NearEnd(Message):
        """The end of the ids read so far comes into sight."""

    class Opened(Message):
        """An item was clicked."""

    def __init__(self, ink: Callable[[], Ink], now: Callable[[], datetime], **options: Any) -> None:
        super().__init__(**options)
        self._ink, self._now = ink, now
        self.sheet: Sheet | None = None
        self.ids: array[int] = array("q")
        self.index = 0
        self.empty = ""
        self._rows: dict[int, Any] = {}
        self._drawn: dict[tuple[int, int, bool, bool, bool], list[Strip]] = {}
        self._marked: set[int] = set()
        self._anchor: int | None = None
        self._places: dict[str, int] = {}
        self._fetching = False
        self._again = False
        self._asked = 0

    @property
    def id_here(self) -> int | None:
        """The id under the cursor."""
        return self.ids[self.index] if 0 <= self.index < len(self.ids) else None

    @property
    def row_here(self) -> Any:
        """The row under the cursor, None while it is not fetched."""
        here = self.id_here
        return None if here is None else self._rows.get(here)

    @property
    def marked_here(self) -> list[int]:
        """The marked ids in the order of the list, then those that left it: what is done to them is refused by name."""
        if not self._marked:
            return []
        here = [id for id in self.ids if id in self._marked]
        return here + sorted(self._marked - set(here))

    def mark(self) -> None:
        """Mark the item under the cursor, or take its mark away, and move down."""
        here = self.id_here
        if here is None:
            return
        self._marked ^= {here}
        self._anchor = here if here in self._marked else None
        self.refresh()
        self.move(1)

    def mark_to_here(self) -> None:
        """Mark everything from the last mark to the cursor."""
        here = self.id_here
        if here is None:
            return
        start = self._find(self.ids, self._anchor, self.index)
        low, high = sorted((self.index if start is None else start, self.index))
        self._marked |= set(self.ids[low : high + 1])
        self._anchor = here
        self.refresh()

    def unmark(self) -> None:
        """Take all marks away."""
        self._marked.clear()
        self._anchor = None
        self.refresh()

    async def show(self, sheet: Sheet, ids: "array[int]") -> None:
        """Show another sheet, with the cursor where it was when this sheet was last shown."""
        if self.sheet is not None and self.id_here is not None:
            self._places[self.sheet.name] = self.id_here
        if self.sheet is None or self.sheet.name != sheet.name:
            self.unmark()
        self.sheet, self.ids = sheet, ids
        self._rows.clear()
        self._drawn.clear()
        place = self._places.get(sheet.name)
        self.index = ids.index(place) if place is not None and place in ids else 0
        await self._fetch(self._window())
        self._measure()
        self._follow()
        self.refresh()
        self.post_message(self.Moved(self.id_here))

    async def update(self, ids: "array[int]") -> None:
        """Take over new ids and fresh rows: the cursor stays on its id, and that id on its line of the screen."""
        if self.sheet is None:
            return
        old_id, old_index = self.id_here, self.index
        moved = ids != self.ids
        if moved:
            found = self._find(ids, old_id, old_index)
            self.ids = ids
            self._measure()
            self.index = max(0, min(old_index if found is None else found, len(ids) - 1))
            if found is not None and found != old_index:
                self.scroll_to(y=max(0, self.scroll_y + (found - old_index) * self.sheet.tall), animate=False)
        fresh = await self.sheet.rows(self._window())
        changed = {id for id, row in fresh.items() if self._rows.get(id) != row}
        self._rows = dict(fresh)
        if moved or changed:
            self._drawn = {key: strips for key, strips in self._drawn.items() if key[0] not in changed}
            self.refresh()
        if self.id_here != old_id:
            self._follow()
            self.post_message(self.Moved(self.id_here))

    @staticmethod
    def _find(ids: "array[int]", id: int | None, near: int) -> int | None:
        if id is None:
            return None
        if near < len(ids) and ids[near] == id:
            return near
        try:
            return ids.index(id)
        except ValueError:
            return None

    def put(self, id: int) -> bool:
        """Put the cursor on an id; False when it is not in this list."""
        if id not in self.ids:
            return False
        self._go(self.ids.index(id))
        return True

    def tick(self) -> None:
        """Draw again what shows seconds."""
        if self.sheet is not None and self.sheet.ticking and self.ids:
            self._drawn.clear()
            self.refresh()

    def repaint(self) -> None:
        """Draw everything again: another theme, another minute."""
        self._drawn.clear()
        self.refresh()

    def _window(self) -> "array[int]":
        top = max(0, self._first() - PAGE // 4)
        return self.ids[top : top + PAGE]

    def _first(self) -> int:
        """The first item on the screen, or that will be when the cursor is far from it."""
        tall = self.sheet.tall if self.sheet else 1
        first = int(self.scroll_y) // tall
        seen = max(1, self.size.height // tall)
        return first if first <= self.index < first + seen else max(0, self.index - seen + 1)

    async def _fetch(self, ids: "array[int]") -> None:
        if self.sheet is None or not ids:
            return
        sheet = self.sheet
        rows = await sheet.rows(ids)
        if self.sheet is sheet:
            if len(self._rows) > KEPT:
                self._rows.clear()
                self._drawn.clear()
            self._rows.update(rows)

    async def _fetch_seen(self) -> None:
        """Fetch what is on the screen; asked again meanwhile, once more for the newest place."""
        try:
            while self._again:
                self._again = False
                await self._fetch(self._window_here())
                self.refresh()
        finally:
            self._fetching = False

    def _window_here(self) -> "array[int]":
        tall = self.sheet.tall if self.sheet else 1
        top = max(0, int(self.scroll_y) // tall - PAGE // 4)
        return self.ids[top : top + PAGE]

    def _want(self) -> None:
        self._again = True
        if not self._fetching:
            self._fetching = True
            self.run_worker(self._fetch_seen(), group="rows", exit_on_error=True)

    def _measure(self) -> None:
        tall = self.sheet.tall if self.sheet else 1
        self.virtual_size = Size(max(1, self.size.width - 1), len(self.ids) * tall)

    def on_resize(self) -> None:
        """Another width: other strips."""
        self._drawn.clear()
        self._measure()
        self._follow()

    def on_focus(self) -> None:
        """The cursor's bar says where the keys go."""
        self.refresh()

    def on_blur(self) -> None:
        """The bar goes pale."""
        self.refresh()

    def move(self, by: int) -> None:
        """Move the cursor by items."""
        self._go(self.index + by)

    def page(self, pages: float) -> None:
        """Move the cursor by (parts of) a page."""
        tall = self.sheet.tall if self.sheet else 1
        self.move(int(pages * max(1, self.size.height // tall)) or (1 if pages > 0 else -1))

    def to_end(self, last: bool) -> None:
        """Move the cursor to the first or the last item."""
        self._go(len(self.ids) - 1 if last else 0)

    def _go(self, index: int) -> None:
        index = max(0, min(index, len(self.ids) - 1))
        if index == self.index or not self.ids:
            return
        old, self.index = self.index, index
        before = self.scroll_y
        self._follow()
        if self.scroll_y == before and self.sheet is not None:
            for changed in (old, index):
                y = changed * self.sheet.tall - int(self.scroll_y)
                self.refresh(Region(0, y, self.size.width, self.sheet.tall))
        self.post_message(self.Moved(self.id_here))

    def _follow(self) -> None:
        if self.sheet is None:
            return
        tall, height = self.sheet.tall, self.size.height
        top = self.index * tall
        if top < self.scroll_y:
            self.scroll_to(y=top, animate=False)
        elif top + tall > self.scroll_y + height:
            self.scroll_to(y=top + tall - height, animate=False)

    def on_click(self, event: events.Click) -> None:
        """A click chooses the row under it."""
        at = event.get_content_offset(self)
        if self.sheet is None or not self.ids or at is None:
            return
        index = (at.y + int(self.scroll_y)) // self.sheet.tall
        if 0 <= index < len(self.ids):
            self._go(index)
            self.post_message(self.Opened())

    def render_line(self, y: int) -> Strip:
        """One line of the screen, from the kept strips where there are some."""
        width = self.size.width
        ink = self._ink()
        if self.sheet is None or not self.ids:
            return self._nothing(y, width, ink)
        item, part = divmod(y + int(self.scroll_y), self.sheet.tall)
        if item >= len(self.ids):
            return Strip.blank(width, ink.text)
        if self.sheet.partial and item > len(self.ids) - AHEAD and self._asked != len(self.ids):
            self._asked = len(self.ids)
            self.post_message(self.NearEnd())
        id = self.ids[item]
        key = (id, width, item == self.index, self.has_focus, id in self._marked)
        strips = self._drawn.get(key)
        if strips is None:
            row = self._rows.get(id)
            if row is None:
                self._want()
                return Strip.blank(width, ink.text)
            strips = self._drawn[key] = self._strips(row, key, ink)
        return strips[part]

    def _strips(self, row: Any, key: tuple[int, int, bool, bool, bool], ink: Ink) -> list[Strip]:
        assert self.sheet is not None
        _, width, chosen, focused, marked = key
        ground = ink.text + ink.selected if chosen else ink.text
        sign = "●" if marked else "▌" if chosen else " "
        bar = Segment(sign, ground + (ink.accent if focused or marked else ink.quiet))
        lines = self.sheet.draw(row, width - 2, ink, self._now())
        strips = []
        for line in lines:
            segments = [bar, *(Segment(s.text, ground + s.style if s.style else ground) for s in line)]
            if chosen and self.app.no_color:
                segments = [Segment(s.text, s.style + _BOLD if s.style else _BOLD) for s in segments]
            strips.append(Strip(segments).adjust_cell_length(width, ground))
        return strips

    def _nothing(self, y: int, width: int, ink: Ink) -> Strip:
        lines = _folded(self.empty, max(10, width - 4))
        top = max(0, self.size.height // 3 - len(lines) // 2)
        if not top <= y < top + len(lines):
            return Strip.blank(width, ink.text)
        return Strip([Segment("  " + lines[y - top], ink.text + ink.quiet)]).adjust_cell_length(width, ink.text)


def _folded(text: str, width: int) -> list[str]:
    import textwrap

    return textwrap.wrap(text, width) or [""]
