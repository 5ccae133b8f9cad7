"""What `desk init` and `desk doctor` ask of a mailbox's servers."""

import asyncio
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from desk.config import MailboxConfig, SmtpConfig
from desk.domain.mail import Credential, Outgoing
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
    note: bool = False
    """It works, and still there is something to mend."""


SKEW = timedelta(minutes=2)
"""By how much a server's clock may differ before it is said."""
_ABILITIES = (
    ("IDLE", "new mail shows at once", "desk asks every {poll} s instead"),
    ("UIDPLUS", "the copy in Sent is known by its number", "the copy in Sent is found by its Message-ID instead"),
    ("MOVE", "messages can be moved", "desk copies and deletes instead, once write-back is on"),
    ("CONDSTORE", "changes of flags are asked for in one go", "flags are read again in full"),
)


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
        *_certificate(client, where),
        Check("IMAP login", True, f"as {box.imap.user or box.address}"),
    ]
    try:
        found += _folders(client, box, credential)
    except reading.TROUBLE as problem:
        found.append(Check("IMAP folder", False, f"{where}: {reading.words(problem)}", "Check imap.folder."))
    finally:
        reading.shut(client)
    return found


def _certificate(client: Any, where: str) -> list[Check]:
    """When the server's certificate ends, where that is soon."""
    tls = client.socket()
    until = str((tls.getpeercert() or {}).get("notAfter", "")) if isinstance(tls, ssl.SSLSocket) else ""
    if not until:
        return []
    left = (datetime.strptime(until, "%b %d %H:%M:%S %Y %Z").replace(tzinfo=UTC) - datetime.now(UTC)).days
    if left > 10:
        return []
    return [Check("IMAP certificate", True, f"{where}: it ends in {left} days", "Tell whoever runs it.", note=True)]


def _folders(client: Any, box: MailboxConfig, credential: Credential) -> list[Check]:
    listed = client.list_folders()
    names = [name for _, _, name in listed]
    missing = [name for name in box.imap.watched if name.upper() != "INBOX" and name not in names]
    if missing:
        fix = f"Set imap.folder{'' if missing[0] == box.imap.folder else 's'} to some of: {', '.join(sorted(names)[:12])}."
        return [Check("IMAP folder", False, f"there is no folder {name}", fix) for name in missing]
    counts = {n: int(client.select_folder(n, readonly=True).get(b"EXISTS", 0)) for n in reversed(box.imap.watched)}
    held = counts[box.imap.folder]
    return [
        *(Check("IMAP folder", True, f"{name} holds {counts[name]} messages") for name in box.imap.watched),
        _sent(client, box, credential, names),
        _special(listed),
        *_abilities(client, box),
        *_quota(client, box),
        *_clock(client, held),
    ]


def _sent(client: Any, box: MailboxConfig, credential: Credential, names: list[str]) -> Check:
    source = reading.ImapSource(box, credential)
    try:
        folder = source.find_sent_folder(client)
    finally:
        source.close()
    if not box.imap.write_back:
        return Check("Sent folder", True, f"{folder or 'none found'}; nothing is copied, imap.write_back is off")
    if folder is None or (box.imap.sent_folder and box.imap.sent_folder not in names):
        return Check("Sent folder", False, "no folder for sent mail was found", "Set imap.sent_folder.")
    return Check("Sent folder", True, folder)


def _special(listed: list[Any]) -> Check:
    """Which folders the server marks for a use (RFC 6154)."""
    uses = {bytes(flag).lower(): name for flags, _, name in listed for flag in flags}
    found = [
        f"{use[1:].decode()}: {uses[use]}" for use in (rb"\drafts", rb"\junk", rb"\archive", rb"\trash") if use in uses
    ]
    return Check("Special folders", True, ", ".join(found) or "the server marks no drafts, junk, archive or trash")


def _abilities(client: Any, box: MailboxConfig) -> list[Check]:
    return [
        Check(
            f"IMAP {name}",
            True,
            there if client.has_capability(name) else "not offered: " + absent.format(poll=box.imap.poll_seconds),
        )
        for name, there, absent in _ABILITIES
    ]


def _quota(client: Any, box: MailboxConfig) -> list[Check]:
    """How full the mailbox is (RFC 9208), where the server says so."""
    if not client.has_capability("QUOTA"):
        return []
    try:
        _, quotas = client.get_quota_root(box.imap.folder)
    except reading.TROUBLE as problem:
        return [Check("IMAP quota", True, f"not told: {reading.words(problem)}")]
    used = [(q.usage / q.limit, q) for q in quotas if str(q.resource).upper().endswith("STORAGE") and q.limit]
    if not used:
        return [Check("IMAP quota", True, "no limit")]
    share, quota = max(used, key=lambda pair: pair[0])
    said = f"{share:.0%} of {quota.limit / 1e6:.1f} GB used"
    return [
        Check(
            "IMAP quota", share < 0.98, said, "Delete or archive mail there." if share > 0.9 else "", note=share > 0.9
        )
    ]


def _clock(client: Any, held: int) -> list[Check]:
    """Whether the newest message came from the future: then this machine's clock is slow."""
    if not held:
        return []
    client.use_uid = False  # the last message by its place: one question, however large the folder
    try:
        told: dict[int, dict[bytes, Any]] = client.fetch([held], ["INTERNALDATE"])
    finally:
        client.use_uid = True
    newest = next((data.get(b"INTERNALDATE") for data in told.values()), None)
    return [] if newest is None else [_skew(newest.astimezone(UTC) - datetime.now(UTC), sure=False)]


def _skew(ahead: timedelta, *, sure: bool) -> Check:
    fix = "Set this machine's clock (switch NTP on); holds, snoozes and signatures go by it."
    if ahead > SKEW or (sure and -ahead > SKEW):
        word = "ahead of" if ahead > timedelta(0) else "behind"
        return Check("clock", False, f"the mail server is {abs(ahead).total_seconds():.0f} s {word} this machine", fix)
    return Check("clock", True, "agrees with the mail server" if sure else "no message came from the future")


def round_trip(
    box: MailboxConfig,
    credential: Credential,
    out: Outgoing,
    *,
    seconds: float = 60.0,
    pause: Callable[[float], object] = time.sleep,
) -> list[Check]:
    """Send a message to the mailbox itself and look for it there, for at most `seconds`; it is left in the folder."""
    started = datetime.now(UTC)
    login = box.smtp.user or box.address
    try:
        sending.send(box.smtp, login, credential, out, before_data=lambda: None)
        client = reading.connect(box, credential)
    except MailError as problem:
        return [Check("test mail", False, problem.what, problem.fix)]
    try:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            client.select_folder(box.imap.folder, readonly=True)
            if uids := client.search(["HEADER", "Message-ID", out.message_id.strip("<>")]):
                came = client.fetch(uids[-1:], ["INTERNALDATE"])[uids[-1]][b"INTERNALDATE"].astimezone(UTC)
                took = (datetime.now(UTC) - started).total_seconds()
                back = Check("test mail", True, f"came back to {box.imap.folder} after {took:.0f} s")
                return [back, _skew(came - datetime.now(UTC), sure=took < SKEW.total_seconds() / 2)]
            pause(1.0)
    except reading.TROUBLE as problem:
        return [Check("test mail", False, f"sent, then {reading.words(problem)}", "Look into the mailbox yourself.")]
    finally:
        reading.shut(client)
    fix = "Look into the spam folder and at SPF and DKIM; some servers take minutes."
    return [Check("test mail", False, f"sent, and not back in {box.imap.folder} after {seconds:.0f} s", fix)]


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
