"""The same path over IMAP and SMTP servers: fetched by cursor, answered over SMTP, a copy in Sent."""

import re
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes

import pytest
from letters import Clock, letter
from servers import ImapServer, SmtpSink, dovecot_server, pymap_server, smtp_sink, tapped

from desk.actions import review
from desk.cli import rooms as composition
from desk.config import Config, PipelineConfig
from desk.domain.mail import Credential
from desk.mail import check
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


def answered(config: Config, db: Database, rooms: Rooms, clock: Clock) -> tuple[Sender, int]:
    """Let the one ticket be drafted and approve it; the sender for which it is due, and the ticket."""
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
    return Sender(config, desk, composition.transport(config), composition.source), thread_id


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

    sender, thread_id = answered(config, db, rooms, clock)
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


# Commands of IMAP that change nothing on a server.
READS = {"CAPABILITY", "ID", "LOGIN", "AUTHENTICATE", "ENABLE", "NAMESPACE", "LIST", "STATUS", "EXAMINE", "NOOP"}
READS |= {"IDLE", "DONE", "UID SEARCH", "UID FETCH", "FETCH", "LOGOUT"}


def test_without_write_back_nothing_on_the_server_is_touched(
    imap: ImapServer, smtp: SmtpSink, config: Config, db: Database, rooms: Rooms, clock: Clock
) -> None:
    imap.deliver([letter("An old question.", message_id="<old@web.example>")])
    with tapped(imap) as (behind, tap):
        box = replace(config.mailboxes[0], imap=behind.box().imap, import_from="all")
        assert not box.imap.write_back, "it is off unless somebody switches it on"
        config = replace(config, mailboxes=(box,))
        fetcher = Fetcher(db, box, composition.source, clock)
        assert fetcher.poll() == 1, "the first sync"
        imap.deliver([letter()])
        assert fetcher.poll() == 1, "a poll"
        assert fetcher.source is not None
        fetcher.source.wait(0.05)
        sender, _ = answered(config, db, rooms, clock)
        sender.once()
        sender.once()
        (row,) = db.get(outbox.rows())
        assert (row.state, smtp.copies(row.message_id)) == ("filed", 1), row.error
        assert not composition.source(box).find_sent(row.message_id), (
            "what was in doubt is looked for, and not put there"
        )
        assert all(c.ok for c in check.imap(box, Credential.password(imap.password)))
        sender.close()
        fetcher.close()
    asked = [re.match(r"(UID )?\w+", line.upper()) for line in tap.lines]
    names = {found[0] if found else "?" for found in asked}
    assert names <= READS, names - READS
    assert names >= {"EXAMINE", "UID SEARCH", "UID FETCH", "LIST"}, "the tap heard nothing"
    assert any("BODY.PEEK[" in line for line in tap.lines)
    marking = [line for line in tap.lines if re.search(r"BODY\[|RFC822(?!\.SIZE|\.HEADER)", line.upper())]
    assert not marking, "what is fetched like this counts as read from then on (RFC 3501 6.4.5)"
    with imap.client() as client:
        client.select_folder("INBOX", readonly=True)
        assert len(client.search("UNSEEN")) == len(client.search("UNANSWERED")) == 2


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
