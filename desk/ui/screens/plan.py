"""The plan of a ticket as a list: what is switched on, in which order, what was done."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from desk.domain.enums import ActionState
from desk.ui.widgets.safe import line

if TYPE_CHECKING:
    from desk.store.plans import PlanRow

SIGNS = {ActionState.PLANNED: "[x]", ActionState.REJECTED: "[ ]", ActionState.EXECUTED: " ✓ "}
"""How an action's state is drawn, in a way that needs no colour."""


class PlanList(ModalScreen[tuple[str, int] | None]):
    """Gives what shall be done (a verb) and the place of the action it is about; nothing when it is closed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,T", "close", show=False),
        Binding("space,enter", "say('toggle')", show=False, priority=True),
        Binding("J", "say('down')", show=False),
        Binding("K", "say('up')", show=False),
        Binding("plus", "say('add')", show=False),
        Binding("a", "say('do')", show=False),
        Binding("j", "step(1)", show=False),
        Binding("k", "step(-1)", show=False),
    ]

    def __init__(self, title: str, rows: "Sequence[PlanRow]", at: int) -> None:
        super().__init__()
        self._title, self._rows, self._at = title, rows, at

    def compose(self) -> ComposeResult:
        """One line an action."""
        with Vertical(classes="dialog") as frame:
            frame.border_title = Content(line(self._title))
            frame.border_subtitle = Content("Space on/off · J K move · + add · a do now · q closes")
            yield OptionList(*(Option(Content(f"{SIGNS[r.state]} {line(r.action.detail)}")) for r in self._rows))

    def on_mount(self) -> None:
        """Where the cursor was."""
        if self._rows:
            self.query_one(OptionList).highlighted = min(max(0, self._at), len(self._rows) - 1)

    def action_say(self, verb: str) -> None:
        """Give the verb back, where there is something for it."""
        at = self.query_one(OptionList).highlighted
        if verb in ("add", "do") or at is not None:
            self.dismiss((verb, at or 0))

    def action_step(self, by: int) -> None:
        """Up and down."""
        found = self.query_one(OptionList)
        found.action_cursor_down() if by > 0 else found.action_cursor_up()

    def action_close(self) -> None:
        """Nothing more."""
        self.dismiss(None)
