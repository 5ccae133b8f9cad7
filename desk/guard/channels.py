"""Every place of a message where text can stand, named: what a person sees, what they do not, and what machines read."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from urllib.parse import unquote_plus

from desk.domain.mail import Attachment, ParsedMail
from desk.guard.normalise import strip_unseen
from desk.guard.visible import Part, Visible, visible

MAX_TOTAL = 1_200_000
MAX_CHANNELS = 300
MAX_ATTACHMENT = 300_000
MAX_QUERY = 20_000
MAX_DATA = 200_000

_TEXT_TYPES = ("text/", "message/", "application/json", "application/xml", "application/x-yaml", "application/ics")
_TEXT_NAMES = (
    ".txt .md .csv .tsv .json .xml .yaml .yml .log .ini .cfg .conf .html .htm .ics .vcf .eml .rtf .srt .tex .rst .svg "
    ".py .js .sh .sql .toml .properties"
).split()
_USUAL = frozenset(
    "from to cc bcc subject date message-id in-reply-to references mime-version content-type content-transfer-encoding "
    "content-disposition content-language content-id received return-path delivered-to dkim-signature arc-seal "
    "arc-message-signature arc-authentication-results authentication-results received-spf list-id list-unsubscribe "
    "list-unsubscribe-post list-post list-help list-subscribe list-owner list-archive precedence auto-submitted "
    "errors-to x-originating-ip x-mailer user-agent x-spam-status x-spam-level x-spam-score x-spam-flag "
    "x-ms-exchange-antispam-messagedata-0 x-received x-google-smtp-source x-gm-message-state x-google-dkim-signature "
    "thread-index lines x-mimeole x-priority importance x-mailman-version x-beenthere x-uid status x-status xref "
    "domainkey-signature reply-to sender organization mailing-list x-organization x-face x-egroups-return x-keywords "
    "x-authentication-warning x-virus-scanned x-loop x-ms-has-attach x-pyzor".split()
)
_QUOTE = re.compile(r"^[ \t]*>[> \t]*", re.MULTILINE)
_WORDS = re.compile(r"\w+")
_MEDIA = re.compile(r"data:(?:image/(?!svg)|font/|audio/|video/)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Channel:
    """One text of the message. `hidden` names how it was kept from a person's eyes (empty where it was not);
    `suspicion` (0..1) is how unusual it is for running text to stand there at all."""

    name: str
    text: str
    hidden: str = ""
    suspicion: float = 0.0


@dataclass(frozen=True, slots=True)
class Reading:
    """All channels of a message, what a person sees, what they do not, and whether all of it was read."""

    channels: tuple[Channel, ...]
    shown: str
    hidden: str
    page: Visible
    complete: bool


_SUSPICION = {
    "display_none": 0.25, "hidden_attribute": 0.25, "visibility": 0.3, "tiny": 0.35, "colour": 0.35, "transparent": 0.4,
    "opacity": 0.35, "clip": 0.35, "off_screen": 0.35, "size": 0.3, "transform": 0.4, "mso_hide": 0.25, "details": 0.2,
    "aria_hidden": 0.1, "template": 0.3, "noscript": 0.2, "comment": 0.25, "script": 0.1, "style": 0.15, "title": 0.1,
    "spacing": 0.35, "mask": 0.35, "filter": 0.35, "behind": 0.3, "svg": 0.25, "fallback": 0.2, "form": 0.1,
    "dialog": 0.25, "head": 0.0, "xml": 0.0,
}  # fmt: skip


def read(mail: ParsedMail, *, raw: bytes = b"") -> Reading:
    """All channels of a parsed message; with `raw`, also what stands outside its MIME parts (RFC 2046 5.1.1)."""
    page = visible(mail.html) if mail.html else Visible("", "", True)
    plain = mail.plain or ("" if mail.html else mail.text)
    shown = strip_unseen(page.text if page.text.strip() else plain)
    found: list[Channel] = [Channel("subject", mail.subject)]
    found += _body(mail, page, plain)
    found += _names(mail)
    found += _headers(mail.headers)
    complete = page.complete and not any(p.kind == "link" and _too_long(p.text) for p in page.attributes)
    for attachment in mail.attachments:
        said, whole = _attachment(attachment)
        found += said
        complete = complete and whole
    if raw:
        said, whole = _outside(raw)
        found += said
        complete = complete and whole
    kept: list[Channel] = []
    total = 0
    for channel in found:
        if not channel.text.strip():
            continue
        room = MAX_TOTAL - total
        if room <= 0 or len(kept) >= MAX_CHANNELS:
            complete = False
            break
        if len(channel.text) > room:
            channel = Channel(channel.name, channel.text[:room], channel.hidden, channel.suspicion)
            complete = False
        total += len(channel.text)
        kept.append(channel)
    hidden = "\n".join(dict.fromkeys(c.text for c in kept if c.hidden and c.hidden not in ("link", "style", "script")))
    return Reading(tuple(kept), shown, hidden, page, complete)


def _body(mail: ParsedMail, page: Visible, plain: str) -> Iterator[Channel]:
    """Visible text (own words and quotes apart), the part only one of text and HTML has, and what is hidden."""
    text = page.text if page.text.strip() else plain
    own, quoted = _quoted(text)
    yield Channel("body", own)
    yield Channel("quoted", quoted)
    if page.text.strip() and plain.strip():
        yield from _difference(page.text, plain)
    by_kind: dict[str, list[Part]] = {}
    for part in page.parts:
        by_kind.setdefault(part.kind, []).append(part)
    for kind, parts in by_kind.items():
        name = "comment" if kind == "comment" else f"hidden:{kind}"
        for part in parts[:40]:
            # Text before everything else is what a mail client shows beside the subject: usual in newsletters.
            known = (
                0.0 if part.first and kind in ("display_none", "mso_hide", "size", "tiny", "colour", "opacity") else 1.0
            )
            yield Channel(name, part.text, kind, _SUSPICION.get(kind, 0.2) * known)
        if len(parts) > 40:
            yield Channel(name, "\n".join(p.text for p in parts[40:]), kind, 0.1)
    yield from _attributes(page.attributes)


def _attributes(parts: Collection[Part]) -> Iterator[Channel]:
    small: list[str] = []
    for part in parts:
        if part.kind == "link":
            query = _query(part.text)
            if query:
                yield Channel("attribute:link", query, "link", 0.1)
        elif len(part.text) > 24 and " " in part.text.strip():
            yield Channel(f"attribute:{part.kind}", part.text, part.kind, 0.1)
        else:
            small.append(part.text)
    if small:
        yield Channel("attribute", "\n".join(small), "attribute", 0.0)


def _query(link: str) -> str:
    """The words a link carries behind its address, or the data of a data: URI."""
    if link[:5].lower() == "data:":
        return link[:MAX_DATA]
    if link[:7].lower() == "mailto:":
        return unquote_plus(link[7:MAX_QUERY])
    tail = link.partition("?")[2] or link.partition("#")[2]
    said = unquote_plus(tail[:MAX_QUERY])
    return said if " " in said.strip() or len(tail) > 40 else ""


def _too_long(link: str) -> bool:
    """Whether `_query` leaves words of a link unread; a picture inside the page has none."""
    if link[:5].lower() == "data:":
        return len(link) > MAX_DATA and not _MEDIA.match(link)
    return len(link) > MAX_QUERY


def _quoted(text: str) -> tuple[str, str]:
    """Own lines and quoted lines; the marks of quoting are taken off so that a wrapped sentence reads on."""
    if ">" not in text:
        return text, ""
    own: list[str] = []
    quoted: list[str] = []
    for line in text.split("\n"):
        (quoted if line.lstrip()[:1] == ">" else own).append(line)
    return "\n".join(own), _QUOTE.sub("", "\n".join(quoted))


def _difference(shown: str, plain: str) -> Iterator[Channel]:
    """Lines whose words stand in only one of the two parts: a person reads one, a machine the other."""
    in_page, in_plain = set(_WORDS.findall(shown.lower())), set(_WORDS.findall(plain.lower()))
    for name, text, other in (("text_only", plain, in_page), ("html_only", shown, in_plain)):
        lines = []
        for line in text.split("\n"):
            words = _WORDS.findall(line.lower())
            if words and sum(w not in other for w in words) * 3 >= len(words):
                lines.append(line)
        if lines:
            # What shows in HTML alone is also in "body"; text that only the plain part has nobody sees.
            yield Channel(name, "\n".join(lines), name, 0.15)
    if in_plain and len(in_plain - in_page) * 20 < len(in_plain):
        return
    yield Channel("plain", plain)


def _names(mail: ParsedMail) -> Iterator[Channel]:
    for name, value in mail.headers:
        if name.lower() in ("from", "reply-to", "sender", "to", "cc", "bcc", "resent-from"):
            said = re.sub(r"<[^<>]*>|[\w.+-]+@[\w.-]+", " ", value)
            if len(said.strip()) > 2:
                yield Channel(f"name:{name.lower()}", said, "", 0.0)
    if mail.from_name and not any(n.lower() == "from" for n, _ in mail.headers):
        yield Channel("name:from", mail.from_name)


def _headers(headers: Collection[tuple[str, str]]) -> Iterator[Channel]:
    for name, value in headers:
        bare = name.lower().removeprefix("part:")
        if bare in ("content-type", "content-disposition", "content-description", "content-id", "content-location"):
            said = re.sub(r"boundary=(\"[^\"]*\"|[^;\s]*)", "", value.partition(";")[2] if ";" in value else value)
            if name.lower() != bare and bare in ("content-id",):
                continue
            if " " in said.strip() or len(said) > 40:
                yield Channel(f"mime:{bare}", re.sub(r"[\w*-]+=", " ", said), "mime", 0.1)
        elif bare not in _USUAL and not bare.startswith(("x-ms-exchange", "x-spam", "x-google", "arc-", "x-mc-")):
            yield Channel(f"header:{bare}", value, "header", 0.15 if " " in value.strip() else 0.0)


def _attachment(attachment: Attachment) -> tuple[list[Channel], bool]:
    """Name and text of an attachment, and whether all of its text was read; what is no text has none."""
    name = attachment.filename
    found = [Channel("file_name", re.sub(r"[_+.]+", " ", name), "file_name", 0.05)] if name else []
    kind = attachment.content_type.lower()
    if attachment.content is None:
        return found, True
    head = attachment.content[:512]
    readable = kind.startswith(_TEXT_TYPES) or name.lower().endswith(tuple(_TEXT_NAMES))
    if not readable and (b"\x00" in head or not head.strip() or sum(b < 9 for b in head)):
        return found, True
    if not readable and sum(32 <= b < 127 or b in (9, 10, 13) for b in head) < len(head) * 0.9:
        return found, True
    if head[:4] in (b"%PDF", b"PK\x03\x04") or head[:3] in (b"\xff\xd8\xff", b"GIF") or head[:4] == b"\x89PNG":
        return found, True
    text = _text(attachment.content[:MAX_ATTACHMENT])
    complete = len(attachment.content) <= MAX_ATTACHMENT
    label = "calendar" if "calendar" in kind or name.lower().endswith(".ics") else "attachment"
    if "html" in kind or name.lower().endswith((".html", ".htm", ".svg")):
        page = visible(text)
        complete = complete and page.complete
        text = "\n".join(filter(None, (page.text, page.hidden, *(p.text for p in page.attributes if p.kind != "link"))))
    if label == "calendar":
        text = re.sub(r"\r?\n[ \t]", "", text).replace("\\n", "\n").replace("\\,", ",").replace("\\;", ";")
    found.append(Channel(label, text, "", 0.0))
    return found, complete


def _text(raw: bytes) -> str:
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return raw.decode("utf-16", "replace")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


_BOUNDARY = re.compile(rb"boundary\s*=\s*(?:\"([^\"\r\n]{1,200})\"|([^\s;\"]{1,200}))", re.IGNORECASE)


_GAP = re.compile(rb"\r?\n\r?\n")
_USUAL_PREAMBLE = re.compile(rb"multi-?part|MIME", re.IGNORECASE)


def _outside(raw: bytes) -> tuple[list[Channel], bool]:
    """Preamble and epilogue of the outermost multipart, which no mail client shows, and whether all of it was read."""
    gap = _GAP.search(raw)
    if gap is None:
        return [], True
    m = _BOUNDARY.search(raw, 0, gap.start())
    if m is None:
        return [], True
    mark = b"--" + (m.group(1) or m.group(2))
    first, last = raw.find(mark, gap.end()), raw.rfind(mark + b"--")
    before = raw[gap.end() : first].strip() if first >= 0 else b""
    after = raw[last + len(mark) + 2 :].strip() if last >= 0 else b""
    found: list[Channel] = []
    if before and not (len(before) < 200 and _USUAL_PREAMBLE.search(before)):
        found.append(Channel("preamble", _text(before[:MAX_ATTACHMENT]), "preamble", 0.3))
    if after:
        weight = 0.0 if b"mailing list" in after else 0.15
        found.append(Channel("epilogue", _text(after[:MAX_ATTACHMENT]), "epilogue", weight))
    return found, max(len(before), len(after)) <= MAX_ATTACHMENT
