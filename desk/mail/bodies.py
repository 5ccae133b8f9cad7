"""The MIME tree of one message: which parts are its text, which are files, and what each says once decoded."""

import email
import mimetypes
import quopri
import re
from dataclasses import dataclass, field
from email.message import Message
from pathlib import PurePosixPath

from desk.domain.mail import Attachment
from desk.mail import charsets, headers, html, invitations, textforms, tnef

MAX_PARTS = 500
"""Parts of one message that are looked at."""
MAX_DEPTH = 40
"""How deep multiparts may be nested before the rest is left out."""
MAX_TEXT = 2_000_000
"""Bytes of one text part that are decoded."""

_STUB = re.compile(
    r"\bhtml\b.{0,80}\b(?:view|viewer|reader|support|display|mail|e-mail|version|client|browser)", re.I | re.S
)
_EXTENSIONS = {
    "message/rfc822": ".eml",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "application/pdf": ".pdf",
    "text/calendar": ".ics",
    "text/html": ".html",
    "text/plain": ".txt",
}


@dataclass(slots=True)
class Bodies:
    """What the walk gathers. `shown` holds the texts in reading order, `plain` and `html` every part of that kind."""

    shown: list[str] = field(default_factory=list)
    plain: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)
    calendar: list[str] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    part_headers: list[tuple[str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    seen: int = 0

    def text(self) -> str:
        """The readable text; an invitation stands in where there is nothing else."""
        shown = "\n\n".join(t for t in self.shown if t.strip())
        return shown or "\n\n".join(self.calendar)


def collect(message: Message) -> Bodies:
    """Walk the tree once, in order. Never raises for malformed parts: they are kept as files or named in `problems`."""
    bodies = Bodies()
    bodies.shown = _node(message, bodies, 0, top=True)
    return bodies


def _node(part: Message, bodies: Bodies, depth: int, top: bool = False, related: bool = False) -> list[str]:
    bodies.seen += 1
    if depth > MAX_DEPTH or bodies.seen > MAX_PARTS:
        note = "the message is nested too deeply or has too many parts; the rest was left out"
        if note not in bodies.problems:
            bodies.problems.append(note)
        return []
    kind = content_type(part)
    if not top:
        bodies.part_headers += [
            (f"part:{k}", headers.decode(v)) for k, v in part.raw_items() if k and isinstance(v, str)
        ]
    if part.is_multipart() and not kind.startswith("message/"):
        children = [p for p in part.get_payload() if isinstance(p, Message)]
        if kind == "multipart/alternative":
            return _alternative(children, bodies, depth)
        inner = kind == "multipart/related"
        return [t for i, child in enumerate(children) for t in _node(child, bodies, depth + 1, related=inner and i > 0)]
    if kind.startswith("multipart/"):
        return _unbounded(part, bodies, depth)
    if note := _sealed(kind, part):
        bodies.problems.append(note)
    return _leaf(part, kind, bodies, top, related)


def _sealed(kind: str, part: Message) -> str:
    """What to tell about a part that is encrypted or packed in its signature; it is kept as a file."""
    if kind in ("application/pkcs7-mime", "application/x-pkcs7-mime"):
        sort = headers.parameters(_raw(part, "Content-Type"))[1].get("smime-type", "").lower()
        signed = sort in ("signed-data", "certs-only")
        return (
            "signed with S/MIME; the text is inside the attached file"
            if signed
            else "encrypted with S/MIME; not readable here"
        )
    return "encrypted with PGP; not readable here" if kind == "application/pgp-encrypted" else ""


_DELIMITER = re.compile(
    r"^--([^\s\"\\][^\n\"\\]{0,80}?)[ \t]*\n(?=(?:[!-9;-~]+:[^\n]*\n(?:[ \t][^\n]*\n)*){1,30}\n|\n)", re.M
)


def _unbounded(part: Message, bodies: Bodies, depth: int) -> list[str]:
    """A multipart whose boundary is missing or isn't the one it names: split at the delimiter it seems to use, or, when
    there is none, shown as the text it is."""
    payload = vars(part).get("_payload")
    source = payload if isinstance(payload, str) else ""
    found = _DELIMITER.search(source)
    if found is None:
        text = charsets.decode(_escaped(source)[:MAX_TEXT])
        bodies.plain.append(text)
        return [text] if text.strip() else []
    again = email.message_from_string(f'Content-Type: multipart/mixed; boundary="{found.group(1)}"\n\n{source}')
    bodies.problems.append("the parts of the message were not where it says; they were looked for")
    children = again.get_payload()
    if not isinstance(children, list):
        return []
    inner = [child for child in children if isinstance(child, Message)]
    if content_type(part) == "multipart/alternative":
        return _alternative(inner, bodies, depth + 1)
    return [text for child in inner for text in _node(child, bodies, depth + 1)]


def _alternative(children: list[Message], bodies: Bodies, depth: int) -> list[str]:
    """The plain version when it says anything, else the last one that does (RFC 2046 5.1.4 puts the best one last)."""
    versions: list[tuple[str, list[str]]] = []
    for child in children:
        before = len(bodies.html)
        texts = _node(child, bodies, depth + 1)
        rich = len(bodies.html) > before
        if any(t.strip() for t in texts):
            versions.append(("html" if rich else "plain", texts))
    plain = next((t for k, t in versions if k == "plain"), None)
    rich_one = next((t for k, t in reversed(versions) if k == "html"), None)
    if plain is not None and rich_one is not None and _is_stub("\n".join(plain), "\n".join(rich_one)):
        return rich_one
    return plain or rich_one or []


def _is_stub(plain: str, rich: str) -> bool:
    """A plain version that only says that the mail needs an HTML reader."""
    return len(plain) < 300 and len(rich) > 2 * len(plain) and bool(_STUB.search(plain))


def _leaf(part: Message, kind: str, bodies: Bodies, top: bool, related: bool) -> list[str]:
    name, disposition = file_name(part), _disposition(part)
    if kind.startswith("message/") and kind not in ("message/delivery-status", "message/disposition-notification"):
        bodies.attachments.append(_embedded(part, kind, name))
        return []
    is_text = kind.startswith("text/") or (top and not name and kind.startswith("message/"))
    if kind == "text/rfc822-headers" or (kind.startswith("message/") and not top):
        is_text = False
    inline = disposition != "attachment" and not (name and disposition == "inline" and kind not in _READ_INLINE)
    if not is_text or not inline or (name and kind not in _READ_INLINE) or (related and name):
        return _file(part, kind, name, bodies, related)
    if kind == "text/calendar":
        text = charsets.decode(content(part)[:MAX_TEXT], charset_of(part))
        bodies.calendar.append(invitations.to_text(text))
        return _file(part, kind, name, bodies, related)
    return _text(part, kind, name, bodies)


_READ_INLINE = {"text/plain", "text/html"}


def _file(part: Message, kind: str, name: str, bodies: Bodies, related: bool) -> list[str]:
    data = content(part)
    if kind == "application/octet-stream" and not name and not data:
        return []
    if kind in _TNEF or name.lower() == "winmail.dat":
        return _unwrapped(data, kind, name, bodies)
    content_id = headers.ids(str(part.get("Content-ID", "") or ""))
    named = name or _invented(kind, part)
    bodies.attachments.append(
        Attachment(named, kind, len(data), data, content_id[0] if content_id and part.get("Content-ID") else "")
    )
    return []


_TNEF = ("application/ms-tnef", "application/vnd.ms-tnef")


def _unwrapped(data: bytes, kind: str, name: str, bodies: Bodies) -> list[str]:
    """What a winmail.dat holds, in place of it; its text only counts where the message has none of its own."""
    found = tnef.unwrap(data)
    if found is None:
        bodies.attachments.append(Attachment(name or "winmail.dat", kind, len(data), data))
        return []
    for title, given, inner in found.files:
        guessed = given or mimetypes.guess_type(title)[0] or "application/octet-stream"
        bodies.attachments.append(Attachment(safe_name(title), guessed, len(inner), inner))
    if any(t.strip() for t in (*bodies.plain, *bodies.html)):
        return []
    if found.html:
        bodies.html.append(found.html)
    if found.text:
        bodies.plain.append(found.text)
    return [found.text or html.to_text(found.html)]


def _text(part: Message, kind: str, name: str, bodies: Bodies) -> list[str]:
    if name and _disposition(part) == "attachment":
        return _file(part, kind, name, bodies, False)
    data = content(part)
    if len(data) > MAX_TEXT:
        bodies.problems.append(f"a text part of {len(data)} bytes was cut to {MAX_TEXT}")
        data = data[:MAX_TEXT]
    text = charsets.decode(data, charset_of(part) or (_meta_charset(data) if kind == "text/html" else ""))
    if kind == "text/html" or (kind != "text/plain" and _looks_html(text)):
        bodies.html.append(text)
        return [html.to_text(text)]
    if kind in ("text/enriched", "text/richtext"):
        text = textforms.unenriched(text)
    if (
        "format" in (params := headers.parameters(_raw(part, "Content-Type"))[1])
        and params["format"].lower() == "flowed"
    ):
        text = textforms.unflow(text, delsp=params.get("delsp", "").lower() == "yes")
    if "\nbegin " in "\n" + text:
        text, files = textforms.uuencoded(text)
        bodies.attachments += [
            Attachment(safe_name(title), "application/octet-stream", len(inner), inner) for title, inner in files
        ]
    bodies.plain.append(text)
    return [text]


def _looks_html(text: str) -> bool:
    return bool(re.match(r"\s*<(?:!doctype html|html|head|body)\b", text, re.I))


# Fields of a part -----------------------------------------------------------------------------------------------------


def _raw(part: Message, name: str) -> str:
    wanted, length = name.lower(), len(name)
    for key, value in part.raw_items():
        if len(key) == length and key.lower() == wanted and isinstance(value, str):
            return value
    return ""


def content_type(part: Message) -> str:
    """The part's type in lower case, by RFC 2045's defaults where the field is missing or unusable."""
    main, given = headers.parameters(_raw(part, "Content-Type"))
    main = main.split()[0] if main else ""
    if re.fullmatch(r"[\w.+!#$&^-]+/[\w.+!#$&^-]+", main):
        return main
    if main in ("text", "plain", "html"):
        return "text/html" if main == "html" else "text/plain"
    is_file = main and ("name" in given or _raw(part, "Content-Disposition"))
    return "application/octet-stream" if is_file else part.get_default_type()


def _disposition(part: Message) -> str:
    main, _ = headers.parameters(_raw(part, "Content-Disposition"))
    return main


def charset_of(part: Message) -> str:
    """The charset a part names, as it is written there."""
    return headers.parameters(_raw(part, "Content-Type"))[1].get("charset", "")


def _meta_charset(data: bytes) -> str:
    match = re.search(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([\w.:-]{2,40})", data[:4000], re.I)
    return match.group(1).decode("ascii") if match else ""


def file_name(part: Message) -> str:
    """The file name a part gives itself, made safe: no folders, no controls, no reserved names; "" without one."""
    fields = (("Content-Disposition", "filename"), ("Content-Type", "name"))
    given = [headers.parameters(_raw(part, field_name))[1].get(key, "") for field_name, key in fields]
    named = [raw for raw in given if raw.strip()]
    # A sender whose charset lacked some letters wrote "?" for them in one of the two.
    whole = [raw for raw in named if "?" not in raw and "\ufffd" not in raw]
    return safe_name((whole or named)[0]) if named else ""


def safe_name(raw: str) -> str:
    """A file name that can't leave its folder: last path part only, no leading dots, at most 200 characters."""
    name = re.sub(r"\s+", " ", charsets.clean(raw)).strip()
    name = name.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    name = "".join(c for c in name if c not in '<>:"|?*\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u200e\u200f').strip()
    name = name.lstrip(".").strip() if set(name) <= {".", " "} else name
    if name.startswith(".."):
        name = name.lstrip(".")
    if re.fullmatch(r"(?i)(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", name):
        name = "_" + name
    if len(name) > 200:
        stem, suffix = PurePosixPath(name).stem, PurePosixPath(name).suffix[:20]
        name = stem[: 200 - len(suffix)] + suffix
    return name


def _invented(kind: str, part: Message) -> str:
    location = headers.decode(_raw(part, "Content-Location"))
    if location and not location.startswith(("http:", "https:")) and "." in location:
        return safe_name(location)
    return ""


def content(part: Message) -> bytes:
    """The part's bytes with its transfer encoding undone, however badly that is labelled. Never raises."""
    payload = vars(part).get("_payload")  # get_payload() would already have decoded 8-bit text with its own guesses
    if isinstance(payload, list):
        return b"".join(_flat(p) for p in payload if isinstance(p, Message))
    raw = _escaped(payload if isinstance(payload, str) else "")
    encoding = headers.decode(_raw(part, "Content-Transfer-Encoding")).lower().strip(" ;\"'")
    if encoding.startswith("base64"):
        return _base64(raw, part)
    if encoding.startswith(("quoted-printable", "quoted_printable", "quotedprintable")):
        return quopri.decodestring(raw)
    if encoding.startswith(("x-uuencode", "uuencode", "uue", "x-uue")):
        files = textforms.uuencoded(raw.decode("latin-1"))[1]
        return files[0][1] if files else raw
    return raw


def _base64(raw: bytes, part: Message) -> bytes:
    """Base64 up to a footer that a list put below it. Text that plainly isn't base64 stays as it is."""
    raw = re.split(rb"\n(?:--|__|==)[^\n]*(?:\n|$)", raw, maxsplit=1)[0] if b"\n--" in raw or b"\n__" in raw else raw
    if b" " in raw and part.get_content_maintype() == "text":
        words = raw.split()
        if len(words) > 2 and sum(map(len, words)) / len(words) < 20 and len(words) > 2 * len(raw.strip().split(b"\n")):
            return raw
    return headers.base64_bytes(raw)


def _escaped(text: str) -> bytes:
    try:
        return text.encode("ascii", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def _flat(message: Message) -> bytes:
    try:
        return message.as_bytes()
    except Exception:  # the generator raises many things on broken headers; the source text is all that is wanted
        lines = [f"{k}: {v}" for k, v in message.raw_items()]
        return "\n".join(lines).encode("utf-8", "replace") + b"\n\n" + content(message)


def _embedded(part: Message, kind: str, name: str) -> Attachment:
    """A message inside a message stays a file of its own: its text is not this author's."""
    data = content(part)
    inner = part.get_payload()
    if not name and isinstance(inner, list) and inner and isinstance(inner[0], Message):
        subject = headers.decode(_raw(inner[0], "Subject"))
        name = safe_name(re.sub(r"[/\\]", "-", subject))[:120] + ".eml" if subject else ""
    return Attachment(name, kind, len(data), data)
