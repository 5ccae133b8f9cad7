"""The why-pane: what happened to a ticket, oldest first, as a story of plain lines with their details below."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from rich.text import Text

from desk.domain.enums import GUARD, SCAN
from desk.ui import words
from desk.ui.panes.telling import Told, step, took
from desk.ui.themes import Ink
from desk.ui.widgets.paper import Page
from desk.ui.widgets.safe import line

if TYPE_CHECKING:
    from desk.domain.guarded import Evidence
    from desk.store.changes import EventRow
    from desk.store.jobs import Run, StepRow
    from desk.store.messages import MessageRow

CLOCK, WORD = 7, 10
"""Cells of the time and of the word before each line."""
IN = CLOCK + WORD

LATE = 120.0
"""Seconds between a message's own time and its coming here from which both are told."""
SOON = 1.0
"""A wait below this many seconds is none; an event so close to a step is told by the step."""
TOLD = ("mail.received", "message.received", "mail.sent", "guard.")
"""Events that messages and scans tell themselves."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """Everything the story is made of."""

    messages: "Sequence[MessageRow]"
    runs: "Sequence[tuple[Run, Sequence[StepRow]]]"
    events: "Sequence[EventRow]"
    evidence: "Mapping[int, Sequence[Evidence]]" = field(default_factory=dict)
    """Message → why the guard kept it back."""


@dataclass(slots=True)
class _Moment:
    at: datetime
    told: Told
    begins: bool = False
    """Whether a part begins here."""


def tell(ticket: Ticket, ink: Ink, now: datetime) -> Page:
    """The whole story, oldest first."""
    moments: list[_Moment] = []
    for message in ticket.messages:
        moments += _message(message, ticket, ink, now)
    for run, steps in ticket.runs:
        if run.kind != SCAN:
            moments += _run(run, steps, ticket, ink, now)
    moments += _events(ticket, ink)
    page, day, clock = Page(), "", ""
    for moment in sorted(moments, key=lambda m: m.at):
        local = moment.at.astimezone()
        today = f"{local:%A} {local.day} {local:%B %Y}"
        if (moment.begins and page.lines) or today != day:
            page.add("") if page.lines else None
            page.anchor()
        if today != day:
            page.add(Text(today, ink.quiet))
            day, clock = today, ""
        shown = f"{local:%H:%M}" if f"{local:%H:%M}" != clock else ""
        clock = shown or clock
        _line(page, moment.told, shown, ink)
    if not moments:
        page.add(Text("Nothing has happened here yet.", ink.quiet))
    return page


def _line(page: Page, told: Told, clock: str, ink: Ink) -> None:
    head = Text.assemble((clock.ljust(CLOCK), ink.quiet), (words.clip(told.word, WORD - 1) + " ", ink.accent))
    page.add(head + told.text, hang=IN)
    for detail, hang in told.details:
        page.add(Text(" " * (IN + 2)) + detail, hang=IN + 2 + hang)


def _message(message: "MessageRow", ticket: Ticket, ink: Ink, now: datetime) -> list[_Moment]:
    """It came (or left), and what the guard saw."""
    came = next((e.at for e in ticket.events if e.message_id == message.id and e.kind in TOLD[:3]), message.received_at)
    ours = message.direction == "outbound"
    who = line(message.from_name) or line(message.from_addr)
    text = Text.assemble("our message to " + line(", ".join(message.to)) if ours else f"from {who}")
    if message.subject:
        text.append(f": {line(message.subject)}", ink.strong)
    told = Told("sent" if ours else "arrived", text)
    if abs((came - message.received_at).total_seconds()) > LATE:
        told.add(f"in the mailbox since {words.moment(message.received_at, now)}", ink.quiet)
    found = [_Moment(came, told, begins=True)]
    if message.history:
        told.add("from before desk was connected; read as context only", ink.quiet)
    elif not ours:
        scan = next((s for run, s in _steps(ticket, SCAN) if run.message_id == message.id and s.step == GUARD), None)
        at = scan.finished_at if scan is not None and scan.finished_at is not None else came
        found.append(_Moment(max(at, came), _scanned(message, scan, ticket.evidence.get(message.id, ()), ink)))
    return found


def _steps(ticket: Ticket, kind: str) -> "Iterable[tuple[Run, StepRow]]":
    return ((run, s) for run, steps in ticket.runs for s in steps if run.kind == kind)


def _scanned(message: "MessageRow", scan: "StepRow | None", evidence: "Sequence[Evidence]", ink: Ink) -> Told:
    """The guard's verdict, with the rules by name where it kept the message back."""
    time = f"{took(scan.output.get('ms') or scan.ms)}, " if scan is not None else ""
    if message.complete is None:
        return Told("scan", Text("not looked at yet", ink.quiet))
    if message.flagged:
        kind = words.plain(message.attack_type)
        told = Told("scanned", Text(f"{time}{kind} {message.score or 0:.2f}: kept back", ink.danger))
        for item in evidence:
            text = f"{line(item.rule)}, in the {line(item.channel)}: “{words.cut(line(item.text), 70)}”"
            told.add(text, ink.quiet, sign="⚠", sign_style=ink.danger)
    elif not message.complete:
        told = Told("scanned", Text(f"{time}not all of it could be looked at: kept back", ink.warning))
    elif message.status == "spam":
        figures = f"spam {message.spam or 0:.2f}, phishing {message.phishing or 0:.2f}"
        told = Told("scanned", Text(f"{time}no attack, but {figures}: filed as spam", ink.warning))
    else:
        told = Told("scanned", Text.assemble(time, ("clean", ink.good)))
    if message.auto_reason:
        told.add(f"automated mail: {line(message.auto_reason)}", ink.quiet)
    if message.released:
        told.add("a person released exactly this message", ink.warning)
    return told


def _run(run: "Run", steps: "Sequence[StepRow]", ticket: Ticket, ink: Ink, now: datetime) -> list[_Moment]:
    """The wait before the first step, the steps, and how it stands."""
    begun = [s for s in steps if s.started_at is not None]
    outputs = {s.step: s.output for s in steps}
    found = [_Moment(s.finished_at or s.started_at or run.first_at, step(s, outputs, ink)) for s in begun]
    if begun and begun[0].started_at is not None:
        found += _waited(run, begun[0].started_at, ticket, ink)
    told = _stands(run, ink, now)
    if told is not None:
        last = max((m.at for m in found), default=run.first_at)
        found.append(_Moment(last, told))
    return found


def _waited(run: "Run", started: datetime, ticket: Ticket, ink: Ink) -> list[_Moment]:
    """How long the mail lay before it was read, and what for."""
    waited = (started - run.first_at).total_seconds()
    batch = sum(1 for m in ticket.messages if m.run_id == run.id and m.direction == "inbound")
    if waited < SOON:
        return []
    told = Told("waited", Text(words.span(waited)))
    if run.urgent:
        told.text.append(", urgent: only for its turn")
    elif batch > 1:
        told.text.append(f"; {batch} messages are answered together")
    else:
        told.text.append(" for more of it, and its turn")
    return [_Moment(started, told)]


def _stands(run: "Run", ink: Ink, now: datetime) -> Told | None:
    """A run that is not at its end, or came to a bad one."""
    if run.state == "failed":
        return Told(
            "stopped", Text(f"at {line(run.step)}: {line(run.last_error) or 'no reason was given'}", ink.danger)
        )
    if run.state == "skipped":
        return Told("let go", Text(line(run.last_error) or "nothing was left to do", ink.quiet))
    if run.state == "running":
        return Told("now", Text(f"at work on it: {line(run.step)}", ink.accent))
    if run.state == "queued":
        left = (run.run_at - now).total_seconds()
        text = f"waits {left:.0f} s for more mail" if left >= SOON else f"waits for its turn: {line(run.step)}"
        return Told("now", Text(text + (f" (last time: {line(run.last_error)})" if run.last_error else ""), ink.accent))
    return None


def _events(ticket: Ticket, ink: Ink) -> list[_Moment]:
    """What people and workers did that no step tells."""
    routed = [s.finished_at for run, steps in ticket.runs for s in steps if s.step == "route" and s.finished_at]
    found = []
    for event in ticket.events:
        if event.kind.startswith(TOLD):
            continue
        if event.kind == "draft.offered" and any(abs((event.at - at).total_seconds()) < SOON for at in routed):
            continue
        bad = event.kind in ("run.failed", "outbox.failed", "outbox.in_doubt", "outbox.refused")
        found.append(_Moment(event.at, Told(line(event.actor), Text(line(event.text), ink.danger if bad else ""))))
    return found
