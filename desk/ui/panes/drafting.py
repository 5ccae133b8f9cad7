"""The draft pane's page: who wrote it, from what, what is unsourced, which gates hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.style import Style
from rich.text import Text

from desk.domain.answering import Recipients
from desk.domain.enums import ActionKind, ActionState, Author
from desk.ui import words
from desk.ui.themes import Ink
from desk.ui.widgets.paper import Page
from desk.ui.widgets.safe import inert, line

if TYPE_CHECKING:
    from desk.store.drafts import DraftRow
    from desk.store.plans import PlanRow
    from desk.store.threads import ThreadRow

_BY = {Author.COMPOSED: "composed", Author.MODEL: "model", Author.AGENT: "a person"}


@dataclass(frozen=True, slots=True)
class Question:
    """What the pipeline asks the agent."""

    id: int
    text: str
    options: tuple[str, ...] = ()


def title(draft: "DraftRow | None", streaming: str = "") -> str:
    """The draft pane's title: which version, by whom and from what."""
    if draft is None:
        return "Draft · being written" if streaming else "Draft"
    return f"Draft {draft.version} · {origin(draft)}"


def tongue(draft: "DraftRow") -> str:
    """In which language and register it is."""
    return f"{words.language(draft.language)}, {draft.register}"


def origin(draft: "DraftRow") -> str:
    """Who wrote it, and from what."""
    count = len(draft.sources)
    if draft.written_by == Author.AGENT:
        if any(action.kind is ActionKind.FORWARD for action in draft.plan):
            return f"forward by {line(draft.created_by)}"
        return f"by {line(draft.created_by)}" if draft.created_by else "by a person"
    return (
        f"{_BY[Author(draft.written_by)]} from {words.plural(count, 'source')}"
        if count
        else f"{_BY[Author(draft.written_by)]}, no source"
    )


def page(
    draft: "DraftRow",
    row: "ThreadRow",
    ink: Ink,
    *,
    tier: str = "",
    tokens: int = 0,
    dropped: Sequence[str] = (),
    questions: Sequence[Question] = (),
    plan: "Sequence[PlanRow]" = (),
    goes_to: Recipients | None = None,
) -> Page:
    """The whole draft: what desk asks first, the words, the sources, the gates, and the figures behind it."""
    found = asked(questions, ink) if questions else Page()
    if questions:
        found.add("")
    found.anchor()
    going = goes_to or Recipients(draft.to, draft.cc, ())
    people = [("to", going.to), ("cc", going.cc)]
    found.add(*(Text.assemble((f"{w} ", ink.quiet), line(", ".join(who))) for w, who in people if who), hang=3)
    found.add(*(Text.assemble(("▪ ", ink.warning), (line(warning), ink.warning)) for warning in going.warnings), hang=2)
    found.add("", *_body(draft, ink), "")
    for number, source in enumerate(draft.sources, 1):
        mark, name = f"[{number}] ", line(source.id)
        title = line(source.title) or name
        found.add(Text.assemble((mark, ink.accent), title, (f"   {name}", ink.quiet)), hang=len(mark))
    for file in draft.attachments:
        size = f"  {max(1, round(file.size / 1024))} kB"
        found.add(Text.assemble(("⌁ ", ink.accent), line(file.filename), (size, ink.quiet)), hang=2)
    found.add(*checks(draft, ink), hang=2)
    found.add(*(Text.assemble(("▪ ", ink.warning), line(note)) for note in draft.notes), hang=2)
    if draft.instruction:
        found.add(Text.assemble(("▪ ", ink.quiet), ("asked for: " + line(draft.instruction), ink.quiet)), hang=2)
    if plan:
        found.add(planned(plan, ink), hang=6)
    found.add(figures(draft, row, ink, tier, tokens))
    if dropped:
        found.add(Text.assemble(("▪ ", ink.warning), ("did not fit: " + line("; ".join(dropped)), ink.quiet)), hang=2)
    return found


def planned(plan: "Sequence[PlanRow]", ink: Ink) -> Text:
    """What approving does beside sending: each action, those switched off struck out, those done with a tick."""
    text = Text("plan  ", ink.quiet)
    for number, row in enumerate(plan):
        text.append(" · " if number else "", ink.quiet)
        off = row.state is ActionState.REJECTED
        sign = "✓ " if row.state is ActionState.EXECUTED else "off: " if off else ""
        text.append(sign + line(row.action.detail), ink.quiet if off or sign else Style())
    text.append("   T changes it", ink.quiet)
    return text


def checks(draft: "DraftRow", ink: Ink) -> list[Text]:
    """Every check: a line with ✗ and the reason for each that does not hold, those that hold together below."""
    lines = [
        Text.assemble(("✗ ", ink.danger), (words.plain(g.name), ink.strong), (f"  {line(g.reason)}", ink.warning))
        for g in draft.gates
        if not g.passed
    ]
    if draft.claims and not any(g.name == "claims" for g in draft.gates):
        unsourced = sum(1 for c in draft.claims if c.source is None)
        sign, style = ("✗ ", ink.warning) if unsourced else ("✓ ", ink.good)
        text = f"{len(draft.claims) - unsourced} of {words.plural(len(draft.claims), 'claim')} sourced"
        lines.append(Text.assemble((sign, style), text))
    whole = Text()
    for gate in draft.gates:
        if gate.passed:
            whole.append("✓\u00a0", ink.good)
            whole.append((line(gate.reason) or words.plain(gate.name)).replace(" ", "\u00a0") + "  ", ink.quiet)
    if not draft.gates:
        whole.append("▪ ", ink.quiet)
        whole.append("what a person wrote is checked when it is approved", ink.quiet)
    return [*lines, whole] if whole else lines


def figures(draft: "DraftRow", row: "ThreadRow", ink: Ink, tier: str, tokens: int) -> Text:
    """Category, confidence and context tier in one line."""
    found = Text()
    found.append(words.plain(row.category) or "unsorted", ink.quiet)
    if row.confidence is not None:
        found.append(f" {row.confidence:.2f}", ink.quiet)
    if draft.written_by != Author.AGENT:
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
    found.anchor()
    for question in questions:
        found.add(Text.assemble(("? ", ink.asks), (line(question.text), ink.strong)), hang=2)
        found.add(*(Text(f"  {n}  {line(option)}") for n, option in enumerate(question.options, 1)), hang=5)
    numbers = " and a number" if any(q.options for q in questions) else ""
    found.add(Text(f"  a{numbers} answers; then desk drafts again.", ink.quiet))
    return found
