"""`desk kb`: search the knowledge, compare two questions, list, import, rebuild."""

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from desk.cli import lines, plain, rooms
from desk.errors import ConfigError, KnowledgeError

if TYPE_CHECKING:
    from desk.knowledge.index import Index


def kb(given: argparse.Namespace) -> int:
    """One of the verbs."""
    verbs = {"search": _search, "same": _same, "list": _list, "import": _import, "rebuild": _rebuild}
    verbs |= {"gaps": _gaps, "answers": _answers}
    return verbs[given.verb](given)


def _search(given: argparse.Namespace) -> int:
    from desk.knowledge.retrieve import search

    text = " ".join(given.text)
    if not text and not given.jsonl:
        raise ConfigError("There is nothing to look for.", "Say it after `desk kb search`.")
    with tempfile.TemporaryDirectory(prefix="desk-kb-") as scratch:
        index = _index(given.kb, Path(scratch))
        if given.jsonl:
            return lines.answer_each(lambda row: _found(index, lines.text(row, "text")))
        if given.json:
            lines.put(_found(index, text))
            return 0
        found = search(index, text)
        print(f"{found.known}, answerable {found.answerable:.2f}")  # noqa: T201
        for passage in found.passages:
            private = "" if passage.public else "  (private)"
            print(f"{passage.score:.2f}  {plain.line(passage.article)}  {plain.line(passage.title, 100)}{private}")  # noqa: T201
            print("      " + plain.line(passage.text, 160))  # noqa: T201
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

    if len(given.text) != 2 and not given.jsonl:
        raise ConfigError("`desk kb same` compares two questions.", "Give both, each in quotes.")
    config, _ = rooms.configuration()
    embedder = embed.load(config.knowledge.embeddings)

    def score(a: str, b: str) -> dict[str, float]:
        return {"score": round(same(embedder, a, b), 4)}

    if given.jsonl:
        return lines.answer_each(lambda row: score(lines.text(row, "a"), lines.text(row, "b")))
    if given.json:
        lines.put(score(*given.text))
    else:
        print(f"{score(*given.text)['score']:.2f}")  # noqa: T201
    return 0


def _list(given: argparse.Namespace) -> int:
    from desk.store import articles

    db = rooms.store(*rooms.configuration())
    rows = db.get(articles.all_rows())
    db.close()
    if given.json:
        lines.put([{"id": r.article.id, "title": r.article.title, "kind": r.article.kind} for r in rows])
    for row in [] if given.json else rows:
        print(plain.line(f"{row.article.id:32} {row.article.kind:8} {row.article.language}  {row.article.title}", 160))  # noqa: T201
    return 0


def _gaps(given: argparse.Namespace) -> int:
    """What nothing answers, the most asked first, and what is proposed; people decide in the Knowledge view."""
    from desk.store import gaps, proposals

    db = rooms.store(*rooms.configuration())
    asked, proposed = db.get(gaps.listed()), db.get(proposals.waiting())
    db.close()
    if given.json:
        unanswered = [
            {"question": g.question, "asked": len(g.asked), "tickets": [a.number for a in g.asked]} for g in asked
        ]
        waiting = [{"title": p.article.title or p.article.question, "from": p.number} for p in proposed]
        lines.put({"gaps": unanswered, "proposals": waiting})
        return 0
    for gap in asked:
        print(plain.line(f"asked {len(gap.asked)} times, nothing answers: {gap.question}", 160))  # noqa: T201
    for row in proposed:
        origin = f" from {row.number}" if row.number else ""
        print(plain.line(f"proposed{origin}: {row.article.title or row.article.question}", 160))  # noqa: T201
    if not asked and not proposed:
        print("Nothing that two customers asked is without an answer, and nothing is proposed.")  # noqa: T201
    return 0


def _import(given: argparse.Namespace) -> int:
    from desk.config import KnowledgeConfig
    from desk.workers.indexing import import_files

    if len(given.text) != 1:
        raise ConfigError("`desk kb import` takes one folder.", "Name a folder of Markdown, text, HTML or PDF files.")
    if not (folder := Path(given.text[0]).expanduser().absolute()).exists():
        raise KnowledgeError(f"There is no folder {folder}.", "Name a folder of Markdown, text, HTML or PDF files.")
    db = rooms.store(*rooms.configuration())
    done = import_files(db, KnowledgeConfig(folder=str(folder)))
    db.close()
    print(f"{done.read} articles are in the store; a running desk indexes them at once, else `desk kb rebuild` does.")  # noqa: T201
    if done.both:
        print(plain.line(f"Changed in desk and in the file as well: {', '.join(done.both)}.", 200))  # noqa: T201
        print("What was changed in desk stays in use; the Knowledge view (g k) proposes what the file says.")  # noqa: T201
    return 0


def _rebuild(given: argparse.Namespace) -> int:
    from desk.knowledge import embed
    from desk.knowledge.index import Index
    from desk.workers.indexing import Indexer

    config, places = rooms.configuration()
    db = rooms.store(config, places)
    index = Index(places.vectors, embed.load(config.knowledge.embeddings))
    count = Indexer(db, index).rebuild()
    db.close()
    if count is None:
        raise KnowledgeError("A running desk is writing the index just now.", "Try again in a minute.")
    print(f"The index holds {count} articles and resolved tickets again.")  # noqa: T201
    return 0


def _answers(given: argparse.Namespace) -> int:
    """What people answered and want used again; `forget ID` ends one."""
    from desk.actions import review
    from desk.store import answers

    config, places = rooms.configuration()
    db = rooms.store(config, places)
    try:
        if given.text[:1] == ["forget"] and len(given.text) == 2 and given.text[1].isdecimal():
            print(review.forget_answer(rooms.desk(config, db), int(given.text[1])).text)  # noqa: T201
            return 0
        if given.text:
            raise ConfigError("`desk kb answers` takes nothing, or: forget ID.", "`desk kb answers` shows the ids.")
        found = db.get(answers.in_use(rooms.now()))
    finally:
        db.close()
    if given.json:
        lines.put([{"id": a.id, "question": a.question, "article": a.article, "by": a.by} for a in found])
        return 0
    for a in found:
        print(plain.line(f"{a.id}  {a.article}  {a.by}, {a.at:%Y-%m-%d}: {a.question}", 160))  # noqa: T201
    if not found:
        print("No answer is remembered. Where desk asks which article answers, say y to use it next time.")  # noqa: T201
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
    if not (path := Path(folder).expanduser()).exists():
        raise KnowledgeError(f"There is no {path}.", "Name a folder of Markdown files, or articles.jsonl, after --kb.")
    index.rebuild(articles.load(path))
    return index
