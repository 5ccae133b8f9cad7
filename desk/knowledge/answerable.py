"""Whether the knowledge answers a question: a logistic on the scores of the search.

The coefficients are fitted by `.ci/fit_answerable.py` on the questions in `tests/knowledge/questions.jsonl`, which were
written for this project over the sample articles.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from desk.domain.enums import Known
from desk.knowledge.snapshot import Hit

_BIAS, _TOP, _MARGIN, _SPELLING, _FOREIGN = -10.95, 25.2, 4.5, 1.1, 0.8
KNOWN_FROM = 0.6
NOVEL_BELOW = 0.25


@dataclass(frozen=True, slots=True)
class Features:
    """What the judgement rests on: best score, its lead over the next different ones, spelling, and the language."""

    top: float
    margin: float
    spelling: float
    foreign: float


def features(hits: Sequence[Hit], language: str) -> Features:
    """Of the hits of one question (best first, at least one)."""
    scores = sorted((hit.plain for hit in hits), reverse=True)
    rest = scores[2:6]
    lead = scores[0] - (sum(rest) / len(rest) if rest else 0.0)
    return Features(scores[0], lead, max(hit.spelling for hit in hits), float(language != "en"))


def probability(found: Features) -> float:
    """Probability, 0..1, that one of the hits answers the question."""
    logit = _BIAS + _TOP * found.top + _MARGIN * found.margin + _SPELLING * found.spelling + _FOREIGN * found.foreign
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))


def band(answerable: float) -> Known:
    """Known, unsure or novel."""
    if answerable >= KNOWN_FROM:
        return Known.KNOWN
    return Known.UNSURE if answerable >= NOVEL_BELOW else Known.NOVEL
