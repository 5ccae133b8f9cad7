import random
from dataclasses import replace
from pathlib import Path

import pytest

from desk.domain.ticket import Article
from desk.errors import KnowledgeError
from desk.knowledge import embed
from desk.knowledge.index import Index, digest

RETURNS = Article("returns", "Returning an item", "Send it back within 30 days.\n\nThe label is free.")
HOURS = Article("hours", "Opening hours", "We are open from nine to five, Monday to Friday.")
SECRET = Article("margin", "Goodwill limits", "Agents may give 20 euros for a late parcel.", public=False)
ANNA = Article(
    "anna", "", "Your own cable was shortened to 2 m.", kind="ticket", question="How long is my cable?", contact_id=7
)


def found(index: Index, text: str, **scope) -> list[str]:
    return [hit.article.id for hit in index.search(text, 10, **scope)]


def test_what_belongs_to_one_contact_never_leaves_that_contact(embedder):
    index = Index(None, embedder)
    index.rebuild([RETURNS, HOURS, ANNA])
    assert found(index, "How long is my cable?", contact_id=7)[0] == "anna"
    for scope in ({}, {"contact_id": 8}, {"contact_id": 0}, {"contact_id": -1}):
        assert "anna" not in found(index, "How long is my cable?", **scope)


def test_internal_items_are_left_out_where_asked(embedder):
    index = Index(None, embedder)
    index.rebuild([RETURNS, HOURS, SECRET])
    assert found(index, "goodwill for a late parcel")[0] == "margin"
    assert "margin" not in found(index, "goodwill for a late parcel", include_private=False)


def test_the_nearest_neighbour_path_keeps_the_same_scope(embedder, tmp_path: Path):
    index = Index(tmp_path, embedder, ann_from=4)
    index.rebuild([RETURNS, HOURS, SECRET, ANNA])
    assert found(index, "How do I send something back?")[0] == "returns"
    assert "anna" not in found(index, "How long is my cable?", contact_id=8)
    assert found(index, "How long is my cable?", contact_id=7)[0] == "anna"
    assert "margin" not in found(index, "goodwill for a late parcel", include_private=False)


def test_rebuild_and_upsert_give_the_same_index(embedder, tmp_path: Path):
    rebuilt, grown = Index(tmp_path / "a", embedder), Index(tmp_path / "b", embedder)
    rebuilt.rebuild([RETURNS, HOURS, SECRET])
    grown.upsert([replace(RETURNS, body="An older text. With more sentences than now. And one more here."), HOURS])
    grown.upsert([SECRET, RETURNS])
    assert grown.ids() == rebuilt.ids() == {a.id: digest(a) for a in (RETURNS, HOURS, SECRET)}
    for text in ("send back", "opening hours", "late parcel"):
        a, b = rebuilt.search(text), grown.search(text)
        assert [(h.article, h.score, h.start, h.end) for h in a] == [(h.article, h.score, h.start, h.end) for h in b]


def test_upsert_writes_only_what_changed(embedder):
    index = Index(None, embedder)
    assert index.upsert([RETURNS, HOURS]) == 2
    assert index.upsert([RETURNS, HOURS]) == 0
    assert index.upsert([RETURNS, replace(HOURS, body="Closed all winter, until March.")]) == 1
    assert index.search("opening hours")[0].article.body == "Closed all winter, until March."


def test_remove_forgets_even_odd_ids(embedder):
    index = Index(None, embedder)
    odd = replace(HOURS, id="it's \"odd\"'; --")
    index.upsert([RETURNS, odd])
    index.remove([odd.id, "unknown"])
    assert set(index.ids()) == {"returns"}


def test_an_index_on_disk_is_seen_by_another_handle_at_once(embedder, tmp_path: Path):
    writer, reader = Index(tmp_path, embedder), Index(tmp_path, embedder)
    writer.rebuild([RETURNS])
    assert found(reader, "send back") == ["returns"]
    writer.upsert([HOURS])
    assert set(found(reader, "send back")) == {"returns", "hours"}
    writer.rebuild([HOURS])
    assert found(reader, "send back") == ["hours"]


def test_an_index_of_another_model_counts_as_empty_and_is_written_anew(embedder, tmp_path: Path):
    Index(tmp_path, embedder).rebuild([RETURNS])
    other = embed.load(threads=1)
    other._fingerprint = "another-model"
    index = Index(tmp_path, other)
    assert index.ids() == {}
    assert index.search("send back") == []
    assert index.upsert([RETURNS]) == 1
    assert set(index.ids()) == {"returns"}


def test_a_spoilt_index_says_how_to_mend_it(embedder, tmp_path: Path):
    Index(tmp_path, embedder).rebuild([RETURNS])
    for file in tmp_path.rglob("*.lance"):
        if file.is_file():
            file.write_bytes(b"spoilt")
    with pytest.raises(KnowledgeError, match="can't be used") as error:
        Index(tmp_path, embedder).search("send back")
    assert "kb rebuild" in error.value.fix


def test_empty_questions_and_empty_indexes_find_nothing(embedder):
    index = Index(None, embedder)
    assert index.search("anything") == []
    index.rebuild([RETURNS])
    assert index.search("   ") == []


def test_items_without_text_do_not_break_the_search(embedder):
    index = Index(None, embedder)
    index.rebuild([Article("empty", "", ""), Article("title-only", "Gift wrapping", ""), RETURNS])
    assert found(index, "gift wrapping")[0] == "title-only"


def test_a_code_finds_its_article(embedder):
    index = Index(None, embedder)
    index.rebuild(
        [Article(f"e{n}", f"Error E{n}", f"The display shows E{n}. Part {n} has to be changed.") for n in range(20, 30)]
    )
    assert found(index, "my machine says e-27, what now?")[0] == "e27"


def test_ties_are_broken_the_same_way_every_time(embedder):
    index = Index(None, embedder)
    index.rebuild([replace(HOURS, id=name) for name in "cab"])
    assert found(index, "opening hours") == ["a", "b", "c"]


def test_a_thousand_searches_never_show_what_belongs_to_another_contact_or_to_nobody_outside(embedder):
    """Each contact's facts and the internal ones carry canaries; the likest words must not bring them out."""
    dice = random.Random(20)
    topics = ("discount", "delivery gate code", "invoice address", "contact person", "return agreement")
    items = [
        Article(
            f"{contact}-{topic}",
            f"The {topic} of this customer",
            f"Canary{contact}x: the {topic} is {contact * 7}.",
            contact_id=contact,
        )
        for contact in range(1, 21)
        for topic in topics
    ]
    items += [
        Article(f"in-{topic}", f"House rule: {topic}", f"Canary0x: {topic} up to 30.", public=False) for topic in topics
    ]
    items += [Article(f"all-{topic}", f"About the {topic}", f"Ask us about the {topic}.") for topic in topics]
    index = Index(None, embedder)
    index.rebuild(items)
    for _ in range(1000):
        asker, owner = dice.choice([None, *range(1, 21)]), dice.randrange(1, 21)
        text = f"{dice.choice(topics)} Canary{owner}x {owner * 7}"
        hits = index.search(text, dice.randrange(1, 30), contact_id=asker, include_private=False)
        assert hits
        assert {hit.article.contact_id for hit in hits} <= {None, asker}
        assert all(hit.article.public for hit in hits)
