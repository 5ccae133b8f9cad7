"""The keys, grouped, with their help; what is closed here says why."""

from typing import TYPE_CHECKING

from rich.text import Text

from desk.ui import words
from desk.ui.widgets.paper import Page

if TYPE_CHECKING:
    from desk.ui.keymap import Keymap
    from desk.ui.screens.main import MainScreen

KEYS, LABEL = 13, 18
"""Cells of the keys and of a command's name."""
IN = 2 + KEYS + LABEL


def page(keymap: "Keymap", screen: "MainScreen") -> Page:
    """Every command of the registry."""
    from desk.ui.commands import COMMANDS

    ink, found = screen.ink(), Page()
    groups = list(dict.fromkeys(c.group for c in COMMANDS))
    for group in groups:
        if found.lines:
            found.add("")
        found.anchor()
        found.add(Text(group, ink.accent + ink.strong))
        for command in (c for c in COMMANDS if c.group == group):
            closed = command.reason(screen)
            keys = words.clip(keymap.shown(command, every=True), KEYS)
            label = words.clip(command.label, LABEL)
            line = Text.assemble(("  " + keys, ink.quiet if closed else ink.key), (label, ink.strong))
            line.append(command.help, ink.quiet)
            found.add(line, hang=IN)
            if closed:
                found.add(Text(" " * IN + f"Not now: {closed}", ink.warning), hang=IN)
    return found
