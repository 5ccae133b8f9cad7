"""Keys: every command's own, the user's on top, and a refusal when two commands want the same one."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from textual.binding import Binding

from desk.errors import ConfigError
from desk.ui.commands.base import Command

TAKEN = {
    "ctrl+i": "terminals send it as Tab",
    "ctrl+m": "terminals send it as Enter",
    "ctrl+h": "terminals send it as Backspace",
    "ctrl+j": "terminals send it as a new line",
    "ctrl+s": "it stops the terminal's output",
    "ctrl+q": "it starts the terminal's output again",
}
"""Keys that do not arrive, and why."""

_SHOWN = {
    "enter": "Enter",
    "escape": "Esc",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "tab": "Tab",
    "shift+tab": "Shift+Tab",
    "space": "Space",
    "pagedown": "PgDn",
    "pageup": "PgUp",
    "home": "Home",
    "end": "End",
    "f1": "F1",
}


@dataclass(frozen=True, slots=True)
class Keymap:
    """Key sequences (tokens, one or two) to commands, and back."""

    sequences: dict[tuple[str, ...], Command]
    keys: dict[str, tuple[tuple[str, ...], ...]]
    """Command id → its sequences, the first one is shown."""
    prefixes: frozenset[str] = field(default=frozenset())

    def find(self, *tokens: str) -> Command | None:
        """The command of exactly these tokens."""
        return self.sequences.get(tokens)

    def after(self, prefix: str) -> list[tuple[str, Command]]:
        """What may follow a prefix."""
        return [(tokens[1], c) for tokens, c in self.sequences.items() if len(tokens) == 2 and tokens[0] == prefix]

    def shown(self, command: Command | str, *, every: bool = False) -> str:
        """A command's key as it is printed; with `every`, all of them."""
        found = self.keys.get(command if isinstance(command, str) else command.id, ())
        shown = ["".join(show(t) for t in tokens) for tokens in found]
        return " ".join(shown) if every else (shown[0] if shown else "")

    def bindings(self) -> list[Binding]:
        """One Textual binding per token; the screen puts sequences together."""
        tokens = {token: command for sequence, command in self.sequences.items() for token in sequence}
        return [Binding(_name(t), f"press({t!r})", c.label, show=False, id=f"key-{t}") for t, c in tokens.items()]


def show(token: str) -> str:
    """One key as it is printed."""
    if token.startswith("ctrl+"):
        return f"Ctrl+{token[5:]}"
    return _SHOWN.get(token, token)


def _name(token: str) -> str:
    return {",": "comma", " ": "space"}.get(token, token)


def parse(keys: str) -> tuple[str, ...]:
    """`g i` → ("g", "i"); `Ctrl+p` → ("ctrl+p",)."""
    tokens = tuple(t if len(t) == 1 else t.lower() for t in keys.split())
    if not 1 <= len(tokens) <= 2:
        raise ConfigError(f"screen.keys: {keys!r} is not a key.", "Write one key, or two with a space between: g i.")
    for token in tokens:
        if token in TAKEN:
            raise ConfigError(f"screen.keys: {token} can't be used: {TAKEN[token]}.", "Choose another key.")
    return tokens


def build(commands: Iterable[Command], own: Mapping[str, str] | None = None) -> Keymap:
    """The key map in force. `own` maps command id → key, and replaces that command's keys.

    Raises `ConfigError` for a command that does not exist and for a collision, naming both commands.
    """
    commands = tuple(commands)
    known = {c.id: c for c in commands}
    own = own or {}
    for name in own:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1) or ["one of those in the ? help"]
            raise ConfigError(f"screen.keys: there is no command {name}.", f"Did you mean {near[0]}?")
    sequences: dict[tuple[str, ...], Command] = {}
    keys: dict[str, tuple[tuple[str, ...], ...]] = {}
    for command in commands:
        chosen = (own[command.id],) if command.id in own else command.keys
        mine = tuple(parse(k) for k in chosen)
        for tokens in mine:
            if tokens in sequences:
                raise _collision(tokens, sequences[tokens], command)
            sequences[tokens] = command
        keys[command.id] = mine
    prefixes = frozenset(tokens[0] for tokens in sequences if len(tokens) == 2)
    for prefix in prefixes:
        if (prefix,) in sequences:
            longer = next(c for t, c in sequences.items() if len(t) == 2 and t[0] == prefix)
            raise _collision((prefix,), sequences[(prefix,)], longer)
    return Keymap(sequences, keys, prefixes)


def _collision(tokens: tuple[str, ...], one: Command, other: Command) -> ConfigError:
    key = " ".join(tokens)
    return ConfigError(
        f"The key {key!r} means two things: {one.id} and {other.id}.",
        f'Give one of them another key under [screen.keys], for example {other.id} = "F5".',
    )
