"""Sentences and paragraphs of an article, with their places in it."""

import re

_BLOCK = re.compile(r"\n[ \t]*\n")
_MARK = re.compile(r"[ \t]*(?:#{1,6}[ \t]+|[-*+•][ \t]+|\d{1,2}[.)][ \t]+|>[ \t]*)?")
_END = re.compile(r"(?<=[.!?…。！？])[\"'”’»)\]]*\s+(?=[\"'“‘«(\[¿¡]?[^\W_a-zß-öø-ÿ])")
_ABBREVIATION = re.compile(
    r"\b(?:[A-Za-z]|z\.\s?B|d\.\s?h|e\.g|i\.e|etc|ca|bzw|usw|Nr|No|no|nr|St|Mr|Mrs|Ms|Dr|Prof|Sr|Sra|Str|inkl|ggf|evtl|vs|p\.\s?ex|approx|max|min)\.$"
)
_SHORT = 25


def paragraphs(text: str) -> list[tuple[int, int]]:
    """Spans of the blocks between empty lines; a heading goes with the block it heads."""
    spans: list[tuple[int, int]] = []
    at = 0
    heading = -1
    for match in [*_BLOCK.finditer(text), None]:
        end = match.start() if match else len(text)
        start, stop = _trim(text, at, end)
        at = match.end() if match else end
        if start >= stop:
            continue
        if text[start] == "#" and "\n" not in text[start:stop]:
            heading = start if heading < 0 else heading
            continue
        spans.append((heading if heading >= 0 else start, stop))
        heading = -1
    if heading >= 0:
        spans.append((heading, _trim(text, heading, len(text))[1]))
    return spans


def sentences(text: str) -> list[tuple[int, int]]:
    """Spans of sentences and list items, list and heading marks left out; a very short one joins its follower."""
    spans: list[tuple[int, int]] = []
    at = 0
    for line in text.split("\n"):
        mark = _MARK.match(line)
        begin, end = at + (mark.end() if mark else 0), at + len(line)
        at = end + 1
        cut = begin
        for match in _END.finditer(text, begin, end):
            if not _ABBREVIATION.search(text, max(begin, match.start() - 12), match.start()):
                spans.append(_trim(text, cut, match.start()))
                cut = match.end()
        spans.append(_trim(text, cut, end))
    return _joined([span for span in spans if span[0] < span[1]])


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    out: list[tuple[int, int]] = []
    open_from: int | None = None
    for start, end in spans:
        begin = start if open_from is None else open_from
        if end - begin < _SHORT:
            open_from = begin
            continue
        out.append((begin, end))
        open_from = None
    if open_from is not None:
        last = spans[-1][1]
        if out:
            out[-1] = (out[-1][0], last)
        else:
            out.append((open_from, last))
    return out


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
