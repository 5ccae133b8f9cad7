"""Undo disguises before matching: every view of a text carries the way back to where it came from.

`fold` removes what nobody sees and levels letters (Unicode TR15 NFKC, marks stripped, lower case); `views` adds the
skeleton (look-alike letters as Latin) and whatever `decode` finds (base64, hex, escapes, ciphers, spacing), up to three
deep and within a budget of characters, so that no input costs more than linear time.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from desk.guard import confusables, decode
from desk.guard.shapes import Words

MAX_DEPTH = 3
MAX_VIEWS = 120
Back = Callable[[int, int], tuple[int, int]]


@dataclass(frozen=True, slots=True)
class View:
    """One reading of a text: `text` to match on, `disguise` naming what was undone (empty for the text as written).

    `back(start, end)` gives the offsets in the original text of a span of this view. `tight` marks a view whose word
    gaps were lost.
    """

    text: str
    disguise: str
    back: Back
    tight: bool = False
    exact: str = ""
    """The decoded text before levelling, for evidence and layout rules; empty when `text` says it all."""
    words: Words | None = None
    """The words of `text`, where somebody asked for them already."""


@dataclass(frozen=True, slots=True)
class Views:
    """All readings of a text, what was odd about it (name → count), and whether every bound was kept."""

    views: tuple[View, ...]
    oddities: dict[str, int]
    complete: bool


_MARKS = (
    (0x300, 0x36F), (0x483, 0x489), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE20, 0xFE2F)
)  # fmt: skip
_UNSEEN = {0x34F, 0x115F, 0x1160, 0x3164, 0xFFA0, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180E, 0x180F, 0x2800}
_LETTERS = {"ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "ß": "ss", "þ": "th", "ð": "d", "ħ": "h"}


def _unseen(cp: int) -> bool:
    if 0xFE00 <= cp <= 0xFE0F or 0xE0000 <= cp <= 0xE01EF or cp in _UNSEEN:
        return True
    return unicodedata.category(chr(cp)) == "Cf"


class _Strip(dict[int, int | None]):
    """Code point → None where nobody sees it (controls of direction, joiners, tags, selectors), else itself."""

    def __missing__(self, cp: int) -> int | None:
        value = None if _unseen(cp) else cp
        self[cp] = value
        return value


class _Fold(dict[int, str]):
    """Code point → levelled text: compatibility form, no marks on Latin, Greek and Cyrillic, lower case."""

    def __missing__(self, cp: int) -> str:
        if 0xD800 <= cp <= 0xDFFF or _unseen(cp):
            value = ""
        else:
            apart = unicodedata.normalize("NFKD", chr(cp))
            kept = "".join(c for c in apart if not any(a <= ord(c) <= b for a, b in _MARKS))
            value = unicodedata.normalize("NFC", kept).lower()
            value = "".join(_LETTERS.get(c, c) for c in value)
        self[cp] = value
        return value


class _Skeleton(dict[int, str]):
    """Code point → levelled text with look-alikes as the Latin letters they pass for."""

    def __missing__(self, cp: int) -> str:
        alike = confusables.table()
        value = alike.get(cp) or "".join(alike.get(ord(c), c) for c in _FOLD[cp])
        self[cp] = value
        return value


_STRIP = _Strip()
_FOLD = _Fold()
_SKELETON = _Skeleton()


def _said(table: dict[int, str] | dict[int, int | None], c: str) -> str:
    """What a table of `str.translate` makes of a character."""
    value = table[ord(c)]
    return "" if value is None else value if isinstance(value, str) else chr(value)


MANY = 40
"""Characters to be replaced one by one at most; beyond that a text is translated in one slower pass."""


def _translated(text: str, table: dict[int, str] | dict[int, int | None], characters: frozenset[str]) -> str:
    """`text.translate(table)`, done by searching for the few characters that change; `characters` are all of `text`."""
    if table is not _STRIP and not characters & _UNEVEN:
        # Capitals by themselves: the tables lower them anyway.
        text = text.lower()
        characters = frozenset(c.lower() for c in characters)
    changed = {c: said for c in characters if (said := _said(table, c)) != c}
    # A replacement must not be replaced again.
    if len(changed) > MANY or any(c in changed for said in changed.values() for c in said):
        return text.translate(table)
    for c, said in changed.items():
        text = text.replace(c, said)
    return text


_UNEVEN = frozenset("\u0130\u03a3")
"""Capitals whose small form is longer, or depends on its place in the word."""


def strip_unseen(text: str) -> str:
    """Text without the characters nobody sees; emoji keep what joins and colours them."""
    if text.isascii() or _JOINERS.isdisjoint(frozenset(text)):
        return text
    return _JOINED.sub("", text)


_JOINERS = frozenset(
    chr(cp)
    for first, last in (
        (0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x180B, 0x180F), (0x200B, 0x200F),
        (0x2028, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0),
        (0xFFF9, 0xFFFB), (0xE0000, 0xE01EF),
    )
    for cp in range(first, last + 1)
)  # fmt: skip
_JOINED = re.compile(
    # Joiners and selectors stay where they build an emoji or shape a script that needs them; runs of selectors, tags
    # and every control of direction or width go.
    r"[\u00ad\u034f\u061c\u115f\u1160\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    r"\ufff9-\ufffb\U000e0000-\U000e01ef]|(?<=[\x00-\u024f])[\u200c\u200d]|[\ufe00-\ufe0f]{2,}|[\ufe00-\ufe0d]"
)


def fold(text: str) -> str:
    """The levelled form in which rules are written and matched."""
    return text.lower() if text.isascii() else _translated(text, _FOLD, frozenset(text))


def _mapped(source: str, table: dict[int, str] | dict[int, int | None], characters: frozenset[str]) -> Back:
    """Way back through `source.translate(table)`; `characters` are all of the source.

    Only where a character becomes none or several do the offsets drift apart. These places are looked for when a span
    is first asked for: `begins[k]` is the translated offset behind the k-th of them, `drift[k]` what offsets have
    gained there, `upto[k]` the source offset of the next one.
    """
    sizes = {c: len(said) for c in characters if len(said := _said(table, c)) != 1}
    if not sizes:
        return same
    begins: list[int] = [0]
    drift: list[int] = [0]
    upto: list[int] = []

    def at(offset: int) -> int:
        """How many characters of the source (its end counted as one) begin at or before a translated offset."""
        k = bisect_right(begins, offset) - 1
        return min(offset - drift[k], upto[k]) + 1

    def back(start: int, end: int) -> tuple[int, int]:
        if not upto:
            for m in re.finditer(f"[{''.join(map(re.escape, sizes))}]", source):
                upto.append(m.start())
                drift.append(drift[-1] + sizes[m.group()] - 1)
                begins.append(m.end() + drift[-1])
            upto.append(len(source))
        first = max(0, at(start) - 1)
        return first, min(max(first + 1, at(max(start, end - 1))), len(source))

    return back


def same(start: int, end: int) -> tuple[int, int]:
    """The way back of a text that was not changed in length."""
    return start, end


def through(inner: Back, outer: Back) -> Back:
    """Back through `inner` first, then through `outer`."""
    return lambda start, end: outer(*inner(start, end))


@lru_cache(maxsize=1)
def _alike() -> frozenset[str]:
    return frozenset(chr(cp) for cp in confusables.table() if chr(cp).isalpha() and cp > 0x36F)


@lru_cache(maxsize=1)
def _mixed() -> re.Pattern[str]:
    alike = "".join(map(re.escape, sorted(_alike())))
    return re.compile(f"[a-z][{alike}]|[{alike}][a-z]")


_ZERO_WIDTH = re.compile(r"[A-Za-z][\u200b-\u200f\u2060-\u2064\ufeff\u00ad\u034f\u180e]+(?=[A-Za-z])")
_SHY_ONLY = re.compile(r"[A-Za-z]\u00ad(?=[A-Za-z])")
_STYLED = re.compile(r"[\uff21-\uff3a\uff41-\uff5a\U0001d400-\U0001d7ff\u24b6-\u24e9\U0001f130-\U0001f189]")


def oddities(text: str, folded: str = "", characters: frozenset[str] = frozenset()) -> dict[str, int]:
    """How often characters are used in ways that serve no reader: counts by name, nothing where text is plain.

    `folded` is the text levelled and `characters` all of the text's, where those are known already.
    """
    if text.isascii():
        return {}
    folded, characters = folded or fold(text), characters or frozenset(text)
    level = frozenset(c for cs in map(_FOLD.__getitem__, map(ord, characters)) for c in cs)
    found = {
        "zero_width": 0,
        "look_alikes": 0 if _alike().isdisjoint(level) else len(_mixed().findall(folded)),
        "styled_letters": sum(map(text.count, _STYLED.findall("".join(characters)))),
        "bidi_override": text.count("\u202d") + text.count("\u202e"),
    }
    if not _JOINERS.isdisjoint(characters):
        found["zero_width"] = len(_ZERO_WIDTH.findall(text)) - len(_SHY_ONLY.findall(text))
    return {name: count for name, count in found.items() if count > 0}


def views(text: str, *, budget: int = 400_000) -> Views:
    """Every reading of `text`: levelled, skeleton, decoded; at most `MAX_DEPTH` deep, `budget` characters in all."""
    odd: dict[str, int] = {}
    found: list[View] = []
    characters: frozenset[str]
    complete = True
    queue: list[tuple[str, str, Back, int]] = [(text, "", same, 0)]
    spent = 0
    while queue:
        source, disguise, back, depth = queue.pop(0)
        spent += len(source)
        if spent > budget + len(text) or len(found) >= MAX_VIEWS:
            complete = False
            break
        characters = frozenset() if source.isascii() else frozenset(source)
        found.append(_folded(source, disguise, back, characters))
        if not depth:
            odd = oddities(text, found[0].text, characters)
        skeleton = _skeleton(source, disguise, back, found[-1].text, characters)
        if skeleton is not None:
            found.append(skeleton)
        clean, clean_back = _stripped(source, back, characters)
        level = found[-1]
        for piece in decode.pieces(source, clean, level.text, level.words or Words(level.text), characters):
            way = through(piece.back, back if piece.of == "source" else clean_back)
            if piece.of == "level":
                way = through(piece.back, level.back)
            name = f"{disguise}+{piece.kind}" if disguise else piece.kind
            if piece.tight or piece.final:
                spent += len(piece.text)
                if spent > budget + len(text) or len(found) >= MAX_VIEWS:
                    complete = False
                    break
                found.append(View(fold(piece.text), name, way, piece.tight, piece.text))
            elif depth < MAX_DEPTH:
                queue.append((piece.text, name, way, depth + 1))
            else:
                complete = False
    return Views(tuple(found), odd, complete)


def _folded(source: str, disguise: str, back: Back, characters: frozenset[str]) -> View:
    if source.isascii():
        return _view(source.lower(), disguise, back, source)
    way = through(_mapped(source, _FOLD, characters), back)
    return _view(_translated(source, _FOLD, characters), disguise, way, source)


def _skeleton(source: str, disguise: str, back: Back, folded: str, characters: frozenset[str]) -> View | None:
    """The reading with look-alikes as Latin, where that reads differently."""
    if folded.isascii() or all(_SKELETON[ord(c)] == _FOLD[ord(c)] for c in characters):
        return None
    text = _translated(source, _SKELETON, characters)
    way = through(_mapped(source, _SKELETON, characters), back)
    return _view(text, disguise or "look_alikes", way, source)


def _view(text: str, disguise: str, back: Back, exact: str) -> View:
    return View(text, disguise, back, exact=exact, words=Words(text))


def _stripped(source: str, back: Back, characters: frozenset[str]) -> tuple[str, Back]:
    if all(_STRIP[ord(c)] is not None for c in characters):
        return source, back
    clean = _translated(source, _STRIP, characters)
    return clean, through(_mapped(source, _STRIP, characters), back)
