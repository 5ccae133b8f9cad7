"""Which servers an address has: asked of several places at once, told in plain words, taken only from who should know.

In order of trust: providers desk knows by name; the domain's own Mozilla autoconfig file; its SRV records (RFC 6186,
RFC 8314); Mozilla's public list; the provider behind its MX; last `imap.` and `smtp.` of the domain, if servers answer
there with a valid certificate. Everything goes over HTTPS or DNS; only the domain is told to anybody.
"""

import socket
import ssl
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

import httpx

from desk.config import ImapConfig, SmtpConfig
from desk.mail.providers import BEHIND_MX, PRESETS
from desk.mail.tls import tls_context

SECONDS = 6.0
"""For each question."""
MAX_BYTES = 100_000
"""Bytes of an autoconfig file that are read."""


@dataclass(frozen=True, slots=True)
class Servers:
    """A mailbox's servers, and who named them in words."""

    imap: ImapConfig
    smtp: SmtpConfig
    source: str


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

    def _ask(self, name: str, kind: str) -> list[Any]:
        import dns.exception
        import dns.resolver

        try:
            return list(dns.resolver.resolve(name, kind, lifetime=SECONDS, search=False))
        except (dns.exception.DNSException, OSError):
            return []


Answers = Callable[[str, int, str], bool]
"""Whether a mail server answers at host and port with this security."""


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
    places: list[tuple[str, Callable[[], Servers | None]]] = [
        *((url.split("/")[2], lambda url=url: _autoconfig(client, url, address)) for url in _own_urls(domain)),
        (f"SRV records of {domain}", lambda: _from_srv(names, domain, address)),
        ("Mozilla's list", lambda: _autoconfig(client, _LIST.format(domain), address)),
        (f"MX of {domain}", lambda: _from_mx(names, domain, address)),
        (f"imap.{domain} and smtp.{domain}", lambda: _guessed(answers, domain, address)),
    ]
    best: Servers | None = None
    with ThreadPoolExecutor(len(places)) as pool:
        for (place, _), found_there in zip(places, pool.map(lambda place: place[1](), places), strict=True):
            if found_there is None:
                say(f"{place}: nothing")
            elif best is None:
                best = found_there
                say(f"{place}: {_told(found_there)}")
            else:
                say(f"{place}: {'the same' if _told(best) == _told(found_there) else _told(found_there)}")
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


def _autoconfig(http: httpx.Client, url: str, address: str) -> Servers | None:
    """Mozilla's file format at one address; None where there is no usable one."""
    try:
        with http.stream("GET", url) as answer:
            if answer.status_code != 200:
                return None
            text = b""
            for part in answer.iter_bytes():
                text += part
                if len(text) > MAX_BYTES:
                    return None
    except (httpx.HTTPError, httpx.InvalidURL, OSError):
        return None
    return read_autoconfig(text, address, url.split("/")[2])


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


def _from_srv(names: Names, domain: str, address: str) -> Servers | None:
    """RFC 6186 and RFC 8314: services with TLS from the start come first."""
    imap = _service(names, domain, (("_imaps._tcp", "tls"), ("_imap._tcp", "starttls")))
    smtp = _service(names, domain, (("_submissions._tcp", "tls"), ("_submission._tcp", "starttls")))
    if imap is None or smtp is None:
        return None
    return Servers(ImapConfig(*imap, address), SmtpConfig(*smtp, address), f"the SRV records of {domain}")


def _service(names: Names, domain: str, kinds: tuple[tuple[str, str], ...]) -> tuple[str, int, str] | None:
    for prefix, security in kinds:
        for host, port in names.srv(f"{prefix}.{domain}"):
            if host != ".":
                return host.lower(), port, security
    return None


def _from_mx(names: Names, domain: str, address: str) -> Servers | None:
    for host in names.mx(domain):
        for ending, name in BEHIND_MX.items():
            if host == ending or host.endswith(f".{ending}"):
                return _preset(name, address, f"the provider that takes mail for {domain}")
    return None


def _guessed(answers: Answers, domain: str, address: str) -> Servers | None:
    def first(hosts: tuple[str, ...], ports: tuple[tuple[int, str], ...]) -> tuple[str, int, str] | None:
        return next(((h, p, s) for p, s in ports for h in hosts if answers(h, p, s)), None)

    imap = first((f"imap.{domain}", f"mail.{domain}"), ((993, "tls"), (143, "starttls")))
    smtp = imap and first((f"smtp.{domain}", f"mail.{domain}"), ((465, "tls"), (587, "starttls")))
    if not imap or not smtp:
        return None
    return Servers(ImapConfig(*imap, address), SmtpConfig(*smtp, address), f"servers that answer under {domain}")


def listening(host: str, port: int, security: str) -> bool:
    """Whether something answers there; with `tls`, with a certificate that is valid for the name."""
    try:
        with socket.create_connection((host, port), timeout=SECONDS) as plain:
            if security != "tls":
                return bool(plain.recv(1))
            with tls_context().wrap_socket(plain, server_hostname=host) as secure:
                return bool(secure.recv(1))
    except (OSError, ssl.SSLError, UnicodeError):
        return False
