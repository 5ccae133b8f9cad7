"""Check: what a draft says against its sources, sentence by sentence; it decides which version is offered.

No model grades its own text here: claims are found and sourced by `pipeline.claims`, the rest by rules.
"""

import re
from dataclasses import replace

from desk.domain.codec import from_json, to_json
from desk.domain.enums import Author, Known
from desk.domain.ticket import Draft, Gate
from desk.pipeline import agreement, wishes
from desk.pipeline.case import Case, Result, Rooms
from desk.pipeline.claims import claims, house
from desk.pipeline.compose import Material, answering, quotable
from desk.pipeline.draft import translator
from desk.pipeline.material import material_of
from desk.pipeline.sentences import words
from desk.triage import language

LONGEST = 2400
"""Characters beyond which a reply is too long to be read."""
_PLACEHOLDER = re.compile(
    r"\[(?:your|the|insert|customer|company|agent|name|date|order|number|link|x+)[^\]\n]{0,40}\]|\{\{?[\w .]+\}?\}|"
    r"<(?:name|your[^>]*|insert[^>]*|company)>|\bX{3,}\b|\bLorem ipsum\b|_{4,}",
    re.I,
)
_LINK = re.compile(r"(?:https?://|www\.)[^\s<>()\"']+", re.I)


def run(case: Case, rooms: Rooms) -> Result:
    """Examine both versions; offer the model's where every gate holds, else the composed one, and say why."""
    drafts = case.outputs["draft"]
    material, _ = wishes.grant(material_of(case.outputs), wishes.of(case.instruction), translator(rooms))
    composed = from_json(Draft, drafts["composed"])
    ours = house(case.box, rooms.voices(case.box.name))
    gates, refused = examine(composed, material, case.question.text, ours), []
    if drafts.get("model"):
        generated = from_json(Draft, drafts["model"])
        generated = replace(generated, claims=claims(generated, case.question.text, ours))
        tried = examine(generated, material, case.question.text, ours)
        refused = [g.reason for g in tried if not g.passed]
        if not refused:
            return Result({"draft": to_json(generated), "gates": to_json(tried), "refused": []})
        composed = replace(composed, notes=(*composed.notes, f"The model's version was refused: {refused[0]}"))
    undone = str(drafts.get("undone") or "")
    if undone and refused:
        undone = f"{undone}, and what the model wrote was refused: {refused[0]}"
    if undone:
        composed = replace(composed, notes=(*composed.notes, f"Not done: {undone}."))
    return Result({"draft": to_json(composed), "gates": to_json(gates), "refused": refused, "undone": undone})


def examine(draft: Draft, material: Material, customer: str, ours: frozenset[str] = frozenset()) -> tuple[Gate, ...]:
    """Every gate of a draft in the order a person reads them."""
    unsourced = [c.text for c in draft.claims if c.source is None]
    sourced = len(draft.claims) - len(unsourced)
    placeholder = _PLACEHOLDER.search(draft.body)
    links = _foreign_links(draft)
    return (
        *_agreement(material),
        Gate(
            "claims",
            not unsourced,
            f"{sourced} of {len(draft.claims)} claims sourced"
            + (f": {_cut(unsourced[0])!r} has none" if unsourced else ""),
        ),
        _answered(draft, material),
        _language(draft),
        Gate(
            "placeholders",
            placeholder is None,
            f"placeholder {placeholder.group()!r}" if placeholder else "no placeholders",
        ),
        Gate("links", not links, f"a link no source has: {links[0]}" if links else "links only from sources"),
        Gate("length", 0 < len(draft.body.strip()) <= LONGEST, f"{len(draft.body)} characters"),
    )


def _agreement(material: Material) -> list[Gate]:
    """A failing gate for each answer that something at least as strong contradicts; private text counts here too."""
    tongue = material.triage.language
    said = [agreement.unsettled(r, quotable(r, tongue)) for r in material.retrievals]
    return [Gate("agreement", False, reason) for reason in said if reason]


def _answered(draft: Draft, material: Material) -> Gate:
    if material.thanks_only:
        return Gate("questions", True, "nothing is asked")
    total = len(material.retrievals) + len(material.open)
    cited = {c.source for c in draft.claims if c.source}
    facts = any(fact.id in cited for fact in material.facts)
    passages = {p.article for p in answering(material.retrievals, material.triage.language)}
    done = 0
    for retrieval in material.retrievals:
        own = {p.article for p in retrieval.passages if p.article in passages}
        if (retrieval.known is not Known.NOVEL and own & cited) or (retrieval.known is not Known.KNOWN and facts):
            done += 1
    if total == 1:
        return Gate("questions", done == 1, "the question is answered" if done else "the question is not answered")
    unsure = sum(r.known is Known.UNSURE for r in material.retrievals)
    perhaps = f", {unsure} of them perhaps" if unsure and done else ""
    return Gate("questions", done == total, f"{done} of {total} questions answered{perhaps}")


def _language(draft: Draft) -> Gate:
    own = "\n".join(line for line in draft.body.splitlines() if len(words(line)) >= 4)
    quoted = {c.text for c in draft.claims if c.source} if draft.written_by is Author.COMPOSED else set()
    for text in quoted:
        own = own.replace(text, " ")
    seen = language.detect(own) if len(words(own)) >= 4 else draft.language
    return Gate(
        "language",
        seen == draft.language,
        f"written in {seen}" + ("" if seen == draft.language else f", wanted {draft.language}"),
    )


def _foreign_links(draft: Draft) -> list[str]:
    allowed = " ".join(s.text for s in draft.sources)
    return [link for link in (f.group().rstrip(".,;:!?") for f in _LINK.finditer(draft.body)) if link not in allowed]


def _cut(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}…"
