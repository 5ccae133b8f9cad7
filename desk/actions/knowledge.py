"""Knowledge as a person keeps it: every save is a version that can be brought back."""

from functools import partial

from desk.actions.desk import Desk, Done, unit
from desk.domain.ticket import Article
from desk.errors import Refused
from desk.store import articles


def save_article(desk: Desk, article: Article, *, expect_version: int | None = None) -> Done:
    """Save an article; Conflict when somebody saved another version since `expect_version`."""
    if not article.title.strip() or not article.body.strip():
        raise Refused("An article needs a title and a text.", "Write both, then save.")
    with unit(desk, "article.save", f"article:{article.id}") as u:
        before = u.get(articles.one(article.id))
        version = articles.save(u.tx, article, by=desk.agent, at=u.now, source="desk", expect_version=expect_version)
        u.note("article.saved", f"{article.title}, version {version}")
    if before is None:
        return Done(f"Saved: {article.title}", partial(remove_article, desk, article.id))
    changed = before.version != version
    return Done(f"Saved: {article.title}", partial(save_article, desk, before.article) if changed else None)


def remove_article(desk: Desk, article_id: str) -> Done:
    """Take an article out of use; its versions stay."""
    with unit(desk, "article.remove", f"article:{article_id}") as u:
        row = u.get(articles.one(article_id))
        if row is None:
            raise Refused("This article is gone already.", "Look at the list again.")
        articles.remove(u.tx, article_id, by=desk.agent, at=u.now)
        u.note("article.removed", row.article.title)
    return Done(f"Removed: {row.article.title}", partial(save_article, desk, row.article))
