"""The order of the steps, as a table."""

from collections.abc import Callable
from dataclasses import dataclass

from desk.pipeline import check, context, draft, plan, route, search, triage
from desk.pipeline.case import Case, Result, Rooms


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a ticket's run: its name, the word shown while it works, and the function that does it."""

    name: str
    word: str
    run: Callable[[Case, Rooms], Result]


STEPS: tuple[Step, ...] = (
    Step("context", "reading", context.run),
    Step("triage", "sorting", triage.run),
    Step("search", "looking up", search.run),
    Step("plan", "planning", plan.run),
    Step("draft", "writing", draft.run),
    Step("check", "checking", check.run),
    Step("route", "placing", route.run),
)
BY_NAME = {step.name: step for step in STEPS}
FIRST = STEPS[0].name


def after(name: str) -> Step | None:
    """The step that follows, None after the last."""
    place = STEPS.index(BY_NAME[name])
    return STEPS[place + 1] if place + 1 < len(STEPS) else None
