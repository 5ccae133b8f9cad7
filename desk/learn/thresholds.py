"""From which score this desk keeps mail back: moved within narrow bounds by what its people released and confirmed."""

import math
from collections.abc import Sequence

from desk.guard.policy import SPAM_THRESHOLD, THRESHOLD
from desk.pipeline.case import Points
from desk.store import decisions
from desk.store.database import Database

FEWEST = 5
"""Decisions that must speak for a move before there is one."""
ATTACK_BOUNDS = (0.4, 0.55)
"""On labelled mail the upper one costs 6 of 184 attacks, the lower one 2 more false alarms in 390; 0.7 would cost 23."""
SPAM_MOST = 0.75
"""On labelled mail 2 of the 31 taken for spam at the usual point are let through here."""
STEP = 0.01
APART = 0.05
"""The point stays this far below every confirmed attack, for the next one like it."""


def point(default: float, harmless: Sequence[float], attacks: Sequence[float], least: float, most: float) -> float:
    """The score to keep mail back from, given the scores (0..1) of what people released and of what they confirmed.

    It rises above what was released, never near a confirmed attack, and falls to what was confirmed below it; both by
    no less than `FEWEST` decisions.
    """
    ceiling = min([most, *(score - APART for score in attacks if score >= default)])
    passing = [score for score in harmless if default <= score < ceiling]
    missed = [score for score in attacks if least <= score < default]
    if len(missed) >= FEWEST:
        return math.floor(min(missed) * 100) / 100
    if len(passing) >= FEWEST:
        return math.floor(min(ceiling, max(passing) + STEP) * 100) / 100
    return default


def learned(db: Database) -> Points:
    """This desk's points, from the scores stored with the mail people decided about."""
    guard = db.get(decisions.scores("guard"))
    harmless = [score for label, score in guard if label == "benign"]
    attacks = [score for label, score in guard if label != "benign"]
    ham = [score for label, score in db.get(decisions.scores("spam")) if label == "ham"]
    return Points(
        attack=point(THRESHOLD, harmless, attacks, *ATTACK_BOUNDS),
        spam=point(SPAM_THRESHOLD, ham, (), SPAM_THRESHOLD, SPAM_MOST),
    )


def says(points: Points) -> str:
    """One sentence for the log and `desk stats`, "" where nothing was moved."""
    if points == Points():
        return ""
    return (
        f"kept back from {points.attack:.2f} on (comes with {THRESHOLD:.2f}), spam from {points.spam:.2f} "
        f"(comes with {SPAM_THRESHOLD:.2f})"
    )
