"""Facts that a program or a web service of the house knows: a number found in the mail in, one sentence out."""

import json
import re
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote

import httpx

from desk.config import LookupConfig, loopback
from desk.domain.ticket import Fact
from desk.errors import KnowledgeError

MOST = 3
"""Different numbers of a message that one lookup is asked about."""
MAX_TEXT = 20_000
"""Characters of a message that are searched."""
MAX_ANSWER = 10_000
"""Bytes of an answer that are read."""
_PLAIN = re.compile(r"[\w][\w./@+:-]{0,79}")
"""What may be passed on: mail is written by strangers, and a program must not take their words for an option."""


class Outside:
    """The configured lookups. An answer is kept for a while; one that fails is a sentence and stops nothing."""

    def __init__(self, lookups: Sequence[LookupConfig], clock: Callable[[], float] = time.monotonic) -> None:
        self.lookups, self.clock = tuple(lookups), clock
        self._kept: dict[tuple[str, str], tuple[float, Fact | None]] = {}
        self._lock = threading.Lock()

    def facts(self, text: str) -> tuple[list[Fact], list[str]]:
        """What is known about the numbers in `text`, in their order, and what went wrong, in words.

        A fact of a lookup that is not `public` has the kind "order": it may be told to its own customer only, whom the
        answer names as `customer_email`.
        """
        facts: list[Fact] = []
        problems: list[str] = []
        for look in self.lookups:
            found = (m.group(1) if m.re.groups else m.group() for m in re.finditer(look.pattern, text[:MAX_TEXT]))
            for value in list(dict.fromkeys(v.strip() for v in found if v and _PLAIN.fullmatch(v.strip())))[:MOST]:
                try:
                    fact = self._one(look, value)
                except KnowledgeError as problem:
                    problems.append(str(problem))
                    break  # what did not answer once is not asked again for this message
                facts += [fact] if fact else []
        return facts, problems

    def _one(self, look: LookupConfig, value: str) -> Fact | None:
        with self._lock:
            until, kept = self._kept.get((look.name, value), (0.0, None))
            if until > self.clock():
                return kept
        answer = _asked_web(look, value) if look.url else _asked_program(look, value)
        fact = _fact(look, value, answer)
        with self._lock:
            now = self.clock()
            self._kept = {k: v for k, v in self._kept.items() if v[0] > now}
            self._kept[look.name, value] = (now + look.keep_seconds, fact)
        return fact


def _asked_program(look: LookupConfig, value: str) -> bytes:
    """What the program prints, {} in its words replaced by the value; no shell is between."""
    words = [word.replace("{}", value) for word in look.command]
    try:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=look.seconds, check=False)
    except subprocess.TimeoutExpired as problem:
        raise _failed(look, f"gave nothing within {look.seconds:g} s") from problem
    except OSError as problem:
        raise _failed(look, f"could not be started: {problem.strerror}") from problem
    if done.returncode:
        raise _failed(look, f"ended with {done.returncode}")
    return done.stdout[:MAX_ANSWER]


def _asked_web(look: LookupConfig, value: str) -> bytes:
    url = look.url.replace("{}", quote(value, safe=""))
    parts = httpx.URL(url)
    if parts.scheme != "https" and not loopback(parts.host):
        raise _failed(look, "is not asked without encryption; use https")
    try:
        answer = httpx.get(url, timeout=look.seconds, follow_redirects=False)
    except httpx.HTTPError as problem:
        raise _failed(look, f"did not answer ({type(problem).__name__})") from problem
    if answer.status_code == 404:
        return b""
    if answer.status_code != 200:
        raise _failed(look, f"answered {answer.status_code}")
    return answer.content[:MAX_ANSWER]


def _fact(look: LookupConfig, value: str, answer: bytes) -> Fact | None:
    """JSON with a `text`, and whose it is as `customer_email`; plain text from public lookups. Nothing is no fact."""
    said = answer.decode("utf-8", "replace").strip()
    fields: dict[str, str] = {}
    if said.startswith("{"):
        try:
            found: dict[str, Any] = json.loads(said)
        except ValueError as problem:
            raise _failed(look, "gave JSON that can't be read") from problem
        fields = {str(k): str(v) for k, v in found.items() if isinstance(v, str | int | float)}
        said = fields.pop("text", "").strip()
    said = " ".join(said.split())
    if not said:
        return None
    return Fact("lookup" if look.public else "order", value, said[:500], f"{look.name} {value}", fields)


def _failed(look: LookupConfig, what: str) -> KnowledgeError:
    return KnowledgeError(
        f"The lookup {look.name} {what}.", "Check it in knowledge.lookups; the draft goes on without it."
    )
