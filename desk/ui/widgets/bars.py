"""The one-line strips: health above, views as tabs on a small screen, keys and notices below."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from desk.ui import words
from desk.ui.panes import BY_ID, PANES
from desk.ui.themes import Ink
from desk.ui.widgets.safe import line


@dataclass(frozen=True, slots=True)
class Light:
    """One worker as the header shows it."""

    name: str
    state: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Health:
    """Everything the header says."""

    mailbox: str = ""
    lights: tuple[Light, ...] = ()
    waiting: int = 0
    held: int = 0
    next_send: datetime | None = None
    agent: str = ""
    trouble: str = ""
    """A sentence when something is wrong; it takes the place of the lights."""


Drawn = Callable[[], Ink]


class Bar(Widget):
    """A strip of one line that draws its own segments."""

    DEFAULT_CSS = "Bar { height: 1; width: 1fr; }"

    def __init__(self, ink: Drawn, **options: Any) -> None:
        super().__init__(**options)
        self._ink = ink

    def segments(self, width: int, ink: Ink) -> list[Segment]:
        """What the line says, at most `width` cells."""
        raise TypeError("a bar draws its own line")

    def render_line(self, y: int) -> Strip:
        """The line on the bar's ground."""
        ink = self._ink()
        width = self.size.width
        drawn = [Segment(s.text, ink.bar + s.style if s.style else ink.bar) for s in self.segments(width, ink)]
        return Strip(drawn).adjust_cell_length(width, ink.bar)


class HealthBar(Bar):
    """The header: mailbox, workers, what waits and is held, who and when."""

    def __init__(self, ink: Drawn, now: Callable[[], datetime], **options: Any) -> None:
        super().__init__(ink, **options)
        self._now = now
        self.health = Health()

    def show(self, health: Health) -> None:
        """Take over new figures."""
        if health != self.health:
            self.health = health
            self.refresh()

    def segments(self, width: int, ink: Ink) -> list[Segment]:
        """Left: the desk's health; right: the agent and the clock."""
        health, now = self.health, self._now()
        right = f"{line(health.agent)} · {now.astimezone():%H:%M} " if health.agent else f"{now.astimezone():%H:%M} "
        parts = [Segment(" desk ", ink.chip), Segment(" ")]
        if health.trouble:
            parts.append(Segment("▲ " + line(health.trouble), ink.danger))
        else:
            parts += self._lights(ink, now, narrow=width < 110)
        return _spread(parts, right, width, ink)

    def _lights(self, ink: Ink, now: datetime, narrow: bool) -> list[Segment]:
        health = self.health
        parts: list[Segment] = []
        if health.mailbox:
            parts.append(Segment(line(health.mailbox) + " ", ink.strong))
        for light in health.lights:
            busy, bad = light.state in ("working", "loading", "starting"), light.state in ("error", "stopped")
            style = ink.danger if bad else ink.accent if busy else ink.good
            parts.append(Segment(f"  {light.name} ", ink.quiet))
            parts.append(Segment("▲" if bad else "◐" if busy else "●", style))
            detail = "" if narrow and not bad else words.cut(line(light.detail), 26)
            detail = "" if detail == health.mailbox else detail
            detail = detail or ("loading" if narrow and light.state == "loading" else "")
            parts.append(Segment(f" {detail}" if detail else "", ink.quiet))
        if health.waiting:
            parts.append(Segment(f"  {health.waiting} waiting", ink.quiet))
        if health.held:
            left = f" {words.countdown(health.next_send, now)}" if health.next_send else ""
            parts.append(Segment(f"  ⏸ {health.held} held{left}", ink.warning))
        return parts


def _spread(parts: Sequence[Segment], right: str, width: int, ink: Ink) -> list[Segment]:
    """Left parts, then the right-hand words at the edge; the left is cut where both do not fit."""
    room = width - words.cell_len(right) - 1
    drawn: list[Segment] = []
    for part in parts:
        text = words.cut(part.text, room)
        if room <= 0:
            break
        drawn.append(Segment(text, part.style))
        room -= words.cell_len(text)
    return [*drawn, Segment(" " * max(0, room + 1)), Segment(right, ink.quiet)]


class KeyBar(Bar):
    """The footer: the keys that count here, what may follow a prefix, or a notice until the next key."""

    class Pressed(Message):
        """A key of the footer was clicked."""

        def __init__(self, command: str) -> None:
            self.command = command
            super().__init__()

    def __init__(self, ink: Drawn, **options: Any) -> None:
        super().__init__(ink, **options)
        self.keys: list[tuple[str, str, str]] = []
        self.notice = ""
        self.wrong = False
        self._places: list[tuple[int, int, str]] = []

    def show(self, keys: list[tuple[str, str, str]]) -> None:
        """(key, word, command id) from the left."""
        if keys != self.keys:
            self.keys = keys
            self.refresh()

    def say(self, text: str, *, wrong: bool = False) -> None:
        """Show a sentence in place of the keys; an empty one takes it away."""
        if (text, wrong) != (self.notice, self.wrong):
            self.notice, self.wrong = text, wrong
            self.refresh()

    def segments(self, width: int, ink: Ink) -> list[Segment]:
        """The notice, or as many keys as fit, the last one always kept."""
        if self.notice:
            sign, style = ("▲ ", ink.warning) if self.wrong else ("✓ ", ink.good)
            return [Segment(" "), Segment(sign, style), Segment(words.cut(line(self.notice), width - 4))]
        drawn: list[Segment] = [Segment(" ")]
        self._places = []
        used = 1
        last = self.keys[-1:]
        room = width - sum(words.cell_len(k) + words.cell_len(w) + 4 for k, w, _ in last)
        for key, word, command in [*self.keys[:-1], *last]:
            size = words.cell_len(key) + 1 + words.cell_len(word)
            if used + size > room and (key, word, command) not in last:
                continue
            self._places.append((used, used + size, command))
            drawn += [Segment(key, ink.key), Segment(f" {word}   ", ink.quiet)]
            used += size + 3
        return drawn

    def on_click(self, event: events.Click) -> None:
        """A click on a key is that key."""
        for start, end, command in self._places:
            if start <= event.x < end and not self.notice:
                self.post_message(self.Pressed(command))


class HintBar(Bar):
    """The demo's line: what is never done, and the next thing to try."""

    def __init__(self, ink: Drawn, **options: Any) -> None:
        super().__init__(ink, **options)
        self.promise = "desk will not send anything you did not approve"
        self.hint = ""

    def show(self, hint: str) -> None:
        """Another hint."""
        if hint != self.hint:
            self.hint = hint
            self.refresh()

    def segments(self, width: int, ink: Ink) -> list[Segment]:
        """The promise where it fits, then the hint."""
        hint = words.cell_len(self.hint)
        promise = f" {self.promise}   " if hint + len(self.promise) + 5 <= width else " "
        return [Segment(promise, ink.quiet), Segment(words.cut(self.hint, max(0, width - len(promise))), ink.accent)]


class Views(Widget):
    """The list of views: key, name and count; a click goes there. On a small screen it is one row of tabs."""

    DEFAULT_CSS = "Views { height: 1fr; }"

    class Chosen(Message):
        """A view was clicked."""

        def __init__(self, pane: str) -> None:
            self.pane = pane
            super().__init__()

    def __init__(self, ink: Drawn, **options: Any) -> None:
        super().__init__(**options)
        self._ink = ink
        self.counts: dict[str, int] = {}
        self.current = "inbox"
        self.searching = False
        self._tabs: list[tuple[int, int, str]] = []

    def show(self, current: str, counts: dict[str, int]) -> None:
        """Take over the view in force and the counts."""
        self.searching = self.searching or current == "search"
        if (current, counts) != (self.current, self.counts):
            self.current, self.counts = current, counts
            self.refresh()

    def _panes(self) -> list[str]:
        return [p.id for p in PANES if p.id != "search" or self.searching]

    def render_line(self, y: int) -> Strip:
        """One view, or the row of tabs."""
        ink = self._ink()
        width = self.size.width
        if self.size.height == 1:
            return Strip(self._row(width, ink)).adjust_cell_length(width, ink.bar)
        panes = self._panes()
        if y >= len(panes):
            return Strip.blank(width, ink.text)
        pane = BY_ID[panes[y]]
        chosen = pane.id == self.current
        ground = ink.text + ink.selected if chosen else ink.text
        key = pane.digit or ("" if pane.id == "search" else pane.letter)
        count = self.counts.get(pane.id, 0)
        number = f"{count:,}" if count else ""
        calls = pane.id in ("review", "quarantine", "outbox") and count > 0
        name = words.clip(pane.title, max(0, width - 5 - len(number)))
        segments = [
            Segment("▌" if chosen else " ", ground + ink.accent),
            Segment(f"{key:>1} ", ground + ink.quiet),
            Segment(name, ground + (ink.strong if chosen or calls else Style())),
            Segment(" " + number + " ", ground + (ink.accent if calls else ink.quiet)),
        ]
        return Strip(segments).adjust_cell_length(width, ground)

    def _row(self, width: int, ink: Ink) -> list[Segment]:
        """The tabs: the view in force is always among those that fit."""
        panes = self._panes()
        here = panes.index(self.current) if self.current in panes else 0
        sizes = [len(self._tab(p)) for p in panes]
        first = 0
        while sum(sizes[first : here + 1]) > width - 2 and first < here:
            first += 1
        drawn: list[Segment] = [Segment("‹" if first else " ", ink.bar + ink.quiet)]
        self._tabs, used = [], 1
        for pane in panes[first:]:
            text = self._tab(pane)
            if used + len(text) > width - 1:
                drawn.append(Segment("›", ink.bar + ink.quiet))
                break
            drawn.append(Segment(text, ink.chip if pane == self.current else ink.bar + ink.quiet))
            self._tabs.append((used, used + len(text), pane))
            used += len(text)
        return drawn

    def _tab(self, pane: str) -> str:
        count = self.counts.get(pane, 0)
        return f"{'▌' if pane == self.current else ' '}{BY_ID[pane].title}{f' {count}' if count else ''} "

    def on_click(self, event: events.Click) -> None:
        """Go to the view under the pointer."""
        at = event.get_content_offset(self)
        if at is None:
            return
        if self.size.height == 1:
            for start, end, pane in self._tabs:
                if start <= at.x < end:
                    self.post_message(self.Chosen(pane))
        elif 0 <= at.y < len(self._panes()):
            self.post_message(self.Chosen(self._panes()[at.y]))
