"""The README's tables are made from the program. `python tests/test_readme.py` writes them anew."""

import ast
import dataclasses
import inspect
import re
import sys
import typing
from pathlib import Path

from desk import config
from desk.cli import COMMANDS

README = Path(__file__).resolve().parents[1] / "README.md"


def commands() -> str:
    rows = [
        "| Command | What it does |",
        "|---|---|",
        "| `desk` | the screen; on a fresh machine it asks what to do first |",
    ]
    return "\n".join([*rows, *(f"| `desk {c.name}` | {c.help} |" for c in COMMANDS if c.name != "open")])


def _explained(kind: type) -> dict[str, str]:
    """The string below each field of a dataclass."""
    body = ast.parse(inspect.getsource(kind)).body[0]
    assert isinstance(body, ast.ClassDef)
    found = {}
    for field, text in zip(body.body, body.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, ast.Expr):
            found[field.target.id] = " ".join(ast.literal_eval(text.value).split())
    return found


def _rows(kind: type, where: str) -> list[str]:
    hints, words, out = typing.get_type_hints(kind), _explained(kind), []
    for field in dataclasses.fields(kind):
        hint = hints[field.name]
        inner = typing.get_args(hint)[0] if typing.get_origin(hint) is tuple else hint
        name = f"{where}{field.name.rstrip('_')}"
        if dataclasses.is_dataclass(inner):
            out += _rows(typing.cast(type, inner), f"{name}.")
            continue
        default = field.default if field.default is not dataclasses.MISSING else ""
        shown = "" if default in ("", ()) else f"`{str(default).lower() if isinstance(default, bool) else default}`"
        out.append(f"| `{name}` | {shown} | {words[field.name]} |")
    return out


def settings() -> str:
    return "\n".join(["| Key | Default | Meaning |", "|---|---|---|", *_rows(config.Config, "")])


def keys() -> str:
    from desk.ui.commands import COMMANDS as commands
    from desk.ui.keymap import build

    shown = build(commands, {})
    rows = ["| Key | Command | What it does |", "|---|---|---|"]
    for command in commands:
        pressed = " ".join(f"`{key}`".replace("|", "\\|") for key in shown.shown(command, every=True).split())
        rows.append(f"| {pressed} | `{command.id}` | {command.help} |")
    return "\n".join(rows)


TABLES = {"commands": commands, "settings": settings, "keys": keys}


def _inside(text: str, name: str) -> str:
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", text, re.S)
    assert found, f"the README has no place for {name}"
    return found.group(1).strip()


def test_commands_settings_and_keys_are_those_of_the_program() -> None:
    text = README.read_text(encoding="utf-8")
    for name, table in TABLES.items():
        assert _inside(text, name) == table(), f"the table of {name} is out of date: run python tests/test_readme.py"


def test_every_environment_variable_named_is_read() -> None:
    source = "\n".join(p.read_text(encoding="utf-8") for p in (README.parent / "desk").rglob("*.py"))
    named = set(re.findall(r"`((?:LLM|DESK)_[A-Z_]+)`", README.read_text(encoding="utf-8")))
    assert {"LLM_MODEL", "LLM_MODEL_FAST", "LLM_MODEL_CAPABLE", "LLM_PROVIDER", "LLM_BASE_URL", "LLM_API_KEY"} <= named
    for name in named:
        assert f'"{name}"' in source, f"{name} is in the README and nothing reads it"


def test_pictures_and_folders_named_are_there() -> None:
    text = README.read_text(encoding="utf-8")
    for name in re.findall(r"!\[[^\]]*\]\(([^)]+)\)|`(desk/[a-z/]+)`", text):
        path = README.parent / (name[0] or name[1])
        assert path.exists(), f"the README names {path.name}, which is not there"


if __name__ == "__main__":
    new = README.read_text(encoding="utf-8")
    for key, make in TABLES.items():
        head, opening, rest = new.partition(f"<!-- {key} -->\n")
        closing = f"<!-- /{key} -->"
        new = f"{head}{opening}{make()}\n{closing}{rest.partition(closing)[2]}"
    README.write_text(new, encoding="utf-8")
    sys.exit(0)
