"""A small trained head for spam: how much the words of a mail read like an advertisement or a fraud.

Logistic regression over hashed words and word pairs, trained by `.ci/train_guard.py`; `spam` adds it to its points.
"""

import math
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np

from desk.guard.head import crc, pair, words

BUCKETS = 2**15
_FILE = Path(__file__).resolve().parent / "spamwords.npz"
_READ = 4_000


def buckets(text: str) -> list[int]:
    """Buckets of the words and the pairs of neighbours in the first 4,000 characters of levelled text."""
    tokens = words(text[:_READ])
    return [crc(token) % BUCKETS for token in tokens] + [pair(one, two) % BUCKETS for one, two in pairwise(tokens)]


def damping(count: int) -> float:
    """What each of so many buckets counts: long texts would else be surer than they may."""
    return 1 / math.sqrt(count + 8)


@lru_cache(maxsize=1)
def _load() -> tuple[list[float], float]:
    with np.load(_FILE, allow_pickle=False) as file:
        return file["weights"].astype(np.float64).tolist(), float(file["bias"][0])


def logit(text: str) -> float:
    """Log-odds that levelled text is spam; the bias alone for a text without words."""
    weights, bias = _load()
    found = buckets(text)
    return bias + damping(len(found)) * sum(weights[b] for b in found)
