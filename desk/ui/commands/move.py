"""Getting about: rows, pages, panes and views."""

# ruff: noqa: D102  The class's docstring is the help; reason, word and run are documented once, in the base.

from typing import TYPE_CHECKING, ClassVar

from desk.ui.commands.base import Command, needs_thread
from desk.ui.panes import PANES, Pane

if TYPE_CHECKING:
    from desk.ui.screens.main import MainScreen


class _Motion(Command):
    group = "Moving"
    direct = True


class Down(_Motion):
    """Move one row down; in a text, one line."""

    id, keys, label = "down", ("j", "down"), "down"

    async def run(self, screen: "MainScreen") -> None:
        screen.focused_pane.move(1)


class Up(_Motion):
    """Move one row up; in a text, one line."""

    id, keys, label = "up", ("k", "up"), "up"

    async def run(self, screen: "MainScreen") -> None:
        screen.focused_pane.move(-1)


class First(_Motion):
    """Go to the first row, or the top of a text."""

    id, keys, label = "first", ("g g", "home"), "first"

    async def run(self, screen: "MainScreen") -> None:
        screen.focused_pane.to_end(False)


class Last(_Motion):
    """Go to the last row, or the end of a text."""

    id, keys, label = "last", ("G", "end"), "last"

    async def run(self, screen: "MainScreen") -> None:
        if screen.focused_pane is screen.list:
            await screen.whole_list()
        screen.focused_pane.to_end(True)


class HalfDown(_Motion):
    """Move half a page down."""

    id, keys, label = "half-down", ("ctrl+d",), "half page down"

    async def run(self, screen: "MainScreen") -> None:
        screen.focused_pane.page(0.5)


class HalfUp(_Motion):
    """Move half a page up."""

    id, keys, label = "half-up", ("ctrl+u",), "half page up"

    async def run(self, screen: "MainScreen") -> None:
        screen.focused_pane.page(-0.5)


class PageDown(_Motion):
    """Move a page down."""

    id, keys, label = "page-down", ("pagedown",), "page down"

    async def run(self, screen: "MainScreen") -> None:
        screen.focused_pane.page(1)


class PageUp(_Motion):
    """Move a page up."""

    id, keys, label = "page-up", ("pageup",), "page up"

    async def run(self, screen: "MainScreen") -> None:
        screen.focused_pane.page(-1)


class Mark(_Motion):
    """Mark the row, or take its mark away, and move down; approve, reject, done and the like then work on all that are
    marked. In a ticket, and beside a list that knows no marks, scroll on by a page."""

    id, keys, label = "mark", ("space",), "mark"

    def word(self, screen: "MainScreen") -> str:
        """What it does where the focus is."""
        return self.label if _markable(screen) else "read on"

    async def run(self, screen: "MainScreen") -> None:
        if _markable(screen):
            screen.list.mark()
            screen.titles()
        else:
            screen.reader.page(0.9)


class MarkRange(_Motion):
    """Mark everything from the last mark to the cursor."""

    id, keys, label = "mark-range", ("v",), "mark up to here"

    def reason(self, screen: "MainScreen") -> str:
        return "" if _markable(screen) else "Nothing can be marked here."

    async def run(self, screen: "MainScreen") -> None:
        screen.list.mark_to_here()
        screen.titles()


def _markable(screen: "MainScreen") -> bool:
    return not screen.deep and screen.list.sheet is not None and screen.list.sheet.markable


class Open(_Motion):
    """Go deeper: from the list to the ticket, from the ticket to its draft."""

    id, keys, label, rank = "open", ("enter", "l", "right"), "open", 2

    def reason(self, screen: "MainScreen") -> str:
        if screen.opened.id is None:
            return "There is nothing to open here."
        deepest = screen.draft if screen.has_class("-drafted") else screen.reader
        return "There is nothing deeper." if screen.focused is deepest else ""

    def word(self, screen: "MainScreen") -> str:
        """What comes next on the way in."""
        return "draft" if screen.focused is screen.reader else self.label

    async def run(self, screen: "MainScreen") -> None:
        screen.deeper()


class Back(_Motion):
    """Go back: from the draft to the ticket, from the ticket to the list; there, take all marks away."""

    id, keys, label, rank = "back", ("h", "left", "escape"), "back", 3

    def reason(self, screen: "MainScreen") -> str:
        if screen.deep or screen.has_class("-zoomed") or screen.marked:
            return ""
        return "This is the list; q leaves desk."

    async def run(self, screen: "MainScreen") -> None:
        if screen.marked and not screen.deep:
            screen.unmark()
        else:
            screen.shallower()


class NextPane(_Motion):
    """Move the focus to the next pane."""

    id, keys, label = "next-pane", ("tab",), "next pane"

    async def run(self, screen: "MainScreen") -> None:
        screen.cycle(1)


class PreviousPane(_Motion):
    """Move the focus to the previous pane."""

    id, keys, label = "previous-pane", ("shift+tab",), "previous pane"

    async def run(self, screen: "MainScreen") -> None:
        screen.cycle(-1)


class NextMessage(_Motion):
    """Scroll the ticket to its next message while the list stays."""

    id, keys, label = "next-message", ("J",), "next message"

    async def run(self, screen: "MainScreen") -> None:
        screen.reader.jump(1)


class PreviousMessage(_Motion):
    """Scroll the ticket to the message before."""

    id, keys, label = "previous-message", ("K",), "previous message"

    async def run(self, screen: "MainScreen") -> None:
        screen.reader.jump(-1)


class NextView(_Motion):
    """Show the next view."""

    id, keys, label = "next-view", ("]",), "next view"

    async def run(self, screen: "MainScreen") -> None:
        await screen.go_by(1)


class PreviousView(_Motion):
    """Show the previous view."""

    id, keys, label = "previous-view", ("[",), "previous view"

    async def run(self, screen: "MainScreen") -> None:
        await screen.go_by(-1)


class NextNeeding(Command):
    """Go to the next ticket that needs a person; in search results, to the next hit."""

    id, keys, label, group, rank = "next", ("n",), "next", "Moving", 80
    by: ClassVar[int] = 1

    async def run(self, screen: "MainScreen") -> None:
        if screen.pane == "search":
            screen.list.move(self.by)
            return
        if screen.pane == "review":
            screen.list.move(self.by)
        else:
            await screen.go("review")
        if not screen.list.ids:
            screen.say("Nothing needs you.")


class PreviousNeeding(NextNeeding):
    """Go to the ticket before that needs a person; in search results, to the hit before."""

    id, keys, label, rank = "previous", ("N",), "previous", 0
    by = -1


class OpenThread(Command):
    """From the outbox, the quarantine, the activity or a search: show the ticket among all others."""

    id, keys, label, group = "show-ticket", ("g t",), "show the ticket", "Moving"

    def reason(self, screen: "MainScreen") -> str:
        return needs_thread(screen)

    async def run(self, screen: "MainScreen") -> None:
        thread_id = screen.opened.thread_id
        await screen.go("all")
        await screen.whole_list()
        if thread_id is not None and not screen.list.put(thread_id):
            screen.say("That ticket stands in another view: quarantined, automated or spam.", wrong=True)


def _view(pane: Pane) -> Command:
    """The command that shows one view."""

    async def run(self: Command, screen: "MainScreen") -> None:
        await screen.go(pane.id)

    keys = tuple(k for k in (pane.digit, f"g {pane.letter}") if k)
    body = {"id": f"go-{pane.id}", "keys": keys, "label": pane.title, "group": "Views", "direct": True, "run": run}
    kind: type[Command] = type(f"Go{pane.title}", (Command,), {**body, "__doc__": f"Show the view {pane.title}."})
    return kind()


COMMANDS: tuple[Command, ...] = (
    *(_view(pane) for pane in PANES if pane.id != "search"),
    *(Down(), Up(), First(), Last(), HalfDown(), HalfUp(), PageDown(), PageUp(), Mark(), MarkRange(), Open(), Back()),
    *(NextPane(), PreviousPane(), NextMessage(), PreviousMessage(), NextView(), PreviousView()),
    *(NextNeeding(), PreviousNeeding(), OpenThread()),
)
