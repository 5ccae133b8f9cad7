"""What people did with the drafts: approved, edited, rejected and why, and how much an edit changed."""

import difflib
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from desk.store.ledger import FeedbackRow


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts by verdict and by reason, and the median share of an edited draft that stayed (0..1, None without edits)."""

    verdicts: dict[str, int]
    reasons: dict[str, int]
    kept: float | None


def summary(rows: Sequence[FeedbackRow]) -> Summary:
    """The drafts of these rows, summed up."""
    edited = [likeness(row.before, row.after) for row in rows if row.verdict == "edited" and row.before]
    return Summary(
        verdicts=dict(Counter(row.verdict for row in rows)),
        reasons=dict(Counter(row.reason for row in rows if row.reason)),
        kept=statistics.median(edited) if edited else None,
    )


def likeness(before: str, after: str) -> float:
    """Share of words that stayed, in order: 1.0 for the same text (Ratcliff and Obershelp 1988, as in difflib)."""
    return difflib.SequenceMatcher(None, before.split(), after.split(), autojunk=False).ratio()
