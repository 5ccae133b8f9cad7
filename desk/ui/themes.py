"""Themes: TOML files in `themes/` and in the user's own folder; what a theme must hold, and how it becomes styles."""

import difflib
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

from rich.style import Style
from textual.theme import Theme as TextualTheme

from desk.errors import ConfigError

_HEX = re.compile(r"#[0-9a-fA-F]{6}\Z")


@dataclass(frozen=True, slots=True)
class Colors:
    """The colours a theme names, each as #rrggbb."""

    background: str
    """The ground of every pane."""
    surface: str
    """The ground of the header, the footer and of dialogs."""
    selection: str
    """The ground of the chosen row."""
    border: str
    """Lines between panes."""
    text: str
    """What is read."""
    quiet: str
    """What stands beside it: ages, counts, labels."""
    accent: str
    """The one accent: the focused pane, the chosen row's bar, keys."""
    on_accent: str
    """Text on the accent."""
    urgent: str
    """Urgent tickets."""
    asks: str
    """What asks the agent something."""
    good: str
    """Checks that hold."""
    warning: str
    """What to look at: unsourced, in doubt, held."""
    danger: str
    """Attacks and failures."""


@dataclass(frozen=True, slots=True)
class Theme:
    """One theme as it was read."""

    name: str
    title: str
    dark: bool
    colors: Colors

    def textual(self) -> TextualTheme:
        """The theme in Textual's terms, our own colours as `$desk-…` variables."""
        c = self.colors
        own = {f"desk-{f.name.replace('_', '-')}": getattr(c, f.name) for f in fields(c)}
        return TextualTheme(
            name=self.name,
            primary=c.accent,
            secondary=c.asks,
            accent=c.accent,
            foreground=c.text,
            background=c.background,
            surface=c.surface,
            panel=c.surface,
            success=c.good,
            warning=c.warning,
            error=c.danger,
            dark=self.dark,
            variables=own
            | {
                "border": c.border,
                "border-blurred": c.border,
                "scrollbar": c.border,
                "scrollbar-hover": c.quiet,
                "scrollbar-active": c.accent,
                "scrollbar-background": c.background,
                "scrollbar-background-hover": c.background,
                "scrollbar-background-active": c.background,
                "scrollbar-corner-color": c.background,
                "block-cursor-background": c.selection,
                "block-cursor-foreground": c.text,
                "block-cursor-blurred-background": c.selection,
                "block-cursor-blurred-foreground": c.text,
                "block-hover-background": c.selection,
                "input-cursor-background": c.accent,
                "input-cursor-foreground": c.on_accent,
                "input-selection-background": c.selection,
            },
        )


class Ink:
    """A theme's colours as Rich styles, for widgets that draw their own lines."""

    def __init__(self, colors: Colors, *, mono: bool = False) -> None:
        self.colors, self.mono = colors, mono
        self.text = Style(color=colors.text, bgcolor=colors.background)
        self.quiet = Style(color=colors.quiet)
        self.strong = Style(color=colors.text, bold=True)
        self.accent = Style(color=colors.accent)
        self.key = Style(color=colors.accent, bold=True)
        self.urgent = Style(color=colors.urgent, bold=True)
        self.asks = Style(color=colors.asks)
        self.good = Style(color=colors.good)
        self.warning = Style(color=colors.warning)
        self.danger = Style(color=colors.danger, bold=True)
        self.unsourced = Style(color=colors.warning, underline=True)
        self.marked = Style(color=colors.background, bgcolor=colors.danger, bold=True)
        self.spelled = Style(color=colors.background, bgcolor=colors.warning, bold=True)
        self.hidden = Style(color=colors.danger, italic=True)
        self.selected = Style(bgcolor=colors.selection)
        self.chip = Style(color=colors.on_accent, bgcolor=colors.accent, bold=True)
        self.bar = Style(color=colors.text, bgcolor=colors.surface)


def read(path: Path) -> Theme:
    """One theme file; raise `ConfigError` naming the file and the key where it is not whole."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise ConfigError(f"{path} is not a readable theme: {problem}.", "Mend it or take it away.") from problem
    names = [f.name for f in fields(Colors)]
    colors = data.get("colors", {})
    for key in colors:
        if key not in names:
            near = difflib.get_close_matches(key, names, n=1) or [", ".join(names)]
            raise ConfigError(f"{path}: a theme has no colour {key}.", f"Did you mean {near[0]}?")
    for name in names:
        if not isinstance(colors.get(name), str) or not _HEX.match(colors[name]):
            raise ConfigError(f"{path}: [colors] {name} is missing or not #rrggbb.", f'Write {name} = "#a1b2c3".')
    title = str(data.get("title", path.stem.replace("-", " ").title()))
    return Theme(path.stem, title, bool(data.get("dark", True)), Colors(**{n: colors[n] for n in names}))


def load(folders: Iterable[Path]) -> tuple[dict[str, Theme], list[str]]:
    """All themes of the folders by name (a later folder wins), and what was wrong with those left out, in words."""
    found: dict[str, Theme] = {}
    problems: list[str] = []
    for folder in folders:
        for path in sorted(folder.glob("*.toml")) if folder.is_dir() else ():
            try:
                found[path.stem] = read(path)
            except ConfigError as problem:
                problems.append(str(problem))
    return found, problems


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two #rrggbb colours, 1 to 21 (WCAG 2.2, relative luminance)."""
    bright, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(color: str) -> float:
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
