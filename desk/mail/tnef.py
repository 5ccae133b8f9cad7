"""winmail.dat, Outlook's own wrapping of a message (MS-OXTNEF): its text and files, read without trusting any length.

The library known for it in Python, tnefparse, is under the LGPL, which desk does not ask its users to take on: hence our own.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from desk.mail import charsets

MAX_ITEMS = 5000
"""Attributes and properties read from one file."""
MAX_RTF = 4_000_000
"""Bytes of rich text after unpacking."""

_SIGNATURE = 0x223E9F78
_BODY, _MAPI, _CODEPAGE = 0x800C, 0x9003, 0x9007
_NEW_FILE, _TITLE, _DATA, _FILE_MAPI = 0x9002, 0x8010, 0x800F, 0x9005
_P_BODY, _P_HTML, _P_RTF, _P_LONG_NAME, _P_NAME, _P_DATA, _P_TYPE = (
    0x1000,
    0x1013,
    0x1009,
    0x3707,
    0x3704,
    0x3701,
    0x370E,
)
_FIXED = {0x01: 0, 0x02: 4, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16}
_RTF_START = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript "
    rb"\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)


@dataclass(slots=True)
class Unwrapped:
    """What a winmail.dat held: its text, its HTML, and (name, content type or "", content) of each file."""

    text: str = ""
    html: str = ""
    files: list[tuple[str, str, bytes]] = field(default_factory=list)


def unwrap(data: bytes) -> Unwrapped | None:
    """The contents of a winmail.dat, as far as it can be read; None when it is none."""
    if len(data) < 6 or struct.unpack_from("<I", data)[0] != _SIGNATURE:
        return None
    out, codepage, rich = Unwrapped(), "cp1252", b""
    for name, value in _attributes(data):
        if name == _CODEPAGE and len(value) >= 4:
            codepage = f"cp{struct.unpack_from('<I', value)[0]}"
        elif name == _BODY and not out.text:
            out.text = _string(value, codepage)
        elif name == _MAPI:
            for prop, kind, content in _properties(value):
                if prop == _P_BODY:
                    out.text = _typed(kind, content, codepage)
                elif prop == _P_HTML:
                    out.html = charsets.decode(content) if kind == 0x102 else _typed(kind, content, codepage)
                elif prop == _P_RTF:
                    rich = content
        elif name == _NEW_FILE:
            out.files.append(("", "", b""))
        elif name in (_TITLE, _DATA, _FILE_MAPI):
            _file(out, name, value, codepage)
    if not out.text and not out.html and rich:
        out.text = rtf_text(unpack_rtf(rich))
    out.files = [f for f in out.files if f[0] or f[2]]
    return out


def _file(out: Unwrapped, name: int, value: bytes, codepage: str) -> None:
    title, kind, content = out.files.pop() if out.files else ("", "", b"")
    if name == _TITLE:
        title = title or _string(value, codepage)
    elif name == _DATA:
        content = value
    else:
        for prop, type_, data in _properties(value):
            if prop == _P_LONG_NAME or (prop == _P_NAME and not title):
                title = _typed(type_, data, codepage)
            elif prop == _P_TYPE:
                kind = _typed(type_, data, codepage).lower()
            elif prop == _P_DATA and not content:
                content = data[16:] if type_ == 0x0D else data
    out.files.append((title, kind, content))


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    pos = 6
    for _ in range(MAX_ITEMS):
        if pos + 9 > len(data):
            return
        tag, size = struct.unpack_from("<II", data, pos + 1)
        yield tag & 0xFFFF, data[pos + 9 : pos + 9 + size]
        pos += 9 + size + 2


def _properties(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(property, type, content of its first value); stops at the first thing that can't be right."""
    try:
        (count,) = struct.unpack_from("<I", data)
        pos = 4
        for _ in range(min(count, MAX_ITEMS)):
            kind, prop = struct.unpack_from("<HH", data, pos)
            pos += 4
            if prop >= 0x8000:
                (named,) = struct.unpack_from("<I", data, pos + 16)
                pos += 20
                (length,) = struct.unpack_from("<I", data, pos)
                pos += 4 + (_padded(length) if named else 0)
            many, kind = bool(kind & 0x1000), kind & 0x0FFF
            values = 1
            if many or kind not in _FIXED:
                (values,) = struct.unpack_from("<I", data, pos)
                pos += 4
            first = b""
            for n in range(min(values, MAX_ITEMS)):
                size = _FIXED.get(kind, -1)
                if size < 0:
                    (size,) = struct.unpack_from("<I", data, pos)
                    pos += 4
                first = data[pos : pos + size] if n == 0 else first
                pos += _padded(size)
                if pos > len(data) + 4:
                    return
            yield prop, kind, first
    except struct.error:
        return


def _padded(size: int) -> int:
    return (size + 3) // 4 * 4


def _typed(kind: int, content: bytes, codepage: str) -> str:
    if kind == 0x1F:
        return charsets.clean(content.decode("utf-16-le", "replace").split("\0", 1)[0])
    return _string(content, codepage)


def _string(content: bytes, codepage: str) -> str:
    return charsets.decode(content.split(b"\0", 1)[0], codepage)


def unpack_rtf(data: bytes) -> bytes:
    """Undo the compression of rich text (MS-OXRTFCP); what is damaged ends where the damage begins."""
    if len(data) < 16:
        return b""
    packed, size, mark, _ = struct.unpack_from("<IIII", data)
    if mark == 0x414C454D:
        return data[16 : 16 + size]
    if mark != 0x75465A4C:
        return b""
    window = bytearray(_RTF_START.ljust(4096, b" "))
    at, out, pos = len(_RTF_START), bytearray(), 16
    end = min(len(data), packed + 4)
    limit = min(size, MAX_RTF)
    while pos < end and len(out) < limit:
        control, pos = data[pos], pos + 1
        for bit in range(8):
            if pos >= end:
                break
            if not control >> bit & 1:
                chunk, pos = data[pos : pos + 1], pos + 1
            else:
                pair, pos = int.from_bytes(data[pos : pos + 2], "big"), pos + 2
                start, length = pair >> 4, (pair & 15) + 2
                if start == at:
                    return bytes(out[:limit])
                chunk = b""
                for n in range(length):
                    byte = window[(start + n) % 4096]
                    chunk += bytes([byte])
                    window[(at + n) % 4096] = byte
            for byte in chunk:
                window[at] = byte
                at = (at + 1) % 4096
            out += chunk
    return bytes(out[:limit])


_TOKEN = re.compile(
    rb"\\'([0-9a-fA-F]{2})|\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\([^a-zA-Z])|([{}])|[\r\n]+|([^\\{}\r\n]+)"
)
_SILENT = {
    b"fonttbl",
    b"colortbl",
    b"stylesheet",
    b"info",
    b"pict",
    b"htmltag",
    b"mhtmltag",
    b"header",
    b"footer",
    b"listtable",
}
_BREAKS = {b"par": "\n", b"line": "\n", b"tab": "\t", b"row": "\n", b"cell": "\t"}


def rtf_text(data: bytes) -> str:
    """The words of a rich text, without its formatting."""
    out: list[str] = []
    stack: list[bool] = []
    silent, fresh = False, False
    for match in _TOKEN.finditer(data):
        code, word, number, symbol, brace, plain = match.groups()
        if brace == b"{":
            stack.append(silent)
            fresh = True
            continue
        if brace == b"}":
            silent = stack.pop() if stack else False
        elif word is not None:
            silent = silent or word in _SILENT
            if not silent:
                out.append(_BREAKS.get(word, ""))
                if word == b"u" and number:
                    out.append(chr(int(number) % 65536))
        elif symbol == b"*" and fresh:
            silent = True
        elif not silent:
            if code:
                out.append(charsets.decode(bytes([int(code, 16)]), "cp1252"))
            elif symbol in (b"\\", b"{", b"}"):
                out.append(symbol.decode())
            elif symbol == b"~":
                out.append(" ")
            elif plain:
                out.append(charsets.decode(plain, "cp1252"))
        fresh = False
    return charsets.clean("".join(out)).strip()
