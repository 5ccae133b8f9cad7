"""`desk voice`: how each mailbox writes, as drafts will."""

import argparse
from dataclasses import asdict

from desk.cli import lines, plain, rooms


def voice(given: argparse.Namespace) -> int:
    """A paragraph for every mailbox, language and form of address with enough sent letters."""
    from desk.workers.voices import Voices

    config, places = rooms.configuration()
    db = rooms.store(config, places)
    try:
        voices = Voices(db)
        found = {box.name: voices(box.name) for box in config.mailboxes}
    finally:
        db.close()
    if given.json:
        lines.put({name: [asdict(one) for one in ones] for name, ones in found.items()})
        return 0
    for name, ones in found.items():
        for one in ones:
            head = f"{name}: {one.language}, {one.register}, from {one.letters} letters of {one.words} words"
            print(plain.line(head))  # noqa: T201
            for what in ("greeting", "nameless", "closing", "signature"):
                said = getattr(one, what)
                print(f"  {what:10} {plain.line(said) or '(too few agree; desk has its own)'}")  # noqa: T201
        if not ones:
            print(plain.line(f"{name}: too little was sent yet; drafts greet and close in desk's own words."))  # noqa: T201
    return 0
