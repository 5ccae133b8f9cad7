"""Records of judgement: triage, knowledge, plan, draft, route."""

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from desk.domain.enums import (
    ActionKind,
    Author,
    Authority,
    Category,
    Intent,
    Known,
    Priority,
    Register,
    RouteTo,
    Sentiment,
    Tier,
)


@dataclass(frozen=True, slots=True)
class IntentSpan:
    """One intent and the characters of the message that carry it."""

    intent: Intent
    confidence: float
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Triage:
    """What a message is about. `confidence` is the calibrated probability of `category`, `probabilities` all of them."""

    category: Category
    priority: Priority
    sentiment: Sentiment
    language: str
    register: Register
    urgent: bool
    confidence: float
    intents: tuple[IntentSpan, ...]
    probabilities: dict[str, float] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The `triage` object of `desk inspect`."""
        return {
            "category": str(self.category),
            "priority": str(self.priority),
            "sentiment": str(self.sentiment),
            "language": self.language,
            "urgent": self.urgent,
            "confidence": round(self.confidence, 4),
            "intents": [
                {"intent": str(i.intent), "confidence": round(i.confidence, 4), "start": i.start, "end": i.end}
                for i in self.intents
            ],
        }


BLANK = re.compile(r"\[(?:name|number|address|link)\]")
"""What stands in a text where something of a customer was taken out."""


@dataclass(frozen=True, slots=True)
class Article:
    """One piece of knowledge: an article, or a resolved ticket (`kind` "ticket") whose body is our approved answer."""

    id: str
    title: str
    body: str
    kind: str = "article"
    category: str = ""
    language: str = "en"
    public: bool = True
    contact_id: int | None = None
    """Set on what belongs to one contact only: filtered before any search."""
    question: str = ""
    """For a resolved ticket: what the customer asked."""
    authority: Authority = Authority.ARTICLE
    """What it was saved as; `standing` is what counts."""
    valid_from: str = ""
    """The first day it holds, as an ISO date; empty: always has."""
    valid_until: str = ""
    """The last day it holds, as an ISO date; empty: until it is replaced."""
    supersedes: tuple[str, ...] = ()
    """Ids of what it takes the place of, from its first day on."""

    @property
    def standing(self) -> Authority:
        """Its authority. What was learnt from mail never has more than that, whatever it says of itself."""
        return Authority.LEARNT if self.kind == "ticket" else self.authority

    def holds(self, on: date) -> bool:
        """Whether it is valid on that day, both ends included."""
        day = on.isoformat()
        return (not self.valid_from or self.valid_from <= day) and (not self.valid_until or day <= self.valid_until)

    def replaces(self, other: "Article") -> bool:
        """Whether it names `other`, or the document that `other` is a part of, and has at least its authority."""
        names = (other.id, other.id.partition("#")[0])
        return any(n in self.supersedes for n in names) and not outranks(other.standing, self.standing)


def outranks(one: Authority, other: Authority) -> bool:
    """Whether `one` is the stronger authority."""
    order = list(Authority)
    return order.index(one) < order.index(other)


@dataclass(frozen=True, slots=True)
class Passage:
    """The part of an article that answers: `start` and `end` are offsets into its body, `score` 0..1."""

    article: str
    title: str
    text: str
    start: int
    end: int
    score: float
    kind: str = "article"
    language: str = "en"
    public: bool = True
    authority: Authority = Authority.ARTICLE


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two pieces of knowledge that say different things: `said` stands in `article`, `other_said` in `other`."""

    article: str
    other: str
    said: str
    other_said: str


@dataclass(frozen=True, slots=True)
class Retrieval:
    """What the knowledge says to one question. `answerable` is a calibrated probability."""

    question: str
    passages: tuple[Passage, ...]
    answerable: float
    known: Known
    conflicts: tuple[Contradiction, ...] = ()
    """Passages among these that contradict each other, the stronger authority (or the nearer one) first."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One looked-up fact (an order, a product) with the text a customer may read. `source` names where it stands."""

    kind: str
    key: str
    text: str
    source: str
    fields: dict[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """What a claim that rests on it names."""
        return f"{self.kind}:{self.key}"


@dataclass(frozen=True, slots=True)
class Source:
    """What a draft rests on: a passage, a fact, the customer's own mail."""

    id: str
    title: str
    start: int
    end: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement of a draft that a source must carry; `source` is None where none does."""

    text: str
    source: str | None


@dataclass(frozen=True, slots=True)
class Draft:
    """A reply as it is offered. `confidence` is a calibrated probability that it can be sent unedited."""

    subject: str
    body: str
    language: str
    written_by: Author
    confidence: float
    sources: tuple[Source, ...]
    claims: tuple[Claim, ...]
    register: Register = Register.FORMAL
    notes: tuple[str, ...] = ()
    """What the agent should know, in words: why the model's version was refused, what language had no article."""

    def as_json(self) -> dict[str, Any]:
        """The `draft` object of `desk inspect`."""
        return {
            "subject": self.subject,
            "body": self.body,
            "language": self.language,
            "written_by": str(self.written_by),
            "confidence": round(self.confidence, 4),
            "sources": [{"id": s.id, "title": s.title, "start": s.start, "end": s.end} for s in self.sources],
            "claims": [{"text": c.text, "source": c.source} for c in self.claims],
        }


@dataclass(frozen=True, slots=True)
class PlannedAction:
    """One step of a plan, in words a person can read and edit."""

    kind: ActionKind
    detail: str
    data: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gate:
    """One check of a draft: its name, whether it holds, and the reason in words."""

    name: str
    passed: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Route:
    """Where a ticket goes and why; every gate is listed."""

    to: RouteTo
    reason: str
    gates: tuple[Gate, ...]


@dataclass(frozen=True, slots=True)
class ContextNote:
    """What fitted into the context: the tier, its tokens, and what was dropped, in words."""

    tier: Tier
    tokens: int
    dropped: tuple[str, ...]
