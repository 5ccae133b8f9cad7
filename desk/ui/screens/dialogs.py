"""Small questions: a line of text, a yes, a menu by digit, a list to pick from with words or arrows."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from desk.ui import words
from desk.ui.widgets.safe import inert, line

CANCEL = "Esc cancels"


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to pick: what is returned, what is shown, a key or a note beside it, and why it can't be picked."""

    id: str
    label: str
    note: str = ""
    closed: str = ""


def completed(text: str) -> str:
    """A path with as much added as all files that begin like it share; a folder ends with its slash."""
    head, slash, tail = text.rpartition("/")
    folder = Path(f"{head}{slash}" or ".").expanduser()
    try:
        found = sorted(p for p in folder.iterdir() if p.name.startswith(tail) and (tail or not p.name.startswith(".")))
    except OSError:
        return text
    if not found:
        return text
    shared = os.path.commonprefix([p.name for p in found])  # noqa: RUF071  names share letters, not folders
    whole = len(found) == 1 and found[0].is_dir()
    return f"{head}{slash}{shared}{'/' if whole else ''}"


class Ask(ModalScreen[str | None]):
    """One line of text; Enter gives it, Esc nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", show=False)]

    def __init__(
        self,
        title: str,
        *,
        value: str = "",
        hint: str = "",
        empty: bool = False,
        paths: bool = False,
        anew: bool = False,
    ) -> None:
        """`value` stands there already; with `anew` it is chosen as a whole, so that typing takes its place."""
        super().__init__()
        self._title, self._value, self._hint = title, value, hint
        self._empty, self._paths, self._anew = empty, paths, anew

    def compose(self) -> ComposeResult:
        """A frame with one line in it."""
        with Vertical(classes="dialog") as frame:
            frame.border_title = Content(line(self._title))
            frame.border_subtitle = Content(f"Enter · {CANCEL}")
            yield Input(self._value, placeholder=inert(self._hint), select_on_focus=self._anew)

    def on_key(self, event: events.Key) -> None:
        """Where a path is asked for, Tab completes it."""
        if self._paths and event.key == "tab":
            event.stop()
            event.prevent_default()
            field = self.query_one(Input)
            field.value = completed(field.value)
            field.cursor_position = len(field.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Give the line back, where there is one."""
        if event.value.strip() or self._empty:
            self.dismiss(event.value.strip())

    def action_cancel(self) -> None:
        """Nothing."""
        self.dismiss(None)


class Confirm(ModalScreen[bool]):
    """A question answered by `y`, and by nothing else."""

    def __init__(self, title: str, reasons: Sequence[str] = ()) -> None:
        super().__init__()
        self._title, self._reasons = title, reasons

    def compose(self) -> ComposeResult:
        """The question, its reasons, the key."""
        with Vertical(classes="dialog") as frame:
            frame.border_title = Content(line(self._title))
            frame.border_subtitle = Content("y yes · any other key no")
            text = "\n".join(inert(r) for r in self._reasons) or "This can't be undone from here."
            yield Static(Text(text))

    def on_key(self, event: events.Key) -> None:
        """`y`, or no."""
        event.stop()
        self.dismiss(event.character == "y")


class Menu(ModalScreen[str | None]):
    """A few choices by digit; arrows and Enter work too."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "cancel", show=False)]

    def __init__(self, title: str, choices: Sequence[Choice]) -> None:
        super().__init__()
        self._title, self._choices = title, choices

    def compose(self) -> ComposeResult:
        """The digits and their words."""
        with Vertical(classes="dialog") as frame:
            frame.border_title = Content(line(self._title))
            frame.border_subtitle = Content(f"1–{len(self._choices)} · {CANCEL}")
            options = [Option(Content(f"{n}  {line(c.label)}"), id=c.id) for n, c in enumerate(self._choices, 1)]
            yield OptionList(*options)

    def on_key(self, event: events.Key) -> None:
        """A digit picks at once; letters do nothing."""
        if event.character and event.character.isdigit() and 1 <= int(event.character) <= len(self._choices):
            event.stop()
            self.dismiss(self._choices[int(event.character) - 1].id)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter or a click."""
        self.dismiss(event.option_id)

    def action_cancel(self) -> None:
        """Nothing."""
        self.dismiss(None)


class Picker(ModalScreen[str | None]):
    """Type to narrow, arrows to choose, Enter to take; with `free`, words that match nothing are taken as they are."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", show=False),
        Binding("down,ctrl+n", "step(1)", show=False, priority=True),
        Binding("up", "step(-1)", show=False, priority=True),
    ]

    def __init__(
        self,
        title: str,
        choices: Sequence[Choice],
        *,
        hint: str = "",
        free: Callable[[str], str] | None = None,
        preview: Callable[[str], None] | None = None,
        chosen: str = "",
    ) -> None:
        super().__init__()
        self._title, self._choices, self._hint = title, choices, hint
        self._free, self._preview, self._chosen = free, preview, chosen

    def compose(self) -> ComposeResult:
        """The line to type in above the list."""
        with Vertical(classes="dialog") as frame:
            frame.border_title = Content(line(self._title))
            frame.border_subtitle = Content(f"↑↓ Enter · {CANCEL}")
            yield Input(placeholder=self._hint or "type to narrow")
            found = OptionList()
            found.can_focus = False
            yield found

    def on_mount(self) -> None:
        """Everything, with the choice in force highlighted."""
        self._narrow("")
        ids = [c.id for c in self._choices]
        if self._chosen in ids:
            self.query_one(OptionList).highlighted = ids.index(self._chosen)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Fewer choices; free words say what they mean."""
        self._narrow(event.value)

    def _narrow(self, text: str) -> None:
        found = self.query_one(OptionList)
        found.clear_options()
        width = max(20, min(55, self.app.size.width * 94 // 100 - 9))
        for choice in match(self._choices, text):
            found.add_option(Option(_row(choice, width), id=choice.id, disabled=bool(choice.closed)))
        if self._free and text.strip() and (meaning := self._free(text.strip())):
            found.add_option(Option(Content(f"→ {line(meaning)}"), id="\0free"))
        enabled = next((i for i, o in enumerate(found.options) if not o.disabled), None)
        found.highlighted = enabled

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Show what it would be like."""
        if self._preview and event.option_id and event.option_id != "\0free":
            self._preview(event.option_id)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """A click takes it."""
        self._take(event.option_id)

    def on_input_submitted(self) -> None:
        """Enter takes what is highlighted."""
        found = self.query_one(OptionList)
        option = found.highlighted_option
        self._take(option.id if option else None)

    def _take(self, id: str | None) -> None:
        if id == "\0free":
            id = self.query_one(Input).value.strip()
        if id is not None:
            self.dismiss(id)

    def action_step(self, by: int) -> None:
        """Up and down while the words keep the focus."""
        found = self.query_one(OptionList)
        found.action_cursor_down() if by > 0 else found.action_cursor_up()

    def action_cancel(self) -> None:
        """Nothing; a preview goes back."""
        if self._preview and self._chosen:
            self._preview(self._chosen)
        self.dismiss(None)


def _row(choice: Choice, width: int) -> Content:
    note = choice.closed or choice.note
    label = words.clip(line(choice.label), max(8, width - words.cell_len(note) - 2))
    return Content.assemble(label, "  ", (line(note), "$desk-quiet"))


def match(choices: Sequence[Choice], text: str) -> list[Choice]:
    """The choices whose label or id holds the letters of `text` in order, the best fit first."""
    wanted = text.lower().split()
    scored = []
    for place, choice in enumerate(choices):
        hay = f"{choice.label} {choice.id}".lower()
        ranks = [_rank(word, hay) for word in wanted]
        if all(r is not None for r in ranks):
            scored.append((sum(r for r in ranks if r is not None), bool(choice.closed), place, choice))
    return [choice for *_, choice in sorted(scored, key=lambda s: s[:3])]


def _rank(word: str, hay: str) -> int | None:
    if hay.startswith(word):
        return 0
    if f" {word}" in hay:
        return 1
    if word in hay:
        return 2
    at = -1
    for letter in word:
        at = hay.find(letter, at + 1)
        if at < 0:
            return None
    return 3
