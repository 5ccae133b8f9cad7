"""Whether two messages ask the same."""

import re

from desk.knowledge.embed import Embedder
from desk.knowledge.lexical import Spelling

_NUMBER = re.compile(r"[#(]?\b[A-Z]{0,4}[-_]?\d[\w./-]*", re.IGNORECASE)
_SPELLING = 0.15


def same(embedder: Embedder, a: str, b: str) -> float:
    """0..1: how surely `b` asks the same as `a`. Numbers (orders, dates, amounts) count for nothing."""
    first, second = (_NUMBER.sub(" ", text).strip() or text for text in (a, b))
    if not first.strip() or not second.strip():
        return 0.0
    vectors = embedder.embed([first, second])
    spelling = float(Spelling([first, second]).likeness(first)[1])
    score = (1 - _SPELLING) * float(vectors[0] @ vectors[1]) + _SPELLING * spelling
    return max(0.0, min(1.0, score))
