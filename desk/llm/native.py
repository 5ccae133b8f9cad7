"""llama.cpp's C interface as far as desk needs it: tokens, batches, sequences, states, samplers. No policy here."""

import ctypes
import os
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from desk.errors import ModelError


def _library() -> Any:
    """llama.cpp with short spins at its thread barriers.

    libgomp reads this when it is loaded. By default a thread waits for another by spinning for milliseconds, which
    makes the model several times slower as soon as anything else wants a core: the screen, a worker, a browser.
    """
    given = {name: os.environ.get(name) for name in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")}
    if not any(given.values()):
        os.environ["GOMP_SPINCOUNT"] = "300"
    import llama_cpp

    if not any(given.values()):
        del os.environ["GOMP_SPINCOUNT"]
    return llama_cpp


_lib: Any = _library()
_ERROR = 4  # GGML_LOG_LEVEL_ERROR
_said: deque[str] = deque(maxlen=4)


@_lib.llama_log_callback  # type: ignore[untyped-decorator]
def _listen(level: int, text: bytes, _data: Any) -> None:
    """Keep the last complaints for an error message; print nothing, the terminal belongs to the screen."""
    if level == _ERROR:
        _said.append(text.decode("utf-8", "replace").strip())


def requantize(source: Path, target: Path) -> None:
    """Write the weights of a GGUF file once more as Q8_0. Raises `ModelError` where llama.cpp cannot."""
    _lib.llama_log_set(_listen, ctypes.c_void_p(0))
    _said.clear()
    wanted = _lib.llama_model_quantize_default_params()
    wanted.ftype, wanted.allow_requantize = _lib.LLAMA_FTYPE_MOSTLY_Q8_0, True
    if _lib.llama_model_quantize(os.fsencode(source), os.fsencode(target), ctypes.byref(wanted)) != 0:
        why = _said[-1] if _said else "llama.cpp did not say why"
        raise ModelError(f"{source.name} could not be written in another form: {why}.", "See whether the disk is full.")


class Engine:
    """One model with one context. Positions and sequences are the caller's to keep in order. Not thread-safe."""

    def __init__(self, file: Path, *, context: int, threads: int, sequences: int, batch: int) -> None:
        """Load the GGUF file (memory-mapped). `batch` is the most tokens of one decode, `sequences` of one context."""
        _lib.llama_log_set(_listen, ctypes.c_void_p(0))
        _lib.llama_backend_init()
        _said.clear()
        self._context: Any = None
        self._model: Any = _lib.llama_model_load_from_file(os.fsencode(file), _lib.llama_model_default_params())
        if not self._model:
            why = _said[-1] if _said else "it is not a GGUF file this version of llama.cpp can read"
            raise ModelError(f"The model {file.name} can't be loaded: {why}.", "Check it with `desk models check`.")
        self._vocab: Any = _lib.llama_model_get_vocab(self._model)
        trained = int(_lib.llama_model_n_ctx_train(self._model))
        self.context = min(context, trained) if trained > 0 else context
        self.batch = batch
        self.sequences = sequences
        self._words = int(_lib.llama_vocab_n_tokens(self._vocab))
        self._context = _lib.llama_init_from_model(self._model, self._parameters(threads))
        if not self._context:
            self.close()
            raise ModelError(
                f"There is not enough memory for {file.name} with {context} tokens of context.",
                "Lower `context` under [model] in desk.toml, or choose a smaller model.",
            )
        self._memory: Any = _lib.llama_get_memory(self._context)
        self._batch: Any = _lib.llama_batch_init(batch, 0, 1)

    def _parameters(self, threads: int) -> Any:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        parameters = _lib.llama_context_default_params()
        parameters.n_ctx = self.context
        parameters.n_batch = parameters.n_ubatch = self.batch
        parameters.n_seq_max = self.sequences
        parameters.kv_unified = True
        parameters.swa_full = True  # without it a sliding window forgets the prefix that is to be shared
        parameters.n_threads = parameters.n_threads_batch = threads or cores
        if hasattr(parameters, "n_outputs_max_per_seq"):
            parameters.n_outputs_max_per_seq = 0
        return parameters

    # -- words ---------------------------------------------------------------------------------------------------

    def tokenize(self, text: str, *, special: bool) -> list[int]:
        """Tokens of a text, without any that begin or end a prompt. Control tokens count only with `special`."""
        data = text.encode("utf-8", "replace")
        room = len(data) + 8
        tokens = (_lib.llama_token * room)()
        count = _lib.llama_tokenize(self._vocab, data, len(data), tokens, room, False, special)
        if count < 0:
            raise ModelError("The model's tokenizer refused a text.", "Check the model with `desk models check`.")
        return list(tokens[:count])

    def piece(self, token: int) -> bytes:
        """The bytes of one token, perhaps a part of a character; nothing for a control token."""
        room = 64
        while True:
            buffer = ctypes.create_string_buffer(room)
            count = _lib.llama_token_to_piece(self._vocab, token, buffer, room, 0, False)
            if count >= 0:
                return bytes(buffer.raw[:count])
            room = -count

    def is_end(self, token: int) -> bool:
        """Whether the token ends an answer."""
        return bool(_lib.llama_vocab_is_eog(self._vocab, token))

    def end_of_turn(self) -> int:
        """The token a model writes when its turn is over."""
        token = int(_lib.llama_vocab_eot(self._vocab))
        return token if token >= 0 else int(_lib.llama_vocab_eos(self._vocab))

    def opening(self) -> int | None:
        """The token every prompt begins with, where the model wants one."""
        return int(_lib.llama_vocab_bos(self._vocab)) if _lib.llama_vocab_get_add_bos(self._vocab) else None

    def marks(self) -> tuple[str, str]:
        """The text of the tokens that begin and end a document, as chat templates use them."""
        found = []
        for token in (_lib.llama_vocab_bos(self._vocab), _lib.llama_vocab_eos(self._vocab)):
            text = _lib.llama_vocab_get_text(self._vocab, token) if token >= 0 else b""
            found.append((text or b"").decode("utf-8", "replace"))
        return found[0], found[1]

    def template(self) -> str:
        """The chat template in the file's metadata, empty where it has none."""
        return (_lib.llama_model_chat_template(self._model, None) or b"").decode("utf-8", "replace")

    # -- evaluation ----------------------------------------------------------------------------------------------

    def decode(self, entries: Sequence[tuple[int, int, int, bool]]) -> None:
        """Evaluate (token, position, sequence, wants logits) in one batch of at most `batch`."""
        batch = self._batch
        batch.n_tokens = len(entries)
        for i, (token, position, sequence, wanted) in enumerate(entries):
            batch.token[i] = token
            batch.pos[i] = position
            batch.n_seq_id[i] = 1
            batch.seq_id[i][0] = sequence
            batch.logits[i] = wanted
        status = _lib.llama_decode(self._context, batch)
        if status == 1:
            raise ModelError(
                f"The model's context of {self.context} tokens is full.",
                "Raise `context` under [model] in desk.toml, or shorten what the prompt holds.",
            )
        if status != 0:
            why = f" ({_said[-1]})" if _said else ""
            raise ModelError(
                f"The model failed while evaluating, code {status}{why}.", "Try again; then `desk doctor`."
            )

    def logits(self, index: int) -> NDArray[np.float32]:
        """A copy of the logits of entry `index` of the last batch (−1: of its last output), one per word."""
        pointer = _lib.llama_get_logits_ith(self._context, index)
        if not pointer:
            raise ModelError("The model gave no probabilities.", "Check it with `desk models check`.")
        return np.ctypeslib.as_array(pointer, shape=(self._words,)).astype(np.float32, copy=True)

    def share(self, sequence: int) -> None:
        """Let `sequence` stand on all of sequence 0, without copying memory."""
        _lib.llama_memory_seq_cp(self._memory, 0, sequence, -1, -1)

    def drop(self, sequence: int, start: int) -> bool:
        """Forget a sequence from position `start` on; false where this kind of model can't forget a part."""
        return bool(_lib.llama_memory_seq_rm(self._memory, sequence, start, -1))

    def clear(self) -> None:
        """Forget everything."""
        _lib.llama_memory_clear(self._memory, True)

    def save(self) -> bytes:
        """The state of sequence 0, about 23 kB a token for a model of 135 million parameters."""
        size = _lib.llama_state_seq_get_size(self._context, 0)
        data = (ctypes.c_uint8 * size)()
        written = _lib.llama_state_seq_get_data(self._context, data, size, 0)
        return bytes(data)[:written]

    def restore(self, state: bytes) -> bool:
        """Put a saved state into sequence 0, in place of what is there."""
        data = (ctypes.c_uint8 * len(state)).from_buffer_copy(state)
        return bool(_lib.llama_state_seq_set_data(self._context, data, len(state), 0))

    def sampler(self, *, grammar: str | None, temperature: float, seed: int) -> "Sampler":
        """How the next token is chosen: the most probable at temperature 0, else drawn with `seed`.

        Free text has a guard against loops: a light penalty on recent words and DRY on repeated runs. Structure under
        a grammar repeats by nature, so it has none.
        """
        chain = _lib.llama_sampler_chain_init(_lib.llama_sampler_chain_default_params())
        made = Sampler(chain, self._context)
        if grammar is not None:
            _said.clear()
            rule = _lib.llama_sampler_init_grammar(self._vocab, grammar.encode(), b"root")
            if not rule:
                made.close()
                why = f": {_said[-1]}" if _said else ""
                raise ModelError(f"A grammar can't be read{why}.", "Mend the GBNF text; it needs a rule named root.")
            made.add(rule)
        else:
            made.add(_repetition_guard(self._vocab, self.context))
            made.add(_lib.llama_sampler_init_penalties(*_penalties(self._words)))
        if temperature <= 0:
            made.add(_lib.llama_sampler_init_greedy())
        else:
            made.add(_lib.llama_sampler_init_top_k(40))
            made.add(_lib.llama_sampler_init_top_p(0.95, 1))
            made.add(_lib.llama_sampler_init_temp(temperature))
            made.add(_lib.llama_sampler_init_dist(seed & 0xFFFFFFFF))
        return made

    def close(self) -> None:
        """Give the memory back."""
        if self._context:
            _lib.llama_batch_free(self._batch)
            _lib.llama_free(self._context)
        if self._model:
            _lib.llama_model_free(self._model)
        self._context = self._model = None


class Sampler:
    """A chain of samplers; owns its memory."""

    def __init__(self, chain: Any, context: Any) -> None:
        self._chain = chain
        self._context = context

    def add(self, sampler: Any) -> None:
        """Append one sampler, which now belongs to the chain."""
        _lib.llama_sampler_chain_add(self._chain, sampler)

    def next(self) -> int:
        """Choose a token from the last logits and remember it."""
        return int(_lib.llama_sampler_sample(self._chain, self._context, -1))

    def close(self) -> None:
        """Free the chain."""
        if self._chain:
            _lib.llama_sampler_free(self._chain)
        self._chain = None


def _penalties(words: int) -> tuple[Any, ...]:
    """Arguments of the penalty sampler: the last 64 tokens, factor 1.05. Older libraries take no vocabulary size."""
    fixed = (64, 1.05, 0.0, 0.0)
    return (words, *fixed) if len(_lib.llama_sampler_init_penalties.argtypes or ()) == 5 else fixed


def _repetition_guard(vocab: Any, context: int) -> Any:
    """DRY: runs of more than six tokens that stood before become exponentially less likely."""
    breakers = (ctypes.c_char_p * 1)(b"\n")
    arguments: tuple[Any, ...] = (0.8, 1.75, 6, 256, breakers, 1)
    if len(_lib.llama_sampler_init_dry.argtypes or ()) == 8:
        return _lib.llama_sampler_init_dry(vocab, context, *arguments)
    return _lib.llama_sampler_init_dry(vocab, *arguments)
