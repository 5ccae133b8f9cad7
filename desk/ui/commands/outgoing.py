"""What leaves, and when: send later, stop everything."""

# ruff: noqa: D102  The class's docstring is the help; reason, word and run are documented once, in the base.

from typing import TYPE_CHECKING

from desk.ui import when
from desk.ui.commands.base import Command, needs_draft
from desk.ui.commands.mail import accept

if TYPE_CHECKING:
    from desk.ui.screens.main import MainScreen


class SendLater(Command):
    """Approve the draft, to be sent at a later moment in plain words: 2h, tomorrow, tue 9. Until then u takes it back."""

    about_one = True
    id, keys, label, group = "send-later", ("L",), "send later", "Deciding"

    def reason(self, screen: "MainScreen") -> str:
        draft = screen.opened.draft
        if draft is not None and draft.state == "approved":
            return "This draft is approved already; take it back in the outbox (4) first."
        return needs_draft(screen)

    async def run(self, screen: "MainScreen") -> None:
        from desk.ui.screens.dialogs import Choice, Picker

        now = screen.now()

        def means(text: str) -> str:
            moment = when.parse(text, now)
            return f"{moment:%A %d %b, %H:%M}" if moment else ""

        choices = [Choice(p, p, means(p)) for p in when.PRESETS if when.parse(p, now)]
        picked = await screen.ask(Picker("Send it when?", choices, hint="2h · tomorrow · tue 9 · 24 dec", free=means))
        if picked is not None and (at := when.parse(picked, now)) is not None:
            await accept(screen, at)


class HoldEverything(Command):
    """Stop everything that leaves, at once and for everybody: replies on hold go back to review, nothing is sent until
    the same key, and y, lets it go on."""

    id, keys, label, group = "hold-everything", ("!",), "hold everything", "Deciding"

    async def run(self, screen: "MainScreen") -> None:
        from desk.actions import outbox
        from desk.ui.screens.dialogs import Confirm

        if not await screen.database.get(outbox.stopped()):
            await screen.act(outbox.hold_everything)
        elif await screen.ask(
            Confirm("Send again?", ["What was approved since, and what is being tried again, leaves then."])
        ):
            await screen.act(outbox.let_go)


COMMANDS: tuple[Command, ...] = (SendLater(), HoldEverything())
