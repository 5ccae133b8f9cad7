"""Where a text could hold something at all: classes of characters as bytes, so that looking costs next to nothing.

A text is sketched as one byte a character (ASCII as it is, white space as a blank, anything else as `?`), and a table of
256 entries turns the sketch into classes. Runs of a class are then found by searching for a stretch of equal bytes,
which takes well under a nanosecond a character; only there need a regular expression be tried.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import accumulate, compress

_BLANKS = (
    "\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
_LETTERS = bytes(c if 97 <= c <= 122 else 32 for c in range(256))
LETTERS = "abcdefghijklmnopqrstuvwxyz"
DIGITS = "0123456789"
SPACE = " \t\n\r\f\v\x1c\x1d\x1e\x1f"


def sketch(text: str) -> bytes:
    """One byte a character: offsets are those of `text`."""
    if not text.isascii():
        for blank in _BLANKS:
            text = text.replace(blank, " ")
        text = text.replace("\u00b7", ".").replace("\u2013", "-")
    return text.encode("ascii", "replace")


class Words:
    """The runs of a to z in a levelled text: the distinct ones, and where those with a given beginning stand."""

    def __init__(self, text: str) -> None:
        self._letters = text.encode("ascii", "replace").translate(_LETTERS).decode("ascii")
        self._asked: dict[str, list[int]] = {}
        self._held: dict[str, bool] = {}
        self.distinct = frozenset(self._letters.split())

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
    def _sorted(self) -> list[str]:
        return sorted(self.distinct)

    @cached_property
    def _places(self) -> dict[str, list[int]]:
        runs = self._letters.split(" ")
        starts = accumulate(map((1).__add__, map(len, runs)), initial=0)
        found: dict[str, list[int]] = defaultdict(list)
        for run, start in compress(zip(runs, starts, strict=False), runs):
            found[run].append(start)
        return found

    def starting(self, prefix: str) -> list[int]:
        """Offsets of the words that begin with a run of letters, in order."""
        if prefix not in self._asked:
            first = bisect_left(self._sorted, prefix)
            alike = self._sorted[first : bisect_left(self._sorted, prefix + "{", first)]
            if len(alike) == 1:
                self._asked[prefix] = self._places[alike[0]]
            else:
                self._asked[prefix] = sorted(place for word in alike for place in self._places[word])
        return self._asked[prefix]


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
