"""Search: each question of the message against articles and resolved tickets, and what can be looked up."""

import re
from collections.abc import Sequence
from dataclasses import replace

from desk.domain.codec import to_json
from desk.domain.enums import Category, Intent, Known, Sentiment
from desk.domain.ticket import Fact, Passage, Retrieval, Triage
from desk.errors import KnowledgeError
from desk.knowledge import lookup, retrieve
from desk.knowledge.embed import Embedder
from desk.knowledge.index import Index
from desk.pipeline.case import Case, Result, Rooms
from desk.pipeline.compose import NONE_FITS, quotable
from desk.pipeline.material import triage_of
from desk.triage import intents
from desk.triage.clauses import clauses

MOST_QUESTIONS = 3
SURE = 0.75
"""How answerable a single part must be to count as a question beside the whole message."""
PART = 0.5
"""How answerable each of several parts must be to be taken for the message's questions."""
SHORT = 160
"""A message that only says thank you is shorter than this many characters."""
SAME_ANSWER = 0.75
"""Cosine of two passages from which they are one answer to one question."""
_NOT_THEIRS = "An order was found that is not this sender's: its facts stay out of the reply."
_FORGED = "The mail server says that the sender is somebody else: what we know of the order stays out of the reply."
_ORDER = re.compile(
    r"\b(?:my|meine?r?|mijn|ma|mi)\s+(?:order|parcel|package|delivery|bestellung|paket|lieferung|bestelling|pakket|"
    r"commande|colis|pedido|paquete|envío)\b|\b(?:where is|wo ist|wo bleibt|waar is|où est|dónde está)\b",
    re.I,
)


def run(case: Case, rooms: Rooms) -> Result:
    """Look every question up. Without an index the ticket goes on as novel, and says so; a failed lookup never stops it."""
    labels = triage_of(case.outputs)
    problems: list[str] = []
    text = case.question.text
    spans = intents.questions(text)
    unanswered: list[str] = []
    if rooms.index is None:
        problems.append(rooms.off.get("knowledge", "The knowledge index is off."))
        retrievals = [Retrieval(text, (), 0.0, Known.NOVEL)]
    else:
        retrievals, unanswered = look_up(case, rooms.index, rooms.embedder, labels.language, spans)
    retrievals = _prefer_chosen(retrievals, case.chosen)
    if rooms.embedder is not None:
        retrievals = [retrieve.with_conflicts(one, rooms.embedder) for one in retrievals]
    written = f"{case.subject.text}\n{text}"
    found, silent = rooms.outside.facts(written) if rooms.outside else ([], [])
    problems += silent
    try:
        found = [*lookup.lookup(written, rooms.orders, rooms.products, language=labels.language), *found]
    except KnowledgeError as problem:
        problems.append(str(problem))
    facts = [f for f in found if _may_tell(f, case) and _asked_for(f, text, labels)]
    if any(not _may_tell(f, case) for f in found):
        problems.append(_FORGED if case.forged else _NOT_THEIRS)
    thanks = thanks_only(labels, text)
    if thanks:
        retrievals, facts = [], []
    output = {
        "retrievals": to_json(retrievals),
        "open": [] if case.chosen else unanswered,
        "facts": to_json(facts),
        "known": str(known(retrievals, facts)),
        "wants_order": bool(_ORDER.search(text)) and not any(f.kind == "order" for f in facts) and not problems,
        "thanks_only": thanks,
        "problems": problems,
    }
    return Result(output)


def look_up(
    case: Case, index: Index, embedder: Embedder | None, language: str, spans: Sequence[tuple[int, int]]
) -> tuple[list[Retrieval], list[str]]:
    """One retrieval for the whole message, or one for each of its parts where these have answers of their own.

    A message says its question in several sentences, so the whole is the best query; but two questions in one query
    blend into something near neither. So where several parts are answered, each by something else, they are the
    questions. Where only some are, the questions among the others come second: they are still open.
    """

    def ask(query: str) -> Retrieval:
        whose = None if case.forged else case.contact_id
        return retrieve.search(index, query, contact_id=whose, language=language, on=case.on)

    text = case.question.text
    whole = ask(f"{case.subject.text}\n{text}")
    novel = whole.known is Known.NOVEL
    places = [place for place in clauses(text, language) if not novel or (len(spans) > 1 and place in spans)]
    parts = [ask(text[a:b]) for a, b in places]
    sure = _different([part for part in parts if _counts(part, novel)], language, embedder)
    found = sure if len(sure) > 1 else [whole] if whole.known is Known.KNOWN else []
    for part in sure:
        if part.answerable >= SURE and part not in found:
            found = _different([*found, part], language, embedder)
    if whole.known is Known.KNOWN or not found:
        return found or [whole], []
    answered = [part.question for part in found]
    asked = [text[a:b] for a, b in spans if intents.asks(text[a:b])]
    return found, [" ".join(one.split()) for one in asked if not any(a in one or one in a for a in answered)]


def _counts(part: Retrieval, novel: bool) -> bool:
    """Whether a part of a message is one of its questions. What only tells something must be answered for sure."""
    if novel:
        return part.answerable >= SURE
    asked = intents.asks(part.question) or intents.wants(part.question)
    return part.known is Known.KNOWN or (asked and part.answerable >= PART)


def _different(retrievals: Sequence[Retrieval], language: str, embedder: Embedder | None) -> list[Retrieval]:
    """Those of them that are each answered by something else, in order."""
    found: list[Retrieval] = []
    for one in retrievals:
        best = quotable(one, language)
        if best is None or len(found) >= MOST_QUESTIONS:
            continue
        if all(_apart(best, quotable(other, language), embedder) for other in found):
            found.append(one)
    return found


def _asked_for(fact: Fact, text: str, labels: Triage) -> bool:
    """Whether a product's price and stock belong into the reply: it was named by its number, or somebody wants to buy."""
    if fact.kind != "product" or labels.category is Category.SALES:
        return True
    squeezed = re.sub(r"[\s-]", "", text).casefold()
    numbers = (re.sub(r"[\s-]", "", fact.fields.get(name, "")).casefold() for name in ("ean", "sku"))
    return any(number and number in squeezed for number in numbers)


def _apart(one: Passage, other: Passage | None, embedder: Embedder | None) -> bool:
    """Whether two passages answer different questions."""
    if other is None or embedder is None or one.article == other.article:
        return other is None or one.article != other.article
    vectors = embedder.embed([one.text, other.text])
    return float(vectors[0] @ vectors[1]) < SAME_ANSWER


def known(retrievals: list[Retrieval], facts: list[Fact]) -> Known:
    """Known when every question is answered (a looked-up fact answers one), novel when none is, else unsure."""
    bands = [r.known for r in retrievals]
    if all(b is Known.KNOWN for b in bands) or (facts and all(b is not Known.UNSURE for b in bands)):
        return Known.KNOWN
    if all(b is Known.NOVEL for b in bands) and not facts:
        return Known.NOVEL
    return Known.UNSURE


def thanks_only(labels: Triage, text: str) -> bool:
    """Whether the message only acknowledges: nothing asked, nothing wanted, no complaint."""
    said = [text[a:b] for a, b in intents.sentences(text)]
    thanks = any(intents.is_courtesy(s) for s in said) or any(i.intent is Intent.ACKNOWLEDGMENT for i in labels.intents)
    return (
        thanks
        and len(text) < SHORT
        and "?" not in text
        and not any(intents.wants(s) or intents.asks(s) for s in said)
        and labels.category not in (Category.COMPLAINT, Category.BILLING, Category.FEATURE_REQUEST)
        and labels.sentiment is not Sentiment.NEGATIVE
        and not any(i.intent in (Intent.COMPLAINT, Intent.ESCALATION) for i in labels.intents)
    )


def _may_tell(fact: Fact, case: Case) -> bool:
    """An order's facts go to its own customer only: not to another address in Reply-To, not where the sender is forged."""
    theirs = case.replies_to_sender and not case.forged and lookup.belongs_to(fact, case.contact_addr)
    return fact.kind != "order" or theirs


def _prefer_chosen(retrievals: list[Retrieval], chosen: str) -> list[Retrieval]:
    """Where an agent picked an article, that one answers and is known; where they said that none fits, nothing does."""
    if not chosen:
        return retrievals
    if chosen == NONE_FITS:
        return [replace(r, known=Known.NOVEL) for r in retrievals]
    out = []
    for r in retrievals:
        picked = tuple(p for p in r.passages if p.article == chosen)
        out.append(replace(r, passages=picked, known=Known.KNOWN) if picked else r)
    return out
