"""What a regular expression can't do without: literals of which one must occur, so that most texts skip it."""

from collections.abc import Iterable
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any


def required(pattern: str) -> tuple[str, ...]:
    """Literals, one of which stands in every match of `pattern`; empty where none can be named."""
    return tuple(sorted(_of(_parser.parse(pattern)) or ()))


def _of(items: Iterable[tuple[Any, Any]]) -> frozenset[str] | None:
    """The best choice of a sequence: the set whose shortest literal is longest."""
    choices: list[frozenset[str]] = []
    run = ""
    for op, value in items:
        if op is _constants.LITERAL:
            run += chr(value)
            continue
        if run:
            choices.append(frozenset((run,)))
            run = ""
        inner = _inside(op, value)
        if inner:
            choices.append(inner)
    if run:
        choices.append(frozenset((run,)))
    return max(choices, key=lambda c: (min(map(len, c)), -len(c)), default=None)


def _inside(op: Any, value: Any) -> frozenset[str] | None:
    if op is _constants.SUBPATTERN:
        return _of(value[3])
    if op in (_constants.MAX_REPEAT, _constants.MIN_REPEAT) and value[0] >= 1:
        return _of(value[2])
    if op is _constants.BRANCH:
        found = [_of(branch) for branch in value[1]]
        return None if any(f is None for f in found) else frozenset().union(*(f for f in found if f))
    return None
