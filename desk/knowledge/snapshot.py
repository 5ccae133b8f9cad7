"""One version of the index in memory, and the score of every item in it."""

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from desk.domain.codec import from_json
from desk.domain.ticket import Article
from desk.knowledge.lexical import Spelling

Vectors = NDArray[np.float32]
# The mean of whole, title and best sentence beats each of them and rank fusion; spelling adds a little in English and
# more in the other languages. What is asked for (see `same`) weighs half where a question meets a question that was asked
# before, and little where it meets an article or is judged: for topics the map never saw, more would make those worse.
_ASKED_OF_TICKETS = 0.5
_ASKED = 0.2
_SPELLING_EN = 0.12
_SPELLING_OTHER = 0.25
_CODES = 0.10
_SAME_LANGUAGE = 0.06


@dataclass(frozen=True, slots=True)
class Hit:
    """One item found.

    `score` orders; `plain` is without the preference for a language and comparable between questions, for the judgement
    whether anything answers; `meaning` and `spelling` are what the score is made of.

    `start` and `end` are offsets into `article.body`, or into `article.question` for a resolved ticket.
    """

    article: Article
    score: float
    plain: float
    meaning: float
    spelling: float
    start: int
    end: int


class Snapshot:
    """Items with their vectors. Rows of one item stand together; the first two are its whole and its title."""

    def __init__(
        self,
        items: Sequence[Article],
        hashes: Sequence[str],
        vectors: NDArray[np.float32],
        spans: NDArray[np.int64],
        first: NDArray[np.int64],
        turn: Callable[[Vectors], Vectors] = lambda vectors: vectors,
    ) -> None:
        self.items = items
        self.vectors = vectors
        self._asked = turn(vectors)
        self._hashes = hashes
        self._spans = spans
        self._first = first
        self._row_of = {item.id: row for row, item in enumerate(items)}
        self._contact = np.array([-1 if i.contact_id is None else i.contact_id for i in items], np.int64)
        # An old message kept among the articles has no title; it is somebody's question as much as a resolved ticket's.
        asked_before = [bool(i.question) or not i.title for i in items]
        self._weight = np.where(asked_before, _ASKED_OF_TICKETS, _ASKED).astype(np.float32)
        self._public = np.array([i.public for i in items], np.bool_)
        self._replaced_by = _replacements(items)
        self._dated = [row for row, i in enumerate(items) if i.valid_from or i.valid_until]
        self._spelling: Spelling | None = None

    def item(self, id: str) -> Article | None:
        """One item by its id."""
        row = self._row_of.get(id)
        return self.items[row] if row is not None else None

    @classmethod
    def empty(cls, dimensions: int) -> "Snapshot":
        """Nothing yet."""
        return cls([], [], np.zeros((0, dimensions), np.float32), np.zeros((0, 2), np.int64), np.zeros(0, np.int64))

    @classmethod
    def read(cls, rows: Any, dimensions: int, turn: Callable[[Vectors], Vectors]) -> "Snapshot":
        """From the table's rows (an Arrow table in any order); `turn` makes vectors of what is asked for out of vectors."""
        keys = [key.rpartition("\x1f") for key in rows["key"].to_pylist()]
        order = sorted(range(len(keys)), key=lambda i: (keys[i][0], int(keys[i][2])))
        flat = rows["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
        vectors = np.asarray(flat, np.float32).reshape(-1, dimensions)[order]
        spans = np.stack([rows["start"].to_numpy(), rows["end"].to_numpy()], axis=1).astype(np.int64)[order]
        content, marks = rows["content"].to_pylist(), rows["hash"].to_pylist()
        wholes = [(place, i) for place, i in enumerate(order) if content[i]]
        items = [from_json(Article, json.loads(content[i])) for _, i in wholes]
        first = np.array([place for place, _ in wholes], np.int64)
        return cls(items, [marks[i] for _, i in wholes], vectors, spans, first, turn)

    def items_with_hashes(self) -> Iterator[tuple[Article, str]]:
        """Every item and the hash of its content."""
        return zip(self.items, self._hashes, strict=True)

    def allowed(self, contact_id: int | None, include_private: bool, on: date) -> NDArray[np.bool_]:
        """Which items may be seen: those of nobody and of this contact, internal ones only where asked for; of these what
        holds on that day and was not replaced by then by something that this contact may be told.
        """
        seen: NDArray[np.bool_] = self._contact == -1
        if contact_id is not None:
            seen |= self._contact == contact_id
        scope = seen.copy()
        day = on.isoformat()
        for row, others in self._replaced_by.items():
            seen[row] &= not any(scope[other] and self.items[other].valid_from <= day for other in others)
        for row in self._dated:
            seen[row] &= self.items[row].holds(on)
        return seen if include_private else seen & self._public

    def marked(self, ids: Collection[str]) -> NDArray[np.bool_]:
        """The items with these ids."""
        out = np.zeros(len(self.items), np.bool_)
        out[[self._row_of[name] for name in ids if name in self._row_of]] = True
        return out

    def alike(self, text: str, count: int) -> NDArray[np.bool_]:
        """The `count` items spelt most alike."""
        likeness = self._spell().likeness(text)
        out = np.zeros(len(self.items), np.bool_)
        out[np.argsort(-likeness)[:count]] = True
        return out

    def best(
        self, text: str, query: Vectors, asked: Vectors, allowed: NDArray[np.bool_], k: int, language: str
    ) -> list[Hit]:
        """The `k` best of the allowed items, best first, ties by id; `asked` is the query turned like the items."""
        near = self.vectors @ query
        sentence = _best_sentence(near, self._first)
        about, wanted = self._mean(near), self._mean(self._asked @ asked)
        meaning = about + self._weight * (wanted - about)
        spelling = self._spell().likeness(text)
        weight = _SPELLING_EN if language == "en" else _SPELLING_OTHER
        letters = weight * spelling + _CODES * self._spell().shared_codes(text)
        plain = (1 - weight) * (about + _ASKED * (wanted - about)) + letters
        score = (
            (1 - weight) * meaning
            + letters
            + _SAME_LANGUAGE * np.array([item.language == language for item in self.items], np.float32)
        )
        rows = sorted(np.flatnonzero(allowed).tolist(), key=lambda r: (-float(score[r]), self.items[r].id))[:k]
        return [
            Hit(
                self.items[row],
                float(score[row]),
                float(plain[row]),
                float(meaning[row]),
                float(spelling[row]),
                int(self._spans[sentence[row], 0]),
                int(self._spans[sentence[row], 1]),
            )
            for row in rows
        ]

    def _mean(self, near: Vectors) -> Vectors:
        """Of each item the mean of how near its whole, its title and its nearest sentence are."""
        best = near[_best_sentence(near, self._first)]
        return np.asarray((near[self._first] + near[self._first + 1] + best) / 3, np.float32)

    def _spell(self) -> Spelling:
        if self._spelling is None:
            self._spelling = Spelling([f"{i.title}\n{i.question or i.body}" for i in self.items])
        return self._spelling


def _replacements(items: Sequence[Article]) -> dict[int, list[int]]:
    """Places of the items that are superseded, each with the places of those that do it."""
    named = [row for row, item in enumerate(items) if item.supersedes]
    found: dict[int, list[int]] = {}
    for row, item in enumerate(items if named else ()):
        if others := [other for other in named if other != row and items[other].replaces(item)]:
            found[row] = others
    return found


def _best_sentence(near: NDArray[np.float32], first: NDArray[np.int64]) -> NDArray[np.int64]:
    """Row of the nearest sentence of each item; of its whole where it has no sentences."""
    out = first.copy()
    ends = np.append(first[1:], len(near))
    for item, (start, end) in enumerate(zip(first, ends, strict=True)):
        if end - start > 2:
            out[item] = start + 2 + int(np.argmax(near[start + 2 : end]))
    return out
