"""Knowledge as a person keeps it: every save is a version that can be brought back."""

from functools import partial

from desk import frontmatter
from desk.actions.desk import Desk, Done, found, unit
from desk.domain.ticket import Article
from desk.errors import Refused
from desk.store import articles


def save_article(desk: Desk, article: Article, *, expect_version: int | None = None) -> Done:
    """Save an article; Conflict when somebody saved another version since `expect_version`."""
    if not (article.title.strip() or article.question.strip()) or not article.body.strip():
        raise Refused("An article needs a title and a text.", "Write both, then save.")
    with unit(desk, "article.save", f"article:{article.id}") as u:
        before = u.get(articles.one(article.id))
        version = articles.save(u.tx, article, by=desk.agent, at=u.now, source="desk", expect_version=expect_version)
        u.note("article.saved", f"{_name(article)}, version {version}")
    if before is None:
        return Done(f"Saved: {_name(article)}", partial(remove_article, desk, article.id))
    changed = before.version != version
    return Done(f"Saved: {_name(article)}", partial(save_article, desk, before.article) if changed else None)


def edit_article(desk: Desk, article_id: str, text: str, *, expect_version: int | None = None) -> Done:
    """Save an article as a person wrote it: the lines between the two --- say for whom, whose word and until when."""
    row = found(desk.db.get(articles.one(article_id)), "This article")
    article = frontmatter.edited(row.article, text)
    known = desk.db.get(articles.hashes()).keys() | set(row.article.supersedes)
    if unknown := [name for name in article.supersedes if name not in known or name == article_id]:
        raise Refused(f"There is no other article {unknown[0]} to supersede.", "Name it by its id: `desk kb list`.")
    return save_article(desk, article, expect_version=expect_version)


def remove_article(desk: Desk, article_id: str) -> Done:
    """Take an article out of use; its versions stay."""
    with unit(desk, "article.remove", f"article:{article_id}") as u:
        row = u.get(articles.one(article_id))
        if row is None:
            raise Refused("This article is gone already.", "Look at the list again.")
        articles.remove(u.tx, article_id, by=desk.agent, at=u.now)
        u.note("article.removed", _name(row.article))
    return Done(f"Taken out of use: {_name(row.article)}", partial(save_article, desk, row.article))


def _name(article: Article) -> str:
    """What a person calls it: its title, or what was asked."""
    return article.title or " ".join(article.question.split())[:60]
