"""What leaves, from the screen: stopped by one key, let go by y."""

from driving import desk_screen, until, words

from desk.actions.outbox import stopped


async def test_everything_is_stopped_by_one_key_and_let_go_by_y_alone(made):
    async with desk_screen(made) as (pilot, _screen):
        await pilot.press("!")
        await until(pilot, lambda: "holds everything: nothing leaves" in words(pilot.app), "the header says it")
        await pilot.press("!")
        await until(pilot, lambda: "Send again?" in words(pilot.app), "asked")
        await pilot.press("enter")
        await until(pilot, lambda: "Send again?" not in words(pilot.app), "anything but y is a no")
        assert made.desk().db.get(stopped())
        await pilot.press("!")
        await until(pilot, lambda: "Send again?" in words(pilot.app), "asked again")
        await pilot.press("y")
        await until(pilot, lambda: "holds everything: nothing leaves" not in words(pilot.app), "mail leaves again")
        assert made.desk().db.get(stopped()) == ""
