"""Framing: text from outside between two lines that carry a random code, so that it can't pass for anything else."""

import hashlib
import hmac
import re
import secrets
import unicodedata
from collections.abc import Iterable
from functools import cache

_INVISIBLE = "\u00ad\u200b-\u200f\u2060\ufeff"
_LOOK_ALIKE = re.compile(
    rf"[\[⟦❲⁅【〔﹝]"  # what can pass for an opening bracket
    rf"(?=[\s/\\{_INVISIBLE}]*(?:d[{_INVISIBLE}]*a[{_INVISIBLE}]*t[{_INVISIBLE}]*a|e[{_INVISIBLE}]*n[{_INVISIBLE}]*d)"
    rf"[\s:{_INVISIBLE}\]]"
    rf"|[^\[\]]{{0,40}}?[0-9a-f]{{8}})"
)


def code(texts: Iterable[str]) -> str:
    """Eight hex digits that stand in none of the texts and can't be foreseen.

    The same texts give the same code for as long as this process lives, so a prompt that is built again still shares
    the evaluated prefix.
    """
    texts = list(texts)
    seed = "\x00".join(texts).encode("utf-8", "replace")
    for attempt in range(1000):
        made = hmac.new(_key(), attempt.to_bytes(2) + seed, hashlib.sha256).hexdigest()[:8]
        if not any(made in _fold(text) for text in texts):
            return made
    raise ValueError("no code is free of the text; the text holds every candidate")


def lines(delimiter: str) -> tuple[str, str]:
    """What stands before and after text from outside."""
    return f"[data {delimiter}]\n", f"\n[end {delimiter}]"


def escape(text: str, delimiter: str) -> str:
    """Turn the bracket of anything that reads like a framing line into a round one, and blank the code itself.

    Matching is done on a folded copy of the same length (full-width letters, case), so a disguise is found in place.
    """
    out = list(text)
    folded = _fold(text)
    for found in _LOOK_ALIKE.finditer(folded):
        out[found.start()] = "("
    start = folded.find(delimiter)
    while start >= 0:
        out[start : start + len(delimiter)] = "-" * len(delimiter)
        start = folded.find(delimiter, start + len(delimiter))
    return "".join(out)


@cache
def _key() -> bytes:
    return secrets.token_bytes(32)


def _fold(text: str) -> str:
    return "".join(_fold_one(char) for char in text)


def _fold_one(char: str) -> str:
    if char.isascii():
        return char.lower()
    plain = unicodedata.normalize("NFKC", char).lower()
    return plain if len(plain) == 1 else char
