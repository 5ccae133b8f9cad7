"""Writing a configuration: only what differs from the defaults, in the order of its tables."""

import json
from dataclasses import fields, is_dataclass
from typing import Any

from desk.config import Config


def write(config: Config) -> str:
    """The configuration as TOML that `desk.config.load` reads back to the same value."""
    plain, tables = [], []
    defaults = Config()
    for f in fields(config):
        value = getattr(config, f.name)
        if isinstance(value, tuple):
            tables += [_table(f"[[{f.name}]]", f.name, item) for item in value]
        elif is_dataclass(value):
            if value != getattr(defaults, f.name):
                tables.append(_table(f"[{f.name}]", f.name, value))
        elif value != getattr(defaults, f.name):
            plain.append(f"{f.name} = {_value(value)}")
    return "\n".join([*plain, *([""] if plain else []), *tables]) + "\n"


def _table(head: str, path: str, record: Any) -> str:
    default = type(record)()
    lines, inner = [head], []
    for f in fields(record):
        value = getattr(record, f.name)
        if value == getattr(default, f.name):
            continue
        if isinstance(value, tuple) and value and is_dataclass(value[0]):
            inner += [_table(f"[[{path}.{f.name}]]", f"{path}.{f.name}", item) for item in value]
        elif is_dataclass(value):
            inner.append(_table(f"[{path}.{f.name}]", f"{path}.{f.name}", value))
        elif isinstance(value, dict):
            inner.append(
                "\n".join([f"[{path}.{f.name}]", *(f"{_value(k)} = {_value(v)}" for k, v in value.items())]) + "\n"
            )
        else:
            lines.append(f"{f.name.rstrip('_')} = {_value(value)}")
    return "\n".join([*lines, "", *inner])


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value)
