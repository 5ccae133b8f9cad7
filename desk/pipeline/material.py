"""The outputs of the steps so far, as records."""

from collections.abc import Mapping
from typing import Any

from desk.domain.codec import from_json
from desk.domain.enums import Known
from desk.domain.ticket import Fact, Retrieval, Triage
from desk.pipeline.compose import Material


def triage_of(outputs: Mapping[str, dict[str, Any]]) -> Triage:
    """What the triage step stored."""
    return from_json(Triage, outputs["triage"]["triage"])


def material_of(outputs: Mapping[str, dict[str, Any]]) -> Material:
    """What triage and search stored, as the material of a draft."""
    search = outputs["search"]
    return Material(
        triage=triage_of(outputs),
        retrievals=tuple(from_json(Retrieval, r) for r in search["retrievals"]),
        facts=tuple(from_json(Fact, f) for f in search["facts"]),
        known=Known(search["known"]),
        wants_order=bool(search["wants_order"]),
        thanks_only=bool(search["thanks_only"]),
        open=tuple(search.get("open", ())),
    )
