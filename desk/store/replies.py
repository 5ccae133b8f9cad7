"""How often each ready-made reply was used: what the picker sorts by."""

from collections.abc import Sequence

from sqlalchemy.engine import Connection

from desk.store import changes
from desk.store.database import Read, within

_NAME = "replies_used"


def used() -> Read[dict[str, int]]:
    """Reply → how often it went into a draft."""
    stored = changes.setting(_NAME)
    return Read(stored.statement, lambda rows: {str(k): int(v) for k, v in (stored.convert(rows) or {}).items()})


def count(tx: Connection, names: Sequence[str]) -> None:
    """Count one use of each reply."""
    if names:
        counts = within(tx, used())
        changes.set_setting(tx, _NAME, counts | {name: counts.get(name, 0) + 1 for name in names})
