"""The guard's second head while it learns: one layer over every word piece, its strongest answers, and the mean."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
UNITS, ROUNDS, BATCH, RATE, DROPPED, DECAY = 128, 14, 256, 3e-3, 0.2, 1e-2


class TokenNet:
    """`logit = max over pieces of relu(piece @ into + into_bias) @ out + mean of pieces @ mean + out_bias`.

    Logistic loss by Adam with weight decay (Loshchilov and Hutter 2019), in batches of texts of like length.
    """

    def __init__(self, length: int, seed: int = 0) -> None:
        self._rng = np.random.default_rng(seed)
        self.layers: dict[str, Array] = {
            "into": self._rng.normal(0, 0.05, (length, UNITS)).astype(np.float32),
            "into_bias": np.zeros(UNITS, np.float32),
            "out": self._rng.normal(0, 0.1, UNITS).astype(np.float32),
            "mean": np.zeros(length, np.float32),
            "out_bias": np.zeros(1, np.float32),
        }

    def fit(self, pieces: Array, spans: NDArray[np.int64], y: Array, w: Array) -> "TokenNet":
        """Learn from `spans` (start and number of rows of `pieces`) with labels 0 or 1 and weights."""
        w = (w / w.mean()).astype(np.float32)
        first = {k: np.zeros_like(v) for k, v in self.layers.items()}
        second = {k: np.zeros_like(v) for k, v in self.layers.items()}
        total, step = ROUNDS * (len(y) // BATCH + 1), 0
        for _ in range(ROUNDS):
            order = np.argsort(spans[:, 1] + self._rng.uniform(0, 6, len(y)))
            batches = [order[i : i + BATCH] for i in range(0, len(y), BATCH)]
            self._rng.shuffle(batches)
            for rows in batches:
                grown = self._slope(pieces, spans[rows], y[rows], w[rows])
                step += 1
                rate = RATE * min(1.0, step / 50) * (1 - 0.95 * step / total)
                for name, slope in grown.items():
                    first[name] = 0.9 * first[name] + 0.1 * slope
                    second[name] = 0.999 * second[name] + 0.001 * slope * slope
                    move = first[name] / (1 - 0.9**step) / (np.sqrt(second[name] / (1 - 0.999**step)) + 1e-8)
                    decay = DECAY * self.layers[name] if name in ("into", "out", "mean") else 0.0
                    self.layers[name] -= (rate * (move + decay)).astype(np.float32)
        return self

    def _slope(self, pieces: Array, spans: NDArray[np.int64], y: Array, w: Array) -> dict[str, Array]:
        """Slopes of the loss of one batch by layer."""
        size, longest = len(spans), int(spans[:, 1].max())
        seen, there = np.zeros((size, longest, pieces.shape[1]), np.float32), np.zeros((size, longest), bool)
        for i, (start, count) in enumerate(spans):
            seen[i, :count], there[i, :count] = pieces[start : start + count], True
        kept = self._rng.random(pieces.shape[1]) > DROPPED
        seen *= kept.astype(np.float32) / (1 - DROPPED)
        layers = self.layers
        answers = (seen.reshape(-1, seen.shape[2]) @ layers["into"]).reshape(size, longest, -1) + layers["into_bias"]
        answers[~there] = -1e9
        at = answers.argmax(1)
        strongest = np.maximum(np.take_along_axis(answers, at[:, None], 1)[:, 0], 0)
        mean = seen.sum(1) / there.sum(1, keepdims=True).astype(np.float32)
        logits = strongest @ layers["out"] + mean @ layers["mean"] + layers["out_bias"][0]
        off = ((1 / (1 + np.exp(-logits)) - y) * w / size).astype(np.float32)
        back = off[:, None] * layers["out"] * (strongest > 0)
        placed = np.zeros((size, longest, UNITS), np.float32)
        np.put_along_axis(placed, at[:, None, :], back[:, None, :], 1)
        return {
            "into": seen.reshape(-1, seen.shape[2]).T @ placed.reshape(-1, UNITS),
            "into_bias": back.sum(0),
            "out": strongest.T @ off,
            "mean": mean.T @ off,
            "out_bias": np.array([off.sum()], np.float32),
        }
