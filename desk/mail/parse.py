"""One message, from bytes to a record. Nothing here raises: what can't be read is named, and the rest is kept."""

import email
import re
from email.message import Message

from desk.domain.mail import ParsedMail
from desk.mail import automated, bodies, charsets, headers, html, htmlquotes, reply

MAX_RAW = 64_000_000
"""Bytes of a message that are looked at."""
MAX_REPLY = 300_000
"""Characters of text in which quotes are told from own words."""
MAX_HEADERS = 2000
"""Header fields that are kept."""

_END_OF_HEADERS = re.compile(rb"\n(?:\n|[ \t]+\n(?![ \t]|[!-9;-~]+[ \t]*:))")
_MBOX = re.compile(rb">?From (?![ \t]*:)")
_SPACED_FIELD = re.compile(rb"^([!-9;-~]+)[ \t]+:")
_FIELD = re.compile(rb"[!-9;-~]+[ \t]*:")
_PROPER = re.compile(rb"(?:[!-9;-~]+:[^\n]*\n(?:[ \t][^\n]*\n)*)+")
_NESTED = re.compile(rb"(?:multipart|message)/", re.I)


def parse(raw: bytes) -> ParsedMail:
    """The message as a record (RFC 5322, MIME); never raises. `problems` says in words what was wrong with it."""
    problems: list[str] = []
    try:
        return _parse(raw, problems)
    except Exception as problem:  # a poll must never stop for one message; the reason is kept with it
        problems.append(f"the message could not be read completely ({type(problem).__name__})")
        return _salvaged(raw, problems)


def _parse(raw: bytes, problems: list[str]) -> ParsedMail:
    if len(raw) > MAX_RAW:
        problems.append(f"the message has {len(raw)} bytes; only the first {MAX_RAW} were read")
        raw = raw[:MAX_RAW]
    message = _tree(_repaired(raw, problems), problems)
    body = bodies.collect(message)
    problems += body.problems
    problems += [f"malformed: {type(d).__name__}" for d in message.defects[:5]]
    return _record(message, body, problems, raw)


def _tree(raw: bytes, problems: list[str]) -> Message:
    if single := _single(raw):
        return single
    try:
        return email.message_from_bytes(raw)
    except RecursionError:
        problems.append("the message is nested too deeply; only its first level was read")
    except (ValueError, LookupError):  # the standard parser stumbles over some boundaries
        problems.append("the parts of the message could not be told apart; it was read as one text")
    head, _, rest = raw.partition(b"\n\n")
    flat = email.message_from_bytes(head + b"\n\n")
    del flat["Content-Type"], flat["Content-Transfer-Encoding"]
    flat.set_payload(rest[: bodies.MAX_TEXT].decode("ascii", "surrogateescape"))
    return flat


def _single(raw: bytes) -> Message | None:
    """A message that is one part, whose text the standard parser need not go through line by line."""
    head, _, rest = raw.partition(b"\n\n")
    if _NESTED.search(head):
        return None
    message = email.message_from_bytes(head + b"\n\n")
    if vars(message)["_payload"]:  # it found the text to begin earlier
        return None
    message.set_payload(rest.decode("ascii", "surrogateescape"))
    return message


def _repaired(raw: bytes, problems: list[str]) -> bytes:
    """Mend what makes the header block end early: blank lines or a mark before it, odd line ends, stray lines in it."""
    fixed = raw
    if fixed[:2] in (b"\xff\xfe", b"\xfe\xff"):
        fixed = charsets.decode(fixed).encode("utf-8")
    fixed = fixed.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n \t\0")
    if b"\r" in fixed:
        fixed = fixed.replace(b"\r\r\n", b"\r\n").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if _MBOX.match(fixed):
        fixed = fixed.partition(b"\n")[2]
    end = _END_OF_HEADERS.search(fixed)
    block, rest = (fixed[: end.start()], fixed[end.end() :]) if end else (fixed, b"")
    if _PROPER.fullmatch(block + b"\n"):
        return block + b"\n\n" + rest
    lines = block.split(b"\n")
    is_field = [bool(_FIELD.match(line)) for line in lines]
    kept: list[bytes] = []
    for n, line in enumerate(lines):
        if is_field[n] or line[:1] in b" \t" or not line:
            kept.append(_SPACED_FIELD.sub(rb"\1:", line, count=1) if is_field[n] else line)
            continue
        later = any(is_field[n + 1 :][:40])
        if not later:
            if not any(is_field[:n]):
                return fixed
            # Body text directly below the fields, with no blank line between.
            rest = b"\n".join(lines[n:]) + (b"\n\n" + rest if end else b"")
            problems.append("no blank line between headers and text")
            break
        if not any(is_field[:n]):
            continue
        if problems[-1:] != ["a line in the headers is no header field"]:
            problems.append("a line in the headers is no header field")
        kept.append(b" " + line)
    return b"\n".join(kept) + b"\n\n" + rest


def _record(message: Message, body: bodies.Bodies, problems: list[str], raw: bytes) -> ParsedMail:
    guess = bodies.charset_of(message)
    fields = [(k, v) for k, v in message.raw_items() if isinstance(v, str)][:MAX_HEADERS]
    decoded = [(headers.raw_text(k).strip(), headers.decode(v, guess)) for k, v in fields]

    named: dict[str, list[str]] = {}
    for k, v in fields:
        named.setdefault(k.lower(), []).append(v)

    def first(name: str) -> str:
        return named[name][0] if name in named else ""

    def people(name: str) -> list[headers.Address]:
        return [a for v in named.get(name, ()) for a in headers.addresses(v, guess)]

    authors = people("from")
    sender = next(iter([a for a in authors if a.addr] or authors or people("sender")), headers.Address("", ""))
    answer = next((a.addr for a in people("reply-to") if a.addr), "")
    text = body.text().strip("\n")
    plain, rich = "\n\n".join(body.plain), "\n\n".join(body.html)
    subject = headers.decode(first("subject"), guess)
    parts = tuple((k, v) for k, v in body.part_headers[:MAX_HEADERS])
    auto, reason = automated.classify(
        decoded, from_addr=sender.addr, subject=subject, text=text, attachments=body.attachments
    )
    identity = headers.ids(first("message-id"))
    answered = headers.ids(first("in-reply-to"))
    return ParsedMail(
        subject=subject,
        from_addr=sender.addr,
        from_name=sender.name,
        reply_to=answer,
        to=tuple(a.addr for a in people("to") if a.addr),
        cc=tuple(a.addr for a in people("cc") if a.addr),
        text=text,
        reply_text=_own_words(text[:MAX_REPLY], rich if plain.strip() else ""),
        plain=plain,
        html=rich,
        date=headers.date(first("date")) if first("date") else None,
        message_id=identity[0] if identity else "",
        in_reply_to=answered[0] if answered and _is_id(first("in-reply-to"), answered[0]) else "",
        references=headers.ids(first("references")) if "@" in first("references") or "<" in first("references") else (),
        auto=auto,
        auto_reason=reason,
        attachments=tuple(body.attachments),
        headers=(*decoded, *parts),
        problems=tuple(dict.fromkeys(problems)),
    )


def _own_words(text: str, rich: str) -> str:
    """What the author wrote. Where the plain version shows no quote but the HTML beside it marks one, the HTML decides, as
    long as all it calls own stands in the plain version too."""
    parts = reply.split(text)
    if parts.quoted or not rich or not htmlquotes.marked(rich):
        return parts.reply
    other = reply.split(html.to_text(rich)[:MAX_REPLY])
    words, all_words = other.reply.split(), set(text.split())
    return other.reply if other.quoted and words and all_words.issuperset(words) else parts.reply


def _is_id(raw: str, found: str) -> bool:
    """RFC 822 allowed phrases in In-Reply-To; without brackets or an @ it names no message."""
    return "<" in raw or "@" in found


def _salvaged(raw: bytes, problems: list[str]) -> ParsedMail:
    """What can be had of a message that defeated the parser: plain header lines and its text as it stands."""
    head, _, rest = raw[: bodies.MAX_TEXT].replace(b"\r\n", b"\n").partition(b"\n\n")
    found: list[tuple[str, str]] = []
    for line in head.split(b"\n")[:MAX_HEADERS]:
        name, colon, value = line.partition(b":")
        if colon and _FIELD.match(line):
            found.append((charsets.decode(name).strip(), charsets.decode(value).strip()))
    values = {k.lower(): v for k, v in reversed(found)}
    text = charsets.decode(rest)
    return ParsedMail(
        subject=values.get("subject", ""),
        from_addr=next(iter(re.findall(r"[^\s<>\"]+@[^\s<>\"]+", values.get("from", ""))), ""),
        from_name="",
        reply_to="",
        to=(),
        cc=(),
        text=text,
        reply_text=text,
        plain=text,
        html="",
        date=None,
        message_id=values.get("message-id", "").strip("<> "),
        in_reply_to="",
        references=(),
        auto=None,
        auto_reason="",
        attachments=(),
        headers=tuple(found),
        problems=tuple(problems),
    )
