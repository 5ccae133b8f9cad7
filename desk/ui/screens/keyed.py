"""From a key to a command: prefixes, the footer, and commands run beside the screen."""

import asyncio
from time import monotonic
from typing import TYPE_CHECKING

from desk.errors import DeskError
from desk.ui import words
from desk.ui.commands import BY_ID, COMMANDS, Command
from desk.ui.feed import Changed
from desk.ui.keymap import show as shown_key
from desk.ui.screens.served import Served, T
from desk.ui.widgets.bars import KeyBar

if TYPE_CHECKING:
    from textual.screen import Screen

    from desk.ui.app import DeskApp
    from desk.ui.screens.main import MainScreen

CALM, LATEST = 0.25, 2.0
"""Seconds without a key after which what others wrote is shown, and after which the header is, typing or not."""


class Keyed(Served):
    """A screen whose keys are all in the registry of commands."""

    def __init__(self, app: "DeskApp") -> None:
        super().__init__(app)
        self._prefix: tuple[str, ...] = ()
        self.pressed = 0.0
        """When the last key came, on the monotonic clock."""
        self._dirty = self._refreshing = False
        self._doing = False
        """A deed was started and has not ended: what is typed meanwhile waits, so that it can't change what is meant."""
        self._ahead: list[str] = []

    async def settle(self) -> None:
        """Show what the cursor stands on before anything is done with it."""
        raise TypeError("the screen knows its cursor")

    @property
    def _main(self) -> "MainScreen":
        from desk.ui.screens.main import MainScreen

        assert isinstance(self, MainScreen)
        return self

    async def action_press(self, token: str) -> None:
        """One key: a command, or the first half of one."""
        self.pressed = monotonic()
        if self._doing:
            self._ahead.append(token)
            return
        self.say("")
        tokens, self._prefix = (*self._prefix, token), ()
        command = self.keymap.find(*tokens)
        if command is not None:
            await self.press(command)
        elif len(tokens) == 1 and token in self.keymap.prefixes:
            self._prefix = tokens
        self.show_keys()

    async def press(self, command: Command) -> None:
        """Motions at once, deeds beside the screen."""
        if command.direct and self.connected and not self.barred(command):
            await command.run(self._main)
        else:
            self.start(command)

    def start(self, command: Command) -> None:
        """Run a command beside the screen."""
        self._doing = True
        self.run_worker(self._do_and_go_on(command), group="commands")

    async def _do_and_go_on(self, command: Command) -> None:
        """One deed, then the keys typed ahead; none of them where an editor opened: they were meant for it."""
        try:
            await self._run(command)
        finally:
            self._doing = False
        if self.has_class("-editing"):
            self._ahead.clear()
        while self._ahead and not self._doing:
            await self.action_press(self._ahead.pop(0))

    async def ask(self, screen: "Screen[T]") -> "T | None":
        """Show a question and wait for its answer. What was typed before it stood there is nobody's answer: it is dropped."""
        self._ahead.clear()
        try:
            return await super().ask(screen)
        finally:
            self._ahead.clear()

    async def _run(self, command: Command) -> None:
        try:
            if not self.connected and command.group != "Leaving":
                raise DeskError("The desk is still being opened.", "Try again in a moment.")
            await self.settle()
            if closed := self.barred(command):
                self.say(closed, wrong=True)
            else:
                await command.run(self._main)
                self.guide(command.id if command.id == "approve" else "")
        except DeskError as problem:
            self.say(str(problem), wrong=True)
        self.show_keys()

    def barred(self, command: Command) -> str:
        """Why a command is not possible; with rows marked it is about those, not about the one under the cursor."""
        if self.marked and (command.many or command.about_one):
            return command.marked_reason(self._main)
        return command.reason(self._main)

    def on_key_bar_pressed(self, event: KeyBar.Pressed) -> None:
        """A click on a key of the footer."""
        self.start(BY_ID[event.command])

    def show_keys(self) -> None:
        """The footer: what counts here and is possible, or what may follow a prefix."""
        if self._prefix:
            after = self.keymap.after(self._prefix[0])
            keys = [(shown_key(token), words.plain(command.label).lower(), command.id) for token, command in after]
        elif self.has_class("-editing"):
            keys = [("Ctrl+g", "keep", "edit"), ("F3", "ready-made reply", "edit"), ("Esc", "drop", "edit")]
        else:
            ranked = sorted((c for c in COMMANDS if c.rank), key=lambda c: c.rank)
            possible = [c for c in ranked if self.connected and not self.barred(c)]
            keys = [(self.keymap.shown(c), c.word(self._main), c.id) for c in possible]
        self.query_one("#keys", KeyBar).show(keys)

    def on_changed(self, event: Changed) -> None:
        """Somebody wrote: read again, one reading at a time."""
        self._dirty = True
        if not self._refreshing:
            self._refreshing = True
            self.run_worker(self._catch_up(), group="refresh")

    async def _catch_up(self) -> None:
        try:
            while self._dirty:
                if await self._calm():
                    self._dirty = False
                    await self.refresh_all()
                else:
                    await self.figures()
        except DeskError as problem:
            self.trouble(str(problem))
        finally:
            self._refreshing = False

    async def _calm(self) -> bool:
        """Keys first: wait until nobody types. False after a while of typing: then the header alone is brought up to date."""
        until = monotonic() + LATEST
        while (left := min(self.pressed + CALM, until) - monotonic()) > 0:
            await asyncio.sleep(left)
        return monotonic() >= self.pressed + CALM
