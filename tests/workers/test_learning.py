"""A correction at the desk, and the mail that comes after it."""

from letters import Clock, deliver, letter
from postgres import ON_BOTH

from desk.actions import inbox
from desk.actions.desk import Desk
from desk.config import Config
from desk.domain.enums import Category
from desk.learn.categories import Teacher
from desk.pipeline.case import Rooms
from desk.pipeline.runner import Runner
from desk.store import threads
from desk.store.database import Database
from desk.workers.fetch import Fetcher

ASKED = "Hello,\n\nwe need the certificate of conformity for the lamps you delivered, for our audit.\n\nAnna"
AGAIN = "Good day,\n\nwe need the certificate of conformity for the lamps you delivered to us, for an audit.\n\nTom"
MORE = (
    "Hello,\n\nwhere is my parcel, by the way? It should have been here on Monday. The tracking page has not moved for a"
    " week, the driver never rang, and nobody in the house took it in. Can you find out where it is and when it comes? The"
    " parcel holds a birthday present, so it has to be here by Friday.\n\nAnna"
)


def categories(db: Database) -> dict[str, str]:
    """Category by sender."""
    ids = list(db.get(threads.ids(threads.Filter(threads.View.ALL))))
    return {row.contact_addr: row.category for row in db.get(threads.rows(ids, "mara"))}


@ON_BOTH
def test_a_corrected_category_holds_for_the_ticket_and_for_the_next_message_like_it(
    config: Config, db: Database, fetcher: Fetcher, rooms: Rooms, clock: Clock, desk: Desk
) -> None:
    runner, teacher = Runner(db, rooms, clock), Teacher(db, rooms)

    def arrive(*letters: bytes) -> dict[str, str]:
        deliver(config, *letters)
        fetcher.poll()
        teacher.once()
        for _ in range(4):
            while runner.once():
                pass
            clock.pass_(31)
        return categories(db)

    first = arrive(letter(ASKED, subject="Certificate"))
    assert first["anna@web.example"] != Category.INTERNAL
    (ticket,) = db.get(threads.ids(threads.Filter(threads.View.ALL)))
    inbox.set_category(desk, ticket, Category.INTERNAL)
    found = arrive(
        letter(AGAIN, subject="Certificates", sender="tom@firm.example", message_id="<2@firm.example>"),
        letter(MORE, subject="Re: Certificate", message_id="<3@web.example>", In_Reply_To="<1@web.example>"),
    )
    assert found == {"anna@web.example": Category.INTERNAL, "tom@firm.example": Category.INTERNAL}
