"""Search: each question of the message against articles and resolved tickets, and what can be looked up."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from desk.domain.codec import to_json
from desk.domain.enums import Category, Intent, Known, Sentiment
from desk.domain.ticket import Fact, Passage, Retrieval, Triage
from desk.errors import KnowledgeError
from desk.knowledge import lookup, retrieve
from desk.knowledge.embed import Embedder
from desk.knowledge.index import Index
from desk.pipeline.case import Case, Remembered, Result, Rooms
from desk.pipeline.compose import NONE_FITS, quotable
from desk.pipeline.material import triage_of
from desk.pipeline.sentences import words
from desk.triage import intents
from desk.triage.clauses import Matter, clauses, matters

MOST_QUESTIONS = 3
SURE = 0.9
"""How answerable a single part must be to count as a question beside the whole message."""
PART = 0.5
"""How answerable each of several parts must be to be taken for the message's questions."""
SHORT = 160
"""A message that only says thank you is shorter than this many characters."""
SAME_QUESTION = 0.85
"""Cosine of two questions from which what was answered to one answers the other."""
MOST_RECALLED = 20
"""Remembered answers that are compared with one question."""
SAME_ANSWER = 0.75
"""Cosine of two passages from which they are one answer to one question: a translation, a resolved ticket."""
SAME_TEXT = 0.9
"""The same for two articles in one language: these are two because they answer two questions."""
_NOT_THEIRS = "An order was found that is not this sender's: its facts stay out of the reply."
_FORGED = "The mail server says that the sender is somebody else: what we know of the order stays out of the reply."
_VAGUE = frozenset(
    """many much long days day time times know tell say need help try happen normal possible option options thing things
    next now then already just still get got tage zeit lange viele tun machen hilft helfen brauchen sagen wissen dann jetzt
    combien temps jours faire aider essayer pouvons devons besoin cuánto cuántos tiempo días hacer hago ayudar lang veel
    dagen tijd doen helpen nodig hebben hebt weten zeggen quanto tempo giorni fare""".split()
)
"""Words that name nothing: a question of these alone is about what stands before it."""
_THIS = re.compile(r"\b(?:this|that|it|das|dies\w*|es|cela|ça|eso|esto|dit|dat|questo|isso)\b", re.I)
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
    unanswered: list[str] = []
    if rooms.index is None:
        problems.append(rooms.off.get("knowledge", "The knowledge index is off."))
        retrievals = [Retrieval(text, (), 0.0, Known.NOVEL)]
    else:
        retrievals, unanswered = look_up(case, rooms.index, rooms.embedder, labels.language)
    retrievals = _prefer_chosen(retrievals, case.chosen)
    retrievals, recalled = recall(retrievals, case, rooms.embedder)
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
        "recalled": to_json(recalled),
        "open": [] if case.chosen else unanswered,
        "facts": to_json(facts),
        "known": str(known(retrievals, facts)),
        "wants_order": bool(_ORDER.search(text)) and not any(f.kind == "order" for f in facts) and not problems,
        "thanks_only": thanks,
        "problems": problems,
    }
    return Result(output)


def look_up(case: Case, index: Index, embedder: Embedder | None, language: str) -> tuple[list[Retrieval], list[str]]:
    """One retrieval for the whole message, or one for each of its parts where these have answers of their own.

    A message says its question in several sentences, so the whole is the best query; but two questions in one query
    blend into something near neither. So where grammar shows several questions each is looked up, and those that nothing
    answers come second: they are still open. Parts that grammar does not show count where they are answered for sure.
    """

    def ask(query: str) -> Retrieval:
        whose = None if case.forged else case.contact_id
        return retrieve.search(index, query, contact_id=whose, language=language, on=case.on)

    text = case.question.text
    whole = ask(f"{case.subject.text}\n{text}")
    asked = matters(text, language)
    parts = [ask(text[a:b]) for a, b in clauses(text, language)]
    waiting: list[Retrieval] = []
    if len(asked) > 1:
        answers = [_of(one, text, case.subject.text, ask) for one in asked]
        ours = whole.known is not Known.NOVEL or _ours(answers)
        found = _different([one for one in answers if ours and _counts(one)], language, embedder)
        waiting = [one for one in answers if one not in found and not _poor(one.question)]
        found, waiting = _by_the_whole(whole, found, waiting, language, embedder)
    else:
        sure = _different([part for part in parts if _counts(part)], language, embedder)
        found = sure if len(sure) > 1 else [whole] if whole.known is Known.KNOWN else []
    for part in parts:
        if part.answerable >= SURE and part not in found:
            found = _different([*found, part], language, embedder)
    if not found:
        found = [whole]
        near = _nearest(whole, waiting, language)
        waiting = [one for n, one in enumerate(waiting) if n != near]
    said = [one.question for one in found if one.question != whole.question]
    left = [one for one in waiting if not _covered(one, found, language, embedder)]
    return found, [" ".join(one.question.split()) for one in left if not any(one.question in part for part in said)]


def _of(one: Matter, text: str, subject: str, ask: Callable[[str], Retrieval]) -> Retrieval:
    """What answers one question. Where it is not enough by itself, what leads to it, or the subject, says what it is about."""
    said = ask(text[one.start : one.end])
    poor = _poor(said.question)
    if said.known is Known.KNOWN and not poor:
        return said
    fuller = [f"{subject}\n{said.question}"] if subject.strip() else []
    if one.since < one.start and (poor or not one.follows):
        fuller.append(text[one.since : one.end])
    best = max([said, *map(ask, fuller)], key=lambda r: r.answerable)
    return replace(best, question=said.question)


def _ours(answers: Sequence[Retrieval]) -> bool:
    """Whether a message that is novel as a whole is for us all the same: one part is answered for sure, or two are."""
    return max(one.answerable for one in answers) >= SURE or sum(one.known is Known.KNOWN for one in answers) > 1


def _by_the_whole(
    whole: Retrieval, found: list[Retrieval], waiting: list[Retrieval], language: str, embedder: Embedder | None
) -> tuple[list[Retrieval], list[Retrieval]]:
    """What answers the whole message answers the one of its questions that is nearest to it."""
    best = quotable(whole, language)
    if whole.known is not Known.KNOWN or best is None:
        return found, waiting
    same = [n for n, one in enumerate(found) if not _apart(best, quotable(one, language), embedder)]
    if same:
        sure = replace(found[same[0]], answerable=max(whole.answerable, found[same[0]].answerable), known=Known.KNOWN)
        return [*found[: same[0]], sure, *found[same[0] + 1 :]], waiting
    near = _nearest(whole, waiting, language)
    if near is None:
        return found or [whole], waiting
    return [*found, whole], [one for n, one in enumerate(waiting) if n != near]


def _nearest(whole: Retrieval, waiting: Sequence[Retrieval], language: str) -> int | None:
    """Which of the questions lies nearest to the passage that is nearest to the whole message."""
    best = quotable(whole, language)
    scores = {n: p.score for n, one in enumerate(waiting) for p in one.passages if best and p.article == best.article}
    return max(scores, key=lambda n: scores[n], default=None)


def _covered(one: Retrieval, found: Sequence[Retrieval], language: str, embedder: Embedder | None) -> bool:
    """Whether what was found answers this one as well, as far as the search can tell."""
    best = quotable(one, language)
    if _goes_on(one, found):
        return True
    return (
        best is not None
        and one.known is not Known.NOVEL
        and any(not _apart(best, quotable(other, language), embedder) for other in found)
    )


def _poor(question: str) -> bool:
    """Whether a question says too little to be looked up, or to be open, by itself: "What can I do?"."""
    return len(words(question) - _VAGUE) < 2


def _counts(part: Retrieval) -> bool:
    """Whether a part of a message is one of its questions. What only tells something must be answered for sure."""
    asked = intents.asks(part.question) or intents.wants(part.question)
    return part.known is Known.KNOWN or (asked and part.known is not Known.NOVEL)


def _different(retrievals: Sequence[Retrieval], language: str, embedder: Embedder | None) -> list[Retrieval]:
    """Those of them that are each answered by something else, in order."""
    found: list[Retrieval] = []
    for one in retrievals:
        best = quotable(one, language)
        if best is None or len(found) >= MOST_QUESTIONS:
            continue
        if all(_apart(best, quotable(other, language), embedder) for other in found) and not _goes_on(one, found):
            found.append(one)
    return found


def _goes_on(one: Retrieval, found: Sequence[Retrieval]) -> bool:
    """Whether an unsure question is about "this", and what was answered before it is nearly as near as anything."""
    if one.known is not Known.UNSURE or not _THIS.search(one.question):
        return False
    near = {p.article for p in retrieve.near(one.passages)}
    return any(p.article in near for other in found for p in other.passages[:1])


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
    rivals = one.kind == other.kind == "article" and one.language == other.language
    return float(vectors[0] @ vectors[1]) < (SAME_TEXT if rivals else SAME_ANSWER)


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
    thanks = intents.thanks(text) or any(i.intent is Intent.ACKNOWLEDGMENT for i in labels.intents)
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


def recall(
    retrievals: list[Retrieval], case: Case, embedder: Embedder | None
) -> tuple[list[Retrieval], list[Remembered]]:
    """Where the search is unsure and somebody said which article answers this question, that one does."""
    used: list[Remembered] = []
    if case.chosen or not case.remembered:
        return retrievals, used
    found = []
    for one in retrievals:
        known_to = {p.article for p in one.passages if p.public}
        fitting = [r for r in case.remembered if r.article in known_to] if one.known is Known.UNSURE else []
        scored = [(_alike(one.question, r.question, embedder), r) for r in fitting[:MOST_RECALLED]]
        score, best = max(scored, key=lambda s: s[0], default=(0.0, None))
        if best is None or score < SAME_QUESTION:
            found.append(one)
            continue
        used.append(best)
        found += _prefer_chosen([one], best.article)
    return found, used


def _alike(one: str, other: str, embedder: Embedder | None) -> float:
    if one.split() == other.split():
        return 1.0
    return retrieve.same(embedder, one, other) if embedder is not None else 0.0


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
