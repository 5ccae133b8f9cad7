"""Ready-made replies at the screen: picked, put into the editor, kept as a draft, stopped at an open blank."""

from dataclasses import replace

from driving import desk_screen, put, settled, until, words

from desk.domain.canned import Canned
from desk.store import drafts, replies
from desk.ui.screens.dialogs import Picker
from desk.ui.widgets.writing import Editor

REPLIES = (
    Canned("refund", "Refund is on its way", "Hello {{contact.name}}, on its way.", "billing", "en", shortcut=";ref"),
    Canned("where", "Where it is", "It is at {{order.status}}.", "support", "en", shortcut=";where"),
    Canned("broken", "broken", "", problem="there is no text"),
)


def stocked(made, *found: Canned):
    desk = made.desk()
    made.desk = lambda: replace(desk, canned=lambda: found)
    return made


async def picker(pilot, key: str) -> Picker:
    await pilot.press(key)
    await until(pilot, lambda: isinstance(pilot.app.screen, Picker), "the picker")
    return pilot.app.screen


async def test_a_ready_made_reply_is_picked_by_its_shortcut_and_kept_as_a_draft(made):
    async with desk_screen(stocked(made, *REPLIES)) as (pilot, screen):
        await put(pilot, screen, made.ids["tom"])
        await picker(pilot, "m")
        assert "there is no text" in words(pilot.app)
        await pilot.press(*";ref", "enter")
        await until(pilot, lambda: bool(screen.query(Editor)), "the editor")
        assert screen.query_one(Editor).text == "Hello Tom Reyes, on its way."
        await pilot.press("ctrl+g")
        await until(pilot, lambda: not screen.query(Editor) and settled(screen), "kept")
        draft = made.db.get(drafts.current(made.ids["tom"]))
        assert (draft.body, [s.id for s in draft.sources]) == ("Hello Tom Reyes, on its way.", ["reply:refund"])
        assert made.db.get(replies.used()) == {"reply:refund": 1}


async def test_in_the_editor_a_shortcut_becomes_its_reply_and_an_open_blank_stays_here(made):
    async with desk_screen(stocked(made, *REPLIES)) as (pilot, screen):
        await put(pilot, screen, made.ids["tom"])
        await pilot.press("r")
        await until(pilot, lambda: bool(screen.query(Editor)), "the editor")
        await pilot.press(*"So: ;where", "f3")
        await until(pilot, lambda: "⟦order.status⟧" in screen.query_one(Editor).text, "put in")
        assert screen.query_one(Editor).text == "So: It is at ⟦order.status⟧."
        await pilot.press("f2")
        await until(pilot, lambda: not screen.query(Editor) and settled(screen), "kept")
        await pilot.press("a")
        await until(pilot, lambda: "Not filled: order.status" in words(pilot.app), "it is said")
        assert made.db.get(drafts.current(made.ids["tom"])).state == "offered"


async def test_without_replies_it_says_where_they_belong(made):
    async with desk_screen(made) as (pilot, screen):
        await put(pilot, screen, made.ids["tom"])
        await pilot.press("m")
        await until(pilot, lambda: "no ready-made replies yet" in words(pilot.app), "it is said")
