"""A mailbox's voice from its sent mail in the store, and in the drafts that follow; `desk voice` shows it."""

from letters import Clock, deliver, letter

from desk.actions import outbox as door
from desk.actions import review
from desk.actions.desk import Desk
from desk.config import Config
from desk.pipeline.case import Rooms
from desk.pipeline.runner import Runner
from desk.store import drafts, outbox, threads
from desk.store.database import Database
from desk.workers.fetch import Fetcher
from desk.workers.voices import Voices

PEOPLE = ("Anna Vogel", "Bo Lind", "Ida Moss", "Tom Reyes", "Eva Hart")
REPLY = "Good day {name},\n\nyou can send it back within thirty days of its arrival.\n\nBright regards,\nMara"


def transport(out: object, before_data: object) -> str:
    before_data()  # type: ignore[operator]
    return "250 OK"


def test_what_a_person_writes_becomes_the_voice_of_the_drafts(
    config: Config, db: Database, fetcher: Fetcher, rooms: Rooms, desk: Desk, clock: Clock
) -> None:
    voices = Voices(db)
    rooms.voices = voices
    runner = Runner(db, rooms, clock)

    def arrive(name: str) -> int:
        address = f"{name.split()[0].lower()}@web.example"
        deliver(config, letter(sender=f"{name} <{address}>", message_id=f"<{address}>"))
        fetcher.poll()
        for _ in range(3):
            while runner.once():
                pass
            clock.pass_(61)
        return max(db.get(threads.ids(threads.Filter(threads.View.ALL))))

    for name in PEOPLE:
        ticket = arrive(name)
        draft = db.get(drafts.current(ticket))
        assert draft is not None
        assert draft.body.startswith(("Dear ", "Hi ", "Hello"))
        review.edit(desk, draft.id, REPLY.format(name=name))
        edited = db.get(drafts.current(ticket))
        assert edited is not None
        review.approve(desk, edited.id, confirm=True)
        clock.pass_(60)
        for outbox_id in db.get(outbox.due(clock())):
            door.release(desk, outbox_id, transport)
    (learned,) = voices("help")
    assert (learned.greeting, learned.closing, learned.letters) == ("Good day {name},", "Bright regards,", 5)
    assert voices("other") == ()
    draft = db.get(drafts.current(arrive("Zoe Kim")))
    assert draft is not None
    assert learned.register is draft.register
    assert draft.body.startswith("Good day Zoe Kim,\n\n")
    assert "Bright regards,\nThe lamp shop" in draft.body
    assert not any(name.split()[0] in draft.body for name in PEOPLE)
