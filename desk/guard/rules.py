"""The engine of weighted rules: which stems a text holds decides which rules look at it, and only near those stems.

A rule is written in a small notation over levelled text (see `normalise.fold`): a space stands for any run of one to
eight non-word characters, `<n>` for up to n words between, `(a|b)` and `?` as in regular expressions. Everything is
bounded, so a text of n characters costs O(n).
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from desk.domain.enums import AttackType

SEP = r"[^\w\x00]{1,8}"
TIGHT = r"[^\w\x00]{0,4}"
REACH = 240
MAX_HITS = 500


@dataclass(frozen=True, slots=True)
class Rule:
    """One weighted rule. `needs`: groups of stems, each of which must occur; the first group says where to look."""

    name: str
    family: str
    weight: float
    needs: tuple[tuple[str, ...], ...]
    pattern: str
    type: AttackType = AttackType.DIRECT_INJECTION
    loose: bool = False
    """Scripts without word gaps: no word boundaries are asked for."""


@dataclass(frozen=True, slots=True)
class Hit:
    """Where a rule matched, in the text it was given."""

    rule: Rule
    start: int
    end: int


@lru_cache(maxsize=4096)
def compiled(pattern: str, loose: bool, tight: bool) -> re.Pattern[str]:
    """The notation as a regular expression over levelled text."""
    gap, sep = (r"\w{0,12}?", TIGHT) if tight else (None, SEP)
    out: list[str] = []
    for part in re.split(r"( ?<\d> ?| )", pattern):
        m = re.fullmatch(r" ?<(\d)> ?", part)
        if m:
            if gap:
                out.append(rf"(?:{TIGHT}\w{{1,12}}?){{0,{m.group(1)}}}?{TIGHT}")
            elif loose:
                out.append(rf"[^\x00\n]{{0,{int(m.group(1)) * 6}}}?")
            else:
                out.append(rf"(?:{SEP}[\w'’]{{1,24}}){{0,{m.group(1)}}}?{SEP}")
        elif part == " ":
            out.append(r"[^\w\x00]{0,8}" if loose else sep)
        else:
            out.append(part)
    body = "".join(out)
    if tight:
        body = body.replace(r"(?!\w)", "").replace(r"(?<!\w\s)", "").replace(r"(?<!\w)", "")
    return re.compile(body if loose or tight else rf"(?<![\w]){body}")


class Book:
    """A set of rules, ready to be matched against many texts."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(rules)
        stems = {s for r in rules for group in r.needs for s in group}
        self._words = frozenset(s for s in stems if s.isascii() and s.isalpha())
        self._starts = frozenset(s[:2] for s in self._words)
        self._lengths = sorted({len(s) for s in self._words})
        self._phrases = sorted(s for s in stems - self._words if s.isascii())
        self._scripts: dict[str, list[str]] = {}
        for stem in sorted(stems - self._words):
            if not stem.isascii():
                self._scripts.setdefault(script(stem), []).append(stem)
        self._groups: dict[str, list[tuple[str, ...]]] = {}
        self._by_first: dict[tuple[str, ...], list[Rule]] = {}
        for group in {g for r in rules for g in r.needs}:
            for stem in group:
                self._groups.setdefault(stem, []).append(group)
        for rule in rules:
            self._by_first.setdefault(rule.needs[0], []).append(rule)
        self._known: dict[str, tuple[str, ...]] = {}

    def hits(self, text: str, *, tight: bool = False) -> tuple[list[Hit], bool]:
        """All matches in levelled text, and whether every zone was looked at."""
        at = self._places(text, tight)
        places: dict[tuple[str, ...], list[int]] = {}
        for stem, where in at.items():
            for group in self._groups[stem]:
                places.setdefault(group, []).extend(where)
        for where in places.values():
            where.sort()
        found: list[Hit] = []
        for rule in self._candidates(places):
            expression = compiled(rule.pattern, rule.loose, tight)
            for start, end in _zones([places[g] for g in rule.needs], len(text)):
                for m in expression.finditer(text, start, end):
                    found.append(Hit(rule, m.start(), m.end()))
                    if len(found) >= MAX_HITS:
                        return found, False
        return found, True

    def _candidates(self, places: Collection[tuple[str, ...]]) -> Iterator[Rule]:
        """The rules all of whose groups occur."""
        for group in places:
            for rule in self._by_first.get(group, ()):
                if all(g in places for g in rule.needs):
                    yield rule

    def _places(self, text: str, tight: bool) -> dict[str, list[int]]:
        """Where each stem occurs: at the beginning of words (anywhere in a tight text), in one pass."""
        at: dict[str, list[int]] = {}
        if tight:
            for stem in self._words:
                _find(text, stem, at)
        else:
            known = self._known
            if len(known) > 60_000:
                known.clear()
            for m in _LATIN.finditer(text):
                word = m.group()
                if word[:2] not in self._starts:
                    continue
                stems = known.get(word)
                if stems is None:
                    stems = known[word] = self._stems_of(word)
                for stem in stems:
                    at.setdefault(stem, []).append(m.start())
        for stem in self._phrases:
            _find(text, stem, at)
        if not text.isascii():
            for name, stems_of in self._scripts.items():
                if _SCRIPTS[name].search(text):
                    for stem in stems_of:
                        _find(text, stem, at)
        return at

    def _stems_of(self, word: str) -> tuple[str, ...]:
        """The stems a word begins with; short stems are whole words, or the plural of one."""
        found = []
        for size in self._lengths:
            if size > len(word):
                break
            stem = word[:size]
            if stem in self._words and (size > 3 or len(word) == size or word == stem + "s" or size == 3):
                found.append(stem)
        return tuple(found)


_LATIN = re.compile(r"[a-z]{2,}")
_SCRIPTS = {
    "cyrillic": re.compile(r"[\u0400-\u052f]"),
    "greek": re.compile(r"[\u0370-\u03ff]"),
    "arabic": re.compile(r"[\u0600-\u06ff]"),
    "hebrew": re.compile(r"[\u0590-\u05ff]"),
    "indic": re.compile(r"[\u0900-\u0dff]"),
    "thai": re.compile(r"[\u0e00-\u0e7f]"),
    "hangul": re.compile(r"[\u1100-\u11ff\uac00-\ud7af]"),
    "cjk": re.compile(r"[\u3040-\u30ff\u3400-\u9fff]"),
    "other": re.compile(r"[^\x00-\x7f]"),
}


def script(stem: str) -> str:
    """The name of the script a stem is written in."""
    return next(name for name, pattern in _SCRIPTS.items() if pattern.search(stem))


def _find(text: str, stem: str, at: dict[str, list[int]]) -> None:
    i = text.find(stem)
    while i >= 0:
        at.setdefault(stem, []).append(i)
        i = text.find(stem, i + len(stem))


def _zones(groups: Sequence[Sequence[int]], size: int) -> list[tuple[int, int]]:
    """Merged stretches where every group of stems occurs, around the rarest of them."""
    if not groups:
        return [(0, size)]
    rarest = min(groups, key=len)
    zones: list[tuple[int, int]] = []
    for i in rarest:
        start, end = max(0, i - REACH), min(size, i + REACH)
        if not all(_within(g, start, end) for g in groups if g is not rarest):
            continue
        if zones and start <= zones[-1][1]:
            zones[-1] = (zones[-1][0], end)
        else:
            zones.append((start, end))
    return zones


def _within(places: Sequence[int], start: int, end: int) -> bool:
    i = bisect_left(places, start)
    return i < len(places) and places[i] < end


@dataclass(frozen=True, slots=True)
class Joined:
    """Many texts as one, apart by a mark that no rule crosses; `owner` finds the text of a position."""

    text: str
    starts: tuple[int, ...]

    def owner(self, position: int) -> int:
        """Index of the text that holds a position of the joined one."""
        return bisect_right(self.starts, position) - 1


def join(texts: Sequence[str]) -> Joined:
    """The texts joined by a line with a zero character, so that they are matched in one go."""
    starts: list[int] = []
    at = 0
    for text in texts:
        starts.append(at)
        at += len(text) + 3
    return Joined("\n\x00\n".join(t.replace("\x00", " ") for t in texts), tuple(starts))
