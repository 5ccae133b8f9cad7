"""Plan: the when-edge that fires, its actions in words, and the question to a person where one is needed."""

from dataclasses import dataclass, replace

from desk.domain.codec import from_json, to_json
from desk.domain.enums import ActionKind, RouteTo
from desk.domain.ticket import PlannedAction
from desk.llm.base import Usage
from desk.pipeline.case import Case, Remembered, Result, Rooms
from desk.pipeline.compose import NONE_FITS, Material, answering
from desk.pipeline.context import brief
from desk.pipeline.escalation import reasons
from desk.pipeline.material import material_of
from desk.pipeline.playbook import ESCALATE, Edge, edge
from desk.pipeline.sentences import plain

SURE = 0.9
"""How sure a trusted model must be that a passage answers before a person is spared the question."""


def run(case: Case, rooms: Rooms) -> Result:
    """Choose the edge and spell out its actions. An agent's earlier pick settles the question."""
    material = material_of(case.outputs)
    material = replace(material, escalate=reasons(case, rooms, material))
    chosen = edge(material)
    why = "; ".join(material.escalate) if chosen.name == ESCALATE and material.escalate else chosen.why
    recalled = [from_json(Remembered, one) for one in case.outputs["search"].get("recalled", ())]
    if recalled and chosen.name != ESCALATE:
        said = recalled[0]
        why = f"{said.by} chose this answer to the same question on {said.at.day} {said.at:%B %Y}"
    actions = [action(kind, case, rooms, material, why) for kind in chosen.actions]
    actions.append(
        PlannedAction(ActionKind.TAG_THREAD, f"tag {material.triage.category}", {"tag": material.triage.category})
    )
    if not case.earlier_threads:
        actions.append(PlannedAction(ActionKind.CREATE_CONTACT, f"remember {case.contact_addr} as a contact"))
    output = {"edge": chosen.name, "why": why, "actions": to_json(actions), "question": None}
    asked = None if case.chosen else question(chosen, material)
    if asked is None:
        return Result(output)
    opinion = answers(case, rooms, material)
    if opinion is not None and opinion.probabilities["yes"] >= SURE:
        output["why"] = f"{chosen.why}; the model is sure that it does ({opinion.probabilities['yes']:.2f})"
        return Result(output, opinion.usage, opinion.model, opinion.version)
    output["question"] = asked
    return Result(output) if opinion is None else Result(output, opinion.usage, opinion.model, opinion.version)


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a model says about an unsure answer, and what asking cost."""

    probabilities: dict[str, float]
    usage: Usage
    model: str
    version: str


def answers(case: Case, rooms: Rooms, material: Material) -> Opinion | None:
    """Whether the passage answers the question, by a model that was measured to tell; None where none may be asked."""
    found = answering(material.retrievals, material.triage.language)
    if rooms.models.fast is None or rooms.trust.get("answerable", 0.0) <= 0 or len(found) != 1:
        return None
    prompt = brief(case, rooms).ask("answers", question=case.question, passage=plain(found[0].text))
    scores = rooms.models.fast.score(prompt, ("yes", "no"), cancel=rooms.cancel)
    return Opinion(scores.probabilities, scores.usage, rooms.models.fast.name, prompt.version)


def action(kind: ActionKind, case: Case, rooms: Rooms, material: Material, why: str) -> PlannedAction:
    """One action in words a person can read, with what it needs to be carried out."""
    titles = ", ".join(p.title for p in answering(material.retrievals, material.triage.language))
    boss = rooms.config.escalation.to
    detail = {
        ActionKind.REPLY: f"reply from {titles}" if titles else "reply",
        ActionKind.ESCALATE: f"hand to {boss or 'somebody in charge'}: {why}",
        ActionKind.ARCHIVE: "close, nothing is asked",
        ActionKind.CREATE_TICKET: "note the wish for the team",
        ActionKind.FORWARD: "forward",
        ActionKind.CREATE_CONTACT: f"remember {case.contact_addr} as a contact",
        ActionKind.TAG_THREAD: "tag",
    }[kind]
    data = {"to": boss, "why": why} if kind is ActionKind.ESCALATE else {}
    return PlannedAction(kind, detail, data)


def question(chosen: Edge, material: Material) -> dict[str, object] | None:
    """What a person is asked where the search is unsure: which article answers, as options to press."""
    if chosen.to is not RouteTo.WAITING_FOR_INPUT:
        return None
    options: dict[str, str] = {}
    for retrieval in material.retrievals:
        for passage in retrieval.passages[:3]:
            if passage.public:
                options.setdefault(passage.article, passage.title)
    if not options:
        return None
    return {
        "text": "Which of these answers the customer?",
        "options": [*(f"{title} [{article}]" for article, title in list(options.items())[:4]), NONE_FITS],
    }
