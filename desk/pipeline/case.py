"""What a step is given (one ticket's case, the rooms it may use) and what it hands back."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol

from desk.config import Config, MailboxConfig
from desk.domain.guarded import CleanText
from desk.domain.playbooks import Playbook
from desk.guard.meaning import Embed
from desk.guard.policy import SPAM_THRESHOLD, THRESHOLD
from desk.knowledge.embed import Embedder
from desk.knowledge.index import Index
from desk.knowledge.outside import Outside
from desk.llm import Models
from desk.llm.base import Usage
from desk.pipeline.voice import Voices


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier message of the thread, ours or theirs, without quotes."""

    message_id: int
    ours: bool
    at: datetime
    author: str
    text: CleanText
    short: CleanText | None = None
    """Its most telling sentences, word for word, where it is long and they were chosen already."""


@dataclass(frozen=True, slots=True)
class Promise:
    """Something we promised in this ticket that is not done yet: our words, when we said so, and the day it is due."""

    text: CleanText
    at: datetime
    due: date | None


@dataclass(frozen=True, slots=True)
class Remembered:
    """A question to which somebody said which article answers it, from then on."""

    id: int
    question: str
    article: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Case:
    """One ticket as the steps see it. Everything from outside is `CleanText`; nothing else from outside is in here."""

    thread_id: int
    run_id: int
    number: str
    subject: CleanText
    question: CleanText
    """What the customer wrote since our last answer, all messages of a burst together."""
    turns: tuple[Turn, ...]
    """The thread before that, oldest first."""
    contact_id: int
    contact_name: str
    contact_addr: str
    earlier_threads: int
    box: MailboxConfig
    replies_to_sender: bool = True
    """False when Reply-To leads elsewhere: account facts then stay out of the reply."""
    forged: bool = False
    """The receiving server found that the sender is not who they say: nothing of an account is told (RFC 8601)."""
    vip: bool = False
    """Whether people marked this contact as one to be careful with."""
    instruction: str = ""
    """What the agent asked for at a redraft: an instruction, or the reason of a rejection."""
    rejected: str = ""
    """The draft that was refused."""
    chosen: str = ""
    """The article an agent picked when the search was unsure."""
    remembered: tuple[Remembered, ...] = ()
    """What people answered before and want used again."""
    said: Mapping[str, str] = field(default_factory=dict)
    """What a person said of this ticket, before this message or while it was worked on: its category, its priority, and
    the mood of the last message (field → label)."""
    promised: tuple[Promise, ...] = ()
    """What we promised before and have not done yet, the one that is due first in front."""
    on: date | None = None
    """The day for which knowledge must hold; None for today."""
    outputs: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    """Stored outputs of the steps before this one."""


@dataclass(frozen=True, slots=True)
class Points:
    """The scores from which a message counts as an attack and as spam: those desk comes with, or this desk's own."""

    attack: float = THRESHOLD
    spam: float = SPAM_THRESHOLD


@dataclass(frozen=True, slots=True)
class Opinion:
    """What people's decisions say of one field (category, priority or sentiment) of a message."""

    chances: dict[str, float]
    """The head's probability of each label, put right where decisions put similar messages right; they sum to 1."""
    remembered: tuple[str, float] | None
    """The label a person gave nearly this message, and how probable it is for this one; None without one."""

    @property
    def best(self) -> str:
        """The label it comes to."""
        return self.remembered[0] if self.remembered else max(self.chances, key=lambda label: self.chances[label])


class Learned(Protocol):
    """What the desk learned from its people's decisions."""

    def opinions(self, subject: str, text: str) -> dict[str, Opinion]:
        """The opinion on each field in which people corrected something; the others are left out."""


@dataclass(slots=True)
class Rooms:
    """The services a step may use. One that is missing is None, and `off` says why in words."""

    config: Config
    embedder: Embedder | None
    index: Index | None
    models: Models
    orders: Path | None
    products: Path | None
    outside: Outside | None = None
    """Lookups by programs and web services of the house."""
    off: dict[str, str] = field(default_factory=dict)
    trust: dict[str, float] = field(default_factory=dict)
    """Weight of the model's opinion by step, 0..1, as measured; what was never measured has none."""
    points: Points = Points()
    learned: Learned | None = None
    """Loaded when people correct something; None before the first correction."""
    playbooks: Callable[[], Sequence[Playbook]] = tuple
    """How the house answers, as its files are now."""
    voices: Voices = lambda mailbox: ()
    """How a mailbox writes, as far as it is known."""
    cancel: threading.Event = field(default_factory=threading.Event)
    stream: Callable[[int, str], None] = lambda thread_id, text: None
    """Called with the thread and the draft so far while a model writes."""

    @property
    def vectors(self) -> Embed | None:
        """Vectors for the guard's second head, which reads only those of the model that comes with desk."""
        return self.embedder.tokens if self.embedder is not None and self.embedder.bundled else None


@dataclass(frozen=True, slots=True)
class Result:
    """What a step hands back: its output as plain JSON types, and what it cost."""

    output: dict[str, Any]
    usage: Usage | None = None
    model: str = ""
    prompt_version: str = ""
