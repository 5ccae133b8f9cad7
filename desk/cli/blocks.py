"""`desk blocks`: who is blocked, until when, how often it stopped mail; and lifting a block."""

import argparse
import json

from desk.cli import rooms
from desk.domain.codec import to_json
from desk.errors import StoreError


def blocks(given: argparse.Namespace) -> int:
    """Every block, newest first; with --lift the one of that address or domain ends."""
    from desk.actions import quarantine as actions
    from desk.store import quarantine

    config, places = rooms.configuration()
    db = rooms.store(config, places)
    try:
        found = db.get(quarantine.blocks())
        if given.lift:
            row = next((b for b in found if b.value == given.lift.strip().lower()), None)
            if row is None:
                raise StoreError(f"{given.lift} is not blocked.", "`desk blocks` lists who is.")
            print(actions.unblock(rooms.desk(config, db), row.id).text)  # noqa: T201
            return 0
    finally:
        db.close()
    if given.json:
        print(json.dumps([to_json(row) for row in found], ensure_ascii=True))  # noqa: T201
        return 0
    for row in found:
        until = f"until {row.expires_at:%Y-%m-%d}" if row.expires_at else "for good"
        print(f"{row.value:40} {row.hits:>6} stopped  {until:16} by {row.blocked_by}")  # noqa: T201
    if not found:
        print("Nobody is blocked.")  # noqa: T201
    return 0
