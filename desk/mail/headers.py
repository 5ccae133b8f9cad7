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
_ONE_ID = re.compile(r" *<([A-Za-z0-9][!-;=A-~]{0,997})> *")
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
    if value.isascii() and value.isprintable() and "=?" not in value:
        return " ".join(value[:MAX_HEADER].split())
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


_BARELY = r"([A-Za-z0-9_.+-]{1,300})@([A-Za-z0-9.-]{1,300})"
_USUAL = re.compile(rf" *(?:([A-Za-z][A-Za-z0-9_. -]{{0,200}})?<{_BARELY}>|{_BARELY}) *")
"""One address in the form that most fields have; what follows reads every other one."""


def addresses(value: str, charset: str = "") -> list[Address]:
    """The mailboxes of an address field (RFC 5322 3.4, read generously); groups are opened, comments kept as names."""
    if usual := _USUAL.fullmatch(value):
        return [Address(" ".join((usual[1] or "").split()), f"{usual[2] or usual[4]}@{(usual[3] or usual[5]).lower()}")]
    value = raw_text(_FOLD.sub(" ", value[:MAX_HEADER]), charset)
    found = [a for piece in _pieces(value) if (a := _address(piece))]
    if not any(a.addr for a in found) and "=?" in value:
        found = [a for piece in _pieces(_words(value)) if (a := _address(piece))]
    if len(found) > 1 and found[-1].addr and not any(a.addr for a in found[:-1]) and not {";", ":"} & set(value):
        found = [
            Address(", ".join(a.name for a in found if a.name), found[-1].addr)
        ]  # "Doe, Jo <jo@x>", quotes forgotten
    return found[:MAX_ADDRESSES]


def _pieces(value: str) -> Iterator[str]:
    """Split at the commas (and group marks) that stand outside quotes, comments and angle brackets."""
    if not ("," in value or ";" in value or ":" in value):
        yield value
        return
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


def _uncommented(text: str) -> tuple[str, str]:
    """The text without its comments (RFC 5322 3.2.2, nested ones too), and the last outermost comment."""
    last = ""
    for _ in range(5):
        found = _COMMENT.findall(text)
        if not found:
            break
        last = found[-1]
        text = _COMMENT.sub(" ", text)
    return text, last


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
    elif found := _BARE.search(_COMMENT.sub("", piece) if "(" in piece else piece):
        addr = found.group(0)
        rest, comment = _uncommented(piece)
        name = comment or rest.replace(addr, "", 1)
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
    if usual := _ONE_ID.fullmatch(value):
        return (usual[1],)
    value = _FOLD.sub("", raw_text(value[:MAX_HEADER]))
    if value.lstrip(" <").startswith("=?"):
        value = _words(value)
    found = [_SPACE.sub("", i) for i in _ID.findall(value)]
    if not found and "@" in value:
        found = [w.strip("<>,;\"'") for w in re.split(r"[\s,;]+", value) if "@" in w]
    elif not found:
        found = value.strip().strip("<>").split()[:1]
    return tuple(dict.fromkeys(charsets.clean(i) for i in found if i))


_MONTHS = (
    "jan gen ene янв sty led sij oca ιαν",
    "feb fév fev febr févr лют фев lut úno vel şub φεβ helm",
    "mar mär mars mrt maa már бер бере мар мart ožu μαρ",
    "apr avr abr kwi dub квіт апр tra nis απρ huht ápr",
    "may mai mei maj mag май мая трав kvě svi μαϊ μαι touk máj",
    "jun juin giu июн черв cze čvn haz ιουν kesä jún",
    "jul juil lug июл лип lip čvc srp1 tem ιουλ hein júl",
    "aug aoû août ago авг серп sie kol ağu αυγ elo",
    "sep sept set сен вер wrz zář ruj eyl σεπ syys szept",
    "oct okt out ott окт жовт paź říj eki οκτ loka",
    "nov ноя listo kas νοε marras",
    "dec dez déc dic des gru pro aral δεκ joulu дек груд",
)
_LOCAL_MONTH = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split()}
_ZONES = {"MSK": "+0300", "JST": "+0900", "CET": "+0100", "CEST": "+0200", "EET": "+0200", "EEST": "+0300"} | {
    "BST": "+0100", "WEST": "+0100", "KST": "+0900", "HKT": "+0800", "SGT": "+0800", "AEST": "+1000", "NZST": "+1200"
}  # fmt: skip


_PLAIN_DATE = re.compile(r"(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}(?: \(\w+\))?$")


def date(value: str) -> datetime | None:
    """A Date field as an aware UTC time, or None. Unusable zones count as UTC; two-digit years follow RFC 5322 4.3.

    Also read: ISO 8601, month names of other languages, zones by name or with a colon, points for colons, leap seconds.
    """
    text = decode(value)
    if _PLAIN_DATE.match(text) and (moment := _moment(text)):
        return moment
    text = re.sub(r"^date\s*:\s*", "", text, flags=re.I)
    for attempt in (
        _tidied(text),
        re.sub(r"[()]", " ", text),
        re.sub(r"(?<=\d)[.](?=\d)", ":", text),
        _translated(text),
    ):
        if moment := _moment(attempt):
            return moment
    try:
        moment = datetime.fromisoformat(re.sub(r"\s+([+-]\d\d:?\d\d)$", r"\1", text.replace("/", "-")))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _tidied(text: str) -> str:
    """Zones as parsedate_tz knows them: four digits, no colon, no "GMT" before an offset; "5. Jan." without points."""
    text = re.sub(r"\s(?:GMT|UTC)?([+-]\d\d):?(\d\d)(?=\s|\(|$)", r" \1\2", text)
    text = re.sub(r"\s([+-]\d\d)$", r" \g<1>00", text)
    text = re.sub(r"(?<=\s)[A-Z]{3,4}$", lambda m: _ZONES.get(m.group(0), m.group(0)), text)
    return re.sub(r"(?<=[^\W\d_]{3})\. ?(?=\d{2,4} )|(?<=\d)\. (?=[^\W\d_])", " ", text)


def _translated(text: str) -> str:
    """A date with a month of another language as one that parsedate_tz reads, or "" where no such month is found."""
    found = re.search(
        r"(\d{1,2})\.?\s+(?:de\s+)?([^\W\d_]{3,12})\.?,?\s+(?:de\s+)?(\d{4})\D{1,6}(\d\d?:\d\d(?::\d\d)?.*)", text
    )
    if not found:
        return ""
    name = found.group(2).lower()
    number = next((_LOCAL_MONTH[name[:n]] for n in range(min(6, len(name)), 2, -1) if name[:n] in _LOCAL_MONTH), 0)
    months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
    return _tidied(f"{found.group(1)} {months[number - 1]} {found.group(3)} {found.group(4)}") if number else ""


def _moment(text: str) -> datetime | None:
    try:
        parts = parsedate_tz(text)
        if parts is None or parts[0] <= 0:
            return None
        year, month, day, hour, minute, second = parts[:6]
        start = datetime(year, month, day, tzinfo=timezone(timedelta(seconds=parts[9] or 0)))
        if hour > 24 or minute > 59 or second > 60:
            return None
        return (start + timedelta(hours=hour, minutes=minute, seconds=second)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


# Parameters -----------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def parameters(value: str, charset: str = "") -> tuple[str, dict[str, str]]:
    """The main value (lower case) and the parameters of a MIME field, with RFC 2231 pieces joined and decoded.

    Missing quotes, raw 8-bit, encoded words inside quotes, a missing charset and repeated names are all read.
    """
    value = raw_text(_FOLD.sub(" ", value[:MAX_HEADER]), charset)
    main, _, rest = value.partition(";")
    if "=" in main and (early := re.match(r"\s*([\w./+-]+)\s+(?=[\w*-]+\s*=)", main)):
        main, rest = early.group(1), value[early.end() :]  # no semicolon after the main value
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
