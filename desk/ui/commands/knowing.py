"""Deciding about knowledge: the same keys as for mail, in the knowledge pane."""

from typing import TYPE_CHECKING

from desk import frontmatter
from desk.errors import Refused

if TYPE_CHECKING:
    from desk.actions.desk import Desk, Done
    from desk.ui.screens.main import MainScreen

PANE = "knowledge"


def needs_article(screen: "MainScreen") -> str:
    """For what is done to an article, proposed or in use."""
    if screen.opened.gap:
        return "Nothing is written about it yet; a begins an article."
    return "" if screen.opened.known or screen.opened.proposal else "Choose an article first."


def needs_any(screen: "MainScreen") -> str:
    """For what is done to anything in the list."""
    return "" if screen.opened.gap else needs_article(screen)


def needs_waiting(screen: "MainScreen") -> str:
    """For what is done to what waits for a person."""
    return "" if screen.opened.gap or screen.opened.proposal else "This is in use already."


def accepts(screen: "MainScreen") -> str:
    """What accepting means here."""
    return "begin an article" if screen.opened.gap else "accept"


def refuses(screen: "MainScreen") -> str:
    """What refusing means here."""
    return "take out" if screen.opened.known else "not wanted" if screen.opened.gap else "refuse"


async def accept(screen: "MainScreen") -> None:
    """Begin an article from a question that nothing answers, or put a proposed one into use."""
    from desk.actions import knowledge

    gap, proposal = screen.opened.gap, screen.opened.proposal
    if gap is not None:
        await screen.act(lambda desk: knowledge.propose(desk, gap.id))
    elif proposal is not None:
        await screen.act(lambda desk: knowledge.accept(desk, proposal.id))


async def edit(screen: "MainScreen") -> None:
    """The article as text in the editor: whose word it is and until when above, its words below."""
    text, keep = _editing(screen)
    await screen.edit("article", text, keep)


async def edit_outside(screen: "MainScreen") -> None:
    """The same in the person's own editor."""
    from desk.ui.editor import outside

    before, keep = _editing(screen)
    after = outside(screen.app, before)
    if after.strip() == before.strip():
        raise Refused("Nothing was changed.")
    await screen.act(lambda desk: keep(desk, after))


async def refuse(screen: "MainScreen") -> None:
    """Take an article out of use, refuse a proposed one, or take a question off the list; u brings it back."""
    from desk.actions import knowledge

    known, proposal, gap = screen.opened.known, screen.opened.proposal, screen.opened.gap
    if known is not None:
        await screen.act(lambda desk: knowledge.remove_article(desk, known.article.id))
    elif proposal is not None:
        await screen.act(lambda desk: knowledge.refuse(desk, proposal.id))
    elif gap is not None:
        await screen.act(lambda desk: knowledge.dismiss(desk, gap.id))


class _Keep:
    """What becomes of an edited article; the version that was read must still be the newest."""

    def __init__(self, screen: "MainScreen") -> None:
        self.known, self.proposal = screen.opened.known, screen.opened.proposal

    def __call__(self, desk: "Desk", text: str) -> "Done":
        from desk.actions import knowledge

        if self.proposal is not None:
            return knowledge.edit_proposal(desk, self.proposal.id, text)
        assert self.known is not None
        return knowledge.edit_article(desk, self.known.article.id, text, expect_version=self.known.row.version)


def _editing(screen: "MainScreen") -> tuple[str, _Keep]:
    keep = _Keep(screen)
    article = keep.proposal.article if keep.proposal else keep.known.article if keep.known else None
    assert article is not None
    return frontmatter.written(article), keep
