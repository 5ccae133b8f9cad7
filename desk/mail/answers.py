"""What a server answers to FETCH, read in bulk: IMAPClient's reader goes character by character, which is most of the work of
a first import. It still reads every answer that is not in the usual form."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import imapclient  # type: ignore[import-untyped]
from imapclient.exceptions import IMAPClientError  # type: ignore[import-untyped]
from imapclient.response_parser import parse_fetch_response  # type: ignore[import-untyped]

from desk.mail.parse import parse
from desk.mail.source import Heading

_UID, _SIZE = re.compile(rb"\bUID (\d+)", re.I), re.compile(rb"\bRFC822\.SIZE (\d+)", re.I)
_BODY = re.compile(rb"\d+ \([^\"{}]*(?:\"[^\"]*\"[^\"{}]*)?\bBODY\[\] \{\d+\}", re.I)
_DATE = re.compile(rb'\bINTERNALDATE "([ \d]\d)-(\w{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)"', re.I)
_FLAGS = re.compile(rb"\bFLAGS \(([^()]*)\)", re.I)
_MONTHS = {m: n for n, m in enumerate(b"jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}


class Content(NamedTuple):
    """A message as the server gives it: its bytes, when it came, and whether somebody marked it as deleted."""

    raw: bytes
    received_at: datetime
    deleted: bool


def sizes(client: imapclient.IMAPClient, uids: Sequence[int]) -> dict[int, int]:
    """The bytes of each message, 0 where the server does not say."""
    found: dict[int, int] = {}
    answers = _fetch(client, uids, "(RFC822.SIZE)")
    for answer in answers:
        uid, size = (_UID.search(answer), _SIZE.search(answer)) if isinstance(answer, bytes) else (None, None)
        if not uid or not size:
            return {u: int(x.get(b"RFC822.SIZE", 0)) for u, x in parse_fetch_response(answers).items()}
        found[int(uid[1])] = int(size[1])
    return found


def contents(client: imapclient.IMAPClient, uids: Sequence[int]) -> dict[int, Content]:
    """The messages that are still there."""
    answers = _fetch(client, uids, "(BODY.PEEK[] INTERNALDATE FLAGS)")
    if len(answers) % 2:
        return _slowly(answers)
    found: dict[int, Content] = {}
    for head, tail in zip(answers[::2], answers[1::2], strict=True):
        about = head[0] + b" " + tail if isinstance(head, tuple) and isinstance(tail, bytes) else b""
        uid, date = _UID.search(about), _DATE.search(about)
        if not (uid and date and about.endswith(b")") and _BODY.fullmatch(head[0])):
            return _slowly(answers)
        flags = _FLAGS.search(about)
        found[int(uid[1])] = Content(head[1], _moment(date), bool(flags and b"\\deleted" in flags[1].lower()))
    return found


def headings(client: imapclient.IMAPClient, uids: Sequence[int]) -> list[Heading]:
    """The Message-ID and size of each message that is still there."""
    found = []
    for uid, data in client.fetch(uids, ["BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]", "RFC822.SIZE"]).items():
        head = next((value for key, value in data.items() if key.upper().startswith(b"BODY[")), b"") or b""
        found.append(Heading(uid, parse(head).message_id, int(data.get(b"RFC822.SIZE", 0))))
    return found


def _fetch(client: imapclient.IMAPClient, uids: Sequence[int], what: str) -> list[Any]:
    kind, answers = client._imap.uid("FETCH", ",".join(map(str, uids)), what)
    if kind != "OK":
        raise IMAPClientError(f"fetch failed: {answers[0]!r}")
    return [answer for answer in answers if answer is not None]


def _slowly(answers: list[Any]) -> dict[int, Content]:
    found = {}
    for uid, data in parse_fetch_response(answers, normalise_times=False).items():
        if data.get(b"BODY[]") is not None:
            came = data.get(b"INTERNALDATE")
            deleted = b"\\deleted" in {flag.lower() for flag in data.get(b"FLAGS", ())}
            found[uid] = Content(bytes(data[b"BODY[]"]), came.astimezone(UTC) if came else datetime.now(UTC), deleted)
    return found


def _moment(date: re.Match[bytes]) -> datetime:
    """INTERNALDATE in UTC (RFC 3501, date-time); now for one that does not exist."""
    day, month, year, hour, minute, second, sign, hours, minutes = date.groups()
    away = timedelta(hours=int(hours), minutes=int(minutes))
    try:
        moment = datetime(int(year), _MONTHS[month.lower()], int(day), int(hour), int(minute), int(second), tzinfo=UTC)
        return moment - away if sign == b"+" else moment + away
    except (KeyError, ValueError, OverflowError):
        return datetime.now(UTC)
