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
    """The figures over every story that says what is right, in words a person reads."""
    from desk.guard.policy import PHISHING_THRESHOLD, SCANNER, SPAM_THRESHOLD, THRESHOLD
    from desk.learn.evaluate import Labelled, measure

    config, places = rooms.configuration()
    embedder = rooms.rooms(config, places, only=()).embedder
    found = measure(
        (
            Labelled(tuple((folder / name).read_bytes() for name in story.files), story.expect)
            for story in stories.load(folder).stories
        ),
        embedder,
    )
    return {
        "scanner": SCANNER,
        "operating point": f"attack from {THRESHOLD}, spam from {SPAM_THRESHOLD}, phishing from {PHISHING_THRESHOLD}",
        "attacks found": f"{found.found} of {found.attacks}",
        "false alarms": f"{found.alarms} of {found.harmless}",
        "spam found": f"{found.spam_found} of {found.spam}",
        "taken for spam": f"{found.spam_alarms} of {found.harmless - found.spam}",
        "guard, median ms": round(found.median_ms, 2),
        **{f"{key} right": f"{hits} of {total}" for key, (hits, total) in found.right.items()},
    }
