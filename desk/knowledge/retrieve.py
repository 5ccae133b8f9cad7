"""From a question to the passages that answer it, and whether they do."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from desk.domain.enums import Known
from desk.domain.ticket import Passage, Retrieval
from desk.knowledge import disagree
from desk.knowledge.answerable import band, features, probability
from desk.knowledge.embed import Embedder
from desk.knowledge.glossary import spoken
from desk.knowledge.index import Index
from desk.knowledge.same import same
from desk.knowledge.sentences import paragraphs, sentences
from desk.knowledge.snapshot import Hit

__all__ = ["near", "same", "search", "with_conflicts"]

_LONGEST_PASSAGE = 700
_LOOKED_AT = 8
RELEVANT = 0.3
"""From this score on a stronger authority is heard, however much nearer a weaker one is."""
NEARLY = 0.12
"""Scores this close to the best one count as equally near."""
_DIGITS = re.compile(r"\d+")
_VERSION = re.compile(r"\.[a-z]{2}$")


def search(
    index: Index,
    text: str,
    *,
    k: int = 5,
    contact_id: int | None = None,
    language: str = "",
    include_private: bool = True,
    on: date | None = None,
) -> Retrieval:
    """What the knowledge says to one question on the day `on` (today when None): the best passage of each of the `k`
    nearest items, best first.

    `answerable` and `known` are judged on public items alone, because only they may be quoted to a customer; internal
    ones are still listed (`Passage.public` tells) for the person who answers. `language` is that of the question, for
    which items in the same language are preferred; empty means: as the words of the question tell.
    """
    language = language or spoken(text)
    hits = index.search(
        text, max(k, _LOOKED_AT), contact_id=contact_id, include_private=include_private, language=language, on=on
    )
    public = [hit for hit in hits if hit.article.public]
    answerable = probability(features(public, language)) if public else 0.0
    known = band(answerable) if public else Known.NOVEL
    return Retrieval(text, tuple(passage(hit) for hit in hits[:k]), answerable, known)


def near(passages: Sequence[Passage]) -> list[Passage]:
    """Those of them (best first) that are as near as the best one."""
    return [p for p in passages if p.score >= passages[0].score - NEARLY]


def with_conflicts(found: Retrieval, embedder: Embedder) -> Retrieval:
    """The same with its contradictions: among what is as near as the best, and by a stronger authority from a floor on.

    What only people of the house may read speaks here too.
    """
    close = {p.article for p in near(found.passages)}
    said = {p.article: p.authority for p in found.passages if p.article in close or p.score >= RELEVANT}
    pairs = disagree.conflicts([p for p in found.passages if p.article in said], embedder)
    kept = [c for c in pairs if {c.article, c.other} <= close or said[c.article] != said[c.other]]
    return replace(found, conflicts=tuple(kept))


def passage(hit: Hit) -> Passage:
    """The part of the item around its nearest sentence: its paragraph, or a few sentences of a long one."""
    article = hit.article
    start, end = _around(article.body, hit.start, hit.end) if not article.question else _opening(article.body)
    return Passage(
        article=article.id,
        title=article.title or article.question,
        text=article.body[start:end],
        start=start,
        end=end,
        score=max(0.0, min(1.0, hit.score)),
        kind=article.kind,
        language=article.language,
        public=article.public,
        authority=article.standing,
    )


def in_language(index: Index, found: Passage, language: str) -> Passage | None:
    """The same passage in the article's version in another language (`returns` and `returns.fr` are versions of one).

    The same paragraph where both have as many, else the whole of a short article. None where there is no such version, it
    is not public or not in force, nobody could say which paragraph it is, or a number would be lost on the way.
    """
    base, original = _VERSION.sub("", found.article), index.article(found.article)
    versions = (index.article(name, quotable=True) for name in (f"{base}.{language}", base))
    other = next((v for v in versions if v is not None and v.language == language), None)
    if original is None or other is None:
        return None
    theirs, ours = paragraphs(other.body), paragraphs(original.body)
    place = next((n for n, (a, b) in enumerate(ours) if a <= found.start < b), None)
    if place is not None and len(theirs) == len(ours):
        start, end = theirs[place]
    elif len(other.body) <= _LONGEST_PASSAGE:
        start, end = 0, len(other.body)
    else:
        return None
    text = other.body[start:end]
    if not set(_DIGITS.findall(found.text)) <= set(_DIGITS.findall(text)):
        return None
    return replace(
        found, article=other.id, title=other.title, text=text, start=start, end=end, language=language,
        authority=other.standing,
    )  # fmt: skip


def _around(body: str, start: int, end: int) -> tuple[int, int]:
    """The paragraph that holds the span; the span with the sentences beside it where the paragraph is long."""
    for first, last in paragraphs(body):
        if first <= start < last:
            if last - first <= _LONGEST_PASSAGE:
                return first, last
            return _grown(body, first, last, start, min(end, last))
    return start, min(end, len(body))


def _grown(body: str, first: int, last: int, start: int, end: int) -> tuple[int, int]:
    spans = [(a + first, b + first) for a, b in sentences(body[first:last])]
    before = [span for span in spans if span[1] <= start]
    after = [span for span in spans if span[0] >= end]
    if before and end - before[-1][0] <= _LONGEST_PASSAGE:
        start = before[-1][0]
    for span in after:
        if span[1] - start > _LONGEST_PASSAGE:
            break
        end = span[1]
    return start, end


def _opening(body: str) -> tuple[int, int]:
    """The whole answer of a resolved ticket, or as many of its paragraphs as make a passage."""
    spans = paragraphs(body)
    if not spans:
        return 0, len(body)
    end = spans[0][1]
    for span in spans[1:]:
        if span[1] - spans[0][0] > _LONGEST_PASSAGE:
            break
        end = span[1]
    return spans[0][0], end
