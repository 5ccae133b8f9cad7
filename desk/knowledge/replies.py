"""Ready-made replies as files: Markdown with front matter, one reply a file, in a folder of the house."""

import difflib
import re
from collections.abc import Collection
from pathlib import Path

from desk.domain.canned import Canned, blanks, well_formed
from desk.domain.enums import Category, Register
from desk.errors import KnowledgeError
from desk.knowledge.articles import front_matter

KEYS = ("name", "category", "language", "register", "shortcut")


def load(folder: Path) -> list[Canned]:
    """Every reply under a folder (`*.md`), by its path; one that can't be used says why in `problem`. No folder, no replies."""
    found: list[Canned] = []
    for file in sorted(folder.rglob("*.md")) if folder.is_dir() else []:
        inside = file.relative_to(folder)
        if any(part.startswith(".") for part in inside.parts):
            continue
        found.append(_reply(file, inside.with_suffix("").as_posix()))
    taken: dict[str, str] = {}
    for number, reply in enumerate(found):
        first = taken.setdefault(reply.shortcut, reply.id)
        if reply.shortcut and first != reply.id and not reply.problem:
            found[number] = _broken(reply.id, f"the shortcut {reply.shortcut} is {first}'s already")
    return found


def _reply(file: Path, name: str) -> Canned:
    try:
        fields, text = front_matter(file)
    except (KnowledgeError, OSError) as problem:
        return _broken(name, str(problem))
    given = {key: str(fields.get(key, "")).strip() for key in KEYS}
    given |= {key: given[key].lower() for key in ("category", "language", "register")}
    if wrong := _problem(fields, given, text):
        return _broken(name, wrong)
    given["name"] = given["name"] or file.stem.replace("-", " ").replace("_", " ")
    return Canned(id=name, text=text, **given)


def _problem(fields: Collection[str], given: dict[str, str], text: str) -> str:
    """What is wrong with a file in words, empty when nothing is."""
    for key in fields:
        if key not in KEYS:
            near = difflib.get_close_matches(key, KEYS, n=1)
            return f"there is no key {key}; " + (f"did you mean {near[0]}?" if near else f"there are {', '.join(KEYS)}")
    if given["category"] and given["category"] not in set(Category):
        return f"there is no category {given['category']}; there are {', '.join(Category)}"
    if given["language"] and not re.fullmatch("[a-z]{2}", given["language"]):
        return f"the language is {given['language']}; write two letters such as en"
    if given["register"] and given["register"] not in set(Register):
        return f"the register is {given['register']}; write formal or casual"
    if re.search(r"\s", given["shortcut"]):
        return "the shortcut has a space in it"
    if not text:
        return "there is no text below the front matter"
    if not well_formed(text):
        return "a blank is not written like {{contact.name}}"
    return ""


def strange(reply: Canned, known: Collection[str]) -> list[str]:
    """The blanks of a reply that nothing could ever fill: neither in `known` nor of a group `known` names as `group.*`."""
    return [b for b in blanks(reply.text) if b not in known and f"{b.partition('.')[0]}.*" not in known]


def _broken(name: str, problem: str) -> Canned:
    return Canned(id=name, name=name, text="", problem=problem)
