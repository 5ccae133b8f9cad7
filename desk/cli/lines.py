"""JSON lines, as other programs talk to desk: one object a line in, one answer a line out, flushed as it is given."""

import json
import logging
import sys
from collections.abc import Callable, Iterator
from typing import Any

from desk.errors import DeskError

log = logging.getLogger("desk.cli")


class BadLine(ValueError):
    """A line that is not what was asked for; the text says what is wrong with it."""


def answer_each(work: Callable[[dict[str, Any]], dict[str, Any]]) -> int:
    """Answer every line of standard input with {"id", …} or, where it can't be, {"id", "line", "error"}; goes on after both."""
    for number, row in rows():
        put(_answer(work, number, row))
    return 0


def _answer(work: Callable[[dict[str, Any]], dict[str, Any]], number: int, row: dict[str, Any] | BadLine) -> Any:
    if isinstance(row, BadLine):
        return {"id": None, "line": number, "error": str(row)}
    name = row.get("id")
    try:
        return {"id": name, **work(row)}
    except (BadLine, DeskError) as problem:
        return {"id": name, "line": number, "error": str(problem)}
    except Exception as problem:
        log.exception("line %d", number)
        kind = type(problem).__name__
        return {"id": name, "line": number, "error": f"An unexpected error, {kind}; standard error has it."}


def rows() -> Iterator[tuple[int, dict[str, Any] | BadLine]]:
    """The lines of standard input that are not blank, numbered from 1: each an object, or what is wrong with it.

    Bytes are read, not text, so that a line in another encoding is one bad line and not the end.
    """
    for number, line in enumerate(sys.stdin.buffer, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as problem:
            yield number, BadLine(f"This line is not JSON: {problem}. Send one JSON object a line.")
            continue
        yield number, row if isinstance(row, dict) else BadLine("This line is not a JSON object.")


def text(row: dict[str, Any], key: str) -> str:
    """The text under a key; BadLine when there is none."""
    if not isinstance(value := row.get(key), str):
        raise BadLine(f"This line has no text under {key!r}.")
    return value


def put(data: Any) -> None:
    """Print one line of JSON, at once. ASCII only: it passes every terminal and every pipe."""
    print(json.dumps(data, ensure_ascii=True), flush=True)  # noqa: T201
