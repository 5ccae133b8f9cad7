"""What each step of the pipeline gave, told in one plain line, with the details that stand below it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rich.style import Style
from rich.text import Text

from desk.ui import words
from desk.ui.themes import Ink
from desk.ui.widgets.safe import inert, line

if TYPE_CHECKING:
    from desk.store.jobs import StepRow

MOST_LINES = 12
"""Lines shown of a version that was refused."""
SHORTEST = 0.4
"""Intents below this probability are not worth a line."""

ALWAYS = ("about us", "contact", "subject", "question")
"""Parts of the context every ticket has."""
PLACES = {
    "review": "review",
    "queue": "review, at the end of the queue",
    "escalate": "review as urgent, for somebody in charge",
    "waiting_for_input": "you, with a question",
    "none": "nobody",
}
"""Where a route leads, in words."""

Output = Mapping[str, Any]


@dataclass(slots=True)
class Told:
    """One step: its word, its line, and details, each with how far its own continuation is set in."""

    word: str
    text: Text
    details: list[tuple[Text, int]] = field(default_factory=list)

    def add(self, text: str, style: Style | None = None, *, sign: str = "", sign_style: Style | None = None) -> None:
        """One detail; a sign stands before it in its own column."""
        drawn = Text(style=style or "")
        if sign:
            drawn.append(f"{sign} ", sign_style or style)
        drawn.append(text, style)
        self.details.append((drawn, words.cell_len(sign) + 1 if sign else 0))


def step(row: "StepRow", before: Mapping[str, Output], ink: Ink) -> Told:
    """Tell one finished step; `before` holds the outputs of its run by step."""
    tell = TELLERS.get(row.step)
    told = tell(row, before, ink) if tell else Told(line(row.step), Text(cost(row)))
    if row.attempt > 1:
        told.add(f"at attempt {row.attempt}", ink.warning)
    return told


def took(ms: float) -> str:
    """Milliseconds in short: 0.4 ms, 12 ms, 2.1 s."""
    return f"{ms / 1000:.1f} s" if ms >= 1000 else f"{ms:.0f} ms" if ms >= 1 else f"{ms:.1f} ms"


def cost(row: "StepRow") -> str:
    """Time, and the model with its tokens where one was asked."""
    parts = [took(row.ms)]
    if row.model:
        parts.insert(0, line(row.model))
    if row.tokens_in or row.tokens_out:
        parts.append(f"{row.tokens_in:,} tokens in, {row.tokens_evaluated:,} of them new, {row.tokens_out:,} out")
    return ", ".join(parts)


def _context(row: "StepRow", before: Mapping[str, Output], ink: Ink) -> Told:
    note = row.output.get("note") or {}
    tier, tokens = str(note.get("tier", "")), int(note.get("tokens") or 0)
    told = Told(
        "context", Text(f"{tier or 'chosen'}, {tokens:,} tokens", "" if tier in ("", "normal") else ink.warning)
    )
    for dropped in note.get("dropped") or ():
        told.add(f"did not fit: {line(str(dropped))}", ink.warning)
    if row.output.get("fits") is False:
        told.add("too long for the model, so no model was asked", ink.warning)
    names = [str(name) for name in row.output.get("texts") or {} if name not in ALWAYS]
    if names:
        told.add("read with it: " + line(", ".join(names)), ink.quiet)
    return told


def _triage(row: "StepRow", before: Mapping[str, Output], ink: Ink) -> Told:
    found = row.output.get("triage") or {}
    text = Text.assemble(
        (words.plain(str(found.get("category", "?"))), ink.strong), f" {found.get('confidence') or 0:.2f}"
    )
    rest = [str(found.get("priority", "")), str(found.get("sentiment", "")), words.language(str(found.get("language")))]
    rest += [str(found.get("register", ""))]
    text.append("".join(f" · {words.plain(part)}" for part in rest if part))
    if found.get("urgent"):
        text.append(" · urgent words", ink.urgent)
    told = Told("triage", text)
    others = sorted((found.get("probabilities") or {}).items(), key=lambda p: -p[1])[1:3]
    close = [f"{words.plain(name)} {p:.2f}" for name, p in others if p >= 0.05]
    if close:
        told.add("else " + ", ".join(close), ink.quiet)
    wants = [i for i in found.get("intents") or () if i.get("confidence", 0) >= SHORTEST]
    if wants:
        kinds = {i["intent"]: [j["confidence"] for j in wants if j["intent"] == i["intent"]] for i in wants}
        said = [f"{kind} {max(p):.2f}{f' ×{len(p)}' if len(p) > 1 else ''}" for kind, p in kinds.items()]
        told.add("wants: " + ", ".join(said), ink.quiet)
    if row.output.get("asked"):
        told.add(f"asked {cost(row)}", ink.quiet)
    return told


def _search(row: "StepRow", before: Mapping[str, Output], ink: Ink) -> Told:
    found = row.output.get("retrievals") or []
    facts = row.output.get("facts") or []
    hits = sum(len(r.get("passages") or ()) for r in found)
    known = str(row.output.get("known", ""))
    answerable = min((float(r.get("answerable") or 0) for r in found), default=0.0)
    text = Text(f"{words.plural(hits, 'hit')}, answerable {answerable:.2f}: ")
    text.append(known, ink.good if known == "known" else ink.warning)
    if facts:
        text.append(f", {words.plural(len(facts), 'fact')} looked up")
    told = Told("search", text)
    for number, retrieval in enumerate(found, 1):
        if len(found) > 1:
            question = words.cut(line(str(retrieval.get("question", ""))), 90)
            told.add(f"question {number}, {retrieval.get('answerable') or 0:.2f}: “{question}”", ink.quiet)
        for passage in retrieval.get("passages") or ():
            style = ink.quiet if passage.get("public", True) else ink.warning
            told.add(_hit(passage), style, sign=f"{passage.get('score') or 0:.2f}")
    for one in row.output.get("recalled") or ():
        told.add(f"{line(str(one.get('by')))} said before which article answers this question", ink.good)
    for fact in facts:
        found_at = f"{fact.get('kind')} {line(str(fact.get('key')))}, from {line(str(fact.get('source')))}"
        told.add(found_at, ink.quiet, sign="fact")
    if row.output.get("wants_order"):
        told.add("it asks about an order, and no order of this customer was found", ink.warning)
    for problem in row.output.get("problems") or ():
        told.add(line(str(problem)), ink.warning)
    return told


def _hit(passage: Mapping[str, Any]) -> str:
    kind = "resolved ticket" if passage.get("kind") == "ticket" else "article"
    private = "" if passage.get("public", True) else ", private: never quoted to a customer"
    title, name = line(str(passage.get("title"))), line(str(passage.get("article")))
    return f"{title} ({kind} {name}{private})"


def _plan(row: "StepRow", before: Mapping[str, Output], ink: Ink) -> Told:
    out = row.output
    told = Told("plan", Text(f"{line(str(out.get('edge', '')))}: {line(str(out.get('why', '')))}"))
    for action in out.get("actions") or ():
        told.add(line(str(action.get("detail", ""))), ink.quiet, sign="▸")
    if question := out.get("question"):
        told.add("asks you: " + line(str(question.get("text", ""))), ink.asks, sign="?")
    return told


def _draft(row: "StepRow", before: Mapping[str, Output], ink: Ink) -> Told:
    written, composed = row.output.get("model"), row.output.get("composed") or {}
    if written:
        told = Told("draft", Text.assemble(("model", ink.strong), f" {cost(row)}; composed one beside it"))
    elif row.model:
        told = Told("draft", Text.assemble(("composed", ink.strong), f"; {line(row.model)} gave nothing to use"))
        told.add(cost(row), ink.quiet)
    else:
        why = _unasked(composed, before)
        text = Text.assemble(
            ("composed", ink.strong), f", {took(row.ms)}{'; no model was asked: ' + why if why else ''}"
        )
        told = Told("draft", text)
    if row.prompt_version:
        told.add(f"prompt {line(row.prompt_version)}", ink.quiet)
    for note in composed.get("notes") or ():
        told.add(line(str(note)), ink.warning)
    for number, source in enumerate(composed.get("sources") or (), 1):
        told.add(f"{line(str(source.get('title')))} ({line(str(source.get('id')))})", ink.quiet, sign=f"{number}")
    return told


def _unasked(composed: Output, before: Mapping[str, Output]) -> str:
    """Why no model wrote, where no note says it."""
    search = before.get("search") or {}
    if composed.get("notes"):
        return ""
    if search.get("thanks_only"):
        return "nothing is asked"
    return "nothing known to ground it on" if search.get("known") == "novel" or not composed.get("sources") else ""


def _check(row: "StepRow", before: Mapping[str, Output], ink: Ink) -> Told:
    draft, refused = row.output.get("draft") or {}, row.output.get("refused") or ()
    gates = row.output.get("gates") or ()
    failed = sum(1 for gate in gates if not gate.get("passed"))
    holds = "every gate holds" if not failed else f"{words.plural(failed, 'gate does', 'gates do')} not hold"
    by = "the model's version is offered" if draft.get("written_by") == "model" else "the composed version is offered"
    text = Text(f"{by}; {holds}", "" if not failed else ink.warning)
    told = Told("check", text)
    if undone := row.output.get("undone"):
        told.add(f"not done of what was asked: {line(str(undone))}", ink.warning)
    for reason in refused:
        told.add(f"refused of the model's version: {line(str(reason))}", ink.warning, sign="✗")
    if refused:
        body = str(((before.get("draft") or {}).get("model") or {}).get("body", ""))
        said = [part for part in inert(body).split("\n") if part.strip()]
        for part in said[:MOST_LINES]:
            told.add(part, ink.quiet, sign="│")
    _gates(told, gates, ink)
    return told


def _route(row: "StepRow", before: Mapping[str, Output], ink: Ink) -> Told:
    route = row.output.get("route") or {}
    place, why = str(route.get("to", "review")), line(str(route.get("reason", "")))
    text = Text.assemble("to ", (PLACES.get(place, words.plain(place)), ink.strong), f" because {why}" if why else "")
    told = Told("route", text)
    seen = {gate.get("name") for gate in (before.get("check") or {}).get("gates") or ()}
    for gate in route.get("gates") or ():
        if gate.get("name") not in seen and not gate.get("passed"):
            told.add(line(str(gate.get("reason", ""))), ink.quiet)
    return told


def _gates(told: Told, gates: Sequence[Mapping[str, Any]], ink: Ink) -> None:
    """Every gate with its reason, those that do not hold first."""
    for gate in sorted(gates, key=lambda g: bool(g.get("passed"))):
        holds = bool(gate.get("passed"))
        name = words.plain(line(str(gate.get("name", ""))))
        told.add(
            f"{name}: {line(str(gate.get('reason', '')))}",
            ink.quiet if holds else ink.warning,
            sign="✓" if holds else "✗",
            sign_style=ink.good if holds else ink.danger,
        )


TELLERS: dict[str, Callable[["StepRow", Mapping[str, Output], Ink], Told]] = {
    "context": _context,
    "triage": _triage,
    "search": _search,
    "plan": _plan,
    "draft": _draft,
    "check": _check,
    "route": _route,
}
"""Step → how it is told; one that is not here is told by its name and time."""
