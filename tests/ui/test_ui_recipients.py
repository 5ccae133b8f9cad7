"""To whom a draft goes is on the screen before it is approved, and can be chosen there."""

from driving import desk_screen, until, words
from filling import Shop

from desk.config import MailboxConfig
from desk.domain.answering import recipients
from desk.store import drafts


def test_own_addresses_are_dropped_and_a_foreign_reply_to_is_said() -> None:
    box = MailboxConfig(address="help@shop.example", aliases=("hello@shop.example",))
    own = (box.address, *box.aliases)
    found = recipients(
        "ann@x.example", "ann@y.example", ("Help@shop.example", "bo@x.example"), ("hello@shop.example",), own
    )
    assert (found.to, found.cc) == (("ann@y.example",), ("bo@x.example",))
    assert "ann@y.example" in found.warnings[0]


async def test_a_draft_shows_to_whom_it_goes_and_c_narrows_it(made: Shop) -> None:
    async with desk_screen(made) as (pilot, screen):
        await pilot.press("2")
        await until(
            pilot, lambda: screen.opened.draft is not None and screen.opened.draft.state == "offered", "a draft"
        )
        draft = screen.opened.draft
        with made.db.write() as tx:
            tx.exec_driver_sql(
                "UPDATE messages SET cc_addrs = '[\"bo@colleague.example\"]' WHERE direction = 'inbound'"
            )
        await until(pilot, lambda: "bo@colleague.example" in words(pilot.app), "the copy is shown")
        sender = screen.opened.last_inbound.from_addr
        assert f"to {sender}" in words(pilot.app)
        await pilot.press("C")
        await until(pilot, lambda: "Only" in words(pilot.app), "the choice")
        await pilot.press("2")
        await until(pilot, lambda: made.db.get(drafts.one(draft.id)).to == (sender,), "narrowed")
        await until(pilot, lambda: "cc bo@colleague" not in words(pilot.app), "no copy")
        await pilot.press("u")
        await until(pilot, lambda: made.db.get(drafts.one(draft.id)).to == (), "taken back")


async def test_where_there_are_several_mailboxes_a_ticket_says_whose_it_is(made: Shop) -> None:
    sales = MailboxConfig(name="sales", address="sales@shop.example", inbox="main")
    for more in ((), (sales,)):
        async with desk_screen(made, more=more) as (pilot, screen):
            await until(pilot, lambda: screen.opened.thread is not None, "a ticket")
            shown = str(screen.reader.border_subtitle).split(" · ")[0]
            assert (shown == screen.opened.thread.row.mailbox) is bool(more)
            if more:
                await pilot.press("c")
                await until(pilot, lambda: "From which mailbox?" in words(pilot.app), "the choice")
                await until(pilot, lambda: "main · help@lumen.example" in words(pilot.app), "the first")
                await until(
                    pilot, lambda: "sales · help@lumen.example" in words(pilot.app), "its own address is not ours"
                )
                await pilot.press("escape")
