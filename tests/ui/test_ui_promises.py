"""What we promised in a ticket, on the screen: its words, its day, that it is overdue, and the key that settles it."""

from datetime import timedelta

from driving import desk_screen, put, until, words

from desk.store import commitments, messages
from desk.ui.screens.dialogs import Menu


def promised(made, text: str, days: int) -> None:
    """A promise in Anna's ticket, due so many days from now."""
    thread_id = made.ids["anna"]
    with made.db.write() as tx:
        message = messages.of_thread(thread_id).run(tx)[0]
        at = made.now - timedelta(days=5)
        due = (made.now + timedelta(days=days)).astimezone().date()
        sent = commitments.Sent(message.id, thread_id, at, text)
        commitments.add(tx, sent, text, due, by_mail=False)


async def test_promises_stand_below_the_messages_and_are_settled_by_a_key(made):
    promised(made, "We will call.", -2)
    promised(made, "You get it soon.", 3)
    async with desk_screen(made, (140, 38)) as (pilot, screen):
        await put(pilot, screen, made.ids["anna"])
        await until(pilot, lambda: "“We will call.”" in words(pilot.app), "it is shown")
        shown = words(pilot.app)
        assert "overdue" in shown
        assert "⚑ 1 promise overdue" in shown
        assert "You get it soon" in shown
        await pilot.press("D")
        await until(pilot, lambda: isinstance(pilot.app.screen, Menu), "what became of it")
        await pilot.press("1")
        await until(pilot, lambda: len(made.db.get(commitments.open_in(made.ids["anna"]))) == 1, "the first is kept")
        await until(pilot, lambda: "We will call" not in words(pilot.app), "and gone")
        await pilot.press("u")
        await until(pilot, lambda: len(made.db.get(commitments.open_in(made.ids["anna"]))) == 2, "taken back")


async def test_without_a_promise_the_key_says_so(made):
    async with desk_screen(made, (140, 38)) as (pilot, screen):
        await put(pilot, screen, made.ids["anna"])
        await pilot.press("D")
        await until(pilot, lambda: "Nothing is promised here" in words(pilot.app), "it says why not")
