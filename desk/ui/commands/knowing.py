"""Deciding about knowledge: the same keys as for mail, in the knowledge pane."""

from typing import TYPE_CHECKING

from desk import frontmatter
from desk.errors import Refused

if TYPE_CHECKING:
    from desk.actions.desk import Desk, Done
    from desk.ui.screens.main import MainScreen

PANE = "knowledge"


def needs_article(screen: "MainScreen") -> str:
    """For what is done to an article."""
    return "" if screen.opened.known else "Choose an article first."


async def edit(screen: "MainScreen") -> None:
    """The article as text in the editor: whose word it is and until when above, its words below."""
    known = screen.opened.known
    assert known is not None
    name, version = known.article.id, known.row.version

    def keep(desk: "Desk", text: str) -> "Done":
        from desk.actions import knowledge

        return knowledge.edit_article(desk, name, text, expect_version=version)

    await screen.edit("article", frontmatter.written(known.article), keep)


async def edit_outside(screen: "MainScreen") -> None:
    """The same in the person's own editor."""
    from desk.actions import knowledge
    from desk.ui.editor import outside

    known = screen.opened.known
    assert known is not None
    before = frontmatter.written(known.article)
    after = outside(screen.app, before)
    if after.strip() == before.strip():
        raise Refused("Nothing was changed.")
    name, version = known.article.id, known.row.version
    await screen.act(lambda desk: knowledge.edit_article(desk, name, after, expect_version=version))


async def refuse(screen: "MainScreen") -> None:
    """Take the article out of use; u brings it back."""
    from desk.actions import knowledge

    known = screen.opened.known
    assert known is not None
    await screen.act(lambda desk: knowledge.remove_article(desk, known.article.id))
