from pathlib import Path

import pytest

from desk.domain.ticket import Article
from desk.knowledge import articles, embed
from desk.knowledge.index import Index

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def embedder() -> embed.Embedder:
    return embed.load(threads=1)


@pytest.fixture(scope="session")
def sample_articles() -> list[Article]:
    return articles.load(ROOT / "sample_mailbox" / "knowledge")


@pytest.fixture(scope="session")
def sample_index(embedder: embed.Embedder, sample_articles: list[Article]) -> Index:
    index = Index(None, embedder)
    index.rebuild(sample_articles)
    return index
