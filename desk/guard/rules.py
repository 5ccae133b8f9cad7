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
from desk.guard.literals import beginnings, conjunction
from desk.guard.shapes import LETTERS, Words

SEP = r"[^\w\x00]{1,8}"
TIGHT = r"[^\w\x00]{0,4}"
REACH = 240
DENSE = 4000
SHORT = 4000
MANY = 100_000
"""Characters of distinct words beyond which asking for each word costs more than trying the rules."""
STEP = 60
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
    """The notation as a regular expression over levelled text, ready to match."""
    return re.compile(expression(pattern, loose, tight))


_WORDS = re.compile(r" ?\(\?:(?:(?:\[[^\]]*\]|\\w)\+ \)\{[01],(\d)\}| (?:\[[^\]]*\]|\\w)\+\)\{[01],(\d)\})\?? ?")
"""So many words of any kind, spelled out in a rule: where words have no gaps that is a run of letters like any other."""


@lru_cache(maxsize=4096)
def expression(pattern: str, loose: bool, tight: bool) -> str:
    """The notation as the text of a regular expression."""
    gap, sep = (r"\w{0,12}?", TIGHT) if tight else (None, SEP)
    if tight:
        pattern = _WORDS.sub(lambda m: f" <{m.group(1) or m.group(2)}> ", pattern)
    out: list[str] = []
    for part in re.split(r"( ?<\d> ?| )", pattern):
        m = re.fullmatch(r" ?<(\d)> ?", part)
        if m:
            if gap:
                # One bounded run, not words in words: those take a time that grows with every way to cut the run.
                out.append(rf"[^\x00]{{0,{int(m.group(1)) * 10}}}?")
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
        body = body.replace(r"\w*", r"\w{0,12}?")  # an ending, not all that follows
        body = body.replace(r"(?!\w)", "").replace(r"(?<!\w\s)", "").replace(r"(?<!\w)", "")
    return body if loose or tight else rf"(?<![\w]){body}"


class Book:
    """A set of rules, ready to be matched against many texts."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(rules)
        stems = {s for r in rules for group in r.needs for s in group}
        self._words = frozenset(s for s in stems if s.isascii() and s.isalpha())
        self._starts: dict[str, list[str]] = {}
        for stem in sorted(s for s in self._words if len(s) > 2):
            self._starts.setdefault(stem[:3], []).append(stem)
        self._phrases = [
            (s, frozenset(c for c in s if c not in _PLAIN), max(_RUN.findall(s), key=len, default=""))
            for s in sorted(stems - self._words)
        ]
        self._marks = frozenset().union(*(marks for _, marks, _ in self._phrases))
        self._by_first: dict[tuple[str, ...], list[Rule]] = {}
        self._groups: dict[str, list[tuple[str, ...]]] = {}
        for group in {g for r in rules for g in r.needs}:
            for stem in group:
                self._groups.setdefault(stem, []).append(group)
        for rule in rules:
            self._by_first.setdefault(rule.needs[0], []).append(rule)

    def hits(self, text: str, *, tight: bool = False, words: Words | None = None) -> tuple[list[Hit], bool]:
        """All matches in levelled text, and whether every zone was looked at. `words` are those of the text."""
        if words is None:
            words = Words(text)
        present = self._present(text, tight, words)
        groups: dict[tuple[str, ...], list[str]] = {}
        for stem in present:
            for group in self._groups[stem]:
                groups.setdefault(group, []).append(stem)
        places: dict[tuple[str, ...], list[int]] = {}
        found: list[Hit] = []
        for rule in self._candidates(groups):
            if not tight and len(words.spoken) < MANY and not _possible(rule, words):
                continue
            for group in rule.needs:
                if group not in places:
                    each = (
                        words.starting(stem) if stem in self._words and not tight else _find(text, stem)
                        for stem in groups[group]
                    )
                    places[group] = sorted(i for at in each for i in _thin(at))
            zones = _zones([places[g] for g in rule.needs], len(text))
            for m in _matches(rule, text, tight, zones, words):
                found.append(Hit(rule, m.start(), m.end()))
                if len(found) >= MAX_HITS:
                    return found, False
        return found, True

    def _candidates(self, groups: Collection[tuple[str, ...]]) -> Iterator[Rule]:
        """The rules all of whose groups occur."""
        for group in groups:
            for rule in self._by_first.get(group, ()):
                if all(g in groups for g in rule.needs):
                    yield rule

    def _present(self, text: str, tight: bool, words: Words) -> set[str]:
        """The stems that occur: at the beginning of words (anywhere in a tight text)."""
        found: set[str] = set()
        if tight:
            letters = set(text)
            found.update(s for s in self._words if letters.issuperset(s) and s in text)
        else:
            for word in words.distinct:
                stems = self._starts.get(word[:3])
                if stems is not None and not found.issuperset(stems):
                    found.update(stem for stem in stems if word.startswith(stem))
                # A stem of two letters is a whole word, or the plural of one.
                if len(word) < 4 and word[:2] in self._words and word[2:] in ("", "s"):
                    found.add(word[:2])
        # A phrase is looked for only where all of its rarer characters and its longest word stand.
        marks = {c for c in self._marks if c in text} if text.isascii() else self._marks & frozenset(text)
        found.update(s for s, needed, core in self._phrases if needed <= marks and words.holds(core) and s in text)
        return found


def _possible(rule: Rule, words: Words) -> bool:
    """Whether the distinct words of a text hold all that a match of the rule is made of."""
    return words.hold(conjunction(expression(rule.pattern, rule.loose, False)))


def _matches(rule: Rule, text: str, tight: bool, zones: Sequence[tuple[int, int]],
             words: Words) -> Iterator[re.Match[str]]:  # fmt: skip
    """Matches of a rule in zones of a text."""
    pattern = compiled(rule.pattern, rule.loose, tight)
    first = () if tight or rule.loose else beginnings(expression(rule.pattern, False, False))
    if not _usable(first) or sum(end - start for start, end in zones) < SHORT:
        for start, end in zones:
            yield from pattern.finditer(text, start, end)
        return
    starts = sorted(place for prefix in first for place in words.starting(prefix))
    done = 0
    for start, end in zones:
        for place in starts[bisect_left(starts, start) : bisect_left(starts, end)]:
            m = pattern.match(text, place, end) if place >= done else None
            if m is not None:
                done = m.end()
                yield m


_PLAIN = frozenset(LETTERS + " ")
_RUN = re.compile("[a-z]+")


@lru_cache(maxsize=4096)
def _usable(first: tuple[str, ...]) -> bool:
    """Whether looking for beginnings is cheaper than trying a rule everywhere: none stands in every other word."""
    return bool(first) and all(len(p) > 1 and p[0] in LETTERS for p in first)


@lru_cache(maxsize=4096)
def _literal(stem: str) -> re.Pattern[str]:
    return re.compile(re.escape(stem))


def _find(text: str, stem: str) -> list[int]:
    """Where a stem occurs."""
    return [m.start() for m in _literal(stem).finditer(text)]


def _thin(places: list[int]) -> list[int]:
    """Where a stem stands everywhere, some of its places will do: the zones around them overlap anyway."""
    if len(places) <= DENSE:
        return places
    kept = places[:DENSE]
    at = kept[-1]
    for i in places[DENSE:]:
        if i >= at + STEP:
            kept.append(i)
            at = i
    return kept


def _zones(groups: Sequence[Sequence[int]], size: int) -> list[tuple[int, int]]:
    """Merged stretches where every group of stems occurs, around the rarest of them."""
    if not groups:
        return [(0, size)]
    kept = rarest = min(groups, key=len)
    for g in groups:
        if g is not rarest:
            last = len(g)
            kept = [i for i in kept if (j := bisect_left(g, i - REACH)) < last and g[j] < i + REACH]
    zones: list[tuple[int, int]] = []
    for i in kept:
        start, end = max(0, i - REACH), min(size, i + REACH)
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
    words: Words

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
    text = "\n\x00\n".join(t.replace("\x00", " ") for t in texts)
    return Joined(text, tuple(starts), Words(text))
