"""Tickets that nobody answers resolve by themselves, where that is switched on; and blocks end when they should."""

from dataclasses import replace

import pytest
from letters import Clock, deliver, letter

from desk.actions import quarantine, review
from desk.actions.desk import Desk
from desk.cli import rooms as composition
from desk.config import Config
from desk.domain.enums import MessageStatus, ThreadStatus
from desk.pipeline.case import Rooms
from desk.pipeline.runner import Runner
from desk.store import drafts, messages, threads
from desk.store import quarantine as kept
from desk.store.database import Database
from desk.workers.fetch import Fetcher
from desk.workers.send import Sender

DAY = 86_400.0


@pytest.mark.parametrize("days", [0, 7])
def test_a_ticket_resolves_after_days_without_a_reply_and_a_reply_opens_it(
    days: int, config: Config, db: Database, fetcher: Fetcher, desk: Desk, clock: Clock
) -> None:
    config = replace(config, pipeline=replace(config.pipeline, resolve_after_days=days))
    sender = Sender(config, desk, composition.transport(config), composition.source)
    deliver(config, letter())
    fetcher.poll()
    (thread_id,) = db.get(threads.ids(threads.Filter(threads.View.ALL)))
    review.reply(desk, thread_id, "It arrives tomorrow.")
    draft = db.get(drafts.current(thread_id))
    assert draft is not None
    review.approve(desk, draft.id, confirm=True)
    clock.pass_(20)
    sender.once()

    def status() -> str:
        detail = db.get(threads.one(thread_id))
        assert detail is not None
        return detail.row.status

    clock.pass_(6.9 * DAY)
    sender.once()
    assert status() == ThreadStatus.WAITING
    clock.pass_(0.2 * DAY)
    sender.once()
    assert status() == (ThreadStatus.RESOLVED if days else ThreadStatus.WAITING)
    deliver(config, letter("Thanks!", message_id="<2@web.example>", In_Reply_To="<1@web.example>"))
    fetcher.poll()
    assert status() == ThreadStatus.OPEN
    sender.close()


def test_a_block_for_some_days_counts_what_it_stops_and_ends(
    config: Config, db: Database, fetcher: Fetcher, desk: Desk, clock: Clock, rooms: Rooms
) -> None:
    runner = Runner(db, rooms, clock)

    def arrives(number: int) -> MessageStatus:
        deliver(
            config, letter(f"Offer {number}", message_id=f"<{number}@web.example>", subject=f"Offer number {number}")
        )
        fetcher.poll()
        while runner.once():
            pass
        newest = max(i for i in db.get(messages.all_ids()))
        row = db.get(messages.one(newest))
        assert row is not None
        return row.status

    assert arrives(1) is MessageStatus.PROCESSING
    assert quarantine.block(desk, 1, "domain", days=30).text == "Blocked web.example for 30 days"
    clock.pass_(10 * DAY)
    assert arrives(2) is MessageStatus.ARCHIVED
    clock.pass_(21 * DAY)
    assert arrives(3) is not MessageStatus.ARCHIVED
    (row,) = db.get(kept.blocks())
    assert row.hits == 1
