"""Plan: the when-edge that fires, its actions in words, and the question to a person where one is needed."""

from desk.domain.codec import to_json
from desk.domain.enums import ActionKind, RouteTo
from desk.domain.ticket import PlannedAction
from desk.pipeline.case import Case, Result, Rooms
from desk.pipeline.compose import NONE_FITS, Material, answering
from desk.pipeline.material import material_of
from desk.pipeline.playbook import Edge, edge


def run(case: Case, rooms: Rooms) -> Result:
    """Choose the edge and spell out its actions. An agent's earlier pick settles the question."""
    material = material_of(case.outputs)
    chosen = edge(material)
    actions = [action(kind, case, material) for kind in chosen.actions]
    actions.append(
        PlannedAction(ActionKind.TAG_THREAD, f"tag {material.triage.category}", {"tag": material.triage.category})
    )
    if not case.earlier_threads:
        actions.append(PlannedAction(ActionKind.CREATE_CONTACT, f"remember {case.contact_addr} as a contact"))
    output = {
        "edge": chosen.name,
        "why": chosen.why,
        "actions": to_json(actions),
        "question": None if case.chosen else question(chosen, material),
    }
    return Result(output)


def action(kind: ActionKind, case: Case, material: Material) -> PlannedAction:
    """One action in words a person can read."""
    titles = ", ".join(p.title for p in answering(material.retrievals, material.triage.language))
    detail = {
        ActionKind.REPLY: f"reply from {titles}" if titles else "reply",
        ActionKind.ESCALATE: "hand to somebody in charge",
        ActionKind.ARCHIVE: "close, nothing is asked",
        ActionKind.CREATE_TICKET: "note the wish for the team",
        ActionKind.FORWARD: "forward",
        ActionKind.CREATE_CONTACT: f"remember {case.contact_addr} as a contact",
        ActionKind.TAG_THREAD: "tag",
    }[kind]
    return PlannedAction(kind, detail)


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
