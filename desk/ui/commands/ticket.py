"""Handling a ticket: whose it is, when it comes back, how it is filed, and taking things back."""

# ruff: noqa: D102  The class's docstring is the help; reason, word and run are documented once, in the base.

from typing import TYPE_CHECKING

from desk.domain.enums import Category, Priority, Sentiment
from desk.ui import when, words
from desk.ui.commands.base import Command, needs_open_thread

if TYPE_CHECKING:
    from desk.store.messages import MessageRow
    from desk.ui.screens.main import MainScreen

NOBODY = "\0nobody"


class _OnThread(Command):
    group = "Ticket"

    def reason(self, screen: "MainScreen") -> str:
        return needs_open_thread(screen)


class _OnThreads(_OnThread):
    many = True

    def marked_reason(self, screen: "MainScreen") -> str:
        return needs_open_thread(screen) if screen.pane == "quarantine" else ""


class Assign(_OnThreads):
    """Give the ticket to somebody; Enter takes it yourself."""

    id, keys, label, rank = "assign", ("A",), "assign", 60

    async def run(self, screen: "MainScreen") -> None:
        from desk.actions import inbox
        from desk.store import people
        from desk.ui.screens.dialogs import Choice, Picker

        thread_id, me = screen.thread_id, screen.me
        agents = await screen.database.get(people.agents())
        choices = [Choice(me, f"{me} (you)")]
        choices += [Choice(a.login, a.name or a.login, a.login) for a in agents if a.login != me]
        choices.append(Choice(NOBODY, "nobody"))
        who = await screen.ask(Picker("Whose is it?", choices))
        if who is not None:
            await screen.act_on(thread_id, lambda desk, id: inbox.assign(desk, id, None if who == NOBODY else who))


class Snooze(_OnThreads):
    """Put the ticket away until later, in plain words: 2h, tomorrow, tue 9, 24 dec. A reply brings it back at once."""

    id, keys, label, rank = "snooze", ("s",), "snooze", 65

    async def run(self, screen: "MainScreen") -> None:
        from desk.actions import inbox
        from desk.ui.screens.dialogs import Choice, Picker

        thread_id, now = screen.thread_id, screen.now()

        def means(text: str) -> str:
            moment = when.parse(text, now)
            return f"{moment:%A %d %b, %H:%M}" if moment else ""

        choices = [Choice(p, p, means(p)) for p in when.PRESETS if when.parse(p, now)]
        row = screen.opened.thread
        if row is not None and row.row.snoozed_until is not None:
            choices.insert(0, Choice(NOBODY, "bring it back now"))
        picked = await screen.ask(Picker("Until when?", choices, hint="2h · tomorrow · tue 9 · 24 dec", free=means))
        if picked is not None:
            until = None if picked == NOBODY else when.parse(picked, now)
            await screen.act_on(thread_id, lambda desk, id: inbox.snooze(desk, id, until))


class Done(_OnThreads):
    """Mark the ticket done; on a done one, open it again. Nothing is deleted."""

    id, keys, label, rank = "done", ("d",), "done", 68

    async def run(self, screen: "MainScreen") -> None:
        from desk.actions import inbox

        thread_id, opened = screen.thread_id, screen.opened.thread
        closed = opened is not None and opened.row.status in ("resolved", "archived")
        await screen.act_on(thread_id, inbox.reopen if closed else inbox.done)


class Note(_OnThread):
    """Write an internal note. It is never sent."""

    about_one = True
    id, keys, label = "note", ("i",), "note"

    async def run(self, screen: "MainScreen") -> None:
        from desk.actions import inbox
        from desk.ui.screens.dialogs import Ask

        thread_id = screen.thread_id
        text = await screen.ask(Ask("Internal note", hint="seen by your team only"))
        if text:
            await screen.act(lambda desk: inbox.note(desk, thread_id, text))


class SetPriority(_OnThreads):
    """Set the priority: urgent, normal or low; desk learns from it."""

    id, keys, label = "priority", ("p",), "priority"

    async def run(self, screen: "MainScreen") -> None:
        from desk.actions import inbox
        from desk.ui.screens.dialogs import Choice, Menu

        thread_id = screen.thread_id
        picked = await screen.ask(Menu("How soon?", [Choice(p, str(p)) for p in Priority]))
        if picked:
            await screen.act_on(thread_id, lambda desk, id: inbox.set_priority(desk, id, Priority(picked)))


class SetCategory(_OnThreads):
    """Say what the ticket is about; desk learns from it."""

    id, keys, label = "category", ("P",), "category"

    async def run(self, screen: "MainScreen") -> None:
        from desk.actions import inbox
        from desk.ui.screens.dialogs import Choice, Menu

        thread_id = screen.thread_id
        picked = await screen.ask(Menu("What is it about?", [Choice(c, words.plain(c)) for c in Category]))
        if picked:
            await screen.act_on(thread_id, lambda desk, id: inbox.set_category(desk, id, Category(picked)))


class SetMood(_OnThreads):
    """Say how the customer feels: positive, neutral or negative; desk learns from it."""

    id, keys, label = "mood", ("F",), "mood"

    async def run(self, screen: "MainScreen") -> None:
        from desk.actions import inbox
        from desk.ui.screens.dialogs import Choice, Menu

        thread_id = screen.thread_id
        picked = await screen.ask(Menu("How does the customer feel?", [Choice(s, str(s)) for s in Sentiment]))
        if picked:
            await screen.act_on(thread_id, lambda desk, id: inbox.set_mood(desk, id, Sentiment(picked)))


class Tag(_OnThreads):
    """Add a tag; with a minus before it, take it away."""

    id, keys, label = "tag", ("t",), "tags"

    async def run(self, screen: "MainScreen") -> None:
        from desk.actions import inbox
        from desk.ui.screens.dialogs import Ask

        thread_id, opened = screen.thread_id, screen.opened.thread
        has = ", ".join(opened.tags) if opened else ""
        name = await screen.ask(Ask(f"Tag{f' (has {has})' if has else ''}", hint="vip · -vip takes it away"))
        if name:
            bare = name.lstrip("-").strip()
            await screen.act_on(thread_id, lambda desk, id: inbox.tag(desk, id, bare, on=not name.startswith("-")))


class Merge(_OnThread):
    """Put this ticket's messages into another one, split it where a message begins something else, or take out again
    what was merged into it, by whomever. u takes it back; later replies follow."""

    about_one = True
    id, keys, label = "merge", ("M",), "merge, split"

    async def run(self, screen: "MainScreen") -> None:
        from desk.actions import inbox
        from desk.store import joining
        from desk.ui.screens.dialogs import Choice, Menu

        thread_id = screen.thread_id
        alone = "" if len(screen.opened.messages) > 1 else "there is only one message"
        choices = [Choice("merge", "Merge into another ticket"), Choice("split", "Split at a message", closed=alone)]
        inside = {number: (gone, moved) for gone, number, moved in await screen.database.get(joining.merged(thread_id))}
        choices += [Choice(number, f"Take {number} out again") for number in inside]
        picked = await screen.ask(Menu("Merge or split?", choices))
        if picked in inside:
            gone, moved = inside[picked]
            await screen.act(lambda desk: inbox.unmerge(desk, gone, thread_id, moved))
        if picked == "merge":
            await self._merge(screen)
        elif picked == "split":
            await self._split(screen)

    async def _split(self, screen: "MainScreen") -> None:
        from desk.actions import inbox
        from desk.ui.screens.dialogs import Choice, Picker

        def row(message: "MessageRow") -> Choice:
            said = " ".join((message.reply_text or message.text).split())[:60]
            return Choice(str(message.id), f"{message.from_name or message.from_addr}: {said}",
                          words.age(message.received_at, screen.now()))  # fmt: skip

        choices = [row(m) for m in screen.opened.messages[1:]]
        picked = await screen.ask(Picker("Which message begins a ticket of its own?", choices))
        if picked is not None:
            await screen.act(lambda desk: inbox.split(desk, int(picked)))

    async def _merge(self, screen: "MainScreen") -> None:
        from desk.actions import inbox
        from desk.store import threads
        from desk.ui.screens.dialogs import Ask

        thread_id = screen.thread_id
        number = await screen.ask(Ask("Merge into which ticket?", hint="T-1042"))
        if not number:
            return
        number = number.upper() if number.upper().startswith("T-") else f"T-{number}"
        into = await screen.database.get(threads.by_number(number))
        if into is None:
            screen.say(f"There is no ticket {number}.", wrong=True)
            return
        await screen.act(lambda desk: inbox.merge(desk, thread_id, into.row.id))


class Promised(_OnThread):
    """Say what became of something we promised in this ticket: it was done, or it no longer holds."""

    about_one = True
    id, keys, label = "promised", ("D",), "promises"

    def reason(self, screen: "MainScreen") -> str:
        return needs_open_thread(screen) or ("" if screen.opened.promised else "Nothing is promised here that is open.")

    async def run(self, screen: "MainScreen") -> None:
        from desk.actions import promises
        from desk.store import commitments
        from desk.ui.screens.dialogs import Choice, Menu

        open_ones = screen.opened.promised
        said = [" ".join(one.text.split()) for one in open_ones]
        choices = [Choice(f"kept {n}", f"Done: {text}") for n, text in enumerate(said)]
        choices += [Choice(f"dropped {n}", f"Holds no longer: {text}") for n, text in enumerate(said)]
        picked = await screen.ask(Menu("What became of it?", choices))
        if picked:
            word, _, place = picked.partition(" ")
            state = commitments.KEPT if word == "kept" else commitments.DROPPED
            await screen.act(lambda desk: promises.settle(desk, open_ones[int(place)].id, state))


class Undo(Command):
    """Take the last thing back, and the one before it; within the hold also an approved reply."""

    id, keys, label, group, rank = "undo", ("u",), "undo", "Ticket", 70

    def reason(self, screen: "MainScreen") -> str:
        return "" if screen.undoable else "There is nothing to take back."

    async def run(self, screen: "MainScreen") -> None:
        await screen.undo()


COMMANDS: tuple[Command, ...] = (
    *(Assign(), Snooze(), Done(), Note(), SetPriority(), SetCategory(), SetMood(), Tag(), Merge()),
    *(Promised(), Undo()),
)
