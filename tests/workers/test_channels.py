"""Channels from other packages: found by entry point, given a worker, their threads answered their way; broken ones left."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from letters import Clock, letter

from desk.actions import review
from desk.actions.desk import Desk
from desk.cli import rooms as composition
from desk.cli import serve
from desk.config import Config, WebhookConfig
from desk.pipeline.case import Rooms
from desk.pipeline.runner import Runner
from desk.store import drafts, outbox, threads
from desk.store.database import Database
from desk.workers import channels
from desk.workers.ingest import ingest
from desk.workers.send import Sender

CHAT = """
took = []

class Chat:
    def wanted(self, config): return True
    def receive(self, db, config, stop): pass
    def reply(self, config, box):
        def send(out, before):
            before()
            took.append(out)
            return "posted as 7"
        return send

CHANNEL = Chat()
HALF = object()
"""
POINTS = """[desk.channels]
chat = chat_for_desk:CHANNEL
half = chat_for_desk:HALF
gone = no_such_module_at_all:CHANNEL
webhook = chat_for_desk:CHANNEL
send = chat_for_desk:CHANNEL
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package with channels, as pip would leave it."""
    site = tmp_path / "site"
    facts = site / "chat_for_desk-1.0.dist-info"
    facts.mkdir(parents=True)
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: chat-for-desk\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text(POINTS)
    (site / "chat_for_desk.py").write_text(CHAT)
    monkeypatch.syspath_prepend(site)
    monkeypatch.delitem(sys.modules, "chat_for_desk", raising=False)


def test_an_installed_channel_is_found_and_one_that_is_broken_stops_nothing(
    installed: None, caplog: pytest.LogCaptureFixture
) -> None:
    found = channels.found()
    assert set(found) == {"webhook", "chat"}
    assert found["webhook"] is not found["chat"], "no package may take the place of a channel of desk's own"
    assert "no_such_module_at_all" in caplog.text
    assert "half" in caplog.text


def test_each_channel_that_is_switched_on_gets_a_worker(installed: None) -> None:
    assert serve._workers(Config()) == ("fetch", "think", "send", "chat")
    listening = Config(webhook=WebhookConfig(listen="127.0.0.1:0"))
    assert serve._workers(listening) == ("fetch", "think", "send", "webhook", "chat")


def test_without_other_packages_there_are_the_workers_of_desk_alone() -> None:
    assert serve._workers(Config()) == ("fetch", "think", "send")


@pytest.mark.parametrize("channel", ["chat", "webhook"])
def test_a_thread_is_answered_the_way_it_came(
    installed: None, channel: str, config: Config, db: Database, rooms: Rooms, desk: Desk, clock: Clock
) -> None:
    known = ingest(db, config.mailboxes[0], letter(), channel, now=clock())
    runner = Runner(db, replace(rooms, config=config), clock)
    for _ in range(3):
        while runner.once():
            pass
        clock.pass_(31)
    detail = db.get(threads.by_number(known.number))
    assert detail is not None
    assert detail.channel == channel
    draft = db.get(drafts.current(detail.row.id))
    assert draft is not None, "what comes by a channel is drafted for like any mail"
    review.approve(desk, draft.id)
    clock.pass_(16)
    sender = Sender(config, desk, composition.transport(config), composition.source)
    sender.once()
    sender.close()
    (row,) = db.get(outbox.rows())
    chat = sys.modules["chat_for_desk"].took
    by_mail = (Path(config.mailboxes[0].folder) / "sent").glob("*.eml")
    if channel == "chat":
        assert [out.message_id for out in chat] == [row.message_id]
        assert row.reply == "posted as 7"
    else:
        assert chat == []
        assert len(list(by_mail)) == 1
