"""Knowledge as a person keeps it: every save is a version that can be brought back."""

import re
from dataclasses import replace
from functools import partial

from desk import frontmatter
from desk.actions.desk import Desk, Done, Unit, found, unit
from desk.domain.enums import Authority
from desk.domain.ticket import BLANK, Article
from desk.errors import Refused
from desk.store import articles, gaps, proposals


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


def propose(desk: Desk, gap_id: int) -> Done:
    """Begin an article from a question that nothing answers: its title stands, its words are for a person to write."""
    with unit(desk, "gap.propose", f"gap:{gap_id}") as u:
        gap = found(u.get(gaps.one(gap_id)), "This question")
        title = " ".join(BLANK.sub(" ", gap.question).split())[:80].strip()
        article = Article("", title, "", category=gap.category, language=gap.language or "en")
        proposal_id = proposals.add(u.tx, article, at=u.now, gap_id=gap_id)
        gaps.settle(u.tx, gap_id, gaps.PROPOSED, desk.agent)
        u.note("proposal.made", f"An article is begun: {title}")
    return Done("An article is begun; e writes it, a accepts it", partial(_unpropose, desk, proposal_id, gap_id))


def _unpropose(desk: Desk, proposal_id: int, gap_id: int) -> Done:
    with unit(desk, "gap.reopen", f"gap:{gap_id}") as u:
        proposals.drop(u.tx, proposal_id)
        gaps.settle(u.tx, gap_id, gaps.OPEN, desk.agent)
    return Done("The question stands among those that nothing answers again")


def dismiss(desk: Desk, gap_id: int) -> Done:
    """Take a question that nothing answers off the list, for good: however often it is asked, no article is wanted."""
    with unit(desk, "gap.dismiss", f"gap:{gap_id}") as u:
        gap = found(u.get(gaps.one(gap_id)), "This question")
        gaps.settle(u.tx, gap_id, gaps.DISMISSED, desk.agent)
        u.note("gap.dismissed", f"No article is wanted for: {gap.question[:80]}")
    return Done("Taken off the list", partial(_reopen, desk, gap_id))


def _reopen(desk: Desk, gap_id: int) -> Done:
    with unit(desk, "gap.reopen", f"gap:{gap_id}") as u:
        gaps.settle(u.tx, gap_id, gaps.OPEN, desk.agent)
    return Done("It is on the list again")


def edit_proposal(desk: Desk, proposal_id: int, text: str) -> Done:
    """Keep what a person made of a proposed article; it still waits to be accepted."""
    with unit(desk, "proposal.edit", f"proposal:{proposal_id}") as u:
        before = found(u.get(proposals.one(proposal_id)), "This proposal").article
        article = frontmatter.edited(before, text)
        proposals.change(u.tx, proposal_id, article)
        u.note("proposal.edited", _name(article))
    back = partial(edit_proposal, desk, proposal_id, frontmatter.written(before))
    return Done(f"Kept, not in use yet: {_name(article)}", back)


def accept(desk: Desk, proposal_id: int) -> Done:
    """Put a proposed article into use; refused while it is empty or a blank is left that stood for somebody."""
    with unit(desk, "proposal.accept", f"proposal:{proposal_id}") as u:
        row = found(u.get(proposals.one(proposal_id)), "This proposal")
        article = row.article
        if not article.body.strip():
            raise Refused("There is no answer in it yet.", "Write it: e.")
        if blank := BLANK.search(article.body):
            raise Refused(
                f"{blank.group()} stands where somebody's was taken out.", "Say it for everybody, or cut it: e."
            )
        name = row.article_id or _free(u, article)
        before = u.get(articles.one(name))
        if article.kind == "ticket":
            article = replace(article, authority=Authority.LEARNT)
        source = articles.FILE if row.article_id else "proposal"
        articles.save(u.tx, replace(article, id=name), by=desk.agent, at=u.now, source=source)
        proposals.settle(u.tx, proposal_id, proposals.ACCEPTED, by=desk.agent, at=u.now, article_id=name)
        if row.gap_id is not None:
            gaps.settle(u.tx, row.gap_id, gaps.OPEN, desk.agent)
        u.note("proposal.accepted", _name(article))
    return Done(
        f"In use: {_name(article)}", partial(_unaccept, desk, proposal_id, name, before.article if before else None)
    )


def _unaccept(desk: Desk, proposal_id: int, article_id: str, before: Article | None) -> Done:
    with unit(desk, "proposal.reopen", f"proposal:{proposal_id}") as u:
        if before is None:
            articles.remove(u.tx, article_id, by=desk.agent, at=u.now)
        else:
            articles.save(u.tx, before, by=desk.agent, at=u.now, source="desk")
        proposals.settle(u.tx, proposal_id, proposals.PROPOSED, by="", at=u.now, was=proposals.ACCEPTED)
    return Done("Out of use, proposed again")


def refuse(desk: Desk, proposal_id: int) -> Done:
    """Refuse a proposed article; nothing of it was ever searched."""
    with unit(desk, "proposal.refuse", f"proposal:{proposal_id}") as u:
        row = found(u.get(proposals.one(proposal_id)), "This proposal")
        proposals.settle(u.tx, proposal_id, proposals.REFUSED, by=desk.agent, at=u.now)
        if row.gap_id is not None:
            gaps.settle(u.tx, row.gap_id, gaps.OPEN, desk.agent)
        u.note("proposal.refused", _name(row.article))
    return Done("Refused", partial(_unrefuse, desk, proposal_id, row.gap_id))


def _unrefuse(desk: Desk, proposal_id: int, gap_id: int | None) -> Done:
    with unit(desk, "proposal.reopen", f"proposal:{proposal_id}") as u:
        proposals.settle(u.tx, proposal_id, proposals.PROPOSED, by="", at=u.now, was=proposals.REFUSED)
        if gap_id is not None:
            gaps.settle(u.tx, gap_id, gaps.PROPOSED, desk.agent)
    return Done("Proposed again")


def _free(u: Unit, article: Article) -> str:
    """The article's id, or one made of its title that no other has."""
    slug = article.id or re.sub(r"\W+", "-", article.title.lower()).strip("-")[:60] or "article"
    taken = u.get(articles.hashes())
    return next(name for n in range(1, len(taken) + 2) if (name := slug if n == 1 else f"{slug}-{n}") not in taken)


def _name(article: Article) -> str:
    """What a person calls it: its title, or what was asked."""
    return article.title or " ".join(article.question.split())[:60]
