"""A mailbox's servers from its address alone: each place that may know, its order of trust, and what must not be believed."""

import contextlib
import shutil
import socket
import ssl
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from servers import free_port, need

from desk.mail import discover as discovery
from desk.mail.discover import Servers, discover, listening, read_autoconfig
from desk.mail.providers import BEHIND_MX, PRESETS, SIGN_IN

FILE = """<?xml version="1.0"?><clientConfig version="1.1"><emailProvider id="shop.example">
<incomingServer type="pop3"><hostname>pop.shop.example</hostname><port>995</port><socketType>SSL</socketType></incomingServer>
<incomingServer type="imap">
<hostname>clear.shop.example</hostname><port>143</port><socketType>plain</socketType></incomingServer>
<incomingServer type="imap"><hostname>in.%EMAILDOMAIN%</hostname><port>993</port><socketType>SSL</socketType>
<username>%EMAILLOCALPART%</username></incomingServer>
<outgoingServer type="smtp"><hostname>out.shop.example</hostname><port>587</port><socketType>STARTTLS</socketType>
<username>%EMAILADDRESS%</username></outgoingServer></emailProvider></clientConfig>"""


@dataclass
class World:
    """Everything outside: pages by address, records by name, servers that answer; whatever is asked is noted."""

    pages: dict[str, str] = field(default_factory=dict)
    records: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    hosts: list[str] = field(default_factory=list)
    up: set[tuple[str, int]] = field(default_factory=set)
    wrong: set[tuple[str, int]] = field(default_factory=set)
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def srv(self, name: str) -> list[tuple[str, int]]:
        return self.records.get(name, [])

    def mx(self, domain: str) -> list[str]:
        return self.hosts

    def answers(self, host: str, port: int, security: str) -> str:
        if (host, port) in self.wrong:
            return "its certificate is not valid (self-signed)"
        return "" if (host, port) in self.up else "nobody answers"

    def page(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(str(request.url))
        found = self.pages.get(str(request.url))
        return httpx.Response(404) if found is None else httpx.Response(200, text=found)

    def find(self, address: str = "help@shop.example") -> Servers | None:
        http = httpx.Client(transport=httpx.MockTransport(self.page))
        return discover(address, self.said.append, names=self, http=http, answers=self.answers)


OWN = "https://autoconfig.shop.example/mail/config-v1.1.xml"
KNOWN = "https://shop.example/.well-known/autoconfig/mail/config-v1.1.xml"
LIST = "https://autoconfig.thunderbird.net/v1.1/shop.example"


@pytest.mark.parametrize("url", [OWN, KNOWN, LIST])
def test_an_autoconfig_file_is_read_wherever_it_lies(url: str) -> None:
    world = World(pages={url: FILE})
    found = world.find()
    assert found is not None
    assert (found.imap.host, found.imap.port, found.imap.security, found.imap.user) == (
        "in.shop.example", 993, "tls", "help",
    )  # fmt: skip
    assert (found.smtp.host, found.smtp.port, found.smtp.security) == ("out.shop.example", 587, "starttls")
    assert found.smtp.user == "help@shop.example"
    assert all(asked.startswith("https://") and "help" not in asked for asked in world.asked)
    assert any("nothing" in line for line in world.said)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no xml",
        "<clientConfig/>",
        FILE.replace("SSL", "plain"),
        FILE.replace("993", "99999"),
        '<!DOCTYPE a [<!ENTITY b "c">]>' + FILE.partition("?>")[2],
    ],
)
def test_a_file_without_encrypted_servers_or_with_entities_is_none(text: str) -> None:
    assert read_autoconfig(text.encode(), "help@shop.example", "here") is None


def test_a_file_too_large_is_not_read_to_its_end() -> None:
    assert World(pages={OWN: FILE + " " * 200_000}).find() is None


def test_srv_records_prefer_tls_and_a_dot_means_no() -> None:
    records = {
        "_imaps._tcp.shop.example": [(".", 0)],
        "_imap._tcp.shop.example": [("mail.shop.example", 143)],
        "_submissions._tcp.shop.example": [("mail.shop.example", 465)],
        "_submission._tcp.shop.example": [("other.shop.example", 587)],
    }
    found = World(records=records).find()
    assert found is not None
    assert (found.imap.host, found.imap.security, found.smtp.port) == ("mail.shop.example", "starttls", 465)


def test_who_takes_the_mail_tells_the_provider() -> None:
    found = World(hosts=["shop-example.mail.protection.outlook.com"]).find()
    assert found is not None
    assert found.imap.host == "outlook.office365.com"
    assert World(hosts=["mail.protection.outlook.com.evil.example"]).find() is None


def test_names_are_guessed_only_where_servers_answer() -> None:
    assert World(up={("imap.shop.example", 993)}).find() is None
    found = World(up={("mail.shop.example", 993), ("mail.shop.example", 587)}).find()
    assert found is not None
    assert (found.imap.host, found.smtp.port, found.smtp.security) == ("mail.shop.example", 587, "starttls")


def test_the_domain_itself_is_believed_before_others() -> None:
    other = FILE.replace("in.%EMAILDOMAIN%", "list.example")
    world = World(pages={LIST: other, KNOWN: FILE}, hosts=["aspmx.l.google.com"], up={("imap.shop.example", 993)})
    found = world.find()
    assert found is not None
    assert found.imap.host == "in.shop.example"
    assert len(world.said) == 6


def test_dns_alone_may_not_send_a_password_to_a_stranger() -> None:
    def found(host: str) -> Servers:
        records = {"_imaps._tcp.shop.example": [(host, 993)], "_submissions._tcp.shop.example": [(host, 465)]}
        servers = World(records=records).find()
        assert servers is not None
        return servers

    assert found("mail.elsewhere.example").confirm
    assert not found("mail.shop.example").confirm
    assert found("mailshop.example").confirm


def test_a_certificate_that_is_wrong_is_said() -> None:
    world = World(wrong={("imap.shop.example", 993)})
    assert world.find() is None
    assert any("imap.shop.example:993: its certificate is not valid" in line for line in world.said)


def test_a_provider_that_needs_a_program_of_its_own_says_so() -> None:
    world = World(hosts=["mail.protonmail.ch"])
    assert world.find() is None
    assert any("Bridge" in line for line in world.said)


def test_a_place_that_stays_silent_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "LATE", 0.05)
    held = threading.Event()
    world = World(pages={OWN: FILE})
    world.mx = lambda domain: [str(held.wait(60))]  # type: ignore[method-assign]
    found = world.find()
    held.set()
    assert found is not None
    assert "MX of shop.example: not waited for" in world.said


def test_only_a_valid_certificate_counts_as_a_server(tmp_path: Path) -> None:
    need("openssl", shutil.which("openssl") is not None)
    names = ("-keyout", str(tmp_path / "key"), "-out", str(tmp_path / "cert"))
    made = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost")
    subprocess.run([*made, "-addext", "subjectAltName=DNS:localhost", *names], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert", tmp_path / "key")
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                plain, _ = listener.accept()
                with contextlib.suppress(OSError), context.wrap_socket(plain, server_side=True) as secure:
                    secure.sendall(b"* OK ready\r\n")

    threading.Thread(target=serve, daemon=True).start()
    with contextlib.closing(listener), pytest.MonkeyPatch.context() as patch:
        port = listener.getsockname()[1]
        assert "certificate is not valid" in listening("localhost", port, "tls")
        patch.setenv("SSL_CERT_FILE", str(tmp_path / "cert"))
        assert listening("localhost", port, "tls") == ""
        assert "certificate is not valid" in listening("127.0.0.1", port, "tls"), "the name must be the certificate's"


def test_known_providers_need_no_question() -> None:
    world = World()
    found = world.find("ann@GMAIL.com")
    assert found is not None
    assert found.imap.host == "imap.gmail.com"
    assert not world.asked
    assert set(BEHIND_MX.values()) <= PRESETS.keys()
    assert SIGN_IN.keys() <= {row[0] for row in PRESETS.values()}


def test_nobody_listening_is_no_server() -> None:
    assert listening("127.0.0.1", free_port(), "tls")
    assert listening("127.0.0.1", free_port(), "starttls")
