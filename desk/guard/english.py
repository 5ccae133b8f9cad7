"""English rules, from the files in `words/english`: claims, commands and chat markup.

A phrase alone is rarely proof: weights are set so that a claim and a command near each other, or text that was hidden
and commands, pass the threshold, while customers who ignore reminders, admin a workspace or ask for new instructions
do not.
"""

import re
import tomllib
from functools import lru_cache
from importlib import resources
from typing import Any

from desk.domain.enums import AttackType
from desk.guard.rules import Rule

CLAIMS = ("override", "address", "authority", "cover")
COMMANDS = ("extract", "output", "manipulate", "task")
_TYPES = {
    "address": AttackType.ROLE_IMPERSONATION,
    "authority": AttackType.ROLE_IMPERSONATION,
    "cover": AttackType.INSTRUCTION_SMUGGLING,
    "secrecy": AttackType.INSTRUCTION_SMUGGLING,
    "continuation": AttackType.INSTRUCTION_SMUGGLING,
    "delimiter": AttackType.DELIMITER_ATTACK,
}
_FRAGMENT = re.compile(r"\{([A-Z_]{2,})\}")


def load(*path: str) -> dict[str, Any]:
    """One of the guard's word files as a table."""
    file = resources.files("desk.guard").joinpath("words", *path)
    return tomllib.loads(file.read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def rules() -> tuple[Rule, ...]:
    """Claims and commands."""
    return tuple(rule for name in (*CLAIMS, *COMMANDS) for rule in _file(name))


@lru_cache(maxsize=1)
def markup() -> tuple[Rule, ...]:
    """Chat markup of model families and other pretended ends of a message."""
    return tuple(_file("delimiter"))


@lru_cache(maxsize=1)
def _words() -> dict[str, Any]:
    return load("english", "words.toml")


def _file(name: str) -> list[Rule]:
    return [_rule(entry) for entry in load("english", f"{name}.toml")["rule"]]


def _rule(entry: dict[str, Any]) -> Rule:
    words = _words()
    family = entry.get("family") or entry["name"].partition(".")[0]
    needs = tuple(
        tuple(stem for one in group for stem in (words["groups"][one[1:]] if one[0] == "@" else (one,)))
        for group in entry["needs"]
    )
    look = _FRAGMENT.sub(lambda m: words["fragments"][m.group(1)], entry["look"])
    kind = AttackType(entry["type"]) if "type" in entry else _TYPES.get(family, AttackType.DIRECT_INJECTION)
    return Rule(entry["name"], family, entry["weight"], needs, look, kind)
