"""A batch is looked up at once and written at once; what was decided in memory stands in the rows."""

import zlib
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from records import NOW, mail
from sqlalchemy import select

from desk.domain.enums import Direction, MessageStatus
from desk.domain.guarded import content_hash
from desk.domain.mail import Attachment, Fetched
from desk.store import intake, messages, people, threads
from desk.store.database import Database
from desk.store.filing import Filing, Letter
from desk.store.tables import contacts, events, organisations, runs


def letter(number: int, key: str = "", **changes: Any) -> Letter:
    parsed = mail(message_id=f"<{number}@x>", **changes)
    source = Fetched(f"message {number}".encode(), "INBOX", 1, number, NOW + timedelta(minutes=number))
    hashes = tuple(content_hash(a.content or b"") for a in parsed.attachments)
    return Letter(source, parsed, content_hash(source.raw), zlib.compress(source.raw), hashes, key)


def put(desk: Filing, one: Letter, thread_id: int | None = None, *, history: bool = True) -> int:
    if thread_id is None:
        thread_id = desk.open(one, one.mail.from_addr, one.mail.from_name, "email", status="resolved")
    desk.add(one, thread_id, direction=Direction.INBOUND, status=MessageStatus.RECEIVED, history=history, run="scan",
             step="guard", event=("mail.received", "it came"))  # fmt: skip
    return thread_id


@pytest.fixture
def box(both: Database) -> int:
    with both.write() as tx:
        return intake.mailbox(tx, "help", "help@shop.example", at=NOW)


def test_a_batch_becomes_rows_as_one_by_one_would(both: Database, box: int) -> None:
    file = Attachment("bill\0.pdf", "application/pdf", 3, b"pdf")
    batch = [
        letter(1, "parcel"),
        letter(2, attachments=(file,)),
        letter(3, from_addr="Bo@Firm.example", references=("<gone@x>",)),
    ]
    with both.write() as tx:
        desk = Filing(tx, box, batch, NOW)
        one = put(desk, batch[0])
        assert put(desk, batch[1], one) == one
        other = put(desk, batch[2])
        desk.write()
    first = both.get(threads.one(one))
    assert first is not None
    assert first.row.message_count == 2
    assert first.row.number == "T-1001"
    assert first.row.last_message_at == NOW + timedelta(minutes=2)
    assert [(m.message_id, m.text, len(m.attachments)) for m in both.get(messages.of_thread(one))] == [
        ("<1@x>", batch[0].mail.text, 0),
        ("<2@x>", batch[1].mail.text, 1),
    ]
    stored = both.get(messages.of_thread(one))[1]
    assert stored.attachments[0].filename == "bill.pdf"
    assert stored.attachments[0].hash == content_hash(b"pdf")
    assert both.get(messages.raw(stored.id)) == b"message 2"
    assert both.get(messages.known_ids(["<1@x>", "<2@x>", "<3@x>", "<gone@x>"])) == {
        "<1@x>": one, "<2@x>": one, "<3@x>": other, "<gone@x>": other,
    }  # fmt: skip
    with both.read() as tx:
        assert tx.execute(select(organisations.c.domain).order_by(organisations.c.domain)).scalars().all() == [
            "example.org",
            "firm.example",
        ]
        assert len(tx.execute(select(contacts.c.id)).all()) == 2
        assert len(tx.execute(select(runs.c.id)).all()) == len(tx.execute(select(events.c.id)).all()) == 3


def test_a_later_batch_finds_what_an_earlier_one_filed(both: Database, box: int) -> None:
    with both.write() as tx:
        desk = Filing(tx, box, [letter(1, "parcel")], NOW)
        one = put(desk, letter(1, "parcel"))
        desk.write()
    again = replace(letter(1), fetched=replace(letter(1).fetched, uid=77))
    answer_again = letter(4, references=("<1@x>",))
    answer = letter(2, "parcel", references=("<1@x>",))
    with both.write() as tx:
        desk = Filing(tx, box, [again, answer, answer_again], NOW)
        assert desk.seen(again)
        assert not desk.seen(answer)
        assert desk.referred(("<none@x>", "<1@x>")) == [one]
        assert desk.alike("Anna@Example.org", "parcel", NOW) == [one]
        assert desk.alike("anna@example.org", "parcel", NOW + timedelta(days=1)) == []
        assert desk.tickets[one].people >= {"anna@example.org", "help@shop.example"}
        put(desk, answer, one, history=False)
        put(desk, answer_again, one, history=False)
        desk.write()
    assert both.get(messages.places([1])) == [(1, "INBOX", 1, 77)]
    found = both.get(threads.one(one))
    assert found is not None
    assert found.row.message_count == 3
    assert found.row.status == "open", "an answer wakes a ticket that was resolved"


def test_the_same_bytes_twice_in_a_batch_are_one_message(both: Database, box: int) -> None:
    twin = replace(letter(1), fetched=replace(letter(1).fetched, uid=9))
    with both.write() as tx:
        desk = Filing(tx, box, [letter(1), twin], NOW)
        put(desk, letter(1))
        assert desk.seen(twin)
        desk.write()
    assert both.get(messages.all_ids()) == [1]


def test_a_contact_learns_its_name_and_keeps_it(both: Database, box: int) -> None:
    with both.write() as tx:
        ids = people.contacts_of(tx, [("a@x.example", ""), ("b@x.example", "Bo"), ("a@x.example", "Ann")], at=NOW)
        again = people.contacts_of(tx, [("a@x.example", "Else"), ("c@x.example", "")], at=NOW)
        people.contacts_of(tx, [("c@x.example", "Cem")], at=NOW)
    assert again["a@x.example"] == ids["a@x.example"]
    assert len({*ids.values(), *again.values()}) == 3
    named = {number: both.get(people.contact(number)) for number in (*ids.values(), again["c@x.example"])}
    assert [c.name for c in named.values() if c] == ["Ann", "Bo", "Cem"]


def test_ids_taken_in_advance_never_meet_those_of_others(both: Database, box: int) -> None:
    with both.write() as tx:
        Filing(tx, box, [letter(1), letter(2)], NOW)  # takes ids and uses none
        threads.create(tx, mailbox_id=box, subject="x", contact_id=None, contact_addr="", at=NOW)
        people.contact_of(tx, "z@x.example", at=NOW)
    for number in (1, 2):
        with both.write() as tx:
            desk = Filing(tx, box, [letter(number)], NOW)
            put(desk, letter(number))
            desk.write()
    assert len(both.get(messages.all_ids())) == 2
