"""The editor in the draft's place: Ctrl+g or F2 keeps what was written, F3 inserts a ready-made reply, Esc drops it."""

from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import TextArea

from desk.ui.widgets.safe import inert

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from desk.actions.desk import Desk
    from desk.actions.desk import Done as Deed
    from desk.domain.ticket import Source
    from desk.ui.opened import Opened
    from desk.ui.screens.main import MainScreen

    Keep = Callable[[Desk, str], Deed]

TITLES = {
    "edit": "Edit the draft",
    "reply": "Write the reply",
    "forward": "Forward",
    "begin": "New message",
    "article": "Edit the article",
}


class Editor(TextArea):
    """A draft being changed (`edit`), a reply being written (`reply`), or other words that `keep` does something with."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+g,f2", "keep", "keep", show=False, priority=True),
        Binding("f3", "insert", "ready-made reply", show=False, priority=True),
        Binding("escape", "drop", "drop", show=False, priority=True),
    ]

    def __init__(
        self, kind: str, text: str, opened: "Opened", keep: "Keep | None" = None, canned: "Sequence[Source]" = ()
    ) -> None:
        self._kind, self._before, self._deed = kind, inert(text), keep
        self._canned = list(canned)
        self._draft_id: int | None = opened.draft.id if opened.draft else None
        self._ticket = opened.thread_id
        self._from: Widget | None = None
        super().__init__(self._before, id="editor", soft_wrap=True, show_line_numbers=False, tab_behavior="focus")
        self.border_title = Content(TITLES.get(kind, kind))
        self.border_subtitle = Content("Ctrl+g or F2 keeps it · F3 ready-made reply · Esc drops it")

    @property
    def changed(self) -> bool:
        """Whether something would be lost."""
        return self.text.strip() != self._before.strip()

    @property
    def _desk(self) -> "MainScreen":
        return cast("MainScreen", self.screen)

    def on_mount(self) -> None:
        """Take the draft's place and the focus."""
        self._from = self.screen.focused
        self.screen.add_class("-editing", "-at-draft")
        self.focus()
        self._desk.show_keys()

    def action_keep(self) -> None:
        """Keep what was written as a new draft."""
        self._desk.run_worker(self._keep(), group="commands")

    async def _keep(self) -> None:
        from desk.actions import review

        text, draft_id, thread_id = self.text, self._draft_id, self._ticket
        if not text.strip() and self._kind != "forward":
            self._desk.say("There is nothing to keep yet. Esc drops it.", wrong=True)
            return
        if self._kind in ("edit", "article") and not self.changed:
            self._desk.say("Nothing was changed.")
            await self._close()
            return
        if (deed := self._deed) is not None:
            kept = await self._desk.act(lambda desk: deed(desk, text))
        elif self._kind == "edit" and draft_id is not None:
            kept = await self._desk.act(lambda desk: review.edit(desk, draft_id, text, canned=self._canned))
        else:
            assert thread_id is not None
            kept = await self._desk.act(lambda desk: review.reply(desk, thread_id, text, canned=self._canned))
        if kept:
            await self._close()

    def action_insert(self) -> None:
        """Put a ready-made reply where the cursor is: the one whose shortcut stands before it, else one that is picked."""
        self._desk.run_worker(self._insert(), group="commands")

    async def _insert(self) -> None:
        from desk.ui.commands.ready import offered, pick

        if self._kind not in ("edit", "reply") or self._ticket is None:
            self._desk.say(
                "A ready-made reply is filled for the customer of a ticket; here it would be wrong.", wrong=True
            )
            return
        row, column = self.cursor_location
        word = self.document.get_line(row)[:column].rpartition(" ")[2]
        replies = await offered(self._desk, self._ticket)
        picked = next((r for r in replies if word and r.reply.shortcut == word), None)
        start = (row, column - len(word)) if picked is not None else (row, column)
        if picked is None:
            picked = await pick(self._desk, replies)
            self.focus()
        if picked is not None:
            self.replace(inert(picked.text), start, (row, column))
            self._canned.append(picked.source)

    def action_drop(self) -> None:
        """Close without keeping."""
        self._desk.run_worker(self._drop(), group="commands")

    async def _drop(self) -> None:
        from desk.ui.screens.dialogs import Confirm

        if self.changed and not await self._desk.ask(Confirm("Drop what you wrote?", ["It is not kept anywhere."])):
            self.focus()
            return
        await self._close()

    async def _close(self) -> None:
        desk = self._desk
        desk.remove_class("-editing")
        await self.remove()
        came = self._from
        (came if came is not None and came.display and came.is_attached else desk.reader).focus()
        desk.show_keys()
