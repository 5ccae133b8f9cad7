"""Letters changed or moved apart: rot13 and the other shifts, Atbash, reversed text, leet, Morse, spaced letters.

A cipher is recognised by common words under it: one pass over the words of a text, whatever the number of ciphers.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from desk.guard.pieces import Piece, lines_with, whole

_COMMON = (
    "the you your and ignore instructions instruction previous prompt system answer reply response this that with what "
    "from message email print write forget disregard translate following above respond show have must will would how "
    "can who for are not now only here there when which where please list send help about into tell "
    "improve main world difference between learn work know want need use using add line every letter numbers make "
    "tell its into over some them then than only other new because any these most find best good recommend summarize "
    "customer assistant model word words text letters sentence name number story first give make explain describe"
).split()
_COMMON_SET = frozenset(_COMMON)
_REAL = {"was", "saw", "won", "ton", "era", "rof", "tub", "now", "not", "are", "emit", "time", "live", "draw", "ward"}
_RUNS = re.compile(r"[a-z]{3,}")
_ALPHABET = "abcdefghijklmnopqrstuvwxyz"
_LEET = re.compile(r"[a-z][013457@$!|]{1,2}[a-z]|\b[4013](?=[a-z]{1,3}\b)")
_LEET_TABLE = str.maketrans("0134578@$!|+2", "oieastbasiltz")
_SPACED = re.compile(r"(?<!\w)\w(?:[ \t.\-_*·|/,~]{1,3}\w(?!\w)){5,}")
_SPACED_GAP = re.compile(r"[ \t]{2,}|[ \t]?[/|][ \t]?")
_DASHED = re.compile(r"(?<![\w@/.-])[^\W\d_]{1,8}(?:[-_·*~][^\W\d_]{1,8}){2,}(?![\w@/])")
_MORSE = re.compile(r"(?<![.\-])(?:[.\-·–]{1,6}[ /|]{1,3}){8,}[.\-·–]{1,6}")
_MORSE_CODE = dict(
    zip(
        ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --..".split(),
        _ALPHABET,
        strict=True,
    )
)


@lru_cache(maxsize=1)
def _markers() -> dict[str, str]:
    """Common words under every shift, mirrored and reversed → the name of what was done to them."""
    found: dict[str, str] = {}
    for word in _COMMON:
        for shift in range(1, 26):
            if len(word) > 3 or shift == 13:
                found.setdefault(word.translate(_shift(shift)), f"shift{shift}")
        found.setdefault(word.translate(_atbash()), "atbash")
        found.setdefault(word[::-1], "reversed")
    for word in (*_COMMON, *_REAL):
        found.pop(word, None)
    return found


@lru_cache(maxsize=32)
def _shift(by: int) -> dict[int, int]:
    return str.maketrans(_ALPHABET, _ALPHABET[by:] + _ALPHABET[:by])


@lru_cache(maxsize=1)
def _atbash() -> dict[int, int]:
    return str.maketrans(_ALPHABET, _ALPHABET[::-1])


def find(level: str) -> Iterator[Piece]:
    """All stretches of levelled text that read under a cipher, in leet, spaced out or in Morse."""
    words = set(_RUNS.findall(level))
    markers = _markers()
    hits: dict[str, int] = {}
    for word in words & markers.keys():
        hits[markers[word]] = hits.get(markers[word], 0) + (1 if len(word) < 5 else 2)
    for name, count in sorted(hits.items()):
        if count >= 2:
            yield from _lines_under(name, level, markers)
    leet = list(_LEET.finditer(level))
    if len(leet) >= 3:
        for start, end, inside in lines_with(level, leet):
            if len(inside) >= 3:
                yield _leet(level, start, end)
    yield from _spaced(level)
    for m in _MORSE.finditer(level):
        run = m.group().replace("·", ".").replace("–", "-")
        words_of = [[_MORSE_CODE.get(c, "") for c in w.split()] for w in re.split(r"[/|]| {2,}", run)]
        said = " ".join("".join(w) for w in words_of)
        if len(said) >= 8:
            yield Piece("morse", said, whole(*m.span()), "level", tight=" " not in said, final=True)


def _leet(level: str, start: int, end: int) -> Piece:
    said = level[start:end].translate(_LEET_TABLE)
    return Piece("leet", said, lambda a, b: (start + a, start + b), "level", final=True)


def _lines_under(name: str, level: str, markers: dict[str, str]) -> Iterator[Piece]:
    """Neighbouring lines that read under one cipher: three hits, or two where no common word stands as it is."""
    at = 0
    group: list[tuple[int, int]] = []
    count = plain = 0
    for line in [*level.split("\n"), ""]:
        words = _RUNS.findall(line)
        hits = sum(1 if len(w) < 5 else 2 for w in words if markers.get(w) == name)
        if hits:
            group.append((at, at + len(line)))
            count += hits
            plain += sum(w in _COMMON_SET for w in words)
        elif group:
            if count >= 3 or (count >= 2 and not plain):
                yield _undone(name, level, group[0][0], group[-1][1])
            group, count, plain = [], 0, 0
        at += len(line) + 1


def _undone(name: str, level: str, start: int, end: int) -> Piece:
    part = level[start:end]
    if name == "reversed":
        return Piece(name, part[::-1], lambda a, b: (max(start, end - b), max(start, end - a)), "level", final=True)
    table = _atbash() if name == "atbash" else _shift(26 - int(name.removeprefix("shift")))
    kind = "rot13" if name == "shift13" else name
    return Piece(kind, part.translate(table), lambda a, b: (start + a, start + b), "level", final=True)


def _spaced(level: str) -> Iterator[Piece]:
    for m in _SPACED.finditer(level):
        words = _SPACED_GAP.split(m.group())
        said = " ".join(re.sub(r"[\W_]", "", w) for w in words)
        yield Piece("spaced", said, whole(*m.span()), "level", tight=True, final=True)
    dashed = list(_DASHED.finditer(level))
    if len(dashed) >= 2:
        for first, last in _near(dashed):
            stretch = level[first.start() : last.end()]
            said = re.sub(r"(?<=\w)[-_.·*~](?=\w)", "", stretch)
            yield Piece("hyphenated", said, whole(first.start(), last.end()), "level", tight=True, final=True)


def _near(found: list[re.Match[str]]) -> Iterator[tuple[re.Match[str], re.Match[str]]]:
    """Groups of two or more matches less than 60 characters apart."""
    first = last = found[0]
    count = 1
    for m in found[1:]:
        if m.start() - last.end() < 60 and m.end() - first.start() < 4000:
            last, count = m, count + 1
            continue
        if count > 1:
            yield first, last
        first = last = m
        count = 1
    if count > 1:
        yield first, last
