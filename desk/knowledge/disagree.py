"""Whether two pieces of knowledge contradict each other: one statement, in both, with another figure or the other way round.

Deterministic and shy: two sentences must be near in meaning before their figures are compared, only figures of one unit
are (30 days against 14 days, never 30 days against 5 euros), and what names other things (Germany, France; standard,
express) is no contradiction. Languages are compared by their English gloss.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from desk.domain.ticket import Article, Contradiction, Passage, outranks
from desk.knowledge.embed import Embedder
from desk.knowledge.glossary import to_english
from desk.knowledge.sentences import sentences

NEAR = 0.69
"""Cosine from which two sentences, their figures taken out, are about the same."""
OPPOSED = 0.8
"""The same where one says yes and the other no: closer, because a small word decides."""
_FIGURE = re.compile(
    r"(?P<before>[€$£])?\s?(?P<number>\d+(?:[.,]\d+)*)\s?(?P<unit>working days?|days?|weeks?|months?|years?|hours?|minutes?|"
    r"euros?|eur|€|usd|\$|gbp|£|%|per ?cent|percent|w|watts?|kg|cm)?(?!\w)",
    re.I,
)
_UNITS = {"working day": "day", "euro": "eur", "€": "eur", "$": "usd", "£": "gbp", "per cent": "%", "percent": "%"}
_NO = re.compile(
    r"\b(?:not|never|no|cannot|can't|don't|doesn't|isn't|aren't|won't|nicht|kein\w*|nie|niet|geen|nooit|ne|pas|jamais|aucun\w*|"
    r"nunca|ningun\w*|non)\b",
    re.I,
)
_CONDITION = re.compile(r"\b(?:until|unless|before|without|except|(?:as|so) long as)\b", re.I)
"""Words that carry a no of their own: "until it is packed" and "as long as it is not packed" say the same."""
_NAME = re.compile(r"(?<=[\w,;] )[A-ZÀ-Ý][\w-]+")
_MOST = 24
"""Sentences of each that are compared."""


@dataclass(frozen=True, slots=True)
class _Statement:
    """A sentence as it stands, its figures by unit, its English gloss without them, and whether it says no (None: not sure)."""

    said: str
    figures: dict[str, set[str]]
    bare: str
    denies: bool | None

    @property
    def words(self) -> frozenset[str]:
        """Its longer words, without the s of a plural."""
        return frozenset(w.rstrip("s") for w in re.findall(r"[^\W\d_]{4,}", self.bare.lower()))

    @property
    def names(self) -> frozenset[str]:
        """What stands with a capital within it."""
        return frozenset(_NAME.findall(self.bare))


def conflicts(passages: Sequence[Passage], embedder: Embedder) -> tuple[Contradiction, ...]:
    """Every two of these that contradict each other, the one that counts first: the stronger authority, else the nearer."""
    found = []
    for place, one in enumerate(passages):
        for other in passages[place + 1 :]:
            first, second = (other, one) if outranks(other.authority, one.authority) else (one, other)
            if first.article != second.article and (said := opposed(first.text, second.text, embedder)):
                found.append(Contradiction(first.article, second.article, *said))
    return tuple(found)


def between(one: Article, other: Article, embedder: Embedder) -> Contradiction | None:
    """The contradiction between two whole items, the stronger authority first; None where there is none."""
    first, second = (other, one) if outranks(other.standing, one.standing) else (one, other)
    said = opposed(first.body, second.body, embedder)
    return Contradiction(first.id, second.id, *said) if said else None


def opposed(one: str, other: str, embedder: Embedder) -> tuple[str, str] | None:
    """The two sentences that contradict each other, one of each text; the nearest such two, None where there are none."""
    mine, theirs = _statements(one), _statements(other)
    if not mine or not theirs:
        return None
    vectors = embedder.embed([statement.bare for statement in (*mine, *theirs)])
    near = vectors[: len(mine)] @ vectors[len(mine) :].T
    found: tuple[float, str, str] | None = None
    for i, one_says in enumerate(mine):
        for j, other_says in enumerate(theirs):
            likeness = float(near[i, j])
            if _contradicts(one_says, other_says, likeness) and (found is None or likeness > found[0]):
                found = (likeness, one_says.said, other_says.said)
    return found[1:] if found else None


def _contradicts(one: _Statement, other: _Statement, likeness: float) -> bool:
    if likeness < NEAR or _about_others(one, other):
        return False
    if likeness >= OPPOSED and {one.denies, other.denies} == {True, False}:
        return True
    return any(not one.figures[unit] & other.figures[unit] for unit in one.figures.keys() & other.figures.keys())


def _about_others(one: _Statement, other: _Statement) -> bool:
    """Whether each names things that the other does not, or one word alone tells them apart."""
    if one.names and other.names and not one.names & other.names:
        return True
    return len(one.words - other.words) == len(other.words - one.words) == 1 and bool(one.words & other.words)


def _statements(text: str) -> list[_Statement]:
    found = []
    for start, end in sentences(text)[:_MOST]:
        said = " ".join(text[start:end].split())
        gloss = to_english(said)
        figures: dict[str, set[str]] = {}
        for match in _FIGURE.finditer(gloss):
            unit = (match["unit"] or match["before"] or "").lower()
            unit = _UNITS.get(unit.rstrip("s") if len(unit) > 1 else unit, unit.rstrip("s"))
            if unit:
                figures.setdefault(unit, set()).add(_plain(match["number"]))
        bare = " ".join(_NO.sub(" ", _FIGURE.sub(" ", gloss)).split())
        if len(bare.split()) >= 2:
            denies = None if _CONDITION.search(gloss) else bool(_NO.search(said))
            found.append(_Statement(said, figures, bare, denies))
    return found


def _plain(number: str) -> str:
    """30, 30.00 and 30,00 are one number."""
    whole = number.replace(",", ".")
    head, dot, tail = whole.rpartition(".")
    if dot and len(tail) == 3:
        return whole.replace(".", "")
    return head.replace(".", "") + (f".{tail}" if tail.strip("0") else "") if dot else whole
