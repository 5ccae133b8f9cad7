import pytest
from driving import desk_screen, settled, until

from desk.errors import ConfigError
from desk.store import threads
from desk.ui import keymap
from desk.ui.commands import BY_ID, COMMANDS
from desk.ui.commands.base import Command
from desk.ui.panes.help import page
from desk.ui.screens.dialogs import Menu, Picker


def test_every_command_has_a_key_a_word_and_a_help():
    ids = [c.id for c in COMMANDS]
    assert len(ids) == len(set(ids))
    for command in COMMANDS:
        assert command.keys, command.id
        assert command.label, command.id
        assert len(command.help) > 10, command.id


def test_a_collision_names_both_commands():
    with pytest.raises(ConfigError, match=r"done and snooze|snooze and done"):
        keymap.build(COMMANDS, {"done": "s"})
    with pytest.raises(ConfigError, match="done and"):
        keymap.build(COMMANDS, {"done": "g"})


def test_a_key_of_ones_own_takes_the_place_of_the_old_one():
    own = keymap.build(COMMANDS, {"done": "F5", "approve": "g y"})
    assert own.find("f5") is BY_ID["done"]
    assert own.find("d") is None
    assert own.find("g", "y") is BY_ID["approve"]
    assert own.shown("approve") == "gy"


def test_a_wrong_name_and_a_key_that_never_arrives_are_refused():
    with pytest.raises(ConfigError, match="approve"):
        keymap.build(COMMANDS, {"aprove": "F5"})
    with pytest.raises(ConfigError, match="stops the terminal"):
        keymap.build(COMMANDS, {"done": "ctrl+s"})


async def test_every_command_is_run_by_its_key(made, monkeypatch):
    """Each sequence of the key map, pressed as keys, reaches its own command."""
    ran = []

    async def note(self, screen):
        ran.append(self.id)

    for command in COMMANDS:
        monkeypatch.setattr(type(command), "run", note)
        monkeypatch.setattr(type(command), "reason", lambda self, screen: "")
    async with desk_screen(made) as (pilot, screen):
        for sequence, command in screen.keymap.sequences.items():
            ran.clear()
            await pilot.press(*sequence)
            await until(pilot, lambda: bool(ran), f"{sequence} runs something", tries=100)
            assert ran == [command.id], sequence


async def test_every_command_is_in_the_palette_and_in_the_help(made):
    async with desk_screen(made) as (pilot, screen):
        shown = page(screen.keymap, screen)
        text = "\n".join(line.plain for line in shown.lines)
        for command in COMMANDS:
            assert command.label in text
        await pilot.press(":")
        await until(pilot, lambda: isinstance(pilot.app.screen, Picker), "the palette")
        offered = {c.id for c in pilot.app.screen._choices}
        assert offered == {c.id for c in COMMANDS} - {"palette"}
        await pilot.press(*"snooz")
        await pilot.press("escape")
        await until(pilot, lambda: settled(pilot.app.screen), "back")


async def test_the_palette_runs_what_was_picked(made):
    async with desk_screen(made) as (pilot, screen):
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(pilot.app.screen, Picker), "the palette")
        await pilot.press(*"knowledge")
        await pilot.press("enter")
        await until(pilot, lambda: screen.pane == "knowledge", "the view was opened")


async def test_what_is_not_possible_says_why(made):
    async with desk_screen(made) as (pilot, screen):
        await pilot.press("u")
        await until(pilot, lambda: "nothing to take back" in screen.query_one("#keys").notice, "the reason")


def test_commands_are_classes_of_one_kind():
    assert all(isinstance(c, Command) for c in COMMANDS)


def statuses(made) -> dict[int, str]:
    rows = made.db.get(threads.rows(list(made.ids.values())))
    return {row.id: row.status for row in rows}


async def test_keys_typed_ahead_mean_what_they_meant_when_they_were_pressed(made):
    async with desk_screen(made) as (pilot, screen):
        meant, before = screen.opened.thread_id, statuses(made)
        assert len(screen.list.ids) > 1
        await screen.action_press("d")
        await screen.action_press("j")
        await until(pilot, lambda: statuses(made)[meant] == "resolved", "the ticket under the cursor is done")
        await until(pilot, lambda: not screen._doing and settled(screen), "nothing waits")
        assert statuses(made) == {**before, meant: "resolved"}


async def test_what_is_typed_before_a_question_stands_there_answers_nothing(made):
    async with desk_screen(made) as (pilot, screen):
        before = statuses(made)
        for token in ("p", "x", "d"):
            await screen.action_press(token)
        await until(pilot, lambda: isinstance(pilot.app.screen, Menu), "it asks")
        assert pilot.app.screen_stack[-2] is screen
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is screen and not screen._doing, "the question is gone")
        assert statuses(made) == before
