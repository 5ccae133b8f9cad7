"""kill -9 at every write of an import: the next start takes up what is missing, and nothing comes twice."""

import multiprocessing
from pathlib import Path

import sqlalchemy as sa
from faults import die
from postgres import ON_BOTH

from desk.config import MailboxConfig
from desk.mail.folder import FolderSource
from desk.store import database, messages
from desk.workers.fetch import Fetcher

NUMBER = 200


def _import(url: str, folder: Path, deadly: int) -> None:
    """Fetch everything, and die right before the write of this number (a commit counts too)."""
    left = deadly

    def count(*_: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            die()

    def write(_c: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE")):
            count()

    db = database.open(url)
    sa.event.listen(db._write, "before_cursor_execute", write)
    sa.event.listen(db._write, "commit", count)
    box = MailboxConfig(name="help", address="help@shop.example", folder=str(folder))
    Fetcher(db, box, lambda b: FolderSource(folder)).poll()
    db.close()


@ON_BOTH
def test_an_import_killed_at_every_write_loses_and_doubles_nothing(empty_store: str, tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    folder.mkdir()
    for n in range(NUMBER):
        answers = f"In-Reply-To: <{n - 1}@x.example>\n" if n % 3 == 2 else ""
        head = f"From: c{n % 40}@web.example\nTo: help@shop.example\nSubject: Parcel {n}\nMessage-ID: <{n}@x.example>\n"
        (folder / f"{n:04}.eml").write_text(
            f"{head}{answers}Date: Fri, 20 Nov 2026 12:00:00 +0000\n\nWhere is parcel {n}?\n"
        )
    database.open(empty_store).close()
    killed, started = 0, multiprocessing.get_context("fork")
    while True:
        child = started.Process(target=_import, args=(empty_store, folder, killed + 1))
        child.start()
        child.join(60)
        if child.exitcode == 0:
            break
        assert child.exitcode == -9, "it ended by something else than our kill"
        killed += 1
    assert killed > 20, "the kills did not reach every kind of write"
    db = database.open(empty_store)
    stored = [db.get(messages.one(i)) for i in db.get(messages.all_ids())]
    assert sorted(m.message_id for m in stored if m) == sorted(f"{n}@x.example" for n in range(NUMBER))
    with db.read() as tx:
        for table in ("runs", "events"):
            once = tx.execute(sa.text(f"SELECT count(*), count(DISTINCT message_id) FROM {table}")).one()
            assert tuple(once) == (NUMBER, NUMBER), table
        threads = tx.execute(sa.text("SELECT sum(message_count) FROM threads")).scalar_one()
        assert threads == NUMBER
        empty = tx.execute(sa.text("SELECT count(*) FROM threads WHERE message_count = 0")).scalar_one()
        assert empty == 0
    db.close()
