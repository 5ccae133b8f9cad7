"""Delivery reports: recognised by their structure first (RFC 3462, RFC 3464), then by what mail systems write."""

import re
from collections.abc import Sequence

from desk.domain.mail import Bounce, ParsedMail

_DAEMON = re.compile(
    r"^(?:mailer[-_.]?daemon|mail[-_.]?daemon|mdaemon|post[-_.]?master|mail[-_.]?delivery(?:[-_.].*)?|bounces?|"
    r"microsoftexchange[0-9a-f]{16,}|mail[-_.]?system|sys(?:tem)?admin(?:istrator)?|mmdf|uucp|root|"
    r"(?:no[-_.]?reply|email|mail)?[-_.]?delivery[-_.]?(?:subsystem|failure|report|status).*)$",
    re.I,
)
_SUBJECT = re.compile(
    r"undeliver|returned mail|(?:mail|message|e-?mail|delivery)[\w ]{0,20} (?:failed|failure|"
    r"returned|error|delayed|warning|problem)|"
    r"delivery (?:status )?(?:notification|report|failure|has failed|problem|incomplete|unsuccessful|"
    r"delay)|failure notice|"
    r"failure delivery|(?:mail|message) (?:system error|could not be delivered|not delivered|"
    r"undelivered|returned to sender)|"
    r"non[- ]?deliver|returned to sender|returned e?mail|rejected mail|mail rejected|user unknown|"
    r"unknown (?:user|recipient)|"
    r"could ?n[o']t? (?:send|deliver)|unable to deliver|nondeliverable|dsn:|permanent (?:fatal )?(?:error|delivery)|"
    r"warning: (?:could not send|message still|message delayed)|undelivered|cannot (?:send|deliver)|"
    r"there was an error sending|"
    r"failed mail|bounced? (?:mail|message)|message status|notification d.[eé]tat|[eé]chec de (?:la )?(?:remise|"
    r"distribution)|"
    r"non remis|unzustellbar|zustellung|nicht zugestellt|niet (?:bezorgd|afgeleverd)|onbestelbaar|"
    r"no se (?:puede|pudo) entregar|"
    r"no entregado|mancata consegna|n[aã]o entregue|olevererbart|ej levererat|kan ikke leveres|"
    r"niedor[eę]czon|недоставлен|"
    r"не доставлен|退信|無法傳遞|无法投递|系统退信|配信不能|エラーメール|メールエラー|エラー通知|送信できません|반송",
    re.I,
)
_TEXT = re.compile(
    r"this is the qmail-send program|this is the mail system at host|the following addresses had permanent|"
    r"this is a permanent error|message that you sent could not be delivered|message could not be delivered|"
    r"delivery to the following recipients? (?:has )?failed|transcript of session follows|reason for (?:the )?(?:bounce|"
    r"failure)|"
    r"undeliverable (?:message|mail|address)|could not be delivered to|was undeliverable|(?:was|were) not delivered|"
    r"unable to deliver (?:your )?(?:message|mail)|could not deliver (?:your|the) message|your message (?:did not reach|"
    r"wasn't delivered)|"
    r"recipient(?:'s)? (?:address|mailbox)[^\n]{0,40}(?:rejected|unknown|full|not found|does not exist)|user unknown|"
    r"unknown user|no such user|mailbox (?:is )?(?:full|unavailable|not found)|sorry, (?:i|we) (?:wasn't|"
    r"were not|could not|couldn't)|"
    r"failed to deliver|delivery (?:attempt )?(?:failed|has failed)|permanent(?:ly)? fail|message returned to sender|"
    r"had delivery problems|non-existent|does not exist|host unknown|550[ -]|554[ -]|5\.\d\.\d|over quota|disk quota|"
    r"message (?:has been|was) (?:rejected|returned)|returned to you|不存在|存在しません|送信できません|"
    r"konnte nicht zugestellt|n'a pas pu [eê]tre (?:remis|distribu)|no (?:ha podido|pudo) (?:ser )?entrega",
    re.I,
)
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_CODE = re.compile(r"(?<![\d.])([45]\d\d)[ -](?=\S)")
_ADDRESS = re.compile(r"[\w.+%&'*=/!#$^{|}~-]+@[\w-]+(?:\.[\w-]+)+")
_TEMPORARY = re.compile(
    r"delayed|warning:|will (?:keep |continue )?(?:be )?(?:retry|retried|trying)|(?:over|exceeded?)[^\n]{0,20}quota|"
    r"quota exceeded|"
    r"mailbox (?:is )?full|still (?:being )?(?:retried|in queue)|temporar",
    re.I,
)
_OUR_ID = re.compile(r"^\s*>?\s*Message-ID:\s*<([^<>\s]+)>", re.I | re.M)


def reason(
    values: dict[str, list[str]], main: str, kinds: Sequence[str], from_addr: str, subject: str, text: str
) -> str:
    """Why a message is a delivery report, in words; "" when it is none."""
    if "message/delivery-status" in kinds or "message/global-delivery-status" in kinds:
        return "It is a delivery report of a mail server."
    if main.startswith("multipart/report") and "delivery-status" in main:
        return "It is a delivery report of a mail server."
    if "x-failed-recipients" in values:
        return "It names recipients it could not reach."
    local = from_addr.rpartition("@")[0] or from_addr
    daemon = bool(_DAEMON.match(local))
    names = " ".join(values.get("from", []))
    daemon = daemon or bool(re.search(r"mail delivery|mailer[- ]daemon|postmaster|mail administrator", names, re.I))
    empty = any(v.replace(" ", "") in ("<>", "<MAILER-DAEMON>") for v in values.get("return-path", []))
    said = bool(_SUBJECT.search(subject))
    told = (said or daemon or empty) and bool(_TEXT.search(text[:20_000]))
    returned = any(k in ("message/rfc822", "text/rfc822-headers", "message/partial") for k in kinds)
    if main.startswith("multipart/report") and (daemon or empty or said):
        return "It is a delivery report of a mail server."
    if (daemon or empty) and (said or told):
        return "It is probably a bounce: a mail system wrote that a message did not arrive."
    if said and told and (returned or _original_below(text)):
        return "It is probably a bounce: it returns a message that did not arrive."
    return ""


def _original_below(text: str) -> bool:
    return bool(re.search(r"^(?:Received|Message-ID|Return-Path):", text, re.M | re.I))


def read(mail: ParsedMail) -> tuple[Bounce, ...]:
    """Each recipient that a bounce is about, with permanence, status and our Message-IDs; at least one, perhaps unknown.

    Structured fields are believed before text (RFC 3464, then X-Failed-Recipients, then what mail systems write).
    """
    reports = [a.content or b"" for a in mail.attachments if a.content_type.endswith("delivery-status")]
    returned = [a.content or b"" for a in mail.attachments if a.content_type in _RETURNED]
    blocks = [block for report in reports for block in _blocks(report.decode("utf-8", "replace"))]
    originals = _originals(blocks, returned, mail)
    head = _above_original(mail.text[:20_000])
    found = [(who, *_judged(action, status, mail, head)) for who, status, action in _recipients(blocks)]
    if not found:
        found = [(who, *_judged("", _code(said), mail, said)) for who, said in _told(head, mail)]
    return tuple(Bounce(who, permanent, status, originals) for who, permanent, status in found)


_RETURNED = ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global")
_ORIGINAL = r"(?m)^(?:Received|Return-Path|-{3,} ?(?:Below|Original|Enclosed|This is a copy))"


def _above_original(text: str) -> str:
    return re.split(_ORIGINAL, text, maxsplit=1)[0]


def _judged(action: str, status: str, mail: ParsedMail, said: str) -> tuple[bool, str]:
    """Whether it is final, and the enhanced status code."""
    status = status or _code(said)
    if action in ("delayed", "failed"):
        return action == "failed" and not status.startswith("4"), status
    if status:
        return not status.startswith("4"), status
    return not _TEMPORARY.search(f"{mail.subject}\n{said}"), status


def _code(text: str) -> str:
    """The first enhanced status code (RFC 3463) in a text, else one made of its SMTP code."""
    if found := _STATUS.search(text):
        return found.group(1)
    return f"{code.group(1)[0]}.0.0" if (code := _CODE.search(text)) else ""


def _blocks(report: str) -> list[dict[str, str]]:
    """The groups of fields of a delivery-status part, by lower-case name: about the message first, then a recipient each."""
    found = []
    for block in re.split(r"\n\s*\n", report.replace("\r\n", "\n")):
        fields = re.findall(r"^([\w-]+):[ \t]*(.*(?:\n[ \t].*)*)", block, re.M)
        found.append({name.lower(): value.strip() for name, value in fields})
    return found


def _recipients(blocks: Sequence[dict[str, str]]) -> list[tuple[str, str, str]]:
    """(recipient, status, action) of those not reached, each once; of the others only where there are no such."""
    found: dict[str, tuple[str, str, str]] = {}
    for block in blocks:
        named = (block.get("original-recipient", ""), block.get("final-recipient", ""))
        address = next((a for who in named if (a := _first_address(who.partition(";")[2] or who))), "")
        action = (block.get("action", "").lower().split() or [""])[0]
        status = next(iter(_STATUS.findall(block.get("status", ""))), "")
        if address:
            found.setdefault(address.lower(), (address, status, action))
    missed = [one for one in found.values() if one[2] in ("failed", "delayed")]
    return missed or [one for one in found.values() if one[2] not in ("delivered", "relayed", "expanded")]


def _told(head: str, mail: ParsedMail) -> list[tuple[str, str]]:
    """(recipient, what is said about it) from a header that lists them, or from the text of older mail systems."""
    listed = next((value for name, value in mail.headers if name.lower() == "x-failed-recipients"), "")
    addresses = list(dict.fromkeys(a.strip("'") for a in _ADDRESS.findall(listed)))
    if addresses:
        return [(address, _near(head, address)) for address in addresses]
    named = list(_NAMED.finditer(head))
    if len(named) > 1:
        ends = [*(match.start() for match in named[1:]), len(head)]
        said = {m.group(1) or m.group(2): head[m.end() : end] for m, end in zip(named, ends, strict=True)}
        return list(said.items())
    return [(_recipient(head, mail), head)]


_NAMED = re.compile(r"^(?:<([^<>\s]+@[^<>\s]+)>: *|[ \t]+([\w.+%&'*=/-]+@[\w-]+(?:\.[\w-]+)+) *)$", re.M)
"""A line with nothing but a recipient: "<a@x>:" as qmail and Postfix write it, indented as Exim does."""


def _near(text: str, address: str) -> str:
    """What is said of one address: from its line to the next recipient's."""
    at = text.lower().find(address.lower())
    if at < 0:
        return text
    rest = text[at + len(address) :]
    following = _NAMED.search(rest, 1)
    return rest[: following.start()] if following else rest


def _first_address(text: str) -> str:
    match = _ADDRESS.search(text)
    return match.group(0).strip("'") if match else ""


def _recipient(text: str, mail: ParsedMail) -> str:
    ours = {a.lower() for a in (*mail.to, *mail.cc, mail.from_addr)}
    for scope in (re.findall(r"<([^<>\s]+@[^<>\s]+)>", text), _ADDRESS.findall(text), _ADDRESS.findall(mail.text)):
        for found in scope:
            plain = found.strip(".'<>:")
            if plain.lower() not in ours and "daemon" not in plain.lower() and "postmaster" not in plain.lower():
                return str(plain)
    return ""


def _originals(blocks: Sequence[dict[str, str]], returned: Sequence[bytes], mail: ParsedMail) -> tuple[str, ...]:
    """What our message may have been called: by the envelope, by the headers that came back, by what the report answers."""
    found = [
        _from_xtext(block["original-envelope-id"]).strip("<>") for block in blocks if "original-envelope-id" in block
    ]
    for content in returned:
        if match := _OUR_ID.search(content[:60_000].decode("utf-8", "replace").replace("\r\n", "\n")):
            found.append(match.group(1))
    if match := _OUR_ID.search(mail.text):
        found.append(match.group(1))
    found += [mail.in_reply_to, *reversed(mail.references)]
    return tuple(dict.fromkeys(one for one in found if one))


def _from_xtext(text: str) -> str:
    """The value of an xtext (RFC 3461 4): +XX are characters."""
    return re.sub(r"\+([0-9A-F]{2})", lambda m: chr(int(m.group(1), 16)), text)
