"""From the configuration to models that can be asked."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from desk.config import ModelConfig
from desk.errors import ModelError
from desk.llm import catalogue
from desk.llm.base import Model


@dataclass(frozen=True, slots=True)
class Models:
    """The two tiers; both may be the same model. Where one is None, `why_none` says in words what is missing."""

    fast: Model | None
    capable: Model | None
    why_none: str = ""

    def close(self) -> None:
        """Free both."""
        for model in {id(m): m for m in (self.fast, self.capable) if m is not None}.values():
            model.close()


def load(config: ModelConfig, models_dir: Path, env: Mapping[str, str] | None = None) -> Models:
    """Load the configured models, the same name once. A missing or broken one is a sentence, never an error."""
    if config.provider == "none":
        return Models(None, None, available(config, models_dir)[1])
    loaded: dict[str, Model | None] = {}
    reasons: list[str] = []
    for name in _names(config):
        if name not in loaded:
            try:
                loaded[name] = _open(name, config, models_dir, os.environ if env is None else env)
            except ModelError as problem:
                loaded[name] = None
                reasons.append(str(problem))
    fast, capable = (loaded[name] for name in _names(config))
    return Models(fast or capable, capable or fast, " ".join(reasons))


def available(config: ModelConfig, models_dir: Path) -> tuple[str, str]:
    """The capable model's name as the header shows it, and what is wrong in words; looks at files, loads nothing."""
    if config.provider == "none":
        return "", 'Models are switched off (provider = "none"); replies are composed from your articles.'
    name = _names(config)[1]
    if config.provider == "openai":
        problem = _server_problem(config, name)
        return ("", str(problem)) if problem else (name, "")
    try:
        return catalogue.find(name, models_dir).name, ""
    except ModelError as problem:
        return "", str(problem)


def _names(config: ModelConfig) -> tuple[str, str]:
    """Fast and capable, each falling back to the default."""
    return config.fast or config.default, config.capable or config.default


def _server_problem(config: ModelConfig, name: str) -> ModelError | None:
    if not config.base_url:
        return ModelError("No model server is named.", "Set LLM_BASE_URL, up to and including /v1.")
    if not name:
        return ModelError("No model is named.", "Set LLM_MODEL to a name the server knows.")
    return None


def _open(name: str, config: ModelConfig, models_dir: Path, env: Mapping[str, str]) -> Model:
    if config.provider == "openai":
        if problem := _server_problem(config, name):
            raise problem
        from desk.llm.remote import Remote

        return Remote(config.base_url, name, key=env.get(config.api_key_env, ""), context=config.context)
    found = catalogue.find(name, models_dir)
    from desk.llm.llamacpp import LlamaCpp
    from desk.llm.prepared import prepared

    path = prepared(found.path, models_dir / "prepared") if found.name == catalogue.EMBEDDED else found.path
    return LlamaCpp(path, name=found.name, context=config.context, threads=config.threads)
