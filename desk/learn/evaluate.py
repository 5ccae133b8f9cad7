"""Measuring guard and triage on labelled messages."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from desk.guard.policy import PHISHING_THRESHOLD, SPAM_THRESHOLD
from desk.guard.scan import scan
from desk.knowledge.embed import Embedder
from desk.mail.parse import parse
from desk.triage import triage


@dataclass(frozen=True, slots=True)
class Labelled:
    """The messages of one story and what is right about them: `attack`, `category`, `language` (one, or a list of any)."""

    raws: tuple[bytes, ...]
    expect: dict[str, Any] = field(default_factory=dict)

    @property
    def attack(self) -> bool:
        """Whether the guard must flag it."""
        return "attack" in self.expect or self.expect.get("place") == "quarantine"


@dataclass(slots=True)
class Figures:
    """What was counted. `right` holds (hits, labelled) by label."""

    found: int = 0
    attacks: int = 0
    alarms: int = 0
    harmless: int = 0
    spam: int = 0
    spam_found: int = 0
    spam_alarms: int = 0
    times: list[float] = field(default_factory=list)
    right: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def median_ms(self) -> float:
        """Median time of a scan in milliseconds, 0 where nothing was scanned."""
        return sorted(self.times)[len(self.times) // 2] if self.times else 0.0


def measure(stories: Iterable[Labelled], embedder: Embedder | None) -> Figures:
    """Scan every message and label the last of each story that is not flagged; without an embedder only scan."""
    figures = Figures()
    vectors = embedder.tokens if embedder is not None and embedder.bundled else None
    for story in stories:
        mails = [parse(raw) for raw in story.raws]
        scans = [scan(mail, raw=raw, embed=vectors) for mail, raw in zip(mails, story.raws, strict=True)]
        figures.times += [s.verdict.ms for s in scans]
        flagged = any(s.verdict.flagged for s in scans)
        junk = any(s.verdict.spam >= SPAM_THRESHOLD or s.verdict.phishing >= PHISHING_THRESHOLD for s in scans)
        if story.expect.get("place") == "spam":
            figures.spam += 1
            figures.spam_found += junk
        elif not story.attack:
            figures.spam_alarms += junk
        if story.attack:
            figures.attacks += 1
            figures.found += flagged
        elif not story.expect.get("released"):
            figures.harmless += 1
            figures.alarms += flagged
        if embedder is None or flagged or not mails:
            continue
        labels = triage(mails[-1].reply_text, subject=mails[-1].subject, embed=embedder.embed)
        for key, seen in (("category", str(labels.category)), ("language", labels.language)):
            if wanted := story.expect.get(key):
                hits, total = figures.right.get(key, (0, 0))
                figures.right[key] = (hits + (seen in (wanted if isinstance(wanted, list) else [wanted])), total + 1)
    return figures
