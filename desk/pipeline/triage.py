"""Triage: labels, language and intents from the heads; a model's opinion only with the weight it has earned."""

from dataclasses import replace

from desk.domain.codec import to_json
from desk.domain.enums import Category, Intent, Priority, Sentiment
from desk.domain.ticket import IntentSpan, Triage
from desk.errors import ModelError
from desk.pipeline.case import Case, Result, Rooms
from desk.pipeline.context import brief
from desk.triage import heads, triage

OWN_DOMAIN = 0.9
"""How much it says about the category that the sender writes from the mailbox's own domain."""
SURE = 0.8
"""Above this confidence of the heads no model is asked."""
FIELDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "category": ("triage", tuple(map(str, Category))),
    "sentiment": ("sentiment", tuple(map(str, Sentiment))),
    "intent": ("intent", tuple(map(str, Intent))),
}
"""What a model may be asked about a message: the field, its prompt, its labels."""
Chances = dict[str, float]


def run(case: Case, rooms: Rooms) -> Result:
    """Label the customer's question. Raises KnowledgeError when the embedding model is missing.

    A model is asked one thing at most: the field the heads are least sure of, among those it was measured to know better.
    """
    if rooms.embedder is None:
        raise ModelError(rooms.off["embeddings"], "Run `desk doctor`.")
    labels = triage(case.question.text, subject=case.subject.text, embed=rooms.embedder.embed)
    known = taught(labels, case, rooms)
    for name, chances in known.items():
        labels = settle(labels, name, chances)
    trusted = [name for name in FIELDS if rooms.trust.get(name, 0.0) > 0]
    if rooms.models.fast is None or not trusted:
        return Result({"triage": to_json(labels), "asked": ""})
    judged = heads.judge(trusted, case.subject.text, case.question.text, rooms.embedder.embed)
    judged |= {name: chances for name, chances in known.items() if name in judged}
    least = min(judged, key=lambda name: max(judged[name].values()))
    if max(judged[least].values()) >= SURE:
        return Result({"triage": to_json(labels), "asked": ""})
    template, choices = FIELDS[least]
    prompt = brief(case, rooms).ask(template)
    scores = rooms.models.fast.score(prompt, choices, cancel=rooms.cancel)
    pooled = pool(judged[least], scores.probabilities, rooms.trust[least])
    output = {"triage": to_json(settle(labels, least, pooled)), "asked": least}
    return Result(output, scores.usage, rooms.models.fast.name, prompt.version)


def taught(labels: Triage, case: Case, rooms: Rooms) -> dict[str, Chances]:
    """Chances of the category, and of each other field in which the people of the desk corrected something.

    What one said of this very ticket stands, then what one said of nearly the same message, then the sender's address,
    then what the decisions taught.
    """
    opinions = rooms.learned.opinions(case.subject.text, case.question.text) if rooms.learned else {}
    chances = {"category": labels.probabilities} | {name: opinion.chances for name, opinion in opinions.items()}
    if colleague(case):
        chances["category"] = pool(chances["category"], {str(Category.INTERNAL): 1.0}, OWN_DOMAIN)
    for name, opinion in opinions.items():
        if opinion.remembered:
            label, sure = opinion.remembered
            chances[name] = pool(chances[name], {label: 1.0}, sure)
    return chances | {name: pool(chances.get(name, {}), {label: 1.0}, 1.0) for name, label in case.said.items()}


def settle(labels: Triage, name: str, pooled: Chances) -> Triage:
    """The labels with one field decided by pooled probabilities; what its words make urgent stays urgent."""
    best = max(pooled, key=lambda label: pooled[label])
    if name == "category":
        return replace(labels, category=Category(best), confidence=pooled[best], probabilities=pooled)
    if name == "priority":
        return replace(labels, priority=Priority.URGENT if labels.urgent else Priority(best))
    if name == "sentiment":
        return replace(labels, sentiment=Sentiment(best))
    first, *rest = labels.intents or (IntentSpan(Intent(best), 0.0, 0, 0),)
    return replace(labels, intents=(replace(first, intent=Intent(best), confidence=pooled[best]), *rest))


def colleague(case: Case) -> bool:
    """Whether the message is from somebody at our own domain, and not from a form that speaks for a customer."""
    domain = case.box.address.rpartition("@")[2].casefold()
    ours = bool(domain) and case.contact_addr.casefold().endswith(f"@{domain}")
    return ours and case.replies_to_sender and not case.forged


def pool(own: Chances, opinion: Chances, weight: float) -> Chances:
    """One probability a label from two judges (a linear pool, Stone 1961); they sum to 1."""
    mixed = {c: (1 - weight) * own.get(c, 0.0) + weight * opinion.get(c, 0.0) for c in {**own, **opinion}}
    total = sum(mixed.values()) or 1.0
    return {label: p / total for label, p in mixed.items()}
