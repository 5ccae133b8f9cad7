"""Real mails to three houses of other trades: short, wordy and in other languages, some about what no article says.

Written by somebody who had not seen the search; nothing was trained on them or chosen by them.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from desk.domain.enums import Known
from desk.domain.ticket import Article
from desk.knowledge import retrieve
from desk.knowledge.closely import Closely
from desk.knowledge.embed import Embedder
from desk.knowledge.index import Index

HOUSES = Path(__file__).parent / "houses"


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (HOUSES / name).read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def houses(embedder: Embedder) -> dict[str, Index]:
    """An index of its own for each house."""
    items: dict[str, list[Article]] = defaultdict(list)
    for row in rows("articles.jsonl"):
        items[row["company"]].append(Article(row["id"], row["title"], row["body"], language=row["language"]))
    found = {house: Index(None, embedder) for house in items}
    for house, index in found.items():
        index.rebuild(items[house])
    return found


def looked_up(houses: dict[str, Index]) -> Iterator[tuple[dict[str, Any], str, Known]]:
    for row in rows("questions.jsonl"):
        found = retrieve.search(houses[row["company"]], row["text"], language=row["language"])
        yield row, found.passages[0].article, found.known


def test_the_right_article_comes_first_and_hardly_anything_novel_is_taken_for_known(
    houses: dict[str, Index], monkeypatch: pytest.MonkeyPatch
) -> None:
    right: dict[str, list[bool]] = defaultdict(list)
    novel = []
    for row, first, known in looked_up(houses):
        if row["article"] is None:
            novel.append(known is Known.KNOWN)
        else:
            right["en" if row["language"] == "en" else "others"].append(first == row["article"])
    assert (len(right["en"]), len(right["others"]), len(novel)) == (84, 42, 36)
    assert sum(right["en"]) >= 62
    assert sum(right["others"]) >= 31
    assert sum(novel) <= 1
    monkeypatch.setattr(Closely, "reordered", lambda self, text, hits, language: list(hits))
    foreign = [row for row in rows("questions.jsonl") if row["article"] and row["language"] != "en"]
    found = (houses[r["company"]].search(r["text"], 1, language=r["language"])[0].article.id for r in foreign)
    assert sum(first == row["article"] for first, row in zip(found, foreign, strict=True)) < sum(right["others"])
