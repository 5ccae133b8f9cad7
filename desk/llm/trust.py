"""What `desk models check` found, kept beside the models, and what a model may decide because of it.

A file and not the store: speed, memory and the very model differ from machine to machine, also where a team shares
one store.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from desk.errors import ModelError
from desk.llm.loading import Models

JUDGEMENTS = ("category", "sentiment", "intent", "answerable")
"""What the fast model may be asked; `draft` is the capable one's."""
DRAFT = "draft"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One task: how many were right, what does it without the model and how well, and the weight earned (0: not asked)."""

    right: int
    of: int
    without: int
    weight: float
    why: str


@dataclass(frozen=True, slots=True)
class Report:
    """One model on one machine. Speeds in tokens a second, memory in MB (0 where the model runs elsewhere)."""

    model: str
    fingerprint: str
    at: str
    tokens_in_s: float
    tokens_out_s: float
    memory_mb: int
    verdicts: dict[str, Verdict] = field(default_factory=dict)


def save(path: Path, report: Report) -> None:
    """Keep a report; an earlier one of the same model is replaced, and a half-written file never stands there."""
    kept = {**_read(path), report.fingerprint: asdict(report)}
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(kept, ensure_ascii=False, indent=1), encoding="utf-8")
    os.replace(part, path)


def reports(path: Path) -> dict[str, Report]:
    """All reports by the model's fingerprint; ModelError for a file that can't be read."""
    try:
        return {
            mark: Report(**{**row, "verdicts": {name: Verdict(**v) for name, v in row["verdicts"].items()}})
            for mark, row in _read(path).items()
        }
    except (TypeError, KeyError, AttributeError) as problem:
        raise _broken(path) from problem


def earned(path: Path, models: Models) -> dict[str, float]:
    """Weight by task for the models at hand. A task that was never measured is not in it."""
    found = reports(path)
    fast = found.get(models.fast.fingerprint) if models.fast else None
    capable = found.get(models.capable.fingerprint) if models.capable else None
    judged = {name: v.weight for name, v in (fast.verdicts if fast else {}).items() if name in JUDGEMENTS}
    drafts = {DRAFT: capable.verdicts[DRAFT].weight} if capable and DRAFT in capable.verdicts else {}
    return {**judged, **drafts}


def _read(path: Path) -> Mapping[str, Any]:
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as problem:
        raise _broken(path) from problem
    if not isinstance(rows, dict):
        raise _broken(path)
    return rows


def _broken(path: Path) -> ModelError:
    return ModelError(f"{path} can't be read.", "Delete it and run `desk models check` again.")
