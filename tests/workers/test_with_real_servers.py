"""The same path over IMAP and SMTP servers: fetched by cursor, answered over SMTP, a copy in Sent."""

from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes

import pytest
from letters import Clock, letter
from servers import ImapServer, SmtpSink, dovecot_server, pymap_server, smtp_sink

from desk.actions import review
from desk.cli import rooms as composition
from desk.config import Config, PipelineConfig
from desk.pipeline.case import Rooms
from desk.pipeline.runner import Runner
from desk.store import drafts, messages, outbox, threads
from desk.store.database import Database
from desk.workers.fetch import Fetcher
from desk.workers.send import Sender


@pytest.fixture(params=["pymap", "dovecot"])
def imap(request: pytest.FixtureRequest) -> Iterator[ImapServer]:
    with pymap_server() if request.param == "pymap" else dovecot_server() as server:
        with server.client() as client:
            if not client.find_special_folder(b"\\Sent"):
                client.create_folder("Sent")
        yield server


@pytest.fixture
def smtp(imap: ImapServer) -> Iterator[SmtpSink]:
    with smtp_sink(auth=True, password=imap.password) as sink:
        yield sink


@pytest.fixture
def config(imap: ImapServer, smtp: SmtpSink, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.setenv("DESK_TEST_PASSWORD", imap.password)
    box = replace(imap.box(write_back=True), smtp=smtp.config(), password_env="DESK_TEST_PASSWORD", import_from="now")
    return Config(mailboxes=(box,), pipeline=PipelineConfig(window_seconds=30, hold_seconds=15))


def test_a_question_is_fetched_answered_and_filed(
    imap: ImapServer, smtp: SmtpSink, config: Config, db: Database, rooms: Rooms, clock: Clock
) -> None:
    imap.deliver([letter("An old question that nobody may answer now.", message_id="<old@web.example>")])
    fetcher = Fetcher(db, config.mailboxes[0], composition.source, clock)
    assert fetcher.poll() == 0, "what was there before the first connection is not work"
    imap.deliver([letter()])
    assert fetcher.poll() == 1
    assert fetcher.poll() == 0
    with imap.client() as client:
        client.select_folder("INBOX", readonly=True)
        seen = [flags[b"FLAGS"] for flags in client.fetch(client.search("UNSEEN"), ["FLAGS"]).values()]
        assert len(seen) == 2, "reading must not mark anything as seen"

    runner = Runner(db, replace(rooms, config=config), clock)
    for _ in range(3):
        while runner.once():
            pass
        clock.pass_(31)
    (thread_id,) = db.get(threads.ids(threads.Filter(threads.View.REVIEW)))
    draft = db.get(drafts.current(thread_id))
    assert draft is not None
    desk = replace(composition.desk(config, db, who="mara"), clock=clock, uptime=None)
    review.approve(desk, draft.id)
    clock.pass_(16)
    sender = Sender(config, desk, composition.transport(config), composition.source)
    sender.once()
    sender.once()
    (row,) = db.get(outbox.rows())
    assert row.state == "filed", row.error
    assert smtp.copies(row.message_id) == 1
    assert message_from_bytes(smtp.taken[0][2])["In-Reply-To"] == "<1@web.example>"
    with imap.client() as client:
        client.select_folder(client.find_special_folder(b"\\Sent") or "Sent", readonly=True)
        assert len(client.search(["HEADER", "Message-ID", row.message_id])) == 1
    assert len(db.get(messages.of_thread(thread_id))) == 2
    sender.close()
    fetcher.close()


def test_a_server_that_is_gone_is_named_and_loses_nothing(
    imap: ImapServer, smtp: SmtpSink, config: Config, db: Database, clock: Clock
) -> None:
    from desk.errors import MailError

    box = replace(config.mailboxes[0], imap=replace(config.mailboxes[0].imap, port=1))
    with pytest.raises(MailError, match=r"127\.0\.0\.1"):
        Fetcher(db, box, composition.source, clock).poll()
    fetcher = Fetcher(db, config.mailboxes[0], composition.source, clock)
    fetcher.poll()
    imap.deliver([letter()])
    assert fetcher.poll() == 1
    fetcher.close()
