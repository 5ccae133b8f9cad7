"""Where a text could hold something at all: classes of characters as bytes, so that looking costs next to nothing.

A text is sketched as one byte a character (ASCII as it is, white space as a blank, anything else as `?`), and a table of
256 entries turns the sketch into classes. Runs of a class are then found by searching for a stretch of equal bytes,
which takes well under a nanosecond a character; only there need a regular expression be tried.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_BLANKS = (
    "\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
_LETTERS = bytes(c if 97 <= c <= 122 else 32 for c in range(256))
LETTERS = "abcdefghijklmnopqrstuvwxyz"
DIGITS = "0123456789"
_BLANK = 32
LONG = 8_000
"""Characters from which sorting all words of a text is cheaper than looking at each."""
KEY = 8
"""Letters of a word that fit into one number."""
Places = NDArray[np.intp]
"""Offsets in a text, in order."""
SPACE = " \t\n\r\f\v\x1c\x1d\x1e\x1f"


def sketch(text: str) -> bytes:
    """One byte a character: offsets are those of `text`."""
    if not text.isascii():
        for blank in _BLANKS:
            text = text.replace(blank, " ")
        text = text.replace("\u00b7", ".").replace("\u2013", "-")
    return text.encode("ascii", "replace")


class Bounds(NamedTuple):
    """The least and the greatest number that eight letters of a word can be, for each of some beginnings."""

    first: NDArray[np.uint64]
    last: NDArray[np.uint64]


@lru_cache(maxsize=8192)
def between(begins: tuple[str, ...], skip: int) -> Bounds:
    """Bounds of the eight letters behind the first `skip` of the words that begin with each of `begins`.

    A blank at the end of a beginning ends the word.
    """
    heads = [begin.encode("ascii")[skip : skip + KEY] for begin in begins]
    return Bounds(
        np.array([int.from_bytes(h.ljust(KEY, b"\x00"), "big") for h in heads], np.uint64),
        np.array([int.from_bytes(h.ljust(KEY, b"\xff"), "big") for h in heads], np.uint64),
    )


@lru_cache(maxsize=8)
def _flat(groups: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], Places]:
    """All beginnings of some groups, and for each group the number of those in it and before."""
    return tuple(b for group in groups for b in group), np.cumsum([len(group) for group in groups], dtype=np.intp)


@lru_cache(maxsize=8)
def _ended(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{word} " for word in words)


class Words:
    """The runs of a to z in a levelled text: the distinct ones, and where those with a given beginning stand."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._asked: dict[tuple[str, ...], Places] = {}
        self._held: dict[str, bool] = {}
        self._expected: dict[tuple[str, ...], tuple[int, int]] = {}
        self._places: Places = np.array([], np.intp)

    @cached_property
    def _letters(self) -> bytes:
        return self._text.encode("ascii", "replace").translate(_LETTERS)

    @cached_property
    def distinct(self) -> frozenset[str]:
        """The words that occur."""
        return frozenset(self._letters.decode("ascii").split())

    def among(self, wanted: Mapping[str, object]) -> set[str]:
        """Which of some words occur."""
        if len(self._text) < LONG:
            return set(self.distinct & wanted.keys())
        ended = _ended(tuple(wanted))
        return {ended[i].rstrip() for i in set(self.beginning(ended)[0].tolist())}

    @cached_property
    def spoken(self) -> str:
        """The distinct words as one text, in which to look for what must occur inside a word."""
        return " ".join(self.distinct)

    def hold(self, choices: Iterable[Iterable[str]]) -> bool:
        """Whether of every choice of runs one stands inside a word; rules share most of theirs."""
        return all(any(self.holds(core) for core in choice) for choice in choices)

    def holds(self, core: str) -> bool:
        """Whether a run of letters stands inside a word."""
        known = self._held.get(core)
        if known is None:
            known = self._held[core] = core in self.spoken
        return known

    @cached_property
    def _padded(self) -> NDArray[np.uint8]:
        return np.frombuffer(b" " + self._letters + b" " * 2 * KEY, np.uint8)

    @cached_property
    def _sorted(self) -> tuple[NDArray[np.uint64], Places]:
        """The first eight letters of every word as a number, in order, and the offset of each."""
        padded = self._padded
        inside = padded[: len(self._letters) + 1] != _BLANK
        starts = np.flatnonzero(inside[1:] & ~inside[:-1])
        keys = self._numbers(starts, 0)
        order = np.argsort(keys)
        return keys[order], starts[order]

    def _numbers(self, starts: Places, skip: int) -> NDArray[np.uint64]:
        """Eight letters of each word behind its first `skip` as numbers."""
        heads = np.lib.stride_tricks.sliding_window_view(self._padded[1:], KEY)[starts + skip]
        return heads.view(">u8").reshape(-1).astype(np.uint64)

    def beginning(self, begins: tuple[str, ...]) -> tuple[Places, Places]:
        """Which of some beginnings (by number) stands where: both arrays as long as there are such words.

        Beginnings are told apart by their first sixteen letters.
        """
        keys, starts = self._sorted
        near, far = between(begins, 0), between(begins, KEY)
        firsts, lasts = keys.searchsorted(near.first), keys.searchsorted(near.last, side="right")
        counts = lasts - firsts
        which = np.repeat(np.arange(len(begins)), counts)
        places = starts[np.arange(len(which)) + np.repeat(firsts - np.cumsum(counts) + counts, counts)]
        long = np.flatnonzero(far.first[which])
        if long.size:
            rest, asked = self._numbers(places[long], KEY), which[long]
            wrong = long[(rest < far.first[asked]) | (rest > far.last[asked])]
            which, places = np.delete(which, wrong), np.delete(places, wrong)
        return which, places

    def expect(self, groups: tuple[tuple[str, ...], ...]) -> None:
        """Look up many groups of beginnings in one go, so that `starting` knows them."""
        begins, ends = _flat(groups)
        which, places = self.beginning(begins)
        edges = which.searchsorted(ends).tolist()
        self._expected.update(zip(groups, zip([0, *edges], edges, strict=False), strict=True))
        self._places = places

    def starting(self, prefixes: tuple[str, ...]) -> Places:
        """Offsets of the words that begin with one of some runs of letters, in order."""
        known = self._asked.get(prefixes)
        if known is None:
            first, last = self._expected.get(prefixes, (0, -1))
            found = self.beginning(prefixes)[1] if last < 0 else self._places[first:last]
            known = self._asked[prefixes] = np.sort(found)
        return known


def table(classes: dict[str, str], rest: str) -> bytes:
    """A table of 256 entries: {class: its characters}, and the class of all others."""
    found = bytearray(rest.encode() * 256)
    for name, characters in classes.items():
        for c in characters:
            found[ord(c)] = ord(name)
    return bytes(found)


def runs(sketched: bytes, classes: bytes, least: int) -> Iterator[tuple[int, int]]:
    """Stretches of at least `least` characters of class `1` under a table of `0` and `1`."""
    mapped = sketched.translate(classes)
    wanted = b"1" * least
    at = mapped.find(wanted)
    while at >= 0:
        end = mapped.find(b"0", at + least)
        if end < 0:
            end = len(mapped)
        yield at, end
        at = mapped.find(wanted, end)
