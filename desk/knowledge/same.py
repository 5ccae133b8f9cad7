"""Whether two messages ask the same."""

import re
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from desk.knowledge.embed import Embedder

_NUMBER = re.compile(r"[#(]?\b[A-Z]{0,4}[-_]?\d[\w./-]*", re.IGNORECASE)
_FILE = Path(__file__).resolve().parent / "sameness.npz"


def same(embedder: Embedder, a: str, b: str) -> float:
    """0..1: how surely `b` asks the same as `a`. Numbers (orders, dates, amounts) count for nothing."""
    if not a.strip() or not b.strip():
        return 0.0
    first, second = requests(embedder, embedder.embed([without_numbers(a), without_numbers(b)]))
    return max(0.0, min(1.0, float(first @ second)))


def without_numbers(text: str) -> str:
    """The text without its numbers; as it stands where nothing else is in it."""
    return _NUMBER.sub(" ", text).strip() or text


def requests(embedder: Embedder, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sentence vectors of `embedder` turned so that two wordings of one request lie near each other; shape and length (1) stay.

    What is wanted weighs more, and the thing it is wanted for less (learned by `.ci/train_same.py`). Vectors of another
    model than the bundled one come back as they are.
    """
    if not embedder.bundled or not len(vectors):
        return vectors
    turned = vectors @ _map()
    return np.asarray(turned / np.maximum(np.linalg.norm(turned, axis=1, keepdims=True), 1e-9), np.float32)


@lru_cache(maxsize=1)
def _map() -> NDArray[np.float32]:
    with np.load(_FILE, allow_pickle=False) as file:
        return np.asarray(file["map"], np.float32)
