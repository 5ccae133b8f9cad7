"""A small trained head for injection: how much a passage reads like an order to the machine that answers the mail.

Logistic regression over words, their beginnings, neighbours, and what kinds of word follow one another ("your" + a word
for an answer), trained by `.ci/train_guard.py` on `examples/`. It knows only words seen in several examples: what it
never saw says nothing. It knows nothing of families or places; policy joins it with what the rules found.
"""

import math
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np

from desk.guard.english import load

_FILE = Path(__file__).resolve().parent / "head.npz"
_READ = 6_000
_PASSAGE = 400
_THREE = 220
"""Three sentences are one passage up to this many characters: orders come in short ones."""
_SENTENCE = re.compile(r"(?:[^.!?;。！？।\n]|[.!?;](?=[^\s\"'”»)\]]))+[.!?;。！？।]*[\"'”»)\]]*")
_WRAPPED = re.compile(r"(?<=[^\n]{45})\n(?=[ \t]{0,4}[^\s>*•#|=\-])")
"""A line break in running text: the line before is long and the next one is no item of a list."""
_TOKEN = re.compile(r"[^\W\d_]+")
_PLAIN = re.compile("[a-z]+")
_JOINED_UP = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
WORD, STEM, PAIR, SKIP, KIND, KINDS, NEAR = 1.0, 0.6, 0.8, 0.5, 0.8, 0.8, 0.6
"""What a word counts, its beginning, two neighbours, two words with one between, a kind of word, two neighbours of
which one has a kind, and two kinds with at most two others between."""


def sentences(text: str) -> list[tuple[int, int]]:
    """Spans of the sentences of the head and the tail of a text, at most 400 characters each."""
    parts = [(0, text)] if len(text) <= 2 * _READ else [(0, text[:_READ]), (len(text) - _READ, text[-_READ:])]
    return [
        (at + i, min(at + m.end(), at + i + _PASSAGE))
        for at, part in parts
        for m in _SENTENCE.finditer(_WRAPPED.sub(" ", part))
        for i in range(m.start(), m.end(), _PASSAGE)
        if min(m.end(), i + _PASSAGE) - i > 5
    ]


def passages(text: str) -> list[tuple[int, int]]:
    """Spans of one and of two sentences, of at most 400 characters each, and of three short ones."""
    single = sentences(text)
    two = [(a, d) for (a, _), (_, d) in pairwise(single) if d - a <= _PASSAGE]
    return single + two + [(a, d) for (a, _), (_, d) in zip(single, single[2:], strict=False) if d - a <= _THREE]


def words(text: str) -> list[str]:
    """The words of a text in small letters; scripts without gaps come as pairs of letters."""
    if text.isascii():
        return [token[:24] for token in _PLAIN.findall(text.lower())]
    found: list[str] = []
    tokens = _TOKEN.findall(text.lower())
    if not _JOINED_UP.search(text):
        return [token[:24] for token in tokens]
    for word in tokens:
        if _JOINED_UP.search(word):
            found += [word[i : i + 2] for i in range(max(1, len(word) - 1))]
        else:
            found.append(word[:24])
    return found


@lru_cache(maxsize=1)
def kinds() -> dict[str, str]:
    """Word → its kind, from `words/kinds.toml`."""
    return {word: kind for kind, listed in load("kinds.toml").items() for word in listed}


@lru_cache(maxsize=20_000)
def crc(word: str) -> int:
    """CRC-32 of a word."""
    return zlib.crc32(word.encode())


@lru_cache(maxsize=20_000)
def _behind(word: str) -> bytes:
    return f" {word}".encode()


def pair(one: str, two: str) -> int:
    """Key of two neighbours."""
    return zlib.crc32(_behind(two), crc(one))


def _alone(word: str) -> Iterator[tuple[int, float]]:
    """Keys and weights of one word by itself."""
    yield crc(word), WORD
    if len(word) > 5:
        yield crc(f"<{word[:5]}"), STEM
    kind = kinds().get(word)
    if kind:
        yield crc(f"#{kind}"), KIND


def _next(one: str, two: str) -> Iterator[tuple[int, float]]:
    """Keys and weights of two neighbours."""
    yield pair(one, two), PAIR
    known = kinds()
    a, b = known.get(one), known.get(two)
    if a or b:
        yield pair(f"#{a}" if a else one, f"#{b}" if b else two), KINDS


def features(tokens: Sequence[str]) -> Iterator[tuple[int, float]]:
    """Keys and weights of all that the head looks at in some words, before damping."""
    for word in tokens:
        yield from _alone(word)
    for one, two in pairwise(tokens):
        yield from _next(one, two)
    for one, two in zip(tokens, tokens[2:], strict=False):
        yield pair(f"{one} *", two), SKIP
    found = [f"##{kind}" for kind in map(kinds().get, tokens) if kind]
    for i, one in enumerate(found):
        for two in found[i + 1 : i + 4]:
            yield pair(one, two), NEAR


def damping(count: int) -> float:
    """What each feature of so many words counts: few words say little."""
    return 1 / math.sqrt(count + 4)


@lru_cache(maxsize=1)
def _load() -> tuple[dict[int, float], float]:
    with np.load(_FILE, allow_pickle=False) as file:
        weights = dict(zip(file["keys"].tolist(), file["weights"].astype(np.float64).tolist(), strict=True))
        return weights, float(file["bias"][0])


@lru_cache(maxsize=20_000)
def _word(word: str) -> float:
    weights, _ = _load()
    return sum(weights.get(key, 0.0) * weight for key, weight in _alone(word))


@lru_cache(maxsize=40_000)
def _neighbours(one: str, two: str) -> float:
    weights, _ = _load()
    return sum(weights.get(key, 0.0) * weight for key, weight in _next(one, two))


@lru_cache(maxsize=40_000)
def _apart(one: str, two: str) -> float:
    return SKIP * _load()[0].get(pair(f"{one} *", two), 0.0)


@lru_cache(maxsize=4_000)
def _near(one: str, two: str) -> float:
    return NEAR * _load()[0].get(pair(f"##{one}", f"##{two}"), 0.0)


@dataclass(frozen=True, slots=True)
class _Said:
    """What some words add up to, and what stands at the edges, so that neighbours can be added."""

    count: int
    total: float
    first: list[str]
    last: list[str]
    opening: list[str]
    closing: list[str]
    """The first two words and the last two, the first three kinds of word and the last three (nearest first)."""

    def logit(self) -> float:
        """Log-odds of an order to a machine."""
        return _logit(self.count, self.total)


def _logit(count: int, total: float) -> float:
    """Log-odds of so many words; few words say little and are damped."""
    bias = _load()[1]
    return bias if count < 3 else total * damping(count) + bias


def _across(one: _Said, two: _Said) -> float:
    """What the words of two neighbours add up to where they meet."""
    if not (one.count and two.count):
        return 0.0
    total = _neighbours(one.last[-1], two.first[0])
    if one.count > 1:
        total += _apart(one.last[0], two.first[0])
    if two.count > 1:
        total += _apart(one.last[-1], two.first[1])
    if one.closing and two.opening:
        for i, kind in enumerate(one.closing):
            for near in two.opening[: 3 - i]:
                total += _near(kind, near)
    return total


def _said(tokens: list[str]) -> _Said:
    if not tokens:
        return _Said(0, 0.0, [], [], [], [])
    total = sum(map(_word, tokens)) + sum(map(_neighbours, tokens, tokens[1:])) + sum(map(_apart, tokens, tokens[2:]))
    found = [kind for kind in map(kinds().get, tokens) if kind]
    for i, one in enumerate(found):
        for two in found[i + 1 : i + 4]:
            total += _near(one, two)
    return _Said(len(tokens), total, tokens[:2], tokens[-2:], found[:3], found[:-4:-1])


def logit(tokens: Sequence[str]) -> float:
    """Log-odds that these words are an order to a machine; few words say little and are damped."""
    return _said(list(tokens)).logit()


def ranked(text: str) -> list[tuple[float, int, int]]:
    """Log-odds and span of every passage, the one first that most reads like an order to a machine.

    Of three sentences, what the first and the third say to one another over the second is left out.
    """
    spans = sentences(text)
    said = [_said(words(text[a:b])) for a, b in spans]
    found = [(s.logit(), a, b) for s, (a, b) in zip(said, spans, strict=True)]
    meet = list(map(_across, said, said[1:]))
    for i, (one, two, between) in enumerate(zip(said, said[1:], meet, strict=False)):
        start, end = spans[i][0], spans[i + 1][1]
        if end - start > _PASSAGE:
            continue
        count, total = one.count + two.count, one.total + two.total + between
        found.append((_logit(count, total), start, end))
        if i + 2 < len(spans) and spans[i + 2][1] - start <= _THREE:
            third = said[i + 2]
            found.append((_logit(count + third.count, total + third.total + meet[i + 1]), start, spans[i + 2][1]))
    found.sort(key=lambda p: -p[0])
    return found


def chance(logit: float) -> float:
    """Log-odds as a probability."""
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))
