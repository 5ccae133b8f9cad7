"""Knowledge rows: articles and resolved tickets with their versions. The vector index is derived from these."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from desk.domain.enums import Authority
from desk.domain.guarded import content_hash
from desk.domain.ticket import Article, Contradiction
from desk.errors import Conflict
from desk.store.columns import maker, moment, stamp, strings
from desk.store.database import Read
from desk.store.tables import article_versions, articles, disagreements

FILE = "file"
"""Source of what was read from a file and not changed here since."""
a = articles.c


@dataclass(frozen=True, slots=True)
class ArticleRow:
    """One article as the knowledge pane lists it."""

    article: Article
    version: int
    hash: str
    source: str
    updated_at: datetime
    updated_by: str
    cited: int


_COLUMNS = (
    *(a.id, a.title, a.body, a.kind, a.category, a.language, a.public, a.contact_id, a.question),
    *(a.authority, a.valid_from, a.valid_until, a.supersedes),
    *(a.version, a.content_hash, a.source, a.updated_at, a.updated_by, a.cited),
)


_article = maker(Article, authority=Authority, supersedes=strings)
_OWN = [f.name for f in fields(Article) if f.name != "id"]


def _row(r: Sequence[Any]) -> ArticleRow:
    return _whole((_article(r), *r[len(_OWN) + 1 :]))


_whole = maker(ArticleRow, updated_at=lambda at: moment(at or 0.0))


def hash_of(article: Article) -> str:
    """What an article says, as one hash: title, body, question, who may read it, whose word it is and when it holds."""
    parts = [article.title, article.body, article.question, article.language, str(article.public), article.category]
    plain = Article(article.id, "", "")
    for name in ("authority", "valid_from", "valid_until", "supersedes"):
        if (value := getattr(article, name)) != getattr(plain, name):
            parts.append(f"{name}={value}")
    return content_hash("\x1f".join(parts).encode("utf-8", "replace"))


def all_rows(kind: str | None = None) -> Read[list[ArticleRow]]:
    """Every live article, by title; `kind` keeps "article" or "ticket"."""
    statement = sa.select(*_COLUMNS).where(a.deleted.is_(False)).order_by(a.title, a.id)
    return Read(statement.where(a.kind == kind) if kind else statement, lambda rows: [_row(r) for r in rows])


def one(article_id: str) -> Read[ArticleRow | None]:
    """One live article."""
    statement = sa.select(*_COLUMNS).where(a.id == article_id, a.deleted.is_(False))
    return Read(statement, lambda rows: _row(rows[0]) if rows else None)


def hashes() -> Read[dict[str, str]]:
    """Content hash of each live article: what an index is compared with."""
    statement = sa.select(a.id, a.content_hash).where(a.deleted.is_(False))
    return Read(statement, lambda rows: {r[0]: r[1] for r in rows})


def save(
    tx: Connection, article: Article, *, by: str, at: datetime, source: str = "", expect_version: int | None = None
) -> int:
    """Write an article and its next version; returns the version. Unchanged content writes nothing.

    Raises Conflict when `expect_version` is not the stored one.
    """
    stored = tx.execute(
        sa.select(a.version, a.content_hash, a.deleted).where(a.id == article.id).with_for_update()
    ).first()
    version, digest = (stored[0] if stored else 0), hash_of(article)
    if expect_version is not None and version != expect_version:
        raise Conflict("Somebody saved this article meanwhile.", "Look at their version, then save yours again.")
    if stored is not None and stored[1] == digest and not stored[2]:
        return int(version)
    values = {name: getattr(article, name) for name in _OWN}
    values |= {
        "authority": str(article.standing),
        "supersedes": list(article.supersedes),
        "content_hash": digest,
        "source": source,
        "version": version + 1,
        "deleted": False,
    }
    values |= {"updated_at": stamp(at), "updated_by": by}
    if stored is None:
        tx.execute(articles.insert().values(id=article.id, **values))
    else:
        tx.execute(articles.update().where(a.id == article.id).values(values))
    row = {"title": article.title, "body": article.body, "saved_by": by, "saved_at": stamp(at)}
    tx.execute(article_versions.insert().values(article_id=article.id, version=version + 1, **row))
    return int(version) + 1


def take_in(tx: Connection, article: Article, *, by: str, at: datetime) -> bool:
    """Take an article from its file; False where a person changed or took it out here since and the file says something
    new: then nothing is written but that this was seen, and a person must decide. An unchanged file changes nothing."""
    row = tx.execute(sa.select(a.content_hash, a.imported, a.source, a.deleted, a.updated_by).where(a.id == article.id))
    stored, digest = row.first(), hash_of(article)
    ours = stored is not None and (stored[2] != FILE or (stored[3] and stored[4] != by))
    if stored is None or not ours:
        save(tx, article, by=by, at=at, source=FILE)
    seen = stored is not None and digest in (stored[1], "" if stored[3] else stored[0])
    tx.execute(articles.update().where(a.id == article.id).values(imported=digest))
    return not ours or seen


def remove(tx: Connection, article_id: str, *, by: str, at: datetime) -> None:
    """Take an article out of use; its versions stay."""
    tx.execute(articles.update().where(a.id == article_id).values(deleted=True, updated_by=by, updated_at=stamp(at)))


def restore(tx: Connection, article_id: str, version: int, *, by: str, at: datetime) -> int:
    """Bring an article back as it was in `version`, as a new version; returns that."""
    v = article_versions.c
    old = tx.execute(sa.select(v.title, v.body).where(v.article_id == article_id, v.version == version)).first()
    now = tx.execute(sa.select(*_COLUMNS).where(a.id == article_id)).first()
    if old is None or now is None:
        raise Conflict(f"There is no version {version} of {article_id}.", "Pick one from its history.")
    again = replace(_row(now).article, title=old[0], body=old[1])
    return save(tx, again, by=by, at=at, source="restored")


def uncompared() -> Read[ArticleRow | None]:
    """The next article that was not compared with the other items since it was last changed."""
    changed = sa.select(*_COLUMNS).where(a.deleted.is_(False), a.kind == "article", a.compared != a.content_hash)
    return Read(changed.order_by(a.updated_at.desc(), a.id).limit(1), lambda rows: _row(rows[0]) if rows else None)


def compared(tx: Connection, row: ArticleRow, found: Sequence[Contradiction]) -> None:
    """Keep what the item contradicts, in place of what was known before."""
    d, name = disagreements.c, row.article.id
    tx.execute(disagreements.delete().where(sa.or_(d.article_id == name, d.other_id == name)))
    for one in found:
        values = {"article_id": one.article, "other_id": one.other, "said": one.said, "other_said": one.other_said}
        tx.execute(disagreements.insert().values(values))
    tx.execute(articles.update().where(a.id == name, a.content_hash == row.hash).values(compared=row.hash))


def contradictions() -> Read[list[Contradiction]]:
    """Every two live items that say different things, the stronger authority first."""
    d, mine, theirs = disagreements.c, articles.alias(), articles.alias()
    both = sa.select(d.article_id, d.other_id, d.said, d.other_said).join_from(
        disagreements, mine, sa.and_(mine.c.id == d.article_id, mine.c.deleted.is_(False))
    )
    both = both.join(theirs, sa.and_(theirs.c.id == d.other_id, theirs.c.deleted.is_(False)))
    return Read(both.order_by(d.article_id, d.other_id), lambda rows: [Contradiction(*row) for row in rows])


def cite(tx: Connection, article_ids: Sequence[str]) -> None:
    """Count one use of each article in an offered draft."""
    tx.execute(articles.update().where(a.id.in_(list(article_ids))).values(cited=a.cited + 1))
