"""INSERT … ON CONFLICT for whichever database is at the other end of the connection."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection


def insert(tx: Connection, table: sa.Table) -> Any:
    """The dialect's own `insert`, with `on_conflict_do_nothing` and `on_conflict_do_update`."""
    return postgresql.insert(table) if tx.dialect.name == "postgresql" else sqlite.insert(table)
