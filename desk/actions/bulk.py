"""One deed done to many rows: each by itself, each with its own result, taken back together."""

from collections.abc import Callable, Sequence

from desk.actions.desk import Desk, Done
from desk.errors import DeskError, Refused

MOST = 50
"""Rows of one deed."""
_NAMED = 3
"""Refusals said one by one; the rest are counted."""


def each(desk: Desk, ids: Sequence[int], deed: Callable[[Desk, int], Done]) -> Done:
    """Do `deed` to every id; what one refuses never stops the others.

    The text says how many were done and why the others were not. Raises Refused when there are more than `MOST`, or
    with the reasons when none was done.
    """
    if len(ids) > MOST:
        raise Refused(f"{len(ids)} are marked, {MOST} can be done at once.", "Esc clears the marks; mark fewer.")
    done: list[Done] = []
    refused: list[str] = []
    for id in ids:
        try:
            done.append(deed(desk, id))
        except DeskError as problem:
            refused.append(str(problem))
    said = _reasons(refused)
    if not done:
        raise Refused(f"None of {len(ids)} was done: {said}", "")
    backs = [d.undo for d in reversed(done) if d.undo is not None]
    text = f"{done[0].text} (and {len(done) - 1} more)" if len(done) > 1 else done[0].text
    text += f"; {len(refused)} not: {said}" if refused else ""

    def back() -> Done:
        return _all_back(desk, backs)

    return Done(text, back if backs else None)


def _all_back(desk: Desk, backs: Sequence[Callable[[], Done]]) -> Done:
    taken = each(desk, range(len(backs)), lambda _, n: backs[n]())
    return Done(taken.text)


def _reasons(refused: Sequence[str]) -> str:
    different = list(dict.fromkeys(refused))
    return " ".join(different[:_NAMED]) + (
        f" (and {len(different) - _NAMED} other reasons)" if different[_NAMED:] else ""
    )
