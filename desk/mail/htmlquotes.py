"""Where markup says "this is somebody else's text", whatever language its words are in, a blockquote is put around it.

Mail programs name the element that holds an original (or the mark above it) by class, id or a border of their own. The
text made from the page then shows it with `>`, as it would a blockquote, and `reply` needs to know no word of it. One
pass over the tags; what is written back need not nest, as the conversion to text only counts open blockquotes.
"""

import html as entities
import re
from dataclasses import dataclass

MAX_MARKS = 40
"""Marks of one page that are looked at."""

_VALUE = r"\s*=\s*[\"']?(?:[^\"'>]*\s)?"
# The original and its attribution: Gmail, Android, Yahoo, Proton, Zoho, GMX and web.de, Outlook on phones and Mac, NetEase
_HOLDER = re.compile(
    rf"\bclass{_VALUE}(?:gmail_quote|mail_android_quote|yahoo_quoted|protonmail_quote|zmail_extra|moz-forward-container|"
    rf"ms-outlook-mobile-reference-message)(?![\w-])|"
    rf"\bid{_VALUE}(?:yahoo_quoted|mail-editor-reference-message-container|OLK_SRC_BODY_SECTION|isReplyContent|"
    rf"ntes-pcmail-quote)|\bname{_VALUE}quote(?![\w-])|\bdata-marker{_VALUE}__QUOTED_TEXT__"
)
_ATTRIBUTION = re.compile(rf"\bclass{_VALUE}moz-cite-prefix|\bid{_VALUE}reply-intro|\bdata-marker{_VALUE}__HEADERS__")
# All that follows in the page is the original: Outlook, Hotmail, Zimbra
_MARK = re.compile(
    rf"\bid{_VALUE}(?:divRplyFwdMsg|stopSpelling|zwchr)|\bclass{_VALUE}OutlookMessageHeader|\bdata-marker{_VALUE}__DIVIDER__"
)
_RULER = re.compile(r"\bstyle\s*=\s*[\"'][^\"'>]*border-top(?:-style)?: ?solid|\btabindex\s*=\s*[\"']?-1", re.I)
_SIGNATURE = re.compile(
    rf"\bclass{_VALUE}(?:gmail_signature|moz-signature|protonmail_signature_block)(?![\w-])|"
    rf"\bid{_VALUE}(?:Signature|ms-outlook-mobile-signature|AppleMailSignature)(?![\w-])"
)
# An indent made with a button is a blockquote too, but nobody is quoted: no line at its left, no mark of a program.
_INDENT = re.compile(
    r"^(?=.*\bmargin)(?=.*\bborder: ?none)(?!.*(?:border-left|\btype\s*=|\bcite\s*=|\bclass\s*=)).*$", re.S | re.I
)
_HINT = re.compile(
    r"gmail_quote|mail_android_quote|yahoo_quoted|protonmail_quote|zmail_extra|name=[\"']?quote|reference-message|OLK_SRC|"
    r"isReplyContent|ntes-pcmail|moz-(?:forward|cite|signature)|data-marker|reply-intro|divRplyFwdMsg|OutlookMessageHeader|"
    r"stopSpelling|zwchr|tabindex|border-top(?:-style)?: ?solid|border: ?none|gmail_signature|Signature|signature_block"
)
_TAG = re.compile(r"<(/?)([a-zA-Z][\w:-]{0,30})([^<>]{0,20000})>")
_VOID = {"br", "hr", "img", "meta", "link", "input", "area", "base", "col", "wbr", "p", "li", "tr", "td", "th"}
_FIELD = re.compile(r"\s*[^\W\d_][^:\n：]{0,24}[:：]")


@dataclass(slots=True)
class _Element:
    """One element as offsets: its tag, its content, its end; `quoted` when a blockquote is around it."""

    name: str
    attributes: str
    start: int
    content: int
    end: int
    quoted: bool


def marked(source: str) -> bool:
    """Whether the page may hold a mark known here; cheap, so that other pages aren't read for nothing."""
    return bool(_HINT.search(source))


def as_blockquotes(source: str) -> str:
    """The page with originals in blockquotes and "-- " above a program's signature element; as it was when unmarked."""
    if not marked(source):
        return source
    elements = _elements(source)
    edits: list[tuple[int, int, str]] = []
    done = 0
    for element in [e for e in elements if not e.quoted and _HINT.search(e.attributes)][:MAX_MARKS]:
        if element.start < done:
            continue
        if _SIGNATURE.search(element.attributes):
            edits += _sign(source, element)
            continue
        stretch = _original(source, element, elements)
        if stretch is not None:
            edits += [(stretch[0], stretch[0], "<blockquote>"), (stretch[1], stretch[1], "</blockquote>")]
            done = stretch[1]
        elif element.name == "blockquote" and _INDENT.match(element.attributes):
            close = source.rfind("<", element.content, element.end)
            edits += [(element.start, element.content, "<div>"), (max(close, element.content), element.end, "</div>")]
    return _edited(source, edits)


def _elements(source: str) -> list[_Element]:
    """All elements in the order of their tags; those never closed end with the page."""
    found: list[_Element] = []
    open_: list[_Element] = []
    cites = 0
    for tag in _TAG.finditer(source):
        name = tag.group(2).lower()
        if not tag.group(1):
            element = _Element(name, tag.group(3), tag.start(), tag.end(), len(source), cites > 0)
            found.append(element)
            if name in _VOID or tag.group(3).endswith("/"):
                element.end = tag.end()
            else:
                open_.append(element)
                cites += name == "blockquote"
            continue
        for k in range(len(open_) - 1, max(-1, len(open_) - 60), -1):
            if open_[k].name == name:
                open_[k].end = tag.end()
                cites -= sum(e.name == "blockquote" for e in open_[k:])
                del open_[k:]
                break
    return found


def _original(source: str, element: _Element, elements: list[_Element]) -> tuple[int, int] | None:
    """From where to where a blockquote belongs on account of this element, or None."""
    if element.name == "blockquote":
        return None
    if _ATTRIBUTION.search(element.attributes):
        return element.start, element.end
    if _HOLDER.search(element.attributes):
        return _held(source, element, elements)
    if _MARK.search(element.attributes) or (_RULER.search(element.attributes) and _fields_below(source, element.start)):
        return element.start, len(source)
    return None


def _held(source: str, element: _Element, elements: list[_Element]) -> tuple[int, int] | None:
    """A holder without a blockquote is quoted as a whole. One with a blockquote may hold answers between the pieces, so
    that only the attribution above the first one is added to it."""
    inner = next(
        (e.start for e in elements if e.name == "blockquote" and element.content <= e.start < element.end), None
    )
    if inner is None:
        return element.start, element.end
    above = _words(source[element.content : inner])
    return (element.content, inner) if 0 < len(above) < 300 and above.endswith((":", "：")) else None


def _words(markup: str) -> str:
    return entities.unescape(re.sub(r"<[^<>]*>", " ", markup)).strip().strip("\u202c\u200f\u200e ")


def _fields_below(source: str, start: int) -> bool:
    """A ruler or border counts as an original's head only with header fields right below it."""
    below = _words(source[start : start + 3000])[:500]
    colons = len(re.findall(r"[:：](?:\s|$)", below))
    return bool(_FIELD.match(below)) and (colons >= 4 or (colons >= 3 and "@" in below))


def _sign(source: str, element: _Element) -> list[tuple[int, int, str]]:
    """Put the usual "-- " above a signature element that says something and has none."""
    own = _words(source[element.content : element.end][:2000])
    before = _words(source[max(0, element.start - 300) : element.start])
    if not own or own.startswith("--") or before.endswith("--"):
        return []
    return [(element.start, element.start, "<p>-- </p>")]


def _edited(source: str, edits: list[tuple[int, int, str]]) -> str:
    """The page with each stretch (start, end) replaced; what begins inside a stretch already replaced is left out."""
    out, pos = [], 0
    for start, end, text in sorted(edits, key=lambda edit: edit[:2]):
        if start >= pos:
            out += [source[pos:start], text]
            pos = end
    return "".join(out) + source[pos:]
