"""A model on any server that speaks OpenAI's chat completions: llama-server, vLLM, Ollama, or a hosted one."""

import json
import math
import queue
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from desk.errors import Cancelled, ModelError
from desk.llm.base import Cancel, Finish, Generation, Prompt, Scores, Usage
from desk.llm.writing import Writer

_CONNECT_SECONDS = 10.0
_SILENCE_SECONDS = 300.0
_LISTEN_SECONDS = 0.1
_CONTROL = re.compile(r"<(?=[|｜]|/?[\w▁]{1,40}>)|\[(?=/?(?:INST|SYSTEM_PROMPT|TOOL_CALLS|AVAILABLE_TOOLS)\])")
_OPTIONAL = ("stream_options", "seed")


class Remote:
    """The `Model` protocol over HTTP. The server's own cache keeps the shared prefix of consecutive prompts."""

    def __init__(self, base_url: str, name: str, *, key: str = "", context: int = 4096) -> None:
        """`base_url` goes up to and including /v1. Nothing is contacted before the first call."""
        self.name = name
        self.fingerprint = f"{base_url.rstrip('/')}#{name}"
        self.context = context
        self._url = base_url.rstrip("/")
        self._key = key
        self._lock = threading.Lock()

    def count(self, text: str) -> int:
        """An estimate on the safe side: the server's tokenizer isn't reachable, so one token for three bytes."""
        return math.ceil(len(text.encode("utf-8", "replace")) / 3)

    def score(
        self,
        prompt: Prompt,
        labels: Sequence[str],
        *,
        baseline: Prompt | None = None,
        cancel: Cancel | None = None,
    ) -> Scores:
        """Probabilities from the first token's log-probabilities where the server gives them.

        Where it gives none, or labels begin alike, the model is asked for one of them and the result is not `graded`.
        """
        if not labels or len(set(labels)) != len(labels):
            raise ValueError("labels must be some and different")
        ask = {"max_tokens": 1, "temperature": 0, "logprobs": True, "top_logprobs": 20}
        answer = self._call(prompt, ask, cancel, optional=("logprobs", "top_logprobs"))
        usage = answer.usage(self._estimate(prompt))
        logs = _label_logs(answer.first, labels)
        if logs is None:
            return self._choose(prompt, labels, usage, cancel)
        if baseline is not None:
            empty = self._call(baseline, ask, cancel, optional=())
            usage = _sum(usage, empty.usage(self._estimate(baseline)))
            zero = _label_logs(empty.first, labels)
            logs = [a - b for a, b in zip(logs, zero, strict=True)] if zero else logs
        top = max(logs)
        weights = [math.exp(log - top) for log in logs]
        return Scores({label: w / sum(weights) for label, w in zip(labels, weights, strict=True)}, usage)

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
        """Write an answer, streamed; see `base.Model.generate`.

        `grammar` is sent as llama-server takes it; other servers may ignore it, so what comes must be checked.
        """
        ask: dict[str, Any] = {"max_tokens": max_tokens, "temperature": temperature, "seed": seed}
        if grammar is not None:
            ask["grammar"] = grammar
        answer = self._call(prompt, ask, cancel, stop=stop, on_text=on_text, raise_cancelled=False)
        return Generation(answer.text, answer.usage(self._estimate(prompt)), answer.finished)

    def close(self) -> None:
        """Nothing to give back: a connection lives as long as its call."""

    def _choose(self, prompt: Prompt, labels: Sequence[str], spent: Usage, cancel: Cancel | None) -> Scores:
        """Ask for one label as constrained text."""
        schema = {"type": "object", "properties": {"answer": {"enum": list(labels)}}, "required": ["answer"]}
        form = {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": schema}}
        ask = {"max_tokens": 64, "temperature": 0, "response_format": form}
        answer = self._call(prompt, ask, cancel, optional=("response_format",))
        label = _named(answer.text, labels)
        if label is None:
            raise ModelError(
                f"The model {self.name} answered none of {', '.join(labels)}.",
                "Use a larger model, or a server that gives log-probabilities.",
            )
        usage = _sum(spent, answer.usage(self._estimate(prompt)))
        return Scores({other: float(other == label) for other in labels}, usage, graded=False)

    def _estimate(self, prompt: Prompt) -> int:
        return sum(self.count(segment.text) for segment in prompt.segments)

    def _call(
        self,
        prompt: Prompt,
        ask: Mapping[str, Any],
        cancel: Cancel | None,
        *,
        optional: Sequence[str] = (),
        stop: Sequence[str] = (),
        on_text: Callable[[str], None] | None = None,
        raise_cancelled: bool = True,
    ) -> "_Answer":
        """One streamed completion; asked again without the `optional` fields when the server refuses them."""
        body: dict[str, Any] = {"model": self.name, "messages": _messages(prompt), "stream": True}
        body |= {"stream_options": {"include_usage": True}, **ask}
        with self._lock:
            try:
                answer = self._stream(body, cancel, stop, on_text)
            except _Rejected:
                spare = {*optional, *_OPTIONAL}
                answer = self._stream({k: v for k, v in body.items() if k not in spare}, cancel, stop, on_text)
        if answer.finished == "cancelled" and raise_cancelled:
            raise Cancelled("The model was stopped.", "Ask again when you want an answer.")
        return answer

    def _stream(
        self, body: dict[str, Any], cancel: Cancel | None, stop: Sequence[str], on_text: Callable[[str], None] | None
    ) -> "_Answer":
        begun = time.perf_counter()
        writer = Writer(stop, on_text)
        answer = _Answer()
        wire = _Wire(self._url, self._key, body)
        try:
            for event in wire.events(cancel):
                if event is None:
                    answer.finished = "cancelled"
                    break
                text = answer.take(event)
                if text and writer.feed(text.encode("utf-8", "replace")):
                    answer.finished = "stop"
                    break
        finally:
            wire.abort()
        if not answer.ended and not writer.stopped and answer.finished != "cancelled":
            raise ModelError(f"The model server at {self._url} broke off its answer.", "It is tried again later.")
        writer.finish()
        answer.text = writer.text
        answer.ms = (time.perf_counter() - begun) * 1000
        return answer


@dataclass(slots=True)
class _Answer:
    """What a stream amounts to."""

    text: str = ""
    finished: Finish = "stop"
    ended: bool = False
    first: list[Any] | None = None
    pieces: int = 0
    counts: dict[str, Any] = field(default_factory=dict)
    ms: float = 0.0

    def take(self, event: dict[str, Any]) -> str:
        """Note usage, the first token's alternatives and the reason of the end; the text this event brings."""
        try:
            if isinstance(event.get("usage"), dict):
                self.counts = event["usage"]
            self.ended = self.ended or "done" in event
            return "".join([self._choice(choice) for choice in event.get("choices") or ()])
        except (AttributeError, TypeError, IndexError) as problem:
            raise ModelError(
                f"The model server sent something unreadable: {problem}.", "Check LLM_BASE_URL."
            ) from problem

    def _choice(self, choice: dict[str, Any]) -> str:
        text = str((choice.get("delta") or {}).get("content") or "")
        self.pieces += bool(text)
        self.ended = self.ended or bool(choice.get("finish_reason"))
        if choice.get("finish_reason") == "length":
            self.finished = "length"
        content = (choice.get("logprobs") or {}).get("content")
        if self.first is None and content:
            self.first = content[0].get("top_logprobs") or None
        return text

    def usage(self, estimate: int) -> Usage:
        """The server's count where it gave one, else the estimate; what its cache kept does not count as evaluated."""
        tokens_in = int(self.counts.get("prompt_tokens") or estimate)
        kept = int((self.counts.get("prompt_tokens_details") or {}).get("cached_tokens") or 0)
        return Usage(tokens_in, tokens_in - kept, int(self.counts.get("completion_tokens") or self.pieces), self.ms)


class _Rejected(ModelError):
    """The server does not accept the request as it stands (400, 422)."""


class _Wire:
    """One request on a thread of its own, so that a silent server can't keep a cancel waiting."""

    def __init__(self, url: str, key: str, body: dict[str, Any]) -> None:
        self._url = url
        self._key = key
        self._body = body
        self._events: queue.SimpleQueue[dict[str, Any] | ModelError | None] = queue.SimpleQueue()
        self._socket: Any = None
        self._stopped = threading.Event()

    def events(self, cancel: Cancel | None) -> Iterator[dict[str, Any] | None]:
        """The events as they come; None once when cancelled. Raises `ModelError`."""
        threading.Thread(target=self._run, name="model-server", daemon=True).start()
        while True:
            if cancel is not None and cancel.is_set():
                yield None
                return
            try:
                event = self._events.get(timeout=_LISTEN_SECONDS)
            except queue.Empty:
                continue
            if event is None:
                return
            if isinstance(event, ModelError):
                raise event
            yield event

    def abort(self) -> None:
        """Hang up; the reading thread wakes and ends, the server sees that nobody listens."""
        self._stopped.set()
        if self._socket is not None:
            try:
                self._socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # it was closed already

    def _run(self) -> None:
        import httpx

        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        timeout = httpx.Timeout(_SILENCE_SECONDS, connect=_CONNECT_SECONDS)
        try:
            with (
                httpx.Client(timeout=timeout, headers=headers) as client,
                client.stream(
                    "POST", f"{self._url}/chat/completions", json=self._body, extensions={"trace": self._trace}
                ) as response,
            ):
                if response.status_code != 200:
                    self._events.put(
                        _refusal(response.status_code, response.read().decode("utf-8", "replace"), self._url)
                    )
                    return
                self._read(response.iter_lines())
        except httpx.HTTPError as problem:
            if not self._stopped.is_set():
                self._events.put(_unreachable(problem, self._url))
        except httpx.InvalidURL as problem:
            self._events.put(
                ModelError(f"{self._url!r} is not an address: {problem}.", "Set LLM_BASE_URL, as in .../v1.")
            )
        finally:
            self._events.put(None)

    def _read(self, lines: Iterator[str]) -> None:
        for line in lines:
            if self._stopped.is_set():
                return
            if not line.startswith("data:"):
                continue
            data = line[5:].strip()
            if data == "[DONE]":
                self._events.put({"done": True})
                return
            try:
                event = dict(json.loads(data))
            except (ValueError, TypeError):
                self._events.put(ModelError(f"{self._url} sent something unreadable.", "Is LLM_BASE_URL right?"))
                return
            if "error" in event:
                self._events.put(_refusal(500, data, self._url))
                return
            self._events.put(event)

    def _trace(self, event: str, info: Mapping[str, Any]) -> None:
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._socket = info["return_value"].get_extra_info("socket")
            if self._stopped.is_set():
                self.abort()


def _messages(prompt: Prompt) -> list[dict[str, str]]:
    """The turns as the server takes them. It tokenises them itself, so control tokens are broken apart here."""
    return [
        {"role": m.role, "content": _CONTROL.sub(lambda found: found.group() + " ", m.text())} for m in prompt.messages
    ]


def _label_logs(first: list[Any] | None, labels: Sequence[str]) -> list[float] | None:
    """Log-probability of each label's beginning; None where the alternatives can't tell labels apart.

    A label that isn't among the alternatives gets the smallest one listed, which is more than it can have.
    """
    if not first:
        return None
    chances = dict.fromkeys(labels, 0.0)
    for item in first:
        token = str(item.get("token", "")).strip().lower()
        meant = [label for label in labels if token and label.lower().startswith(token)]
        if len(meant) > 1:
            return None
        if meant:
            chances[meant[0]] += math.exp(item["logprob"])
    if not any(chances.values()):
        return None
    floor = min(math.exp(item["logprob"]) for item in first) or 1e-12
    return [math.log(chance or floor) for chance in chances.values()]


def _named(text: str, labels: Sequence[str]) -> str | None:
    """The one label an answer names: as JSON, else as the earliest label that stands in it as a word."""
    found = {m.start(): label for label in labels if (m := re.search(rf"\b{re.escape(label)}\b", text, re.IGNORECASE))}
    return found[min(found)] if found else None


def _sum(a: Usage, b: Usage) -> Usage:
    return Usage(
        a.tokens_in + b.tokens_in,
        a.tokens_evaluated + b.tokens_evaluated,
        a.tokens_out + b.tokens_out,
        a.ms + b.ms,
    )


def _refusal(status: int, body: str, url: str) -> ModelError:
    """What a status means for the person at the desk."""
    try:
        error = json.loads(body).get("error") or {}
        said = str(error.get("message", "") if isinstance(error, dict) else error)
    except (ValueError, AttributeError):
        said = body
    said = f": {said.strip()[:200]}" if said.strip() else ""
    if status in (401, 403):
        return ModelError(f"The model server at {url} refused the key ({status}).", "Check LLM_API_KEY.")
    if status == 404:
        return ModelError(
            f"The model server does not know this model or address{said}.", "Check LLM_MODEL, LLM_BASE_URL."
        )
    if status == 429:
        return ModelError(f"The model server is busy or the quota is used up{said}.", "It is tried again later.")
    if status in (400, 413, 422):
        if re.search(r"context|too long|maximum.*tokens", said, re.IGNORECASE):
            return ModelError(f"The prompt does not fit the server's context{said}.", "Lower `context` under [model].")
        return _Rejected(f"The model server did not accept the request ({status}){said}.", "Check LLM_MODEL.")
    return ModelError(f"The model server failed ({status}){said}.", "Look at its log; it is tried again later.")


def _unreachable(problem: Exception, url: str) -> ModelError:
    import httpx

    if isinstance(problem, httpx.ConnectError | httpx.ConnectTimeout | httpx.UnsupportedProtocol):
        return ModelError(f"The model server at {url} can't be reached.", "Is it running? Check LLM_BASE_URL.")
    if isinstance(problem, httpx.TimeoutException):
        return ModelError(f"The model server at {url} was silent for too long.", "Look at its load; try again.")
    return ModelError(f"The connection to the model server broke: {problem}.", "It is tried again later.")
