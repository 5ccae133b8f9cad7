"""Decoded stretches of a text, and the lines they come from: shared by the decoders."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

MAX_PIECE = 60_000
MAX_PIECES = 60


@dataclass(frozen=True, slots=True)
class Piece:
    """One decoded stretch: what was undone, the text, and the way back into `of` (`source`, `clean` or `level`).

    `final` pieces are not decoded again; `tight` ones lost their word gaps.
    """

    kind: str
    text: str
    back: Callable[[int, int], tuple[int, int]]
    of: str = "clean"
    tight: bool = False
    final: bool = False


def whole(start: int, end: int) -> Callable[[int, int], tuple[int, int]]:
    """The way back of text that can only be traced to a stretch as a whole."""
    return lambda a, b: (start, end)


def lines_with(text: str, found: list[re.Match[str]]) -> Iterator[tuple[int, int, list[re.Match[str]]]]:
    """The stretches of whole lines around matches; lines next to each other stay together."""
    start = end = -2
    inside: list[re.Match[str]] = []
    for m in found:
        first = start if m.start() <= end else text.rfind("\n", max(0, end), m.start()) + 1
        if inside and first <= end + 1:
            inside.append(m)
            if m.end() > end:
                end = _line_end(text, m.end())
            continue
        if inside:
            yield start, end, inside
        start = first
        end = _line_end(text, m.end())
        inside = [m]
    if inside:
        yield start, end, inside


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end
