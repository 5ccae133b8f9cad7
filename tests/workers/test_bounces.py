"""A delivery report reaches the ticket it is about: marked, open again, said in words; others change nothing."""

from collections.abc import Callable

import bounceshapes as shapes
import pytest
from letters import Clock, deliver, letter

from desk.actions import outbox as door
from desk.actions import review
from desk.actions.desk import Desk
from desk.config import Config
from desk.domain.enums import OutboxState, ThreadStatus
from desk.errors import Refused
from desk.store import changes, drafts, messages, outbox, people, threads
from desk.store.database import Database
from desk.workers.fetch import Fetcher

Answered = tuple[int, str]


@pytest.fixture
def answered(config: Config, db: Database, fetcher: Fetcher, desk: Desk, clock: Clock) -> Answered:
    """A ticket of gone@customer.example that we answered: its id and our Message-ID."""
    deliver(config, letter(sender="gone@customer.example"))
    fetcher.poll()
    (thread_id,) = db.get(threads.ids(threads.Filter(threads.View.ALL)))
    return thread_id, answer(desk, thread_id, clock)


def answer(desk: Desk, thread_id: int, clock: Clock) -> str:
    review.reply(desk, thread_id, "It arrives tomorrow.")
    draft = desk.db.get(drafts.current(thread_id))
    assert draft is not None
    review.approve(desk, draft.id, confirm=True)
    clock.pass_(20)
    row = desk.db.get(outbox.rows())[0]
    assert door.release(desk, row.id, lambda out, before: before() or "250 ok").state is OutboxState.SENT
    return row.message_id


def about(raw: bytes, message_id: str) -> bytes:
    return raw.replace(shapes.OURS.encode(), message_id.encode()).replace(
        shapes.OURS.replace("@", "+40").encode(), message_id.replace("@", "+40").encode()
    )


def status(db: Database, thread_id: int) -> tuple[str, str]:
    detail = db.get(threads.one(thread_id))
    assert detail is not None
    return detail.row.status, detail.row.needs


@pytest.mark.parametrize(
    "raw", [shapes.ENVELOPE_ONLY, shapes.EXCHANGE, shapes.GMAIL, shapes.EXIM, shapes.QMAIL, shapes.POSTFIX],
    ids=["envelope only", "exchange", "gmail", "exim", "qmail", "postfix"],
)  # fmt: skip
def test_what_never_arrives_opens_the_ticket_and_marks_the_contact(
    raw: bytes, config: Config, db: Database, fetcher: Fetcher, desk: Desk, clock: Clock, answered: Answered
) -> None:
    thread_id, message_id = answered
    assert status(db, thread_id)[0] == ThreadStatus.WAITING
    deliver(config, about(raw, message_id))
    fetcher.poll()
    assert status(db, thread_id)[0] == ThreadStatus.OPEN
    told = [e.text for e in db.get(changes.timeline(thread_id)) if e.kind == "mail.bounced"]
    assert told[0].startswith("our mail to gone@customer.example could not be delivered")
    assert status(db, thread_id)[1] == told[-1]
    assert "gone@customer.example" in db.get(people.unreachable(["gone@customer.example"]))
    (row,) = db.get(outbox.rows())
    assert row.bounced
    assert len(list(db.get(threads.ids(threads.Filter(threads.View.ALL))))) == 1


def test_a_delay_is_told_and_changes_nothing(
    config: Config, db: Database, fetcher: Fetcher, answered: Answered
) -> None:
    thread_id, message_id = answered
    deliver(config, about(shapes.DELAYED, message_id))
    fetcher.poll()
    assert status(db, thread_id) == (ThreadStatus.WAITING, "")
    assert db.get(people.unreachable(["gone@customer.example"])) == {}
    assert [e.text for e in db.get(changes.timeline(thread_id)) if e.kind == "mail.bounced"] == [
        "our mail to gone@customer.example is delayed (4.4.1)"
    ]


@pytest.mark.parametrize("named", [lambda own: "never@sent.example", lambda own: "1@web.example"])
def test_a_report_about_mail_that_is_not_ours_marks_nobody(
    named: Callable[[str], str], config: Config, db: Database, fetcher: Fetcher, answered: Answered
) -> None:
    thread_id, message_id = answered
    deliver(config, about(shapes.GMAIL, named(message_id)))
    fetcher.poll()
    assert status(db, thread_id) == (ThreadStatus.WAITING, "")
    assert db.get(people.unreachable(["gone@customer.example"])) == {}


def test_the_next_answer_warns_until_the_contact_writes_again(
    config: Config, db: Database, fetcher: Fetcher, desk: Desk, clock: Clock, answered: Answered
) -> None:
    thread_id, message_id = answered
    deliver(config, about(shapes.GMAIL, message_id))
    fetcher.poll()
    review.reply(desk, thread_id, "Once more: it arrives tomorrow.")
    draft = db.get(drafts.current(thread_id))
    assert draft is not None
    with pytest.raises(Refused, match=r"deliverable: gone@customer\.example could not be reached \(5\.1\.1\)"):
        review.approve(desk, draft.id)
    deliver(config, letter("I am here again", sender="gone@customer.example", message_id="<2@web.example>"))
    fetcher.poll()
    assert db.get(people.unreachable(["gone@customer.example"])) == {}
    assert len(db.get(messages.of_thread(thread_id))) >= 3
