"""Ready-made replies and playbooks as files: Markdown with front matter, one a file, in folders of the house."""

import difflib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from desk.domain.canned import Canned, blanks, well_formed
from desk.domain.enums import Category, Register
from desk.domain.guarded import content_hash
from desk.domain.playbooks import Playbook
from desk.errors import KnowledgeError
from desk.knowledge.articles import front_matter

KEYS = ("name", "category", "language", "register", "shortcut")
PLAY_KEYS = ("name", "category", "language")
_HEADING = re.compile(r"^##[ \t]+(.+?)[ \t]*$", re.MULTILINE)


def load(folder: Path) -> list[Canned]:
    """Every reply under a folder (`*.md`), by its path; one that can't be used says why in `problem`. No folder, no replies."""
    found = [_reply(file, name) for name, file in _files(folder)]
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
    """What is wrong with a reply's file in words, empty when nothing is."""
    if wrong := _unusual(fields, KEYS, given):
        return wrong
    if given["register"] and given["register"] not in set(Register):
        return f"the register is {given['register']}; write formal or casual"
    if re.search(r"\s", given["shortcut"]):
        return "the shortcut has a space in it"
    if not text:
        return "there is no text below the front matter"
    return "" if well_formed(text) else "a blank is not written like {{contact.name}}"


def _unusual(fields: Collection[str], keys: Sequence[str], given: Mapping[str, str]) -> str:
    """What is wrong with keys, category and language, in words."""
    for key in fields:
        if key not in keys:
            near = difflib.get_close_matches(key, keys, n=1)
            return f"there is no key {key}; " + (f"did you mean {near[0]}?" if near else f"there are {', '.join(keys)}")
    if given["category"] and given["category"] not in set(Category):
        return f"there is no category {given['category']}; there are {', '.join(Category)}"
    if given["language"] and not re.fullmatch("[a-z]{2}", given["language"]):
        return f"the language is {given['language']}; write two letters such as en"
    return ""


def load_playbooks(folder: Path) -> list[Playbook]:
    """Every playbook under a folder (`*.md` with `## Say` and `## Remember`); one that can't be used says why."""
    return [_playbook(file, name) for name, file in _files(folder)]


def _playbook(file: Path, name: str) -> Playbook:
    try:
        fields, text = front_matter(file)
    except (KnowledgeError, OSError) as problem:
        return Playbook(name, name, problem=str(problem))
    given = {key: str(fields.get(key, "")).strip() for key in PLAY_KEYS}
    given |= {key: given[key].lower() for key in ("category", "language")}
    parts = _HEADING.split(text)
    found = {head.strip().lower(): part.strip() for head, part in zip(parts[1::2], parts[2::2], strict=True)}
    wrong = _unusual(fields, PLAY_KEYS, given)
    if not wrong and not given["category"]:
        wrong = "it has no category"
    if not wrong and (parts[0].strip() or not found or not found.keys() <= {"say", "remember"}):
        wrong = "below the front matter belong ## Say and ## Remember, and nothing else"
    if not wrong and found.get("say") and not given["language"]:
        wrong = "what it says is in some language; write which, such as language: en"
    if not wrong and (blanks(text) or not well_formed(text)):
        wrong = "a playbook has no blanks; those are for ready-made replies"
    if wrong:
        return Playbook(name, name, problem=wrong)
    remember = tuple(line.strip(" \t-*•") for line in found.get("remember", "").splitlines() if line.strip())
    version = content_hash(text.encode())[:6]
    return Playbook(
        name, given["name"] or f"Playbook {name}", given["category"], given["language"],
        found.get("say", ""), remember, version,
    )  # fmt: skip


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every Markdown file under a folder by its name inside, without the ending; hidden ones are left out."""
    for file in sorted(folder.rglob("*.md")) if folder.is_dir() else []:
        inside = file.relative_to(folder)
        if not any(part.startswith(".") for part in inside.parts):
            yield inside.with_suffix("").as_posix(), file


def strange(reply: Canned, known: Collection[str]) -> list[str]:
    """The blanks of a reply that nothing could ever fill: neither in `known` nor of a group `known` names as `group.*`."""
    return [b for b in blanks(reply.text) if b not in known and f"{b.partition('.')[0]}.*" not in known]


def _broken(name: str, problem: str) -> Canned:
    return Canned(id=name, name=name, text="", problem=problem)
