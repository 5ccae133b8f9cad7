"""Articles and resolved tickets as files: Markdown with front matter, JSON lines, text, HTML or PDF."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from desk import frontmatter
from desk.domain.ticket import Article
from desk.errors import KnowledgeError
from desk.knowledge import documents

_HEADING = re.compile(r"^#\s+(.+?)\s*#*\s*$", re.MULTILINE)


def load(path: Path) -> list[Article]:
    """Every article under a folder (`*.md` with front matter, `articles.jsonl`, text, HTML, PDF), or those of one such file.

    Front matter keys: id, title, category, language, public, contact_id, authority, valid_from, valid_until, supersedes; all
    may be left out: the id is then the file's name, the title the first heading, the language what the text is written
    in. JSON lines hold the same keys and `text` or `body`. Raises KnowledgeError naming the file and, if any, the line.
    """
    if not path.exists():
        raise KnowledgeError(f"There is no knowledge folder {path}.", "Set knowledge.folder to where the articles are.")
    files = [path] if path.is_file() else _files(path)
    articles: dict[str, Article] = {}
    came_from: dict[str, Path] = {}
    for file in files:
        for article in _of_file(file):
            if article.id in articles:
                raise KnowledgeError(
                    f"Two articles have the id {article.id!r}: {came_from[article.id]} and {file}.",
                    "Give one of them another id.",
                )
            articles[article.id], came_from[article.id] = article, file
    return list(articles.values())


def _files(folder: Path) -> list[Path]:
    """What can be read in a folder, in a fixed order; hidden files and folders are left out."""
    seen = [p for p in sorted(folder.rglob("*")) if not any(n.startswith(".") for n in p.relative_to(folder).parts)]
    documented = [p for p in seen if p.is_file() and p.suffix.lower() in (".md", *documents.READABLE)]
    return documented + sorted(folder.glob("*.jsonl"))


def _of_file(file: Path) -> Iterator[Article]:
    """The articles of one file: a line each of JSON lines, else one, or one for each heading of a long document."""
    if file.suffix == ".jsonl":
        yield from _json_articles(file)
        return
    if file.suffix.lower() in documents.READABLE:
        title, body = documents.read(file)
        heading = _HEADING.search(body)
        name = title or (heading[1] if heading else file.stem.replace("-", " ").replace("_", " "))
        whole = _article({}, file.stem, name, body, str(file), "")
    else:
        whole = _markdown(file)
    taken: set[str] = set()
    for headed, part in documents.by_heading(whole.body):
        if not headed:
            yield replace(whole, body=part)
            continue
        slug = re.sub(r"\W+", "-", headed.lower()).strip("-")[:60] or "part"
        while slug in taken:
            slug += "-again"
        taken.add(slug)
        yield replace(whole, id=f"{whole.id}#{slug}", title=f"{whole.title}: {headed}", body=part)


def load_resolved(path: Path) -> list[Article]:
    """Resolved tickets as `Article(kind="ticket")`: JSON lines, or a folder of them, with id, question and answer.

    Further keys: title or subject, category, language, public, contact_id. Raises KnowledgeError naming file and line.
    """
    if not path.exists():
        raise KnowledgeError(f"There is no file {path}.", "Set knowledge.resolved to the file of resolved tickets.")
    tickets: dict[str, Article] = {}
    for file in [path] if path.is_file() else sorted(path.rglob("*.jsonl")):
        for number, row in _rows(file):
            question, answer = _text(row, "question"), _text(row, "answer") or _text(row, "body")
            where = f"{file}, line {number}"
            if not question or not answer:
                raise KnowledgeError(f"{where} lacks a question or an answer.", "Complete or remove that line.")
            name = _text(row, "id") or f"{file.stem}-{number}"
            if name in tickets:
                raise KnowledgeError(f"{where} repeats the id {name!r}.", "Give it another id.")
            tickets[name] = _article(row, name, _text(row, "title") or _text(row, "subject"), answer, where, question)
    return list(tickets.values())


def _markdown(file: Path) -> Article:
    fields, body = front_matter(file)
    heading = _HEADING.search(body)
    title = _text(fields, "title") or (heading[1] if heading else file.stem.replace("-", " ").replace("_", " "))
    return _article(fields, _text(fields, "id") or file.stem, title, body, str(file), "")


def front_matter(file: Path) -> tuple[dict[str, Any], str]:
    """The keys (lower case) between the first two `---` of a Markdown file, and the text below; KnowledgeError names it."""
    try:
        text = file.read_text(encoding="utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as problem:
        raise KnowledgeError(f"{file} is not UTF-8 text.", "Save it as UTF-8.") from problem
    return frontmatter.split(text, str(file))


def _json_articles(file: Path) -> Iterator[Article]:
    for number, row in _rows(file):
        body = (_text(row, "body") or _text(row, "text")).strip()
        name = _text(row, "id") or f"{file.stem}-{number}"
        yield _article(row, name, _text(row, "title"), body, f"{file}, line {number}", "")


def _rows(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with file.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as problem:
                raise KnowledgeError(f"{file}, line {number} is not JSON: {problem}.", "Mend that line.") from problem
            if not isinstance(row, dict):
                raise KnowledgeError(f"{file}, line {number} is not a JSON object.", "Mend that line.")
            yield number, row


def _text(row: dict[str, Any], key: str) -> str:
    value = row.get(key)
    return "" if value is None else str(value)


def _article(row: dict[str, Any], name: str, title: str, body: str, where: str, question: str) -> Article:
    contact = _text(row, "contact_id").strip()
    if contact and not contact.isdigit():
        raise KnowledgeError(f"{where}: contact_id is {contact!r}.", "Write a whole number, or leave it out.")
    return Article(
        id=name,
        title=title,
        body=body,
        kind="ticket" if question else "article",
        category=_text(row, "category"),
        language=(_text(row, "language") or _written_in(f"{title}. {question or body}"))[:2].lower(),
        contact_id=int(contact) if contact else None,
        question=question,
        **frontmatter.governed(row, where),
    )


def _written_in(text: str) -> str:
    """ISO 639-1 code of a text that carries no language mark."""
    import py3langid  # type: ignore[import-untyped]

    return str(py3langid.classify(text[:2000])[0]) if len(text) >= 40 else "en"
