"""What every command may ask of the desk's screen: the store's reads, a deed done, a question, a word, the way out."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from textual.screen import Screen

from desk.config_mailboxes import named
from desk.errors import DeskError
from desk.ui import words
from desk.ui.guide import Guide
from desk.ui.opened import Opened
from desk.ui.reads import Reads
from desk.ui.widgets.bars import HealthBar, HintBar, KeyBar

if TYPE_CHECKING:
    from desk.actions.desk import Desk, Done
    from desk.domain.ticket import Source
    from desk.ui.app import DeskApp

T = TypeVar("T")


class Served(Screen[None], inherit_bindings=False):
    """A screen with a desk behind it: it never does a deed itself, it hands it to `actions` in a thread."""

    def __init__(self, app: "DeskApp") -> None:
        super().__init__()
        self.desk_app, self.keymap, self.ink = app, app.keymap, app.ink
        self.opened = Opened()
        self.desk: Desk | None = None
        self.undoable: list[Callable[[], Done]] = []
        self.guided = Guide(app.keymap) if app.demo else None
        self._database: Reads | None = None
        self.counts: dict[str, int] = {}
        self._trouble = ""
        self._interrupted = datetime.min.replace(tzinfo=UTC)

    @property
    def connected(self) -> bool:
        """Whether the store is open."""
        return self._database is not None

    @property
    def database(self) -> Reads:
        """The store's reads; raises DeskError while it is being opened."""
        if self._database is None:
            raise DeskError("The desk is still being opened.", "Try again in a moment.")
        return self._database

    @property
    def me(self) -> str:
        """The agent's name."""
        return self.desk.agent if self.desk else ""

    @property
    def thread_id(self) -> int:
        """The chosen ticket; only for commands that need one."""
        if self.opened.thread_id is None:
            raise DeskError("No ticket is chosen.", "Choose one first.")
        return self.opened.thread_id

    def now(self) -> datetime:
        """The desk's clock."""
        return self.desk.clock() if self.desk else datetime.now(UTC)

    def own_addresses(self, mailbox: str) -> tuple[str, ...]:
        """Every address of a mailbox: none of them is written to by a reply."""
        box = named(self.desk_app.config, mailbox)
        return (box.address, *box.aliases) if box is not None else ()

    async def figures(self) -> None:
        """Read the counts and the header's line."""
        from desk.ui import health

        boxes = self.desk_app.config.mailboxes
        name = " ".join(b.address for b in boxes[:2]) or ("demo" if self.guided else "")
        poll = max((b.imap.poll_seconds for b in boxes), default=0.0)
        found = await health.read(self.database, self.me, name, self.now(), self.desk_app.status, poll)
        self.counts |= found.counts
        shown = replace(found.health, trouble=self._trouble) if self._trouble else found.health
        self.query_one("#health", HealthBar).show(shown)

    def trouble(self, text: str) -> None:
        """Something outside the panes is wrong: the header says so until it is over."""
        if text != self._trouble:
            self._trouble = text
            bar = self.query_one("#health", HealthBar)
            bar.show(replace(bar.health, trouble=text))

    async def refresh_all(self) -> None:
        """Read again what is shown."""
        raise TypeError("the screen reads its own panes")

    async def ask(self, screen: "Screen[T]") -> "T | None":
        """Show a question and wait for its answer."""
        return await self.app.push_screen_wait(screen)

    def say(self, text: str, *, wrong: bool = False) -> None:
        """One calm line in place of the keys, until the next key."""
        self.query_one("#keys", KeyBar).say(text, wrong=wrong)

    async def perform(self, deed: "Callable[[Desk], Done]") -> None:
        """Do one deed in a thread, remember how to take it back, and say what was done; its errors pass."""
        done = await self._do(deed)
        if done.undo is not None:
            self.undoable.append(done.undo)
        back = f"  {self.keymap.shown('undo')} takes it back." if done.undo else ""
        self.say(f"{done.text.rstrip('.')}.{back}")
        await self.refresh_all()

    async def _do(self, deed: "Callable[[Desk], Done]") -> "Done":
        desk = self.desk
        if desk is None:
            raise DeskError("The desk is still being opened.", "Try again in a moment.")
        return await asyncio.to_thread(deed, desk)

    async def act(self, deed: "Callable[[Desk], Done]") -> bool:
        """`perform`, with an error said in a line; whether it was done."""
        try:
            await self.perform(deed)
        except DeskError as problem:
            self.say(str(problem), wrong=True)
            await self.refresh_all()
            return False
        return True

    @property
    def marked(self) -> list[int]:
        """The marked rows, in the order of the list; empty where none is."""
        raise TypeError("the screen knows its list")

    def unmark(self) -> None:
        """Take all marks away."""
        raise TypeError("the screen knows its list")

    async def act_on(self, id: int, deed: "Callable[[Desk, int], Done]") -> None:
        """`act` on every marked row, on `id` where none is marked. Marks go once the deed was done to one of them."""
        from desk.actions.bulk import each

        ids = self.marked
        if not ids:
            await self.act(lambda desk: deed(desk, id))
        elif await self.act(lambda desk: each(desk, ids, deed)):
            self.unmark()

    async def undo(self) -> None:
        """Take the last deed back; one that can't be taken back any more is forgotten, and said."""
        back = self.undoable.pop()
        done = await self._do(lambda _: back())
        self.say(f"{done.text.rstrip('.')}.")
        self.guide("undo")
        await self.refresh_all()

    async def edit(
        self,
        kind: str,
        text: str,
        keep: "Callable[[Desk, str], Done] | None" = None,
        canned: "Sequence[Source]" = (),
    ) -> None:
        """Open the editor in the draft's place; `keep` is what becomes of the words, where it is no reply. `canned` are
        the ready-made replies the text is made of."""
        from desk.ui.widgets.writing import Editor

        if not self.query(Editor):
            await self.query_one("#right").mount(Editor(kind, text, self.opened, keep, canned))

    def guide(self, step: str) -> None:
        """A step of the demo was done."""
        if self.guided is not None:
            self.guided.mark(step)
            self.query_one("#hint", HintBar).show(self.guided.hint)

    async def leave(self) -> None:
        """Leave desk; asks while something is held or being written."""
        from desk.ui.screens.dialogs import Confirm
        from desk.ui.widgets.writing import Editor

        held = self.query_one("#health", HealthBar).health.held
        reasons = []
        if held:
            reasons.append(f"{words.plural(held, 'reply is', 'replies are')} held; without desk nothing sends them.")
        if any(editor.changed for editor in self.query(Editor)):
            reasons.append("What you are writing is not kept yet.")
        if not reasons or await self.ask(Confirm("Leave desk?", reasons)):
            self.app.exit()

    async def interrupt(self) -> None:
        """Ctrl+c: once cancels, twice within a second leaves."""
        now = datetime.now(UTC)
        if (now - self._interrupted).total_seconds() < 1:
            await self.leave()
        else:
            self._interrupted = now
            self.say("Press Ctrl+c again to leave.")
