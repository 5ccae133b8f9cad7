"""Likeness of spelling: what carries codes, product names and languages the sentence model hardly knows."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from desk.knowledge.glossary import fold

_CODE = re.compile(r"\b(?=[\w-]*\d)[\w][\w-]{1,}\b")
_BUCKETS = 2**18


def codes(text: str) -> frozenset[str]:
    """Tokens with a digit in them (error codes, models, numbers of two digits or more), without case and hyphens."""
    found = {match.lower().replace("-", "").replace("_", "") for match in _CODE.findall(text)}
    return frozenset(code for code in found if len(code) >= 2)


class Spelling:
    """TF-IDF over hashed character n-grams (3 to 5, within words, accents folded) of a list of texts."""

    def __init__(self, texts: Sequence[str]) -> None:
        from sklearn.feature_extraction.text import HashingVectorizer  # type: ignore[import-untyped]

        self._hash = HashingVectorizer(
            analyzer="char_wb",
            ngram_range=(3, 5),
            n_features=_BUCKETS,
            alternate_sign=False,
            norm=None,
            lowercase=False,
        )
        counts = self._counts(texts)
        seen = np.bincount(counts.indices, minlength=_BUCKETS)
        self._weight = np.log((1 + len(texts)) / (1 + seen)).astype(np.float32) + np.float32(0.1)
        self._rows = self._weighted(counts)
        self._codes = [codes(text) for text in texts]
        self._code_count: dict[str, int] = {}
        for found in self._codes:
            for code in found:
                self._code_count[code] = self._code_count.get(code, 0) + 1

    def _counts(self, texts: Sequence[str]) -> Any:
        return self._hash.transform([fold(text) for text in texts])

    def _weighted(self, counts: Any) -> Any:
        rows = counts.tocsr().astype(np.float32)
        rows.data = (1 + np.log(rows.data)) * self._weight[rows.indices]
        lengths = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
        rows.data /= np.repeat(np.maximum(lengths, 1e-9), np.diff(rows.indptr))
        return rows

    def likeness(self, text: str) -> NDArray[np.float32]:
        """Cosine of `text` with every text, shape (n,), 0..1."""
        if not self._codes:
            return np.zeros(0, np.float32)
        query = self._weighted(self._counts([text]))
        return np.asarray((self._rows @ query.T).todense(), dtype=np.float32).ravel()

    def shared_codes(self, text: str) -> NDArray[np.float32]:
        """For every text, 0..1: the share of the query's codes known here that it holds, the rarer the heavier."""
        out = np.zeros(len(self._codes), np.float32)
        wanted = {code: 1 / self._code_count[code] for code in codes(text) if code in self._code_count}
        if wanted:
            total = sum(wanted.values())
            for row, found in enumerate(self._codes):
                out[row] = sum(w for code, w in wanted.items() if code in found) / total
        return out
