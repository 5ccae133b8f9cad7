"""Ready-made replies: text with blanks such as `{{contact.name}}`, filled only from what is known.

A blank that nothing fills is marked ⟦like this⟧, in signs nobody types, and a text with such a mark never leaves.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

HOUSE = frozenset(
    {
        *("contact.name", "contact.first", "contact.address", "ticket.number", "agent.name"),
        *("mailbox.name", "mailbox.address", "mailbox.signature", "greeting", "closing"),
    }
)
"""Blanks that every desk can fill; beside them stand those of looked-up facts, such as `order.status`."""

_BLANK = re.compile(r"\{\{\s*([A-Za-z_][\w-]*(?:\.[\w-]+)?)\s*\}\}")
_OPEN = re.compile(r"⟦([^⟧\n]{1,60})⟧")


@dataclass(frozen=True, slots=True)
class Canned:
    """One ready-made reply as its file holds it; empty where the file says nothing, and `problem` where it can't be used."""

    id: str
    name: str
    text: str
    category: str = ""
    language: str = ""
    register: str = ""
    shortcut: str = ""
    problem: str = ""


def blanks(text: str) -> tuple[str, ...]:
    """The names of a text's blanks, each once, in lower case."""
    return tuple(dict.fromkeys(found.group(1).lower() for found in _BLANK.finditer(text)))


def well_formed(text: str) -> bool:
    """Whether every pair of braces in a text is a blank."""
    rest = _BLANK.sub("", text)
    return "{{" not in rest and "}}" not in rest


def fill(text: str, known: Mapping[str, str]) -> str:
    """The text with each blank filled from `known` (lower-case names), and marked ⟦…⟧ where that has nothing."""

    def value(found: re.Match[str]) -> str:
        name = found.group(1).lower()
        return re.sub("[⟦⟧]", "", known.get(name, "")).strip() or f"⟦{name}⟧"

    return _BLANK.sub(value, text)


def unfilled(text: str) -> tuple[str, ...]:
    """The names that still stand marked in a text; while there is one, it never leaves."""
    return tuple(dict.fromkeys(found.group(1) for found in _OPEN.finditer(text)))
