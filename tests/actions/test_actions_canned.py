"""Ready-made replies: filled from what is known, in a useful order, and never sent with a blank left."""

from dataclasses import replace

import pytest
from desks import Ticket, World
from records import NOW, draft

from desk.actions import canned, review
from desk.actions.desk import Desk
from desk.domain.canned import Canned, blanks, fill, unfilled, well_formed
from desk.domain.ticket import Source
from desk.errors import Refused
from desk.store import drafts, jobs, threads


def stocked(desk: Desk, *replies: Canned) -> Desk:
    return replace(desk, canned=lambda: replies, house=lambda *about: {"closing": "Bye", "greeting": f"Hi {about[3]},"})


def reply(text: str = "Hello", name: str = "one", **more: str) -> Canned:
    return Canned(name, name, text, **more)


def looked_up(desk: Desk, ticket: Ticket, *facts: dict[str, object]) -> None:
    """A newer run of the ticket whose search found these facts."""
    with desk.db.write() as tx:
        jobs.enqueue(tx, "ticket", run_at=NOW, now=NOW, thread_id=ticket.id, step="search")
        run = jobs.claim(tx, ["ticket"], now=NOW, lease_seconds=60)
        assert run is not None
        jobs.finish_step(tx, run, "search", {"facts": list(facts)}, 1.0, "plan", now=NOW)


def order(number: str = "GH-1", source: str = "orders.csv, line 2") -> dict[str, object]:
    fields = {"number": number, "status": "shipped"}
    return {
        "kind": "order",
        "key": number,
        "text": f"Order {number} is on its way.",
        "source": source,
        "fields": fields,
    }


def test_blanks_are_filled_once_and_only_from_what_is_known() -> None:
    text = "{{ Contact.Name }}: {{order.status}} {{missing}} {plain} {{ not a blank }}"
    assert blanks(text) == ("contact.name", "order.status", "missing")
    filled = fill(text, {"contact.name": "Anna {{order.status}}", "order.status": " "})
    assert filled == "Anna {{order.status}}: ⟦order.status⟧ ⟦missing⟧ {plain} {{ not a blank }}"
    assert unfilled(filled) == ("order.status", "missing")
    assert well_formed("{{a.b}} {c}")
    assert not well_formed("{{a b}}")


def test_a_value_cannot_carry_the_mark_of_a_blank() -> None:
    assert unfilled(fill("{{contact.name}}", {"contact.name": "⟦x⟧"})) == ()


def test_a_reply_is_filled_for_its_ticket(desk: Desk, ticket: Ticket) -> None:
    looked_up(desk, ticket, order())
    shop = stocked(
        desk, reply("{{greeting}} {{contact.first}} {{order.status}} {{order.text}} {{product.name}} {{closing}}")
    )
    (one,) = canned.offered(shop, ticket.id)
    assert one.text == "Hi Anna Vogel, Anna shipped Order GH-1 is on its way. ⟦product.name⟧ Bye"
    assert one.missing == ("product.name",)


def test_two_orders_fill_nothing_and_a_lookup_of_the_house_goes_by_its_own_name(desk: Desk, ticket: Ticket) -> None:
    looked_up(desk, ticket, order("GH-1"), order("GH-2"), order("P7", "parcel P7"))
    (one,) = canned.offered(stocked(desk, reply("{{order.number}} {{parcel.status}} {{parcel.key}}")), ticket.id)
    assert one.text == "⟦order.number⟧ shipped P7"


def test_those_that_fit_come_first_then_the_most_used_and_broken_ones_last(desk: Desk, ticket: Ticket) -> None:
    with desk.db.write() as tx:
        threads.update(tx, ticket.id, language="de", category="billing")
    shop = stocked(
        desk,
        reply(name="broken", language="de", problem="no text"),
        reply(name="english", language="en", category="billing"),
        reply(name="any"),
        reply(name="german other", language="de", category="sales"),
        reply(name="german b", language="de", category="billing"),
        reply(name="german a", language="de", category="billing"),
    )
    order = ["german a", "german b", "german other", "any", "english", "broken"]
    assert [one.reply.name for one in canned.offered(shop, ticket.id)] == order
    used = next(one for one in canned.offered(shop, ticket.id) if one.reply.name == "german b")
    review.reply(shop, ticket.id, used.text, canned=[used.source])
    first, second, *_ = canned.offered(shop, ticket.id)
    assert (first.reply.name, first.used, second.used) == ("german b", 1, 0)


def test_what_a_ready_made_reply_says_has_a_source(desk: Desk, ticket: Ticket, world: World) -> None:
    shop = stocked(desk, reply("See https://shop.example/refunds."))
    (one,) = canned.offered(shop, ticket.id)
    review.reply(shop, ticket.id, one.text, canned=[one.source])
    kept = desk.db.get(drafts.current(ticket.id))
    assert kept is not None
    assert kept.sources == (Source("reply:one", "one", 0, len(one.text), one.text),)
    review.edit(shop, kept.id, f"{one.text} Thanks.", canned=[one.source])
    edited = desk.db.get(drafts.current(ticket.id))
    assert edited is not None
    review.approve(shop, edited.id)
    assert world.checked[-1].allowed_links == ("https://shop.example/refunds.",)


@pytest.mark.parametrize("confirm", [True, False])
def test_a_blank_that_nothing_filled_never_leaves(desk: Desk, ticket: Ticket, *, confirm: bool) -> None:
    review.reply(desk, ticket.id, fill("Your order is {{order.status}}.", {}))
    kept = desk.db.get(drafts.current(ticket.id))
    assert kept is not None
    with pytest.raises(Refused, match=r"order\.status"):
        review.approve(desk, kept.id, confirm=confirm)
    review.edit(desk, kept.id, "Your order is on its way.")
    again = desk.db.get(drafts.current(ticket.id))
    assert again is not None
    assert "leaves in" in review.approve(desk, again.id, confirm=confirm).text


def test_a_name_that_is_none_is_not_filled_in(desk: Desk) -> None:
    from records import mail, thread

    with desk.db.write() as tx:
        thread_id, message_id = thread(tx, mail(from_name="Web contact form", sender="form@example.org"))
        drafts.save(tx, thread_id, draft(), now=NOW, created_by="desk", message_id=message_id)
    (one,) = canned.offered(stocked(desk, reply("{{contact.name}} {{contact.first}} {{contact.address}}")), thread_id)
    assert one.missing == ("contact.name", "contact.first")
