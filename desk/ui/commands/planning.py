"""The plan of a ticket: switched off, put in order, added to, carried out."""

# ruff: noqa: D102  The class's docstring is the help; reason, word and run are documented once, in the base.

from typing import TYPE_CHECKING

from desk.domain.enums import ActionKind
from desk.ui.commands.base import Command, needs_open_thread

if TYPE_CHECKING:
    from desk.ui.screens.main import MainScreen

ASKED = {
    ActionKind.TAG_THREAD: ("put on a tag", "Which tag?"),
    ActionKind.ESCALATE: ("hand to somebody in charge", "To whom? (a login)"),
    ActionKind.CREATE_TICKET: ("make a ticket for the team", "About what?"),
    ActionKind.ARCHIVE: ("close the ticket once it is answered", ""),
}
"""What a person may add to a plan, and what is asked for it."""


class Plan(Command):
    """Show the plan: what is done when you approve. Space switches an action off or on, J and K move it, + adds one, a does
    now what is not mail. Approving the draft does the rest, once; u takes it back."""

    about_one = True
    id, keys, label, group = "plan", ("T",), "plan", "Deciding"

    def reason(self, screen: "MainScreen") -> str:
        return needs_open_thread(screen)

    async def run(self, screen: "MainScreen") -> None:
        from desk.actions import plan
        from desk.store import plans
        from desk.ui.screens.plan import PlanList

        thread_id, at = screen.thread_id, 0
        number = screen.opened.thread.row.number if screen.opened.thread else ""
        while True:
            rows = await screen.database.get(plans.of_thread(thread_id))
            wanted = await screen.ask(
                PlanList(f"Plan · {number}" if rows else f"Nothing is planned · {number}", rows, at)
            )
            if wanted is None:
                return
            verb, at = wanted
            if verb == "do":
                await screen.act(lambda desk: plan.carry_out(desk, thread_id))
                return
            if verb == "add":
                await _add(screen, thread_id)
            elif at < len(rows):
                await _change(screen, rows[at].id, verb)
                at += {"down": 1, "up": -1}.get(verb, 0)


async def _change(screen: "MainScreen", action_id: int, verb: str) -> None:
    from desk.actions import plan

    if verb == "toggle":
        await screen.act(lambda desk: plan.toggle(desk, action_id))
    else:
        await screen.act(lambda desk: plan.move(desk, action_id, 1 if verb == "down" else -1))


async def _add(screen: "MainScreen", thread_id: int) -> None:
    from desk.actions import plan
    from desk.ui.screens.dialogs import Ask, Choice, Menu

    picked = await screen.ask(Menu("Add what?", [Choice(kind, text) for kind, (text, _) in ASKED.items()]))
    if picked is None:
        return
    kind = ActionKind(picked)
    question = ASKED[kind][1]
    value = await screen.ask(Ask(question, empty=kind is ActionKind.ESCALATE)) if question else ""
    if value is not None:
        await screen.act(lambda desk: plan.add(desk, thread_id, kind, value))


COMMANDS: tuple[Command, ...] = (Plan(),)
