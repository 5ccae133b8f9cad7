"""Files people already have (text, HTML, PDF) as text with headings, and long ones cut at their headings."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from desk.errors import KnowledgeError

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

READABLE = (".txt", ".html", ".htm", ".pdf")
LONG = 4000
"""A document with more characters than this is cut at its headings; a shorter one is one article."""
LARGEST = 20 * 2**20
_LEFT_OUT = "script, style, noscript, template, nav, header, footer, aside, form, svg, iframe, [hidden]"
_BLOCKS = frozenset("p div section article main table tr ul ol dl dt dd blockquote pre figure".split())
_HEADING = re.compile(r"^(#{1,6})[ \t]+(.+?)[ \t]*#*[ \t]*$", re.MULTILINE)


def read(file: Path) -> tuple[str, str]:
    """Title and text (headings marked with #) of a text, HTML or PDF file; the title may be empty.

    Raises KnowledgeError naming a file that is too large, locked by a password or can't be read.
    """
    try:
        if file.stat().st_size > LARGEST:
            raise KnowledgeError(f"{file} is larger than {LARGEST // 2**20} MB.", "Split it, or leave it out.")
        data = file.read_bytes()
    except OSError as problem:
        raise KnowledgeError(f"{file} can't be read: {problem.strerror}.", "Mend that, or leave it out.") from problem
    if file.suffix.lower() == ".pdf":
        return _pdf(file)
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as problem:
        raise KnowledgeError(f"{file} is not UTF-8 text.", "Save it as UTF-8.") from problem
    return ("", text.strip()) if file.suffix.lower() == ".txt" else html(text)


def html(source: str) -> tuple[str, str]:
    """Title and text of a page: menus, scripts and what is hidden left out, headings and list items marked."""
    from selectolax.lexbor import LexborHTMLParser

    page = LexborHTMLParser(source)
    head = page.css_first("title")
    title = " ".join(head.text().split()) if head else ""
    for node in page.css(_LEFT_OUT):
        node.decompose()
    body = page.css_first("main") or page.body
    lines = "".join(_written(body)).split("\n") if body else []
    text = "\n".join(" ".join(line.split()) for line in lines)
    return title, re.sub(r"\n{3,}", "\n\n", text).strip()


def _written(node: "LexborNode") -> Iterator[str]:
    for child in node.iter(include_text=True):
        tag = child.tag or ""
        if tag == "-text":
            yield re.sub(r"\s+", " ", child.text())
        elif re.fullmatch("h[1-6]", tag):
            yield f"\n\n{'#' * int(tag[1])} {' '.join(child.text().split())}\n\n"
        elif tag == "br":
            yield "\n"
        elif tag == "li":
            yield "\n- "
            yield from _written(child)
        elif tag in ("td", "th"):
            yield from _written(child)
            yield " "
        elif tag in _BLOCKS:
            yield "\n\n"
            yield from _written(child)
            yield "\n\n"
        else:
            yield from _written(child)


def _pdf(file: Path) -> tuple[str, str]:
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        pages = PdfReader(file)
        text = "\n\n".join(page.extract_text() for page in pages.pages)
        title = str((pages.metadata and pages.metadata.title) or "").strip()
    except (PyPdfError, ValueError, KeyError, TypeError, RuntimeError) as problem:
        raise KnowledgeError(
            f"{file} can't be read as PDF: {problem}.", "Save it again without a password, or leave it out."
        ) from problem
    if not text.strip():
        raise KnowledgeError(f"{file} holds no text, only pictures.", "Run text recognition on it, or leave it out.")
    return title, text.strip()


def by_heading(text: str) -> list[tuple[str, str]]:
    """(heading, text) of each part of a long document, in order; one part without heading for a short one.

    Cut at the highest level of heading that stands more than once. What comes before the first is a part of its own.
    """
    found = list(_HEADING.finditer(text))
    counts: dict[int, int] = {}
    for match in found:
        counts[len(match[1])] = counts.get(len(match[1]), 0) + 1
    level = min((depth for depth, n in counts.items() if n > 1), default=0)
    if len(text) <= LONG or not level:
        return [("", text)]
    cuts = [match for match in found if len(match[1]) == level]
    parts = [("", text[: cuts[0].start()].strip())]
    for match, following in zip(cuts, [*cuts[1:], None], strict=True):
        parts.append((match[2], text[match.end() : following.start() if following else len(text)].strip()))
    return [(heading, part) for heading, part in parts if _HEADING.sub("", part).strip()]
