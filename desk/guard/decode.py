"""Find what is encoded in a text and read it: every decoder is one linear pass with a bounded result.

Formats: base64 in all its dresses (RFC 4648, wrapped, url-safe, UTF-16, data URI), base32, hex, binary and decimal
character codes, percent (RFC 3986), HTML entities, source-code escapes, quoted-printable (RFC 2045), encoded words
(RFC 2047), Unicode tags, variation selectors and zero-width bits; rot13 and the other shifts, Atbash, reversed text,
leet, Morse, spaced and hyphenated letters.
"""

import base64
import binascii
import html
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache

from desk.guard import ciphers, layouts, shapes
from desk.guard.pieces import MAX_PIECE, MAX_PIECES, Piece, whole


def pieces(source: str, clean: str, level: str, words: shapes.Words, characters: frozenset[str]) -> Iterator[Piece]:
    """All decoded stretches of a text: `source` as it came (and its `characters`, where any is not ASCII), `clean` without
    unseen characters, `level` levelled (and its `words`)."""
    count = 0
    rare = "".join(characters)
    found = (
        _unseen(source, rare),
        _encoded(clean, rare),
        _substituted(clean),
        ciphers.find(level, words),
        layouts.find(level),
    )
    for finder in found:
        for piece in finder:
            count += 1
            if count > MAX_PIECES:
                return
            yield piece
            if not piece.final and piece.kind != "escapes" and _MARKUP.search(piece.text):
                # A word may be split by the tags of a page that was encoded.
                yield replace(piece, text=_MARKUP.sub("", piece.text), final=True)


_MARKUP = re.compile(r"(?<=\w)</?[a-zA-Z][^<>]{0,200}>(?=\w|<)|(?<=>)</?[a-zA-Z][^<>]{0,200}>(?=\w)")

# --- characters nobody sees that carry text ---------------------------------------------------------------------

_CARRIER = re.compile("[\u200b-\u200d\u202e\u2060-\u2067\ufe00-\ufe0f\ufeff\U000e0020-\U000e01ef]")
_TAGS = re.compile("[\U000e0020-\U000e007e]{3,}")
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]{4,}")
_BITS = re.compile("[\u200b-\u200d\u2060-\u2064\ufeff]{24,}")
_OVERRIDE = re.compile("[\u202e\u2067]([^\u202c\u2069\u202e\n]{1,2000})[\u202c\u2069]?")


def _unseen(text: str, characters: str) -> Iterator[Piece]:
    if not _CARRIER.search(characters):
        return
    for m in _TAGS.finditer(text):
        said = "".join(chr(ord(c) - 0xE0000) for c in m.group()[:MAX_PIECE])
        yield Piece("unicode_tags", said, whole(*m.span()), "source")
    for m in _SELECTORS.finditer(text):
        raw = bytes(ord(c) - 0xFE00 if ord(c) < 0xFE10 else ord(c) - 0xE0100 + 16 for c in m.group()[:MAX_PIECE])
        # An emoji may carry one selector of its own before the smuggled ones.
        said_bytes = readable(raw) or readable(raw[1:])
        if said_bytes:
            yield Piece("variation_selectors", said_bytes, whole(*m.span()), "source")
    for m in _BITS.finditer(text):
        said_bits = _bits(m.group()[:MAX_PIECE])
        if said_bits:
            yield Piece("zero_width_bits", said_bits, whole(*m.span()), "source")
    turned = list(_OVERRIDE.finditer(text))
    if len(turned) > 2:
        start, end = turned[0].start(), turned[-1].end()
        said = _OVERRIDE.sub(lambda m: m.group(1)[::-1], text[start:end])
        yield Piece("bidi_override", said[:MAX_PIECE], whole(start, end), "source")
        return
    for m in turned:
        yield Piece("bidi_override", m.group(1)[::-1], whole(*m.span()), "source")


def _bits(run: str) -> str:
    kinds = sorted(set(run))
    if len(kinds) != 2:
        return ""
    for one in kinds:
        bits = "".join("1" if c == one else "0" for c in run)
        said = readable(bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits) - 7, 8)))
        if said:
            return said
    return ""


# --- encodings of bytes ------------------------------------------------------------------------------------------

_RUN64 = shapes.table({"1": shapes.LETTERS + shapes.LETTERS.upper() + shapes.DIGITS + "+/_-"}, "0")
_SHAPE64 = shapes.table({"1": shapes.LETTERS + shapes.LETTERS.upper() + shapes.DIGITS + "+/_-", " ": shapes.SPACE}, "0")
_FOURS = b"1111 " * 6
_GROUPED = re.compile(r"(?<!\S)(?:[A-Za-z0-9+/_-]{4}\s){6,}[A-Za-z0-9+/_-]{0,4}={0,2}")
_RUN32 = shapes.table({"1": shapes.LETTERS.upper() + "234567"}, "0")
_RUN_HEX = shapes.table({"1": shapes.DIGITS + "abcdefABCDEFx\\:,;-" + shapes.SPACE}, "0")
_RUN_BINARY = shapes.table({"1": "01," + shapes.SPACE}, "0")
_RUN_CODES = shapes.table({"1": shapes.DIGITS + ",;" + shapes.SPACE}, "0")
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/_=-])[A-Za-z0-9+/_-]{12,}={0,2}")
_WORDLIKE = re.compile(r"[A-Z]?[a-z]*(?:[-_][A-Z]?[a-z]*)*")
_JOIN = re.compile(r"[\s>|\"'+\\]{1,8}\Z")
_TAIL = re.compile(r"[\s>]{1,4}([A-Za-z0-9+/_-]{2,}={0,2})(?![A-Za-z0-9+/_-])")
_BASE32 = re.compile(r"(?<![A-Z2-7=])[A-Z2-7]{24,}={0,6}(?![A-Za-z0-9])")
_HEX = re.compile(r"(?<![0-9A-Za-z])(?:(?:0x|\\x)?[0-9A-Fa-f]{2}[\s:,;-]{0,2}){10,}")
_BINARY = re.compile(r"(?<![01])(?:[01]{8}[\s,]{0,2}){6,}")
_CODES = re.compile(r"(?<!\d)(?:\d{2,3}[\s,;]{1,2}){8,}\d{2,3}(?!\d)")
_WORD = re.compile(r"=\?([\w.:-]{1,40})(?:\*\w+)?\?([bBqQ])\?([^?\s]{1,3000})\?=")
_WORDS = re.compile(rf"{_WORD.pattern}(?:\s{{1,3}}{_WORD.pattern}){{0,200}}")
_FOREIGN_DIGIT = re.compile(r"[^\D0-9]")
_TEXTUAL = re.compile(r"[\w\s.,;:!?'\"()<>/@#&%$*+=|\[\]{}\u0900-\u0dff-]")


def readable(raw: bytes) -> str:
    """The text of decoded bytes (UTF-8, else UTF-16), or nothing where it is not text."""
    if len(raw) < 5:
        return ""
    text = ""
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff") or raw.count(0) * 3 > len(raw):
        order = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-16-le" if raw[1] == 0 else "utf-16-be"
        text = raw[: len(raw) // 2 * 2].decode(order, "replace")
    else:
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as e:
            if e.start < len(raw) - 4 or e.start < 8:
                return ""
            text = raw[: e.start].decode("utf-8")
    odd = sum(1 for c in text[:400] if (c < " " and c not in "\n\r\t") or c == "\ufffd")
    sample = text[:400]
    if odd > len(sample) // 20 or len(_TEXTUAL.findall(sample)) < len(sample) * 0.85:
        return ""
    return text[:MAX_PIECE]


def _encoded(text: str, characters: str) -> Iterator[Piece]:
    sketched = shapes.sketch(text)
    yield from _base64(text, sketched)
    if _FOURS in sketched.translate(_SHAPE64):
        for m in _GROUPED.finditer(text):
            said = _plain64("".join(m.group().split()))
            if said:
                yield Piece("base64", said, whole(*m.span()))
    digits = _FOREIGN_DIGIT.search(characters) is not None
    for pattern, kind, run, least, decode in _ENCODINGS:
        # Digits of other scripts are no bytes of a sketch: where some occur, the whole text is looked at.
        stretches = [(0, len(text))] if digits and kind == "character_codes" else shapes.runs(sketched, run, least)
        for start, end in stretches:
            for m in pattern.finditer(text, start, end + 8):
                said = decode(m.group()[: MAX_PIECE * 3])
                if said:
                    yield Piece(kind, said, whole(*m.span()))
    if "=?" in text:
        for m in _WORDS.finditer(text):
            # White space between encoded words is none of the text (RFC 2047 6.2).
            said = "".join(_from_word(w.group()) for w in _WORD.finditer(m.group()))
            if said:
                yield Piece("encoded_word", said, whole(*m.span()))


def _base64(text: str, sketched: bytes) -> Iterator[Piece]:
    run: list[re.Match[str]] = []
    for start, end in shapes.runs(sketched, _RUN64, 12):
        m = _BASE64.match(text, start, end + 3)
        if m is None:
            continue
        if run and not _JOIN.match(text[run[-1].end() : m.start()][:9] if m.start() - run[-1].end() < 9 else "x"):
            yield from _from_base64(text, run)
            run = []
        run.append(m)
    if run:
        yield from _from_base64(text, run)


def _from_base64(text: str, run: list[re.Match[str]]) -> Iterator[Piece]:
    start, end = run[0].start(), run[-1].end()
    joined = "".join(m.group() for m in run)
    if all(_WORDLIKE.fullmatch(m.group()) for m in run):
        # Long words, perhaps with hyphens: bytes of text never encode to small letters alone for that long.
        return
    tail = _TAIL.match(text, end)
    if tail and not joined.endswith("="):
        said = _plain64(joined + tail.group(1))
        if said and (len(run) > 1 or tail.group(1).endswith("=")):
            yield Piece("base64", said, whole(start, tail.end(1)))
            return
    said = _plain64(joined) or _plain64(joined[::-1])
    if said:
        yield Piece("base64", said, whole(start, end))
    elif len(run) > 1:
        # A word of prose may stand beside the encoded text.
        for m in run[:MAX_PIECES]:
            said = _plain64(m.group())
            if said:
                yield Piece("base64", said, whole(*m.span()))


def _plain64(joined: str) -> str:
    body = joined.rstrip("=").replace("-", "+").replace("_", "/")[: MAX_PIECE * 2]
    body = body[: len(body) - (1 if len(body) % 4 == 1 else 0)]
    if len(body) < 12:
        return ""
    try:
        return readable(base64.b64decode(body + "=" * (-len(body) % 4)))
    except (binascii.Error, ValueError):
        return ""


def _from_base32(run: str) -> str:
    body = run.rstrip("=")
    try:
        return readable(base64.b32decode(body + "=" * (-len(body) % 8)))
    except (binascii.Error, ValueError):
        return ""


def _from_hex(run: str) -> str:
    digits = re.sub(r"0x|\\x|[^0-9A-Fa-f]", "", run)
    return readable(bytes.fromhex(digits[: len(digits) // 2 * 2]))


def _numbers(found: list[str], base: int) -> str:
    values = [int(v, base) for v in found]
    if any(v > 255 for v in values):
        return ""
    return readable(bytes(values))


def _from_codes(run: str) -> str:
    found = re.findall(r"\d+", run)
    return _numbers(found, 10) or ("" if re.search(r"[89]", run) else _numbers(found, 8))


def _from_word(run: str) -> str:
    m = _WORD.match(run)
    if m is None:
        return ""
    charset, how, body = m.groups()
    try:
        raw = base64.b64decode(body + "===") if how in "bB" else binascii.a2b_qp(body.replace("_", " "))
        return raw.decode(charset, "replace")
    except (binascii.Error, ValueError, LookupError):
        return ""


_ENCODINGS: tuple[tuple[re.Pattern[str], str, bytes, int, Callable[[str], str]], ...] = (
    (_BASE32, "base32", _RUN32, 24, _from_base32),
    (_HEX, "hex", _RUN_HEX, 20, _from_hex),
    (_BINARY, "binary", _RUN_BINARY, 48, lambda s: _numbers(re.findall(r"[01]{8}", s), 2)),
    (_CODES, "character_codes", _RUN_CODES, 26, _from_codes),
)


# --- escapes inside running text ---------------------------------------------------------------------------------

# Every alternative begins with a letter of its own, so that the search skips over all other text.
_ESCAPE = re.compile(
    r"%(?:[0-9A-Fa-f]{2}(?:%[0-9A-Fa-f]{2})*|u[0-9A-Fa-f]{4})|=[0-9A-F]{2}(?:=[0-9A-F]{2})*|=\r?\n"
    r"|&(?:#\d{2,7};?|#[xX][0-9A-Fa-f]{2,6};?|[A-Za-z]{2,12}\d{0,2};)"
    r"|\\(?:u\{[0-9A-Fa-f]{1,6}\}|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}(?:\\x[0-9A-Fa-f]{2})*|U[0-9A-Fa-f]{8}"
    r"|[0-3][0-7]{2}(?:\\[0-3][0-7]{2})*|[0-9A-Fa-f]{2,5}\s)|U\+[0-9A-Fa-f]{4,5}\s?"
)


@lru_cache(maxsize=4096)
def _unescape_short(token: str) -> str:
    return _unescape(token)


def _undone(m: re.Match[str]) -> str:
    token = m.group()
    return _unescape_short(token) if len(token) < 40 else _unescape(token)


def _unescape(token: str) -> str:
    head = token[0]
    if head == "&":
        return html.unescape(token)
    if head == "=":
        if token[1] in "\r\n":
            return ""
        return bytes.fromhex(token.replace("=", "")).decode("utf-8", "replace")
    if head == "%" and token[1] not in "uU":
        return bytes.fromhex(token.replace("%", "")).decode("utf-8", "replace")
    if token.startswith("\\x"):
        return bytes.fromhex(token.replace("\\x", "")).decode("utf-8", "replace")
    if token.startswith("\\") and token[1] in "0123" and not token[-1].isspace():
        return bytes(int(o, 8) for o in token.split("\\")[1:]).decode("utf-8", "replace")
    value = int(re.sub(r"[^0-9A-Fa-f]", "", token[2:] if token[1] in "uU+" else token), 16)
    return chr(value) if value < 0x110000 and not 0xD800 <= value < 0xE000 else ""


def _substituted(text: str) -> Iterator[Piece]:
    if not any(sign in text for sign in ("%", "=", "&", "\\", "U+")):
        return
    size = 0
    for m in _ESCAPE.finditer(text):
        size += len(m.group())
        if size >= 6:
            break
    else:
        return
    for start, end in _lines(text):
        said = _ESCAPE.sub(_undone, text[start:end])
        if said != text[start:end]:
            yield Piece("escapes", said, _replaced(text, start, end))


def _lines(text: str) -> Iterator[tuple[int, int]]:
    """Stretches of neighbouring lines that each hold an escape."""
    start = end = -1
    m = _ESCAPE.search(text)
    while m is not None:
        first = text.rfind("\n", 0, m.start()) + 1
        if end >= 0 and first > end + 1:
            yield start, end
            start = first
        elif start < 0:
            start = first
        end = text.find("\n", m.end())
        if end < 0:
            end = len(text)
        m = _ESCAPE.search(text, end)
    if end >= 0:
        yield start, end


def _replaced(text: str, start: int, end: int) -> Callable[[int, int], tuple[int, int]]:
    """The way back from a stretch with its escapes undone, worked out when it is first asked for."""
    ways: list[Callable[[int, int], tuple[int, int]]] = []

    def back(a: int, b: int) -> tuple[int, int]:
        if not ways:
            ways.append(_way(text, start, end))
        return ways[0](a, b)

    return back


def _way(text: str, start: int, end: int) -> Callable[[int, int], tuple[int, int]]:
    out_at: list[int] = []
    src: list[tuple[int, int]] = []
    at, length = start, 0
    for m in _ESCAPE.finditer(text, start, end):
        for size, span in ((m.start() - at, (at, m.start())), (len(_undone(m)), m.span())):
            if size:
                out_at.append(length)
                src.append(span)
                length += size
        at = m.end()
    out_at.append(length)
    src.append((at, end))
    return _piecewise(out_at, src)


def _piecewise(out_at: list[int], src: list[tuple[int, int]]) -> Callable[[int, int], tuple[int, int]]:
    def back(start: int, end: int) -> tuple[int, int]:
        first = max(0, bisect_right(out_at, start) - 1)
        last = max(first, bisect_right(out_at, max(start, end - 1)) - 1)
        a = min(src[first][0] + start - out_at[first], src[first][1])
        b = min(src[last][0] + end - out_at[last], src[last][1])
        return (a, b) if a < b else (src[first][0], src[last][1])

    return back
