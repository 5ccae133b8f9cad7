"""Another draft on request, from the key to the draft on offer: what can be composed is, what can't be leaves the draft."""

import pytest
from letters import QUESTION, Clock, deliver, letter

from desk.actions import review
from desk.actions.desk import Desk
from desk.config import Config
from desk.domain.enums import Author, RejectReason, ThreadStatus
from desk.domain.ticket import Article
from desk.knowledge.embed import Embedder
from desk.knowledge.index import Index
from desk.pipeline.case import Rooms
from desk.pipeline.runner import Runner
from desk.store import drafts, threads
from desk.store.database import Database
from desk.store.drafts import DraftRow
from desk.workers.fetch import Fetcher

RETURNS = "You can return an unused lamp within 30 days. Returns cost 4.90 euros. Lamps make a room."


@pytest.fixture
def rooms(rooms: Rooms, embedder: Embedder) -> Rooms:
    index = Index(None, embedder)
    german = "Sie können eine unbenutzte Lampe binnen 30 Tagen zurückgeben. Eine Rückgabe kostet 4,90 Euro."
    index.rebuild(
        [
            Article("returns", "Returning an order", RETURNS),
            Article("returns.de", "Rückgabe", german, language="de"),
            Article("refunds", "When refunds arrive", "A refund reaches your card within 5 working days."),
        ]
    )
    rooms.index = index
    return rooms


class Ticket:
    """One question in review, and what a person does with it."""

    def __init__(self, config: Config, fetcher: Fetcher, db: Database, rooms: Rooms, desk: Desk, clock: Clock) -> None:
        deliver(config, letter(QUESTION))
        assert fetcher.poll() == 1
        self.db, self.desk, self.clock, self.runner = db, desk, clock, Runner(db, rooms, clock)
        self.work()
        (self.id,) = db.get(threads.ids(threads.Filter(threads.View.ALL)))

    def work(self) -> None:
        for _ in range(3):
            while self.runner.once():
                pass
            self.clock.pass_(61)

    def draft(self) -> DraftRow:
        found = self.db.get(drafts.current(self.id))
        assert found is not None
        return found

    def again(self, instruction: str) -> DraftRow:
        review.redraft(self.desk, self.id, instruction)
        self.work()
        return self.draft()


@pytest.fixture
def ticket(config: Config, fetcher: Fetcher, db: Database, rooms: Rooms, desk: Desk, clock: Clock) -> Ticket:
    return Ticket(config, fetcher, db, rooms, desk, clock)


def test_what_is_asked_holds_until_something_else_is(ticket: Ticket) -> None:
    first = ticket.draft()
    assert "Lamps make a room." in first.body
    short = ticket.again("shorter")
    assert (short.version, short.written_by) == (first.version + 1, Author.COMPOSED)
    assert "Lamps make a room." not in short.body
    assert "4.90 euros" in short.body
    german = ticket.again("in German")
    assert german.language == "de"
    assert "30 Tagen" in german.body
    assert "vielen Dank" not in german.body, "it is still short"
    assert german.instruction == "shorter; in German"
    assert all(gate.passed for gate in german.gates), german.gates


@pytest.mark.parametrize("said", ["offer a refund", "in French", "only answer the second question"])
def test_what_cannot_be_done_leaves_the_draft_on_offer_and_says_so(ticket: Ticket, said: str) -> None:
    before = ticket.draft()
    after = ticket.again(said)
    assert (after.id, after.body, after.state) == (before.id, before.body, "offered")
    assert any(note.startswith("Not done:") and "stands as it was" in note for note in after.notes)
    detail = ticket.db.get(threads.one(ticket.id))
    assert detail is not None
    assert (detail.row.status, detail.row.step) == (ThreadStatus.PENDING_REVIEW, "")
    assert "within 30 days" in ticket.again("shorter").body, "a request that could be done still is"


def test_a_refused_draft_is_made_shorter_where_it_was_too_long(ticket: Ticket) -> None:
    review.reject(ticket.desk, ticket.draft().id, RejectReason.TOO_LONG)
    ticket.work()
    assert "Lamps make a room." not in ticket.draft().body
    again = ticket.again("shorter")
    assert any("Nothing more can be changed" in note for note in again.notes)


def test_a_refused_draft_that_only_a_model_could_better_says_so_and_the_reason_bars_nothing(ticket: Ticket) -> None:
    review.reject(ticket.desk, ticket.draft().id, RejectReason.WRONG_FACTS, "it is 20 days")
    ticket.work()
    new = ticket.draft()
    assert any("needs a model" in note for note in new.notes)
    assert "Lamps make a room." not in ticket.again("shorter").body
