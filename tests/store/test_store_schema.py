"""The migrated schema is the one the tables describe; a store is created once, copied before a change, never guessed."""

import shutil
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from records import thread

from desk.errors import StoreError
from desk.store import database, revision, threads
from desk.store.columns import metadata
from desk.store.database import Database
from desk.store.migrations import runner

SEARCH = ("messages_fts", "threads_fts", "threads_grams", "message_search", "alembic_version")


def test_the_migrated_schema_equals_the_tables(both: Database) -> None:
    def ours(_obj: Any, name: str | None, kind: str, _reflected: bool, _other: Any) -> bool:
        return not (name or "").startswith(SEARCH) and not (kind == "index" and "message_search" in (name or ""))

    with both.read() as connection:
        options = {"include_object": ours, "compare_type": not both.sqlite}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []
        inspector = sa.inspect(connection)
        for table in metadata.sorted_tables:
            stored = {c["name"]: c for c in inspector.get_columns(table.name)}
            assert set(stored) == set(table.c.keys())
            for column in table.c:
                assert stored[column.name]["nullable"] == column.nullable, (table.name, column.name)
            indexes = {i["name"] for i in inspector.get_indexes(table.name)}
            assert {i.name for i in table.indexes} <= indexes, table.name


def test_head_is_the_newest_revision() -> None:
    assert runner.head(revision.FOLDER) == revision.HEAD


def test_opening_again_changes_nothing(store_url: str) -> None:
    first = database.open(store_url)
    with first.write() as tx:
        thread(tx)
    first.close()
    again = database.open(store_url)
    assert not revision.ensure(again)
    with again.read() as tx:
        assert revision.current(tx) == revision.HEAD
    again.close()


def test_four_desks_opening_one_new_store_make_it_once(store_url: str) -> None:
    def one(_: int) -> str:
        db = database.open(store_url)
        with db.write() as tx:
            number = threads.next_number(tx)
        db.close()
        return number

    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(one, range(4)))
    assert sorted(numbers) == ["T-1001", "T-1002", "T-1003", "T-1004"]


def test_a_store_of_a_newer_desk_is_refused_with_the_way_out(store_url: str) -> None:
    db = database.open(store_url)
    with db.write() as tx:
        tx.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    db.close()
    with pytest.raises(StoreError, match=r"newer desk \(revision 9999\). Upgrade desk"):
        database.open(store_url)


@pytest.fixture
def newer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A desk one revision ahead of the shipped one."""
    folder = tmp_path / "migrations"
    shutil.copytree(revision.FOLDER, folder)
    (folder / "versions" / "9000_more.py").write_text(
        "from alembic import op\n"
        "import sqlalchemy as sa\n"
        f"revision, down_revision, branch_labels, depends_on = '9000', '{revision.HEAD}', None, None\n"
        "def upgrade():\n"
        "    with op.batch_alter_table('agents') as table:\n"
        "        table.add_column(sa.Column('colour', sa.Text, nullable=False, server_default='blue'))\n"
    )
    yield str(tmp_path / "old.sqlite")
    monkeypatch.undo()


def test_a_store_with_data_is_copied_before_it_is_changed(newer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    old = database.open(newer)
    with old.write() as tx:
        thread(tx)
        tx.execute(sa.text("INSERT INTO agents (login) VALUES ('mara')"))
    old.close()
    monkeypatch.setattr(revision, "HEAD", "9000")
    monkeypatch.setattr(revision, "FOLDER", Path(newer).parent / "migrations")
    db = database.open(newer)
    with db.read() as tx:
        assert tx.execute(sa.text("SELECT login, colour FROM agents")).all() == [("mara", "blue")]
        assert revision.current(tx) == "9000"
    db.close()
    (copy,) = Path(newer).parent.glob("old.sqlite.before-*")
    with sqlite3.connect(copy) as before:
        assert before.execute("SELECT count(*) FROM messages").fetchone() == (1,)
        assert "colour" not in {r[1] for r in before.execute("PRAGMA table_info(agents)")}


@pytest.mark.parametrize("where", ["sqlite://", "mysql://host/db", "no url://"])
def test_a_wrong_address_says_what_to_do(where: str) -> None:
    with pytest.raises(StoreError) as wrong:
        database.open(where)
    assert wrong.value.fix


def test_a_server_that_is_not_there_is_a_sentence() -> None:
    with pytest.raises(StoreError, match="See that the server runs"):
        database.open("postgresql://desk@127.0.0.1:1/none?connect_timeout=2")
