"""`desk models`: what there is, fetching one, and what it is trusted with on this machine."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from desk.cli import rooms
from desk.errors import ConfigError, ModelError

if TYPE_CHECKING:
    from desk.llm.trust import Report, Verdict

STEPS = {
    "category": "naming the category, where the classifiers are unsure",
    "sentiment": "naming the mood, where the classifiers are unsure",
    "intent": "naming what is wanted, where the classifiers are unsure",
    "answerable": "deciding whether an article answers, where the search is unsure",
    "draft": "writing drafts (each is still checked, and a person approves)",
}


def models(given: argparse.Namespace) -> int:
    """One of the verbs."""
    if given.name and given.verb == "list":
        raise ConfigError("`desk models list` takes no name.", "Use `desk models check NAME` or `pull NAME`.")
    return {"list": _list, "pull": _pull, "check": _check}[given.verb](given)


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
            "verified": entry.verified,
        }
        for entry in catalogue.CATALOGUE
    ]
    if given.json:
        print(json.dumps({"in_use": name, "why_none": why, "models": rows}, ensure_ascii=False))  # noqa: T201
        return 0
    for row in rows:
        mark = "●" if row["name"] == name else "✓" if row["here"] else " "
        about = "" if row["verified"] else "~"
        size = f"{about}{row['size_mb']}"
        print(f"{mark} {row['name']:14} {size:>6} MB  {about + row['licence']:12} {row['good_for']}")  # noqa: T201
    print("\n~ as its makers publish it, not verified here")  # noqa: T201
    print(f"In use: {name}" if name else f"No model in use. {why}")  # noqa: T201
    print(f"`desk models pull NAME` fetches one into {places.models}; LLM_MODEL takes any GGUF file.")  # noqa: T201
    print("`desk models check NAME` measures what it may be trusted with on this machine.")  # noqa: T201
    return 0


def _here(name: str, folder: Path) -> bool:
    from desk.llm import catalogue

    try:
        return catalogue.find(name, folder).path.exists()
    except ModelError:
        return False


def _pull(given: argparse.Namespace) -> int:
    """Fetch a model file with a line of progress; the same command goes on where it broke off."""
    from desk.llm.pull import pull

    if not given.name:
        raise ConfigError("Which model?", "Give a name from `desk models list`, or the URL of a .gguf file.")
    _, places = rooms.configuration()
    last = [-1]

    def progress(here: int, size: int) -> None:
        done = here * 100 // size if size else here >> 24
        if done != last[0]:
            last[0] = done
            of = f" of {size / 1e6:.0f} MB, {done} %" if size else " MB"
            _say(f"{here / 1e6:.0f}{of}")

    found = pull(given.name, places.models, sha256=given.sha256, progress=progress)
    _say("")
    if given.json:
        facts = {"file": str(found.path), "sha256": found.sha256, "checked": found.checked}
        print(json.dumps(facts, ensure_ascii=False))  # noqa: T201
        return 0
    how = f"compared with {found.checked}" if found.checked else "nothing to compare it with: look it up at its source"
    print(f"{found.path}\nSHA-256 {found.sha256} ({how})")  # noqa: T201
    print(f"Next: `desk models check {found.path.stem}`, then set LLM_MODEL to {found.path.stem}.")  # noqa: T201
    return 0


def _check(given: argparse.Namespace) -> int:
    """Measure a model with our labelled tasks, say what it is trusted with, and keep the answer."""
    from dataclasses import replace

    from desk.knowledge import embed
    from desk.learn.modelcheck import measure
    from desk.llm import load, trust

    config, places = rooms.configuration()
    if given.name:
        settings = replace(config.model, default=given.name, fast="", capable="")
        config = replace(config, model=settings)
    embedder = embed.load(config.knowledge.embeddings)
    loaded = load(config.model, places.models)
    if loaded.capable is None or loaded.fast is None:
        raise ModelError(loaded.why_none or "No model is set.", "See `desk models list`.")
    here = config.model.provider != "openai"
    reports = []
    try:
        for model in dict.fromkeys((loaded.fast, loaded.capable)):
            reports.append(measure(model, config, embedder, rooms.now().isoformat(), _say, local=here))
    finally:
        _say("")
        loaded.close()
    for report in reports:
        trust.save(places.checks, report)
        if given.json:
            print(json.dumps(_facts(report), ensure_ascii=True))  # noqa: T201
        else:
            _show(report)
    return 0


def _facts(report: "Report") -> dict[str, Any]:
    from desk.domain.codec import to_json

    facts: dict[str, Any] = to_json(report)
    return {**facts, "trusted": [name for name, v in report.verdicts.items() if v.weight > 0]}


def _show(report: "Report") -> None:
    print(report.model)  # noqa: T201
    print(f"  reads {report.tokens_in_s:.0f} and writes {report.tokens_out_s:.0f} tokens a second here")  # noqa: T201
    if report.memory_mb:
        print(f"  desk with this model takes {report.memory_mb} MB of memory")  # noqa: T201
    for name, verdict in report.verdicts.items():
        print(f"  {_mark(verdict)} {STEPS[name]}: {verdict.why}")  # noqa: T201
    if not any(v.weight > 0 for v in report.verdicts.values()):
        print("  It is trusted with nothing: classifiers sort, replies are composed from your articles.")  # noqa: T201
    print("  Workers obey this from their next start.")  # noqa: T201


def _mark(verdict: "Verdict") -> str:
    return "✓ trusted with" if verdict.weight > 0 else "✗ not trusted with"


def _say(text: str) -> None:
    """A line of progress that the next one overwrites, for a person at a terminal only."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)  # noqa: T201
