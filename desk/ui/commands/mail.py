"""Deciding about mail: accept, change, refuse, write; the same three verbs in every queue."""

# ruff: noqa: D102  The class's docstring is the help; reason, word and run are documented once, in the base.

from typing import TYPE_CHECKING

from desk.domain.canned import unfilled
from desk.domain.enums import OutboxState, RejectReason
from desk.errors import Refused
from desk.ui import words
from desk.ui.commands import knowing
from desk.ui.commands.base import Command, needs_draft, needs_open_thread, needs_thread

if TYPE_CHECKING:
    from datetime import datetime

    from desk.ui.screens.main import MainScreen

SHELVES = ("spam", "automated")


class Approve(Command):
    """Accept what is on the screen. A draft is held for a moment, then sent; u takes it back. When a check does not
    hold, y is asked first. In quarantine it releases the message, in spam and automated it moves it to the inbox, in
    the outbox it settles what is in doubt or failed, where desk asks a question it answers, and in the knowledge it puts a
    proposed article into use, or begins one from a question that nothing answers."""

    many = True
    id, keys, label, group, rank = "approve", ("a",), "approve", "Deciding", 10

    def reason(self, screen: "MainScreen") -> str:
        opened = screen.opened
        if screen.pane == "quarantine":
            return "" if opened.stopped else "Choose a message first."
        if screen.pane in SHELVES:
            return needs_thread(screen)
        if screen.pane == "outbox":
            return _settles(screen)
        if screen.pane == knowing.PANE:
            return knowing.needs_waiting(screen)
        if opened.questions:
            return ""
        if opened.draft is not None and opened.draft.state == "approved":
            return "This draft is approved already; it waits in the outbox (4)."
        if opened.draft is not None and (left := unfilled(opened.draft.body)):
            return f"Not filled: {', '.join(left)}. Press e and write what belongs there."
        return needs_draft(screen)

    def word(self, screen: "MainScreen") -> str:
        """What accepting means here."""
        if screen.pane == knowing.PANE:
            return knowing.accepts(screen)
        words = {"quarantine": "release", "spam": "not spam", "automated": "to the inbox"}
        if screen.pane == "outbox":
            row = screen.opened.outgoing
            return "send now" if row is not None and row.state == OutboxState.HELD else "decide"
        return words.get(screen.pane, "answer" if screen.opened.questions else self.label)

    def marked_reason(self, screen: "MainScreen") -> str:
        return ""

    async def run(self, screen: "MainScreen") -> None:
        if screen.pane == "quarantine":
            await _release(screen)
        elif screen.pane in SHELVES:
            await _not_spam(screen)
        elif screen.pane == "outbox":
            await _settle(screen)
        elif screen.pane == knowing.PANE:
            await knowing.accept(screen)
        elif screen.marked:
            await _accept_marked(screen)
        elif screen.opened.questions:
            await _answer(screen)
        else:
            await accept(screen)


async def accept(screen: "MainScreen", at: "datetime | None" = None) -> None:
    """Approve the draft on the screen, asking where a check does not hold; `at` is when it leaves, if not at once."""
    from desk.actions import review
    from desk.ui.screens.dialogs import Confirm

    draft = screen.opened.draft
    assert draft is not None
    failing = [f"✗ {words.plain(g.name)}: {g.reason}" for g in draft.gates if not g.passed]
    failing += [f"✗ no source: {c.text}" for c in draft.claims if c.source is None]
    if not failing:
        try:
            await screen.perform(lambda desk: review.approve(desk, draft.id, at=at))
            return
        except Refused as refused:
            failing = [str(refused)]
    if await screen.ask(Confirm("Send it all the same?", failing)):
        await screen.act(lambda desk: review.approve(desk, draft.id, confirm=True, at=at))
    else:
        screen.say("Not approved. Press e to change it, x to refuse it.")


async def _accept_marked(screen: "MainScreen") -> None:
    """Approve the drafts of all marked tickets; one with an open gate is refused by itself and stays."""
    from desk.actions import review
    from desk.ui.screens.dialogs import Confirm

    count = words.plural(len(screen.marked), "draft")
    if await screen.ask(Confirm(f"Send {count}?", ["Those where a check does not hold stay here."])):
        await screen.act_on(screen.thread_id, review.approve_offered)


async def _release(screen: "MainScreen") -> None:
    from desk.actions import quarantine
    from desk.ui.screens.dialogs import Ask

    what = (
        f"Release {words.plural(len(screen.marked), 'message')}: why are they"
        if screen.marked
        else "Release: why is it"
    )
    why = await screen.ask(Ask(f"{what} safe?", hint="for the log; may stay empty", empty=True))
    if why is not None:
        await screen.act_on(screen.opened.id or 0, lambda desk, id: quarantine.release(desk, id, why))


async def _not_spam(screen: "MainScreen") -> None:
    from desk.actions import quarantine

    message = screen.opened.last_inbound
    if message is None:
        screen.say("There is no message from outside in this ticket.", wrong=True)
        return
    await screen.act_on(screen.thread_id, lambda desk, id: quarantine.not_spam(desk, quarantine.sender_of(desk, id)))


def _settles(screen: "MainScreen") -> str:
    row = screen.opened.outgoing
    if row is None:
        return "Choose a message first."
    if row.state == OutboxState.HELD:
        return ""
    if row.state in (OutboxState.IN_DOUBT, OutboxState.FAILED, OutboxState.RETRY):
        return ""
    return "It is being sent; nothing to decide."


async def _settle(screen: "MainScreen") -> None:
    from desk.actions import outbox
    from desk.ui.screens.dialogs import Choice, Menu

    row = screen.opened.outgoing
    assert row is not None
    if row.state == OutboxState.HELD:
        await screen.act(lambda desk: outbox.send_now(desk, row.id))
    elif row.state == OutboxState.IN_DOUBT:
        choices = (Choice("sent", "It was sent: mark it so"), Choice("resend", "It was not: send it again"))
        picked = await screen.ask(Menu("The server's answer was lost. Was it sent?", choices))
        if picked == "sent":
            await screen.act(lambda desk: outbox.mark_sent(desk, row.id))
        elif picked == "resend":
            await screen.act(lambda desk: outbox.resend(desk, row.id))
    else:
        await screen.act(lambda desk: outbox.retry(desk, row.id))


async def _answer(screen: "MainScreen") -> None:
    from desk.actions import review
    from desk.ui.screens.dialogs import Ask, Choice, Confirm, Menu

    question, own = screen.opened.questions[0], "\0own"
    answer: str | None = own
    if question.options:
        choices = [*(Choice(option, option) for option in question.options), Choice(own, "say it in other words …")]
        answer = await screen.ask(Menu(question.text, choices))
    if answer == own:
        answer = await screen.ask(Ask(question.text))
    if answer:
        kept = False
        if answer in question.options and answer.endswith("]"):
            again = "Another customer with the same question gets it without your being asked."
            said = await screen.ask(Confirm("Use this answer next time?", [again]))
            kept = said is True
        await screen.act(lambda desk: review.answer(desk, question.id, answer, next_time=kept))


class Edit(Command):
    """Change the draft in its place; in the knowledge, the article. Ctrl+g (or F2) keeps the change, Esc drops it and
    asks first."""

    about_one = True
    id, keys, label, group, rank = "edit", ("e",), "edit", "Deciding", 20

    def reason(self, screen: "MainScreen") -> str:
        return knowing.needs_article(screen) if screen.pane == knowing.PANE else needs_draft(screen)

    async def run(self, screen: "MainScreen") -> None:
        if screen.pane == knowing.PANE:
            await knowing.edit(screen)
            return
        draft = screen.opened.draft
        assert draft is not None
        await screen.edit("edit", draft.body)


class EditOutside(Command):
    """Change the draft or the article in your own editor ($VISUAL or $EDITOR); without a draft, write the reply there."""

    about_one = True
    id, keys, label, group = "edit-outside", ("E",), "edit in $EDITOR", "Deciding"

    def reason(self, screen: "MainScreen") -> str:
        return knowing.needs_article(screen) if screen.pane == knowing.PANE else needs_open_thread(screen)

    async def run(self, screen: "MainScreen") -> None:
        from desk.actions import review
        from desk.ui.editor import outside

        if screen.pane == knowing.PANE:
            await knowing.edit_outside(screen)
            return
        draft, thread_id = screen.opened.draft, screen.opened.thread_id
        assert thread_id is not None
        before = draft.body if draft else ""
        after = outside(screen.app, before)
        if after.strip() == before.strip():
            screen.say("Nothing was changed.")
        elif draft is not None:
            await screen.act(lambda desk: review.edit(desk, draft.id, after))
        else:
            await screen.act(lambda desk: review.reply(desk, thread_id, after))


REASONS = {
    RejectReason.WRONG_FACTS: "The facts are wrong",
    RejectReason.MISSING_ANSWER: "A question is not answered",
    RejectReason.WRONG_TONE: "The tone is wrong",
    RejectReason.TOO_LONG: "It is too long",
    RejectReason.WRONG_LANGUAGE: "It is in the wrong language",
    RejectReason.OTHER: "Something else",
}


class Refuse(Command):
    """Refuse what is on the screen. A draft is refused with a reason, 1 to 6, and words if you like; a new one is
    written. In quarantine it confirms the attack, in the outbox it takes the message back, in the knowledge it takes the
    article out of use, refuses a proposed one, or takes a question off the list."""

    many = True
    id, keys, label, group, rank = "refuse", ("x",), "reject", "Deciding", 30

    def reason(self, screen: "MainScreen") -> str:
        if screen.pane == "quarantine":
            return "" if screen.opened.stopped else "Choose a message first."
        if screen.pane == "outbox":
            row = screen.opened.outgoing
            if row is None:
                return "Choose a message first."
            return "It has left already." if row.state in (OutboxState.SENDING, OutboxState.SENT) else ""
        return knowing.needs_any(screen) if screen.pane == knowing.PANE else needs_draft(screen)

    def word(self, screen: "MainScreen") -> str:
        """What refusing means here."""
        if screen.pane == knowing.PANE:
            return knowing.refuses(screen)
        return {"quarantine": "confirm attack", "outbox": "take back"}.get(screen.pane, self.label)

    def marked_reason(self, screen: "MainScreen") -> str:
        return (
            ""
            if screen.pane == "quarantine"
            else "A draft is refused by itself, with its reason; Esc takes the marks away."
        )

    async def run(self, screen: "MainScreen") -> None:
        from desk.actions import outbox, quarantine

        if screen.pane == "quarantine":
            await screen.act_on(screen.opened.id or 0, quarantine.confirm)
        elif screen.pane == "outbox":
            row = screen.opened.outgoing
            assert row is not None
            await screen.act(lambda desk: outbox.cancel(desk, row.id))
        elif screen.pane == knowing.PANE:
            await knowing.refuse(screen)
        else:
            await _refuse(screen)


async def _refuse(screen: "MainScreen") -> None:
    from desk.actions import review
    from desk.ui.screens.dialogs import Ask, Choice, Menu

    draft = screen.opened.draft
    assert draft is not None
    picked = await screen.ask(Menu("What is wrong with it?", [Choice(r, text) for r, text in REASONS.items()]))
    if picked is None:
        return
    reason = RejectReason(picked)
    text = await screen.ask(Ask(REASONS[reason], hint="say more, or just press Enter", empty=True))
    if text is not None:
        await screen.act(lambda desk: review.reject(desk, draft.id, reason, text))


class Redraft(Command):
    """Ask for another draft with an instruction. Shorter, more or less formal, in French, only the first question: desk does
    that by itself. Other words need a model; where none can do it, the draft stays and says so."""

    about_one = True
    id, keys, label, group, rank = "redraft", ("R",), "redraft", "Deciding", 40

    def reason(self, screen: "MainScreen") -> str:
        return needs_open_thread(screen)

    async def run(self, screen: "MainScreen") -> None:
        from desk.actions import review
        from desk.ui.screens.dialogs import Ask

        thread_id = screen.opened.thread_id
        assert thread_id is not None
        wanted = await screen.ask(
            Ask("Draft again, but …", hint="shorter · in French · less formal · only the first question")
        )
        if wanted:
            await screen.act(lambda desk: review.redraft(desk, thread_id, wanted))


class Reply(Command):
    """Write the reply yourself. Ctrl+g (or F2) keeps it as a draft, which is then approved like any other."""

    about_one = True
    id, keys, label, group = "reply", ("r",), "reply by hand", "Deciding"

    def reason(self, screen: "MainScreen") -> str:
        return needs_open_thread(screen)

    async def run(self, screen: "MainScreen") -> None:
        await screen.edit("reply", "")


class Block(Command):
    """Block the sender: this address, or everyone at its domain, for good or for 30 days. Asks for y."""

    many = True
    id, keys, label, group = "block", ("B",), "block sender", "Deciding"

    def reason(self, screen: "MainScreen") -> str:
        return "" if screen.opened.stopped or screen.opened.last_inbound else "Choose a message from outside first."

    def marked_reason(self, screen: "MainScreen") -> str:
        return ""

    async def run(self, screen: "MainScreen") -> None:
        from desk.actions import quarantine
        from desk.ui.screens.dialogs import Choice, Confirm, Menu

        message = screen.opened.stopped or screen.opened.last_inbound
        address = message.from_addr if message is not None else ""
        domain = address.rpartition("@")[2]
        if screen.marked:
            address, domain = f"the {words.plural(len(screen.marked), 'sender')} marked", "their domains"
        whom = {"address": address, "domain": f"everyone at {domain}"}
        choices = [Choice(kind, name) for kind, name in whom.items()]
        choices += [Choice(f"{kind} 30", f"{name}, for 30 days") for kind, name in whom.items()]
        picked = await screen.ask(Menu("Block whom?", choices))
        if picked is None:
            return
        kind, _, days = picked.partition(" ")
        time = int(days) if days else None
        kept_out = [
            f"Mail from {address if kind == 'address' else domain} is kept out{' for 30 days' if days else ''}."
        ]
        if not await screen.ask(Confirm("Block?", kept_out)):
            return
        if screen.pane == "quarantine":
            await screen.act_on(screen.opened.id or 0, lambda desk, id: quarantine.block(desk, id, kind, days=time))
        else:
            await screen.act_on(
                screen.thread_id,
                lambda desk, id: quarantine.block(desk, quarantine.sender_of(desk, id), kind, days=time),
            )


COMMANDS: tuple[Command, ...] = (Approve(), Edit(), EditOutside(), Refuse(), Redraft(), Reply(), Block())
