import json
import re
from pathlib import Path

import pytest

from desk.domain.enums import Known
from desk.domain.ticket import Article, Passage
from desk.knowledge import articles, retrieve
from desk.knowledge.index import Index
from desk.knowledge.sentences import paragraphs, sentences

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT.parent / "shared" / "corpora" / "support" / "kb"
QUESTIONS = [json.loads(line) for line in (Path(__file__).parent / "questions.jsonl").open(encoding="utf-8")]


def base(name: str) -> str:
    return name.split(".")[0]


@pytest.fixture(scope="module")
def answers(sample_index):
    return [(q, retrieve.search(sample_index, q["text"], k=3, language=q["language"])) for q in QUESTIONS]


def test_offsets_point_at_the_text_and_probabilities_are_probabilities(answers, sample_articles):
    bodies = {a.id: a.body for a in sample_articles}
    for _, found in answers:
        assert 0 <= found.answerable <= 1
        assert len(found.passages) == 3
        assert [p.score for p in found.passages] == sorted((p.score for p in found.passages), reverse=True)
        for passage in found.passages:
            assert passage.text
            assert bodies[passage.article][passage.start : passage.end] == passage.text


@pytest.mark.parametrize(("language", "floor"), [("en", 0.85), ("de", 0.85), ("nl", 0.85), ("fr", 0.85), ("es", 0.75)])
def test_known_questions_find_their_article(answers, language, floor):
    right = [
        base(next(p for p in found.passages if p.public).article) == q["article"]
        for q, found in answers
        if q["article"] and q["language"] == language
    ]
    assert sum(right) / len(right) >= floor


@pytest.mark.parametrize(("language", "floor"), [("de", 0.7), ("nl", 0.7), ("fr", 0.7), ("es", 0.6)])
def test_an_article_in_the_writers_language_is_preferred(answers, sample_articles, language, floor):
    there = {a.id for a in sample_articles}
    own = [
        f"{q['article']}.{language}" in {p.article for p in found.passages[:2]}
        for q, found in answers
        if q["language"] == language and f"{q['article']}.{language}" in there
    ]
    assert sum(own) / len(own) >= floor


def test_known_and_novel_are_told_apart(answers):
    known = [found.known for q, found in answers if q["article"]]
    novel = [found.known for q, found in answers if not q["article"]]
    assert known.count(Known.KNOWN) / len(known) >= 0.8
    assert known.count(Known.NOVEL) / len(known) <= 0.06
    assert novel.count(Known.NOVEL) / len(novel) >= 0.8
    assert novel.count(Known.KNOWN) / len(novel) <= 0.08


def test_an_internal_article_alone_answers_nothing_to_a_customer(embedder):
    index = Index(None, embedder)
    index.rebuild(
        [Article("limits", "Goodwill for late parcels", "Give up to 20 euros for a late parcel.", public=False)]
    )
    found = retrieve.search(index, "How much goodwill do I get for a late parcel?")
    assert found.known == Known.NOVEL
    assert found.answerable == 0
    assert [p.public for p in found.passages] == [False]
    assert retrieve.search(index, "goodwill for a late parcel", include_private=False).passages == ()


def test_a_past_ticket_stands_beside_the_articles_and_brings_its_answer(embedder, sample_articles):
    answer = "Yes, we engrave brass lamps.\n\nSend us the text with your order number."
    ticket = Article("R-1", "", answer, kind="ticket", question="Can you engrave a name into my lamp?")
    index = Index(None, embedder)
    index.rebuild([*sample_articles, ticket])
    found = retrieve.search(index, "is it possible to have a name engraved in the lamp?")
    best = found.passages[0]
    assert (best.article, best.kind, found.known) == ("R-1", "ticket", Known.KNOWN)
    assert best.text == answer[best.start : best.end] == answer


def test_a_long_article_gives_a_passage_not_the_whole(embedder):
    block = " ".join(f"Part {n} of the frame is made of oak and needs no care at all." for n in range(40))
    body = f"{block} Wipe the brass foot with a dry cloth once a month. {block}"
    index = Index(None, embedder)
    index.rebuild([Article("care", "Care of the table", body)])
    passage = retrieve.search(index, "how do I clean the brass foot?").passages[0]
    assert "Wipe the brass foot" in passage.text
    assert len(passage.text) <= 700


def test_same_question_scores_above_another_question(embedder):
    a = "Where is my order 4711?"
    assert retrieve.same(embedder, a, "can you tell me where order 9923 is") > 0.6
    assert retrieve.same(embedder, a, "I forgot my password") < 0.4
    assert retrieve.same(embedder, a, "") == 0
    assert 0.95 <= retrieve.same(embedder, a, a) <= 1


def test_sentences_and_paragraphs_cover_the_text():
    text = (
        "# Head\n\nRead this, z. B. this very one. Then a second one follows it!\n\n- an item of the list\n\nThe end."
    )
    assert [text[a:b] for a, b in sentences(text)] == [
        "Head\n\nRead this, z. B. this very one.",
        "Then a second one follows it!",
        "an item of the list\n\nThe end.",
    ]
    assert [text[a:b] for a, b in paragraphs(text)] == [
        "# Head\n\nRead this, z. B. this very one. Then a second one follows it!",
        "- an item of the list",
        "The end.",
    ]


@pytest.mark.skipif(not CORPUS.exists(), reason="the labelled set is not here")
def test_floor_on_the_labelled_questions(embedder):
    rows = [json.loads(line) for line in (CORPUS / "articles.jsonl").open(encoding="utf-8")]
    queries = [json.loads(line) for line in (CORPUS / "queries.jsonl").open(encoding="utf-8")]
    index = Index(None, embedder)
    index.rebuild(Article(r["id"], r["title"], r["body"]) for r in rows)
    known, novel, right = [], [], []
    for query in queries:
        found = retrieve.search(index, query["text"], k=1)
        if query["kind"] == "answerable":
            known.append(found.answerable)
            right.append(found.passages[0].article in query["relevant"])
        else:
            novel.append(found.answerable)
    better = sum((a > b) + 0.5 * (a == b) for a in known for b in novel) / (len(known) * len(novel))
    assert sum(right) / len(right) >= 0.70
    assert better >= 0.95


def test_articles_of_the_sample_are_complete():
    for path in (ROOT / "sample_mailbox" / "knowledge",):
        for article in articles.load(path):
            assert article.title
            assert len(article.body) > 80


def test_the_same_passage_is_found_in_another_version_of_its_article(sample_index, sample_articles):
    by_id = {a.id: a for a in sample_articles}
    checked = 0
    for article in sample_articles:
        other = f"{base(article.id)}.fr"
        if not article.public or other not in by_id or article.language == "fr":
            continue
        for start, end in paragraphs(article.body):
            found = passage_of(article, start, end)
            put = retrieve.in_language(sample_index, found, "fr")
            if put is None:
                continue
            checked += 1
            assert (put.article, put.language, put.public) == (other, "fr", True)
            assert by_id[other].body[put.start : put.end] == put.text
            assert numbers(found.text) <= numbers(put.text)
    assert checked > 5


def test_no_version_in_that_language_or_a_private_one_is_none(embedder):
    index = Index(None, embedder)
    body = "Refunds take 5 days.\n\nCards are quicker."
    index.rebuild(
        [
            Article("refunds", "Refunds", body),
            Article("refunds.de", "Erstattung", "Das dauert 5 Tage.\n\nKarten sind schneller.", language="de"),
            Article("refunds.fr", "Interne", body, language="fr", public=False),
            Article("refunds.es", "Largo", "\n\n".join(["Mucho texto sobre algo. " * 20] * 3), language="es"),
        ]
    )
    found = passage_of(Article("refunds", "Refunds", body), 22, 40)
    german = retrieve.in_language(index, found, "de")
    assert german is not None
    assert german.text == "Karten sind schneller."
    assert retrieve.in_language(index, german, "en").text == "Cards are quicker."
    assert retrieve.in_language(index, found, "fr") is None
    assert retrieve.in_language(index, found, "es") is None, "nobody could say which paragraph it is"
    assert retrieve.in_language(index, found, "nl") is None
    index.upsert([Article("refunds.nl", "Terugbetaling", "Dat duurt even.\n\nKaarten zijn sneller.", language="nl")])
    first = passage_of(Article("refunds", "Refunds", body), 0, 20)
    assert retrieve.in_language(index, first, "nl") is None, "the five days would be lost"
    index.upsert([Article("refunds.de", "Erstattung", body, language="de", valid_until="2020-12-31")])
    assert retrieve.in_language(index, found, "de") is None, "it no longer holds"


def passage_of(article, start, end):
    return Passage(article.id, article.title, article.body[start:end], start, end, 0.9, language=article.language)


def numbers(text):
    return set(re.findall(r"\d+", text))
