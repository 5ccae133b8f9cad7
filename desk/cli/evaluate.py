"""`desk eval`: measure guard and triage on labelled messages (a folder with `stories.toml`)."""

import argparse
import json
from pathlib import Path
from typing import Any

from desk.cli import rooms, stories
from desk.errors import ConfigError
from desk.paths import packaged


def evaluate(given: argparse.Namespace) -> int:
    """Print recall and false alarms of the guard, and how often each label is right; 0 whatever they are."""
    folder = Path(given.folder).expanduser() if given.folder else packaged("sample_mailbox")
    if not (folder / "stories.toml").is_file():
        raise ConfigError(f"{folder} has no stories.toml.", "Name a folder like the sample mailbox.")
    figures = measure(folder)
    if given.json:
        print(json.dumps(figures))  # noqa: T201
        return 0
    for name, value in figures.items():
        print(f"{name:32} {value}")  # noqa: T201
    return 0


def measure(folder: Path) -> dict[str, Any]:
    """The figures over every story that says what is right: shares 0..1, counts, milliseconds."""
    from desk.guard.scan import scan as scan_mail
    from desk.mail.parse import parse
    from desk.triage import triage

    config, places = rooms.configuration()
    embedder = rooms.rooms(config, places, only=()).embedder
    hits = misses = alarms = clean = 0
    right: dict[str, list[bool]] = {"category": [], "language": []}
    times = []
    for story in stories.load(folder).stories:
        raws = [(folder / name).read_bytes() for name in story.files]
        mails = [parse(raw) for raw in raws]
        scans = [scan_mail(mail, raw=raw) for mail, raw in zip(mails, raws, strict=True)]
        times += [scan.verdict.ms for scan in scans]
        flagged = any(scan.verdict.flagged for scan in scans)
        attack = "attack" in story.expect or story.expect.get("place") == "quarantine"
        hits, misses = hits + (attack and flagged), misses + (attack and not flagged)
        harmless = not attack and not story.expect.get("released")
        alarms, clean = alarms + (harmless and flagged), clean + (harmless and not flagged)
        if embedder and not flagged:
            labels = triage(mails[-1].reply_text, subject=mails[-1].subject, embed=embedder.embed)
            for key, seen in (("category", str(labels.category)), ("language", labels.language)):
                if wanted := story.expect.get(key):
                    right[key].append(seen in (wanted if isinstance(wanted, list) else [wanted]))
    return {
        "attacks found": f"{hits} of {hits + misses}",
        "false alarms": f"{alarms} of {alarms + clean}",
        "guard, median ms": round(sorted(times)[len(times) // 2], 2),
        **{f"{key} right": f"{sum(values)} of {len(values)}" for key, values in right.items()},
    }
