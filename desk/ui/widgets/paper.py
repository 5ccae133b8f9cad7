"""A page of text that scrolls: wrapped once per width, drawn line by line, with places to jump to."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from desk.ui.themes import Ink
from desk.ui.words import cell_len

MARGIN = 1


@dataclass(slots=True)
class Page:
    """Lines to show, the lines that begin a part (a message), and how far the continuations of a line are set in."""

    lines: list[Text] = field(default_factory=list)
    anchors: list[int] = field(default_factory=list)
    hangs: dict[int, int] = field(default_factory=dict)

    def add(self, *lines: Text | str, hang: int = 0) -> None:
        """Append lines; what of them is wrapped goes on `hang` cells from the left."""
        if hang:
            self.hangs |= dict.fromkeys(range(len(self.lines), len(self.lines) + len(lines)), hang)
        self.lines += [Text(line) if isinstance(line, str) else line for line in lines]

    def anchor(self) -> None:
        """The next line begins a part."""
        self.anchors.append(len(self.lines))


class Paper(ScrollView, can_focus=True, inherit_bindings=False):
    """Read-only text: a conversation, an article, an attack taken apart."""

    def __init__(self, ink: Callable[[], Ink], **options: Any) -> None:
        super().__init__(**options)
        self._ink = ink
        self._page = Page()
        self._key: object = None
        self._width = -1
        self._strips: list[Strip] = []
        self._starts: list[int] = []

    @property
    def page_shown(self) -> Page:
        """What is shown."""
        return self._page

    @property
    def text(self) -> str:
        """The words of the page, for copying and for tests."""
        return "\n".join(line.plain for line in self._page.lines)

    def show(self, page: Page, key: object = None, *, at_anchor: int | None = None) -> None:
        """Show a page; with the key of the page before it, the place on it is kept."""
        same = key is not None and key == self._key
        self._page, self._key, self._width = page, key, -1
        self._lay()
        if not same:
            if self.scroll_y:
                self.scroll_to(y=0, animate=False)
            if at_anchor is not None and page.anchors:
                self._to_line(page.anchors[at_anchor])
        self.refresh()

    def _lay(self) -> None:
        """Wrap the lines to the width there is now."""
        width = max(8, self.size.width - 2 * MARGIN)
        if width == self._width:
            return
        self._width = width
        ground = self._ink().text
        left = Segment(" " * MARGIN, ground)
        console = self.app.console
        self._strips, self._starts = [], []
        for number, line in enumerate(self._page.lines):
            self._starts.append(len(self._strips))
            for part in _wrapped(line, width, self._page.hangs.get(number, 0), console):
                part.rstrip()
                base = ground + line.style if isinstance(line.style, Style) else ground
                segments = [
                    Segment(s.text, base + s.style if isinstance(s.style, Style) else base)
                    for s in part.render(console)
                    if s.text
                ]
                self._strips.append(Strip([left, *segments]).adjust_cell_length(width + 2 * MARGIN, ground))
        self.virtual_size = Size(width, len(self._strips))

    @property
    def height_wanted(self) -> int:
        """Lines of the whole page at this width."""
        self._lay()
        return len(self._strips)

    def on_resize(self) -> None:
        """Wrap again."""
        self._lay()
        self.refresh()

    def repaint(self) -> None:
        """Draw again in other colours."""
        self._width = -1
        self._lay()
        self.refresh()

    def move(self, by: int) -> None:
        """Scroll by lines."""
        self.scroll_to(y=max(0, self.scroll_y + by), animate=False)

    def page(self, pages: float) -> None:
        """Scroll by (parts of) a page."""
        self.move(int(pages * max(1, self.size.height)))

    def to_end(self, last: bool) -> None:
        """Scroll to the top or the bottom."""
        self.scroll_to(y=self.virtual_size.height if last else 0, animate=False)

    def jump(self, by: int) -> None:
        """Scroll to the next or previous part."""
        if not self._starts:
            return
        places = [self._starts[a] for a in self._page.anchors if a < len(self._starts)]
        here = round(self.scroll_y)
        after, before = [p for p in places if p > here], [p for p in places if p < here]
        target = (after[0] if after else None) if by > 0 else (before[-1] if before else 0)
        if target is not None:
            self.scroll_to(y=target, animate=False)

    def _to_line(self, line: int) -> None:
        if line < len(self._starts):
            self.scroll_to(y=self._starts[line], animate=False)

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        at = y + int(self.scroll_y)
        ground = self._ink().text
        if at >= len(self._strips):
            return Strip.blank(self.size.width, ground)
        return self._strips[at].adjust_cell_length(self.size.width, ground)


def _wrapped(line: Text, width: int, hang: int, console: Console) -> Iterable[Text]:
    """The line in pieces of at most `width` cells; the later ones begin `hang` cells from the left."""
    if cell_len(line.plain) <= width:
        return [line]
    if not 0 < hang < min(len(line), width // 2):
        return line.wrap(console, width, no_wrap=False)
    head, rest = line.divide([hang])
    first, *more = rest.wrap(console, width - hang, no_wrap=False)
    return [head + first, *(Text(" " * hang) + part for part in more)]
