"""A second look at the nearest items, word piece by word piece, for questions in languages the model hardly knows.

Where only some of a question's words are understood, its one vector is blurred. Late interaction (MaxSim; Khattab and
Zaharia, SIGIR 2020) lets each word piece of the question find its nearest one in an item; here a piece counts the more,
the more it tells these items apart. An English question is left as it was: its vector is sharper, and among near twins
the pieces mislead.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from desk.domain.ticket import Article
from desk.errors import KnowledgeError
from desk.knowledge.embed import Embedder
from desk.knowledge.snapshot import Hit

LOOKED_AT = 12
"""Items looked at again."""
WEIGHT = 0.2
"""What the pieces count beside the score. More put still more questions right, but in the wrong version of an article."""
_REMEMBERED = 200
_MOST_CHARACTERS = 2_000


class Closely:
    """Looks at items again; remembers the pieces of the latest ones (about 100 kB each)."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: OrderedDict[str, NDArray[np.float16]] = OrderedDict()

    def reordered(self, text: str, hits: Sequence[Hit], language: str) -> list[Hit]:
        """The hits, best first, where `text` is not English: the best one keeps its score, others may lose.

        `plain` stays as it is, for whether anything answers is judged by it. Where the model gives no pieces, so do all.
        """
        if len(hits) < 2 or language == "en":
            return list(hits)
        try:
            asked = _level(self._embedder.tokens([text[:_MOST_CHARACTERS]])[0])[1:-1]
            near = np.stack([(asked @ self._pieces(hit.article).T).max(axis=1) for hit in hits])
        except (KnowledgeError, ValueError):
            return list(hits)
        apart = np.maximum(0.0, near.max(axis=0) - np.median(near, axis=0)) ** 2
        found = near @ (apart / max(float(apart.sum()), 1e-9))
        lost = WEIGHT * (found - found.max())
        moved = [replace(hit, score=hit.score + float(change)) for hit, change in zip(hits, lost, strict=True)]
        return sorted(moved, key=lambda hit: (-hit.score, hit.article.id))

    def _pieces(self, item: Article) -> NDArray[np.float32]:
        text = f"{item.title or item.question}\n{item.body}"[:_MOST_CHARACTERS]
        if (known := self._known.get(text)) is None:
            known = _level(self._embedder.tokens([text])[0]).astype(np.float16)
        self._known[text] = known
        self._known.move_to_end(text)
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return known.astype(np.float32)


def _level(pieces: NDArray[np.float32]) -> NDArray[np.float32]:
    """Vectors of length 1, one a piece; ValueError where a model gives one vector for the whole text."""
    if pieces.ndim != 2 or len(pieces) < 3:
        raise ValueError("no word pieces")
    return np.asarray(pieces / np.maximum(np.linalg.norm(pieces, axis=1, keepdims=True), 1e-9), np.float32)
