"""The end-to-end test: the sample mailbox through the whole pipeline, and every story where it should end."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sample_drafts import wrong as wrong_drafts

from desk.llm import catalogue


def headless(tmp_path: Path, *options: str) -> tuple[int, list[dict[str, object]], str]:
    """Run `desk demo --headless` as a person does, in a process of its own."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LLM_")}
    command = [sys.executable, "-m", "desk", "demo", "--headless", "--json", "--keep", str(tmp_path / "demo"), *options]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=900, check=False)
    return done.returncode, json.loads(done.stdout or "[]"), done.stderr


@pytest.fixture(scope="module")
def composed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int, list[dict[str, object]], str]:
    """One run without a model: the folder it left, its exit status, its lines and its log."""
    folder = tmp_path_factory.mktemp("composed")
    return folder / "demo", *headless(folder, "--no-model")


def test_every_story_ends_where_it_should_without_a_model(
    composed: tuple[Path, int, list[dict[str, object]], str],
) -> None:
    folder, status, lines, log = composed
    wrong = {str(line["story"]): line["wrong"] for line in lines if line["wrong"]}
    assert not wrong, wrong
    assert status == 0, log
    assert len(lines) > 40
    assert {line["written_by"] for line in lines} <= {"composed", ""}
    assert not (folder / "mailbox" / "sent").exists(), "the demo sent something nobody approved"


def test_no_composed_draft_claims_what_no_source_says(
    composed: tuple[Path, int, list[dict[str, object]], str],
) -> None:
    """Nor has one a placeholder, another's name or the wrong language."""
    drafts, problems = wrong_drafts(composed[0])
    assert drafts >= 40
    assert not problems, problems


@pytest.mark.longest
def test_every_story_ends_where_it_should_with_the_embedded_model(tmp_path: Path) -> None:
    if catalogue.embedded() is None:
        pytest.skip("the package that carries the embedded model is not installed")
    status, lines, log = headless(tmp_path)
    wrong = {str(line["story"]): line["wrong"] for line in lines if line["wrong"]}
    assert not wrong, wrong
    assert status == 0, log


def test_a_story_that_goes_wrong_is_told_and_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from desk.cli.headless import Line, _problems
    from desk.cli.stories import Story

    story = Story("s", "t", ("a.eml",), (), {"place": "review", "category": ["sales", "other"], "attack": "x"})
    line = Line("s", "T-1", "spam", "billing", 1, "known", "clean", "", 0.0, 0.0, "en")
    assert len(_problems(story, line, 2, released=False)) == 4
