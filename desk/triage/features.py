"""What the heads see of a message beside its vector: hashed words and letters."""

import re
import unicodedata
import zlib
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

BUCKETS = 2**14
_READ = 900
_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|[?!]|[$€£%]")


def joined(subject: str, text: str) -> str:
    """Subject and text as the heads read them: no more than the first 900 characters."""
    return (f"{subject.strip()}\n{text.strip()}" if subject.strip() else text.strip())[:_READ]


def hashed(text: str) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Buckets and weights (L2 length 1) of words, word pairs and the 4-letter pieces of words, without accents."""
    counts: dict[int, float] = {}
    words = _TOKEN.findall(_fold(text))
    for piece, weight in _pieces(words):
        bucket = zlib.crc32(piece.encode()) % BUCKETS
        counts[bucket] = counts.get(bucket, 0.0) + weight
    if not counts:
        return np.zeros(0, np.int64), np.zeros(0, np.float32)
    buckets = np.fromiter(counts, np.int64, len(counts))
    weights = np.log1p(np.fromiter(counts.values(), np.float32, len(counts)))
    return buckets, weights / np.linalg.norm(weights)


def _pieces(words: Sequence[str]) -> list[tuple[str, float]]:
    pieces = [(word, 1.0) for word in words]
    pieces += [(f"{a} {b}", 0.8) for a, b in pairwise(words)]
    for word in words:
        framed = f"<{word}>"
        pieces += [(framed[i : i + 4], 0.3) for i in range(len(framed) - 3)]
    return pieces


def _fold(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss").replace("’", "'").lower())
    return "".join(c for c in plain if not unicodedata.combining(c))
