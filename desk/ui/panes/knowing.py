"""The knowledge: what is known, whose word it is, until when it holds, and what contradicts it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from rich.text import Text

from desk.domain.enums import Authority
from desk.domain.ticket import BLANK
from desk.ui import words
from desk.ui.panes.whole import WholeSheet, two
from desk.ui.reads import Reads
from desk.ui.themes import Ink
from desk.ui.widgets.paper import Page
from desk.ui.widgets.safe import inert, line, longest

if TYPE_CHECKING:
    from desk.domain.ticket import Article
    from desk.store.articles import ArticleRow
    from desk.store.gaps import GapRow
    from desk.store.proposals import ProposalRow

LIMIT = 1000
"""Most items that are listed."""


@dataclass(frozen=True, slots=True)
class Known:
    """One item with what stands against it."""

    row: "ArticleRow"
    replaced_by: "tuple[Article, ...]" = ()
    against: tuple[tuple[str, str, str], ...] = ()
    """For each contradiction: the other item's title, what this one says, what the other says."""

    @property
    def article(self) -> "Article":
        """What it says."""
        return self.row.article

    def out(self, on: date) -> str:
        """Why it does not answer on that day; empty where it may."""
        if by := [a for a in self.replaced_by if not a.valid_from or a.valid_from <= on.isoformat()]:
            return f"superseded by {by[0].title or by[0].id}"
        if self.article.holds(on):
            return ""
        until = self.article.valid_until
        return (
            f"expired {_day(until)}" if until and until < on.isoformat() else f"from {_day(self.article.valid_from)} on"
        )


async def read(database: Reads) -> list[Known]:
    """Everything that is known: what the house wrote, by title, then what was learnt from tickets."""
    from desk.store import articles

    rows = await database.get(articles.all_rows())
    by_id = {row.article.id: row.article for row in rows}
    against: dict[str, list[tuple[str, str, str]]] = {}
    for c in await database.get(articles.contradictions()):
        one, other = by_id.get(c.article), by_id.get(c.other)
        if one is None or other is None:
            continue
        against.setdefault(one.id, []).append((other.title or other.id, c.said, c.other_said))
        against.setdefault(other.id, []).append((one.title or one.id, c.other_said, c.said))
    named = [row.article for row in rows if row.article.supersedes]
    rows.sort(key=lambda row: row.article.kind == "ticket")
    return [
        Known(
            row,
            tuple(a for a in named if a.id != row.article.id and a.replaces(row.article)),
            tuple(against.get(row.article.id, ())),
        )
        for row in rows
    ]


class KnowledgeSheet(WholeSheet):
    """What nothing answers, what is proposed, then articles and resolved tickets."""

    name = "knowledge"

    async def load(self) -> dict[int, "GapRow | ProposalRow | Known"]:
        """In their order; the id is the place."""
        from desk.store import gaps, proposals

        asked = await self._database.get(gaps.listed())
        proposed = await self._database.get(proposals.waiting())
        found: list[GapRow | ProposalRow | Known] = [*asked, *proposed, *await read(self._database)]
        return dict(enumerate(found[:LIMIT], 1))

    def draw(self, row: "GapRow | ProposalRow | Known", width: int, ink: Ink, now: datetime) -> list[list[Segment]]:
        """Who may read it, its title, whose word it is; what does not answer is quiet and says why."""
        if not isinstance(row, Known):
            return [_waiting(row, width, ink)]
        found = row.article
        sign = ("◇ ", ink.quiet) if found.public else ("◆ ", ink.warning)
        out = row.out(now.astimezone().date())
        title = line(found.title or found.question) + ("  (resolved ticket)" if found.kind == "ticket" else "")
        if out:
            return [two([sign, (title, ink.quiet)], out, width, ink)]
        marks = ("≠ " if row.against else "") + ("policy " if found.standing is Authority.POLICY else "")
        right = line(f"{marks}{words.plain(found.category)} {found.language}") + (
            f" {row.row.cited}×" if row.row.cited else ""
        )
        return [two([sign, (title, Style())], right, width, ink)]


def _waiting(row: "GapRow | ProposalRow", width: int, ink: Ink) -> list[Segment]:
    """A question that nothing answers, or an article that waits to be accepted."""
    from desk.store.gaps import GapRow

    if isinstance(row, GapRow):
        asked = f"asked {len(row.asked)} times, nothing answers"
        return two([("? ", ink.asks), (line(row.question), Style())], asked, width, ink)
    title = line(row.article.title or row.article.question)
    return two([("+ ", ink.asks), (title, Style())], f"proposed, {_origin(row)}", width, ink)


def gap(row: "GapRow", ink: Ink, now: datetime) -> Page:
    """A question that nothing answers: who asked it, in which words."""
    shown = Page()
    shown.anchor()
    shown.add(Text(line(row.question), ink.strong))
    people = words.plural(row.contacts, "customer")
    shown.add(Text(f"asked {len(row.asked)} times by {people}; nothing answers it", ink.warning))
    shown.add(Text("a begins an article about it; x takes it off the list for good", ink.quiet), "")
    for one in reversed(row.asked):
        shown.add(Text.assemble((line(one.number) + "  ", ink.accent), line(one.text)), hang=8)
    return shown


def proposal(row: "ProposalRow", in_use: "Article | None", ink: Ink) -> Page:
    """A proposed article, the blanks where something of a customer was taken out marked; below it what it would replace."""
    found = row.article
    shown = Page()
    shown.anchor()
    shown.add(Text(line(found.title or found.question), ink.strong))
    shown.add(Text(f"proposed {_origin(row)}; nothing of it is used before you accept it", ink.warning))
    shown.add(Text("a accepts it; e changes it; x refuses it", ink.quiet), "")
    if found.question:
        shown.add(Text("Asked: " + line(found.question), ink.asks), "")
    if not found.body.strip():
        shown.add(Text("Its words are still to be written.", ink.quiet))
    for part in _words(found.body, ink):
        part.highlight_regex(BLANK, ink.marked)
        shown.add(part)
    if row.article_id:
        shown.add("")
        shown.anchor()
        shown.add(Text("── in use now, as it was changed here ", ink.quiet))
        shown.add(*(_words(in_use.body, ink) if in_use else [Text("nothing: it was taken out of use here", ink.quiet)]))
    return shown


def _origin(row: "ProposalRow") -> str:
    if row.article_id:
        return "by its changed file"
    return f"from {row.number}" if row.number else "from a question"


def page(known: Known, ink: Ink, now: datetime) -> Page:
    """One item: for whom it is, whose word, how long, what speaks against it, and its words."""
    found, on = known.article, now.astimezone().date()
    shown = Page()
    shown.anchor()
    facts = [found.id, words.plain(found.category), words.language(found.language), _standing(found)]
    facts.append("public" if found.public else "internal: never quoted to a customer")
    shown.add(
        Text(line(found.title or found.question), ink.strong),
        Text(line("  ·  ".join(f for f in facts if f)), ink.quiet),
    )
    if out := known.out(on):
        shown.add(Text(f"⊘ {line(out)}: it answers nothing", ink.warning), hang=2)
    elif found.valid_until or found.valid_from:
        shown.add(Text(_holds(found), ink.quiet))
    if found.supersedes:
        shown.add(Text("supersedes " + line(", ".join(found.supersedes)), ink.quiet))
    for title, mine, theirs in known.against:
        said = Text.assemble(("≠ ", ink.danger), f"says “{line(mine)}”, but “{line(title)}” says “{line(theirs)}”")
        shown.add(said, hang=2)
    shown.add("")
    if found.question:
        shown.add(Text("Asked: " + line(found.question), ink.asks), "")
    shown.add(*_words(found.body, ink))
    return shown


def _standing(found: "Article") -> str:
    return {Authority.POLICY: "policy", Authority.LEARNT: "learnt from a ticket"}.get(found.standing, "")


def _holds(found: "Article") -> str:
    begins = f"from {_day(found.valid_from)} " if found.valid_from else ""
    return f"holds {begins}{f'until {_day(found.valid_until)}' if found.valid_until else 'on'}"


def _day(iso: str) -> str:
    day = date.fromisoformat(iso)
    return f"{day.day} {day:%b %Y}"


def _words(body: str, ink: Ink) -> Sequence[Text]:
    return [Text(part, ink.strong if part.startswith("#") else Style()) for part in inert(longest(body)[0]).split("\n")]
