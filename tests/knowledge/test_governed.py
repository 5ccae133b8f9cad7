"""Whose word knowledge is, when it holds, what it replaces, and what contradicts what."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from desk import frontmatter
from desk.domain.enums import Authority, Known
from desk.domain.ticket import Article, Passage, Retrieval
from desk.errors import KnowledgeError
from desk.knowledge import articles, disagree, retrieve
from desk.knowledge.index import Index, digest
from desk.pipeline import agreement
from desk.pipeline.compose import quotable

DAY = date(2027, 3, 10)
OLD = Article("returns-2026", "Returning a lamp", "You can return an unused lamp within 14 days.")
NEW = Article(
    "returns", "Returning a lamp", "You can return an unused lamp within 30 days.", supersedes=("returns-2026",)
)
QUESTION = "How many days do I have to return an unused lamp?"


def ids(index: Index, on: date = DAY, **scope) -> list[str]:
    return [hit.article.id for hit in index.search(QUESTION, 10, on=on, **scope)]


def indexed(embedder, *items: Article) -> Index:
    index = Index(None, embedder)
    index.rebuild(items)
    return index


@pytest.mark.parametrize("first", ["", "2027-03-10", "2027-03-11"])
@pytest.mark.parametrize("last", ["", "2027-03-12"])
def test_what_does_not_hold_on_a_day_is_never_found(embedder, first, last):
    item = replace(OLD, valid_from=first, valid_until=last)
    index = indexed(embedder, item, Article("hours", "Opening hours", "We are open from nine to five."))
    for days in range(-3, 5):
        on = DAY + timedelta(days=days)
        holds = (not first or first <= on.isoformat()) and (not last or on.isoformat() <= last)
        assert (item.id in ids(index, on)) == holds == item.holds(on)


def test_an_expired_article_answers_no_customer(embedder):
    index = indexed(embedder, replace(OLD, valid_until="2027-03-09"))
    assert retrieve.search(index, QUESTION, on=DAY).known is Known.NOVEL
    assert retrieve.search(index, QUESTION, on=DAY - timedelta(days=1)).known is Known.KNOWN


def test_superseding_takes_the_old_one_out_from_its_first_day_on(embedder):
    assert ids(indexed(embedder, OLD, NEW)) == ["returns"]
    later = replace(NEW, valid_from="2027-04-01")
    assert ids(indexed(embedder, OLD, later)) == ["returns-2026"]
    assert ids(indexed(embedder, OLD, later), date(2027, 4, 1)) == ["returns"]
    part = replace(OLD, id="returns-2026#lamps")
    assert ids(indexed(embedder, part, NEW)) == ["returns"]


def test_nothing_weaker_supersedes_and_nothing_of_another_contact(embedder):
    policy = replace(OLD, authority=Authority.POLICY)
    assert set(ids(indexed(embedder, policy, NEW))) == {"returns-2026", "returns"}
    ticket = replace(NEW, kind="ticket", question=QUESTION, authority=Authority.POLICY)
    assert set(ids(indexed(embedder, OLD, ticket))) == {"returns-2026", "returns"}
    own = replace(NEW, contact_id=7)
    assert ids(indexed(embedder, OLD, own)) == ["returns-2026"]
    assert ids(indexed(embedder, OLD, own), contact_id=7) == ["returns"]


def test_what_governs_no_article_leaves_its_vectors_as_they_are():
    assert digest(OLD) == digest(Article(OLD.id, OLD.title, OLD.body))
    assert (
        len(
            {digest(a) for a in (OLD, replace(OLD, authority=Authority.POLICY), replace(OLD, valid_until="2027-01-01"))}
        )
        == 3
    )


OPPOSED = [
    ("You can return an unused lamp within 30 days.", "Unused lamps may be sent back within 14 days."),
    ("A refund reaches your card within 5 working days.", "Refunds take 10 working days to arrive on your card."),
    ("The return label costs 4.90 euros.", "Returns cost €6.90, taken off the refund. The label costs 6.90 euros."),
    ("Gift cards can be exchanged for cash.", "Gift cards cannot be exchanged for cash."),
    (
        "Du kannst eine unbenutzte Lampe innerhalb von 30 Tagen zurückgeben.",
        "You can return an unused lamp within 14 days.",
    ),
]
AGREED = [
    ("You can return an unused lamp within 30 days.", "Unused lamps may be sent back within 30 days."),
    ("You can return an unused lamp within 30 days.", "The label for a return costs 5 euros."),
    ("Delivery within Germany takes 3 days.", "Delivery to France takes 6 days."),
    ("Standard delivery costs 4.90 euros.", "Express delivery costs 12.90 euros."),
    ("It costs 4.90 euros.", "It costs 4,90 €."),
    ("", "You can return an unused lamp within 14 days."),
]


@pytest.mark.parametrize("pair", OPPOSED)
def test_one_statement_with_another_figure_is_a_contradiction(embedder, pair):
    assert disagree.opposed(*pair, embedder)
    assert disagree.opposed(*reversed(pair), embedder)


@pytest.mark.parametrize("pair", AGREED)
def test_other_things_and_the_same_figure_are_none(embedder, pair):
    assert disagree.opposed(*pair, embedder) is None


def test_hardly_any_two_of_the_sample_articles_are_taken_for_a_contradiction(embedder, sample_articles):
    own = [a for a in sample_articles if a.language == "en"]
    pairs = [(a, b) for n, a in enumerate(own) for b in own[n + 1 :]]
    assert len([1 for a, b in pairs if disagree.between(a, b, embedder)]) <= len(pairs) // 200


def passage(name: str, text: str, score: float, authority: Authority = Authority.ARTICLE, **more) -> Passage:
    return Passage(name, name.title(), text, 0, len(text), score, authority=authority, **more)


def asked(embedder, *passages: Passage) -> Retrieval:
    return retrieve.with_conflicts(Retrieval(QUESTION, passages, 0.9, Known.KNOWN), embedder)


def test_on_a_contradiction_the_stronger_one_answers_and_the_weaker_is_named(embedder):
    learnt = passage("t-7", "You can return an unused lamp within 14 days.", 0.9, Authority.LEARNT, kind="ticket")
    article = passage("returns", "Unused lamps may be sent back within 30 days.", 0.88)
    policy = passage("policy", "An unused lamp can be returned within 60 days.", 0.85, Authority.POLICY)
    found = asked(embedder, learnt, article)
    best = quotable(found, "en")
    assert best is article
    [note] = agreement.notes(found, best)
    assert "14 days" in note
    assert "the article answers" in note
    assert agreement.unsettled(found, best) == ""
    found = asked(embedder, learnt, article, policy)
    best = quotable(found, "en")
    assert best is policy
    assert len(agreement.notes(found, best)) == 2
    foreign = replace(policy, language="de", text="Eine unbenutzte Lampe kann man innerhalb von 60 Tagen zurückgeben.")
    assert quotable(asked(embedder, article, foreign), "en") is foreign


def test_two_articles_that_disagree_are_for_a_person(embedder):
    one = passage("a", "You can return an unused lamp within 14 days.", 0.9)
    other = passage("b", "Unused lamps may be sent back within 30 days.", 0.88)
    found = asked(embedder, one, other)
    assert "check which of them holds" in agreement.unsettled(found, quotable(found, "en"))
    inside = replace(other, public=False, authority=Authority.POLICY)
    found = asked(embedder, one, inside)
    assert quotable(found, "en") is one
    assert "30 days" in agreement.unsettled(found, quotable(found, "en"))


def test_where_two_are_equally_near_the_stronger_answers_and_the_other_is_named(embedder):
    near = passage("t-7", "Send it to our shop in Lisbon.", 0.9, Authority.LEARNT, kind="ticket")
    article = passage("returns", "Print the label and hand in the parcel.", 0.85)
    found = asked(embedder, near, article)
    best = quotable(found, "en")
    assert best is article
    assert agreement.notes(found, best) == ["“T-7” (learnt from a ticket) was as near; “Returns” (article) answers."]
    far = replace(article, score=0.5)
    assert quotable(asked(embedder, near, far), "en") is near


def test_front_matter_governs_an_article_and_comes_back_as_it_was(tmp_path):
    lines = (
        "title: Returns",
        "authority: Policy",
        "valid_from: 2027-01-01",
        "valid_until: 2027-12-31",
        "supersedes: [a, b-c]",
    )
    (tmp_path / "returns.md").write_text("\n".join(["---", *lines, "---", "Text."]), encoding="utf-8")
    [article] = articles.load(tmp_path)
    assert (article.authority, article.valid_from, article.valid_until) == (
        Authority.POLICY,
        "2027-01-01",
        "2027-12-31",
    )
    assert article.supersedes == ("a", "b-c")
    assert frontmatter.edited(article, frontmatter.written(article)) == article
    ticket = replace(article, kind="ticket", question="What about returns?", authority=Authority.LEARNT)
    assert frontmatter.edited(ticket, frontmatter.written(ticket)) == ticket


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("authority: king", "authority is 'king'"),
        ("valid_until: soon", "valid_until is 'soon'"),
        ("public: maybe", "public is 'maybe'"),
        ("valid_from: 2027-02-01\nvalid_until: 2027-01-01", "before it begins"),
    ],
)
def test_what_can_not_be_read_is_named(tmp_path, line, said):
    (tmp_path / "a.md").write_text(f"---\ntitle: A\n{line}\n---\nText.", encoding="utf-8")
    with pytest.raises(KnowledgeError, match=said):
        articles.load(tmp_path)
    with pytest.raises(KnowledgeError, match="two ---"):
        frontmatter.edited(OLD, "The lines are gone.")


def test_a_condition_carries_a_no_of_its_own(embedder):
    until = "You can cancel an order free of charge until it is packed."
    while_not = "As long as an order is not packed we can cancel it free of charge."
    assert disagree.opposed(until, while_not, embedder) is None
    assert disagree.opposed("Gift cards can be returned.", "Gift cards cannot be returned.", embedder)
