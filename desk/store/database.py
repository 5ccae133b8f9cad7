"""Connections: every write begins IMMEDIATE, reads have an engine of their own, the screen reads through asyncio."""

import contextlib
import sqlite3
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from desk.errors import StoreError

T = TypeVar("T")

__all__ = ["AsyncDatabase", "Connection", "Database", "Read", "address", "open", "within"]

BUSY_MS = 30_000
"""How long a SQLite connection waits for another writer."""


@dataclass(frozen=True, slots=True)
class Read(Generic[T]):
    """A read as data: a statement and how its rows become the answer; the same for the sync and the async engine.

    With `plain` the statement goes to the driver as text, made once for a statement that is kept, and the rows are the
    driver's own tuples: no conversion of types either way, and several times faster on long lists. `values` are for
    the statement's named parameters.
    """

    statement: sa.Executable | Callable[[str], sa.Executable]
    convert: Callable[[Sequence[Any]], T]
    plain: bool = False
    values: dict[str, Any] = field(default_factory=dict)

    def on(self, dialect: sa.Dialect) -> sa.Executable:
        """The statement for this dialect; it may depend on it."""
        statement = self.statement
        return statement if isinstance(statement, sa.Executable) else statement(dialect.name)

    def driven(self, dialect: sa.Dialect) -> tuple[str, Any]:
        """The text and the parameters as the dialect's driver takes them."""
        compiled = _compiled(self.on(dialect), dialect)
        values = compiled.construct_params(self.values or None)
        places = compiled.positiontup
        return str(compiled), values if places is None else tuple(values[name] for name in places)

    def run(self, connection: Connection) -> T:
        """The answer, over an open connection (inside a write unit too)."""
        if not self.plain:
            return self.convert(connection.execute(self.on(connection.dialect), self.values or None).all())
        cursor = connection.exec_driver_sql(*self.driven(connection.dialect)).cursor
        return self.convert(cursor.fetchall() if cursor is not None else ())


@lru_cache(maxsize=128)
def _compiled(statement: Any, dialect: sa.Dialect) -> sa.sql.compiler.SQLCompiler:
    compiled: sa.sql.compiler.SQLCompiler = statement.compile(
        dialect=dialect, compile_kwargs={"render_postcompile": True}
    )
    return compiled


def address(where: str | Path) -> URL:
    """The SQLAlchemy URL of a path, a `sqlite:` URL or a `postgresql:` URL; drivers are chosen here."""
    text = str(where)
    if "://" not in text:
        return URL.create("sqlite", database=str(Path(text).expanduser()))
    try:
        url = make_url(text)
    except sa.exc.ArgumentError as problem:
        raise StoreError(f"{text.split('@')[-1]} is not a database URL.", "Use a path or postgresql://…") from problem
    family = url.get_backend_name()
    if family == "sqlite":
        if not url.database or url.database == ":memory:":
            raise StoreError("An in-memory database can't be shared by desk's processes.", "Give it a file.")
        return url.set(drivername="sqlite")
    if family in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    raise StoreError(f"desk does not know the database {family!r}.", "Use SQLite (a path) or postgresql://…")


def _write_ahead(cursor: Any) -> None:
    """Switch to WAL. SQLite does not wait for this switch by itself when several desks open a new file at once."""
    until = time.monotonic() + BUSY_MS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)


def _pragmas(synchronous: str) -> Callable[[Any, Any], None]:
    def connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        _write_ahead(cursor)
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute(f"PRAGMA synchronous = {synchronous}")
        cursor.execute("PRAGMA cache_size = -16000")
        cursor.execute("PRAGMA temp_store = MEMORY")
        cursor.close()

    return connect


def _engine(url: URL, *, begin: str = "", synchronous: str = "NORMAL") -> Engine:
    """A sync engine; on SQLite every transaction starts with the given BEGIN, or there is none with an empty one."""
    if url.get_backend_name() != "sqlite":
        return sa.create_engine(url, pool_pre_ping=True)
    engine = sa.create_engine(url, connect_args={"timeout": BUSY_MS / 1000})
    event.listen(engine, "connect", _pragmas(synchronous))
    if begin:
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


def within(connection: Connection, read: Read[T]) -> T:
    """Run one read inside an open write unit, so that what is decided and what is written see the same rows."""
    return read.run(connection)


class Database:
    """One store for a process that works synchronously: workers, actions, the command line."""

    def __init__(self, where: str | Path) -> None:
        self.url = address(where)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        self._write = _engine(self.url, begin="BEGIN IMMEDIATE")
        self._durable = _engine(self.url, begin="BEGIN IMMEDIATE", synchronous="FULL") if self.sqlite else self._write
        self._read = _engine(self.url, begin="BEGIN") if self.sqlite else self._write
        self._probe = _engine(self.url)
        self._watch: Connection | None = None
        self._watch_lock = threading.Lock()

    @property
    def location(self) -> str:
        """The URL with its password, for another process or the async engine."""
        return self.url.render_as_string(hide_password=False)

    @contextlib.contextmanager
    def write(self) -> Iterator[Connection]:
        """One write transaction, begun IMMEDIATE: committed at the end, rolled back on any error."""
        with self._explained(), self._write.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def durable(self) -> Iterator[Connection]:
        """Like `write`, and on the disk when it returns (synchronous FULL): for the outbox."""
        with self._explained(), self._durable.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """One read transaction: a steady snapshot on SQLite."""
        with self._explained(), self._read.begin() as connection:
            yield connection

    def get(self, read: Read[T]) -> T:
        """Run one read."""
        with self.read() as connection:
            return read.run(connection)

    def data_version(self) -> int:
        """A number that changes whenever anybody committed: a few microseconds on SQLite."""
        with self._watch_lock, self._explained():
            if self._watch is None:
                self._watch = self._probe.connect().execution_options(isolation_level="AUTOCOMMIT")
            return _version(self._watch.exec_driver_sql(_PROBE[self.sqlite]).scalar_one())

    def close(self) -> None:
        """Close every connection."""
        with self._watch_lock:
            if self._watch is not None:
                self._watch.close()
                self._watch = None
        for engine in (self._write, self._durable, self._read, self._probe):
            engine.dispose()

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn the driver's complaint about the database itself into a sentence; other errors pass."""
        try:
            yield
        except sa.exc.OperationalError as problem:
            raise StoreError(f"The database did not answer: {problem.orig}.", _fix(self.sqlite)) from problem
        except sa.exc.DatabaseError as problem:
            if type(problem) is not sa.exc.DatabaseError:
                raise
            # SQLite says only this much of a file that is damaged, or was never a database.
            fix = "Put a copy made by `desk backup` in its place, or move it away to begin anew."
            raise StoreError(f"{self.url.database} can't be read: {problem.orig}.", fix) from problem


_PROBE = {True: "PRAGMA data_version", False: "SELECT pg_current_snapshot()::text"}
"""A PostgreSQL snapshot text names the newest transaction and all open ones, so every commit changes it."""


def _version(value: int | str) -> int:
    return value if isinstance(value, int) else zlib.crc32(value.encode())


def _fix(sqlite: bool) -> str:
    if sqlite:
        return "See that the disk has space, the folder is writable, and it is not a network share."
    return "See that the server runs and the URL in the configuration is right."


class AsyncDatabase:
    """Reads for the screen: never blocks the event loop, never writes."""

    def __init__(self, where: str | Path) -> None:
        url = address(where)
        self.sqlite = url.get_backend_name() == "sqlite"
        plain: dict[str, Any] = {"isolation_level": "AUTOCOMMIT", "pool_reset_on_return": None}
        self._engine: AsyncEngine
        if self.sqlite:
            self._engine = create_async_engine(url.set(drivername="sqlite+aiosqlite"), **plain)
            event.listen(self._engine.sync_engine, "connect", _async_pragmas)
        else:
            self._engine = create_async_engine(url, pool_pre_ping=True, **plain)
        self._watch: AsyncConnection | None = None

    async def get(self, read: Read[T]) -> T:
        """Run one read; a plain one on SQLite in a single turn of the connection's thread."""
        async with self._engine.connect() as connection:
            if not (read.plain and self.sqlite):
                return await connection.run_sync(read.run)
            driver: Any = (await connection.get_raw_connection()).driver_connection
            return read.convert(await driver.execute_fetchall(*read.driven(connection.dialect)))

    async def data_version(self) -> int:
        """A number that changes whenever anybody committed."""
        if self._watch is None:
            self._watch = await self._engine.connect()
        result = await self._watch.exec_driver_sql(_PROBE[self.sqlite])
        return _version(result.scalar_one())

    async def close(self) -> None:
        """Close every connection."""
        if self._watch is not None:
            await self._watch.close()
            self._watch = None
        await self._engine.dispose()


def _async_pragmas(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    cursor.execute("PRAGMA query_only = ON")
    cursor.execute("PRAGMA cache_size = -2000")
    cursor.close()


def open(where: str | Path) -> Database:
    """The store at a path or URL, created or migrated first when its revision is behind."""
    from desk.store import revision

    database = Database(where)
    try:
        if database.sqlite:
            Path(str(database.url.database)).absolute().parent.mkdir(parents=True, exist_ok=True)
        revision.ensure(database)
    except BaseException:
        database.close()
        raise
    return database
