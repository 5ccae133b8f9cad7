"""What every table is made of: the one metadata, column shorthands, and times as epoch seconds."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

import sqlalchemy as sa

T = TypeVar("T")

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def key() -> sa.Column[int]:
    """The integer primary key."""
    return sa.Column("id", sa.Integer, primary_key=True)


def text(name: str, default: str | None = "", **options: Any) -> sa.Column[str]:
    """A text column, empty by default; with `default=None` it may be NULL."""
    if default is None:
        return sa.Column(name, sa.Text, nullable=True, **options)
    return sa.Column(name, sa.Text, nullable=False, server_default=default, **options)


def number(name: str, default: int | None = 0, **options: Any) -> sa.Column[int]:
    """An integer column, 0 by default; with `default=None` it may be NULL."""
    if default is None:
        return sa.Column(name, sa.Integer, nullable=True, **options)
    return sa.Column(name, sa.Integer, nullable=False, server_default=str(default), **options)


def wide(name: str, default: int | None = 0) -> sa.Column[int]:
    """A 64-bit integer column: UIDs and UIDVALIDITY are unsigned 32-bit (RFC 3501), MODSEQ 63-bit (RFC 7162)."""
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    if default is None:
        return sa.Column(name, kind, nullable=True)
    return sa.Column(name, kind, nullable=False, server_default=str(default))


def real(name: str, default: float | None = 0.0) -> sa.Column[float]:
    """A double, 0 by default; with `default=None` it may be NULL."""
    if default is None:
        return sa.Column(name, sa.Double, nullable=True)
    return sa.Column(name, sa.Double, nullable=False, server_default=sa.text(str(default)))


def flag(name: str, default: bool = False) -> sa.Column[bool]:
    """A yes/no column."""
    return sa.Column(name, sa.Boolean, nullable=False, server_default=sa.true() if default else sa.false())


def time(name: str, *, required: bool = False) -> sa.Column[float]:
    """A moment as epoch seconds UTC."""
    return sa.Column(name, sa.Double, nullable=not required)


def json(name: str) -> sa.Column[Any]:
    """A JSON value, never NULL: a list or an object the writer always gives."""
    return sa.Column(name, sa.JSON(none_as_null=True), nullable=True)


def ref(name: str, target: str, *, required: bool = True, index: bool = False, cascade: bool = False) -> sa.Column[int]:
    """A foreign key to `target` ("table.column")."""
    kind: Any = sa.Text if target.split(".")[1] in ("hash", "login") else sa.Integer
    link = sa.ForeignKey(target, ondelete="CASCADE" if cascade else None)
    return sa.Column(name, kind, link, nullable=not required, index=index or None)


def stamp(moment: datetime | None) -> float | None:
    """Epoch seconds of an aware datetime; raises ValueError for a naive one, whose zone nobody knows."""
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise ValueError("a time without a zone can't be stored")
    return moment.timestamp()


def when(seconds: float | None) -> datetime | None:
    """The aware UTC datetime of stored epoch seconds."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def moment(seconds: float) -> datetime:
    """Like `when`, for a column that always holds a value."""
    return datetime.fromtimestamp(seconds, UTC)


def maker(record: Callable[..., T], **convert: Callable[[Any], Any]) -> Callable[[Sequence[Any]], T]:
    """A function that makes a dataclass from a row whose first columns stand in the order of its fields.

    `convert` names the fields whose stored value becomes something else: a time, an enum, a tuple.
    """
    names = [f.name for f in fields(cast(Any, record))]
    changed = [(names.index(name), change) for name, change in convert.items()]
    width = len(names)

    def make(row: Sequence[Any]) -> T:
        values = list(row[:width])
        for place, change in changed:
            values[place] = change(values[place])
        return record(*values)

    return make


def strings(value: Any) -> tuple[str, ...]:
    """A stored JSON list as a tuple."""
    return tuple(value or ())


def mapping(value: Any) -> dict[str, Any]:
    """A stored JSON object as a dict of its own."""
    return dict(value or {})
