"""How well real messages of other projects' test sets are read, where those sets are present: floors, not exact figures."""

import importlib.util
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from desk.mail import threads
from desk.mail.parse import parse


@pytest.fixture(scope="module")
def scorer(corpora: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("mail_scorer", corpora / "mail" / "score.py")
    if spec is None or spec.loader is None:
        pytest.skip("the scorer is not there")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows(scorer: ModuleType) -> list[tuple[str, str, bool]]:
    """(check, case, passed) of every check of every case."""
    found = []
    for source, manifest in scorer.sources(None):
        for case in manifest["cases"]:
            if case.get("contested"):
                continue
            data = scorer.wrap((Path(scorer.HERE) / source / case["file"]).read_bytes(), case.get("as"))
            got: dict[str, Any] = parse(data).as_json()
            found += [(check, case["id"], ok) for check, _, ok, _ in scorer.check_case(case, got)]
    return found


def test_real_messages_are_read(scorer: ModuleType) -> None:
    found = rows(scorer)

    def share(*checks: str) -> float:
        passed = [ok for check, _, ok in found if not checks or check in checks]
        return sum(passed) / len(passed)

    assert share() >= 0.97
    assert share("reply") >= 0.90
    assert share("auto") >= 0.97
    assert share("text") >= 0.95


def test_threads_of_real_mailboxes_are_exact(scorer: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    def grouped(raws: list[bytes]) -> list[list[int]]:
        mails = [(str(n), parse(raw)) for n, raw in enumerate(raws)]
        return [[int(i) for i in group] for group in threads.group(mails)]

    scorer.thread_mode(SimpleNamespace(source=None, case=None, fails=False, json=None), grouped)
    assert "= 100.0%" in capsys.readouterr().out.splitlines()[-1]
