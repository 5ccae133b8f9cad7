"""A correction at the desk, and the mail that comes after it."""

from collections.abc import Callable

import pytest
from letters import Clock, deliver, letter
from postgres import ON_BOTH

from desk.actions import inbox, review
from desk.actions.desk import Desk, Done
from desk.config import Config
from desk.domain.enums import Category, Priority, Sentiment
from desk.learn.labels import Teacher
from desk.pipeline.case import Rooms
from desk.pipeline.runner import Runner
from desk.store import threads
from desk.store.database import Database
from desk.store.threads import ThreadRow
from desk.workers.fetch import Fetcher

ASKED = "Hello,\n\nwe need the certificate of conformity for the lamps you delivered, for our audit.\n\nAnna"
AGAIN = "Good day,\n\nwe need the certificate of conformity for the lamps you delivered to us, for an audit.\n\nTom"
MORE = (
    "Hello,\n\nwhere is my parcel, by the way? It should have been here on Monday. The tracking page has not moved for a"
    " week, the driver never rang, and nobody in the house took it in. Can you find out where it is and when it comes? The"
    " parcel holds a birthday present, so it has to be here by Friday.\n\nAnna"
)


class House:
    """A desk whose people put labels right while mail comes in."""

    def __init__(self, config: Config, fetcher: Fetcher, db: Database, rooms: Rooms, clock: Clock) -> None:
        self.config, self.fetcher, self.db, self.clock = config, fetcher, db, clock
        self.runner, self.teacher = Runner(db, rooms, clock), Teacher(db, rooms)

    def arrive(self, *letters: bytes) -> dict[str, ThreadRow]:
        """Tickets by sender, after these letters came in and everything was worked on."""
        deliver(self.config, *letters)
        self.fetcher.poll()
        return self.work()

    def work(self) -> dict[str, ThreadRow]:
        """Tickets by sender, after everything was worked on."""
        self.teacher.once()
        for _ in range(4):
            while self.runner.once():
                pass
            self.clock.pass_(31)
        ids = list(self.db.get(threads.ids(threads.Filter(threads.View.ALL))))
        return {row.contact_addr: row for row in self.db.get(threads.rows(ids, "mara"))}


@pytest.fixture
def house(config: Config, fetcher: Fetcher, db: Database, rooms: Rooms, clock: Clock) -> House:
    return House(config, fetcher, db, rooms, clock)


SAID: dict[str, tuple[str, Callable[[Desk, int], Done]]] = {
    "category": ("internal", lambda desk, id: inbox.set_category(desk, id, Category.INTERNAL)),
    "priority": ("urgent", lambda desk, id: inbox.set_priority(desk, id, Priority.URGENT)),
    "sentiment": ("positive", lambda desk, id: inbox.set_mood(desk, id, Sentiment.POSITIVE)),
}


@ON_BOTH
@pytest.mark.parametrize("field", SAID)
def test_what_was_put_right_holds_for_the_ticket_and_for_the_next_message_like_it(
    house: House, desk: Desk, field: str
) -> None:
    label, say = SAID[field]
    first = house.arrive(letter(ASKED, subject="Certificate"))["anna@web.example"]
    assert getattr(first, field) not in (label, "")
    say(desk, first.id)
    found = house.arrive(
        letter(AGAIN, subject="Certificates", sender="tom@firm.example", message_id="<2@firm.example>"),
        letter(MORE, subject="Re: Certificate", message_id="<3@web.example>", In_Reply_To="<1@web.example>"),
    )
    anna, tom = (getattr(found[who], field) for who in ("anna@web.example", "tom@firm.example"))
    assert tom == label
    assert (anna == label) == (field != "sentiment"), "a mood is that of one message, the rest that of the ticket"
    if field == "priority":
        assert all(row.urgent for row in found.values()), "they stand first in review"


def test_an_escalated_ticket_that_somebody_called_low_stays_low_for_another_draft_but_not_for_another_threat(
    house: House, desk: Desk
) -> None:
    threat = "Hello,\n\nmy lamp is broken and nobody answers. I will hand this to my lawyer.\n\nAnna"
    ticket = house.arrive(letter(threat))["anna@web.example"]
    assert (ticket.priority, ticket.urgent) == ("urgent", True)
    inbox.set_priority(desk, ticket.id, Priority.LOW)
    review.redraft(desk, ticket.id, "shorter")
    now = house.work()["anna@web.example"]
    assert (now.priority, now.urgent) == ("low", False)
    again = letter("My lawyer wrote the letter today.", message_id="<2@web.example>", In_Reply_To="<1@web.example>")
    assert house.arrive(again)["anna@web.example"].priority == "urgent"
