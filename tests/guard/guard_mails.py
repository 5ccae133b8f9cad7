"""Messages for the guard's tests: parsed records built with the standard library alone."""

import email
import email.header
import email.utils
from email.message import Message

from desk.domain.mail import Attachment, ParsedMail


def header(value: object) -> str:
    """A header value with its encoded words decoded."""
    parts = []
    for text, charset in email.header.decode_header(str(value)):
        if isinstance(text, bytes):
            try:
                parts.append(text.decode(charset or "utf-8", "replace"))
            except LookupError:
                parts.append(text.decode("latin-1"))
        else:
            parts.append(text)
    return " ".join("".join(parts).split("\r\n"))


def record(
    text: str = "",
    *,
    html: str = "",
    subject: str = "",
    from_addr: str = "ann@shop.example",
    from_name: str = "Ann Lee",
    headers: tuple[tuple[str, str], ...] = (),
    attachments: tuple[Attachment, ...] = (),
    reply_to: str = "",
    to: tuple[str, ...] = ("help@desk.example",),
) -> ParsedMail:
    """A parsed message with these fields and nothing else."""
    return ParsedMail(
        subject=subject,
        from_addr=from_addr,
        from_name=from_name,
        reply_to=reply_to,
        to=to,
        cc=(),
        text=text,
        reply_text=text,
        plain=text,
        html=html,
        date=None,
        message_id="<1@shop.example>",
        in_reply_to="",
        references=(),
        auto=None,
        auto_reason="",
        attachments=attachments,
        headers=headers,
    )


def _decoded(part: Message) -> str:
    raw = part.get_payload(decode=True)
    if not isinstance(raw, bytes):
        return ""
    try:
        return raw.decode(part.get_content_charset() or "utf-8", "replace")
    except LookupError:
        return raw.decode("latin-1")


def parsed(raw: bytes) -> ParsedMail:
    """A minimal parse: first text/plain and text/html, everything named as an attachment."""
    message = email.message_from_bytes(raw)
    plain, html = [], []
    attachments: list[Attachment] = []
    headers = [(name, header(value)) for name, value in message.items()]
    for part in message.walk():
        if part is not message:
            headers += [(f"part:{name}", header(value)) for name, value in part.items()]
        if part.is_multipart():
            continue
        name = header(part.get_filename() or "")
        kind = part.get_content_type()
        if name or kind not in ("text/plain", "text/html"):
            content = part.get_payload(decode=True)
            body = content if isinstance(content, bytes) else b""
            attachments.append(Attachment(name, kind, len(body), body))
        else:
            (html if kind == "text/html" else plain).append(_decoded(part))
    name, addr = email.utils.parseaddr(header(message.get("From", "")))
    mail = record(
        "\n".join(plain),
        html="\n".join(html),
        subject=header(message.get("Subject", "")),
        from_addr=addr,
        from_name=name,
        headers=tuple(headers),
        attachments=tuple(attachments),
        reply_to=email.utils.parseaddr(header(message.get("Reply-To", "")))[1],
    )
    return mail
