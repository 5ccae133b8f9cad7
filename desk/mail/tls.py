"""TLS as mail needs it: certificates verified always, plain text on this machine only."""

import ssl

from desk.config import loopback
from desk.errors import MailError


def tls_context() -> ssl.SSLContext:
    """Verifies certificate and host name against the system's authorities; TLS 1.2 or newer."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def require_private(host: str, security: str, section: str) -> None:
    """Refuse to send a password in the clear to another machine."""
    if not host:
        raise MailError(f"There is no {section}.host in the configuration.", "Run `desk init` to connect a mailbox.")
    if security == "none" and not loopback(host):
        what = f"{section}.security is none, but {host} is another machine."
        raise MailError(what, "Use tls or starttls; none is for servers on this machine.")
