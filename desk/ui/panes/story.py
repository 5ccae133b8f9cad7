"""The why-pane: what happened to a ticket, step by step, in words, with milliseconds, model and tokens."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.text import Text

from desk.ui import words
from desk.ui.themes import Ink
from desk.ui.widgets.paper import Page
from desk.ui.widgets.safe import inert, line

if TYPE_CHECKING:
    from desk.store.changes import EventRow
    from desk.store.drafts import DraftRow
    from desk.store.jobs import Run, StepRow
    from desk.store.messages import MessageRow

NAMES = {
    "guard": "scanned",
    "coalesce": "waited for more",
    "context": "context",
    "triage": "sorted",
    "search": "looked up",
    "plan": "planned",
    "draft": "drafted",
    "check": "checked",
    "route": "routed",
}


def tell(
    messages: "Sequence[MessageRow]",
    runs: "Sequence[tuple[Run, Sequence[StepRow]]]",
    drafts: "Sequence[DraftRow]",
    events: "Sequence[EventRow]",
    ink: Ink,
    now: datetime,
) -> Page:
    """The whole story, oldest first."""
    page = Page()
    page.anchor()
    for message in messages:
        if message.direction == "inbound":
            page.add(_told(message.received_at, "arrived", f"from {line(message.from_addr)}", ink, now))
            page.add(*_verdict(message, ink))
    for run, steps in runs:
        page.add("")
        page.anchor()
        page.add(Text(f"Run {run.id} · {words.plain(run.state)}{f' at {run.step}' if run.step else ''}", ink.strong))
        for step in steps:
            page.add(*_step(step, ink))
        if run.last_error:
            page.add(Text(f"  stopped: {line(run.last_error)}", ink.danger))
    if drafts:
        page.add("")
        page.anchor()
        page.add(Text("Drafts", ink.strong))
        page.add(*(_draft(draft, ink) for draft in drafts))
    if events:
        page.add("")
        page.anchor()
        page.add(Text("What happened", ink.strong))
        page.add(*(_told(e.at, line(e.actor), line(e.text), ink, now) for e in events))
    return page


def _told(at: datetime, who: str, text: str, ink: Ink, now: datetime) -> Text:
    when = words.clip(words.moment(at, now), 13)
    return Text.assemble(("  " + when, ink.quiet), (words.clip(who, 10) + " ", ink.accent), text)


def _verdict(message: "MessageRow", ink: Ink) -> list[Text]:
    if message.complete is None:
        return []
    if message.flagged:
        return [
            Text(f"  stopped by the guard: {words.plain(message.attack_type)} {message.score or 0:.2f}", ink.danger)
        ]
    score = f"{message.score:.2f}" if message.score is not None else "0.00"
    return [Text(f"  scanned: clean, {score}", ink.good)]


def _step(step: "StepRow", ink: Ink) -> list[Text]:
    """One step: its name, time and model; what it gave, flattened to short words."""
    cost = f"{step.ms:,.0f} ms" if step.ms >= 1 else f"{step.ms:.1f} ms"
    parts = [cost]
    if step.model:
        parts.append(line(step.model))
    if step.tokens_in or step.tokens_out:
        parts.append(f"{step.tokens_in} tokens in ({step.tokens_evaluated} evaluated), {step.tokens_out} out")
    if step.prompt_version:
        parts.append(f"prompt {line(step.prompt_version)}")
    if step.attempt > 1:
        parts.append(f"attempt {step.attempt}")
    head = Text.assemble(
        ("  ▪ ", ink.accent),
        (words.clip(NAMES.get(step.step, line(step.step)), 16), ink.strong),
        (" · ".join(parts), ink.quiet),
    )
    return [head, *(Text("      " + t) for t in gist(step.output))]


def gist(output: dict[str, Any], most: int = 8) -> list[str]:
    """What a step gave, as a few `name: value` lines; long texts and lists are counted, not shown."""
    found: list[str] = []
    flat: list[str] = []
    for name, value in output.items():
        label = words.plain(str(name))
        if isinstance(value, bool | int | float) or value is None:
            if value is not None:
                flat.append(f"{label} {round(value, 2) if isinstance(value, float) else value}")
        elif isinstance(value, str):
            (flat if len(value) <= 24 else found).append(f"{label} {words.cut(line(value), 110)}")
        elif isinstance(value, list):
            found.append(f"{label}: {_listed(value)}")
        elif isinstance(value, dict):
            inner = ", ".join(gist(value, 3))
            found.append(f"{label}: {words.cut(inner, 110)}" if inner else label)
    return ([" · ".join(flat)] if flat else []) + found[:most]


def _listed(value: list[Any]) -> str:
    names = [
        line(str(v.get("title") or v.get("name") or v.get("intent") or v.get("text") or ""))
        if isinstance(v, dict)
        else line(str(v))
        for v in value
    ]
    shown = "; ".join(words.cut(n, 40) for n in names[:4] if n)
    return f"{len(value)}" + (f" ({shown})" if shown else "")


def _draft(draft: "DraftRow", ink: Ink) -> Text:
    by = f"{draft.written_by}" + (f" ({line(draft.model)})" if draft.model else "")
    text = f"  {draft.version}  {words.clip(draft.state, 11)} {by}, {words.blocks(draft.confidence)}"
    if draft.instruction:
        text += f"  asked for: {line(draft.instruction)}"
    if draft.reject_reason:
        text += f"  refused: {words.plain(draft.reject_reason)} {line(draft.reject_text)}"
    return Text(inert(text), ink.quiet)
