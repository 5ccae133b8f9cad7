"""A GGUF model in this process. What it has evaluated stays in memory and is built upon, call after call."""

import hashlib
import itertools
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from desk.errors import Cancelled, ModelError
from desk.llm import chat
from desk.llm.base import Cancel, Finish, Generation, Prompt, Scores, Segment, Usage
from desk.llm.native import Engine, Sampler
from desk.llm.writing import Writer

_SEQUENCES = 17  # the prompt, and sixteen labels beside it
_BATCH = 128
_SAVED_BYTES = 256 << 20
"""System words and the latest tickets' prompts, saved so that a redraft some tickets later is no cold start."""
_BASELINES = 32


@dataclass(frozen=True, slots=True)
class _Saved:
    """The state after some tokens, evaluated in batches that ended at `ends`."""

    state: bytes
    ends: tuple[int, ...]


class LlamaCpp:
    """The `Model` protocol on llama.cpp, with one context.

    Sequence 0 holds `_kept`, the prompt of the last call (and perhaps its answer, dropped by the next). The next call
    keeps their longest common prefix, in whole batches, and evaluates only the rest. Where a saved state (of system
    words, of an earlier ticket's draft) has more in common, that is restored instead.
    """

    def __init__(self, file: Path, *, name: str = "", context: int = 4096, threads: int = 0) -> None:
        """Load the model (memory-mapped); raises `ModelError` when the file is missing, unreadable or too large."""
        if not file.is_file():
            raise ModelError(f"There is no model file {file}.", "See `desk models list` for what can be used.")
        self._engine = Engine(file, context=context, threads=threads, sequences=_SEQUENCES, batch=_BATCH)
        bos, eos = self._engine.marks()
        self._format = chat.parse(self._engine.template(), bos=bos, eos=eos)
        self._lock = threading.Lock()
        self._kept: list[int] = []
        self._ends: list[int] = []
        self._saved: OrderedDict[tuple[int, ...], _Saved] = OrderedDict()
        self._baselines: OrderedDict[tuple[object, ...], NDArray[np.float64]] = OrderedDict()
        self._step = _step(file.stat().st_size)
        self._open = True
        self.name = name or file.stem
        self.fingerprint = f"{file.stem}-{_fingerprint(file)}"
        self.context = self._engine.context

    def count(self, text: str) -> int:
        """Tokens of a text, its control tokens read as plain text."""
        with self._lock:
            self._must_be_open()
            return len(self._engine.tokenize(text, special=False))

    def tokens(self, prompt: Prompt) -> list[int]:
        """The tokens of a whole prompt in this model's chat format, as `score` and `generate` evaluate it."""
        with self._lock:
            self._must_be_open()
            return self._tokens(prompt)[0]

    def score(
        self,
        prompt: Prompt,
        labels: Sequence[str],
        *,
        baseline: Prompt | None = None,
        cancel: Cancel | None = None,
    ) -> Scores:
        """Probabilities of labels as the answer; see `base.Model.score`."""
        if not labels or len(set(labels)) != len(labels):
            raise ValueError("labels must be some and different")
        begun = time.perf_counter()
        with self._lock:
            self._must_be_open()
            words = self._label_tokens(labels)
            evaluated = 0
            zero = np.zeros(len(labels))
            if baseline is not None:
                zero, cost = self._baseline(baseline, words, cancel)
                evaluated += cost
            tokens, starts = self._tokens(prompt)
            sums, cost = self._sums(tokens, starts, words, cancel)
        logs = sums - zero
        chances = np.exp(logs - logs.max())
        chances /= chances.sum()
        usage = Usage(len(tokens), evaluated + cost, 0, (time.perf_counter() - begun) * 1000)
        return Scores({label: float(p) for label, p in zip(labels, chances, strict=True)}, usage)

    def generate(
        self,
        prompt: Prompt,
        *,
        max_tokens: int,
        grammar: str | None = None,
        temperature: float = 0.0,
        seed: int = 0,
        stop: Sequence[str] = (),
        on_text: Callable[[str], None] | None = None,
        cancel: Cancel | None = None,
    ) -> Generation:
        """Write an answer; see `base.Model.generate`."""
        begun = time.perf_counter()
        writer = Writer(stop, on_text)
        evaluated = written = 0
        finished: Finish = "cancelled"
        with self._lock:
            self._must_be_open()
            tokens, starts = self._tokens(prompt)
            self._must_fit(len(tokens), max_tokens)
            sampler = self._engine.sampler(grammar=grammar, temperature=temperature, seed=seed)
            try:
                evaluated = self._evaluate(tokens, starts, cancel)
                self._save()
                finished, written = self._write(sampler, writer, max_tokens, cancel)
            except Cancelled as stopped:
                evaluated = _evaluated_by(stopped)
            finally:
                sampler.close()
        writer.finish()
        usage = Usage(len(tokens), evaluated, written, (time.perf_counter() - begun) * 1000)
        return Generation(writer.text, usage, finished)

    def close(self) -> None:
        """Free weights and context; waits for a running call."""
        with self._lock:
            if self._open:
                self._engine.close()
            self._open = False

    # -- the prompt ----------------------------------------------------------------------------------------------

    def _tokens(self, prompt: Prompt) -> tuple[list[int], tuple[int, ...]]:
        """All tokens in the chat format, and where its parts begin; the first such place ends the system prefix."""
        head, rest = self._format.segments(prompt)
        opening = self._engine.opening()
        tokens = self._tokenized(head)
        if opening is not None and tokens[:1] != [opening]:
            tokens.insert(0, opening)
        starts = {len(tokens)}
        for segment in rest:
            if segment.starts:
                starts.add(len(tokens))
            tokens += self._tokenized([segment])
        return tokens, tuple(sorted(starts))

    def _tokenized(self, segments: Sequence[Segment]) -> list[int]:
        return [t for s in segments if s.text for t in self._engine.tokenize(s.text, special=s.special)]

    def _evaluate(self, tokens: list[int], starts: tuple[int, ...], cancel: Cancel | None) -> int:
        """Bring sequence 0 to exactly these tokens, the last one's logits ready; how many had to be evaluated.

        The batches always end at the same places, whatever was kept: rounding differs with the size of a batch, and
        the same prompt must give the same answer. They are short, so that a cancel is heard in under a second.
        """
        ends = self._batch_ends(len(tokens), starts)
        start = self._reuse(tokens, starts[0], ends)
        position = start
        try:
            for end in (end for end in ends if end > start):
                if cancel is not None and cancel.is_set():
                    raise _Stopped(position - start)
                self._engine.decode([(tokens[i], i, 0, i == end - 1) for i in range(position, end)])
                self._kept.extend(tokens[position:end])
                self._ends.append(end)
                position = end
                if position == starts[0]:
                    self._save()
        except ModelError:
            self._forget()
            raise
        return position - start

    def _batch_ends(self, total: int, starts: tuple[int, ...]) -> list[int]:
        """Where batches end: where a part begins, and every `_step` tokens from there."""
        edges = (0, *starts, total)
        return [end for a, b in itertools.pairwise(edges) for end in (*range(a + self._step, b, self._step), b)]

    def _reuse(self, tokens: list[int], head: int, ends: list[int]) -> int:
        """Bring back what was evaluated before of these tokens: from sequence 0, or what was saved; how many tokens."""
        kept = _common(self._kept, self._ends, tokens, ends)
        saved = [(key, one) for key, one in self._saved.items() if key[:head] == tuple(tokens[:head])]
        shared = {key: _common(key, one.ends, tokens, ends) for key, one in saved}
        best = max(shared, key=lambda key: len(shared[key]), default=None)
        if best is not None and len(shared[best]) > len(kept):
            self._saved.move_to_end(best)
            self._forget()
            kept = shared[best] if self._engine.restore(self._saved[best].state) else []
        if not self._engine.drop(0, kept[-1] if kept else 0):
            self._forget()
            kept = []
        start = kept[-1] if kept else 0
        self._kept, self._ends = tokens[:start], kept
        return start

    def _save(self) -> None:
        """Keep the state of sequence 0; the longest unused go first where there is no room."""
        key = tuple(self._kept)
        if key not in self._saved:
            self._saved[key] = _Saved(self._engine.save(), tuple(self._ends))
        self._saved.move_to_end(key)
        while sum(len(one.state) for one in self._saved.values()) > _SAVED_BYTES:
            self._saved.popitem(last=False)

    def _forget(self) -> None:
        self._engine.clear()
        self._kept, self._ends = [], []

    # -- labels --------------------------------------------------------------------------------------------------

    def _label_tokens(self, labels: Sequence[str]) -> list[list[int]]:
        """Tokens of each label; where one label begins another, all get the end of the turn so that they differ."""
        words = [self._engine.tokenize(label, special=False) for label in labels]
        if any(a is not b and b[: len(a)] == a for a in words for b in words):
            words = [[*word, self._engine.end_of_turn()] for word in words]
        return words

    def _baseline(
        self, prompt: Prompt, words: list[list[int]], cancel: Cancel | None
    ) -> tuple[NDArray[np.float64], int]:
        """The labels' scores for the question about nothing: evaluated once, then remembered."""
        tokens, starts = self._tokens(prompt)
        key = (tuple(tokens), tuple(map(tuple, words)))
        known = self._baselines.get(key)
        if known is not None:
            return known, 0
        sums, cost = self._sums(tokens, starts, words, cancel)
        self._baselines[key] = sums
        while len(self._baselines) > _BASELINES:
            self._baselines.popitem(last=False)
        return sums, cost

    def _sums(
        self, tokens: list[int], starts: tuple[int, ...], words: list[list[int]], cancel: Cancel | None
    ) -> tuple[NDArray[np.float64], int]:
        """Sum of log-probabilities of each label's tokens after the prompt, and how many tokens were evaluated.

        A label's last token is only looked up, never evaluated; labels of one token cost nothing beyond the prompt.
        """
        self._must_fit(len(tokens), sum(len(word) - 1 for word in words))
        cost = self._evaluate(tokens, starts, cancel)
        first = _log_softmax(self._engine.logits(-1))
        sums = np.array([first[word[0]] for word in words], dtype=np.float64)
        for group in _groups([(i, word) for i, word in enumerate(words) if len(word) > 1]):
            if cancel is not None and cancel.is_set():
                raise _Stopped(cost)
            cost += self._branch(len(tokens), group, sums)
        return sums, cost

    def _branch(self, start: int, group: list[tuple[int, list[int]]], sums: NDArray[np.float64]) -> int:
        """Evaluate several labels at once, each in a sequence of its own that shares the prompt; add to `sums`."""
        entries: list[tuple[int, int, int, bool]] = []
        try:
            for sequence, (_, word) in enumerate(group, 1):
                self._engine.share(sequence)
                entries += [(token, start + at, sequence, True) for at, token in enumerate(word[:-1])]
            self._engine.decode(entries)
            row = 0
            for label, word in group:
                for token in word[1:]:
                    sums[label] += _log_softmax(self._engine.logits(row))[token]
                    row += 1
        except ModelError:
            self._forget()
            raise
        finally:
            for sequence in range(1, len(group) + 1):
                self._engine.drop(sequence, -1)
        return len(entries)

    # -- writing -------------------------------------------------------------------------------------------------

    def _write(self, sampler: Sampler, writer: Writer, most: int, cancel: Cancel | None) -> tuple[Finish, int]:
        """Choose token after token; why it ended, and how many were written."""
        position = len(self._kept)
        for written in range(most):
            if cancel is not None and cancel.is_set():
                return "cancelled", written
            token = sampler.next()
            if self._engine.is_end(token):
                return "stop", written
            if writer.feed(self._engine.piece(token)):
                return "stop", written + 1
            if written + 1 < most:
                self._engine.decode([(token, position + written, 0, True)])
        return "length", most

    # -- conditions ----------------------------------------------------------------------------------------------

    def _must_fit(self, prompt: int, more: int) -> None:
        if prompt + more > self.context:
            raise ModelError(
                f"The prompt of {prompt} tokens and {more} for the answer do not fit the model's {self.context}.",
                "Raise `context` under [model] in desk.toml, or shorten what the prompt holds.",
            )

    def _must_be_open(self) -> None:
        if not self._open:
            raise ModelError(f"The model {self.name} was closed.", "Load it again.")


def _common(before: Sequence[int], their_ends: Sequence[int], tokens: list[int], ends: list[int]) -> list[int]:
    """Ends of the batches that two prompts have in common; never the last one, which is evaluated for its logits."""
    alike = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(before, tokens, strict=False))
    common = sum(1 for _ in alike)
    pairs = zip(their_ends, ends[:-1], strict=False)
    return [end for _, end in itertools.takewhile(lambda pair: pair[0] == pair[1] <= common, pairs)]


class _Stopped(Cancelled):
    """Stopped on request, after so many tokens."""

    def __init__(self, evaluated: int) -> None:
        super().__init__("The model was stopped.", "Ask again when you want an answer.")
        self.evaluated = evaluated


def _step(size: int) -> int:
    """Tokens of one batch for a file of so many bytes: about half a second's work on two slow cores."""
    return 64 if size < 300_000_000 else 32 if size < 1_500_000_000 else 16 if size < 3_000_000_000 else 8


def _evaluated_by(stopped: Cancelled) -> int:
    return stopped.evaluated if isinstance(stopped, _Stopped) else 0


def _groups(words: list[tuple[int, list[int]]]) -> list[list[tuple[int, list[int]]]]:
    """Labels in runs that fit one batch and the spare sequences."""
    out: list[list[tuple[int, list[int]]]] = []
    size = _BATCH
    for item in words:
        need = len(item[1]) - 1
        if need > _BATCH:
            raise ValueError(f"a label of {need} tokens is too long to be scored")
        if size + need > _BATCH or len(out[-1]) == _SEQUENCES - 1:
            out.append([])
            size = 0
        out[-1].append(item)
        size += need
    return out


def _log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    wide = logits.astype(np.float64)
    wide -= wide.max()
    return np.asarray(wide - np.log(np.exp(wide).sum()), dtype=np.float64)


def _fingerprint(file: Path) -> str:
    """SHA-256 over size, first and last MiB: changes with metadata and weights, and is quick for large files."""
    size = file.stat().st_size
    digest = hashlib.sha256(str(size).encode())
    with file.open("rb") as stream:
        digest.update(stream.read(1 << 20))
        stream.seek(max(0, size - (1 << 20)))
        digest.update(stream.read())
    return digest.hexdigest()[:12]
