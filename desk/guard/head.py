"""A small trained head for injection: how much a passage reads like an order to whatever machine answers the mail.

Logistic regression over hashed words, word pairs and letters, trained by `.ci/train_guard.py` on `examples/`. It reads
passages of two sentences and knows nothing of families or places; policy joins it with what the rules found.
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

BUCKETS = 2**15
_FILE = Path(__file__).resolve().parent / "head.npz"
_READ = 6_000
_PASSAGE = 400
_SENTENCE = re.compile(r"[^.!?;。！？।\n]+[.!?;。！？।]*")
_TOKEN = re.compile(r"[^\W\d_]+")
_PLAIN = re.compile("[a-z]+")
_JOINED_UP = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def sentences(text: str) -> list[tuple[int, int]]:
    """Spans of the sentences of the head and the tail of a text, at most 400 characters each."""
    parts = [(0, text)] if len(text) <= 2 * _READ else [(0, text[:_READ]), (len(text) - _READ, text[-_READ:])]
    return [
        (at + i, min(at + m.end(), at + i + _PASSAGE))
        for at, part in parts
        for m in _SENTENCE.finditer(part)
        if m.end() - m.start() > 8
        for i in range(m.start(), m.end(), _PASSAGE)
    ]


def passages(text: str) -> list[tuple[int, int]]:
    """Spans of one and of two sentences, of at most 400 characters each."""
    single = sentences(text)
    return single + [(a, d) for (a, _), (_, d) in pairwise(single) if d - a <= _PASSAGE]


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


def pieces(word: str) -> Iterator[tuple[int, float]]:
    """Buckets and weights of one word: itself and its 4-letter pieces."""
    yield zlib.crc32(word.encode()) % BUCKETS, 1.0
    framed = f"<{word}>"
    if len(framed) > 5:
        for i in range(len(framed) - 3):
            yield zlib.crc32(b"#" + framed[i : i + 4].encode()) % BUCKETS, 0.3


def pair(one: str, two: str) -> int:
    """Bucket of two neighbours."""
    return zlib.crc32(_behind(two), crc(one)) % BUCKETS


@lru_cache(maxsize=20_000)
def crc(word: str) -> int:
    """CRC-32 of a word."""
    return zlib.crc32(word.encode())


@lru_cache(maxsize=20_000)
def _behind(word: str) -> bytes:
    return f" {word}".encode()


@lru_cache(maxsize=1)
def _load() -> tuple[list[float], float]:
    with np.load(_FILE, allow_pickle=False) as file:
        return file["weights"].astype(np.float64).tolist(), float(file["bias"][0])


@lru_cache(maxsize=20_000)
def _word(word: str) -> float:
    weights, _ = _load()
    return sum(weights[bucket] * weight for bucket, weight in pieces(word))


@dataclass(frozen=True, slots=True)
class _Said:
    """What some words add up to, and which stand at the edges, so that neighbours can be added."""

    count: int
    total: float
    first: str
    last: str

    def __add__(self, other: "_Said") -> "_Said":
        if not (self.count and other.count):
            return self if self.count else other
        return _Said(self.count + other.count, self.total + other.total + _next(self.last, other.first),
                     self.first, other.last)  # fmt: skip

    def logit(self) -> float:
        """Log-odds of an order to a machine; few words say little and are damped."""
        _, bias = _load()
        return bias if self.count < 3 else self.total / math.sqrt(self.count + 4) + bias


def _next(one: str, two: str) -> float:
    return 0.8 * _load()[0][pair(one, two)]


def _said(tokens: Sequence[str]) -> _Said:
    if not tokens:
        return _Said(0, 0.0, "", "")
    weights, _ = _load()
    total = sum(map(_word, tokens)) + 0.8 * sum(weights[pair(a, b)] for a, b in pairwise(tokens))
    return _Said(len(tokens), total, tokens[0], tokens[-1])


def logit(tokens: Sequence[str]) -> float:
    """Log-odds that these words are an order to a machine; few words say little and are damped."""
    return _said(tokens).logit()


def ranked(text: str) -> list[tuple[float, int, int]]:
    """Log-odds and span of every passage, the one first that most reads like an order to a machine."""
    found: list[tuple[float, int, int]] = []
    before: tuple[int, int, _Said] | None = None
    for start, end in sentences(text):
        said = _said(words(text[start:end]))
        found.append((said.logit(), start, end))
        if before is not None and end - before[0] <= _PASSAGE:
            found.append(((before[2] + said).logit(), before[0], end))
        before = (start, end, said)
    found.sort(key=lambda p: -p[0])
    return found


def loudest(text: str) -> tuple[float, int, int]:
    """Probability and span of the passage that most reads like an order to a machine; (0, 0, 0) without words."""
    found = ranked(text)
    return (chance(found[0][0]), *found[0][1:]) if found else (0.0, 0, 0)


def chance(logit: float) -> float:
    """Log-odds as a probability."""
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))
