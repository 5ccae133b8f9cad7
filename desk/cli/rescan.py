"""`desk rescan`: after an upgrade, judge stored mail with the new guard and list what is judged differently."""

import argparse
import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime

from desk.cli import plain, rooms


def rescan(given: argparse.Namespace) -> int:
    """List every changed verdict; 0 whatever they are. Progress goes to standard error, and Ctrl+C loses nothing."""
    from desk.guard.policy import SCANNER
    from desk.learn import thresholds
    from desk.pipeline.runner.rescan import rescan as judge_anew
    from desk.store import quarantine

    config, places = rooms.configuration()
    db = rooms.store(config, places)
    total = db.get(quarantine.count_judged_by_others(SCANNER))
    count = changed = 0
    try:
        point = thresholds.learned(db).attack
        for found in judge_anew(db, config, lambda: datetime.now(UTC), rooms.vectors(config), point):
            count += 1
            if sys.stderr.isatty() and (count % 20 == 0 or count == total):
                print(f"\r{count} of {total} messages", end="", file=sys.stderr, flush=True)  # noqa: T201
            if found is None:
                continue
            changed += 1
            if given.json:
                print(json.dumps(asdict(found)), flush=True)  # noqa: T201
            else:
                now = f"kept back now by {found.why}" if found.flagged else "let through now"
                text = f"{found.before:.2f} → {found.after:.2f}  {now}, stands in {found.status}: {found.subject}"
                print(plain.line(f"{found.number:8} {text}", 160))  # noqa: T201
    finally:
        db.close()
    if not given.json:
        print(f"{count} messages judged by {SCANNER}, {changed} judged differently.")  # noqa: T201
        if changed:
            print("No model reads what is kept back. Nothing was moved: quarantine and release stay yours to say.")  # noqa: T201
    return 0
