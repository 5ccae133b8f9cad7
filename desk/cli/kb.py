"""`desk kb`: search the knowledge, compare two questions, list, import, rebuild."""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from desk.cli import rooms
from desk.errors import KnowledgeError

if TYPE_CHECKING:
    from desk.knowledge.index import Index


def kb(given: argparse.Namespace) -> int:
    """One of the verbs."""
    return {"search": _search, "same": _same, "list": _list, "import": _import, "rebuild": _rebuild}[given.verb](given)


def _search(given: argparse.Namespace) -> int:
    from desk.knowledge.retrieve import search

    with tempfile.TemporaryDirectory(prefix="desk-kb-") as scratch:
        index = _index(given.kb, Path(scratch))
        if given.jsonl:
            for line in sys.stdin:
                if line.strip():
                    row = json.loads(line)
                    _print({"id": row["id"], **_found(index, str(row["text"]))})
            return 0
        text = " ".join(given.text)
        if not text:
            raise KnowledgeError("There is nothing to look for.", "Say it after `desk kb search`.")
        if given.json:
            _print(_found(index, text))
            return 0
        found = search(index, text)
        print(f"{found.known}, answerable {found.answerable:.2f}")  # noqa: T201
        for passage in found.passages:
            private = "" if passage.public else "  (private)"
            print(f"{passage.score:.2f}  {passage.article}  {passage.title}{private}")  # noqa: T201
            print("      " + " ".join(passage.text.split())[:160])  # noqa: T201
    return 0


def _found(index: "Index", text: str) -> dict[str, Any]:
    from desk.knowledge.retrieve import search

    found = search(index, text, k=10)
    return {
        "hits": [{"article": p.article, "score": round(p.score, 4)} for p in found.passages],
        "answerable": round(found.answerable, 4),
    }


def _same(given: argparse.Namespace) -> int:
    from desk.knowledge import embed
    from desk.knowledge.retrieve import same

    config, _ = rooms.configuration()
    embedder = embed.load(config.knowledge.embeddings)
    if given.jsonl:
        for line in sys.stdin:
            if line.strip():
                row = json.loads(line)
                _print({"id": row["id"], "score": round(same(embedder, str(row["a"]), str(row["b"])), 4)})
        return 0
    if len(given.text) != 2:
        raise KnowledgeError("`desk kb same` compares two questions.", "Give both, each in quotes.")
    print(f"{same(embedder, *given.text):.2f}")  # noqa: T201
    return 0


def _list(given: argparse.Namespace) -> int:
    from desk.store import articles

    db = rooms.store(*rooms.configuration())
    rows = db.get(articles.all_rows())
    db.close()
    if given.json:
        _print([{"id": r.article.id, "title": r.article.title, "kind": r.article.kind} for r in rows])
    for row in [] if given.json else rows:
        print(f"{row.article.id:32} {row.article.kind:8} {row.article.language}  {row.article.title}")  # noqa: T201
    return 0


def _import(given: argparse.Namespace) -> int:
    from desk.config import KnowledgeConfig
    from desk.workers.indexing import import_files

    if len(given.text) != 1:
        raise KnowledgeError("`desk kb import` takes one folder.", "Name a folder of Markdown files.")
    db = rooms.store(*rooms.configuration())
    count = import_files(db, KnowledgeConfig(folder=given.text[0]))
    db.close()
    print(f"{count} articles are in the store; a running desk indexes them at once, else `desk kb rebuild` does.")  # noqa: T201
    return 0


def _rebuild(given: argparse.Namespace) -> int:
    from desk.knowledge import embed
    from desk.knowledge.index import Index
    from desk.store import articles

    config, places = rooms.configuration()
    db = rooms.store(config, places)
    index = Index(places.vectors, embed.load(config.knowledge.embeddings))
    items = [row.article for row in db.get(articles.all_rows())]
    index.rebuild(items)
    db.close()
    print(f"The index holds {len(items)} articles and resolved tickets again.")  # noqa: T201
    return 0


def _index(folder: str | None, scratch: Path) -> "Index":
    """The index of the store, or one made of `folder` for this call."""
    from desk.knowledge import articles, embed
    from desk.knowledge.index import Index

    config, places = rooms.configuration()
    embedder = embed.load(config.knowledge.embeddings)
    if folder is None:
        return Index(places.vectors, embedder)
    index = Index(scratch / "vectors", embedder)
    index.rebuild(articles.load(Path(folder)))
    return index


def _print(data: Any) -> None:
    print(json.dumps(data, ensure_ascii=True), flush=True)  # noqa: T201
