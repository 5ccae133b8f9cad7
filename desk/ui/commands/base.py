"""What a command is: one class with its keys, its word in the footer, its help, and where it makes sense."""

import inspect
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from desk.ui.screens.main import MainScreen


class Command:
    """One thing a person can do. The docstring of a subclass is its help."""

    id: ClassVar[str] = ""
    """Name in `[screen.keys]` and in the palette."""
    keys: ClassVar[tuple[str, ...]] = ()
    """Keys, the first one shown; `g i` is a sequence."""
    label: ClassVar[str] = ""
    """One or two words for footer and palette."""
    group: ClassVar[str] = "Ticket"
    """Heading in the help."""
    direct: ClassVar[bool] = False
    """A motion: done at once, nothing is asked and nothing written."""
    rank: ClassVar[int] = 0
    """Order in the footer, from the left; 0 stays out of it."""

    many: ClassVar[bool] = False
    """Whether it is done to every marked row at once."""
    about_one: ClassVar[bool] = False
    """Whether it works on one row alone, so that marks must go first."""

    @property
    def help(self) -> str:
        """What it does, in sentences."""
        return " ".join(inspect.cleandoc(self.__doc__ or "").split())

    def word(self, screen: "MainScreen") -> str:
        """Its word in the footer, where it has another one here."""
        return self.label

    def reason(self, screen: "MainScreen") -> str:
        """Why it is not possible here and now; empty where it is."""
        return ""

    def marked_reason(self, screen: "MainScreen") -> str:
        """Why it is not possible while rows are marked; empty where it is."""
        return f"{self.label.capitalize()} works on one at a time; Esc takes the marks away." if self.about_one else ""

    async def run(self, screen: "MainScreen") -> None:
        """Do it."""
        raise TypeError(f"{self.id} does nothing")


def needs_thread(screen: "MainScreen") -> str:
    """For commands about the chosen ticket."""
    return "" if screen.opened.thread else "Choose a ticket first."


def needs_open_thread(screen: "MainScreen") -> str:
    """For commands that change a ticket: not in the queues where something else is decided first."""
    if screen.pane == "quarantine":
        return "Decide about the attack first: release it or confirm it."
    if screen.pane == "outbox":
        return "This is on its way; take it back first."
    return needs_thread(screen)


def needs_draft(screen: "MainScreen") -> str:
    """For commands about the draft on the screen."""
    return needs_open_thread(screen) or ("" if screen.opened.draft else "There is no draft here yet.")
