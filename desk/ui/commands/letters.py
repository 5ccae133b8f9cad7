"""Mail that a person begins, and files: forward, write anew, attach, open, save."""

# ruff: noqa: D102  The class's docstring is the help; reason, word and run are documented once, in the base.

import re
from pathlib import Path
from typing import TYPE_CHECKING

from desk.config_mailboxes import speaking
from desk.errors import Refused
from desk.ui import words
from desk.ui.commands.base import Command, needs_draft, needs_open_thread, needs_thread

if TYPE_CHECKING:
    from desk.store.messages import AttachmentRow, MessageRow
    from desk.ui.screens.main import MainScreen

_LINK = re.compile(r"https?://[^\s<>\"')\]]+")
DOWNLOADS = "~/Downloads"


class Forward(Command):
    """Forward the last message from outside, with its files. Write your words, then approve it like any other."""

    about_one = True
    id, keys, label, group = "forward", ("f",), "forward", "Deciding"

    def reason(self, screen: "MainScreen") -> str:
        return needs_open_thread(screen) or ("" if screen.opened.last_inbound else "There is no message from outside.")

    async def run(self, screen: "MainScreen") -> None:
        from desk.actions import writing

        thread_id = screen.thread_id
        to = await _addresses(screen, "Forward to whom?")
        if to:
            await screen.edit("forward", "", lambda desk, text: writing.forward(desk, thread_id, to, text))


class Compose(Command):
    """Write a new message: to whom, about what, then the words. It becomes a ticket and is approved like a reply."""

    id, keys, label, group = "compose", ("c",), "new message", "Deciding"

    def reason(self, screen: "MainScreen") -> str:
        return "" if screen.desk_app.config.mailboxes else "No mailbox is connected; run `desk init`."

    async def run(self, screen: "MainScreen") -> None:
        from desk.actions import writing
        from desk.ui.screens.dialogs import Ask, Choice, Menu

        config = screen.desk_app.config
        boxes = [speaking(config, one) for one in config.mailboxes]
        box: str | None = boxes[0].name
        if len(boxes) > 1:
            named = [Choice(b.name, " · ".join(filter(None, (b.name, b.address)))) for b in boxes]
            box = await screen.ask(Menu("From which mailbox?", named))
        to = await _addresses(screen, "To whom?") if box else ()
        subject = await screen.ask(Ask("About what?", hint="the subject")) if to else None
        if box and to and subject:
            name, about = box, subject
            await screen.edit("begin", "", lambda desk, text: writing.begin(desk, name, to, about, text))


async def _addresses(screen: "MainScreen", question: str) -> tuple[str, ...]:
    """Ask until the addresses are some, or nothing is wanted any more."""
    from desk.actions import writing
    from desk.ui.screens.dialogs import Ask

    typed, hint = "", "ann@example.org, bo@example.org"
    while True:
        answer = await screen.ask(Ask(question, value=typed, hint=hint))
        if not answer:
            return ()
        try:
            return writing.addresses(answer)
        except Refused as refused:
            typed, question = answer, str(refused.what)


class Address(Command):
    """Say to whom the draft goes: everybody the message names, its sender alone, or others you write."""

    id, keys, label, group = "address", ("C",), "to whom", "Deciding"

    def reason(self, screen: "MainScreen") -> str:
        draft = screen.opened.draft
        if draft is not None and draft.state != "offered":
            return "This draft is approved already; take it back in the outbox (4) first."
        return needs_draft(screen)

    async def run(self, screen: "MainScreen") -> None:
        from desk.actions import writing
        from desk.ui.screens.dialogs import Choice, Menu

        opened = screen.opened
        draft, row = opened.draft, opened.thread
        assert draft is not None
        assert row is not None
        answered = opened.last_inbound
        named = opened.named(screen.own_addresses(row.row.mailbox))
        choices = [Choice("all", "Everybody: " + ", ".join((*named.to, *named.cc)))] if answered and named.cc else []
        choices += [Choice("one", f"Only {', '.join(named.to)}")] if named.to else []
        picked = await screen.ask(Menu("To whom?", [*choices, Choice("others", "Others …")]))
        if picked in ("all", "one"):
            to = named.to if picked == "one" else ()
            await screen.act(lambda desk: writing.address(desk, draft.id, to))
        elif picked == "others" and (others := await _addresses(screen, "To whom?")):
            await screen.act(lambda desk: writing.address(desk, draft.id, others))


class Attach(Command):
    """Attach a file to the draft, by its path; Tab completes it. u takes it off again."""

    about_one = True
    id, keys, label, group = "attach", ("@",), "attach a file", "Deciding"

    def reason(self, screen: "MainScreen") -> str:
        return needs_draft(screen)

    async def run(self, screen: "MainScreen") -> None:
        from desk.actions import writing
        from desk.ui.screens.dialogs import Ask

        draft = screen.opened.draft
        assert draft is not None
        path = await screen.ask(Ask("Attach which file?", value="~/", hint="~/offer.pdf", paths=True))
        if path:
            await screen.act(lambda desk: writing.attach(desk, draft.id, Path(path)))


class Save(Command):
    """Save the attachments of this ticket's newest message that has some. Nothing is overwritten, nothing opened."""

    about_one = True
    id, keys, label, group = "save", ("S",), "save attachments", "Ticket"

    def reason(self, screen: "MainScreen") -> str:
        return needs_thread(screen) or ("" if _with_files(screen) else "There are no attachments here.")

    async def run(self, screen: "MainScreen") -> None:
        from desk.actions import writing
        from desk.ui.screens.dialogs import Ask, Confirm

        message = _with_files(screen)
        assert message is not None
        risks = [f"⚠ {f.filename}: {f.risk}" for f in message.attachments if f.risk]
        if risks and not await screen.ask(Confirm("Save these too?", risks)):
            return
        count = words.plural(len(message.attachments), "file")
        folder = await screen.ask(Ask(f"Save {count} in which folder?", value=DOWNLOADS, paths=True))
        if folder:
            await screen.act(lambda desk: writing.save_files(desk, message.id, Path(folder)))


class Open(Command):
    """Pick an attachment to save, or a link to copy with its host shown. desk opens neither by itself."""

    about_one = True
    id, keys, label, group = "open-file", ("o",), "files, links", "Ticket"

    def reason(self, screen: "MainScreen") -> str:
        found = any(m.attachments or _LINK.search(m.text) for m in screen.opened.messages)
        return needs_thread(screen) or ("" if found else "There are no attachments and no links here.")

    async def run(self, screen: "MainScreen") -> None:
        from desk.actions import writing
        from desk.ui.screens.dialogs import Ask, Choice, Confirm, Picker

        files: dict[str, tuple[MessageRow, int, AttachmentRow]] = {}
        links: dict[str, str] = {}
        for message in reversed(screen.opened.messages):
            for place, file in enumerate(message.attachments):
                files[f"file:{message.id}:{place}"] = (message, place, file)
            for link in _LINK.findall(message.text):
                links.setdefault(f"link:{link}", link)
        choices = [Choice(i, f"⌁ {f.filename}", f.risk or f"{f.size // 1024 + 1} kB") for i, (_, _, f) in files.items()]
        choices += [Choice(i, link.partition("://")[2].partition("/")[0], link) for i, link in links.items()]
        picked = await screen.ask(Picker("Which one?", choices))
        if picked in links:
            screen.app.copy_to_clipboard(links[picked])
            screen.say("The link is on the clipboard; look at its host before you follow it.")
        elif picked in files:
            message, place, file = files[picked]
            if file.risk and not await screen.ask(
                Confirm("Save it all the same?", [f"⚠ {file.filename}: {file.risk}"])
            ):
                return
            folder = await screen.ask(Ask("Save in which folder?", value=DOWNLOADS, paths=True))
            if folder:
                await screen.act(lambda desk: writing.save_files(desk, message.id, Path(folder), only=[place]))


def _with_files(screen: "MainScreen") -> "MessageRow | None":
    return next((m for m in reversed(screen.opened.messages) if m.attachments and m.direction == "inbound"), None)


COMMANDS: tuple[Command, ...] = (Forward(), Compose(), Address(), Attach(), Open(), Save())
