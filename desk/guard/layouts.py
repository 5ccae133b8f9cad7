"""Words pulled apart or run together by layout: underscores, wide gaps, one numbered word a line.

Nothing here is a disguise by itself (lists and identifiers look alike), so these readings only help the rules to match.
"""

import re
from collections.abc import Iterator

from desk.guard import shapes
from desk.guard.pieces import Piece, whole

_RUN_BLANK = shapes.table({"1": shapes.SPACE}, "0")
_WIDE = re.compile(r"\S{1,24}(?:\s{9,60}\S{1,24}){3,40}")
_CHAIN = re.compile(r"[a-z]{1,20}(?:_{1,3}[a-z]{1,20}){3,40}")
# Both begin with the end of the line before, so that the search skips over all other text.
_NUMBER = re.compile(r"\n[ \t]{0,8}\(?\d{1,3}[.):]{1,2}[ \t]{1,8}")
_ITEM = rf"{_NUMBER.pattern}\S{{1,24}}[ \t]{{0,8}}(?![^\n])"
_NUMBERED = re.compile(rf"{_ITEM}(?:{_ITEM}){{3,59}}")


def find(level: str) -> Iterator[Piece]:
    """Readings of levelled text with its layout undone."""
    sketched = shapes.sketch(level)
    if sketched.count(b"_") >= 3:
        for m in _CHAIN.finditer(level):
            yield Piece("joined", m.group().replace("_", " "), whole(*m.span()), "level", final=True)
    if sketched.translate(_RUN_BLANK).count(b"1" * 9) >= 3:
        for m in _WIDE.finditer(level):
            yield Piece("wide_gaps", " ".join(m.group().split()), whole(*m.span()), "level", final=True)
    if b"." in sketched or b")" in sketched:
        for m in _NUMBERED.finditer(f"\n{level}"):
            said = _NUMBER.sub("\n", m.group()).removeprefix("\n")
            yield Piece("numbered", said, whole(m.start(), m.end() - 1), "level", final=True)
