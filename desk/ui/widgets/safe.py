"""Mail text made harmless for a terminal: every string from outside passes `inert` (or `reveal`) before it is drawn."""

import re
import unicodedata
from collections.abc import Iterator

COMBINING_MOST = 3
"""Marks kept on one base character; more is a flood that draws over other lines."""

_KEEP_JOINERS = re.compile("(?<=[\u0600-\u0dff])[\u200c\u200d](?=[\u0600-\u0dff])")
_BREAKS = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
_MARKS = re.compile(rf"[^\x00-\u02ff]{{{COMBINING_MOST + 1},}}")
_PLAIN = re.compile(r"[\x20-\x7e\xa1-\xac\xae-\u02ff\n]*\Z")


class _Table(dict[int, str | None]):
    """Character → what is drawn for it, worked out at first sight."""

    def __missing__(self, code: int) -> str | None:
        shown = _shown(code)
        self[code] = shown
        return shown


def _shown(code: int) -> str | None:
    char = chr(code)
    if char == "\n":
        return char
    if char == "\t":
        return "    "
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    category = unicodedata.category(char)
    if category in ("Cc", "Cs", "Cn"):
        return "\ufffd"
    if category == "Cf" or invisible(char):
        return None
    return char


def invisible(char: str) -> bool:
    """Whether a character takes no room of its own though it is not a mark: fillers, variation selectors, tags."""
    code = ord(char)
    return code in _FILLERS or 0xFE00 <= code <= 0xFE0F or 0xE0000 <= code <= 0xE0FFF


_FILLERS = frozenset({0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x3164, 0xFFA0})
_TABLE = _Table()


def inert(text: str) -> str:
    """Text in which nothing can steer a terminal or leave its cells, with line ends as `\\n`.

    Control characters become their pictures (ESC is drawn as ␛), so escape sequences fall apart into plain letters;
    bidirectional controls, zero-width and other format characters are dropped (joiners inside Arabic and Indic words
    stay); lone surrogates and unassigned code points become U+FFFD; at most `COMBINING_MOST` marks stay on a character.
    """
    if _PLAIN.match(text):
        return text
    text = _BREAKS.sub("\n", text)
    joiners = {found.start() for found in _KEEP_JOINERS.finditer(text)}
    if joiners:
        text = "".join(c if i in joiners else (_TABLE[ord(c)] or "") for i, c in enumerate(text))
    else:
        text = text.translate(_TABLE)
    return _MARKS.sub(_thin, text)


def _thin(found: re.Match[str]) -> str:
    kept: list[str] = []
    run = 0
    for char in found[0]:
        run = run + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        if run <= COMBINING_MOST:
            kept.append(char)
    return "".join(kept)


def line(text: str) -> str:
    """`inert`, and on one line: for subjects, names and everything else that has one row."""
    return " ".join(inert(text).split())


def reveal(text: str) -> Iterator[tuple[str, bool]]:
    """Pieces of a text as an attacker built it: (what to draw, whether it spells out a disguise such as `U+200B`).

    What `inert` would drop is spelled by its code point; a run of tag characters is spelled with the words it hides.
    """
    plain: list[str] = []
    for char, hidden in _runs(_BREAKS.sub("\n", text)):
        if not hidden:
            plain.append(char)
            continue
        if plain:
            yield inert("".join(plain)), False
            plain = []
        yield _spelled(char), True
    if plain:
        yield inert("".join(plain)), False


def _runs(text: str) -> Iterator[tuple[str, bool]]:
    tags: list[str] = []
    for char in text:
        if 0xE0000 <= ord(char) <= 0xE007F:
            tags.append(char)
            continue
        if tags:
            yield "".join(tags), True
            tags = []
        drawn = _TABLE[ord(char)]
        yield char, drawn != char and char not in "\n\t"
    if tags:
        yield "".join(tags), True


def _spelled(run: str) -> str:
    if len(run) == 1:
        return f"U+{ord(run):04X}"
    words = inert("".join(chr(ord(c) - 0xE0000) for c in run if 0xE0020 <= ord(c) <= 0xE007E))
    return f"U+{ord(run[0]):04X}…({len(run)} tag characters: {words})"


def longest(text: str, most: int = 200_000) -> tuple[str, int]:
    """The part of a text worth laying out, and how many characters were left off."""
    return (text, 0) if len(text) <= most else (text[:most], len(text) - most)
