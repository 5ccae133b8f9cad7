"""Everything a person can do on the screen, one class each. Keys, footer, help and palette are made from this list."""

from desk.ui.commands import letters, look, mail, move, outgoing, planning, ready, ticket
from desk.ui.commands.base import Command

COMMANDS: tuple[Command, ...] = (
    *(*mail.COMMANDS, *ready.COMMANDS, *planning.COMMANDS, *letters.COMMANDS, *outgoing.COMMANDS),
    *(*ticket.COMMANDS, *look.COMMANDS, *move.COMMANDS),
)
"""In the order of the help."""

BY_ID: dict[str, Command] = {command.id: command for command in COMMANDS}

__all__ = ["BY_ID", "COMMANDS", "Command"]
