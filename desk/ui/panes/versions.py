"""Two versions of a draft in one text: what was taken out, what was put in, word by word."""

import difflib
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from rich.style import Style
from rich.text import Text

from desk.ui import words
from desk.ui.panes.drafting import origin
from desk.ui.themes import Ink
from desk.ui.widgets.paper import Page
from desk.ui.widgets.safe import inert, line

if TYPE_CHECKING:
    from desk.store.drafts import DraftRow

_TOKEN = re.compile(r"\n|[^\S\n]+|\w+|[^\w\s]")
SAME, OUT, IN = " ", "-", "+"


def changes(old: str, new: str) -> list[tuple[str, str]]:
    """Pieces of both texts in order, each with whether it is in both, was taken out, or was put in.

    Lines are compared first and words within those that differ, so that long texts stay quick.
    """
    found: list[tuple[str, str]] = []
    for sign, before, after in _matched(old.splitlines(keepends=True), new.splitlines(keepends=True)):
        if sign == SAME:
            found.append((SAME, "".join(before)))
        else:
            for mark, out, put in _matched(_TOKEN.findall("".join(before)), _TOKEN.findall("".join(after))):
                pieces = [(SAME, out)] if mark == SAME else [(OUT, out), (IN, put)]
                found += [(s, "".join(piece)) for s, piece in pieces if piece]
    return found


def _matched(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[str, Sequence[str], Sequence[str]]]:
    for tag, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        yield (SAME if tag == "equal" else OUT), old[a:b], new[c:d]


def page(old: "DraftRow", new: "DraftRow", ink: Ink, now: datetime) -> Page:
    """The older version's text with the newer one's changes marked, who wrote each, and what was asked for."""
    found = Page()
    found.anchor()
    found.add(heading(old, ink, now), heading(new, ink, now), "")
    if old.subject != new.subject:
        found.add(*_drawn(changes(line(old.subject), line(new.subject)), ink), "")
    drawn = changes(inert(old.body), inert(new.body))
    found.add(*_drawn(drawn, ink), "")
    out = sum(len(text.split()) for sign, text in drawn if sign == OUT)
    put = sum(len(text.split()) for sign, text in drawn if sign == IN)
    same = (
        "The words are the same."
        if not out + put
        else f"{words.plural(out, 'word')} out, {words.plural(put, 'word')} in"
    )
    found.add(Text(same, ink.quiet))
    return found


def heading(draft: "DraftRow", ink: Ink, now: datetime) -> Text:
    """One version in a line: its number, who wrote it, when, and what became of it."""
    why = (
        f"refused: {words.plain(draft.reject_reason)} {line(draft.reject_text)}".strip() if draft.reject_reason else ""
    )
    state = why or {"offered": "on offer", "superseded": ""}.get(draft.state, draft.state)
    asked = f"asked for: {line(draft.instruction)}" if draft.instruction else ""
    facts = [origin(draft), words.moment(draft.created_at, now), state, asked]
    return Text.assemble(
        (f"version {draft.version}  ", ink.strong), (" · ".join(fact for fact in facts if fact), ink.quiet)
    )


def _drawn(pieces: Sequence[tuple[str, str]], ink: Ink) -> list[Text]:
    """The pieces as lines; without colour, and for eyes that tell colours badly, form says the same."""
    styles = {SAME: Style(), OUT: ink.danger + Style(strike=True, bold=False), IN: ink.good + Style(underline=True)}
    marks = {SAME: ("", ""), OUT: ("[-", "-]"), IN: ("{+", "+}")} if ink.mono else dict.fromkeys(styles, ("", ""))
    whole = Text()
    for sign, text in pieces:
        before, after = marks[sign]
        whole.append(f"{before}{text}{after}", styles[sign])
    return list(whole.split("\n", allow_blank=True))
