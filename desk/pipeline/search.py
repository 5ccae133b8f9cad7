"""Search: each question of the message against articles and resolved tickets, and what can be looked up."""

import re

from desk.domain.codec import to_json
from desk.domain.enums import Category, Intent, Known
from desk.domain.ticket import Fact, Retrieval, Triage
from desk.errors import KnowledgeError
from desk.knowledge import lookup, retrieve
from desk.pipeline.case import Case, Result, Rooms
from desk.pipeline.material import triage_of
from desk.triage import intents

MOST_QUESTIONS = 3
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
    asked = questions(text, labels)
    retrievals: list[Retrieval] = []
    if rooms.index is None:
        problems.append(rooms.off.get("knowledge", "The knowledge index is off."))
        retrievals = [Retrieval(q, (), 0.0, Known.NOVEL) for q in asked]
    else:
        for question in asked:
            query = f"{case.subject.text}\n{question}" if len(asked) == 1 else question
            retrievals.append(retrieve.search(rooms.index, query, contact_id=case.contact_id, language=labels.language))
    facts: list[Fact] = []
    try:
        found = lookup.lookup(f"{case.subject.text}\n{text}", rooms.orders, rooms.products, language=labels.language)
        facts = [f for f in found if _may_tell(f, case)]
        if len(facts) < len(found):
            problems.append("An order was found that is not this sender's: its facts stay out of the reply.")
    except KnowledgeError as problem:
        problems.append(str(problem))
    thanks = thanks_only(labels, asked)
    output = {
        "retrievals": to_json(_prefer_chosen(retrievals, case.chosen)),
        "facts": to_json(facts),
        "known": str(known(retrievals, facts)),
        "wants_order": bool(_ORDER.search(text)) and not any(f.kind == "order" for f in facts) and not problems,
        "thanks_only": thanks,
        "problems": problems,
    }
    return Result(output)


def questions(text: str, labels: Triage) -> list[str]:
    """The distinct questions of a message, at most `MOST_QUESTIONS`; the whole message where it has one or none."""
    spans = intents.questions(text)
    if len(spans) < 2:
        return [text]
    return [text[a:b] for a, b in spans[:MOST_QUESTIONS]]


def known(retrievals: list[Retrieval], facts: list[Fact]) -> Known:
    """Known when every question is answered (a looked-up fact answers one), novel when none is, else unsure."""
    bands = [r.known for r in retrievals]
    if all(b is Known.KNOWN for b in bands) or (facts and all(b is not Known.UNSURE for b in bands)):
        return Known.KNOWN
    if all(b is Known.NOVEL for b in bands) and not facts:
        return Known.NOVEL
    return Known.UNSURE


def thanks_only(labels: Triage, asked: list[str]) -> bool:
    """Whether the message only acknowledges: nothing asked, nothing wanted, no complaint."""
    kinds = {i.intent for i in labels.intents if i.confidence >= 0.4}
    return (
        len(asked) == 1
        and len(asked[0]) < 600
        and "?" not in asked[0]
        and bool(kinds)
        and kinds <= {Intent.ACKNOWLEDGMENT}
        and labels.category not in (Category.COMPLAINT, Category.BILLING)
    )


def _may_tell(fact: Fact, case: Case) -> bool:
    """An order's facts go to its own customer only, and never to another address in Reply-To."""
    owner = fact.fields.get("customer_email", "")
    return not owner or (owner.casefold() == case.contact_addr.casefold() and case.replies_to_sender)


def _prefer_chosen(retrievals: list[Retrieval], chosen: str) -> list[Retrieval]:
    """Where an agent picked an article, it answers: first in its list, and known."""
    if not chosen:
        return retrievals
    out = []
    for r in retrievals:
        picked = [p for p in r.passages if p.article == chosen]
        rest = [p for p in r.passages if p.article != chosen]
        out.append(Retrieval(r.question, (*picked, *rest), r.answerable, Known.KNOWN) if picked else r)
    return out
