"""What `desk init` and `desk doctor` ask of a mailbox's servers, and first guesses from an address."""

import asyncio
from dataclasses import dataclass, replace
from typing import Any

from desk.config import ImapConfig, MailboxConfig, SmtpConfig
from desk.errors import AuthError, MailError
from desk.mail import imap as reading
from desk.mail import smtp as sending

_PRESETS: dict[str, tuple[str, str, int, str]] = {
    "gmail.com": ("imap.gmail.com", "smtp.gmail.com", 465, "tls"),
    "googlemail.com": ("imap.gmail.com", "smtp.gmail.com", 465, "tls"),
    "outlook.com": ("outlook.office365.com", "smtp.office365.com", 587, "starttls"),
    "hotmail.com": ("outlook.office365.com", "smtp.office365.com", 587, "starttls"),
    "live.com": ("outlook.office365.com", "smtp.office365.com", 587, "starttls"),
    "yahoo.com": ("imap.mail.yahoo.com", "smtp.mail.yahoo.com", 465, "tls"),
    "yahoo.de": ("imap.mail.yahoo.com", "smtp.mail.yahoo.com", 465, "tls"),
    "icloud.com": ("imap.mail.me.com", "smtp.mail.me.com", 587, "starttls"),
    "me.com": ("imap.mail.me.com", "smtp.mail.me.com", 587, "starttls"),
    "gmx.de": ("imap.gmx.net", "mail.gmx.net", 465, "tls"),
    "gmx.net": ("imap.gmx.net", "mail.gmx.net", 465, "tls"),
    "gmx.at": ("imap.gmx.net", "mail.gmx.net", 465, "tls"),
    "gmx.com": ("imap.gmx.com", "mail.gmx.com", 465, "tls"),
    "web.de": ("imap.web.de", "smtp.web.de", 587, "starttls"),
    "t-online.de": ("secureimap.t-online.de", "securesmtp.t-online.de", 465, "tls"),
    "freenet.de": ("mx.freenet.de", "mx.freenet.de", 465, "tls"),
    "posteo.de": ("posteo.de", "posteo.de", 465, "tls"),
    "mailbox.org": ("imap.mailbox.org", "smtp.mailbox.org", 465, "tls"),
    "fastmail.com": ("imap.fastmail.com", "smtp.fastmail.com", 465, "tls"),
    "zoho.com": ("imap.zoho.com", "smtp.zoho.com", 465, "tls"),
    "aol.com": ("imap.aol.com", "smtp.aol.com", 465, "tls"),
    "orange.fr": ("imap.orange.fr", "smtp.orange.fr", 465, "tls"),
    "free.fr": ("imap.free.fr", "smtp.free.fr", 465, "tls"),
    "laposte.net": ("imap.laposte.net", "smtp.laposte.net", 465, "tls"),
    "ziggo.nl": ("imap.ziggo.nl", "smtp.ziggo.nl", 587, "starttls"),
    "kpnmail.nl": ("imap.kpnmail.nl", "smtp.kpnmail.nl", 587, "starttls"),
    "seznam.cz": ("imap.seznam.cz", "smtp.seznam.cz", 465, "tls"),
    "wp.pl": ("imap.wp.pl", "smtp.wp.pl", 465, "tls"),
    "libero.it": ("imapmail.libero.it", "smtp.libero.it", 465, "tls"),
    "bluewin.ch": ("imaps.bluewin.ch", "smtpauths.bluewin.ch", 465, "tls"),
    "yandex.com": ("imap.yandex.com", "smtp.yandex.com", 465, "tls"),
    "mail.ru": ("imap.mail.ru", "smtp.mail.ru", 465, "tls"),
}


@dataclass(frozen=True, slots=True)
class Check:
    """One line of a checklist: what was tried, whether it went well, what was seen, and what to do if not."""

    name: str
    ok: bool
    detail: str
    fix: str = ""


def guess(address: str) -> tuple[ImapConfig, SmtpConfig]:
    """Servers for an address: the provider's where it is a known one, else `imap.` and `smtp.` of its domain."""
    domain = address.rpartition("@")[2].strip().lower()
    imap_host, smtp_host, port, security = _PRESETS.get(domain, (f"imap.{domain}", f"smtp.{domain}", 465, "tls"))
    return ImapConfig(host=imap_host, user=address), SmtpConfig(
        host=smtp_host, port=port, security=security, user=address
    )


def imap(box: MailboxConfig, password: str) -> list[Check]:
    """Connect, log in, open the folder and look for Sent; changes nothing. Stops at the first step that fails."""
    where = f"{box.imap.host}:{box.imap.port}"
    try:
        client = reading.connect(box, password)
    except AuthError as problem:
        return [
            Check("IMAP connection", True, f"{where} answers"),
            Check("IMAP login", False, problem.what, problem.fix),
        ]
    except MailError as problem:
        return [Check("IMAP connection", False, problem.what, problem.fix)]
    found = [
        Check("IMAP connection", True, f"{where} answers, {_secured(box.imap.security)}"),
        Check("IMAP login", True, f"as {box.imap.user or box.address}"),
    ]
    try:
        found += _folders(client, box, password)
    except reading.TROUBLE as problem:
        found.append(Check("IMAP folder", False, f"{where}: {reading.words(problem)}", "Check imap.folder."))
    finally:
        reading.shut(client)
    return found


def _folders(client: Any, box: MailboxConfig, password: str) -> list[Check]:
    names = [name for _, _, name in client.list_folders()]
    if box.imap.folder.upper() != "INBOX" and box.imap.folder not in names:
        fix = f"Set imap.folder to one of: {', '.join(sorted(names)[:12])}."
        return [Check("IMAP folder", False, f"there is no folder {box.imap.folder}", fix)]
    opened = client.select_folder(box.imap.folder, readonly=True)
    waiting = "IDLE, so new mail shows at once" if client.has_capability("IDLE") else f"every {box.imap.poll_seconds} s"
    out = [Check("IMAP folder", True, f"{box.imap.folder} holds {opened.get(b'EXISTS', 0)} messages; {waiting}")]
    sent = reading.ImapSource(box, password)
    try:
        folder = sent.find_sent_folder(client)
    finally:
        sent.close()
    if not box.imap.write_back:
        return [
            *out,
            Check("Sent folder", True, f"{folder or 'none found'}; nothing is copied, imap.write_back is off"),
        ]
    if folder is None or (box.imap.sent_folder and box.imap.sent_folder not in names):
        return [*out, Check("Sent folder", False, "no folder for sent mail was found", "Set imap.sent_folder.")]
    return [*out, Check("Sent folder", True, folder)]


def smtp(box: MailboxConfig, password: str) -> list[Check]:
    """Connect and log in; sends nothing."""
    where = f"{box.smtp.host}:{box.smtp.port}"
    try:
        asyncio.run(_smtp(replace(box.smtp, user=box.smtp.user or box.address), password))
    except AuthError as problem:
        return [
            Check("SMTP connection", True, f"{where} answers"),
            Check("SMTP login", False, problem.what, problem.fix),
        ]
    except MailError as problem:
        return [Check("SMTP connection", False, problem.what, problem.fix)]
    return [
        Check("SMTP connection", True, f"{where} answers, {_secured(box.smtp.security)}"),
        Check(
            "SMTP login",
            True,
            f"as {box.smtp.user or box.address}" if password else "no password is set, none was tried",
        ),
    ]


async def _smtp(config: SmtpConfig, password: str) -> None:
    client = await sending.connect(config, config.user, password)
    await sending.leave(client)


def _secured(security: str) -> str:
    return {"tls": "encrypted", "starttls": "encrypted after STARTTLS"}.get(security, "not encrypted")
