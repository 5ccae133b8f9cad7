"""Forms of plain text that are more than lines: format=flowed, files uuencoded in between, text/enriched."""

import binascii
import re
from collections.abc import Callable

MAX_FILES = 500
"""Uuencoded files taken out of one text."""


def unflow(text: str, delsp: bool = False) -> str:
    """Join the soft line breaks of format=flowed (RFC 3676), quote depth by quote depth."""
    out: list[str] = []
    open_depth = -1
    for line in text.split("\n"):
        marks = re.match(r"(?:>[ ]?)*>|", line)
        depth = (marks.group(0) if marks else "").count(">")
        bare = line[len(marks.group(0)) :] if marks and depth else line
        bare = bare.removeprefix(" ")
        flows = bare.endswith(" ") and bare != "-- "
        if flows and delsp:
            bare = bare[:-1]
        if open_depth == depth and out and bare != "-- ":
            out[-1] += bare
        else:
            out.append(("> " * depth if depth else "") + bare)
        open_depth = depth if flows else -1
    return "\n".join(line.rstrip(" ") if line != "-- " else line for line in out)


_BEGIN = re.compile(r"^begin [0-7]{3,4} (\S[^\n]{0,200})$", re.M)


def uuencoded(text: str) -> tuple[str, list[tuple[str, bytes]]]:
    """Take uuencoded files out of a text; a block without its end, or that does not decode, stays text."""
    files: list[tuple[str, bytes]] = []
    kept, pos = [], 0
    for match in _BEGIN.finditer(text):
        stop = text.find("\nend", match.end())
        if match.start() < pos or stop < 0 or len(files) >= MAX_FILES:
            continue
        data = b""
        try:
            for line in text[match.end() + 1 : stop].split("\n"):
                data += _uu_line(line, binascii.a2b_uu) if line.strip("\r") else b""
        except (ValueError, binascii.Error):
            continue
        kept.append(text[pos : match.start()])
        files.append((match.group(1), data))
        pos = stop + 4
    return "".join([*kept, text[pos:]]), files


def _uu_line(line: str, decode: Callable[[bytes], bytes]) -> bytes:
    data = line.encode("latin-1")
    try:
        return decode(data)
    except ValueError:
        # Some senders pad the last group; the length byte says how much counts (as Python's own uu module does).
        wanted = (((data[0] - 32) & 63) * 4 + 5) // 3
        return decode(data[:wanted])


_ENRICHED = re.compile(r"<param>.*?</param>|</?[\w-]{1,60}>", re.I | re.S)


def unenriched(text: str) -> str:
    """text/enriched as plain text (RFC 1896): commands dropped, single line breaks are spaces, "<<" is "<"."""
    text = re.sub(r"(?<!\n)\n(?!\n)", " ", text)
    pieces = [_ENRICHED.sub("", piece) for piece in text.split("<<")]
    return re.sub(r"\n(\n+)", r"\1", "<".join(pieces))
