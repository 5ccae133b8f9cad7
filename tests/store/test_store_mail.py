"""What a fetched message becomes, what the lists show, and what a search finds."""

import asyncio
from array import array
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from records import NOW, add, at, cleared, draft, fetched, mail, mailbox, thread

from desk.domain.enums import Direction, MessageStatus, ThreadStatus
from desk.domain.mail import Attachment, Outgoing
from desk.store import changes, drafts, messages, people, quarantine, search, threads, views
from desk.store.database import AsyncDatabase, Database
from desk.store.threads import Filter, View


def test_a_message_is_stored_once_however_it_comes_again(both: Database) -> None:
    parsed = mail(attachments=(Attachment("a.txt", "text/plain", 3, b"abc"),))
    first = fetched(parsed)
    with both.write() as tx:
        thread_id, _ = thread(tx)

        def receive(what: Any) -> int | None:
            box = mailbox(tx)
            return messages.receive(tx, mailbox_id=box, fetched=what, parsed=parsed, thread_id=thread_id, now=NOW)

        message_id = receive(first)
        assert message_id is not None
        assert receive(first) is None
        renumbered = replace(first, uidvalidity=2, uid=9)
        assert receive(renumbered) is None
        assert messages.seen(tx, 1, replace(renumbered, raw=b"other bytes under the new place")) == message_id
    row = both.get(messages.one(message_id))
    assert row is not None
    assert [a.filename for a in row.attachments] == ["a.txt"]
    assert both.get(messages.raw(message_id)) == first.raw
    detail = both.get(threads.one(thread_id))
    assert detail is not None
    assert (detail.row.message_count, detail.row.has_attachments) == (2, True)


def test_text_a_database_can_not_hold_is_stored_without_it(both: Database) -> None:
    with both.write() as tx:
        thread_id, message_id = thread(tx, mail("nul \0 byte", subject="sub\0ject"))
    row = both.get(messages.one(message_id))
    assert row is not None
    assert (row.text, row.subject) == ("nul  byte", "subject")
    assert thread_id


def test_a_failed_write_leaves_neither_bytes_nor_cursor(both: Database) -> None:
    with both.write() as tx:
        thread_id, _ = thread(tx)

    def interrupted() -> None:
        with both.write() as tx:
            add(tx, thread_id)
            messages.set_cursor(tx, 1, "INBOX", 1, 99, at=NOW)
            raise RuntimeError("the process stops here")

    with pytest.raises(RuntimeError, match="the process stops here"):
        interrupted()
    assert both.get(messages.cursor(1, "INBOX")) is None
    assert len(both.get(messages.of_thread(thread_id))) == 1


def test_message_ids_lead_to_threads_and_a_reference_may_come_first(both: Database) -> None:
    with both.write() as tx:
        one, _ = thread(tx, mail(message_id="<b@x>", references=("<a@x>",)))
        assert messages.known_ids(["<a@x>", "<b@x>", "<c@x>"]).run(tx) == {"<a@x>": one, "<b@x>": one}
        two, _ = thread(tx, mail(message_id="<a@x>", sender="tom@example.org"))
        assert messages.known_ids(["<a@x>"]).run(tx) == {"<a@x>": two}
        out = Outgoing(b"raw", "<ours@x>", "help@shop.example", ("anna@example.org",), "Re")
        sent = [messages.outbound(tx, thread_id=one, mailbox_id=1, out=out, body="Hello", at=at(5)) for _ in range(2)]
        assert sent[0] == sent[1]
        assert messages.own_ids(["<ours@x>", "<b@x>"]).run(tx) == {"<ours@x>"}
    last = both.get(messages.of_thread(one))[-1]
    assert (last.direction, last.clean) == (Direction.OUTBOUND, True)


def test_an_inbound_message_reopens_and_history_does_not(both: Database) -> None:
    with both.write() as tx:
        thread_id, _ = thread(tx)
        threads.update(tx, thread_id, status=ThreadStatus.RESOLVED)
        old = mail("from long ago")
        options = {"mailbox_id": 1, "thread_id": thread_id, "now": NOW, "parsed": old}
        messages.receive(tx, fetched=fetched(old), history=True, status=MessageStatus.ARCHIVED, **options)
        assert threads.state(tx, thread_id).status == "resolved"
        add(tx, thread_id, when=at(60))
        assert threads.state(tx, thread_id).status == "open"


def test_the_batch_of_a_run_takes_every_waiting_message(both: Database) -> None:
    with both.write() as tx:
        thread_id, first = thread(tx)
        second = add(tx, thread_id, when=at(1))
        third = add(tx, thread_id, when=at(2))
        for message_id in (first, second):
            cleared(tx, message_id, MessageStatus.PROCESSING)
        assert messages.take(tx, thread_id, 7, [MessageStatus.PROCESSING]) == [first, second]
        assert [m.id for m in messages.of_run(7).run(tx)] == [first, second]
        assert [m.id for m in messages.unscanned().run(tx)] == [third]


VIEWS: dict[str, tuple[dict[str, Any], set[View]]] = {
    "open": ({}, {View.INBOX, View.UNASSIGNED, View.ALL}),
    "mine": ({"assigned_to": "mara"}, {View.INBOX, View.MINE, View.ALL}),
    "review": ({"status": "pending_review"}, {View.INBOX, View.REVIEW, View.UNASSIGNED, View.ALL}),
    "answered": ({"status": "waiting"}, {View.ALL}),
    "snoozed": ({"status": "on_hold", "snoozed_until": at(60)}, {View.SNOOZED, View.ALL}),
    "resolved": ({"status": "resolved"}, {View.DONE, View.ALL}),
    "quarantined": ({"shelf": "quarantine"}, {View.QUARANTINE}),
    "threat": ({"shelf": "quarantine", "status": "archived"}, set()),
    "newsletter": ({"shelf": "automated"}, {View.AUTOMATED}),
    "spam": ({"shelf": "spam"}, {View.SPAM}),
}


@pytest.mark.parametrize("name", VIEWS)
def test_each_kind_of_ticket_stands_in_its_views_and_counts_agree(both: Database, name: str) -> None:
    columns, wanted = VIEWS[name]
    with both.write() as tx:
        thread_id, _ = thread(tx, **columns)
    counts = both.get(threads.counts("mara"))
    shown = {view for view in View if both.get(threads.ids(Filter(view, me="mara"))).tolist() == [thread_id]}
    assert shown == wanted
    assert {view for view, number in counts.items() if number} == wanted


def test_lists_are_newest_first_and_review_by_need(both: Database) -> None:
    with both.write() as tx:
        made = [thread(tx, when=at(n))[0] for n in range(5)]
        for thread_id in made:
            threads.update(tx, thread_id, status=ThreadStatus.PENDING_REVIEW)
        threads.update(tx, made[3], urgent=True)
        threads.update(tx, made[2], asks=True)
    order = [made[3], made[2], made[0], made[1], made[4]]
    review = both.get(threads.ids(Filter(View.REVIEW)))
    assert isinstance(review, array)
    assert review.tolist() == order
    assert both.get(threads.ids(Filter(View.INBOX))).tolist() == made[::-1]
    assert both.get(threads.ids(Filter(View.INBOX), limit=2)).tolist() == made[:-3:-1]
    assert [r.id for r in both.get(threads.rows([made[4], 999, made[0]]))] == [made[4], made[0]]


FILTERS: dict[str, Callable[[Filter], Filter]] = {
    "category": lambda f: Filter(f.view, category="billing"),
    "priority": lambda f: Filter(f.view, priority="urgent"),
    "assigned": lambda f: Filter(f.view, assigned="tom"),
    "language": lambda f: Filter(f.view, language="de"),
    "text": lambda f: Filter(f.view, text="LAMP vogel"),
    "mailbox": lambda f: Filter(f.view, mailbox="second"),
}


@pytest.mark.parametrize("name", FILTERS)
def test_each_filter_narrows(both: Database, name: str) -> None:
    with both.write() as tx:
        thread(tx)
        second = messages.mailbox(tx, "second", "sales@shop.example", at=NOW)
        columns = {"category": "billing", "priority": "urgent", "assigned_to": "tom", "language": "de"}
        wanted, _ = thread(tx, mail("my lamp broke", subject="Lamp", sender="vogel@example.org"), **columns)
        threads.update(tx, wanted, mailbox_id=second)
    assert both.get(threads.ids(FILTERS[name](Filter(View.ALL)))).tolist() == [wanted]


SUBJECTS = ("Lamp 100% broken", "Ärger mit der Lampe", 'He said "off" again', "灯が壊れた", "a_b/c", "x", "")


@pytest.mark.parametrize("few", [0, 2000])
@pytest.mark.parametrize(
    "text",
    ["lamp", "LAMP", "amp", "la", "l", "x", "灯", "灯が", "壊れた", "100%", '"off"', "a_b", "_b/", "broken lamp", "la b",
     "t-100", "T-1003", "example.org", "zq", "zzqq", "ж", "r"],
)  # fmt: skip
def test_free_text_finds_what_a_look_at_every_row_finds(
    both: Database, text: str, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "FEW", few)
    views.ids.cache_clear()
    with both.write() as tx:
        made = [thread(tx, mail("words", subject=s), at(n))[0] for n, s in enumerate(SUBJECTS)]
        threads.update(tx, made[5], subject="Now a lamp too", snippet="zq")
        gone, _ = thread(tx, mail("words", subject="lamp gone"), at(99))
        tx.execute(sa.text("UPDATE threads SET subject = '', snippet = '' WHERE id = :id"), {"id": gone})
    shown = both.get(threads.rows(made))
    held = [" ".join((r.subject, r.contact_addr, r.snippet, r.number)).lower() for r in shown]
    wanted = [r.id for r, row in zip(shown, held, strict=True) if all(w in row for w in text.lower().split())]
    found = both.get(threads.ids(Filter(View.ALL, text=text))).tolist()
    views.ids.cache_clear()
    assert [i for i in found if i != gone] == wanted[::-1]
    assert found[: len(wanted) // 2] == both.get(threads.ids(Filter(View.ALL, text=text), len(wanted) // 2)).tolist()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("lamp", [1, 0]),
        ("flicker", [1]),
        ('"broken lamp"', [0]),
        ("lamp from:tom", [1]),
        ("from:anna", [2, 0]),
        ("größe", [2]),
        ("lamp flickers AND OR NOT ( * : ^", []),
        ('lamp"', [1, 0]),
        ("nothing", []),
        ("lamp after:2026-03-02T09:00:30+00:00", [1]),
        ("lamp before:2026-03-02T09:00:30+00:00", [0]),
        ("is:resolved", [0]),
        ("", [2, 1, 0]),
    ],
)
def test_search_finds_newest_first_whatever_is_typed(both: Database, text: str, wanted: list[int]) -> None:
    with both.write() as tx:
        made = [
            thread(tx, mail("The broken lamp came today", subject="Order"), at(0), status="resolved")[1],
            thread(tx, mail("My lamp flickers", sender="tom@example.org", from_name="Tom"), at(60))[1],
            thread(tx, mail("Welche Größe passt?"), at(120))[1],
        ]
    hits = both.get(search.messages(text))
    assert [h.message_id for h in hits] == [made[n] for n in wanted]
    if text == '"broken lamp"':
        assert search.MARK[0] in hits[0].snippet


def test_search_follows_changed_and_removed_rows(both: Database) -> None:
    with both.write() as tx:
        _, message_id = thread(tx, mail("first words"))
        tx.execute(sa.text("UPDATE messages SET text = 'other words' WHERE id = :id"), {"id": message_id})
    assert both.get(search.messages("first")) == []
    assert [h.message_id for h in both.get(search.messages("other"))] == [message_id]
    with both.write() as tx:
        for table in ("attachments", "evidence", "messages"):
            column = "id" if table == "messages" else "message_id"
            tx.execute(sa.text(f"DELETE FROM {table} WHERE {column} = :id"), {"id": message_id})
    assert both.get(search.messages("other")) == []


def test_the_screen_reads_the_same_and_learns_of_commits(both: Database) -> None:
    with both.write() as tx:
        thread_id, _ = thread(tx)

    async def screen() -> None:
        adb = AsyncDatabase(both.location)
        try:
            for read in (threads.ids(Filter(View.INBOX)), threads.one(thread_id), messages.of_thread(thread_id)):
                assert await adb.get(read) == both.get(read)  # type: ignore[arg-type]
            before = await adb.data_version()
            assert await adb.data_version() == before
            with both.write() as tx:
                threads.update(tx, thread_id, needs="x")
            assert await adb.data_version() != before
        finally:
            await adb.close()

    asyncio.run(screen())
    before = both.data_version()
    assert both.data_version() == before
    with both.durable() as tx:
        changes.record(tx, "test", "something", actor="desk", at=NOW)
    assert both.data_version() != before


def test_drafts_count_up_and_one_is_on_offer(both: Database) -> None:
    with both.write() as tx:
        thread_id, _ = thread(tx)
        first = drafts.save(tx, thread_id, draft("one"), now=NOW, created_by="desk")
        second = drafts.save(tx, thread_id, draft("two"), now=at(1), created_by="desk")
    assert (first.version, second.version) == (1, 2)
    assert [d.state for d in both.get(drafts.revisions(thread_id))] == ["superseded", "offered"]
    assert both.get(drafts.current(thread_id)) == second
    assert second.as_draft() == draft("two")


def test_contacts_are_one_per_address_and_learn_their_name(both: Database) -> None:
    with both.write() as tx:
        first = people.contact_of(tx, "Bo@Firm.example", at=NOW)
        assert people.contact_of(tx, "bo@firm.example", "Bo Lund", at=NOW) == first
        other = people.contact_of(tx, "eva@firm.example", "Eva", at=NOW)
        people.contact_of(tx, "x@gmail.com", at=NOW)
    bo, eva = both.get(people.contact(first)), both.get(people.contact(other))
    assert bo
    assert eva
    assert (bo.name, bo.addresses, bo.organisation) == ("Bo Lund", ("bo@firm.example",), eva.organisation)


def test_streams_settings_workers_and_leases(both: Database) -> None:
    with both.write() as tx:
        thread_id, _ = thread(tx)
        changes.stream(tx, thread_id, "Dear", at=NOW)
        changes.stream(tx, thread_id, "Dear Anna", at=NOW)
        changes.set_worker(tx, "think", "working", "T-1001", at=NOW, pid=1)
        changes.set_setting(tx, "secret", {"a": [1]})
        assert changes.lease(tx, "vectors", "a", "worker 1", now=NOW, seconds=10)
        assert not changes.lease(tx, "vectors", "b", "worker 2", now=at(5), seconds=10)
        assert changes.lease(tx, "vectors", "a", "worker 1", now=at(9), seconds=10)
        assert changes.lease(tx, "vectors", "b", "worker 2", now=at(30), seconds=10)
    assert both.get(changes.streaming(thread_id)) == "Dear Anna"
    assert both.get(changes.setting("secret")) == {"a": [1]}
    assert [(w.name, w.state) for w in both.get(changes.workers())] == [("think", "working")]
    with both.write() as tx:
        changes.stream(tx, thread_id, "", at=NOW)
    assert both.get(changes.streaming(thread_id)) == ""


def test_a_block_expires_and_counts_its_hits(both: Database) -> None:
    with both.write() as tx:
        quarantine.block(tx, "domain", "Evil.example", by="mara", at=NOW, expires_at=at(60))
        quarantine.hit(tx, "eve@evil.example", at(59))
        quarantine.hit(tx, "eve@evil.example", at(61))
    assert both.get(quarantine.is_blocked("eve@evil.example", at(59)))
    assert not both.get(quarantine.is_blocked("eve@evil.example", at(61)))
    assert [b.hits for b in both.get(quarantine.blocks())] == [1]


def test_the_largest_numbers_of_a_server_fit(both: Database) -> None:
    """UIDVALIDITY and UIDs are unsigned 32-bit (RFC 3501 2.3.1.1)."""
    parsed = mail("the last one")
    with both.write() as tx:
        box = mailbox(tx)
        thread_id, _ = thread(tx)
        last = fetched(parsed, uidvalidity=2**32 - 1, uid=2**32 - 1)
        assert messages.receive(tx, mailbox_id=box, fetched=last, parsed=parsed, thread_id=thread_id, now=NOW)
        messages.set_cursor(tx, box, "INBOX", 2**32 - 1, 2**32 - 1, at=NOW)
    cursor = both.get(messages.cursor(box, "INBOX"))
    assert cursor is not None
    assert (cursor.uidvalidity, cursor.last_uid) == (2**32 - 1, 2**32 - 1)
