from pathlib import Path

import pytest

from desk.errors import KnowledgeError
from desk.knowledge import articles


def test_front_matter_is_read_and_the_rest_is_the_body(tmp_path: Path):
    (tmp_path / "a.md").write_text(
        '---\nid: kb-1\ntitle: "Returns: how"\ncategory: support\nlanguage: de\npublic: false\n---\n\nErster Satz.\n'
    )
    [article] = articles.load(tmp_path)
    assert (article.id, article.title, article.category) == ("kb-1", "Returns: how", "support")
    assert (article.language, article.public, article.body) == ("de", False, "Erster Satz.")


def test_without_front_matter_name_heading_and_language_are_found(tmp_path: Path):
    (tmp_path / "opening-hours.md").write_text(
        "# Öffnungszeiten\n\nWir haben montags bis freitags von neun bis fünf geöffnet."
    )
    [article] = articles.load(tmp_path)
    assert (article.id, article.title, article.language, article.public) == (
        "opening-hours",
        "Öffnungszeiten",
        "de",
        True,
    )


def test_json_lines_with_text_or_body(tmp_path: Path):
    (tmp_path / "articles.jsonl").write_text(
        '{"id":"a","title":"T","text":"one"}\n\n{"id":"b","title":"U","body":"two"}\n'
    )
    assert [(a.id, a.body) for a in articles.load(tmp_path)] == [("a", "one"), ("b", "two")]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.md", "---\ntitle: x\nno end", "never closes"),
        ("a.md", "---\ntitle: x\npublic: perhaps\n---\nbody", "public is 'perhaps'"),
        ("articles.jsonl", '{"id":"a"}\n{oops', "line 2 is not JSON"),
        ("articles.jsonl", '{"id":"a","contact_id":"seven"}', "contact_id is 'seven'"),
        ("articles.jsonl", '{"id":"a"}\n{"id":"a"}', "Two articles have the id 'a'"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, name: str, text: str, said: str):
    (tmp_path / name).write_text(text)
    with pytest.raises(KnowledgeError, match=said) as error:
        articles.load(tmp_path)
    assert str(tmp_path / name) in str(error.value)


def test_a_missing_folder_names_the_setting(tmp_path: Path):
    with pytest.raises(KnowledgeError, match=r"knowledge\.folder"):
        articles.load(tmp_path / "nowhere")
    with pytest.raises(KnowledgeError, match=r"knowledge\.resolved"):
        articles.load_resolved(tmp_path / "nowhere")


def test_resolved_tickets_hold_question_and_answer(tmp_path: Path):
    file = tmp_path / "resolved.jsonl"
    file.write_text('{"id":"R-1","question":"Where?","answer":"Here.","contact_id":4,"language":"en"}\n')
    [ticket] = articles.load_resolved(file)
    assert (ticket.kind, ticket.question, ticket.body, ticket.contact_id) == ("ticket", "Where?", "Here.", 4)
    file.write_text('{"id":"R-1","question":"Where?"}\n')
    with pytest.raises(KnowledgeError, match="line 1 lacks"):
        articles.load_resolved(file)
