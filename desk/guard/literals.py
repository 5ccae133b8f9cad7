"""What a regular expression can't do without: literals of which one must occur, so that most texts skip it."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any

_LETTERS = re.compile("[a-z]+")


def required(pattern: str) -> tuple[str, ...]:
    """Literals, one of which stands in every match of `pattern`; empty where none can be named."""
    return tuple(sorted(_of(_parser.parse(pattern)) or ()))


@lru_cache(maxsize=4096)
def conjunction(pattern: str) -> tuple[tuple[str, ...], ...]:
    """Sets of runs of a to z: of every set one member stands in every match, inside a single word."""
    found: set[tuple[str, ...]] = set()
    for choice in _choices(_parser.parse(pattern)):
        cores = [max(_LETTERS.findall(literal), key=len, default="") for literal in choice]
        if all(len(core) > 1 for core in cores):
            found.add(tuple(sorted(set(cores), key=len)))
    return tuple(sorted(found, key=len))


@lru_cache(maxsize=4096)
def beginnings(pattern: str) -> tuple[str, ...]:
    """Runs of a to z or single other characters, one of which every match begins with; empty where none can be named.

    A blank behind a run says that no letter follows it.
    """
    found, rest = _begin(list(_parser.parse(pattern)))
    return () if rest or "" in found else tuple(sorted(found))


def begins_a_word(pattern: str) -> bool:
    """Whether every match of a pattern begins where a word does (each of its choices starts with `\\b`)."""
    return _bounded(list(_parser.parse(pattern)))


def _bounded(items: Sequence[tuple[Any, Any]]) -> bool:
    if not items:
        return False
    op, value = items[0]
    if op is _constants.BRANCH:
        return all(_bounded(list(branch)) for branch in value[1])
    return bool(op is _constants.AT and value is _constants.AT_BOUNDARY)


def _begin(items: Sequence[tuple[Any, Any]]) -> tuple[set[str], bool]:
    """What a sequence can begin with, and whether it can also be empty (so that what follows it begins)."""
    found: set[str] = set()
    for i, (op, value) in enumerate(items):
        if op is _constants.AT or op in (_constants.ASSERT, _constants.ASSERT_NOT):
            continue
        if op is _constants.LITERAL:
            run = ""
            for other, code in items[i:]:
                if other is not _constants.LITERAL or not _LETTERS.fullmatch(chr(code)):
                    # What is no letter ends the word: fewer words begin like that.
                    run += " " if run and _no_letter(other, code) else ""
                    break
                run += chr(code)
            return found | {run or chr(value)}, False
        inner, empty = _begin_inside(op, value)
        found |= inner
        if not empty:
            return found, False
    return found, True


def _no_letter(op: Any, value: Any) -> bool:
    """Whether what an item matches begins with something that is no letter."""
    if op in (_constants.MAX_REPEAT, _constants.MIN_REPEAT):
        return value[0] > 0 and _no_letter(*value[2][0])
    if op is _constants.IN:
        negated = value[0] == (_constants.NEGATE, None)
        return negated and (_constants.CATEGORY, _constants.CATEGORY_WORD) in value
    return bool(op is _constants.LITERAL)


def _begin_inside(op: Any, value: Any) -> tuple[set[str], bool]:
    if op is _constants.SUBPATTERN:
        return _begin(list(value[3]))
    if op in (_constants.MAX_REPEAT, _constants.MIN_REPEAT):
        inner, empty = _begin(list(value[2]))
        return inner, empty or value[0] == 0
    if op is _constants.BRANCH:
        branches = [_begin(list(branch)) for branch in value[1]]
        return set().union(*(b for b, _ in branches)), any(empty for _, empty in branches)
    if op is _constants.IN and all(o is _constants.LITERAL and _LETTERS.fullmatch(chr(c)) for o, c in value):
        return {chr(c) for _, c in value}, False
    return {""}, False


def _of(items: Iterable[tuple[Any, Any]]) -> frozenset[str] | None:
    """The best choice of a sequence: the set whose shortest literal is longest."""
    return max(_choices(items), key=lambda c: (min(map(len, c)), -len(c)), default=None)


def _choices(items: Iterable[tuple[Any, Any]]) -> list[frozenset[str]]:
    """Of every set one literal stands in each match of a sequence."""
    choices: list[frozenset[str]] = []
    run = ""
    for op, value in items:
        if op is _constants.LITERAL:
            run += chr(value)
            continue
        if run:
            choices.append(frozenset((run,)))
            run = ""
        choices += _inside(op, value)
    if run:
        choices.append(frozenset((run,)))
    return choices


def _inside(op: Any, value: Any) -> list[frozenset[str]]:
    if op is _constants.SUBPATTERN:
        return _choices(value[3])
    if op is _constants.ASSERT and value[0] > 0:
        return _choices(value[1])
    if op in (_constants.MAX_REPEAT, _constants.MIN_REPEAT) and value[0] >= 1:
        return _choices(value[2])
    if op is _constants.BRANCH:
        found = [_of(branch) for branch in value[1]]
        if all(f is not None for f in found):
            return [frozenset().union(*(f for f in found if f))]
    return []
