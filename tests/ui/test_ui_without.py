"""Each part taken away in turn: the desk still opens, takes mail in, and says in its header what is off."""

import threading
from contextlib import contextmanager
from dataclasses import replace

import pytest
from driving import settled, until, words
from servers import PASSWORD, free_port, pymap_server

from desk.actions import review
from desk.cli import rooms
from desk.config import Config, ImapConfig, KnowledgeConfig, MailboxConfig, ModelConfig, PipelineConfig, SmtpConfig
from desk.paths import paths
from desk.store import database, drafts, threads
from desk.store.database import AsyncDatabase
from desk.ui.app import DeskApp
from desk.workers import fetch, send, think
from desk.workers.ingest import ingest
from desk.workers.loop import Stop

LETTER = b"From: Ann <ann@web.example>\r\nTo: help@shop.example\r\nSubject: Lamp\r\nMessage-ID: <1@web.example>\r\n\r\nHi\r\n"


@pytest.fixture(scope="module")
def imap():
    with pymap_server() as server:
        yield server


@contextmanager
def at_work(config: Config):
    """The three workers on this desk, each in a thread with a store of its own, as their processes run them."""
    stop = Stop()
    where = rooms.location(config, paths())
    stores = [database.open(where) for _ in range(3)]
    works = (
        lambda db: fetch.run(db, config, rooms.source, stop),
        lambda db: think.run(db, lambda: rooms.rooms(config, paths()), stop),
        lambda db: send.run(
            db, config, rooms.desk(config, db, who="send"), rooms.transport(config), rooms.source, stop
        ),
    )
    running = [threading.Thread(target=w, args=(db,), daemon=True) for w, db in zip(works, stores, strict=True)]
    for thread in running:
        thread.start()
    try:
        yield
    finally:
        stop.event.set()
        for thread in running:
            thread.join(20)
        for db in stores:
            db.close()


def without(part: str, imap) -> tuple[Config, str]:
    """A desk that lacks this part, and a word of what its header must say."""
    gone = free_port()
    box = replace(imap.box(), smtp=SmtpConfig("127.0.0.1", gone, "none"), password_env="DESK_TEST_PASSWORD")
    off = ModelConfig(provider="none")
    config = Config(mailboxes=(box,), model=off, pipeline=PipelineConfig(hold_seconds=0, window_seconds=0))
    if part == "model":
        return replace(config, model=ModelConfig(default="/no/such/model.gguf")), "model.gguf"
    if part == "vectors":
        return replace(config, knowledge=KnowledgeConfig(embeddings="/no/such/embeddings")), "/no/such/embeddings"
    if part == "imap":
        away = ImapConfig("127.0.0.1", gone, "none", user=box.imap.user)
        return replace(config, mailboxes=(replace(box, imap=away),)), f"127.0.0.1:{gone}"
    if part == "password":
        return replace(config, mailboxes=(replace(box, password_env="DESK_NOT_SET"),)), "DESK_NOT_SET"
    return config, f"127.0.0.1:{gone}"


@pytest.mark.parametrize("part", ["model", "vectors", "imap", "password", "smtp"])
async def test_the_desk_opens_without_it_and_says_so(part: str, imap, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK_TEST_PASSWORD", PASSWORD)
    config, said = without(part, imap)
    db = rooms.store(config, paths())
    desk = rooms.desk(config, db, who="mara")
    known = ingest(db, config.mailboxes[0], LETTER, "ingest", now=rooms.now())
    if part == "smtp":
        detail = db.get(threads.by_number(known.number))
        review.reply(desk, detail.row.id, "Hello Ann,\n\nthank you for writing.")
        review.approve(desk, db.get(drafts.current(detail.row.id)).id, confirm=True)
    app = DeskApp(lambda: (desk, AsyncDatabase(rooms.location(config, paths()))), config, demo=False)
    with at_work(config):
        async with app.run_test(size=(200, 40)) as pilot:
            await until(pilot, lambda: settled(app.screen), "opened", tries=1500)
            await until(pilot, lambda: said in words(app), f"the header says {said}", tries=3000)
            if part != "smtp":
                await until(pilot, lambda: "Lamp" in words(app), "the mail is there", tries=1500)
    db.close()


def test_a_mailbox_without_a_server_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from desk.errors import MailError

    monkeypatch.setenv("DESK_TEST_PASSWORD", "x")
    box = MailboxConfig(address="help@shop.example", password_env="DESK_TEST_PASSWORD")
    with pytest.raises(MailError, match="desk init"):
        list(rooms.source(box).poll(None))
