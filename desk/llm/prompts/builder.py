"""The one place where prompts are made.

A briefing stands first and is the same for all steps of one message; a step's question comes last. So the consecutive
prompts of a message share their longest possible prefix, and a model evaluates it once.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from desk.domain.enums import Register
from desk.domain.guarded import CleanText
from desk.llm.base import Message, Prompt, Segment
from desk.llm.prompts import framing

_FOLDER = Path(__file__).parent
_PLACE = re.compile(r"\{([a-z_]+)\}")
_LABEL = re.compile(r"[^\n\r\[\]{}<>|]{1,80}")
_LANGUAGES = {
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "it": "Italian",
    "nl": "Dutch",
    "pl": "Polish",
    "pt": "Portuguese",
    "sv": "Swedish",
}
_ADDRESS = {"de": ("Sie", "du"), "nl": ("u", "je"), "fr": ("vous", "tu"), "es": ("usted", "tú"), "it": ("Lei", "tu")}


@dataclass(frozen=True, slots=True)
class Part:
    """One labelled part of a briefing. The type says where the text is from, and nothing else can.

    A `str` is ours: an article, a fact, a summary written here. `CleanText` is from outside, passed the guard, and is
    framed as data. The label is ours too: one line of words, never a customer's name or subject.
    """

    label: str
    text: str | CleanText

    def __post_init__(self) -> None:
        if not isinstance(self.text, str | CleanText):
            raise TypeError(
                f"a part's text is str or CleanText, not {type(self.text).__name__}; scan the message first"
            )
        if not _LABEL.fullmatch(self.label):
            raise ValueError(f"a label is one line of words: {self.label!r}")

    @property
    def outside(self) -> bool:
        """Whether the text came from outside."""
        return isinstance(self.text, CleanText)


@dataclass(frozen=True, slots=True)
class Briefing:
    """What all steps of one message know: system words, then labelled parts."""

    system: str
    parts: tuple[Part, ...]
    delimiter: str

    def ask(self, *templates: str, **values: str | CleanText) -> Prompt:
        """The prompt of one step: this briefing, then the templates' words with their values, one after the other.

        Raises TypeError for a value that is neither `str` nor `CleanText`, ValueError for a missing or unknown one.
        """
        _expect(templates, values)
        user = self._segments()
        for template in templates:
            first, *rest = _fill(template, values, self.delimiter)
            user = (*user, Segment("\n\n" + first.text, starts=True), *rest)
        return Prompt(
            messages=(Message("system", (Segment(_template(self.system)),)), Message("user", user)),
            version=version(self.system, "briefing", *templates),
        )

    def plus(self, *parts: Part) -> "Briefing":
        """This briefing with more parts at its end (what a search found), the framing code unchanged.

        Prompts built from both share everything up to the new parts.
        """
        return replace(self, parts=(*self.parts, *parts))

    def _segments(self) -> tuple[Segment, ...]:
        if not self.parts:
            return tuple(_fill("briefing", {"delimiter": self.delimiter, "parts": "(no parts)"}, self.delimiter))
        head, tail = _template("briefing").split("{parts}")
        out = [Segment(head.replace("{delimiter}", self.delimiter))]
        for number, part in enumerate(self.parts):
            out.append(Segment(("\n\n" if number else "") + f"## {part.label}\n", starts=True))
            out.extend(_text(part.text, self.delimiter))
        return (*out, Segment(tail)) if tail else tuple(out)


def briefing(system: str, parts: Sequence[Part], *, delimiter: str = "") -> Briefing:
    """Begin the prompts of one message. `system` names a template.

    The framing code is drawn at random unless `delimiter` gives one: eight hex digits, to replay a stored prompt.
    """
    _template(system)
    texts = [part.text.text for part in parts if isinstance(part.text, CleanText)]
    if delimiter and not re.fullmatch(r"[0-9a-f]{8}", delimiter):
        raise ValueError("a framing code is eight hex digits")
    return Briefing(system, tuple(parts), delimiter or framing.code(texts))


def baseline(system: str, template: str, **values: str) -> Prompt:
    """The same question about nothing at all, for contextual calibration; always the same bytes."""
    return briefing(system, (), delimiter="00000000").ask(template, **values)


def tone(language: str, register: Register) -> dict[str, str]:
    """The values `language` and `register` of the drafting templates, in words: German, formal (Sie)."""
    formal, casual = _ADDRESS.get(language, ("", ""))
    word = formal if register is Register.FORMAL else casual
    return {
        "language": _LANGUAGES.get(language, f"the language with the code {language}"),
        "register": f"{register} ({word})" if word else str(register),
    }


def names() -> tuple[str, ...]:
    """All templates."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.md")))


def version(*templates: str) -> str:
    """Names of templates with the first eight digits of the SHA-256 of their words: `system-1a2b3c4d+draft-…`."""
    marks = (hashlib.sha256(_template(name).encode()).hexdigest()[:8] for name in templates)
    return "+".join(f"{name}-{mark}" for name, mark in zip(templates, marks, strict=True))


@cache
def _template(name: str) -> str:
    path = _FOLDER / f"{name}.md"
    if not name.isidentifier() or not path.is_file():
        raise ValueError(f"there is no prompt template {name!r}; there are {', '.join(names())}")
    return path.read_text(encoding="utf-8").strip()


def _expect(templates: Sequence[str], values: Mapping[str, str | CleanText]) -> None:
    wanted = {place for name in templates for place in _PLACE.findall(_template(name))}
    if wanted != set(values):
        lacking, unknown = sorted(wanted - set(values)), sorted(set(values) - wanted)
        raise ValueError(f"template {'+'.join(templates)!r} lacks values for {lacking}, has no place for {unknown}")


def _fill(template: str, values: Mapping[str, str | CleanText], delimiter: str) -> list[Segment]:
    """The template's text with its places filled; outside values become framed segments of their own."""
    out: list[Segment] = []
    for number, piece in enumerate(_PLACE.split(_template(template))):
        if number % 2 == 0:
            out.append(Segment(piece))
        else:
            out.extend(_text(values[piece], delimiter))
    return _joined(out)


def _text(text: str | CleanText, delimiter: str) -> list[Segment]:
    """A value as segments: ours as it is, outside text between its framing lines."""
    if isinstance(text, str):
        return [Segment(text)]
    if not isinstance(text, CleanText):
        raise TypeError(f"a prompt takes str or CleanText, not {type(text).__name__}; scan the message first")
    opening, closing = framing.lines(delimiter)
    return [Segment(opening), Segment(framing.escape(text.text, delimiter), outside=True), Segment(closing)]


def _joined(segments: list[Segment]) -> list[Segment]:
    """Neighbours of ours as one segment, empty ones gone."""
    out: list[Segment] = []
    for segment in segments:
        if not segment.text:
            continue
        if out and not segment.outside and not out[-1].outside:
            out[-1] = Segment(out[-1].text + segment.text)
        else:
            out.append(segment)
    return out
