"""Records of the first door: a verdict with its evidence, and text that passed."""

import hashlib
from dataclasses import dataclass
from typing import Any

from desk.domain.enums import AttackType


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason for a verdict: which layer and rule, in which channel, and where in that channel's original text.

    `start` and `end` are character offsets into the channel's text as received (before decoding); `text` is what was
    matched after decoding, so a disguise can be shown beside what it hid.
    """

    layer: str
    rule: str
    channel: str
    start: int
    end: int
    text: str
    weight: float = 0.0
    attack_type: AttackType = AttackType.NONE

    def as_json(self) -> dict[str, Any]:
        """The evidence object of `desk inspect`."""
        return {
            "layer": self.layer,
            "rule": self.rule,
            "channel": self.channel,
            "start": self.start,
            "end": self.end,
            "text": self.text,
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the guard found. `score`, `spam` and `phishing` are 0..1; an incomplete scan is never a clean one."""

    flagged: bool
    score: float
    attack_type: AttackType
    evidence: tuple[Evidence, ...]
    spam: float
    phishing: float
    complete: bool
    scanner: str
    """Version of rules and head, so a rescan can list changed verdicts."""
    ms: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """The `guard` object of `desk inspect`."""
        return {
            "flagged": self.flagged,
            "score": round(self.score, 4),
            "attack_type": str(self.attack_type),
            "evidence": [e.as_json() for e in self.evidence],
            "spam": round(self.spam, 4),
            "phishing": round(self.phishing, 4),
            "complete": self.complete,
        }


_SEAL = object()


class CleanText:
    """Text from outside that passed the guard: the only such text a prompt accepts.

    Made by `guard.scan` (verdict clean) or `guard.readmit` (clean in the store, or released by a person for exactly this
    content); nothing else holds the seal, and a test walks the code to prove it. `narrow` gives a part of it.
    """

    __slots__ = ("origin", "text")

    def __init__(self, text: str, origin: str, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("CleanText is made by the guard alone; scan the message first")
        self.text = text
        self.origin = origin

    def narrow(self, part: str) -> "CleanText":
        """A part of this text, line by line; raises ValueError when `part` holds a line this text does not."""
        mine = {line.strip() for line in self.text.splitlines()}
        for line in part.splitlines():
            if line.strip() and line.strip() not in mine and line.strip() not in self.text:
                raise ValueError("a part of clean text may not hold anything the whole does not")
        return CleanText(part, self.origin, _SEAL)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"CleanText({len(self.text)} characters, {self.origin})"


@dataclass(frozen=True, slots=True)
class Scan:
    """A verdict, and the text that may go on where the verdict is clean and the scan complete."""

    verdict: Verdict
    clean: CleanText | None
    hidden: str
    """What a person would not have seen, for the quarantine pane."""
    visible: str
    """What a person sees, whatever the verdict: for panes only, never for a prompt."""


def content_hash(raw: bytes) -> str:
    """SHA-256 of a message's exact bytes, in hex: what a release, a blob and an example are bound to."""
    return hashlib.sha256(raw).hexdigest()
