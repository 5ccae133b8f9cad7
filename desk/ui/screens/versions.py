"""All versions of a draft, two of them beside each other, word by word; any of them can be offered again."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from desk.ui.panes import versions
from desk.ui.screens.sheets import Sheet
from desk.ui.themes import Ink
from desk.ui.widgets.paper import Page, Paper

if TYPE_CHECKING:
    from desk.store.drafts import DraftRow


class Versions(Sheet[int]):
    """Two versions at a time; gives the id of the one to offer again, or nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("h,left", "older(-1)", show=False),
        Binding("l,right", "older(1)", show=False),
        Binding("left_square_bracket", "newer(-1)", show=False),
        Binding("right_square_bracket", "newer(1)", show=False),
        Binding("a", "offer", show=False),
        Binding("q,V", "close", show=False),
    ]

    def __init__(self, title: str, drafts: "Sequence[DraftRow]", ink: Callable[[], Ink], now: datetime) -> None:
        """`drafts` oldest first, two at least; the last two are shown at first."""
        self._drafts, self._now = list(drafts), now
        self._old, self._new = len(drafts) - 2, len(drafts) - 1
        super().__init__(title, self._compared(ink()), ink)

    @property
    def hint(self) -> str:
        """The keys, and what `a` would do."""
        version = self._drafts[self._old].version
        return f"h l older · [ ] newer · a offers version {version} again · q closes"

    def _compared(self, ink: Ink) -> Page:
        return versions.page(self._drafts[self._old], self._drafts[self._new], ink, self._now)

    def _draw(self) -> None:
        self.query_one(Paper).show(self._compared(self._ink()))
        self.frame.border_subtitle = Content(self.hint)

    def action_older(self, by: int) -> None:
        """Another older version."""
        self._old = min(max(0, self._old + by), len(self._drafts) - 1)
        self._draw()

    def action_newer(self, by: int) -> None:
        """Another newer version."""
        self._new = min(max(0, self._new + by), len(self._drafts) - 1)
        self._draw()

    def action_offer(self) -> None:
        """The older one of the two shall be offered again."""
        self.dismiss(self._drafts[self._old].id)
