"""HTML bodies as readable text. Bounded: past a size, and for markup made to be slow, a plain linear strip takes over."""

import html as entities
import re

from desk.mail import htmlquotes

MAX_HTML = 400_000
"""Characters of HTML that are converted with care; twice that much more is stripped plainly, the rest is left out."""
MAX_TAGS = 20_000
"""Tags above which the plain strip is used for everything."""

_DROP = ("script", "style", "head", "title", "template", "noscript", "svg", "object", "textarea", "select")
_BREAK = re.compile(r"<(?:br|/p|/div|/tr|/li|/h[1-6]|/blockquote|/table|hr)\b[^<>]{0,500}>", re.I)
_TAG = re.compile(r"<[a-zA-Z/!?][^<>]{0,20000}>")


def to_text(source: str) -> str:
    """Readable text of an HTML body: paragraphs, lists, `>` before quotes, links as their text. Never raises."""
    source = _without_dropped(source[: 3 * MAX_HTML])
    if source.count("<") > MAX_TAGS or len(source) > MAX_HTML:
        careful, rest = "", source
    else:
        careful, rest = source, ""
    text = _converted(htmlquotes.as_blockquotes(careful)) if careful else ""
    return _tidy(text + _stripped(rest))


def _converted(source: str) -> str:
    import html2text

    converter = html2text.HTML2Text(bodywidth=0)
    converter.ignore_links = True
    converter.ignore_images = True
    converter.ignore_emphasis = True
    converter.ignore_tables = True
    converter.single_line_break = False
    converter.unicode_snob = True
    converter.escape_snob = False
    try:
        return _unescape(converter.handle(source))
    except Exception:  # html.parser asserts on some markup; whatever it is, the words are still there
        return _stripped(source)


_ESCAPED = re.compile(r"^(\s*(?:> ?)*\s*)(?:(\d+)\\(?=[.)])|\\(?=[-+#]))", re.M)


def _unescape(text: str) -> str:
    """Take back Markdown escapes: the text is read by people, not rendered."""
    return _ESCAPED.sub(lambda m: m.group(1) + (m.group(2) or ""), text)


def _without_dropped(source: str) -> str:
    """Remove comments and elements that never hold readable text, each in one forward pass."""
    source = _cut(source, "<!--", "-->")
    lowered = source.lower()
    for name in _DROP:
        if f"<{name}" in lowered:
            source = _cut_element(source, lowered, name)
            lowered = source.lower()
    return source


def _cut(source: str, start: str, end: str) -> str:
    out, pos = [], 0
    while (at := source.find(start, pos)) >= 0:
        out.append(source[pos:at])
        stop = source.find(end, at + len(start))
        if stop < 0:
            pos = at + len(start)
            break
        pos = stop + len(end)
    return "".join(out) + source[pos:]


def _cut_element(source: str, lowered: str, name: str) -> str:
    if len(lowered) != len(source):  # a few letters change length in lower case; offsets would be wrong
        return re.sub(rf"(?is)<{name}\b[^<>]*>.*?</{name}\s*>", " ", source)
    out, pos = [], 0
    opening = re.compile(rf"<{name}(?=[\s/>])")
    while match := opening.search(lowered, pos):
        stop = lowered.find(f"</{name}", match.end())
        tag_end = lowered.find(">", match.end())
        if stop < 0:
            # An element that is never closed: browsers differ, so only its tag goes.
            out.append(source[pos : match.start()])
            pos = tag_end + 1 if tag_end >= 0 else len(source)
            if name in ("script", "style"):
                pos = len(source)
            continue
        out.append(source[pos : match.start()])
        close = lowered.find(">", stop)
        pos = close + 1 if close >= 0 else len(source)
    return "".join(out) + source[pos:]


def _stripped(source: str) -> str:
    return entities.unescape(re.sub(r" {2,}", " ", _TAG.sub(" ", _BREAK.sub("\n", source))))


def _tidy(text: str) -> str:
    text = text.replace("\xa0", " ").replace("\u200b", "").replace("\ufeff", "")
    lines = [line.rstrip() for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
