"""What fits into the context, and what gives way: by a fixed order, never by position alone."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from desk.domain.enums import Tier
from desk.domain.guarded import CleanText
from desk.llm.prompts import Part

_SENTENCE = re.compile(r"[^\n.!?…。！？]+(?:[.!?…。！？]+|(?=\n)|$)")
_TELLING = re.compile(r"\d|\?|€|\$|£|@")


class Kind(IntEnum):
    """What a part is. The lower the number, the sooner it gives way; within a kind, the last of the sequence first.

    History is the exception: there the oldest, which stands first, goes first.
    """

    SIMILAR = 1
    """Resolved tickets like this one."""
    HISTORY = 2
    """Earlier messages of the thread, both directions, oldest first."""
    PASSAGE = 3
    """Passages of articles, best first."""
    OWN_REPLY = 4
    """Our last answer, to which the customer may refer."""
    CONTACT = 5
    """Who writes: name, earlier tickets."""
    FACT = 6
    """Looked-up orders and products."""
    COMMITMENT = 7
    """What was promised, and policies."""
    QUESTION = 8
    """What the customer asks now. Never dropped, never shortened."""


@dataclass(frozen=True, slots=True)
class Sized:
    """One part of a briefing with its kind, and a name a person reads when it had to go ("message of 3 May")."""

    part: Part
    kind: Kind
    name: str = ""
    short: CleanText | None = None
    """What it may be shortened to, where that was chosen before (with more time, and by meaning)."""

    @property
    def shortened(self) -> "Sized | None":
        """The part with what it may be shortened to in its place."""
        return replace(self, part=Part(self.part.label, self.short)) if self.short is not None else None

    @property
    def title(self) -> str:
        """The name, or the part's label."""
        return self.name or self.part.label


@dataclass(frozen=True, slots=True)
class Fitted:
    """What goes into the briefing, in the order it came. `dropped` says in words what was shortened or left out.

    `fits` is false only when the customer's question alone is larger than the limit; then nothing else is kept.
    """

    parts: tuple[Sized, ...]
    tier: Tier
    tokens: int
    dropped: tuple[str, ...]
    fits: bool


def fit(parts: Sequence[Sized], limit: int, count: Callable[[str], int]) -> Fitted:
    """Choose what fits into `limit` tokens.

    Normal: everything, word for word. Compacted (up to three times the limit): earlier messages are shortened to their
    telling sentences, oldest first, then parts go in the order of `Kind`. Emergency (more than that): nothing is
    shortened, parts go in the same order, and no model should be asked.
    """
    sizes = [_size(item, count) for item in parts]
    total = sum(sizes)
    if total <= limit:
        return Fitted(tuple(parts), Tier.NORMAL, total, (), True)
    tier = Tier.COMPACTED if total <= 3 * limit else Tier.EMERGENCY
    kept: dict[int, Sized] = dict(enumerate(parts))
    said: list[str] = []
    shortened: list[int] = []
    if tier is Tier.COMPACTED:
        for i in (i for i, item in enumerate(parts) if item.kind is Kind.HISTORY):
            if total <= limit:
                break
            short = parts[i].shortened or shorten(parts[i], sizes[i] // 3, count)
            if (size := _size(short, count)) < sizes[i]:
                total, sizes[i], kept[i] = total - sizes[i] + size, size, short
                shortened.append(i)
    for i in _order(parts):
        if total <= limit:
            break
        total -= sizes[i]
        del kept[i]
        said.append(f"{parts[i].title} left out")
    said[:0] = [f"{parts[i].title} shortened" for i in shortened if i in kept]
    return Fitted(tuple(kept[i] for i in sorted(kept)), tier, total, tuple(said), total <= limit)


def shorten(item: Sized, limit: int, count: Callable[[str], int]) -> Sized:
    """The part with its most telling sentences that fit into `limit` tokens, in their order, each word for word.

    Telling is: numbers, amounts, addresses and questions first, then the beginning. Nothing is rephrased, so clean text
    stays what the guard saw. A part of one sentence stays as it is.
    """
    text = str(item.part.text)
    sentences = [found.group().strip() for found in _SENTENCE.finditer(text) if found.group().strip()]
    by_worth = sorted(range(len(sentences)), key=lambda i: (not _TELLING.search(sentences[i]), i))
    chosen: list[int] = []
    used = count(f"## {item.part.label}\n")
    for i in by_worth:
        cost = count(sentences[i] + "\n")
        if used + cost <= limit:
            chosen.append(i)
            used += cost
    if not chosen and by_worth:
        chosen = by_worth[:1]
    short = "\n".join(sentences[i] for i in sorted(chosen))
    if not short or len(short) >= len(text):
        return item
    new = item.part.text.narrow(short) if isinstance(item.part.text, CleanText) else short
    return replace(item, part=Part(item.part.label, new))


def _order(parts: Sequence[Sized]) -> list[int]:
    """Positions in the order in which parts give way; the question is not among them."""
    droppable = [i for i, item in enumerate(parts) if item.kind is not Kind.QUESTION]
    return sorted(droppable, key=lambda i: (parts[i].kind, i if parts[i].kind is Kind.HISTORY else -i))


def _size(item: Sized, count: Callable[[str], int]) -> int:
    """Tokens of a part with its label and its frame (two lines with a code)."""
    frame = "[data 00000000]\n\n[end 00000000]" if item.part.outside else ""
    return count(f"\n\n## {item.part.label}\n") + count(str(item.part.text)) + (count(frame) if frame else 0)
