"""Letters changed or moved apart: rot13 and the other shifts, Atbash, reversed text, leet, Morse, spaced letters.

A cipher is recognised by common words under it: one pass over the words of a text, whatever the number of ciphers.
"""

import re
from collections.abc import Collection, Iterator
from functools import lru_cache

from desk.guard import shapes
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
_RUN = re.compile(r"\w+")
_ALPHABET = "abcdefghijklmnopqrstuvwxyz"
_LEET = re.compile(r"[a-z][013457@$!|]{1,2}[a-z]|\b[4013](?=[a-z]{1,3}\b)")
_LEET_TABLE = str.maketrans("0134578@$!|+2", "oieastbasiltz")
_SPACED = re.compile(r"(?<!\w)\w(?:[ \t\n.\-_*·|/,~]{1,3}\w(?!\w)){5,}")
_SPACED_GAP = re.compile(r"[ \t]{2,}|[ \t]?[/|][ \t]?")
_DASHED = re.compile(r"(?<![\w@/.-])[^\W\d_]{1,8}(?:[-_·*~][^\W\d_]{1,8}){2,}(?![\w@/])")
_MORSE = re.compile(r"(?<![.\-])(?:[.\-·–]{1,6}[ /|]{1,3}){8,}[.\-·–]{1,6}")
_RUN_MORSE = shapes.table({"1": ".- /|"}, "0")
_SHAPE_LEET = shapes.table({"a": shapes.LETTERS, "d": "013457@$!|"}, "o")
_WORDLY = shapes.LETTERS + shapes.LETTERS.upper() + "?"
_SHAPE_SPACED = shapes.table({"w": _WORDLY + shapes.DIGITS, "s": " \t\n.-_*|/,~"}, "o")
_SHAPE_DASHED = shapes.table({"w": _WORDLY, "s": ".-_*~"}, "o")
# What every match of _SPACED and _DASHED holds, in the classes of the two tables above (foreign letters count as `w`).
_LONE = re.compile(rb"sws{1,3}w(?:s{1,3}w){2}s")
_CHAINED = re.compile(rb"ws(?:w{1,8})sw")
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


def find(level: str, spoken: shapes.Words) -> Iterator[Piece]:
    """All stretches of levelled text (with its words) that read under a cipher, in leet, spaced out or in Morse."""
    sketched = shapes.sketch(level)
    markers = _markers()
    under: dict[str, set[str]] = {}
    for word in spoken.among(markers):
        under.setdefault(markers[word], set()).add(word)
    for name, words in sorted(under.items()):
        if sum(1 if len(w) < 5 else 2 for w in words) >= 2:
            yield from _lines_under(name, words, level)
            if name == "reversed":
                yield from _lines_under("reversed_words", words, level)
    if sketched.translate(_SHAPE_LEET).count(b"da") >= 3:
        leet = list(_LEET.finditer(level))
        for start, end, inside in lines_with(level, leet) if len(leet) >= 3 else ():
            if len(inside) >= 3:
                yield _leet(level, start, end)
    yield from _spaced(level, sketched)
    for first, last in shapes.runs(sketched, _RUN_MORSE, 17):
        for m in _MORSE.finditer(level, first, last):
            run = m.group().replace("·", ".").replace("–", "-")
            words_of = [[_MORSE_CODE.get(c, "") for c in w.split()] for w in re.split(r"[/|]| {2,}", run)]
            said = " ".join("".join(w) for w in words_of)
            if len(said) >= 8:
                yield Piece("morse", said, whole(*m.span()), "level", tight=" " not in said, final=True)


def _leet(level: str, start: int, end: int) -> Piece:
    said = level[start:end].translate(_LEET_TABLE)
    return Piece("leet", said, lambda a, b: (start + a, start + b), "level", final=True)


def _lines_under(name: str, marks: Collection[str], level: str) -> Iterator[Piece]:
    """Neighbouring lines that read under one cipher: three hits, or two where no common word stands as it is."""
    expression = re.compile(rf"(?<![a-z])(?:{'|'.join(sorted(marks))})(?![a-z])")
    for start, end, inside in lines_with(level, list(expression.finditer(level))):
        count = sum(1 if len(m.group()) < 5 else 2 for m in inside)
        if count >= 3 or (count >= 2 and not any(w in _COMMON_SET for w in _RUNS.findall(level, start, end))):
            yield _undone(name, level, start, end)


def _undone(name: str, level: str, start: int, end: int) -> Piece:
    part = level[start:end]
    if name == "reversed_words":
        said = _RUN.sub(lambda m: m.group()[::-1], part)
        return Piece(name, said, lambda a, b: (start + a, start + b), "level", final=True)
    if name == "reversed":
        return Piece(name, part[::-1], lambda a, b: (max(start, end - b), max(start, end - a)), "level", final=True)
    table = _atbash() if name == "atbash" else _shift(26 - int(name.removeprefix("shift")))
    kind = "rot13" if name == "shift13" else name
    return Piece(kind, part.translate(table), lambda a, b: (start + a, start + b), "level", final=True)


def _spaced(level: str, sketched: bytes) -> Iterator[Piece]:
    for start, end in _stretches(sketched.translate(_SHAPE_SPACED), _LONE):
        for m in _SPACED.finditer(level, start, end):
            words = _SPACED_GAP.split(m.group())
            said = " ".join(re.sub(r"[\W_]", "", w) for w in words)
            yield Piece("spaced", said, whole(*m.span()), "level", tight=True, final=True)
    # The character after a stretch decides whether its last word ends there.
    dashed = [
        m
        for start, end in _stretches(sketched.translate(_SHAPE_DASHED), _CHAINED)
        for m in _DASHED.finditer(level, start, end + 1)
    ]
    if len(dashed) >= 2:
        for first, last in _near(dashed):
            stretch = level[first.start() : last.end()]
            said = re.sub(r"(?<=\w)[-_.·*~](?=\w)", "", stretch)
            yield Piece("hyphenated", said, whole(first.start(), last.end()), "level", tight=True, final=True)


def _stretches(mapped: bytes, needed: re.Pattern[bytes]) -> Iterator[tuple[int, int]]:
    """The stretches between two bytes `o` that hold `needed`."""
    m = needed.search(mapped)
    while m is not None:
        end = mapped.find(b"o", m.end())
        if end < 0:
            end = len(mapped)
        yield mapped.rfind(b"o", 0, m.start()) + 1, end
        m = needed.search(mapped, end)


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
