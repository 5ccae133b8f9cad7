"""The keys, grouped, with their help; what is closed here says why."""

from typing import TYPE_CHECKING

from rich.text import Text

from desk.ui import words
from desk.ui.widgets.paper import Page

if TYPE_CHECKING:
    from desk.ui.keymap import Keymap
    from desk.ui.screens.main import MainScreen


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
            keys = words.clip(keymap.shown(command, every=True), 14)
            line = Text.assemble(
                ("  " + keys, ink.quiet if closed else ink.key), (words.clip(command.label, 18), ink.strong)
            )
            line.append(command.help, ink.quiet)
            if closed:
                line.append(f"  Not now: {closed}", ink.warning)
            found.add(line)
    return found
