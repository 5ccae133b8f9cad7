"""A small trained head for injection: how much a passage reads like an order to whatever machine answers the mail.

Logistic regression over hashed words, word pairs and letters, trained by `.ci/train_guard.py` on `examples/`. It reads
passages of two sentences and knows nothing of families or places; policy joins it with what the rules found.
"""

import re
import zlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

BUCKETS = 2**15
_FILE = Path(__file__).resolve().parent / "head.npz"
_READ = 6_000
_PASSAGE = 400
_SENTENCE = re.compile(r"[^.!?;。！？।\n]+[.!?;。！？।]*")
_TOKEN = re.compile(r"[^\W\d_]+")
_JOINED_UP = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def passages(text: str) -> list[tuple[int, int]]:
    """Spans of one and of two sentences, of at most 400 characters each, of the head and the tail of a text."""
    parts = [(0, text)] if len(text) <= 2 * _READ else [(0, text[:_READ]), (len(text) - _READ, text[-_READ:])]
    found: list[tuple[int, int]] = []
    for at, part in parts:
        single = [(at + m.start() + i, min(at + m.end(), at + m.start() + i + _PASSAGE))
                  for m in _SENTENCE.finditer(part) if len(m[0]) > 8 for i in range(0, len(m[0]), _PASSAGE)]  # fmt: skip
        found += single
        found += [(a, d) for (a, _), (_, d) in pairwise(single) if d - a <= _PASSAGE]
    return found


def words(text: str) -> list[str]:
    """The words of a text in small letters; scripts without gaps come as pairs of letters."""
    found: list[str] = []
    for word in _TOKEN.findall(text.lower()):
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
    return zlib.crc32(f"{one} {two}".encode()) % BUCKETS


@lru_cache(maxsize=1)
def _load() -> tuple[NDArray[np.float32], float]:
    with np.load(_FILE, allow_pickle=False) as file:
        return file["weights"].astype(np.float32), float(file["bias"][0])


@lru_cache(maxsize=20_000)
def _word(word: str) -> float:
    weights, _ = _load()
    return sum(float(weights[bucket]) * weight for bucket, weight in pieces(word))


def logit(tokens: Sequence[str]) -> float:
    """Log-odds that these words are an order to a machine; few words say little and are damped."""
    weights, bias = _load()
    if len(tokens) < 3:
        return bias
    total = sum(_word(t) for t in tokens) + 0.8 * sum(float(weights[pair(a, b)]) for a, b in pairwise(tokens))
    return total / float(np.sqrt(len(tokens) + 4)) + bias


def loudest(text: str) -> tuple[float, int, int]:
    """Probability and span of the passage that most reads like an order to a machine; (0, 0, 0) without words."""
    best, where = -30.0, (0, 0)
    for start, end in passages(text):
        got = logit(words(text[start:end]))
        if got > best:
            best, where = got, (start, end)
    return (float(1 / (1 + np.exp(-best))), *where) if where[1] else (0.0, 0, 0)
