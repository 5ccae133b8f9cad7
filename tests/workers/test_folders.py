"""Several folders of one mailbox: each read over a connection of its own, none taking from another."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from letters import letter
from servers import ImapServer, pymap_server

from desk.cli import rooms as composition
from desk.config import Config
from desk.store import changes, messages
from desk.store.database import Database
from desk.workers import fetch
from desk.workers.loop import Status, Stop


@pytest.fixture
def imap() -> Iterator[ImapServer]:
    with pymap_server() as server:
        with server.client() as client:
            client.create_folder("Orders")
        yield server


def wait_until(happened: Callable[[], bool]) -> None:
    """Return as soon as something is so."""
    pause = threading.Event()
    for _ in range(500):
        if happened():
            return
        pause.wait(0.02)
    raise AssertionError("it never happened")


def test_each_folder_has_a_cursor_and_a_worker_of_its_own(
    imap: ImapServer, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESK_TEST_PASSWORD", imap.password)
    box = replace(imap.box(folders=("Orders", "INBOX", "Nowhere"), poll_seconds=1), password_env="DESK_TEST_PASSWORD")
    answer = letter("And here is a picture.", message_id="<2@web.example>", In_Reply_To="<1@web.example>")
    imap.deliver([letter(), letter("Another.", subject="Lamps", message_id="<3@web.example>")])
    imap.deliver([answer, letter()], "Orders")  # the first question lies in both folders
    stop = Stop()
    Status(db, "fetch").say("idle", "from when there was one folder")
    worker = threading.Thread(target=fetch.run, args=(db, Config(mailboxes=(box,)), composition.source, stop))
    worker.start()
    try:
        wait_until(lambda: len(db.get(messages.all_ids())) == 3)
        imap.deliver([letter("New.", subject="New", message_id="<4@web.example>")], "Orders")
        wait_until(lambda: len(db.get(messages.all_ids())) == 4)
        wait_until(lambda: len(db.get(changes.workers())) == 3)
        states = {w.name: w.state for w in db.get(changes.workers())}
    finally:
        stop.event.set()
        worker.join(10)
    rows = [row for i in db.get(messages.all_ids()) if (row := db.get(messages.one(i)))]
    assert sorted(row.message_id for row in rows) == [f"{n}@web.example" for n in (1, 2, 3, 4)]
    threads = {row.message_id: row.thread_id for row in rows}
    assert threads["1@web.example"] == threads["2@web.example"] != threads["3@web.example"]
    assert states.keys() == {"fetch:main", "fetch:main/Orders", "fetch:main/Nowhere"}
    assert states["fetch:main/Nowhere"] == "error", "a folder that is not there is said, and stops no other"
    for folder, uid in (("INBOX", 2), ("Orders", 3)):
        cursor = db.get(messages.cursor(1, folder))
        assert cursor is not None
        assert cursor.last_uid >= uid
