"""Knowledge: embedding throughput beside bare fastembed, and how soon an edited article is found.

`python tests/bench/bench_knowledge.py`. Both run the same model on one thread, in turns: desk one text at a
time (see `desk.knowledge.embed` for why), bare fastembed that way and in batches. Read the ratios.
"""

import statistics
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from desk.config import Config
from desk.domain.ticket import Article
from desk.knowledge import articles as files
from desk.knowledge import embed, glossary
from desk.knowledge.index import Index
from desk.llm import Models
from desk.pipeline.case import Rooms
from desk.store import articles, database
from desk.workers import think
from desk.workers.indexing import Indexer
from desk.workers.loop import Stop

SAMPLE = Path(__file__).resolve().parents[2] / "sample_mailbox" / "knowledge"
ROUNDS = 5


def texts() -> list[str]:
    """Two hundred different texts: titles and paragraphs of the sample articles."""
    found = [part for a in files.load(SAMPLE) for part in (a.title, *a.body.split("\n\n")) if part.strip()]
    return list(dict.fromkeys(found))[:200]


def throughput() -> None:
    """Texts a second: desk's embedder (with its glossary, its cache empty) and the model inside it, called bare."""
    given = texts()
    warm = embed.load()
    warm.embed(["once"])
    bare: Any = warm._model
    plain = [glossary.to_english(text) or " " for text in given]
    ratios, against_batch, ours = [], [], []
    for number in range(ROUNDS):
        fresh = embed.load()
        fresh.embed(["once"])
        started = time.perf_counter()
        fresh.embed(given)
        own = time.perf_counter() - started
        started = time.perf_counter()
        list(bare.embed(plain, batch_size=1))
        other = time.perf_counter() - started
        started = time.perf_counter()
        list(bare.embed(plain, batch_size=64))
        batched = time.perf_counter() - started
        ratios.append(other / own)
        against_batch.append(batched / own)
        ours.append(len(given) / own)
        speeds = [len(given) / seconds for seconds in (own, other, batched)]
        print(f"  round {number + 1}: {speeds[0]:.0f} texts/s, bare {speeds[1]:.0f}, in batches {speeds[2]:.0f}")
    print(
        f"embedding: {statistics.median(ours):.0f} texts/s, {statistics.median(ratios):.2f} of bare fastembed one by one, "
        f"{statistics.median(against_batch):.2f} of it in batches of 64"
    )


def edit_to_search() -> None:
    """Seconds from the commit of an edit to a search that finds it, through the store and the index."""
    with tempfile.TemporaryDirectory() as name:
        db = database.open(str(Path(name) / "desk.db"))
        index = Index(Path(name) / "vectors", embed.load())
        items = files.load(SAMPLE)
        with db.write() as tx:
            for item in items:
                articles.save(tx, item, by="bench", at=datetime.now(UTC))
        indexer = Indexer(db, index)
        indexer.once()
        reader = Index(Path(name) / "vectors", embed.load())
        reader.search("warm")
        took = []
        for number in range(10):
            item = Article(items[0].id, items[0].title, f"{items[0].body}\n\nThe word of the day is zanzibar{number}.")
            with db.write() as tx:
                articles.save(tx, item, by="bench", at=datetime.now(UTC))
            started = time.perf_counter()
            indexer.once()
            assert any(f"zanzibar{number}" in hit.article.body for hit in reader.search(f"zanzibar{number}"))
            took.append(time.perf_counter() - started)
        print(f"edit to search: median {statistics.median(took):.3f} s, slowest {max(took):.3f} s of {len(took)}")
        db.close()


def edit_to_search_in_a_running_desk() -> None:
    """Seconds from a person's save to the moment another process's search finds it, the think worker running."""
    with tempfile.TemporaryDirectory() as name:
        db, index = database.open(str(Path(name) / "desk.db")), Index(Path(name) / "vectors", embed.load())
        with db.write() as tx:
            for item in files.load(SAMPLE):
                articles.save(tx, item, by="bench", at=datetime.now(UTC))
        stop = Stop()
        rooms = Rooms(Config(), index.embedder, index, Models(None, None, "no model in this bench"), None, None)
        worker = threading.Thread(target=think.run, args=(db, lambda: rooms, stop))
        worker.start()
        here, reader = database.open(str(Path(name) / "desk.db")), Index(Path(name) / "vectors", embed.load())
        while len(reader.ids()) < len(here.get(articles.hashes())):
            time.sleep(0.1)
        [first, *_] = files.load(SAMPLE)
        took = []
        for number in range(10):
            item = Article(first.id, first.title, f"{first.body}\n\nThe word of the day is zanzibar{number}.")
            started = time.perf_counter()
            with here.write() as tx:
                articles.save(tx, item, by="bench", at=datetime.now(UTC), source="desk")
            while not any(f"zanzibar{number}" in hit.article.body for hit in reader.search(f"zanzibar{number}")):
                time.sleep(0.01)
            took.append(time.perf_counter() - started)
        print(
            f"edit to search, worker running: median {statistics.median(took):.3f} s, slowest {max(took):.3f} s of {len(took)}"
        )
        stop.event.set()
        worker.join()
        here.close()
        db.close()


if __name__ == "__main__":
    throughput()
    edit_to_search()
    edit_to_search_in_a_running_desk()
