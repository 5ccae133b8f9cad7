"""Screens that are one page to read: the keys, the story of a ticket, the headers of a message."""

from collections.abc import Callable
from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from desk.ui.themes import Ink
from desk.ui.widgets.paper import Page, Paper
from desk.ui.widgets.safe import line

T = TypeVar("T")


class Sheet(ModalScreen[T | None]):
    """A page over the desk, scrolled by the usual motions and closed by Esc."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", show=False),
        Binding("j,down", "move(1)", show=False),
        Binding("k,up", "move(-1)", show=False),
        Binding("space,pagedown,ctrl+d", "turn(0.9)", show=False),
        Binding("b,pageup,ctrl+u", "turn(-0.9)", show=False),
        Binding("J", "jump(1)", show=False),
        Binding("K", "jump(-1)", show=False),
        Binding("g,home", "end(False)", show=False),
        Binding("G,end", "end(True)", show=False),
    ]

    def __init__(self, title: str, page: Page, ink: Callable[[], Ink]) -> None:
        super().__init__()
        self._title, self._page, self._ink = title, page, ink

    @property
    def hint(self) -> str:
        """The keys, in the frame's lower edge."""
        return "j k scroll · J K parts · q closes"

    @property
    def frame(self) -> Vertical:
        """The frame around the page."""
        return self.query_one(".dialog", Vertical)

    def compose(self) -> ComposeResult:
        """A frame and the page."""
        with Vertical(classes="dialog -large") as frame:
            frame.border_title = Content(line(self._title))
            frame.border_subtitle = Content(self.hint)
            yield Paper(self._ink)

    def on_mount(self) -> None:
        """Lay the page out."""
        paper = self.query_one(Paper)
        paper.show(self._page, self._title)
        paper.focus()

    def action_close(self) -> None:
        """Back to the desk."""
        self.dismiss(None)

    def action_move(self, by: int) -> None:
        """By lines."""
        self.query_one(Paper).move(by)

    def action_turn(self, pages: float) -> None:
        """By pages."""
        self.query_one(Paper).page(pages)

    def action_jump(self, by: int) -> None:
        """To the next part."""
        self.query_one(Paper).jump(by)

    def action_end(self, last: bool) -> None:
        """To the top or the bottom."""
        self.query_one(Paper).to_end(last)


class Leaf(Sheet[None]):
    """A page to read; q closes it too, and the way back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,h,left,w,question_mark", "close", show=False),
        Binding("right_square_bracket", "jump(1)", show=False),
        Binding("left_square_bracket", "jump(-1)", show=False),
    ]
