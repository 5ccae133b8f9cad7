"""What `desk init` and `desk doctor` ask of a mailbox's servers."""

import asyncio
from dataclasses import dataclass, replace
from typing import Any

from desk.config import MailboxConfig, SmtpConfig
from desk.domain.mail import Credential
from desk.errors import AuthError, MailError
from desk.mail import imap as reading
from desk.mail import smtp as sending


@dataclass(frozen=True, slots=True)
class Check:
    """One line of a checklist: what was tried, whether it went well, what was seen, and what to do if not."""

    name: str
    ok: bool
    detail: str
    fix: str = ""


def imap(box: MailboxConfig, credential: Credential) -> list[Check]:
    """Connect, log in, open the folder and look for Sent; changes nothing. Stops at the first step that fails."""
    where = f"{box.imap.host}:{box.imap.port}"
    try:
        client = reading.connect(box, credential)
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
        found += _folders(client, box, credential)
    except reading.TROUBLE as problem:
        found.append(Check("IMAP folder", False, f"{where}: {reading.words(problem)}", "Check imap.folder."))
    finally:
        reading.shut(client)
    return found


def _folders(client: Any, box: MailboxConfig, credential: Credential) -> list[Check]:
    names = [name for _, _, name in client.list_folders()]
    if box.imap.folder.upper() != "INBOX" and box.imap.folder not in names:
        fix = f"Set imap.folder to one of: {', '.join(sorted(names)[:12])}."
        return [Check("IMAP folder", False, f"there is no folder {box.imap.folder}", fix)]
    opened = client.select_folder(box.imap.folder, readonly=True)
    waiting = "IDLE, so new mail shows at once" if client.has_capability("IDLE") else f"every {box.imap.poll_seconds} s"
    out = [Check("IMAP folder", True, f"{box.imap.folder} holds {opened.get(b'EXISTS', 0)} messages; {waiting}")]
    sent = reading.ImapSource(box, credential)
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


def smtp(box: MailboxConfig, credential: Credential) -> list[Check]:
    """Connect and log in; sends nothing."""
    where = f"{box.smtp.host}:{box.smtp.port}"
    try:
        asyncio.run(_smtp(replace(box.smtp, user=box.smtp.user or box.address), credential))
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
            f"as {box.smtp.user or box.address}",
        ),
    ]


async def _smtp(config: SmtpConfig, credential: Credential) -> None:
    client = await sending.connect(config, config.user, credential)
    await sending.leave(client)


def _secured(security: str) -> str:
    return {"tls": "encrypted", "starttls": "encrypted after STARTTLS"}.get(security, "not encrypted")
