"""The desk: health above, views, list, ticket and draft, keys below. It shows and asks; deeds are done by `actions`."""

import asyncio
from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget

from desk.errors import DeskError
from desk.ui.feed import Changed, watch
from desk.ui.opened import Opened, load
from desk.ui.panes import BY_ID as PANES
from desk.ui.panes import CYCLE
from desk.ui.reads import Reads
from desk.ui.screens.keyed import Keyed
from desk.ui.widgets.bars import HealthBar, HintBar, KeyBar, Views
from desk.ui.widgets.lines import LineList
from desk.ui.widgets.paper import Paper

if TYPE_CHECKING:
    from desk.ui.app import DeskApp

SETTLE = 0.04
"""Seconds the cursor rests before the ticket under it is read."""
DWELL = 1.0
"""Seconds a ticket is on the screen before it counts as read."""


class MainScreen(Keyed):
    """Everything a person works with."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (90, "-medium"), (120, "-wide")]  # noqa: RUF012

    def __init__(self, app: "DeskApp") -> None:
        super().__init__(app)
        self.pane, self.searched, self.narrowed = "inbox", "", ""
        self._listed = "inbox"
        """The pane whose rows the list holds: the one before while a pane is being read."""
        self._soon: Timer | None = None
        self._dwell: Timer | None = None
        self._minute = -1

    def compose(self) -> ComposeResult:
        """The strips and the panes."""
        yield HealthBar(self.ink, self.now, id="health")
        yield Views(self.ink, id="tabs")
        with Horizontal(id="body"):
            yield Views(self.ink, id="views")
            yield LineList(self.ink, self.now, id="list")
            with Vertical(id="right"):
                yield Paper(self.ink, id="reader")
                yield Paper(self.ink, id="draft")
        yield HintBar(self.ink, id="hint")
        yield KeyBar(self.ink, id="keys")

    def on_mount(self) -> None:
        """First the frame, then the store."""
        self.list, self.reader = self.query_one("#list", LineList), self.query_one("#reader", Paper)
        self.draft = self.query_one("#draft", Paper)
        self.query_one("#views").border_title = "Views"
        self.list.empty = "Opening your desk …"
        self.list.focus()
        self.set_class(self.guided is not None, "-guided")
        self.guide("")
        self.titles()
        self.call_after_refresh(self.run_worker, self._connect(), group="connect")

    async def _connect(self) -> None:
        """Open the store once the first frame stands; an error takes the list's place as a sentence."""
        try:
            self.desk, database = await asyncio.to_thread(self.desk_app.connect)
            self._database = Reads(database)
            await self.figures()
            self.titles()
            await self.go("review" if self.counts.get("review") and not self.guided else "inbox")
        except DeskError as problem:
            self.list.empty = str(problem)
            self.list.refresh()
            self.trouble(str(problem))
            return
        self.set_interval(1.0, self._tick)
        self.run_worker(watch(self.database, self.post_message, self.trouble), group="feed")

    # moving about

    @property
    def focused_pane(self) -> LineList | Paper:
        """Where motions go."""
        return self.focused if isinstance(self.focused, LineList | Paper) else self.list

    @property
    def marked(self) -> list[int]:
        """The marked rows, in the order of the list."""
        return self.list.marked_here

    def unmark(self) -> None:
        """Take all marks away."""
        self.list.unmark()
        self.titles()

    @property
    def deep(self) -> bool:
        """Whether the focus is to the right of the list."""
        return self.focused is not None and self.focused is not self.list

    async def go(self, pane: str) -> None:
        """Show a view."""
        from desk.ui.panes.lists import sheet

        if pane != self.pane:
            self.narrowed = ""
        self.pane = pane
        self.titles()
        if pane == "quarantine":
            self.guide("attack")
        shown = sheet(self.database, pane, self.me, self.searched if pane == "search" else self.narrowed)
        ids = await shown.ids()
        if pane != self.pane:
            return
        self.list.empty = PANES[pane].empty
        self._listed = pane
        await self.list.show(shown, ids)
        if pane == "search":
            self.counts["search"] = len(ids)
        self.list.focus()
        self.titles()
        await self._open()

    async def go_by(self, by: int) -> None:
        """Show the next or previous view."""
        here = CYCLE.index(self.pane) if self.pane in CYCLE else 0
        await self.go(CYCLE[(here + by) % len(CYCLE)])

    async def search(self, text: str) -> None:
        """Show the results as a view."""
        self.searched = text
        await self.go("search")

    async def narrow(self, text: str) -> None:
        """Show only tickets with these words."""
        self.narrowed = text
        await self.go(self.pane)

    def deeper(self) -> None:
        """From the list to the ticket, from there to the draft."""
        if self.focused is self.list:
            self.reader.focus()
            self.guide("open")
        elif self.focused is self.reader and self.has_class("-drafted"):
            self.draft.focus()

    def shallower(self) -> None:
        """The way back."""
        self.remove_class("-zoomed")
        (self.reader if self.focused is self.draft else self.list).focus()

    def cycle(self, by: int) -> None:
        """The next pane in the order list, ticket, draft."""
        panes: list[Widget] = [self.list, self.reader, *([self.draft] if self.has_class("-drafted") else [])]
        here = panes.index(self.focused) if self.focused in panes else 0
        panes[(here + by) % len(panes)].focus()

    def leave_draft(self) -> None:
        """The draft is gone: the focus goes to the ticket."""
        if self.focused is self.draft:
            self.reader.focus()

    def fold(self, folded: bool) -> None:
        """Fold or unfold the quotes."""
        self.opened.folds = set() if folded else {m.id for m in self.opened.messages}
        self.draw()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """One pane at a time on a small screen: the one with the focus."""
        at = {self.list: "list", self.reader: "reader"}.get(event.widget, "draft")  # type: ignore[call-overload]
        for place in ("list", "reader", "draft"):
            self.set_class(place == at, f"-at-{place}")
        self.show_keys()

    def on_line_list_opened(self) -> None:
        """A click on a row: the focus goes there, on a small screen the ticket opens."""
        if self.has_class("-narrow"):
            self.deeper()

    def on_line_list_near_end(self) -> None:
        """Read more ids."""
        if self.list.sheet is not None and self.list.sheet.grow():
            self.on_changed(Changed())

    async def whole_list(self) -> None:
        """Read all ids of the list: somebody wants its end."""
        if self.list.sheet is not None and self.list.sheet.grow(whole=True):
            await self.list.update(await self.list.sheet.ids())

    async def on_views_chosen(self, event: Views.Chosen) -> None:
        """A click on a view."""
        if self.connected:
            await self.go(event.pane)

    # reading

    def on_line_list_moved(self) -> None:
        """The cursor moved: read the ticket under it once it rests."""
        if self._soon is not None:
            self._soon.stop()
        self._soon = self.set_timer(SETTLE, lambda: self.run_worker(self._open(), group="open", exclusive=True))

    async def settle(self) -> None:
        """A command acts on what the cursor stands on: it is read and shown first, or nothing is done."""
        for _ in range(3):
            if not self.connected or (self.opened.pane, self.opened.id) == (self.pane, self.list.id_here):
                return
            await self._open()
        raise DeskError("The list moved under the cursor.", "Look again, then press the key once more.")

    async def _open(self) -> None:
        """Read the item under the cursor and show it; a cursor that moved on meanwhile wins."""
        id, pane = self.list.id_here, self.pane
        if pane != self._listed:
            return
        try:
            opened = await load(self.database, pane, id, self.list.row_here, self.me)
        except DeskError as problem:
            self.trouble(str(problem))
            return
        if (id, pane) != (self.list.id_here, self.pane):
            return
        if opened.key == self.opened.key:
            opened.folds = self.opened.folds
        elif self._dwell is not None:
            self._dwell.stop()
            self._dwell = None
        if opened == self.opened:
            self.show_keys()
        else:
            self.opened = opened
            self.draw()
        if opened.thread is not None and opened.thread.row.unread and self._dwell is None:
            self._dwell = self.set_timer(DWELL, lambda: self.run_worker(self._mark_read(opened), group="read"))

    async def _mark_read(self, opened: Opened) -> None:
        """It was on the screen long enough; quietly, and nothing to take back."""
        from desk.actions import inbox

        self._dwell = None
        thread_id = opened.thread_id
        if thread_id is not None and self.opened.thread_id == thread_id:
            await self._do(lambda desk: inbox.mark_read(desk, thread_id))

    def draw(self) -> None:
        """Draw the right-hand side again."""
        from desk.ui.screens.right import show

        show(self, self.opened)
        self.show_keys()

    async def refresh_all(self) -> None:
        """Figures, the list with its cursor on the same id, and what is opened."""
        try:
            await self.figures()
            self.titles()
            sheet = self.list.sheet
            if sheet is not None:
                here, ids = self.list.id_here, await sheet.ids()
                if sheet.partial and here is not None and here not in ids and sheet.grow(whole=True):
                    ids = await sheet.ids()
                if sheet is self.list.sheet:
                    await self.list.update(ids)
            await self._open()
        except DeskError as problem:
            self.trouble(str(problem))

    def _tick(self) -> None:
        """Once a second: the clock and the countdowns; once a minute the ages."""
        self.query_one("#health", HealthBar).refresh()
        minute = self.now().minute
        if minute != self._minute:
            self._minute = minute
            self.list.repaint()
        self.list.tick()

    def titles(self) -> None:
        """The list's title and place, and the counts beside the views."""
        pane = PANES[self.pane]
        extra = f" · {self.searched}" if self.pane == "search" else f" · {self.narrowed}" if self.narrowed else ""
        extra += f" · {pane.order}" if pane.order else ""
        self.set_class(self.pane == "search" or bool(self.narrowed), "-sought")
        self.list.border_title = Content(f"{pane.title}{extra}")
        partial = self.list.sheet is not None and self.list.sheet.partial
        count = self.counts.get(self.pane, 0) if partial and not self.narrowed else len(self.list.ids)
        marks = f"{len(self.marked)} marked · " if self.marked else ""
        self.list.border_subtitle = Content(f"{marks}{count:,}" if count else "")
        for views in self.query(Views):
            views.show(self.pane, dict(self.counts))
