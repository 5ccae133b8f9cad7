"""Pages of the reader: a conversation, an attack taken apart, an outgoing message."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from rich.style import Style
from rich.text import Text

from desk.domain.enums import Direction
from desk.domain.mail import FAIL, NONE, PASS
from desk.ui import words
from desk.ui.themes import Ink
from desk.ui.widgets.paper import Page
from desk.ui.widgets.safe import inert, line, longest, reveal

if TYPE_CHECKING:
    from desk.domain.guarded import Evidence
    from desk.store.commitments import CommitmentRow
    from desk.store.messages import MessageRow
    from desk.store.threads import ThreadDetail


def conversation(
    detail: "ThreadDetail",
    messages: Sequence["MessageRow"],
    opened: Collection[int],
    ink: Ink,
    now: datetime,
    promised: Sequence["CommitmentRow"] = (),
) -> Page:
    """Every message, oldest first, quotes folded but for those in `opened`; then what we promised, and internal notes."""
    page = Page()
    for message in messages:
        if page.lines:
            page.add("")
        page.anchor()
        _message(page, message, message.id in opened, ink, now)
    page.add(*promises(promised, ink, now))
    for note in detail.notes:
        page.add("")
        page.anchor()
        page.add(
            Text.assemble(
                ("✎ note  ", ink.asks), (line(note.author), ink.strong), (f"  {words.moment(note.at, now)}", ink.quiet)
            )
        )
        page.add(*(Text(part, ink.asks) for part in inert(note.text).split("\n")))
    return page


def promises(promised: Sequence["CommitmentRow"], ink: Ink, now: datetime) -> list[Text]:
    """What we promised in a ticket and have not done yet."""
    found: list[Text] = []
    for one in promised:
        late = one.overdue(now.astimezone().date())
        due = f", due {one.due:%a} {one.due.day} {one.due:%b}" if one.due else ""
        found.append(
            Text.assemble(
                ("⚑ promised ", ink.danger if late else ink.asks),
                (words.moment(one.said_at, now) + due, ink.quiet),
                (" overdue" if late else "", ink.danger),
                f"  “{line(one.text)}”",
            )
        )
    return [Text(""), *found, Text("  D says that it was done", ink.quiet)] if found else []


def _message(page: Page, message: "MessageRow", opened: bool, ink: Ink, now: datetime) -> None:
    page.add(_heading(message, ink, now))
    page.add(*_state(message, ink))
    page.add("")
    full = message.text or message.visible_text
    body, quoted = _parts(full, message.reply_text)
    shown, left = longest(body)
    page.add(*(Text(part) for part in inert(shown).strip("\n").split("\n")))
    if left:
        page.add(Text(f"… {left:,} characters more are not laid out; E shows them in your editor", ink.quiet))
    if quoted:
        count = words.plural(quoted.count("\n") + 1, "line")
        page.add(Text(f"{'▾' if opened else '▸'} quoted, {count}", ink.quiet))
        if opened:
            page.add(*(Text("│ " + part, ink.quiet) for part in inert(longest(quoted)[0]).split("\n")))
    for file in message.attachments:
        size = f"{max(1, round(file.size / 1024))} kB"
        page.add(
            Text.assemble(
                ("⌁ ", ink.accent),
                line(file.filename) or "(no name)",
                (f"  {line(file.content_type)}, {size}", ink.quiet),
                (f"  ⚠ {line(file.risk)}" if file.risk else "", ink.danger),
            )
        )


def _heading(message: "MessageRow", ink: Ink, now: datetime) -> Text:
    ours = message.direction is Direction.OUTBOUND
    name = line(message.from_name) or line(message.from_addr)
    address = f" <{line(message.from_addr)}>" if message.from_name else ""
    return Text.assemble(
        ("→ " if ours else "", ink.accent),
        (name, ink.accent + ink.strong if ours else ink.strong),
        (address, ink.quiet),
        (f"  {words.moment(message.received_at, now)}", ink.quiet),
        _proof(message.authentication, ink),
    )


_PROOF = {PASS: "sender verified", FAIL: "sender fails the check", NONE: "sender unverified"}


def _proof(word: str, ink: Ink) -> tuple[str, Style]:
    """What the receiving mail server says about the sender, in words."""
    style = ink.danger if word == FAIL else ink.good if word == PASS else ink.quiet
    return (f"  {_PROOF[word]}" if word in _PROOF else "", style)


def _state(message: "MessageRow", ink: Ink) -> list[Text]:
    """What a reader must know about this message beyond its words."""
    found: list[Text] = []
    if message.released:
        found.append(Text("released from quarantine by a person", ink.warning))
    elif message.flagged:
        kind = words.plain(message.attack_type)
        found.append(Text(f"⚠ stopped by the guard: {kind}; no model has read it. g q shows why.", ink.danger))
    elif message.direction is Direction.INBOUND and message.complete is None:
        found.append(Text("not scanned yet", ink.quiet))
    if message.authentication == FAIL:
        found.append(Text(f"the mail server says this is not from {line(message.from_addr)}; H shows why", ink.danger))
    if message.history:
        found.append(Text("from before desk was connected; context only", ink.quiet))
    if message.auto_reason:
        found.append(Text(line(message.auto_reason), ink.quiet))
    found += [Text(f"unreadable: {line(problem)}", ink.warning) for problem in message.problems]
    return found


def _parts(text: str, reply: str) -> tuple[str, str]:
    """What this author wrote, and what is quoted below it."""
    text, reply = text.strip("\n"), reply.strip("\n")
    if not reply or reply == text:
        return text, ""
    if text.startswith(reply):
        return reply, text[len(reply) :].strip("\n")
    return reply, text


def attack(message: "MessageRow", evidence: Sequence["Evidence"], ink: Ink, now: datetime) -> Page:
    """A quarantined message as its sender built it: rules named, hidden text unfolded, disguises spelled."""
    page = Page()
    page.anchor()
    page.add(_heading(message, ink, now))
    page.add(Text(line(message.subject) or "(no subject)", ink.strong), "")
    kind = words.plain(message.attack_type) if message.attack_type not in ("", "none") else "suspicious"
    page.add(Text.assemble((f"⚠ {kind}", ink.danger), (f"  {words.blocks(message.score or 0.0)}", ink.quiet)))
    if message.complete is False:
        page.add(Text("The scan did not reach its end, so nothing of this may be trusted.", ink.warning))
    for item in sorted(evidence, key=lambda e: -e.weight):
        page.add(_rule(item, ink), hang=4)
    page.add("")
    page.anchor()
    _block(page, "What a person sees", message.visible_text or message.text, "body", evidence, ink, Style())
    if message.hidden_text.strip():
        page.add("")
        page.anchor()
        _block(page, "Hidden from the reader", message.hidden_text, "hidden", evidence, ink, ink.hidden)
    page.add("", Text("Nothing here is a link, and no model has read it.", ink.quiet))
    return page


def _rule(item: "Evidence", ink: Ink) -> Text:
    found = Text.assemble(
        ("  ▪ ", ink.danger),
        (f"{line(item.rule)}", ink.strong),
        (f"  {line(item.layer)}, in {line(item.channel)}", ink.quiet),
    )
    matched = Text("  “")
    for piece, spelled in reveal(" ".join(longest(item.text, 160)[0].split())):
        matched.append(piece, ink.spelled if spelled else ink.marked)
    return Text.assemble(found, matched, "”")


def _block(
    page: Page, title: str, text: str, channel: str, evidence: Sequence["Evidence"], ink: Ink, base: Style
) -> None:
    """One text with the evidence's spans marked: by offset where they fit this text, else where their words stand."""
    page.add(Text(f"── {title} ", ink.danger if base else ink.quiet))
    shown, left = longest(text, 60_000)
    spans = _spans(shown, channel, evidence)
    at, whole = 0, Text()
    for start, end in spans:
        _append(whole, shown[at:start], ink, base)
        _append(whole, shown[start:end], ink, ink.marked)
        at = end
    _append(whole, shown[at:], ink, base)
    page.add(*whole.split("\n", allow_blank=True))
    if left:
        page.add(Text(f"… {left:,} characters more", ink.quiet))


def _append(whole: Text, text: str, ink: Ink, style: Style) -> None:
    bracketed = ink.mono and style is ink.marked
    whole.append("⟦" if bracketed else "", style)
    for piece, spelled in reveal(text):
        whole.append(piece, ink.spelled if spelled else style)
    whole.append("⟧" if bracketed else "", style)


def _spans(text: str, channel: str, evidence: Sequence["Evidence"]) -> list[tuple[int, int]]:
    """Sorted, non-overlapping spans of the evidence in this text."""
    found: list[tuple[int, int]] = []
    for item in evidence:
        matched = item.text.strip()
        by_offset = text[item.start : item.end]
        if item.end > item.start and by_offset and _same(by_offset, matched):
            found.append((item.start, item.end))
        elif matched and (at := text.lower().find(matched.lower())) >= 0:
            found.append((at, at + len(matched)))
        elif channel in item.channel and 0 <= item.start < item.end <= len(text) and item.end - item.start < len(text):
            found.append((item.start, item.end))
    merged: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _same(one: str, other: str) -> bool:
    def squeezed(text: str) -> str:
        return "".join(c for c in inert(text).lower() if c.isalnum())

    return bool(other) and squeezed(one) == squeezed(other)


def sentence(text: str, ink: Ink) -> Page:
    """A page with one quiet sentence."""
    return Page([Text(text, ink.quiet)])
