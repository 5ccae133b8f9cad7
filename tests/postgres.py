"""A throw-away PostgreSQL for tests, from Debian's package; skipped with a reason where it is absent."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

REQUIRED = "DESK_REQUIRE_SERVERS"

ON_BOTH = pytest.mark.parametrize("empty_store", ["sqlite", "postgresql"], indirect=True)
"""For a test whose store is made in `empty_store`: once on SQLite, once on PostgreSQL."""


def binaries() -> Path | None:
    """The folder with initdb and postgres, the newest version first."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: float(p.parts[-3]), reverse=True)
    found = str(debian[0]) if debian else shutil.which("initdb")
    return Path(found).parent if found else None


def _as_owner(command: list[str]) -> list[str]:
    """PostgreSQL refuses to run as root: become the user `postgres` then."""
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else command


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def cluster() -> Iterator[str]:
    """A running cluster; gives the URL of its maintenance database. Skips (or fails, where servers are required)."""
    folder = binaries()
    if folder is None:
        if os.environ.get(REQUIRED) == "1":
            pytest.fail(f"PostgreSQL is not installed and {REQUIRED}=1")
        pytest.skip("PostgreSQL is not installed (Debian: postgresql)")
    pytest.importorskip("psycopg")
    home = Path(tempfile.mkdtemp(prefix="desk-pg-", dir="/tmp"))
    if os.geteuid() == 0:
        shutil.chown(home, "postgres")
    data, port = home / "data", _free_port()
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "cwd": "/"}
    options = f"-c listen_addresses=127.0.0.1 -p {port} -c fsync=off -c unix_socket_directories={home}"
    control = [str(folder / "pg_ctl"), "-D", str(data), "-w", "-s"]
    try:
        initdb = [
            str(folder / "initdb"),
            "-D",
            str(data),
            "-A",
            "trust",
            "-U",
            "desk",
            "-E",
            "UTF8",
            "--locale=C",
            "-N",
        ]
        subprocess.run(_as_owner(initdb), **quiet)  # type: ignore[call-overload]
        start = [*control, "-o", options, "-l", str(home / "log"), "start"]
        subprocess.run(_as_owner(start), **quiet)  # type: ignore[call-overload]
        try:
            yield f"postgresql://desk@127.0.0.1:{port}/postgres"
        finally:
            subprocess.run(_as_owner([*control, "-m", "immediate", "stop"]), **quiet)  # type: ignore[call-overload]
    finally:
        shutil.rmtree(home, ignore_errors=True)


def new_database(maintenance: str) -> str:
    """A fresh, empty database in the cluster; returns its URL."""
    import psycopg

    name = f"desk_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return maintenance.rsplit("/", 1)[0] + f"/{name}"


def emptied(url: str, tables: list[str]) -> str:
    """The same database with these tables emptied and their numbers begun anew: far faster than a new one.

    Deleting a few rows from many tables, with no look at references, takes a tenth of a TRUNCATE of them all.
    """
    import psycopg

    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    mine = "datname = current_database() AND pid <> pg_backend_pid()"
    anew = "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false) FROM pg_sequences"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"{others} WHERE {mine}")
        deletes = "; ".join(f"DELETE FROM {table}" for table in (*tables, "message_search"))
        connection.execute(f"BEGIN; SET LOCAL session_replication_role = replica; {deletes}; COMMIT")
        connection.execute(f"{anew} WHERE last_value IS NOT NULL")
    return url
