"""The second trained head: what the passages mean that the first one is unsure of, by their sentence vectors.

One hidden layer over the vectors of the bundled embedding model, trained by `.ci/train_guard.py` on `examples/`. The
model belongs to another room, so a function comes in; without one the guard does without this head.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Embed = Callable[[Sequence[str]], NDArray[np.float32]]
"""Texts → unit vectors of the bundled model, shape (texts, 384)."""
_FILE = Path(__file__).resolve().parent / "meaning.npz"


@lru_cache(maxsize=1)
def _load() -> dict[str, NDArray[np.float32]]:
    with np.load(_FILE, allow_pickle=False) as file:
        return {name: file[name].astype(np.float32) for name in file.files}


def logits(texts: Sequence[str], embed: Embed) -> list[float]:
    """Log-odds for each text that it is an order to a machine; ValueError for vectors of another model's length."""
    layers = _load()
    vectors = np.asarray(embed(texts), np.float32)
    if vectors.shape != (len(texts), len(layers["into"])):
        raise ValueError(f"The guard's head reads vectors of length {len(layers['into'])}, not {vectors.shape[-1]}.")
    inner = np.maximum(vectors @ layers["into"] + layers["into_bias"], 0.0)
    found: list[float] = (inner @ layers["out"] + layers["out_bias"][0]).tolist()
    return found
