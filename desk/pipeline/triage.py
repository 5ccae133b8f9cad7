"""Triage: labels, language and intents from the heads; a model's opinion only with the weight it has earned."""

from dataclasses import replace

from desk.domain.codec import to_json
from desk.domain.enums import Category
from desk.domain.ticket import Triage
from desk.errors import ModelError
from desk.llm.base import Usage
from desk.pipeline.case import Case, Result, Rooms
from desk.pipeline.context import brief
from desk.triage import triage

OWN_DOMAIN = 0.9
"""How much it says about the category that the sender writes from the mailbox's own domain."""
SURE = 0.8
"""Above this confidence of the heads no model is asked."""


def run(case: Case, rooms: Rooms) -> Result:
    """Label the customer's question. Raises KnowledgeError when the embedding model is missing."""
    if rooms.embedder is None:
        raise ModelError(rooms.off["embeddings"], "Run `desk doctor`.")
    labels = triage(case.question.text, subject=case.subject.text, embed=rooms.embedder.embed)
    if colleague(case):
        labels = blend(labels, {str(Category.INTERNAL): 1.0}, OWN_DOMAIN)
    weight = rooms.trust.get("triage", 0.0)
    if rooms.models.fast is None or weight <= 0 or labels.confidence >= SURE:
        return Result({"triage": to_json(labels), "asked": False})
    prompt = brief(case, rooms).ask("triage")
    scores = rooms.models.fast.score(prompt, [str(c) for c in Category], cancel=rooms.cancel)
    labels = blend(labels, scores.probabilities, weight)
    return _result(labels, scores.usage, rooms.models.fast.name, prompt.version)


def colleague(case: Case) -> bool:
    """Whether the message is from somebody at our own domain, and not from a form that speaks for a customer."""
    domain = case.box.address.rpartition("@")[2].casefold()
    return bool(domain) and case.contact_addr.casefold().endswith(f"@{domain}") and case.replies_to_sender


def blend(labels: Triage, opinion: dict[str, float], weight: float) -> Triage:
    """One probability from two judges: the heads' and the model's, the latter with `weight` 0..1 (a linear pool)."""
    pooled = {
        str(c): (1 - weight) * labels.probabilities.get(str(c), 0.0) + weight * opinion.get(str(c), 0.0)
        for c in Category
    }
    total = sum(pooled.values()) or 1.0
    pooled = {label: p / total for label, p in pooled.items()}
    best = max(pooled, key=lambda label: pooled[label])
    return replace(labels, category=Category(best), confidence=pooled[best], probabilities=pooled)


def _result(labels: Triage, usage: Usage, model: str, version: str) -> Result:
    return Result({"triage": to_json(labels), "asked": True}, usage, model, version)
