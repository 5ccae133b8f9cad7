"""Header fields as they really arrive: encoded words (RFC 2047), parameters (RFC 2231), addresses, dates, identifiers."""

import base64
import binascii
import quopri
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from desk.mail import charsets

MAX_HEADER = 64_000
"""Characters of one header field that are looked at."""
MAX_ADDRESSES = 500
"""Addresses read from one field."""

_WORD = re.compile(r"=\?([^?\s=]{1,60})\?([bBqQ])\?([^?]*(?:\?(?!=)[^?]*){0,20})\?=", re.S)
_FOLD = re.compile(r"(?:\r\n|\r|\n)[ \t]*")
_ID = re.compile(r"<([^<>]{1,998})>")
_SPACE = re.compile(r"\s+")


class Address(NamedTuple):
    """One mailbox of an address field; `addr` is lower-cased in its domain only and may be empty."""

    name: str
    addr: str


def raw_text(value: str, charset: str = "") -> str:
    """Undo the surrogate escapes of a header read as ASCII: raw 8-bit bytes become the text they most likely are."""
    if value.isascii() and "\x1b" not in value:
        return value
    try:
        data = value.encode("ascii", "surrogateescape")
    except UnicodeEncodeError:
        return charsets.clean(value)
    return charsets.decode(data, charset)


def decode(value: str, charset: str = "") -> str:
    """One header field as text on one line: unfolded, encoded words decoded, controls gone. Never raises."""
    value = raw_text(_FOLD.sub(" ", value[:MAX_HEADER]), charset)
    if "=?" in value:
        value = _words(value)
    elif value.isascii() and value.isprintable():
        return " ".join(value.split())
    return _SPACE.sub(" ", charsets.clean(value)).strip()


def _words(value: str) -> str:
    """Decode encoded words; adjacent words of one charset are joined as bytes first, since senders split characters."""
    out: list[str] = []
    pending, pending_charset, pos = b"", "", 0
    for match in _WORD.finditer(value):
        between = value[pos : match.start()]
        charset = match.group(1).split("*", 1)[0]
        data = _word(match.group(2), match.group(3))
        glue = pos > 0 and not between.strip()
        if not glue or charset.lower() != pending_charset.lower():
            if pending:
                out.append(charsets.decode(pending, pending_charset))
            pending = b""
            if not glue:
                out.append(between)
        pending, pending_charset, pos = pending + data, charset, match.end()
    if pending:
        out.append(charsets.decode(pending, pending_charset))
    return "".join(out) + value[pos:]


def _word(kind: str, text: str) -> bytes:
    if kind in "bB":
        return base64_bytes(text.encode("ascii", "ignore"))
    data = text.encode("utf-8", "surrogateescape").replace(b"_", b" ").replace(b"\n", b"")
    return quopri.decodestring(data.replace(b"=\n", b""), header=False) if b"=" in data else data


def base64_bytes(data: bytes) -> bytes:
    """Decode base64 that may hold line noise, several padded runs, or too little padding. Never raises."""
    out: list[bytes] = []
    for run in re.split(rb"=+", re.sub(rb"[^A-Za-z0-9+/=]", b"", data.replace(b"-", b"+").replace(b"_", b"/"))):
        if not run:
            continue
        if len(run) % 4 == 1:
            run = run[:-1]
        try:
            out.append(base64.b64decode(run + b"=" * (-len(run) % 4)))
        except (binascii.Error, ValueError):
            continue
    return b"".join(out)


# Addresses -----------------------------------------------------------------------------------------------------------


def addresses(value: str, charset: str = "") -> list[Address]:
    """The mailboxes of an address field (RFC 5322 3.4, read generously); groups are opened, comments kept as names."""
    value = raw_text(_FOLD.sub(" ", value[:MAX_HEADER]), charset)
    found = [a for piece in _pieces(value) if (a := _address(piece))]
    if not any(a.addr for a in found) and "=?" in value:
        found = [a for piece in _pieces(_words(value)) if (a := _address(piece))]
    return found[:MAX_ADDRESSES]


def _pieces(value: str) -> Iterator[str]:
    """Split at the commas (and group marks) that stand outside quotes, comments and angle brackets."""
    start, quoted, depth, angle, i = 0, False, 0, False, 0
    count = 0
    while i < len(value) and count < MAX_ADDRESSES:
        c = value[i]
        if c == "\\" and (quoted or depth):
            i += 1
        elif c == '"' and not depth:
            quoted = not quoted and '"' in value[i + 1 :]
        elif quoted:
            pass
        elif c == "(":
            depth += 1 if ")" in value[i + 1 :] else 0
        elif c == ")" and depth:
            depth -= 1
        elif depth:
            pass
        elif c == "<":
            angle = ">" in value[i + 1 :]
        elif c == ">":
            angle = False
        elif not angle and (c in ",;" or (c == ":" and "@" not in value[start:i])):
            if c != ":":
                yield value[start:i]
                count += 1
            start = i + 1
        i += 1
    yield value[start:]


_COMMENT = re.compile(r"\(((?:[^()\\]|\\.)*)\)")
_BARE = re.compile(r"[^\s<>()\[\]\",;:]+@[^\s<>()\",;]+")


def _address(piece: str) -> Address | None:
    piece = piece.strip()
    if not piece:
        return None
    open_, close = piece.rfind("<"), piece.rfind(">")
    if open_ >= 0:
        inside = piece[open_ + 1 : close if close > open_ else len(piece)]
        name, addr = piece[:open_], inside
        if not name.strip() and close > open_:
            name = piece[close + 1 :]
    elif found := _BARE.search(_COMMENT.sub(" ", piece)):
        addr = found.group(0)
        comment = _COMMENT.search(piece)
        name = comment.group(1) if comment else piece.replace(addr, "", 1)
    elif "@" in piece:
        name, addr = "", piece
    else:
        return Address(_name(piece), "")
    return Address(_name(name), _addr(addr))


def _name(raw: str) -> str:
    raw = raw.strip()
    if raw.startswith("(") and raw.endswith(")"):
        raw = raw[1:-1]
    if '"' in raw:
        raw = re.sub(r'"((?:[^"\\]|\\.)*)"?', lambda m: re.sub(r"\\(.)", r"\1", m.group(1)), raw)
    raw = decode(raw)
    return raw.strip("'") if len(raw) > 2 and raw[0] == raw[-1] == "'" else raw


def _addr(raw: str) -> str:
    raw = decode(_COMMENT.sub("", raw)).strip().strip("<>").removeprefix("mailto:").strip("'")
    raw = re.sub(r"^@[^:]*:", "", raw)  # RFC 822 source routes
    if not raw.startswith('"'):
        raw = raw.replace(" ", "").replace('"', "")
    local, at, domain = raw.rpartition("@")
    return f"{local}@{domain.lower()}" if at else raw


# Identifiers and dates ------------------------------------------------------------------------------------------------


def ids(value: str) -> tuple[str, ...]:
    """Message identifiers in order, each once, without brackets and inner white space."""
    value = _FOLD.sub("", raw_text(value[:MAX_HEADER]))
    found = [_SPACE.sub("", i) for i in _ID.findall(value)]
    if not found and "@" in value:
        found = [w.strip("<>,;\"'") for w in value.split() if "@" in w]
    elif not found:
        found = value.strip().strip("<>").split()[:1]
    return tuple(dict.fromkeys(charsets.clean(i) for i in found if i))


def date(value: str) -> datetime | None:
    """A Date field as an aware UTC time, or None. Unusable zones count as UTC; two-digit years follow RFC 5322 4.3."""
    text = decode(value)
    for attempt in (text, re.sub(r"[()]", " ", text), re.sub(r"(?<=\d)[.](?=\d)", ":", text)):
        try:
            parts = parsedate_tz(attempt)
            if parts is not None and parts[0] > 0:
                moment = datetime(*parts[:6], tzinfo=timezone(timedelta(seconds=parts[9] or 0)))
                return moment.astimezone(UTC)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    try:
        moment = datetime.fromisoformat(re.sub(r"\s+([+-]\d\d:?\d\d)$", r"\1", text))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


# Parameters -----------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def parameters(value: str, charset: str = "") -> tuple[str, dict[str, str]]:
    """The main value (lower case) and the parameters of a MIME field, with RFC 2231 pieces joined and decoded.

    Missing quotes, raw 8-bit, encoded words inside quotes, a missing charset and repeated names are all read.
    """
    value = raw_text(_FOLD.sub(" ", value[:MAX_HEADER]), charset)
    main, _, rest = value.partition(";")
    plain: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[bool, str]]] = {}
    for name, text in _pairs(rest):
        base, star, tail = name.partition("*")
        if not star:
            plain.setdefault(base, text)
            continue
        index = tail.rstrip("*")
        number = int(index) if index.isdecimal() and len(index) < 4 else 0
        pieces.setdefault(base, {}).setdefault(number, (name.endswith("*"), text))
    out = {name: charsets.clean(_words(text) if "=?" in text else text) for name, text in plain.items()}
    for base, numbered in pieces.items():
        out[base] = _joined(numbered)
    return main.strip().lower(), out


def _joined(numbered: dict[int, tuple[bool, str]]) -> str:
    order = sorted(numbered)
    charset, data, encoded_any = "", b"", False
    for number in order:
        encoded, text = numbered[number]
        if encoded:
            if number == order[0] and text.count("'") >= 2:
                charset, _, text = text.split("'", 2)
            encoded_any = True
            data += unquote_to_bytes(text)
        else:
            data += text.encode("utf-8", "surrogateescape")
    joined = charsets.decode(data, charset)
    return _words(joined) if "=?" in joined and not encoded_any else joined


_PARAMETER = re.compile(r"[\s;]*([^\s=;\"]+)\s*=\s*")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"?', re.S)


def _pairs(rest: str) -> Iterator[tuple[str, str]]:
    pos = 0
    for _ in range(200):
        match = _PARAMETER.match(rest, pos)
        if not match:
            semicolon = rest.find(";", pos)
            if semicolon < 0:
                return
            pos = semicolon + 1
            continue
        name, pos = match.group(1).lower(), match.end()
        if rest[pos : pos + 1] == '"':
            quoted = _QUOTED.match(rest, pos)
            if quoted is None:
                return
            yield name, re.sub(r"\\([\"\\])", r"\1", quoted.group(1))
            pos = quoted.end()
        else:
            end = rest.find(";", pos)
            end = len(rest) if end < 0 else end
            yield name, rest[pos:end].strip().strip("'\"" if not name.endswith("*") else '"')
            pos = end
