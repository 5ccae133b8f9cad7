"""HTML as a person sees it: the text that shows, and apart from it everything that does not.

The page is parsed to a tree (selectolax) and visibility computed per element from inline and class CSS, attributes and
element kinds. What is not surely shown is hidden: a model reads `text` alone, the guard reads all of it.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from desk.guard import css
from desk.guard.style import Style, computed, too_faint

MAX_HTML = 1_500_000
MAX_TAGS = 30_000
MAX_NODES = 60_000
MAX_DEPTH = 200
MAX_FORMATTING = 100
MAX_REOPENED = 200_000
MAX_ATTRIBUTES = 500

_BLOCK = frozenset(
    "address article aside blockquote body center dd details dialog dir div dl dt fieldset figcaption figure footer form "
    "h1 h2 h3 h4 h5 h6 header hr html li main menu nav ol p pre section summary table tbody tfoot thead tr ul".split()
)
_ATTRIBUTES = frozenset(
    "alt title aria-label aria-description aria-roledescription aria-valuetext aria-placeholder placeholder summary "
    "label content value srcdoc longdesc abbr standby prompt cite datetime download".split()
)
_LINKS = frozenset("href src action formaction background data poster cite srcset xlink:href".split())
_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)((?:[^>=]++|=\s*(?:\"[^\"]*\"|'[^']*')?)*+)>?")
_BLANKS = re.compile(" {2,}")
_WIDE = re.compile(r"[\t\r\f\v\u00a0][ \t\r\f\v\u00a0]*| [ \t\r\f\v\u00a0]+")
_QUOTED_VALUE = re.compile(r"\"[^\"]*\"|'[^']*'")
_FORMATTING = frozenset("a b big code em font i nobr s small strike strong tt u".split())
_VOID = frozenset("area base br col embed hr img input link meta param source track wbr basefont bgsound frame".split())


_SELF_CLOSED = frozenset("p li td tr th option dd dt tbody thead".split())
"""Elements that end where the next of their kind begins: leaving them open nests nothing."""
_KINDS = {**dict.fromkeys(_SELF_CLOSED, 2), **dict.fromkeys(_FORMATTING, 3), **dict.fromkeys(_VOID, 0)}


_BEFORE = {
    **dict.fromkeys(_BLOCK, "\n"), **dict.fromkeys("p h1 h2 h3 table ul ol blockquote".split(), "\n\n"),
    "li": "\n- ", "br": "\n", "td": " ", "th": " ",
}  # fmt: skip
"""What stands before an element's text on the page."""
_UNREAD = frozenset(("script", "style", "template"))


@dataclass(frozen=True, slots=True)
class Part:
    """One stretch that does not show (or an attribute's text), the reason, and whether it opened the message."""

    kind: str
    text: str
    first: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """Where an element leads and the text a person would press."""

    href: str
    text: str


@dataclass(frozen=True, slots=True)
class Visible:
    """What shows (`text`), what does not (`hidden`, by part in `parts`), attributes, links; `complete` within bounds."""

    text: str
    hidden: str
    complete: bool
    parts: tuple[Part, ...] = ()
    attributes: tuple[Part, ...] = ()
    links: tuple[Link, ...] = ()


@dataclass(slots=True)
class _Reader:
    """Collects while the tree is walked."""

    sheet: css.Sheet = field(default_factory=css.Sheet)
    shown: list[str] = field(default_factory=list)
    parts: list[tuple[str, list[str], bool]] = field(default_factory=list)
    attributes: list[Part] = field(default_factory=list)
    links: list[tuple[str, list[str]]] = field(default_factory=list)
    any_shown: bool = False
    complete: bool = True
    judged: Style | None = None
    """The style of the text before, and `why` that one can't be seen: neighbours mostly share it."""
    why: str = ""

    def hide(self, kind: str, text: str) -> None:
        """File text that does not show, with its reason."""
        if text.strip():
            self.parts.append((kind, [text], not self.any_shown))


def visible(html: str, *, _depth: int = 0) -> Visible:
    """What a person sees of an HTML message and what is hidden from them. Never raises; bounded in time."""
    from selectolax.lexbor import LexborHTMLParser

    html, complete = _bounded(html)
    if not html.strip():
        return Visible("", "", complete)
    reader = _Reader(complete=complete)
    tree = LexborHTMLParser(html)
    for style in tree.css("style"):
        text = style.text(deep=True) or ""
        reader.sheet.add(text)
        reader.hide("style", _style_text(text))
    root: Any = tree.root
    if root is None:
        return Visible("", "", complete)
    _walk(root.parent if root.parent is not None else root, reader)
    return _finish(reader, _depth)


def _style_text(text: str) -> str:
    """Comments and generated content of a style sheet: the only places where it can speak."""
    found = re.findall(r"/\*(.*?)(?:\*/|\Z)|content\s*:\s*([^;}]{3,400})", text[:200_000], re.DOTALL)
    return "\n".join((a or b).strip() for a, b in found)


def _bounded(html: str) -> tuple[str, bool]:
    """The page within bounds of size, tags and nesting: a parser's worst cases are nesting without end."""
    complete = len(html) <= MAX_HTML
    html = html[:MAX_HTML].replace("\x00", "")
    if html.count("<") < MAX_DEPTH and len(html) < 20_000:
        return html, complete
    return (html, complete) if _tame(html) else _cut(html, complete)


def _tame(html: str) -> bool:
    """Whether a page keeps all bounds, so that nothing need be cut out of it."""
    depth = formatting = reopened = 0
    found = _TAG.findall(html, 0, MAX_HTML)
    for closing, name, inside in found:
        kind = _KINDS.get(name)
        if kind is None:
            kind = _KINDS.get(name.lower(), 1)
        if len(inside) > 2 * MAX_ATTRIBUTES and _many_attributes(inside):
            return False
        if kind == 0 or inside[-1:] == "/":
            continue
        if kind > 2:
            formatting = max(0, formatting - 1) if closing else formatting + 1
        else:
            reopened += formatting
        if closing:
            depth = max(0, depth - 1)
        elif depth >= MAX_DEPTH or reopened > MAX_REOPENED or formatting > MAX_FORMATTING:
            return False
        elif kind != 2:
            depth += 1
    return len(found) <= MAX_TAGS


def _cut(html: str, complete: bool) -> tuple[str, bool]:
    """A page without what goes beyond its bounds."""
    depth = formatting = tags = reopened = 0
    out: list[str] = []
    at = 0
    for m in _TAG.finditer(html):
        tags += 1
        if tags > MAX_TAGS:
            out.append(html[at : m.start()])
            return "".join(out), False
        closing, name = m.group(1), m.group(2).lower()
        if len(m.group(3)) > 2 * MAX_ATTRIBUTES and _many_attributes(m.group(3)):
            out.append(html[at : m.start()])
            at = m.end()
            complete = False
            continue
        if name in _VOID or m.group(3).endswith("/"):
            continue
        inline = name in _FORMATTING
        # A block reopens every formatting element left open before it (HTML 13.2.4.3), so few tags can make many nodes.
        reopened += 0 if inline else formatting
        if closing:
            depth = max(0, depth - 1)
            formatting = max(0, formatting - inline)
        elif depth >= MAX_DEPTH or reopened > MAX_REOPENED or (inline and formatting >= MAX_FORMATTING):
            out.append(html[at : m.start()])
            at = m.end()
            complete = False
        else:
            depth += name not in _SELF_CLOSED
            formatting += inline
    out.append(html[at:])
    return "".join(out), complete


def _many_attributes(inside: str) -> bool:
    """Whether a tag holds more attributes than any page needs; parsers compare each with all before it."""
    bare = _QUOTED_VALUE.sub("", inside)
    return len(re.findall(r"[\s/]+", bare)) > MAX_ATTRIBUTES


def _walk(document: Any, reader: _Reader) -> None:
    """One pass over the tree, without recursion. Every step into a node's relatives costs, so each is taken once."""
    stack: list[tuple[Style, css.Element, Any]] = []
    chain: list[css.Element] = []
    style = Style()
    link: list[int] = []
    node = document.child
    nodes = 0
    while True:
        while node is None:
            if not stack:
                return
            outer, element, node = stack.pop()
            _close(element, style, reader, link)
            chain.pop()
            style = outer
        nodes += 1
        if nodes > MAX_NODES:
            reader.complete = False
            return
        tag = node.tag
        if tag == "-text":
            _text(node.text_content or "", style, reader, link)
        elif tag == "-comment":
            reader.hide("comment", node.comment_content or "")
        elif tag and tag[0] not in "-!":
            inner = _element(node, tag, style, chain, reader, link)
            if inner is not None:
                stack.append((style, chain[-1], node.next))
                style, node = inner, node.child
                continue
        node = node.next


def _element(
    node: Any, tag: str, outer: Style, chain: list[css.Element], reader: _Reader, link: list[int]
) -> Style | None:
    """Open an element: the style of what it holds, or None where nothing in it is to be read."""
    if len(chain) >= MAX_DEPTH + 60:
        reader.complete = False
        return None
    attributes = node.attributes
    names = attributes.get("class") if attributes else None
    element = css.Element(tag, attributes.get("id") or "", tuple(names.split()[:30]) if names else (), attributes)
    chain.append(element)
    style = computed(element, chain, outer, reader.sheet)
    if attributes:
        _attributes(element, reader)
    if tag in _UNREAD:
        if tag == "script":
            reader.hide("script", node.text(deep=True) or "")
        elif tag == "template":
            reader.hide("template", re.sub(r"<[^>]*>", " ", node.html or ""))
        chain.pop()
        return None
    _open(element, style, reader)
    if tag == "a" and attributes.get("href"):
        reader.links.append((attributes["href"], []))
        link.append(len(reader.links) - 1)
    return style


def _open(element: css.Element, style: Style, reader: _Reader) -> None:
    before = _BEFORE.get(element.tag)
    if before is not None and not (style.hidden or style.unseen):
        reader.shown.append(before)


def _close(element: css.Element, style: Style, reader: _Reader, link: list[int]) -> None:
    if element.tag == "a" and link and element.attributes.get("href"):
        link.pop()
    if not style.hidden and element.tag in _BLOCK and element.tag not in ("li", "tr", "dt", "dd"):
        reader.shown.append("\n")
    elif style.hidden and reader.parts and element.tag in _BLOCK:
        reader.parts[-1][1].append("\n")


def _text(text: str, style: Style, reader: _Reader, link: list[int]) -> None:
    if not style.pre:
        text = _levelled(text)
    if style is not reader.judged:
        reader.judged, reader.why = style, style.hidden or style.unseen or too_faint(style)
    why = reader.why
    if why:
        if text.strip():
            last = reader.parts[-1] if reader.parts else None
            if last is not None and last[0] == why and last[2] == (not reader.any_shown):
                last[1].append(text)
            else:
                reader.parts.append((why, [text], not reader.any_shown))
        elif reader.parts:
            reader.parts[-1][1].append(" ")
        return
    if text.strip():
        reader.any_shown = True
    reader.shown.append(text)
    if link:
        reader.links[link[-1]][1].append(text)


def _levelled(text: str) -> str:
    """White space as a page shows it: one blank for any run of it."""
    for white in "\t\r\n\f":
        if white in text:
            text = text.replace(white, " ")
    return _BLANKS.sub(" ", text) if "  " in text else text


_PLAIN_ATTRIBUTES = frozenset(
    "class rel face sizes media viewbox d points transform xmlns lang name http-equiv".split()
)  # fmt: skip


def _attributes(element: css.Element, reader: _Reader) -> None:
    """File what the element's attributes say: texts, links, and anything else that holds words."""
    for name, value in element.attributes.items():
        if not value or len(value) < 3:
            continue
        kind = name.lower()
        if kind in _ATTRIBUTES or kind.startswith(("data-", "aria-")):
            if kind == "value" and element.tag not in ("input", "button", "option", "param", "data", "meter"):
                continue
            reader.attributes.append(Part(f"{element.tag}@{kind}" if kind in ("content", "value") else kind, value))
        elif kind in _LINKS:
            reader.attributes.append(Part("link", value))
        elif kind == "style":
            if "content" in value:
                reader.attributes.append(Part("attribute", value))
        elif " " in value.strip() and kind not in _PLAIN_ATTRIBUTES:
            reader.attributes.append(Part("attribute", value))


def _finish(reader: _Reader, depth: int) -> Visible:
    parts: list[Part] = []
    complete = reader.complete and reader.sheet.complete
    for kind, texts, first in reader.parts:
        text = _tidy("".join(texts))
        if kind == "comment" and "<" in text and depth < 2:
            inner = visible(re.sub(r"^\[if[^\]]*\]>|<!\[endif\]$", "", text), _depth=depth + 1)
            said = (a.text for a in inner.attributes if a.kind != "link")
            text = "\n".join(filter(None, (inner.text, *(p.text for p in inner.parts), *said)))
            complete = complete and inner.complete
        if text:
            parts.append(Part(kind, text, first))
    attributes = list(reader.attributes)
    for part in reader.attributes:
        if part.kind == "srcdoc" and depth < 2:
            inner = visible(part.text, _depth=depth + 1)
            attributes.append(Part("srcdoc", f"{inner.text}\n{inner.hidden}".strip()))
    links = tuple(Link(href, " ".join("".join(texts).split())) for href, texts in reader.links)
    hidden = "\n".join(p.text for p in parts if p.kind not in ("style", "script", "head", "title", "xml"))
    return Visible(_tidy("".join(reader.shown)), hidden, complete, tuple(parts), tuple(attributes), links)


def _tidy(text: str) -> str:
    """Readable lines: spaces within a line levelled, at most one empty line in a row."""
    text = _WIDE.sub(" ", text)
    text = re.sub(r" \n ?|\n ", "\n", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip()
