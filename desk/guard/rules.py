"""The engine of weighted rules: which stems a text holds decides which rules look at it, and only near those stems.

A rule is written in a small notation over levelled text (see `normalise.fold`): a space stands for any run of one to
eight non-word characters, `<n>` for up to n words between, `(a|b)` and `?` as in regular expressions. Everything is
bounded, so a text of n characters costs O(n).
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from desk.domain.enums import AttackType

SEP = r"[^\w\x00]{1,8}"
TIGHT = r"[^\w\x00]{0,4}"
BEFORE, AFTER = 120, 260
MAX_ZONES = 400
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
    return re.compile(body if loose or tight else rf"(?<![\w]){body}")


def stems_in(text: str, stems: Sequence[str]) -> set[str]:
    """Which stems occur in a text: Latin ones are looked up among its distinct words only."""
    words = " ".join(set(re.findall(r"[a-z]{2,}", text)))
    plain = text.isascii()
    return {s for s in stems if (s in words if s.isascii() and s.isalpha() else not plain and s in text) or
            (not s.isalpha() and s in text)}  # fmt: skip


class Book:
    """A set of rules, ready to be matched against many texts."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(rules)
        self.stems = sorted({s for r in rules for group in r.needs for s in group})

    def hits(self, text: str, *, tight: bool = False) -> tuple[list[Hit], bool]:
        """All matches in levelled text, and whether every zone was looked at."""
        present = stems_in(text, self.stems)
        zones: dict[tuple[str, ...], list[tuple[int, int]]] = {}
        found: list[Hit] = []
        complete = True
        for rule in self.rules:
            if not all(any(s in present for s in group) for group in rule.needs):
                continue
            near = rule.needs[0] if rule.needs else ()
            if near not in zones:
                zones[near] = _zones(text, [s for s in near if s in present])
            spans = zones[near]
            if len(spans) > MAX_ZONES:
                complete = False
                spans = spans[:MAX_ZONES]
            expression = compiled(rule.pattern, rule.loose, tight)
            for start, end in spans:
                for m in expression.finditer(text, start, end):
                    found.append(Hit(rule, m.start(), m.end()))
                    if len(found) >= MAX_HITS:
                        return found, False
        return found, complete


def _zones(text: str, stems: Sequence[str]) -> list[tuple[int, int]]:
    """Merged stretches around every occurrence of the stems."""
    at: list[int] = []
    for stem in stems:
        i = text.find(stem)
        while i >= 0 and len(at) < 20_000:
            at.append(i)
            i = text.find(stem, i + len(stem))
    at.sort()
    zones: list[tuple[int, int]] = []
    for i in at:
        start, end = max(0, i - BEFORE), min(len(text), i + AFTER)
        if zones and start <= zones[-1][1]:
            zones[-1] = (zones[-1][0], end)
        else:
            zones.append((start, end))
    return zones


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
