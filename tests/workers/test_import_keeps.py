"""An import overwrites nothing that a person changed or took out here; where the file changed too, both are kept."""

from pathlib import Path

import pytest
from postgres import ON_BOTH

from desk.actions import knowledge
from desk.actions.desk import Desk
from desk.config import KnowledgeConfig
from desk.domain.ticket import Article
from desk.knowledge import articles as files
from desk.store import articles, proposals
from desk.store.database import Database
from desk.workers.indexing import Imported, import_files


class Folder:
    """Articles in files."""

    def __init__(self, place: Path, db: Database) -> None:
        self.place, self.db = place, db
        place.mkdir()

    def write(self, text: str, name: str = "returns") -> None:
        (self.place / f"{name}.md").write_text(f"---\ntitle: Returns\n---\n{text}\n", encoding="utf-8")

    def read(self) -> Imported:
        return import_files(self.db, KnowledgeConfig(folder=str(self.place)))

    def body(self, name: str = "returns") -> str:
        row = self.db.get(articles.one(name))
        return row.article.body if row else ""


@pytest.fixture
def folder(tmp_path: Path, db: Database) -> Folder:
    return Folder(tmp_path / "articles", db)


def changed(desk: Desk, folder: Folder, body: str) -> None:
    [article] = files.load(folder.place)
    knowledge.save_article(desk, Article(article.id, article.title, body))


@ON_BOTH
def test_a_file_that_nobody_changed_here_is_followed(folder: Folder) -> None:
    for text in ("Ten days.", "Twenty days.", "Twenty days."):
        folder.write(text)
        assert folder.read() == Imported(1, ())
        assert folder.body() == text
    row = folder.db.get(articles.one("returns"))
    assert row is not None
    assert row.version == 2


@ON_BOTH
def test_what_was_changed_here_stays_while_the_file_does(folder: Folder, desk: Desk) -> None:
    folder.write("Ten days.")
    folder.read()
    changed(desk, folder, "Thirty days, by Mara.")
    for _ in range(3):
        assert folder.read() == Imported(1, ())
    assert folder.body() == "Thirty days, by Mara."
    assert folder.db.get(proposals.waiting()) == []


@ON_BOTH
def test_changed_here_and_in_the_file_both_are_kept_and_a_person_chooses(folder: Folder, desk: Desk) -> None:
    folder.write("Ten days.")
    folder.read()
    changed(desk, folder, "Thirty days, by Mara.")
    for text in ("Fifteen days.", "Twenty days."):
        folder.write(text)
        assert folder.read().both == ("returns",)
        assert folder.read().both == (), "said once"
    assert folder.body() == "Thirty days, by Mara."
    [proposal] = folder.db.get(proposals.waiting())
    assert (proposal.article.body, proposal.article_id) == ("Twenty days.", "returns")
    refused = knowledge.refuse(desk, proposal.id)
    assert folder.read().both == ()
    assert folder.body() == "Thirty days, by Mara."
    assert refused.undo is not None
    refused.undo()
    accepted = knowledge.accept(desk, proposal.id)
    assert folder.body() == "Twenty days."
    assert accepted.undo is not None
    accepted.undo()
    assert folder.body() == "Thirty days, by Mara."
    knowledge.accept(desk, proposal.id)
    folder.write("Sixty days.")
    assert folder.read() == Imported(1, ())
    assert folder.body() == "Sixty days.", "the file is followed again"


def test_what_was_taken_out_here_is_not_brought_back_by_an_unchanged_file(folder: Folder, desk: Desk) -> None:
    folder.write("Ten days.")
    folder.read()
    knowledge.remove_article(desk, "returns")
    assert folder.read() == Imported(1, ())
    assert folder.body() == ""
    folder.write("Twenty days.")
    assert folder.read().both == ("returns",)
    assert folder.body() == ""
    [proposal] = folder.db.get(proposals.waiting())
    knowledge.accept(desk, proposal.id)
    assert folder.body() == "Twenty days."


def test_an_article_begun_here_is_not_overwritten_by_a_file_of_its_name(folder: Folder, desk: Desk) -> None:
    knowledge.save_article(desk, Article("returns", "Returns", "Begun here."))
    folder.write("From a file.")
    assert folder.read().both == ("returns",)
    assert folder.body() == "Begun here."
