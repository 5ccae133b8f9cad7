"""An article as one text that people keep in files and edit: lines of `key: value` between two lines of ---, then its words."""

import re
from dataclasses import replace
from datetime import date
from typing import Any

from desk.domain.enums import Authority
from desk.domain.ticket import Article
from desk.errors import KnowledgeError

_LINE = re.compile(r"^([A-Za-z_][\w-]*)\s*:\s*(.*?)\s*$")
_YES, _NO = frozenset({"true", "yes", "on", "1"}), frozenset({"false", "no", "off", "0"})
KEYS = ("title", "category", "language", "public", "authority", "valid_from", "valid_until", "supersedes")


def split(text: str, where: str) -> tuple[dict[str, str], str]:
    """The keys (lower case) of a text's front matter, and the words below it; KnowledgeError when it is never closed."""
    if not text.startswith("---\n"):
        return {}, text.strip()
    head, found, rest = text[4:].partition("\n---")
    if not found:
        raise KnowledgeError(f"{where} opens its front matter with --- and never closes it.", "Add a line ---.")
    lines = (_LINE.match(line) for line in head.splitlines())
    return {m[1].lower(): _unquoted(m[2]) for m in lines if m}, rest.partition("\n")[2].strip()


def governed(row: dict[str, Any], where: str) -> dict[str, Any]:
    """What a row says of who may read it, whose word it is and when it holds, as fields of `Article`.

    Raises KnowledgeError naming `where` for a value that can't be read.
    """
    public = str(row.get("public", True)).strip().lower()
    if public not in _YES | _NO:
        raise KnowledgeError(f"{where}: public is {row['public']!r}.", "Write true or false.")
    authority = str(row.get("authority") or Authority.ARTICLE).strip().lower()
    if authority not in list(Authority):
        raise KnowledgeError(f"{where}: authority is {row['authority']!r}.", "Write policy, article or learnt.")
    first, last = _day(row, "valid_from", where), _day(row, "valid_until", where)
    if first and last and last < first:
        raise KnowledgeError(f"{where} ends on {last}, before it begins on {first}.", "Mend one of the dates.")
    named = row.get("supersedes") or ()
    names = named if isinstance(named, list | tuple) else re.split(r"[,\s]+", str(named).strip("[] "))
    return {
        "public": public in _YES,
        "authority": Authority(authority),
        "valid_from": first,
        "valid_until": last,
        "supersedes": tuple(str(n).strip("\"' ") for n in names if str(n).strip("\"' ")),
    }


def written(article: Article) -> str:
    """The article as a person edits it; `edited` reads it back."""
    values = {
        "title": article.title,
        "category": article.category,
        "language": article.language,
        "public": str(article.public).lower(),
        "authority": str(article.standing),
        "valid_from": article.valid_from,
        "valid_until": article.valid_until,
        "supersedes": ", ".join(article.supersedes),
    }
    head = "\n".join(f"{key}: {values[key]}".rstrip() for key in KEYS)
    asked = f"Asked: {article.question.strip()}\n\n" if article.question else ""
    return f"---\n{head}\n---\n\n{asked}{article.body.strip()}\n"


def edited(article: Article, text: str) -> Article:
    """`article` as a person left it in the editor. Raises KnowledgeError saying which line can't be read."""
    fields, body = split(text.replace("\r\n", "\n").strip("\n"), "The text")
    if not fields:
        raise KnowledgeError("The lines between the two --- are gone.", "Put them back; title: is the first.")
    question = ""
    if body.startswith("Asked:"):
        asked, _, body = body.partition("\n\n")
        question = asked.removeprefix("Asked:").strip()
    return replace(
        article,
        title=fields.get("title", "").strip(),
        category=fields.get("category", "").strip(),
        language=(fields.get("language", "").strip() or article.language)[:2].lower(),
        body=body.strip(),
        question=question if article.question else "",
        **governed(fields, "The text"),
    )


def _day(row: dict[str, Any], key: str, where: str) -> str:
    value = str(row.get(key) or "").strip()
    try:
        return date.fromisoformat(value).isoformat() if value else ""
    except ValueError as problem:
        raise KnowledgeError(f"{where}: {key} is {value!r}.", "Write a day as 2027-01-31.") from problem


def _unquoted(value: str) -> str:
    """A value without its quotes; without them, what follows ` # ` is a remark."""
    if value[:1] not in ('"', "'"):
        value = re.split(r"(?:^|\s+)#\s", value, maxsplit=1)[0]
    return value[1:-1] if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'" else value
