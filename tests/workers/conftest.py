"""A desk without a screen: a real store, real embeddings, a small knowledge base, no language model."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from letters import Clock
from shop import RETURNS, Shop

from desk.actions.desk import Desk
from desk.cli import rooms as composition
from desk.config import Config, MailboxConfig, PipelineConfig
from desk.domain.ticket import Article
from desk.knowledge import embed
from desk.knowledge.embed import Embedder
from desk.knowledge.index import Index
from desk.llm import Models
from desk.pipeline.case import Rooms
from desk.store import articles, database
from desk.store.database import Database
from desk.workers.fetch import Fetcher

ARTICLES = (
    Article("returns", "Returning an order", "You can return an unused lamp within 30 days. Returns cost 4.90 euros."),
    Article("refunds", "When refunds arrive", "A refund reaches your card within 5 working days after we received it."),
    Article("internal", "Goodwill", "Agents may give 40 euros of goodwill without asking.", public=False),
)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    return embed.load()


@pytest.fixture(scope="session")
def index(embedder: Embedder) -> Index:
    made = Index(None, embedder)
    made.rebuild(ARTICLES)
    return made


@pytest.fixture
def config(tmp_path: Path) -> Config:
    folder = tmp_path / "mailbox"
    folder.mkdir()
    box = MailboxConfig(name="help", address="help@shop.example", folder=str(folder), signature="The lamp shop")
    return Config(mailboxes=(box,), pipeline=PipelineConfig(window_seconds=30, hold_seconds=15))


@pytest.fixture
def db(empty_store: str) -> Iterator[Database]:
    made = database.open(empty_store)
    yield made
    made.close()


@pytest.fixture
def rooms(config: Config, embedder: Embedder, index: Index) -> Rooms:
    return Rooms(config, embedder, index, Models(None, None, "no model in this test"), None, None)


@pytest.fixture
def desk(config: Config, db: Database, clock: Clock) -> Desk:
    return replace(composition.desk(config, db, who="mara"), clock=clock, uptime=None)


@pytest.fixture
def fetcher(db: Database, config: Config, clock: Clock) -> Fetcher:
    return Fetcher(db, config.mailboxes[0], composition.source, clock)


@pytest.fixture
def shop(
    config: Config, db: Database, fetcher: Fetcher, rooms: Rooms, clock: Clock, desk: Desk, embedder: Embedder,
    tmp_path: Path,
) -> Shop:  # fmt: skip
    """A desk that knows one article, on an index of its own."""
    with db.write() as tx:
        articles.save(tx, RETURNS, by="import", at=clock(), source="file")
    return Shop(config, db, fetcher, replace(rooms, index=Index(tmp_path / "vectors", embedder)), clock, desk)
