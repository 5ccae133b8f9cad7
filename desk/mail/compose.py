"""Messages out: replies that thread in every client, addressed to the right people, as bytes fixed once."""

import re
import secrets
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from desk.config import MailboxConfig
from desk.domain import answering
from desk.domain.answering import Recipients, distinct
from desk.domain.mail import Attachment, Outgoing, ParsedMail
from desk.errors import SendError
from desk.mail import automated, charsets
from desk.mail.threads import strip_prefixes, ticket_tag

MAX_REFERENCES = 40
"""Identifiers in References; of longer chains the first and the newest are kept."""
MAX_QUOTE = 8_000
"""Characters of the original that are quoted."""

_HEADS = {
    "en": ("On {d}, {w} wrote:", "%Y-%m-%d at %H:%M"),
    "de": ("Am {d} schrieb {w}:", "%d.%m.%Y um %H:%M"),
    "nl": ("Op {d} schreef {w}:", "%d-%m-%Y om %H:%M"),
    "fr": ("Le {d}, {w} a écrit :", "%d/%m/%Y à %H:%M"),
    "es": ("El {d}, {w} escribió:", "%d/%m/%Y a las %H:%M"),
    "it": ("Il {d}, {w} ha scritto:", "%d/%m/%Y alle %H:%M"),
    "pt": ("Em {d}, {w} escreveu:", "%d/%m/%Y às %H:%M"),
    "pl": ("W dniu {d} {w} napisał(a):", "%d.%m.%Y o %H:%M"),
    "sv": ("Den {d} skrev {w}:", "%Y-%m-%d kl. %H:%M"),
    "da": ("Den {d} skrev {w}:", "%d.%m.%Y kl. %H.%M"),
    "no": ("Den {d} skrev {w}:", "%d.%m.%Y kl. %H.%M"),
    "nb": ("Den {d} skrev {w}:", "%d.%m.%Y kl. %H.%M"),
    "fi": ("{w} kirjoitti {d}:", "%d.%m.%Y klo %H.%M"),
    "cs": ("Dne {d} {w} napsal(a):", "%d.%m.%Y v %H:%M"),
    "sk": ("Dňa {d} {w} napísal(a):", "%d.%m.%Y o %H:%M"),
    "hu": ("{w} ezt írta ({d}):", "%Y.%m.%d. %H:%M"),
    "ro": ("Pe {d}, {w} a scris:", "%d.%m.%Y la %H:%M"),
    "tr": ("{d} tarihinde {w} şunu yazdı:", "%d.%m.%Y %H:%M"),
    "ru": ("{d}, {w} написал(а):", "%d.%m.%Y в %H:%M"),
    "uk": ("{d}, {w} написав(ла):", "%d.%m.%Y о %H:%M"),
    "el": ("Στις {d}, {w} έγραψε:", "%d/%m/%Y %H:%M"),
    "ja": ("{d}、{w} のメッセージ:", "%Y年%m月%d日 %H:%M"),
    "zh": ("{w} 于 {d} 写道：", "%Y年%m月%d日 %H:%M"),
    "ko": ("{d}, {w} 님이 작성:", "%Y년 %m월 %d일 %H:%M"),
}

LANGUAGES = tuple(_HEADS)
"""Languages of the line above a quote."""


def recipients(to: ParsedMail, own: Collection[str]) -> Recipients:
    """Who the answer to a message goes to; see `domain.answering.recipients`."""
    return answering.recipients(to.from_addr, to.reply_to, to.to, to.cc, own)


def reply_subject(subject: str, number: str = "") -> str:
    """The subject of an answer: one "Re:", whatever stood before it, and the ticket number once."""
    plain = strip_prefixes(_line(subject)) or "(no subject)"
    return _tagged(f"Re: {plain}", number)


def _tagged(subject: str, number: str) -> str:
    return f"{subject} [{number}]" if number and ticket_tag(subject) is None else subject


def quote_original(mail: ParsedMail, language: str = "en") -> str:
    """The author's own words of `mail` behind `>`, below a line in `language` (ISO 639-1) that says who wrote them when."""
    words = (mail.reply_text or mail.text).strip("\n")
    if len(words) > MAX_QUOTE:
        words = words[:MAX_QUOTE].rsplit("\n", 1)[0] + "\n[…]"
    if not words.strip():
        return ""
    line, when = _HEADS.get(language, _HEADS["en"])
    who = mail.from_name or mail.from_addr
    who = f"{who} <{mail.from_addr}>" if mail.from_name and mail.from_addr else who
    head = line.format(d=mail.date.strftime(when), w=who) if mail.date else f"{who}:"
    quoted = "\n".join(f">{line}" if line.startswith(">") else f"> {line}".rstrip() for line in words.split("\n"))
    return f"{head}\n{quoted}"


def reply(
    *,
    box: MailboxConfig,
    to: ParsedMail,
    body: str,
    now: datetime,
    subject: str | None = None,
    cc: Sequence[str] = (),
    references: Sequence[str] = (),
    number: str = "",
    auto_submitted: bool = False,
    attachments: Sequence[Attachment] = (),
    loop: str = "",
    quote: bool = True,
    language: str = "",
    recipients_to: Sequence[str] | None = None,
) -> Outgoing:
    """An answer to one message, ready to send (RFC 5322 3.6.4; RFC 3834 when `auto_submitted`).

    `cc` is added to the Cc that the answered message brings; `recipients_to` replaces both. `references` are earlier
    Message-IDs of the thread, `number` is the ticket's ("T-1042"), `loop` the value of `X-Desk-Loop`, `language` that of
    the line above the quote (the mailbox's when empty).
    """
    who = recipients(to, (box.address, *box.aliases))
    main, copies = who.to, who.cc
    if recipients_to is not None:
        main, copies = distinct(recipients_to, ()), ()
    copies = distinct((*copies, *cc), {a.lower() for a in (*main, box.address, *box.aliases)})
    chain = [*references, *to.references, *([] if to.references else [to.in_reply_to]), to.message_id]
    extra: list[tuple[str, str]] = []
    if to.message_id:
        extra.append(("In-Reply-To", f"<{to.message_id}>"))
    if auto_submitted:
        extra += [("Auto-Submitted", "auto-replied"), ("X-Auto-Response-Suppress", "OOF, AutoReply")]
    text = body.rstrip()
    if quote and (original := quote_original(to, language or box.language)):
        text = f"{text}\n\n{original}"
    title = reply_subject(to.subject, number) if subject is None else _tagged(_line(subject), number)
    return _message(box, main, copies, title, text, now, _chain(chain), extra, attachments, loop)


def new(
    *,
    box: MailboxConfig,
    to: Sequence[str],
    subject: str,
    body: str,
    now: datetime,
    cc: Sequence[str] = (),
    number: str = "",
    references: Sequence[str] = (),
    auto_submitted: bool = False,
    attachments: Sequence[Attachment] = (),
    loop: str = "",
) -> Outgoing:
    """A message that answers nothing, ready to send."""
    main = distinct(to, ())
    copies = distinct(cc, {a.lower() for a in main})
    extra = [("Auto-Submitted", "auto-generated")] if auto_submitted else []
    title = _tagged(_line(subject), number)
    return _message(box, main, copies, title, body.rstrip(), now, _chain(references), extra, attachments, loop)


def forward(
    *,
    box: MailboxConfig,
    original: ParsedMail,
    to: Sequence[str],
    body: str,
    now: datetime,
    cc: Sequence[str] = (),
    number: str = "",
    attachments: Sequence[Attachment] = (),
    loop: str = "",
) -> Outgoing:
    """A message handed on: own words first, then the original with its head and its files, ready to send."""
    main = distinct(to, ())
    copies = distinct(cc, {a.lower() for a in main})
    fields = (
        ("From", f"{original.from_name} <{original.from_addr}>" if original.from_name else original.from_addr),
        ("Date", original.date.strftime("%Y-%m-%d %H:%M %z") if original.date else ""),
        ("Subject", _line(original.subject)),
        ("To", ", ".join(original.to)),
        ("Cc", ", ".join(original.cc)),
    )
    head = "\n".join(f"{name}: {value}" for name, value in fields if value)
    text = f"{body.rstrip()}\n\n---------- Forwarded message ----------\n{head}\n\n{original.text}".lstrip()
    title = _tagged(f"Fwd: {strip_prefixes(_line(original.subject)) or '(no subject)'}", number)
    references = _chain([*original.references, original.message_id])
    files = [a for a in original.attachments if a.content is not None]
    return _message(box, main, copies, title, text, now, references, [], [*attachments, *files], loop)


def _chain(found: Iterable[str]) -> list[str]:
    """Distinct identifiers that can stand in a header, oldest first, the last mention of each counting."""
    plain = [re.sub(r"[\s<>]+", "", i) for i in found if i]
    usable = [i for i in plain if i and i.isascii() and i.isprintable() and len(i) < 900]
    distinct = list(dict.fromkeys(reversed(usable)))[::-1]
    return distinct if len(distinct) <= MAX_REFERENCES else [distinct[0], *distinct[1 - MAX_REFERENCES :]]


def _message(
    box: MailboxConfig,
    to: tuple[str, ...],
    cc: tuple[str, ...],
    subject: str,
    body: str,
    now: datetime,
    references: list[str],
    extra: list[tuple[str, str]],
    attachments: Sequence[Attachment],
    loop: str,
) -> Outgoing:
    if not to:
        raise SendError("The message has no recipient.", "Enter an address to send it to.", permanent=True)
    domain = _ascii_domain(box.address.rpartition("@")[2].lower()) or "localhost"
    message_id = f"{secrets.token_hex(4)}.{secrets.token_hex(8)}@{domain}"
    fields = [
        ("Date", format_datetime(now)),
        ("From", _mailbox(box.display_name, box.address)),
        ("To", ",\r\n ".join(_mailbox("", a) for a in to)),
        *([("Cc", ",\r\n ".join(_mailbox("", a) for a in cc))] if cc else []),
        ("Subject", _encoded(subject)),
        ("Message-ID", f"<{message_id}>"),
        *extra,
        *([("References", "\r\n ".join(f"<{r}>" for r in references))] if references else []),
        *([(automated.LOOP_HEADER, _line(loop))] if loop else []),
    ]
    head = "".join(f"{name}: {value}\r\n" for name, value in fields).encode("utf-8")
    raw = head + _content(body, attachments)
    return Outgoing(raw, message_id, box.address, (*to, *cc), subject)


def _content(body: str, attachments: Sequence[Attachment]) -> bytes:
    message = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    text = charsets.clean(body).rstrip() + "\n"
    wide = sum(ord(c) > 0x2FF for c in text) > len(text) / 3
    plain = text.isascii() and all(len(line) < 900 for line in text.split("\n"))
    message.set_content(text, cte="7bit" if plain else "base64" if wide else "quoted-printable", charset="utf-8")
    for item in attachments:
        kind, _, detail = item.content_type.partition("/")
        if kind in ("multipart", "message") or not re.fullmatch(r"[\w.+-]+/[\w.+-]+", item.content_type):
            kind, detail = "application", "octet-stream"
        name = _line(item.filename).replace("/", "_").replace("\\", "_") or "file"
        message.add_attachment(item.content or b"", maintype=kind, subtype=detail, filename=name)
    return message.as_bytes()


def _line(text: str) -> str:
    """One line without control characters: a header can't be split by what is put in it."""
    return " ".join(charsets.clean(text).split())


def _mailbox(name: str, address: str) -> str:
    address = _line(address).replace(" ", "")
    local, _, domain = address.rpartition("@")
    address = f"{local}@{_ascii_domain(domain)}"
    name = _line(name)
    if not name:
        return address if _PLAIN_LOCAL.fullmatch(local) else f"<{address}>"
    shown = str(Address(display_name=name)).removesuffix(" <>") if name.isascii() else _encoded(name)
    return f"{shown} <{address}>"


_PLAIN_LOCAL = re.compile(r"[\w!#$%&'*+/=?^`{|}~.-]+")


def _ascii_domain(domain: str) -> str:
    if domain.isascii():
        return domain
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return domain


def _encoded(text: str) -> str:
    """RFC 2047 encoded words where needed, none longer than 75 characters, folded; characters are never split."""
    import base64

    if text.isascii() and "=?" not in text:
        return _folded(text)
    words, chunk = [], ""
    for c in text:
        if len((chunk + c).encode("utf-8")) > 42:
            words.append(chunk)
            chunk = ""
        chunk += c
    words.append(chunk)
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(w.encode('utf-8')).decode('ascii')}?=" for w in words)


def _folded(text: str) -> str:
    lines, line = [], ""
    for word in text.split(" "):
        while len(word) > 900:
            word, cut = word[900:], word[:900]
            lines.append(f"{line} {cut}".strip())
            line = ""
        if line and len(line) + len(word) > 66:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return "\r\n ".join([*lines, line])
