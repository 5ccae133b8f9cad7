"""The draft pane's page: who wrote it, from what, what is unsourced, which gates hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text

from desk.domain.enums import Author
from desk.ui import words
from desk.ui.themes import Ink
from desk.ui.widgets.paper import Page
from desk.ui.widgets.safe import inert, line

if TYPE_CHECKING:
    from desk.store.drafts import DraftRow
    from desk.store.threads import ThreadRow

_BY = {Author.COMPOSED: "composed", Author.MODEL: "model", Author.AGENT: "a person"}


@dataclass(frozen=True, slots=True)
class Question:
    """What the pipeline asks the agent."""

    id: int
    text: str
    options: tuple[str, ...] = ()


def title(draft: "DraftRow | None", streaming: str) -> str:
    """The draft pane's title."""
    if draft is None:
        return "Draft · being written" if streaming else "Draft"
    return f"Draft {draft.version} · {words.language(draft.language)}, {draft.register} · {origin(draft)}"


def origin(draft: "DraftRow") -> str:
    """Who wrote it, and from what."""
    count = len(draft.sources)
    if draft.written_by == Author.AGENT:
        return f"by {line(draft.created_by)}" if draft.created_by else "by a person"
    return (
        f"{_BY[Author(draft.written_by)]} from {words.plural(count, 'source')}"
        if count
        else f"{_BY[Author(draft.written_by)]}, no source"
    )


def page(draft: "DraftRow", row: "ThreadRow", ink: Ink, *, tier: str = "", tokens: int = 0) -> Page:
    """The whole draft: its words, its sources, its gates, and the figures behind it."""
    found = Page()
    found.anchor()
    found.add(*_body(draft, ink), "")
    for number, source in enumerate(draft.sources, 1):
        found.add(
            Text.assemble(
                (f"[{number}] ", ink.accent),
                line(source.title) or line(source.id),
                (f"   {line(source.id)}", ink.quiet),
            )
        )
    unsourced = [c for c in draft.claims if c.source is None]
    if draft.claims:
        good = not unsourced
        text = f"{len(draft.claims) - len(unsourced)} of {words.plural(len(draft.claims), 'claim')} sourced"
        found.add(Text.assemble(("✓ " if good else "✗ ", ink.good if good else ink.warning), text))
    found.add(*gates(draft, ink))
    for note in draft.notes:
        found.add(Text("· " + line(note), ink.quiet))
    found.add(figures(draft, row, ink, tier, tokens))
    return found


def gates(draft: "DraftRow", ink: Ink) -> list[Text]:
    """Every check: ✓ with its name, ✗ with its reason."""
    passed = [g for g in draft.gates if g.passed]
    lines = [
        Text.assemble(("✗ ", ink.danger), (words.plain(g.name), ink.strong), (f"  {line(g.reason)}", ink.warning))
        for g in draft.gates
        if not g.passed
    ]
    if passed:
        whole = Text()
        for gate in passed:
            whole.append("✓ ", ink.good)
            whole.append(words.plain(gate.name).replace(" ", "\u00a0") + "  ", ink.quiet)
        lines.append(whole)
    return lines


def figures(draft: "DraftRow", row: "ThreadRow", ink: Ink, tier: str, tokens: int) -> Text:
    """Category, confidence and context tier in one line."""
    found = Text()
    found.append(words.plain(row.category) or "unsorted", ink.quiet)
    if row.confidence is not None:
        found.append(f" {row.confidence:.2f}", ink.quiet)
    found.append("   sendable ", ink.quiet)
    found.append(words.blocks(draft.confidence), ink.accent)
    if tier:
        context = f"   context {tier}" + (f", {tokens} tokens" if tokens else "")
        found.append(context, ink.quiet if tier == "normal" else ink.warning)
    return found


def _body(draft: "DraftRow", ink: Ink) -> list[Text]:
    """The words, with [n] in the accent and unsourced claims underlined."""
    text = Text(inert(draft.body).strip("\n"))
    for claim in draft.claims:
        if claim.source is None:
            wanted = inert(claim.text)
            at = text.plain.find(wanted)
            if at >= 0 and wanted:
                text.stylize(ink.unsourced, at, at + len(wanted))
    text.highlight_regex(r"\[\d{1,2}\]", ink.accent)
    return list(text.split("\n", allow_blank=True))


def streamed(text: str, ink: Ink) -> Page:
    """A draft as far as it is written."""
    found = Page()
    found.add(*(Text(part) for part in inert(text).split("\n")))
    found.add(Text("▍ still being written", ink.accent))
    return found


def asked(questions: Sequence[Question], ink: Ink) -> Page:
    """What the pipeline needs to know before it can go on."""
    found = Page()
    for question in questions:
        found.add(Text.assemble(("? ", ink.asks), (line(question.text), ink.strong)))
        found.add(*(Text(f"  {n}  {line(option)}") for n, option in enumerate(question.options, 1)))
    found.add("", Text("Press a to answer.", ink.quiet))
    return found
