"""Embeddings on CPU: the bundled MiniLM or any folder with an ONNX sentence model, always offline.

Each text runs through the model alone. Dynamic int8 quantisation scales activations over the whole batch, so in a batch
a text's vector would depend on its neighbours; alone it is the same on every run, at the same speed on CPU.
"""

import hashlib
import json
import os
import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from desk.errors import KnowledgeError
from desk.knowledge import glossary

BUNDLED = Path(__file__).resolve().parent / "minilm"
_NEEDED = ("config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")
_REMEMBERED = 4096
_registering = threading.Lock()


class Embedder:
    """A sentence model. Nothing is loaded before the first `embed`."""

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        self._folder = folder
        self._threads = threads
        self._model: Any = None
        self._fingerprint = ""
        self._lock = threading.Lock()
        self._recent: OrderedDict[str, NDArray[np.float32]] = OrderedDict()
        self._file = _model_file(folder)
        self._dimensions = _dimensions(folder)

    @property
    def dimensions(self) -> int:
        """Length of every vector."""
        return self._dimensions

    @property
    def bundled(self) -> bool:
        """Whether this is the model that comes with desk, whose vectors the trained heads of other rooms read."""
        return self._folder == BUNDLED

    @property
    def fingerprint(self) -> str:
        """Hash of the model file, the tokenizer and the glossary: an index made under another one is rebuilt."""
        if not self._fingerprint:
            digest = hashlib.sha256()
            for name in (self._file, "tokenizer.json", "tokenizer_config.json"):
                with (self._folder / name).open("rb") as file:
                    digest.update(hashlib.file_digest(file, "sha256").digest())
            digest.update(glossary.fingerprint().encode())
            self._fingerprint = digest.hexdigest()[:32]
        return self._fingerprint

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """L2-normalised vectors, shape (len(texts), dimensions). An empty text gives the vector of a single space.

        Words of de, nl, fr, es and it that support mail uses are put into English first (see `glossary`), because the
        model knows little else. Raises KnowledgeError when the model can't be loaded.
        """
        vectors = np.zeros((len(texts), self._dimensions), dtype=np.float32)
        with self._lock:
            for row, text in enumerate(texts):
                vectors[row] = self._one(text)
        return vectors

    def tokens(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        """What the model makes of every word piece of each text, shape (pieces, dimensions) each, as it is.

        For heads that look at words in their places. Raises KnowledgeError when the model can't be loaded.
        """
        with self._lock:
            if self._model is None:
                self._model = self._load()
            inner = self._model.model
            made = (inner.onnx_embed([glossary.to_english(text) or " "]) for text in texts)
            return [np.asarray(output.model_output[0], np.float32) for output in made]

    def _one(self, text: str) -> NDArray[np.float32]:
        known = self._recent.get(text)
        if known is not None:
            self._recent.move_to_end(text)
            return known
        if self._model is None:
            self._model = self._load()
        vector = np.asarray(next(iter(self._model.embed([glossary.to_english(text) or " "], batch_size=1))), np.float32)
        length = float(np.linalg.norm(vector))
        vector = vector / length if length > 0 else vector
        self._recent[text] = vector
        if len(self._recent) > _REMEMBERED:
            self._recent.popitem(last=False)
        return vector

    def _load(self) -> Any:
        # ONNX Runtime counts its uses for its maker, with a file of its own in the user's cache, unless told not to.
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"
        from fastembed import TextEmbedding
        from fastembed.common.model_description import ModelSource, PoolingType

        name = f"desk/{self.fingerprint}"
        with _registering:
            if not any(m["model"] == name for m in TextEmbedding.list_supported_models()):
                TextEmbedding.add_custom_model(
                    model=name,
                    pooling=PoolingType.CLS if _pools_first_token(self._folder) else PoolingType.MEAN,
                    normalization=True,
                    sources=ModelSource(url="file://local"),  # never asked: the files are given by path
                    dim=self._dimensions,
                    model_file=self._file,
                )
        try:
            return TextEmbedding(
                name, specific_model_path=str(self._folder), threads=self._threads, providers=["CPUExecutionProvider"]
            )
        except Exception as problem:
            raise KnowledgeError(
                f"The embedding model in {self._folder} can't be loaded: {problem}.",
                "Check the files there, or empty knowledge.embeddings to use the bundled model.",
            ) from problem


def load(folder: str = "", *, threads: int = 1) -> Embedder:
    """The bundled model, or the one in `folder`; raises KnowledgeError naming the file that is missing.

    One thread is the default: beside a language model on the same cores more threads make every text slower.
    """
    return Embedder(Path(folder).expanduser() if folder else BUNDLED, threads=threads)


def _model_file(folder: Path) -> str:
    missing = [name for name in _NEEDED if not (folder / name).is_file()]
    found = [n for n in ("model.onnx", "model_optimized.onnx", "onnx/model.onnx") if (folder / n).is_file()]
    if not found:
        missing.insert(0, "model.onnx")
    if missing:
        raise KnowledgeError(
            f"The embedding folder {folder} lacks {', '.join(missing)}.",
            "Point knowledge.embeddings at a complete folder, or empty it to use the bundled model.",
        )
    return found[0]


def _dimensions(folder: Path) -> int:
    try:
        return int(json.loads((folder / "config.json").read_text(encoding="utf-8"))["hidden_size"])
    except (ValueError, KeyError, TypeError) as problem:
        raise KnowledgeError(
            f"{folder / 'config.json'} does not say the vector length (hidden_size).",
            "Take the config.json that belongs to the model.",
        ) from problem


def _pools_first_token(folder: Path) -> bool:
    settings = folder / "1_Pooling" / "config.json"
    return settings.is_file() and bool(
        json.loads(settings.read_text(encoding="utf-8")).get("pooling_mode_cls_token", False)
    )
