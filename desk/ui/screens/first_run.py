"""The first screen of a fresh desk: try the demo, connect a mailbox, open an existing desk."""

from pathlib import Path
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from desk.paths import packaged, paths
from desk.ui import themes, words
from desk.ui.themes import Ink

CHOICES = (
    ("d", "demo", "Try the demo", "A small shop's mail arrives; nothing leaves this machine."),
    ("c", "connect", "Connect a mailbox", "Your address and password; desk reads, and changes nothing on the server."),
    ("o", "open", "Open an existing desk", "A folder with a desk in it, yours or one you were given."),
)

_ART = ("     ▄", "   ▟███▙", "    ▐█▌        desk", "    ▐█▌        a support desk in the terminal", "▁▂▃▄▟█▙▄▃▂▁")


class Welcome(Widget, can_focus=True):
    """The picture, the three choices, the promise."""

    DEFAULT_CSS = "Welcome { width: 1fr; height: 1fr; }"

    class Picked(Message):
        """A choice was made."""

        def __init__(self, choice: str) -> None:
            self.choice = choice
            super().__init__()

    def __init__(self, ink: Ink) -> None:
        super().__init__()
        self._ink = ink
        self.index = 0
        self._rows: dict[int, int] = {}

    def _lines(self) -> list[list[Segment]]:
        ink = self._ink
        found = [[Segment(part, ink.accent if i < 4 else ink.quiet)] for i, part in enumerate(_ART)]
        found[2] = [Segment(_ART[2][:8], ink.accent), Segment(_ART[2][8:], ink.strong)]
        found[3] = [Segment(_ART[3][:8], ink.accent), Segment(_ART[3][8:], ink.quiet)]
        found.append([])
        self._rows = {}
        for place, (key, _, title, what) in enumerate(CHOICES):
            chosen = place == self.index
            bar = Segment("▌ " if chosen else "  ", ink.accent)
            self._rows |= {len(found): place, len(found) + 1: place}
            found.append([bar, Segment(f"{key}  ", ink.key), Segment(title, ink.strong if chosen else Style())])
            found.append([bar, Segment("   " + what, ink.quiet)])
            found.append([])
        found.append([Segment("desk will not send anything you did not approve.", ink.quiet)])
        found.append([Segment("j k or the arrows, Enter; q leaves.", ink.quiet)])
        return found

    def render_line(self, y: int) -> Strip:
        """One line, the block in the middle of the screen."""
        width, height = self.size
        lines = self._lines()
        block = min(width - 4, max(sum(words.cell_len(s.text) for s in line) for line in lines))
        top, left = max(0, (height - len(lines)) // 2), max(2, (width - block) // 2)
        ground = self._ink.text
        if not 0 <= y - top < len(lines):
            return Strip.blank(width, ground)
        drawn = [Segment(s.text, ground + s.style if s.style else ground) for s in lines[y - top]]
        return Strip([Segment(" " * left, ground), *drawn]).adjust_cell_length(width, ground)

    def on_click(self, event: events.Click) -> None:
        """A click picks."""
        top = max(0, (self.size.height - len(self._lines())) // 2)
        if (place := self._rows.get(event.y - top)) is not None:
            self.post_message(self.Picked(CHOICES[place][1]))

    def move(self, by: int) -> None:
        """Up or down."""
        self.index = (self.index + by) % len(CHOICES)
        self.refresh()


class FirstRun(App[str], inherit_bindings=False):
    """Asks one question and ends: `run()` gives demo, connect, open, or None."""

    ENABLE_COMMAND_PALETTE = False
    CSS = "Screen { background: $background; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down,tab", "move(1)", show=False),
        Binding("k,up,shift+tab", "move(-1)", show=False),
        Binding("enter,l,right", "take", show=False),
        Binding("q,escape,ctrl+c", "leave", show=False),
        *(Binding(key, f"pick({id!r})", show=False) for key, id, _, _ in CHOICES),
    ]

    def __init__(self, theme: str = "harbour", folder: Path | None = None) -> None:
        super().__init__()
        found, _ = themes.load((packaged("themes"), folder or paths().themes))
        chosen = found.get(theme) or found["harbour"]
        self.register_theme(chosen.textual())
        self.theme = chosen.name
        self._ink = Ink(chosen.colors)

    def compose(self) -> ComposeResult:
        """One widget."""
        yield Welcome(self._ink)

    def action_move(self, by: int) -> None:
        """Up or down."""
        self.query_one(Welcome).move(by)

    def action_take(self) -> None:
        """Enter."""
        self.exit(CHOICES[self.query_one(Welcome).index][1])

    def action_pick(self, choice: str) -> None:
        """A letter."""
        self.exit(choice)

    def on_welcome_picked(self, event: Welcome.Picked) -> None:
        """A click."""
        self.exit(event.choice)

    def action_leave(self) -> None:
        """Nothing chosen."""
        self.exit(None)


def choose(theme: str = "harbour") -> str | None:
    """Ask; returns demo, connect, open, or None when the person left."""
    return FirstRun(theme).run()
