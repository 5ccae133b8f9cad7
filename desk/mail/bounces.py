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


def read(mail: ParsedMail) -> Bounce:
    """Recipient, permanence, status and our Message-ID from a message already known to be a bounce.

    Structured fields are believed before text; a report about several recipients gives the first one that failed.
    """
    report = next((a.content or b"" for a in mail.attachments if a.content_type.endswith("delivery-status")), b"")
    returned = [
        a.content or b""
        for a in mail.attachments
        if a.content_type in ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global")
    ]
    failed = _from_report(report.decode("utf-8", "replace"))
    head = mail.text[:20_000]
    values = {k.lower(): v for k, v in mail.headers}
    recipient = failed[0] or _first_address(values.get("x-failed-recipients", "")) or _recipient(head, mail)
    status = failed[1] or next(iter(_STATUS.findall(head)), "")
    if not status and (code := _CODE.search(head)):
        status = code.group(1)[0] + ".0.0"
    action = failed[2]
    if action in ("delayed", "failed"):
        permanent = action == "failed" and not status.startswith("4")
    else:
        permanent = not status.startswith("4") if status else not _TEMPORARY.search(f"{mail.subject}\n{head}")
    return Bounce(recipient, permanent, status, _original_id(returned, mail))


def _from_report(report: str) -> tuple[str, str, str]:
    """(recipient, status, action) of the first failed or delayed block of a delivery-status part."""
    best = ("", "", "")
    for block in re.split(r"\n\s*\n", report.replace("\r\n", "\n")):
        found = {k.lower(): v.strip() for k, v in re.findall(r"^([\w-]+):[ \t]*(.*(?:\n[ \t].*)*)", block, re.M)}
        who = found.get("final-recipient") or found.get("original-recipient") or ""
        address = _first_address(who.partition(";")[2] or who) or _first_address(found.get("original-recipient", ""))
        status = next(iter(_STATUS.findall(found.get("status", ""))), "")
        action = found.get("action", "").lower().split(" ")[0]
        if address and (action in ("failed", "delayed") or not best[0]):
            best = (address, status, action)
            if action == "failed":
                break
    return best


def _first_address(text: str) -> str:
    match = _ADDRESS.search(text)
    return match.group(0).strip("'") if match else ""


def _recipient(text: str, mail: ParsedMail) -> str:
    ours = {a.lower() for a in (*mail.to, *mail.cc, mail.from_addr)}
    above = re.split(
        r"(?m)^(?:Received|Return-Path|-{3,} ?(?:Below|Original|Enclosed|This is a copy))", text, maxsplit=1
    )[0]
    for scope in (re.findall(r"<([^<>\s]+@[^<>\s]+)>", above), _ADDRESS.findall(above), _ADDRESS.findall(text)):
        for found in scope:
            plain = found.strip(".'<>:")
            if plain.lower() not in ours and "daemon" not in plain.lower() and "postmaster" not in plain.lower():
                return str(plain)
    return ""


def _original_id(returned: Sequence[bytes], mail: ParsedMail) -> str:
    for content in returned:
        if match := _OUR_ID.search(content[:60_000].decode("utf-8", "replace").replace("\r\n", "\n")):
            return str(match.group(1))
    if match := _OUR_ID.search(mail.text):
        return str(match.group(1))
    return mail.in_reply_to or (mail.references[-1] if mail.references else "")
