"""The second trained head: what the passages mean that the first one is unsure of, by what the embedding model sees.

The bundled model gives a vector for every word piece in its place. A layer looks at each of them, the strongest answer
of each of its units counts, wherever it came from, and so does the mean of all pieces: an order is heard in the middle
of other words. Trained by `.ci/train_guard.py` on `examples/`. The model belongs to another room, so a function comes
in; without one the guard does without this head.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Embed = Callable[[Sequence[str]], Sequence[NDArray[np.float32]]]
"""Texts → what the bundled model makes of their word pieces, shape (pieces, 384) for each text."""
_FILE = Path(__file__).resolve().parent / "meaning.npz"


@lru_cache(maxsize=1)
def _load() -> dict[str, NDArray[np.float32]]:
    with np.load(_FILE, allow_pickle=False) as file:
        return {name: file[name].astype(np.float32) for name in file.files}


def logits(texts: Sequence[str], embed: Embed) -> list[float]:
    """Log-odds for each text that it is an order to a machine; ValueError for vectors of another model's length."""
    layers = _load()
    found = []
    for pieces in embed(texts):
        seen = np.asarray(pieces, np.float32)
        if seen.ndim != 2 or seen.shape[1] != len(layers["into"]):
            raise ValueError(f"The guard's head reads vectors of length {len(layers['into'])}, not {seen.shape[-1]}.")
        # Two pieces at a time: larger products are spread over threads, which costs more than it saves here.
        answers = [seen[i : i + 2] @ layers["into"] for i in (*range(0, len(seen) - 1, 2), max(0, len(seen) - 2))]
        strongest = np.maximum(np.concatenate(answers).max(axis=0) + layers["into_bias"], 0.0)
        found.append(float(strongest @ layers["out"] + seen.mean(axis=0) @ layers["mean"] + layers["out_bias"][0]))
    return found
