"""A past ticket run again with today's knowledge and models, beside what was stored. Nothing is written or sent."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from desk.pipeline.case import Case, Rooms
from desk.pipeline.steps import STEPS


@dataclass(frozen=True, slots=True)
class Compared:
    """One step then and now; `before` is None where it was never stored."""

    step: str
    same: bool
    before: dict[str, Any] | None
    now: dict[str, Any]


def replay(case: Case, stored: Mapping[str, dict[str, Any]], rooms: Rooms) -> list[Compared]:
    """Run every step again on the stored inputs, each on what the step before it gives today."""
    work = replace(case, outputs={})
    found = []
    for step in STEPS:
        output = step.run(work, rooms).output
        work = replace(work, outputs={**work.outputs, step.name: output})
        before = stored.get(step.name)
        found.append(Compared(step.name, output == before, before, output))
    return found
