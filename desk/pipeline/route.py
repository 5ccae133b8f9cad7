"""Route: where the ticket goes. Nothing goes further than a person's review."""

from desk.domain.codec import from_json, to_json
from desk.domain.enums import RouteTo
from desk.domain.ticket import Draft, Gate, Route
from desk.pipeline.case import Case, Result, Rooms
from desk.pipeline.playbook import by_name


def run(case: Case, rooms: Rooms) -> Result:
    """List every gate and say where the ticket goes and why."""
    plan = case.outputs["plan"]
    checked = case.outputs["check"]
    draft = from_json(Draft, checked["draft"])
    gates = tuple(from_json(Gate, g) for g in checked["gates"])
    chosen = by_name(plan["edge"])
    approval = Gate("approval", False, "a person approves every reply")
    to = chosen.to
    if to is RouteTo.WAITING_FOR_INPUT and not plan["question"]:
        to = RouteTo.REVIEW
    why = str(plan["why"])
    failed = [g for g in gates if not g.passed]
    if failed:
        why = f"{why}; {failed[0].reason}"
    route = Route(to, why, (*gates, approval))
    return Result({"route": to_json(route), "confidence": draft.confidence})
