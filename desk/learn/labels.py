"""Category, priority and mood, learned from the people of this desk: a memory of what they said, and a small refit.

Each field learns by itself. The memory works from the first correction on: nearly the same message gets the label a person
gave. The refit adds a correction to the shipped head's log-odds, linear in the message's vector (regularised multinomial
logistic regression with the head as offset), and is adopted only where it is no worse on decisions it was not fitted on.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from desk.domain.enums import FIELDS
from desk.errors import DeskError
from desk.knowledge.embed import Embedder
from desk.learn import thresholds
from desk.mail.reply import split
from desk.pipeline.case import Opinion, Rooms
from desk.store import changes, decisions
from desk.store.database import Database
from desk.store.decisions import Decision
from desk.triage import heads
from desk.triage.features import joined

Vectors = NDArray[np.float32]
Numbers = NDArray[np.float64]
Chances = Mapping[str, float]
LABELS = {field: tuple(map(str, labels)) for field, labels in FIELDS.items()}
WORDS = {"category": "categories", "priority": "priorities", "sentiment": "moods"}
NEAR = 0.8
"""Cosine from which two messages are nearly the same."""
AGREE = 0.9
"""Of 35 labelled messages that near to one the shipped head had wrong, 32 had its category (the head: 5); of 25, 20 had its
priority (the head: 7)."""
FEWEST = 12
"""Decisions before a refit is tried."""
FOLDS = 5
STRENGTH = 2.0
"""Weight of the squared correction against the decisions' log loss, summed. Chosen on labelled messages: from 12 to 210
decisions it took the accuracy on others from 0.819 to 0.822 .. 0.833, of moods (12 to 100) from 0.73 to 0.76 .. 0.81."""
ROUNDS = 200
log = logging.getLogger("desk.learn")


@dataclass(frozen=True, slots=True)
class Fit:
    """A field's refit: weights, shape (dim, labels), and how it did on held-back decisions beside the shipped head."""

    field: str
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
        verdict = "in use" if self.adopted else "refused, no better than what came with desk"
        held = f"{self.right} of {self.decided} held-back decisions right, {self.right_before} without"
        return f"{WORDS[self.field]} refitted on {self.decided} decisions, {held}: {verdict}"


def odds(field: str, chances: Sequence[Chances]) -> Numbers:
    """Log-odds, shape (n, labels), of the head's probabilities."""
    return np.log(np.array([[max(c.get(label, 0.0), 1e-4) for label in LABELS[field]] for c in chances], np.float64))


def softmax(logits: Numbers) -> Numbers:
    """Probabilities by row."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def weigh(vectors: Numbers, base: Numbers, truth: NDArray[np.int64]) -> Numbers:
    """Weights, shape (dim, labels), added to the log-odds `base`: gradient descent, which converges for this loss."""
    wanted = np.eye(base.shape[1])[truth]
    weights = np.zeros((vectors.shape[1], base.shape[1]))
    step = 1.0 / (0.5 * float(np.linalg.norm(vectors, 2)) ** 2 + STRENGTH)
    for _ in range(ROUNDS):
        missed = softmax(base + vectors @ weights) - wanted
        weights -= step * (vectors.T @ missed + STRENGTH * weights)
    return weights


def fit(field: str, vectors: Numbers, base: Numbers, truth: NDArray[np.int64]) -> Fit:
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
    return Fit(field, weigh(vectors, base, truth), len(truth), right, before, loss, loss_before)


def _measure(logits: Numbers, truth: NDArray[np.int64]) -> tuple[int, float]:
    """How many are right, and the mean log loss."""
    probabilities = softmax(logits)[np.arange(len(truth)), truth]
    return int((logits.argmax(axis=1) == truth).sum()), float(-np.log(probabilities).mean())


@dataclass(frozen=True, slots=True)
class Taught:
    """One field: the vectors of what was corrected, shape (n, dim), with their labels, newest first, and the refit."""

    field: str
    told: Vectors
    labels: Sequence[str]
    refit: Fit | None

    def opinion(self, vector: Vectors, chances: Chances) -> Opinion:
        """What it says of a message with this vector, for which the head gave these chances."""
        return Opinion(self._corrected(vector, chances), self._remembered(vector))

    def _corrected(self, vector: Vectors, chances: Chances) -> dict[str, float]:
        if self.refit is None or not self.refit.adopted:
            return dict(chances)
        found = softmax(odds(self.field, [chances]) + vector.astype(np.float64) @ self.refit.weights)[0]
        return dict(zip(LABELS[self.field], found.tolist(), strict=True))

    def _remembered(self, vector: Vectors) -> tuple[str, float] | None:
        """Of several decisions equally near the newest counts."""
        if not len(self.told):
            return None
        near = self.told @ vector
        best = int(near.argmax())
        return (self.labels[best], AGREE) if near[best] >= NEAR else None

    @property
    def says(self) -> str:
        """One sentence for the log and `desk stats`."""
        few = f"corrected {WORDS[self.field]} remembered: {len(self.labels)} (a refit is tried from {FEWEST} decisions on)"
        return self.refit.says if self.refit else few


class Labels:
    """What was learned, by field: `pipeline.case.Learned`. A message is embedded once for all fields."""

    def __init__(self, embedder: Embedder, fields: Mapping[str, Taught]) -> None:
        self.embedder, self.fields = embedder, fields

    def opinions(self, subject: str, text: str) -> dict[str, Opinion]:
        """See `Learned.opinions`."""
        vector, chances = _read(self.embedder, self.fields, subject, text)
        return {field: taught.opinion(vector, chances[field]) for field, taught in self.fields.items()}


def _read(
    embedder: Embedder, fields: Iterable[str], subject: str, text: str
) -> tuple[Vectors, dict[str, dict[str, float]]]:
    """A message's vector, shape (dim,), and what the shipped heads say of these fields."""
    vectors = embedder.embed([joined(subject, text)])
    return vectors[0], heads.judge(tuple(fields), subject, text, lambda texts: vectors)


class Teacher:
    """Keeps `rooms.learned` and `rooms.points` in step with what people decide. Embeds each decision once."""

    def __init__(self, db: Database, rooms: Rooms) -> None:
        self.db, self.rooms, self.says = db, rooms, ""
        self._seen: tuple[int, float] = (0, 0.0)
        self._known: dict[str, tuple[Vectors, dict[str, dict[str, float]]]] = {}

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
            self.rooms.learned, self.says = None, f"nothing from corrections: {problem}"
        self.says = "; ".join(filter(None, (self.says, thresholds.says(self.rooms.points))))
        with self.db.write() as tx:
            changes.set_setting(tx, decisions.LEARNED, self.says)
        log.info("%s", self.says)
        return True

    def learn(self, embedder: Embedder) -> Labels | None:
        """What was decided about each field; stores nothing. None where nothing was corrected."""
        decided = {field: self._decided(field) for field in FIELDS}
        kept = {one.content_hash: one for of_field in decided.values() for one in of_field}
        self._known = {key: self._known.get(key) or self._judged(embedder, one) for key, one in kept.items()}
        taught = {field: self._taught(field, given) for field, given in decided.items() if given}
        self.says = "; ".join(one.says for one in taught.values())
        return Labels(embedder, taught) if taught else None

    def _decided(self, field: str) -> list[Decision]:
        """A field's decisions, none where it was never corrected: what was only let stand teaches nothing new."""
        decided = [one for one in self.db.get(decisions.of_field(field)) if one.label in LABELS[field]]
        return decided if any(one.corrected for one in decided) else []

    def _taught(self, field: str, decided: Sequence[Decision]) -> Taught:
        """The memory of what was corrected, and a refit on all that was decided where that is enough."""
        known = [self._known[one.content_hash] for one in decided]
        vectors = np.array([vector for vector, _ in known], np.float32)
        told = [n for n, one in enumerate(decided) if one.corrected]
        refit = None
        if len(decided) >= FEWEST:
            base = odds(field, [chances[field] for _, chances in known])
            truth = np.array([LABELS[field].index(one.label) for one in decided], np.int64)
            refit = fit(field, vectors.astype(np.float64), base, truth)
        return Taught(field, vectors[told], [decided[n].label for n in told], refit)

    def _judged(self, embedder: Embedder, one: Decision) -> tuple[Vectors, dict[str, dict[str, float]]]:
        """The vector of a decided message, and what the shipped heads say of it."""
        return _read(embedder, FIELDS, one.subject, split(one.text).reply.strip() or one.text)
