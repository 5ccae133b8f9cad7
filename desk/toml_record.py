"""A TOML table as a dataclass: every key typed, every mistake named with its place and its nearest valid key."""

import difflib
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

from desk.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Rules:
    """What a file named `path` must keep beyond its types; both raise `ConfigError` with the setting's name."""

    path: Path
    value: Callable[[Any, str, Path], None]
    """Called with each value and its name, such as `mailboxes[0].imap.port`."""
    record: Callable[[Any, str, Path], None]
    """Called with each finished table and the beginning of its settings' names, such as `mailboxes[0].`."""


def build(kind: type[Any], data: Mapping[str, Any], where: str, rules: Rules) -> Any:
    """A `kind` from a table whose settings' names begin with `where`. Raises ConfigError for what does not fit."""
    hints = typing.get_type_hints(kind)
    known = {f.name.rstrip("_"): f.name for f in fields(kind)}  # a setting may be called as a word of Python is: `from`
    values: dict[str, Any] = {}
    for key, value in data.items():
        name = f"{where}{key}"
        if key not in known:
            near = difflib.get_close_matches(key, sorted(known), n=1, cutoff=0.5)
            hint = f"Did you mean {where}{near[0]}?" if near else f"Valid keys here: {', '.join(sorted(known))}."
            raise ConfigError(f"{rules.path}: there is no setting {name}.", hint)
        values[known[key]] = _value(hints[known[key]], value, name, rules)
    record = kind(**values)
    rules.record(record, where, rules.path)
    return record


def _value(hint: Any, value: Any, name: str, rules: Rules) -> Any:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        hint = next(a for a in args if a is not type(None))
    if is_dataclass(hint) and isinstance(hint, type) and isinstance(value, dict):
        return build(hint, value, f"{name}.", rules)
    if origin is tuple and isinstance(value, list):
        return tuple(_value(args[0], item, f"{name}[{i}]", rules) for i, item in enumerate(value))
    if origin is dict and isinstance(value, dict):
        return {key: _value(args[1], item, f"{name}.{key}", rules) for key, item in value.items()}
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        rules.value(value, name, rules.path)
        return float(value)
    if not isinstance(hint, type) or not isinstance(value, hint) or (isinstance(value, bool) and hint is not bool):
        wanted = {"str": "text", "int": "a whole number", "float": "a number", "bool": "true or false"}
        other = "a table" if is_dataclass(hint) or origin is dict else "a list"
        name_of = wanted.get(getattr(hint, "__name__", ""), other)
        raise ConfigError(f"{rules.path}: {name} must be {name_of}, not {shown(value)}.", "Change it and start again.")
    rules.value(value, name, rules.path)
    return value


def either(choices: tuple[str, ...]) -> str:
    """Choices in words: a, b or c."""
    return f"{', '.join(choices[:-1])} or {choices[-1]}"


def shown(value: Any) -> str:
    """A value in a message: on one line, and no longer than a line."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
