"""The header says what is wrong in a sentence, and nothing while all is well."""

from datetime import timedelta

import pytest
from filling import NOW

from desk.store.changes import WorkerRow
from desk.ui import words
from desk.ui.health import _trouble


def worker(name: str, state: str = "idle", silent: float = 0, detail: str = "") -> WorkerRow:
    return WorkerRow(name, state, detail, 1, NOW - timedelta(seconds=silent))


@pytest.mark.parametrize(
    ("row", "poll", "said"),
    [
        (worker("fetch", silent=70), 60, ""),
        (worker("fetch", silent=100), 60, "fetch has said nothing for 100 s"),
        (worker("think", "working", 60), 0, ""),
        (worker("think", "working", 600), 0, "think has said nothing for 10 min"),
        (worker("send", silent=31), 60, "send has said nothing for 31 s"),
        (worker("fetch", "error", detail="The server refused the password."), 0, "fetch: The server refused"),
        (worker("model", "off", 9999, "No model file."), 0, "No model file."),
    ],
)
def test_trouble_is_one_sentence(row, poll, said):
    found = _trouble([row], [], NOW, timedelta(seconds=poll))
    assert found.startswith(said)
    assert bool(found) == bool(said)


def test_lengths_of_time_are_short():
    assert [words.span(s) for s in (4.2, 34, 300, 7300, 200_000)] == ["4 s", "34 s", "5 min", "2 h", "2 days"]
