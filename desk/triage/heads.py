"""The small trained classifiers: category, priority, sentiment, intent. Numpy only; about 2 ms beside the embedding."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from desk.errors import KnowledgeError
from desk.triage.features import hashed, joined

Embed = Callable[[Sequence[str]], NDArray[np.float32]]
_AS_SAID = np.array([[0, 1], [0, 1]], np.float32)
_FILE = Path(__file__).resolve().parent / "heads.npz"


@dataclass(frozen=True, slots=True)
class Head:
    """One field: labels, the weights over the vector, over hashed words, the temperature, and the curve that corrects what
    that says of the best label (two rows: said, true)."""

    labels: tuple[str, ...]
    dense: NDArray[np.float32]
    words: NDArray[np.float32]
    bias: NDArray[np.float32]
    temperature: float
    curve: NDArray[np.float32]

    def probabilities(
        self, dense: NDArray[np.float32], buckets: NDArray[np.int64], weights: NDArray[np.float32]
    ) -> dict[str, float]:
        """Calibrated probability of each label; they sum to 1."""
        logits = (dense @ self.dense + weights @ self.words[buckets] + self.bias) * self.temperature
        powers = np.exp(logits - logits.max())
        said = powers / powers.sum()
        best = int(said.argmax())
        true = float(np.interp(said[best], *self.curve))
        said = said * ((1 - true) / max(1 - float(said[best]), 1e-9))
        said[best] = true
        return dict(zip(self.labels, said.astype(float).tolist(), strict=True))


@lru_cache(maxsize=1)
def beside(path: Path = _FILE) -> dict[str, dict[str, dict[str, float]]]:
    """By field (category, sentiment) and its label: how often each intent stands beside that label in our examples."""
    with np.load(path, allow_pickle=False) as file:
        intents = [str(label) for label in file["intent.labels"]]
        return {
            field: {
                str(label): dict(zip(intents, row.astype(float).tolist(), strict=True))
                for label, row in zip(file[f"{field}.labels"], file[f"intent.beside_{field}"], strict=True)
            }
            for field in ("category", "sentiment")
        }


@lru_cache(maxsize=1)
def load(path: Path = _FILE) -> dict[str, Head]:
    """The heads by field, read once."""
    with np.load(path, allow_pickle=False) as file:
        fields = sorted({name.split(".")[0] for name in file.files if name.endswith(".labels")})
        return {
            name: Head(
                tuple(str(label) for label in file[f"{name}.labels"]),
                file[f"{name}.dense"],
                file[f"{name}.words"].astype(np.float32),
                file[f"{name}.bias"],
                float(file[f"{name}.temperature"][0]),
                file[f"{name}.curve"] if f"{name}.curve" in file.files else _AS_SAID,
            )
            for name in fields
        }


def judge(fields: Sequence[str], subject: str, text: str, embed: Embed) -> dict[str, dict[str, float]]:
    """Probabilities of the labels of each field for one message; raises KnowledgeError for vectors of another length."""
    whole = joined(subject, text)
    heads = load()
    dense = np.asarray(embed([whole])[0], np.float32)
    if len(dense) != len(heads[fields[0]].dense):
        raise KnowledgeError(
            f"The classifiers were trained on vectors of {len(heads[fields[0]].dense)} numbers, and the embedding model "
            f"gives {len(dense)}.",
            "Use the bundled embedding model, or train the classifiers on yours (.ci/train_heads.py).",
        )
    buckets, weights = hashed(whole)
    return {name: heads[name].probabilities(dense, buckets, weights) for name in fields}
