"""DNS asked of a real name server on loopback: order of preference, no such name, and a server that stays silent."""

import contextlib
import socket
import threading
from collections.abc import Iterator

import dns.flags
import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
import pytest
from servers import free_port

from desk.mail import discover
from desk.mail.discover import Dns

ZONE = {
    ("shop.com.", "MX"): ["20 backup.shop.com.", "10 ASPMX.L.Google.com."],
    ("shop.com.", "TXT"): ['"v=spf1 include:_spf." "google.com ~all"', '"other"'],
    ("_imaps._tcp.shop.com.", "SRV"): [
        "20 0 993 second.shop.com.",
        "10 1 993 light.shop.com.",
        "10 9 993 first.shop.com.",
    ],
    ("_imap._tcp.shop.com.", "SRV"): ["0 0 0 ."],
}


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[Dns]:
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                wire, sender = listener.recvfrom(4096)
                question = dns.message.from_wire(wire)
                answer = dns.message.make_response(question)
                asked = question.question[0]
                kind = dns.rdatatype.to_text(asked.rdtype)
                if found := ZONE.get((str(asked.name), kind)):
                    answer.answer.append(dns.rrset.from_text(asked.name, 60, "IN", kind, *found))
                elif not any(name == str(asked.name) for name, _ in ZONE):
                    answer.set_rcode(dns.rcode.NXDOMAIN)
                listener.sendto(answer.to_wire(), sender)

    threading.Thread(target=serve, daemon=True).start()
    _ask(monkeypatch, listener.getsockname()[1])
    yield Dns()
    listener.close()


def _ask(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], port
    monkeypatch.setattr(dns.resolver, "default_resolver", resolver)


def test_records_come_in_order_of_preference(names: Dns) -> None:
    assert names.mx("shop.com") == ["aspmx.l.google.com", "backup.shop.com"]
    assert [host for host, _ in names.srv("_imaps._tcp.shop.com")] == [
        "first.shop.com", "light.shop.com", "second.shop.com",
    ]  # fmt: skip
    assert names.srv("_imap._tcp.shop.com") == [(".", 0)]
    assert sorted(names.txt("shop.com") or ()) == ["other", "v=spf1 include:_spf.google.com ~all"]


def test_no_such_name_is_nothing_and_silence_is_not_nothing(names: Dns, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (names.mx("gone.com"), names.srv("_imaps._tcp.gone.com"), names.txt("gone.com")) == ([], [], [])
    assert names.txt("_imaps._tcp.shop.com") == []
    monkeypatch.setattr(discover, "SECONDS", 0.2)
    _ask(monkeypatch, free_port())
    assert names.txt("shop.com") is None
    assert names.mx("shop.com") == []
