"""`desk ingest`: a message on standard input, or in files, taken in like one from the mailbox."""

import argparse
import json
import sys
from pathlib import Path

from desk.cli import rooms
from desk.errors import MailError


def ingest(given: argparse.Namespace) -> int:
    """Take in messages (RFC 5322); what was there already is said and stored once. 1 when one could not be taken."""
    from desk.mail.rules import Rulebook
    from desk.workers.ingest import ingest as take_in
    from desk.workers.ingest import mailbox_for

    config, places = rooms.configuration()
    db = rooms.store(config, places)
    rules, failed = Rulebook(config), 0
    try:
        for name in given.files or ["-"]:
            try:
                raw = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
                box = mailbox_for(config, raw, given.mailbox or "")
                found = take_in(db, box, raw, "ingest", now=rooms.now(), rules=rules)
            except (MailError, OSError) as problem:
                failed += 1
                reason = f"{name}: {problem.strerror}." if isinstance(problem, OSError) else str(problem)
                print(f"desk: {reason}", file=sys.stderr)  # noqa: T201
                continue
            if given.json:
                print(json.dumps({"ticket": found.number, "known": found.known}))  # noqa: T201
            else:
                print(f"{found.number}{' (was here already)' if found.known else ''}")  # noqa: T201
    finally:
        db.close()
    return 1 if failed else 0
