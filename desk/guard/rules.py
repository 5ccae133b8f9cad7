"""The engine of weighted rules: which stems a text holds decides which rules look at it, and only near those stems.

A rule is written in a small notation over levelled text (see `normalise.fold`): a space stands for any run of one to
eight non-word characters, `<n>` for up to n words between, `(a|b)` and `?` as in regular expressions. Everything is
bounded, so a text of n characters costs O(n).
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from desk.domain.enums import AttackType
from desk.guard.literals import beginnings
from desk.guard.shapes import LETTERS, Places, Words

SEP = r"[^\w\x00]{1,8}"
TIGHT = r"[^\w\x00]{0,4}"
BLOCK = 128
"""Characters of a block."""
AHEAD = 3
"""Blocks behind the one where a match begins that hold the rest of it: the longest rule spans 340 characters."""
REACH = AHEAD * BLOCK
MAX_HITS = 500
FEW = 300
"""Places up to which a phrase is looked for at each of them rather than in the whole text."""
Blocks = NDArray[np.bool_]
"""One truth a block of a text."""
_NONE: Places = np.array([], np.intp)


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
        groups = sorted({g for r in rules for g in r.needs})
        number = {g: i for i, g in enumerate(groups)}
        self._stems = tuple(sorted({s for g in groups for s in g}))
        words = [i for i, s in enumerate(self._stems) if s.isascii() and s.isalpha()]
        # A phrase is looked for only where a word begins with its longest run of letters and all its rarer marks stand.
        begun = [(begin, i) for i in words for begin in _begins(self._stems[i])]
        phrases = [(i, s) for i, s in enumerate(self._stems) if i not in set(words)]
        begun += [(core, i) for i, s in phrases if (core := _core(s))]
        self._begins = tuple(begin for begin, _ in begun)
        self._begun = np.array([i for _, i in begun], np.intp)
        self._words = tuple(words)
        self._is_word = np.array([i in set(words) for i in range(len(self._stems))], bool)
        self._wordless = frozenset(i for i, s in phrases if not _core(s))
        self._phrases = {i: frozenset(c for c in s if c not in _PLAIN) for i, s in phrases}
        self._marks = frozenset().union(*self._phrases.values())
        # Every stem with each group it is in, and every rule with its groups (the last group stands everywhere).
        pairs = sorted((i, number[g]) for i, s in enumerate(self._stems) for g in groups if s in g)
        self._group = np.array([g for _, g in pairs], np.intp)
        self._first = np.searchsorted([i for i, _ in pairs], np.arange(len(self._stems) + 1))
        self._everywhere = len(groups)
        most = max((len(r.needs) for r in rules), default=0)
        self._needs = np.array(
            [[*(number[g] for g in r.needs), *[len(groups)] * (most - len(r.needs))] for r in rules], np.intp
        ).reshape(len(rules), most)

    def hits(self, text: str, *, tight: bool = False, words: Words | None = None) -> tuple[list[Hit], bool]:
        """All matches in levelled text, and whether every zone was looked at. `words` are those of the text."""
        if words is None:
            words = Words(text)
        found: list[Hit] = []
        for rule, blocks in self._candidates(*self._present(text, tight, words), len(text)):
            for m in _matches(rule, text, tight, blocks, words):
                found.append(Hit(rule, m.start(), m.end()))
                if len(found) >= MAX_HITS:
                    return found, False
        return found, True

    def _candidates(self, stems: Places, places: Places, size: int) -> Iterator[tuple[Rule, Blocks]]:
        """The rules all of whose groups stand close together somewhere, and the blocks where a match may begin.

        `ahead[g, b]` says whether a stem of group g stands in block b or the three behind it.
        """
        counts = self._first[stems + 1] - self._first[stems]
        at = np.arange(counts.sum()) + np.repeat(self._first[stems] - np.cumsum(counts) + counts, counts)
        groups = self._group[at]
        held: Blocks = np.zeros(self._everywhere + 1, bool)
        held[groups] = held[self._everywhere] = True
        row_of = np.cumsum(held) - 1
        ahead = np.zeros((row_of[-1] + 1, size // BLOCK + 1), bool)
        ahead[row_of[groups], np.repeat(places // BLOCK, counts)] = True
        ahead[-1] = True
        for _ in range(AHEAD):
            ahead[:, :-1] |= ahead[:, 1:]
        chosen = np.flatnonzero(np.all(held[self._needs], axis=1))
        begins: Blocks = np.ones((len(chosen), ahead.shape[1]), bool)
        for needed in self._needs[chosen].T:
            begins &= ahead[row_of[needed]]
        for row in np.flatnonzero(begins.any(axis=1)).tolist():
            yield self.rules[chosen[row]], begins[row]

    def _present(self, text: str, tight: bool, words: Words) -> tuple[Places, Places]:
        """Which stem (by number) stands where: at the beginning of words, anywhere in a tight text."""
        which: list[Places] = []
        where: list[Places] = []
        if tight:
            letters = set(text)
            asked = [i for i in self._words if letters.issuperset(self._stems[i])]
            asked += self._phrases
        else:
            begins, places = words.beginning(self._begins)
            stems = self._begun[begins]
            known = self._is_word[stems]
            which.append(stems[known])
            where.append(places[known])
            asked = list(self._wordless)
            for i, at_core in _grouped(stems[~known], places[~known]):
                if len(at_core) > FEW:
                    asked.append(i)
                    continue
                stem, before = self._stems[i], self._stems[i].index(_core(self._stems[i]))
                standing = [at for at in (at_core - before).tolist() if at >= 0 and text.startswith(stem, at)]
                which.append(np.full(len(standing), i, np.intp))
                where.append(np.array(standing, np.intp))
        marks = {c for c in self._marks if c in text} if text.isascii() else self._marks & frozenset(text)
        for i in asked:
            if self._phrases.get(i, marks) <= marks and (stem := self._stems[i]) in text:
                at = np.array([m.start() for m in _literal(stem).finditer(text)], np.intp)
                which.append(np.full(len(at), i, np.intp))
                where.append(at)
        return np.concatenate(which or [_NONE]), np.concatenate(where or [_NONE])


def _grouped(numbers: Places, places: Places) -> Iterator[tuple[int, Places]]:
    """Each number with its places, where the numbers come in order."""
    edges = np.flatnonzero(np.diff(numbers)) + 1
    for part, at in zip(np.split(numbers, edges), np.split(places, edges), strict=True):
        if part.size:
            yield int(part[0]), at


@lru_cache(maxsize=4096)
def _core(phrase: str) -> str:
    """The longest run of letters of a phrase that begins a word wherever the phrase stands."""
    found = _RUN.findall(phrase)
    if found and not phrase.isascii() and phrase.startswith(found[0]):
        found = found[1:]  # scripts without gaps: what stands before may be a letter too
    return max((run for run in found if len(run) > 1), key=len, default="")


def _begins(stem: str) -> tuple[str, ...]:
    """What a word with a stem begins with; one of two letters is a whole word, or the plural of one."""
    return (stem,) if len(stem) > 2 else (f"{stem} ", f"{stem}s ")


def _matches(rule: Rule, text: str, tight: bool, blocks: Blocks, words: Words) -> Iterator[re.Match[str]]:
    """Matches of a rule that begin in some blocks of a text."""
    pattern = compiled(rule.pattern, rule.loose, tight)
    first = () if tight or rule.loose else beginnings(expression(rule.pattern, False, False))
    if not _usable(first):
        edges = np.flatnonzero(np.diff(blocks, prepend=False, append=False)).tolist()
        for start, end in zip(edges[::2], edges[1::2], strict=True):
            yield from pattern.finditer(text, start * BLOCK, end * BLOCK + REACH)
        return
    starts = words.starting(first)
    done = 0
    for place in starts[blocks[starts // BLOCK]].tolist():
        m = pattern.match(text, place, place + REACH) if place >= done else None
        if m is not None:
            done = m.end()
            yield m


_PLAIN = frozenset(LETTERS + " ")
_RUN = re.compile("[a-z]+")


@lru_cache(maxsize=4096)
def _usable(first: tuple[str, ...]) -> bool:
    """Whether looking for beginnings is cheaper than trying a rule everywhere: none stands in every other word."""
    return bool(first) and all(p[0] in LETTERS for p in first)


@lru_cache(maxsize=4096)
def _literal(stem: str) -> re.Pattern[str]:
    return re.compile(re.escape(stem))


@dataclass(frozen=True, slots=True)
class Joined:
    """Many texts as one, apart by a mark that no rule crosses; `owner` finds the text of a position."""

    text: str
    starts: tuple[int, ...]
    words: Words

    def owner(self, position: int) -> int:
        """Index of the text that holds a position of the joined one."""
        return bisect_right(self.starts, position) - 1


def join(texts: Sequence[str], words: Words | None = None) -> Joined:
    """The texts joined by a line with a zero character, so that they are matched in one go; `words` of a single text."""
    starts: list[int] = []
    at = 0
    for text in texts:
        starts.append(at)
        at += len(text) + 3
    text = "\n\x00\n".join(t.replace("\x00", " ") for t in texts)
    return Joined(text, tuple(starts), words or Words(text))
