"""`desk models`: what there is, what is in use, and whether it works here."""

import argparse
import json
import time
from pathlib import Path
from typing import Any

from desk.cli import rooms
from desk.errors import ModelError


def models(given: argparse.Namespace) -> int:
    """One of the verbs."""
    return _list(given) if given.verb == "list" else _check(given)


def _list(given: argparse.Namespace) -> int:
    from desk.llm import available, catalogue

    config, places = rooms.configuration()
    name, why = available(config.model, places.models)
    rows: list[dict[str, Any]] = [
        {
            "name": entry.name,
            "file": entry.file,
            "size_mb": entry.megabytes,
            "memory_mb": entry.memory,
            "licence": entry.licence,
            "good_for": entry.good_for,
            "source": entry.source,
            "here": _here(entry.name, places.models),
        }
        for entry in catalogue.CATALOGUE
    ]
    if given.json:
        print(json.dumps({"in_use": name, "why_none": why, "models": rows}, ensure_ascii=False))  # noqa: T201
        return 0
    for row in rows:
        mark = "●" if row["name"] == name else "✓" if row["here"] else " "
        print(f"{mark} {row['name']:28} {row['size_mb']:>6} MB  {row['licence']:12} {row['good_for']}")  # noqa: T201
    print(f"\nIn use: {name}" if name else f"\nNo model in use. {why}")  # noqa: T201
    print(f"Put a GGUF file into {places.models} or set LLM_MODEL to its path.")  # noqa: T201
    return 0


def _here(name: str, folder: Path) -> bool:
    from desk.llm import catalogue

    try:
        return catalogue.find(name, folder).path.exists()
    except ModelError:
        return False


def _check(given: argparse.Namespace) -> int:
    """Load the configured model and measure it here: does it answer, and how fast."""
    from desk.llm import load
    from desk.llm.prompts import Part, briefing

    config, places = rooms.configuration()
    loaded = load(config.model, places.models)
    if loaded.capable is None:
        raise ModelError(loaded.why_none or "No model is set.", "See `desk models list`.")
    source = "A parcel within Europe takes three to five working days."
    prompt = briefing("system", [Part("Source 1", source)]).ask("draft", language="English", register="formal")
    started = time.perf_counter()
    made = loaded.capable.generate(prompt, max_tokens=48)
    seconds = time.perf_counter() - started
    facts = {
        "model": loaded.capable.name,
        "context": loaded.capable.context,
        "tokens_in": made.usage.tokens_in,
        "tokens_out": made.usage.tokens_out,
        "seconds": round(seconds, 2),
        "answer": made.text,
    }
    loaded.close()
    if given.json:
        print(json.dumps(facts, ensure_ascii=True))  # noqa: T201
    else:
        for key, value in facts.items():
            print(f"{key:12} {value!r}" if key == "answer" else f"{key:12} {value}")  # noqa: T201
    return 0
