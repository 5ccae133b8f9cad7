"""The application: themes, the key map, one screen. The store is opened after the first frame."""

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual.app import App
from textual.binding import Binding, BindingType

from desk.config import Config
from desk.errors import ConfigError
from desk.paths import packaged, paths
from desk.ui import keymap, themes
from desk.ui.commands import COMMANDS
from desk.ui.screens.main import MainScreen
from desk.ui.themes import Ink

if TYPE_CHECKING:
    from desk.actions.desk import Desk
    from desk.store.database import AsyncDatabase

Connect = Callable[[], "tuple[Desk, AsyncDatabase]"]
"""Opens the store, in a thread, once the first frame stands: the desk for deeds, the reads for the screen."""


class DeskApp(App[None], inherit_bindings=False):
    """desk in the terminal."""

    TITLE = "desk"
    CSS_PATH = "desk.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(
        self, connect: Connect, config: Config, *, demo: bool = False, status: Callable[[], str] | None = None
    ) -> None:
        super().__init__()
        self.connect, self.config, self.demo, self.status = connect, config, demo, status
        self.keymap = keymap.build(COMMANDS, config.screen.keys)
        for binding in Binding.make_bindings(self.keymap.bindings()):
            self.bind(binding.key, f"screen.{binding.action}", description=binding.description, show=False)
        self.themes, self._problems = themes.load((packaged("themes"), paths().themes))
        for found in self.themes.values():
            self.register_theme(found.textual())
        if config.screen.theme not in self.themes:
            names = ", ".join(self.themes)
            raise ConfigError(f"screen.theme: there is no theme {config.screen.theme}.", f"Choose one of {names}.")
        self._ink = Ink(self.themes[config.screen.theme].colors, mono=self.no_color)
        self.theme = config.screen.theme

    def ink(self) -> Ink:
        """The styles of the theme in force."""
        return self._ink

    def use_theme(self, name: str) -> None:
        """Switch the theme live."""
        self._ink = Ink(self.themes[name].colors, mono=self.no_color)
        self.theme = name
        for screen in self.screen_stack:
            if isinstance(screen, MainScreen):
                screen.list.repaint()
                screen.draw()

    def get_default_screen(self) -> MainScreen:
        """The desk is the one screen; everything else lies over it."""
        return MainScreen(self)

    def on_mount(self) -> None:
        """Say which themes were left out, and why. Without colour the stylesheet shows by form what colour shows else."""
        self.set_class(self.no_color, "-mono")
        screen = self.screen
        if self._problems and isinstance(screen, MainScreen):
            screen.say(self._problems[0], wrong=True)

    async def on_unmount(self) -> None:
        """Close the reads."""
        for screen in self.screen_stack:
            if isinstance(screen, MainScreen) and screen.connected:
                await screen.database.close()


def run(connect: Connect, config: Config, *, demo: bool = False, status: Callable[[], str] | None = None) -> None:
    """Show the desk until the person leaves. `status` says in a sentence what is wrong outside the store."""
    DeskApp(connect, config, demo=demo, status=status).run()
