"""The right-hand side: the ticket (or the attack, the outgoing message, the article) above, its draft below."""

from datetime import timedelta
from typing import TYPE_CHECKING

from rich.text import Text
from textual.content import Content

from desk.domain.enums import OutboxState
from desk.ui import words
from desk.ui.opened import Opened
from desk.ui.panes import drafting, knowing, reading
from desk.ui.panes.lists import SIGNS
from desk.ui.widgets.paper import Page
from desk.ui.widgets.safe import inert, line

if TYPE_CHECKING:
    from desk.ui.screens.main import MainScreen


def show(screen: "MainScreen", opened: Opened) -> None:
    """Draw what was opened; the place on the page is kept while it is the same thing."""
    reader, ink, now = screen.reader, screen.ink(), screen.now()
    reader.border_title, reader.border_subtitle = _titles(opened, screen)
    key, at = opened.key, None
    if opened.stopped is not None:
        page = reading.attack(opened.stopped, opened.evidence, ink, now)
    elif opened.outgoing is not None:
        page = _outgoing(opened, screen)
    elif opened.gap is not None:
        page = knowing.gap(opened.gap, ink, now)
    elif opened.proposal is not None:
        page = knowing.proposal(opened.proposal, opened.in_use, ink)
    elif opened.known is not None:
        page = knowing.page(opened.known, ink, now)
    elif opened.thread is not None:
        page = reading.conversation(opened.thread, opened.messages, opened.folds, ink, now, opened.promised)
        at = max(0, len(opened.messages) - 1)
    elif opened.event is not None:
        page = reading.sentence(line(opened.event.text), ink)
    else:
        page = reading.sentence("", ink)
    reader.show(page, key, at_anchor=at)
    _draft(screen, opened)


def _titles(opened: Opened, screen: "MainScreen") -> tuple[Content, Content]:
    if opened.gap is not None or opened.proposal is not None:
        return Content("Nothing answers this" if opened.gap else "Proposed"), Content("")
    if opened.known is not None:
        found = opened.known.article
        return Content(line(found.title or found.question)), Content(found.kind)
    if opened.stopped is not None:
        return Content("Quarantine · as its sender built it"), Content("a release · x confirm · B block")
    if opened.thread is None:
        return Content("Ticket"), Content("")
    row = opened.thread.row
    facts = [words.plain(row.category), words.language(row.language) if row.language else "", words.plain(row.status)]
    facts = [row.mailbox, *facts] if len(screen.desk_app.config.mailboxes) > 1 else facts
    facts += [row.priority if row.priority != "normal" else "", row.sentiment if row.sentiment != "neutral" else ""]
    facts += [_settles(opened, screen)]
    late = sum(1 for one in opened.promised if one.overdue(screen.now().astimezone().date()))
    facts += [f"⚑ {words.plural(late, 'promise')} overdue"] if late else []
    facts += [f"@{row.assigned}"] if row.assigned else []
    facts += [f"#{tag}" for tag in opened.thread.tags]
    return Content(line(f"{row.number} {row.subject}")), Content(line(" · ".join(f for f in facts if f)))


def _settles(opened: Opened, screen: "MainScreen") -> str:
    """When the ticket resolves by itself, where that is switched on and it waits for the contact."""
    days, detail = screen.desk_app.config.pipeline.resolve_after_days, opened.thread
    if not days or detail is None or detail.row.status != "waiting" or detail.last_outbound_at is None:
        return ""
    left = detail.last_outbound_at + timedelta(days=days) - screen.now()
    return f"resolves in {words.plural(max(1, left.days + 1), 'day')} without a reply"


def _draft(screen: "MainScreen", opened: Opened) -> None:
    """The draft pane: a draft, one being written, a question to the agent, or nothing."""
    pane, ink = screen.draft, screen.ink()
    page: Page | None = None
    title = tongue = ""
    questions = [drafting.Question(q.id, q.text, q.options) for q in opened.questions]
    if opened.thread is None or opened.stopped is not None or opened.pane in ("outbox", "knowledge"):
        page = None
    elif opened.draft is not None:
        row = opened.thread.row
        own = screen.own_addresses(row.mailbox)
        page = drafting.page(
            opened.draft,
            row,
            ink,
            tier=opened.tier,
            tokens=opened.tokens,
            dropped=opened.dropped,
            questions=questions,
            plan=opened.plan,
            goes_to=opened.goes_to(own),
        )
        title, tongue = drafting.title(opened.draft), drafting.tongue(opened.draft)
    elif questions:
        page, title = drafting.asked(questions, ink), "Draft"
    elif opened.streaming:
        page, title = drafting.streamed(opened.streaming, ink), drafting.title(None, opened.streaming)
    if opened.thread is not None:
        narrow = screen.has_class("-narrow")
        number = f"{opened.thread.row.number} · " if narrow else ""
        tail = f" · {tongue}" if narrow and tongue else ""
        pane.border_title = Content(line(f"{number}{'desk asks you · ' if questions else ''}{title}{tail}"))
    draft = opened.draft
    state = "" if draft is None or draft.state == "offered" else draft.state
    if page is not None:
        pane.border_subtitle = Content(" · ".join(part for part in (tongue, state) if part))
    screen.set_class(page is not None, "-drafted")
    if page is None:
        screen.leave_draft()
        return
    pane.show(page, (opened.key, draft.id if draft else None))
    pane.styles.height = max(3, pane.height_wanted + 2) if not screen.has_class("-narrow") else "1fr"


def _outgoing(opened: Opened, screen: "MainScreen") -> Page:
    """A message on its way: state, recipients, the words as they will leave."""
    row, ink, now = opened.outgoing, screen.ink(), screen.now()
    assert row is not None
    page = Page()
    page.anchor()
    sign, word = SIGNS[OutboxState(row.state)]
    bad = row.state in (OutboxState.IN_DOUBT, OutboxState.FAILED)
    page.add(Text(f"{sign} {word}", ink.danger if bad else ink.warning))
    page.add(Text(_choices(row.state), ink.quiet))
    if row.error:
        page.add(Text(line(row.error), ink.danger))
    if row.reply:
        page.add(Text("The server said: " + line(row.reply), ink.quiet))
    page.add("", Text.assemble(("To       ", ink.quiet), line(", ".join(row.recipients))))
    page.add(Text.assemble(("From     ", ink.quiet), line(row.sender)))
    page.add(Text.assemble(("Subject  ", ink.quiet), (line(row.subject), ink.strong)))
    approved = f"{line(row.approved_by)}, {words.moment(row.approved_at, now)}"
    page.add(Text.assemble(("Approved ", ink.quiet), approved + (", by rule" if row.by_rule else "")))
    page.add(*(Text(f"✗ {words.plain(w.name)}: {line(w.reason)}", ink.warning) for w in row.warnings if not w.passed))
    page.add("", *(Text(part) for part in inert(row.body).split("\n")))
    return page


def _choices(state: str) -> str:
    return {
        OutboxState.HELD: "u or x takes it back; a sends it now",
        OutboxState.RETRY: "a tries again now; x takes it back",
        OutboxState.FAILED: "a tries again; x gives up",
        OutboxState.IN_DOUBT: "the connection broke while it was handed over: a decides",
    }.get(OutboxState(state), "nothing to decide")
