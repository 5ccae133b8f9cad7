"""What a message is about, learned from the people of this desk: a memory of what they said, and a small refit.

The memory works from the first correction on: nearly the same message gets the category a person gave. The refit adds a
correction to the shipped head's log-odds, linear in the message's vector (regularised multinomial logistic regression
with the head as offset), and is adopted only where it is no worse on decisions it was not fitted on.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from desk.domain.enums import Category
from desk.errors import DeskError
from desk.knowledge.embed import Embedder
from desk.learn import thresholds
from desk.mail.reply import split
from desk.pipeline.case import Rooms
from desk.store import changes, decisions
from desk.store.database import Database
from desk.store.decisions import Decision
from desk.triage import heads
from desk.triage.features import joined

Vectors = NDArray[np.float32]
Numbers = NDArray[np.float64]
LABELS = tuple(map(str, Category))
NEAR = 0.8
"""Cosine from which two messages are nearly the same."""
AGREE = 0.9
"""Of 35 labelled messages that near to one the shipped head had wrong, 32 had its category (the head: 5)."""
FEWEST = 12
"""Decisions before a refit is tried."""
FOLDS = 5
STRENGTH = 2.0
"""Weight of the squared correction against the decisions' log loss, summed. Chosen on labelled messages: from 12 to 210
decisions it took the accuracy on others from 0.819 to 0.822 .. 0.833."""
ROUNDS = 200
log = logging.getLogger("desk.learn")


@dataclass(frozen=True, slots=True)
class Fit:
    """A refit's weights, shape (dim, labels), and how it did on held-back decisions beside the shipped head."""

    weights: Numbers
    decided: int
    right: int
    right_before: int
    loss: float
    loss_before: float

    @property
    def adopted(self) -> bool:
        """Whether it is worse neither in what it gets right nor in how sure it is of that."""
        return self.right >= self.right_before and self.loss <= self.loss_before

    @property
    def says(self) -> str:
        """One sentence for the log and `desk stats`."""
        verdict = "in use" if self.adopted else "refused: no better than what came with desk"
        held = f"{self.right} of {self.decided} held-back decisions right, {self.right_before} without"
        return f"categories refitted on {self.decided} decisions, {held}; {verdict}"


def odds(chances: Sequence[Mapping[str, float]]) -> Numbers:
    """Log-odds, shape (n, labels), of the heads' probabilities."""
    return np.log(np.array([[max(c.get(label, 0.0), 1e-4) for label in LABELS] for c in chances], np.float64))


def softmax(logits: Numbers) -> Numbers:
    """Probabilities by row."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def weigh(vectors: Numbers, base: Numbers, truth: NDArray[np.int64]) -> Numbers:
    """Weights, shape (dim, labels), added to the log-odds `base`: gradient descent, which converges for this loss."""
    wanted = np.eye(len(LABELS))[truth]
    weights = np.zeros((vectors.shape[1], len(LABELS)))
    step = 1.0 / (0.5 * float(np.linalg.norm(vectors, 2)) ** 2 + STRENGTH)
    for _ in range(ROUNDS):
        missed = softmax(base + vectors @ weights) - wanted
        weights -= step * (vectors.T @ missed + STRENGTH * weights)
    return weights


def fit(vectors: Numbers, base: Numbers, truth: NDArray[np.int64]) -> Fit:
    """A refit on these decisions, judged on folds of them; nearly the same messages stand in one fold."""
    alike = vectors @ vectors.T >= NEAR
    np.fill_diagonal(alike, True)
    fold = alike.argmax(axis=1) % FOLDS
    held = np.array(base)
    for number in range(FOLDS):
        out = fold == number
        if out.any() and not out.all():
            held[out] += vectors[out] @ weigh(vectors[~out], base[~out], truth[~out])
    right, loss = _measure(held, truth)
    before, loss_before = _measure(base, truth)
    return Fit(weigh(vectors, base, truth), len(truth), right, before, loss, loss_before)


def _measure(logits: Numbers, truth: NDArray[np.int64]) -> tuple[int, float]:
    """How many are right, and the mean log loss."""
    probabilities = softmax(logits)[np.arange(len(truth)), truth]
    return int((logits.argmax(axis=1) == truth).sum()), float(-np.log(probabilities).mean())


class Categories:
    """The memory and, where it was adopted, the refit: `pipeline.case.Learned`."""

    def __init__(self, embedder: Embedder, told: Vectors, labels: Sequence[str], refit: Fit | None) -> None:
        self.embedder, self.told, self.labels, self.refit = embedder, told, labels, refit

    def corrected(self, subject: str, text: str, chances: Mapping[str, float]) -> dict[str, float]:
        """See `Learned.corrected`; the probabilities sum to 1."""
        if self.refit is None or not self.refit.adopted:
            return dict(chances)
        vector = self.embedder.embed([joined(subject, text)]).astype(np.float64)
        found = softmax(odds([chances]) + vector @ self.refit.weights)[0]
        return dict(zip(LABELS, found.tolist(), strict=True))

    def remembered(self, subject: str, text: str) -> tuple[str, float] | None:
        """See `Learned.remembered`. Of several decisions equally near the newest counts."""
        if not len(self.told):
            return None
        near = self.told @ self.embedder.embed([joined(subject, text)])[0]
        best = int(near.argmax())
        return (self.labels[best], AGREE) if near[best] >= NEAR else None


class Teacher:
    """Keeps `rooms.learned` and `rooms.points` in step with what people decide. Embeds each decision once."""

    def __init__(self, db: Database, rooms: Rooms) -> None:
        self.db, self.rooms, self.says = db, rooms, ""
        self._seen: tuple[int, float] = (0, 0.0)
        self._known: dict[str, tuple[Vectors, dict[str, float]]] = {}

    def once(self) -> bool:
        """Learn anew when a person decided something since the last time; False when nobody did.

        Where learning fails the desk goes on with what came with it, and says why.
        """
        state = self.db.get(decisions.state())
        if state == self._seen:
            return False
        self._seen, self.says = state, ""
        self.rooms.points = thresholds.learned(self.db)
        try:
            self.rooms.learned = self.learn(self.rooms.embedder) if self.rooms.embedder else None
        except DeskError as problem:
            self.rooms.learned, self.says = None, f"no categories from corrections: {problem}"
        self.says = "; ".join(filter(None, (self.says, thresholds.says(self.rooms.points))))
        with self.db.write() as tx:
            changes.set_setting(tx, decisions.LEARNED, self.says)
        log.info("%s", self.says)
        return True

    def learn(self, embedder: Embedder) -> Categories | None:
        """The memory of what was corrected, and a refit on all that was decided where that is enough; stores nothing.

        None where no category was corrected.
        """
        decided = [one for one in self.db.get(decisions.categories()) if one.label in LABELS]
        if not any(one.corrected for one in decided):
            return None
        self._known = {one.content_hash: self._judged(embedder, one) for one in decided}
        vectors = np.array([self._known[one.content_hash][0] for one in decided], np.float32)
        told = [n for n, one in enumerate(decided) if one.corrected]
        refit = None
        if len(decided) >= FEWEST:
            base = odds([self._known[one.content_hash][1] for one in decided])
            truth = np.array([LABELS.index(one.label) for one in decided], np.int64)
            refit = fit(vectors.astype(np.float64), base, truth)
        few = f"corrected categories remembered: {len(told)}; a refit is tried from {FEWEST} decisions on"
        self.says = refit.says if refit else few
        return Categories(embedder, vectors[told], [decided[n].label for n in told], refit)

    def _judged(self, embedder: Embedder, one: Decision) -> tuple[Vectors, dict[str, float]]:
        """The vector of a decided message, and what the shipped head says of it."""
        if known := self._known.get(one.content_hash):
            return known
        text = split(one.text).reply.strip() or one.text
        chances = heads.judge(["category"], one.subject, text, embedder.embed)["category"]
        return embedder.embed([joined(one.subject, text)])[0], chances
