"""What a draft can be made of: ready-made replies, filled for this ticket, and the versions there were before."""

# ruff: noqa: D102  The class's docstring is the help; reason, word and run are documented once, in the base.

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from desk.ui import words
from desk.ui.commands.base import Command, needs_open_thread

if TYPE_CHECKING:
    from desk.actions.canned import Filled
    from desk.ui.screens.main import MainScreen
    from desk.ui.screens.served import Served


class ReadyReply(Command):
    """Pick a ready-made reply: those in the ticket's language and category first. It opens in the editor, filled from what
    is known; what nothing fills is marked, and must be written before it can leave. In the editor F3 inserts one."""

    about_one = True
    id, keys, label, group = "ready-reply", ("m",), "ready-made reply", "Deciding"

    def reason(self, screen: "MainScreen") -> str:
        return needs_open_thread(screen)

    async def run(self, screen: "MainScreen") -> None:
        picked = await pick(screen, await offered(screen, screen.thread_id))
        if picked is not None:
            await screen.edit("reply", picked.text, canned=[picked.source])


async def offered(screen: "Served", thread_id: int) -> "list[Filled]":
    """The ready-made replies for a ticket; the files are read and filled beside the screen."""
    from desk.actions import canned

    desk = screen.desk
    return await asyncio.to_thread(canned.offered, desk, thread_id) if desk is not None else []


async def pick(screen: "Served", replies: "Sequence[Filled]") -> "Filled | None":
    """Let one be picked by its words; None where none is wanted, or none is there."""
    from desk.ui.screens.dialogs import Choice, Picker

    if not replies:
        screen.say("There are no ready-made replies yet; `desk replies` says where to put them.", wrong=True)
        return None
    by_id = {f"{one.reply.shortcut} {one.reply.id}": one for one in replies}
    choices = [Choice(id, one.reply.name, _note(one), one.reply.problem) for id, one in by_id.items()]
    picked = await screen.ask(Picker("Which reply?", choices, hint="type to narrow; shortcuts too"))
    return by_id[picked] if picked is not None else None


def _note(one: "Filled") -> str:
    reply = one.reply
    missing = f"{words.plural(len(one.missing), 'blank')} to fill" if one.missing else ""
    facts = [words.plain(reply.category), reply.language, reply.shortcut, f"{one.used}×" if one.used else "", missing]
    return " · ".join(fact for fact in facts if fact)


class Versions(Command):
    """Show the versions of the draft: any two beside each other, word by word, what was asked for and why one was refused.
    There a offers an earlier one again, as a new version."""

    about_one = True
    id, keys, label, group = "versions", ("V",), "versions", "Deciding"

    def reason(self, screen: "MainScreen") -> str:
        return needs_open_thread(screen)

    async def run(self, screen: "MainScreen") -> None:
        from desk.actions import review
        from desk.store import drafts
        from desk.ui.screens.versions import Versions as Sheet

        found = await screen.database.get(drafts.revisions(screen.thread_id))
        if len(found) < 2:
            screen.say("There is one version only." if found else "There is no draft here yet.")
            return
        number = screen.opened.thread.row.number if screen.opened.thread else ""
        picked = await screen.ask(Sheet(f"Versions · {number}", found, screen.ink, screen.now()))
        if picked is not None:
            await screen.act(lambda desk: review.restore(desk, picked))


COMMANDS: tuple[Command, ...] = (ReadyReply(), Versions())
