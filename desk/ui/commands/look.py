"""Looking: why, search, headers, folds, zoom, themes, help, the palette; and leaving."""

# ruff: noqa: D102  The class's docstring is the help; reason, word and run are documented once, in the base.

from typing import TYPE_CHECKING

from desk.ui import words
from desk.ui.commands.base import Command, needs_thread

if TYPE_CHECKING:
    from desk.ui.screens.main import MainScreen


class Why(Command):
    """Tell the story of the ticket: what each step found, how long it took, which model, why it is here."""

    id, keys, label, group, rank = "why", ("w",), "why", "Looking", 50

    def reason(self, screen: "MainScreen") -> str:
        return needs_thread(screen)

    async def run(self, screen: "MainScreen") -> None:
        from desk.store import changes, jobs, quarantine
        from desk.ui.panes import story
        from desk.ui.screens.sheets import Leaf

        thread_id, opened = screen.thread_id, screen.opened
        assert opened.thread is not None
        get = screen.database.get
        runs = [(run, await get(jobs.steps(run.id))) for run in await get(jobs.of_thread(thread_id))]
        stopped = [m for m in opened.messages if m.flagged]
        evidence = {m.id: await get(quarantine.evidence(m.id)) for m in stopped}
        timeline = await get(changes.timeline(thread_id))
        ticket = story.Ticket(opened.messages, runs, timeline, evidence)
        page = story.tell(ticket, screen.ink(), screen.now())
        screen.guide("why")
        await screen.ask(Leaf(f"Why · {opened.thread.row.number} {opened.thread.row.subject}", page, screen.ink))


class Search(Command):
    """Search all mail: words, "a phrase", from: subject: is: assigned: before: after:. The results are a view."""

    id, keys, label, group, rank = "search", ("/",), "search", "Looking", 90

    async def run(self, screen: "MainScreen") -> None:
        from desk.ui.screens.dialogs import Ask

        text = await screen.ask(
            Ask("Search", value=screen.searched, anew=True, hint='refund from:anna "last month" is:open')
        )
        if text:
            await screen.search(text)


class Refine(Command):
    """Narrow the view to tickets with these words; empty shows all of it again."""

    id, keys, label, group = "refine", ("\\",), "refine", "Looking"

    def reason(self, screen: "MainScreen") -> str:
        from desk.ui.panes import THREAD_VIEWS

        return "" if screen.pane in THREAD_VIEWS else "Only lists of tickets can be narrowed."

    async def run(self, screen: "MainScreen") -> None:
        from desk.ui.screens.dialogs import Ask

        text = await screen.ask(
            Ask("Only tickets with", value=screen.narrowed, hint="words; empty for all", empty=True, anew=True)
        )
        if text is not None:
            await screen.narrow(text)


class Headers(Command):
    """Show the last message's full headers, with what the servers say about its sender."""

    id, keys, label, group = "headers", ("H",), "headers", "Looking"

    def reason(self, screen: "MainScreen") -> str:
        return "" if screen.opened.stopped or screen.opened.messages else "Choose a message first."

    async def run(self, screen: "MainScreen") -> None:
        from desk.store import messages
        from desk.ui.panes.headers import page
        from desk.ui.screens.sheets import Leaf

        opened = screen.opened
        message = opened.stopped or opened.last_inbound or opened.messages[-1]
        raw = await screen.database.get(messages.raw(message.id))
        await screen.ask(Leaf("Headers", page(raw, screen.ink()), screen.ink))


class Unfold(Command):
    """Unfold the quotes of this ticket."""

    id, keys, label, group = "unfold", ("z o", "z R"), "unfold quotes", "Looking"

    async def run(self, screen: "MainScreen") -> None:
        screen.fold(False)


class Fold(Command):
    """Fold the quotes of this ticket."""

    id, keys, label, group = "fold", ("z c", "z M"), "fold quotes", "Looking"

    async def run(self, screen: "MainScreen") -> None:
        screen.fold(True)


class ToggleFold(Command):
    """Fold or unfold the quotes of this ticket."""

    id, keys, label, group = "toggle-fold", ("z a",), "fold or unfold", "Looking"

    async def run(self, screen: "MainScreen") -> None:
        screen.fold(bool(screen.opened.folds))


class Zoom(Command):
    """Give the focused pane the whole screen, and take it back."""

    id, keys, label, group = "zoom", ("+", "_"), "zoom", "Looking"
    direct = True

    async def run(self, screen: "MainScreen") -> None:
        screen.toggle_class("-zoomed")


class Copy(Command):
    """Copy the number, the address, the message or the draft to the clipboard."""

    id, keys, label, group = "copy", ("y",), "copy", "Looking"

    def reason(self, screen: "MainScreen") -> str:
        return "" if screen.opened.thread or screen.opened.known else "There is nothing to copy here."

    async def run(self, screen: "MainScreen") -> None:
        from desk.ui.screens.dialogs import Choice, Menu
        from desk.ui.widgets.safe import inert

        opened, offers = screen.opened, {}
        if opened.thread is not None:
            offers["its number"] = opened.thread.row.number
            offers["the customer's address"] = opened.thread.row.contact_addr
        if opened.last_inbound is not None:
            offers["the last message"] = opened.last_inbound.reply_text or opened.last_inbound.text
        if opened.draft is not None:
            offers["the draft"] = opened.draft.body
        if opened.known is not None:
            offers["the article"] = opened.known.article.body
        picked = await screen.ask(Menu("Copy", [Choice(name, name) for name in offers]))
        if picked:
            screen.app.copy_to_clipboard(inert(offers[picked]))
            screen.say(f"Copied {picked}.")


class PickTheme(Command):
    """Choose a theme; each is shown as you pass it. Your own go into the themes folder as TOML."""

    id, keys, label, group = "theme", ("g T",), "theme", "Looking"

    async def run(self, screen: "MainScreen") -> None:
        from desk.ui.screens.dialogs import Choice, Picker

        app = screen.desk_app
        choices = [Choice(t.name, t.title, "dark" if t.dark else "light") for t in app.themes.values()]
        picked = await screen.ask(Picker("Theme", choices, preview=app.use_theme, chosen=app.theme))
        if picked:
            app.use_theme(picked)
            screen.say(f'Theme {picked}. To keep it, write theme = "{picked}" under [screen] in desk.toml.')


class Help(Command):
    """Show every key with its help."""

    id, keys, label, group, rank = "help", ("?", "f1"), "keys", "Looking", 100

    async def run(self, screen: "MainScreen") -> None:
        from desk.ui.panes.help import page
        from desk.ui.screens.sheets import Leaf

        await screen.ask(Leaf("Keys", page(screen.keymap, screen), screen.ink))


class Palette(Command):
    """Find any command by its words and run it."""

    id, keys, label, group = "palette", (":", "ctrl+p", "ctrl+k"), "palette", "Looking"

    async def run(self, screen: "MainScreen") -> None:
        from desk.ui.commands import BY_ID, COMMANDS
        from desk.ui.screens.dialogs import Choice, Picker

        choices = []
        for command in COMMANDS:
            if command.id != self.id:
                key, closed = screen.keymap.shown(command), command.reason(screen)
                choices.append(Choice(command.id, command.label, key, words.cut(closed, 40)))
        picked = await screen.ask(Picker("What to do", choices, hint="type a few letters"))
        if picked:
            screen.start(BY_ID[picked])


class Redraw(Command):
    """Draw the whole screen again."""

    id, keys, label, group = "redraw", ("ctrl+l",), "redraw", "Looking"
    direct = True

    async def run(self, screen: "MainScreen") -> None:
        screen.app.refresh(layout=True)


class Suspend(Command):
    """Put desk into the background of your shell; fg brings it back."""

    id, keys, label, group = "suspend", ("ctrl+z",), "suspend", "Leaving"

    async def run(self, screen: "MainScreen") -> None:
        screen.app.action_suspend_process()


class Leave(Command):
    """Go back; in the list, leave desk. Asks first while something is held or being written."""

    id, keys, label, group, rank = "leave", ("q",), "back", "Leaving", 0

    async def run(self, screen: "MainScreen") -> None:
        if screen.deep:
            screen.shallower()
        else:
            await screen.leave()


class Interrupt(Command):
    """Cancel; pressed twice within a second, leave desk."""

    id, keys, label, group = "interrupt", ("ctrl+c",), "cancel", "Leaving"

    async def run(self, screen: "MainScreen") -> None:
        await screen.interrupt()


COMMANDS: tuple[Command, ...] = (
    *(Why(), Search(), Refine(), Headers(), Unfold(), Fold(), ToggleFold(), Zoom(), Copy(), PickTheme()),
    *(Palette(), Help(), Redraw(), Suspend(), Leave(), Interrupt()),
)
