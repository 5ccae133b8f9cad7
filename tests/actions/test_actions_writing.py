"""Forwards, new messages and files: what is offered, what leaves, what is written to disk and what never is."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from desks import Ticket, World
from hypothesis import given
from hypothesis import strategies as st
from records import fetched, mailbox, thread

from desk.actions import outbox as door
from desk.actions import review, writing
from desk.actions.desk import Desk
from desk.domain.enums import OutboxState
from desk.errors import Refused
from desk.mail.parse import parse
from desk.store import drafts, messages, outbox, threads


def send(desk: Desk, world: World) -> list[bytes]:
    """Let everything that is held leave; the bytes that did."""
    taken: list[bytes] = []

    def transport(out: object, before_data: object) -> str:
        before_data()  # type: ignore[operator]
        taken.append(out.raw)  # type: ignore[attr-defined]
        return "250 OK"

    world.now += timedelta(seconds=60)
    for outbox_id in desk.db.get(outbox.due(world.now)):
        assert door.release(desk, outbox_id, transport).state is OutboxState.SENT
    return taken


def test_a_forward_leaves_with_the_original_and_the_reply_is_on_offer_again(
    desk: Desk, world: World, ticket: Ticket
) -> None:
    before = desk.db.get(drafts.current(ticket.id))
    assert before is not None
    writing.forward(desk, ticket.id, ("depot@shop.example",), "Can you look?")
    offered = desk.db.get(drafts.current(ticket.id))
    assert offered is not None
    assert (offered.to, offered.body) == (("depot@shop.example",), "Can you look?")
    review.approve(desk, offered.id, confirm=True)
    (request,) = world.composed[-1:]
    assert request.forward
    assert request.to == ("depot@shop.example",)
    assert len(send(desk, world)) == 1
    again = desk.db.get(drafts.current(ticket.id))
    assert again is not None
    assert again.id == before.id
    detail = desk.db.get(threads.one(ticket.id))
    assert detail is not None
    assert detail.row.status == "pending_review"
    (asked, *_) = desk.db.get(messages.of_thread(ticket.id))
    assert asked.status != "sent"


def test_what_a_person_wrote_is_checked_against_what_was_asked(desk: Desk, world: World, ticket: Ticket) -> None:
    composed = desk.db.get(drafts.current(ticket.id))
    assert composed is not None
    with desk.db.write() as tx:
        tx.exec_driver_sql("UPDATE messages SET clean_text = text")
    review.edit(desk, composed.id, "Dear Anna, it arrives on Friday.")
    (asked,) = desk.db.get(messages.of_thread(ticket.id))
    for again in (False, True):
        if again:
            review.reply(desk, ticket.id, "Dear Anna, it is lost.")
        offered = desk.db.get(drafts.current(ticket.id))
        assert offered is not None
        approved = review.approve(desk, offered.id)
        looked_at = world.checked[-1]
        assert looked_at.by_hand
        assert looked_at.asked == "Where is my parcel?"
        assert asked.from_addr in looked_at.names
        assert approved.undo is not None
        approved.undo()
    writing.forward(desk, ticket.id, ("depot@shop.example",), "Can you look?")
    forward = desk.db.get(drafts.current(ticket.id))
    assert forward is not None
    review.approve(desk, forward.id, confirm=True)
    assert not world.checked[-1].by_hand


def test_a_forward_taken_back_leaves_the_reply_on_offer(desk: Desk, ticket: Ticket) -> None:
    before = desk.db.get(drafts.current(ticket.id))
    done = writing.forward(desk, ticket.id, ("depot@shop.example",), "")
    assert done.undo is not None
    done.undo()
    after = desk.db.get(drafts.current(ticket.id))
    assert before is not None
    assert after is not None
    assert after.id == before.id


def test_a_new_message_is_a_ticket_of_its_own(desk: Desk, world: World, ticket: Ticket) -> None:
    done = writing.begin(desk, "main", ("ann@example.org", "bo@example.org"), "Your lamp", "It is ready.")
    number = done.text.split()[0]
    detail = desk.db.get(threads.by_number(number))
    assert detail is not None
    assert (detail.row.status, detail.row.assigned, detail.row.contact_addr) == (
        "pending_review", "mara", "ann@example.org",
    )  # fmt: skip
    draft = desk.db.get(drafts.current(detail.row.id))
    assert draft is not None
    review.approve(desk, draft.id, confirm=True)
    assert world.composed[-1].answers is None
    assert world.composed[-1].to == ("ann@example.org", "bo@example.org")
    assert len(send(desk, world)) == 1
    with pytest.raises(Refused, match="empty"):
        writing.begin(desk, "main", ("ann@example.org",), "x", " ")
    with pytest.raises(Refused, match="no mailbox"):
        writing.begin(desk, "other", ("ann@example.org",), "x", "y")
    back = writing.begin(desk, "main", ("ann@example.org",), "Wrong", "text").undo
    assert back is not None
    assert "taken back" in back().text


def test_a_file_goes_with_the_draft_through_edits_until_it_is_taken_off(
    desk: Desk, world: World, ticket: Ticket, tmp_path: Path
) -> None:
    path = tmp_path / "offer.pdf"
    path.write_bytes(b"%PDF-1.7 offer")
    draft = desk.db.get(drafts.current(ticket.id))
    assert draft is not None
    done = writing.attach(desk, draft.id, path)
    path.write_bytes(b"changed meanwhile")
    review.edit(desk, draft.id, "See the offer attached.")
    edited = desk.db.get(drafts.current(ticket.id))
    assert edited is not None
    review.approve(desk, edited.id, confirm=True)
    (sent,) = world.composed[-1].attachments
    assert (sent.filename, sent.content_type, sent.content) == ("offer.pdf", "application/pdf", b"%PDF-1.7 offer")
    assert done.undo is not None
    done.undo()
    first = desk.db.get(drafts.one(draft.id))
    assert first is not None
    assert first.attachments == ()
    with pytest.raises(Refused, match="can't be read"):
        writing.attach(desk, draft.id, tmp_path / "none")
    with pytest.raises(Refused, match="no longer on offer"):
        writing.attach(desk, edited.id, path)


RAW = (
    b"From: ann@example.org\r\nSubject: files\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/plain\r\n\r\nhi\r\n"
    b'--b\r\nContent-Type: text/csv\r\nContent-Disposition: attachment; filename="../../etc/a.csv"\r\n\r\none\r\n'
    b'--b\r\nContent-Type: text/csv\r\nContent-Disposition: attachment; filename=".bashrc"\r\n\r\ntwo\r\n--b--\r\n'
)


def test_files_are_saved_inside_the_folder_and_overwrite_nothing(desk: Desk, world: World, tmp_path: Path) -> None:
    with desk.db.write() as tx:
        parsed = parse(RAW)
        thread_id, _ = thread(tx)
        came = replace(fetched(parsed), raw=RAW)
        message_id = messages.receive(
            tx, mailbox_id=mailbox(tx), fetched=came, parsed=parsed, thread_id=thread_id, now=world.now
        )
    assert message_id is not None
    folder = tmp_path / "deep" / "down"
    for _ in range(2):
        writing.save_files(desk, message_id, folder)
    names = sorted(p.name for p in folder.iterdir())
    assert len(names) == 4
    assert not [n for n in names if n.startswith(".") or "/" in n]
    assert {p.read_bytes() for p in folder.iterdir()} == {b"one", b"two"}
    assert not [p for p in tmp_path.rglob("*.csv") if folder not in p.parents]
    writing.save_files(desk, message_id, tmp_path / "one", only=[1])
    assert [p.read_bytes() for p in (tmp_path / "one").iterdir()] == [b"two"]
    (tmp_path / "file").write_text("x")
    with pytest.raises(Refused, match="can't be written"):
        writing.save_files(desk, message_id, tmp_path / "file")


def test_a_long_name_without_an_ending_keeps_its_beginning() -> None:
    assert writing.safe_name("ä" * 150) == "ä" * 75


@given(st.text(max_size=400))
def test_a_name_never_leaves_its_folder(name: str) -> None:
    safe = writing.safe_name(name)
    assert safe
    assert not set(safe) & set('/\\\0:*?"<>|')
    assert safe not in (".", "..")
    assert not safe.startswith(".")
    assert len(safe.encode()) <= 255


@pytest.mark.parametrize(("text", "wanted"), [
    ("ann@example.org", ("ann@example.org",)),
    ("ann@example.org, <bo@example.org>; ann@example.org", ("ann@example.org", "bo@example.org")),
])  # fmt: skip
def test_addresses_are_read_as_people_type_them(text: str, wanted: tuple[str, ...]) -> None:
    assert writing.addresses(text) == wanted


@pytest.mark.parametrize("text", ["", "ann", "ann@", "@example.org", "ann@example", "a b@c.example", "a\n@b.example"])
def test_what_is_no_address_is_named(text: str) -> None:
    with pytest.raises(Refused):
        writing.addresses(text)
