"""Which servers an address has: asked of several places at once, told in plain words, taken only from who should know.

In order of trust: providers desk knows by name; the domain's own Mozilla autoconfig file; its SRV records (RFC 6186,
RFC 8314); Mozilla's public list; the provider behind its MX; last `imap.` and `smtp.` of the domain, if servers answer
there with a valid certificate. Everything goes over HTTPS or DNS; only the domain is told to anybody.
"""

import imaplib
import smtplib
import socket
import ssl
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import httpx

from desk.config import ImapConfig, SmtpConfig
from desk.mail.aside import started
from desk.mail.providers import BEHIND_MX, BY_HAND, PRESETS
from desk.mail.tls import tls_context

SECONDS = 5.0
"""For each question."""
PATIENCE = 12.0
"""For all of them together."""
LATE = 1.5
"""How long the less trusted places are still waited for once servers are known."""
MAX_BYTES = 100_000
"""Bytes of an autoconfig file that are read."""


@dataclass(frozen=True, slots=True)
class Servers:
    """A mailbox's servers, and who named them in words."""

    imap: ImapConfig
    smtp: SmtpConfig
    source: str
    confirm: bool = False
    """Only unsigned DNS names these hosts, outside the domain: a person has to agree (RFC 6186, section 6)."""


class Unknown(Exception):
    """A place that names no servers; the text says why."""


class Names(Protocol):
    """The two questions asked of DNS. Both answer in order of preference, with nothing where there is nothing."""

    def srv(self, name: str) -> list[tuple[str, int]]:
        """Host and port of each SRV record; "." as a host says that the service is not offered."""
        ...

    def mx(self, domain: str) -> list[str]:
        """The hosts that take the domain's mail."""
        ...


class Dns:
    """DNS as this machine is set up to ask it."""

    def srv(self, name: str) -> list[tuple[str, int]]:
        """See `Names`."""
        found = sorted((int(r.priority), -int(r.weight), str(r.target), int(r.port)) for r in self._ask(name, "SRV"))
        return [(host.rstrip(".") or ".", port) for _, _, host, port in found]

    def mx(self, domain: str) -> list[str]:
        """See `Names`."""
        found = sorted((int(r.preference), str(r.exchange).rstrip(".").lower()) for r in self._ask(domain, "MX"))
        return [host for _, host in found]

    def txt(self, name: str) -> list[str] | None:
        """The TXT records of a name; None when DNS did not answer, which is not the same as none."""
        import dns.exception
        import dns.resolver

        try:
            found = dns.resolver.resolve(name, "TXT", lifetime=SECONDS, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except (dns.exception.DNSException, OSError):
            return None
        return [b"".join(record.strings).decode("utf-8", "replace") for record in found]

    def _ask(self, name: str, kind: str) -> list[Any]:
        import dns.exception
        import dns.resolver

        try:
            return list(dns.resolver.resolve(name, kind, lifetime=SECONDS, search=False))
        except (dns.exception.DNSException, OSError):
            return []


Answers = Callable[[str, int, str], str]
"""Why no mail server answers at host and port with this security; empty when one does."""


def discover(
    address: str,
    say: Callable[[str], object],
    *,
    names: Names | None = None,
    http: httpx.Client | None = None,
    answers: Answers | None = None,
) -> Servers | None:
    """The servers of an address, or None where nobody knows any; `say` gets a line about each place that was asked."""
    domain = address.rpartition("@")[2].strip().rstrip(".").lower()
    try:
        domain = domain.encode("idna").decode("ascii")
    except UnicodeError:
        return None
    if domain in PRESETS:
        found = _preset(domain, address, "a provider desk knows")
        say(f"{domain} is {found.source}: {_told(found)}")
        return found
    names, answers = names or Dns(), answers or listening
    client = http or httpx.Client(timeout=SECONDS, follow_redirects=False)
    places: list[tuple[str, Callable[[], Servers]]] = [
        *((url.split("/")[2], lambda url=url: _autoconfig(client, url, address)) for url in _own_urls(domain)),
        (f"SRV records of {domain}", lambda: _from_srv(names, domain, address)),
        ("Mozilla's list", lambda: _autoconfig(client, _LIST.format(domain), address)),
        (f"MX of {domain}", lambda: _from_mx(names, domain, address)),
        (f"imap.{domain} and smtp.{domain}", lambda: _guessed(answers, domain, address)),
    ]
    waiting = [(place, started(ask)) for place, ask in places]
    until = time.monotonic() + PATIENCE
    best: Servers | None = None
    for place, answer in waiting:
        try:
            found_there = answer.result(timeout=max(0.01, until - time.monotonic()))
        except Unknown as why:
            say(f"{place}: {why}")
        except TimeoutError:
            say(f"{place}: {'not waited for' if best else 'no answer in time'}")
        else:
            same = best is not None and _told(best) == _told(found_there)
            say(f"{place}: {'the same' if same else _told(found_there)}")
            if best is None:
                best, until = found_there, min(until, time.monotonic() + LATE)
    return best


_LIST = "https://autoconfig.thunderbird.net/v1.1/{}"


def _own_urls(domain: str) -> tuple[str, str]:
    return (
        f"https://autoconfig.{domain}/mail/config-v1.1.xml",
        f"https://{domain}/.well-known/autoconfig/mail/config-v1.1.xml",
    )


def _told(found: Servers) -> str:
    return f"{found.imap.host}:{found.imap.port} and {found.smtp.host}:{found.smtp.port}"


def _preset(name: str, address: str, source: str) -> Servers:
    imap_host, smtp_host, port, security = PRESETS[name]
    imap = ImapConfig(host=imap_host, user=address)
    return Servers(imap, SmtpConfig(host=smtp_host, port=port, security=security, user=address), source)


def _autoconfig(http: httpx.Client, url: str, address: str) -> Servers:
    """Mozilla's file format at one address; raises Unknown where there is no usable one."""
    try:
        with http.stream("GET", url) as answer:
            if answer.status_code != 200:
                raise Unknown("nothing")
            text = b""
            for part in answer.iter_bytes():
                text += part
                if len(text) > MAX_BYTES:
                    raise Unknown("a file too large to be true")
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as problem:
        if "CERTIFICATE" in str(problem):
            raise Unknown("its certificate is not valid, so it is not believed") from problem
        raise Unknown("nothing") from problem
    found = read_autoconfig(text, address, url.split("/")[2])
    if found is None:
        raise Unknown("a file that names no encrypted servers")
    return found


def read_autoconfig(text: bytes, address: str, source: str) -> Servers | None:
    """The first encrypted IMAP and SMTP server that a file in Mozilla's format names; None where it names none."""
    if b"<!" in text.replace(b"<!--", b""):  # no entities, no doctype: nothing that expands
        return None
    try:
        root = ET.fromstring(text)
    except ET.ParseError:
        return None
    imap = next(_servers(root, "incomingServer", "imap", address), None)
    smtp = next(_servers(root, "outgoingServer", "smtp", address), None)
    if imap is None or smtp is None:
        return None
    return Servers(ImapConfig(*imap), SmtpConfig(*smtp), source)


def _servers(root: ET.Element, kind: str, protocol: str, address: str) -> Iterator[tuple[str, int, str, str]]:
    local, _, domain = address.rpartition("@")
    known = {"%EMAILADDRESS%": address, "%EMAILLOCALPART%": local, "%EMAILDOMAIN%": domain}
    for server in root.iter(kind):
        if server.get("type") != protocol:
            continue
        said = {child.tag: (child.text or "").strip() for child in server}
        security = {"SSL": "tls", "STARTTLS": "starttls"}.get(said.get("socketType", ""))
        host, port, user = said.get("hostname", ""), said.get("port", ""), said.get("username", "%EMAILADDRESS%")
        for mark, value in known.items():
            host, user = host.replace(mark, value), user.replace(mark, value)
        if security and host and port.isdecimal() and 1 <= int(port) <= 65535:
            yield host.lower(), int(port), security, user


def _from_srv(names: Names, domain: str, address: str) -> Servers:
    """RFC 6186 and RFC 8314: services with TLS from the start come first."""
    imap = _service(names, domain, (("_imaps._tcp", "tls"), ("_imap._tcp", "starttls")))
    smtp = _service(names, domain, (("_submissions._tcp", "tls"), ("_submission._tcp", "starttls")))
    if imap is None or smtp is None:
        raise Unknown("nothing")
    own = all(host == domain or host.endswith(f".{domain}") for host in (imap[0], smtp[0]))
    source = f"the SRV records of {domain}"
    return Servers(ImapConfig(*imap, address), SmtpConfig(*smtp, address), source, confirm=not own)


def _service(names: Names, domain: str, kinds: tuple[tuple[str, str], ...]) -> tuple[str, int, str] | None:
    for prefix, security in kinds:
        for host, port in names.srv(f"{prefix}.{domain}"):
            if host != ".":
                return host.lower(), port, security
    return None


def _from_mx(names: Names, domain: str, address: str) -> Servers:
    hosts = names.mx(domain)
    for host in hosts:
        for ending, name in BEHIND_MX.items():
            if host == ending or host.endswith(f".{ending}"):
                return _preset(name, address, f"the provider that takes mail for {domain}")
        for ending, advice in BY_HAND.items():
            if host == ending or host.endswith(f".{ending}"):
                raise Unknown(advice)
    raise Unknown(f"{hosts[0]}, a provider desk does not know" if hosts else "nothing")


def _guessed(answers: Answers, domain: str, address: str) -> Servers:
    """The usual names, all tried at once; only what answers with a valid certificate counts, and no certificate that
    is wrong goes unsaid."""
    kinds = {
        "imap": [(h, p, s) for p, s in ((993, "tls"), (143, "starttls")) for h in (f"imap.{domain}", f"mail.{domain}")],
        "smtp": [(h, p, s) for p, s in ((465, "tls"), (587, "starttls")) for h in (f"smtp.{domain}", f"mail.{domain}")],
    }
    tried = {kind: [(c, started(partial(answers, *c))) for c in found] for kind, found in kinds.items()}
    best: dict[str, tuple[str, int, str]] = {}
    wrong: list[str] = []
    for kind, asked in tried.items():
        for candidate, answer in asked:
            why = answer.result()
            if not why:
                best.setdefault(kind, candidate)
            elif "certificate" in why:
                wrong.append(f"{candidate[0]}:{candidate[1]}: {why}")
    if "imap" in best and "smtp" in best:
        imap, smtp = ImapConfig(*best["imap"], address), SmtpConfig(*best["smtp"], address)
        return Servers(imap, smtp, f"servers that answer under {domain}")
    raise Unknown("; ".join(wrong[:2]) or "nobody answers")


def listening(host: str, port: int, security: str) -> str:
    """Why nothing answers there encrypted, with a certificate that is valid for the name; empty when something does."""
    try:
        if security == "tls":
            with (
                socket.create_connection((host, port), timeout=SECONDS) as plain,
                tls_context().wrap_socket(plain, server_hostname=host) as secure,
            ):
                return "" if secure.recv(1) else "it hangs up"
        if port == 143:
            with imaplib.IMAP4(host, port, timeout=SECONDS) as client:
                client.starttls(tls_context())
            return ""
        with smtplib.SMTP(host, port, timeout=SECONDS) as sending:
            sending.starttls(context=tls_context())
        return ""
    except ssl.SSLCertVerificationError as problem:
        return f"its certificate is not valid ({problem.verify_message})"
    except (OSError, imaplib.IMAP4.error, smtplib.SMTPException, UnicodeError) as problem:
        return str(problem) or type(problem).__name__
