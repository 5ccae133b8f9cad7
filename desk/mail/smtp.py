"""Handing a message to an SMTP server (RFC 5321, RFC 6409), step by step, so that it is always known how far it came."""

import asyncio
import socket
import ssl
from collections.abc import Callable

import aiosmtplib

from desk.config import SmtpConfig
from desk.domain.mail import Credential, Outgoing
from desk.errors import AuthError, SendError
from desk.mail.source import BEARER_FIX
from desk.mail.tls import require_private, tls_context

CONNECT_SECONDS = 15.0
"""For the connection and its greeting."""
COMMAND_SECONDS = 60.0
"""For the answer to each command."""
DATA_SECONDS = 600.0
"""For the answer to the final dot: servers scan before they answer (RFC 5321 4.5.3.2.6)."""


class InDoubt(SendError):
    """The connection broke after DATA had begun: the message may or may not have been taken."""

    in_doubt = True
    """What the outbox asks an error: never to be tried again without evidence or a person."""


def send(
    smtp: SmtpConfig,
    user: str,
    credential: Credential,
    out: Outgoing,
    *,
    before_data: Callable[[], None],
    data_seconds: float = DATA_SECONDS,
) -> str:
    """Send one message; returns the server's last reply, which often holds its queue id.

    `before_data` runs when every recipient is accepted and nothing has been handed over yet: whatever it raises stops
    the attempt. Raises `SendError` (`permanent` for a 5xx), `InDoubt` when the outcome can't be known, `AuthError`.
    """
    return asyncio.run(_send(smtp, user, credential, out, before_data, data_seconds))


async def _send(
    smtp: SmtpConfig, user: str, credential: Credential, out: Outgoing, before_data: Callable[[], None], seconds: float
) -> str:
    client = await connect(smtp, user, credential)
    try:
        await _envelope(client, smtp, out)
        before_data()
        return await _data(client, smtp, out, seconds)
    finally:
        await leave(client)


async def connect(smtp: SmtpConfig, user: str, credential: Credential) -> aiosmtplib.SMTP:
    """A greeted, encrypted and authenticated connection; the caller closes it. Raises SendError or AuthError."""
    require_private(smtp.host, smtp.security, "smtp")
    secret = credential.secret()
    context = tls_context() if smtp.security != "none" else None
    client = aiosmtplib.SMTP(
        hostname=smtp.host,
        port=smtp.port,
        use_tls=smtp.security == "tls",
        start_tls=False,
        tls_context=context,
        timeout=CONNECT_SECONDS,
        local_hostname=_own_name(),
    )
    where = f"{smtp.host}:{smtp.port}"
    try:
        await client.connect()
        if smtp.security == "starttls":
            await client.starttls(tls_context=context, server_hostname=smtp.host)
        await client.ehlo()
    except (ssl.SSLError, ssl.CertificateError) as problem:
        await leave(client)
        raise SendError(f"{where}: the TLS handshake failed: {problem}.", _TLS_FIX) from problem
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as problem:
        await leave(client)
        if isinstance(problem.__cause__, ssl.SSLError):
            raise SendError(f"{where}: the TLS handshake failed: {problem.__cause__}.", _TLS_FIX) from problem
        what = f"{where}: no SMTP connection ({_words(problem)})."
        raise SendError(what, "Check smtp.host, smtp.port and smtp.security; desk tries again by itself.") from problem
    if secret or smtp.user:
        await _login(client, where, user, secret, bearer=credential.bearer)
    return client


_TLS_FIX = "Check smtp.security (465 is tls, 587 is starttls) and that the server's certificate is valid."


async def _login(client: aiosmtplib.SMTP, where: str, user: str, secret: str, *, bearer: bool) -> None:
    if not client.supports_extension("auth"):
        await leave(client)
        raise AuthError(f"{where} offers no login.", "Use the submission port: 465 with tls, or 587 with starttls.")
    try:
        if bearer:
            await client.auth_xoauth2(user, secret, timeout=COMMAND_SECONDS)
        else:
            await client.login(user, secret, timeout=COMMAND_SECONDS)
    except aiosmtplib.SMTPAuthenticationError as problem:
        await leave(client)
        if 400 <= problem.code < 500:
            what = f"{where} can't check the login now: {problem.code} {_plain(problem.message)}."
            raise SendError(what, "desk tries again by itself.") from problem
        what = f"{where} refused the login of {user}: {problem.code} {_plain(problem.message)}."
        fix = BEARER_FIX if bearer else "Check user and password; many providers want an app password here."
        raise AuthError(what, fix) from problem
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as problem:
        await leave(client)
        raise SendError(
            f"{where}: the login broke off ({_words(problem)}).", "desk tries again by itself."
        ) from problem


async def _envelope(client: aiosmtplib.SMTP, smtp: SmtpConfig, out: Outgoing) -> None:
    """MAIL and every RCPT. One refused recipient stops the whole message: half a delivery would be sent again."""
    options: list[str] = []
    wide = not all(a.isascii() for a in (out.sender, *out.recipients))
    if wide:
        if not client.supports_extension("smtputf8"):
            what = f"{smtp.host} can't take addresses with letters outside ASCII."
            raise SendError(what, "Ask for another address, or use another server.", permanent=True)
        options.append("SMTPUTF8")
    if client.supports_extension("size"):
        options.append(f"SIZE={len(out.raw)}")
    if not out.raw.isascii() and client.supports_extension("8bitmime"):
        options.append("BODY=8BITMIME")
    told: list[str] = []
    if client.supports_extension("dsn"):
        # RFC 3461: ask for news of failure and delay, under the message's own name, without the whole text coming back.
        options += ["RET=HDRS", f"ENVID={_xtext(out.message_id)}"]
        told = ["NOTIFY=FAILURE,DELAY"]
    encoding = "utf-8" if wide else "ascii"
    step, who = "MAIL", out.sender
    try:
        await client.mail(out.sender, options=options, encoding=encoding, timeout=COMMAND_SECONDS)
        for recipient in out.recipients:
            step, who = "RCPT", recipient
            await client.rcpt(recipient, options=told, encoding=encoding, timeout=COMMAND_SECONDS)
    except aiosmtplib.SMTPResponseException as problem:
        raise _refused(smtp, f"{step} for {who}", problem) from problem
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as problem:
        what = f"{smtp.host}: the connection broke at {step} ({_words(problem)}); nothing was handed over."
        raise SendError(what, "desk tries again by itself.") from problem


async def _data(client: aiosmtplib.SMTP, smtp: SmtpConfig, out: Outgoing, seconds: float) -> str:
    try:
        response = await client.data(out.raw, timeout=seconds)
    except aiosmtplib.SMTPResponseException as problem:
        raise _refused(smtp, "the message", problem) from problem
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as problem:
        what = f"{smtp.host}: the connection broke while the message was handed over ({_words(problem)})."
        fix = "It may have been sent. Look into Sent, then mark it as sent or send it again in the outbox."
        raise InDoubt(what, fix) from problem
    return f"{response.code} {_plain(response.message)}".strip()


def _refused(smtp: SmtpConfig, what: str, problem: aiosmtplib.SMTPResponseException) -> SendError:
    reply = f"{problem.code} {_plain(problem.message)}".strip()
    permanent = problem.code >= 500
    fix = "Mend what the server names and send it again." if permanent else "desk tries again by itself."
    return SendError(f"{smtp.host} refused {what}: {reply}.", fix, permanent=permanent, reply=reply)


async def leave(client: aiosmtplib.SMTP) -> None:
    """Say goodbye if the server still listens; what it answers changes nothing any more."""
    if client.is_connected:
        try:
            await client.quit(timeout=5)
        except (aiosmtplib.SMTPException, OSError, TimeoutError):
            client.close()
    else:
        client.close()


def _own_name() -> str:
    """The name given in EHLO: the host's where it is a full one, never a look-up that may hang."""
    name = socket.gethostname()
    return name if "." in name and name.isascii() else "localhost"


def _xtext(text: str) -> str:
    """A value as RFC 3461 4 writes it: what is not plain ASCII, and "+" and "=", as +XX."""
    return "".join(c if "!" <= c <= "~" and c not in "+=" else "".join(f"+{b:02X}" for b in c.encode()) for c in text)


def _plain(text: str) -> str:
    return " ".join(text.split())[:300]


def _words(problem: BaseException) -> str:
    return _plain(str(problem)) or type(problem).__name__
