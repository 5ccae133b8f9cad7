"""What the checklist says of a mailbox's servers and of the records of its domain."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from servers import PASSWORD, USER, ImapServer, SmtpSink, dovecot_server, pymap_server, smtp_sink

from desk.domain.mail import Credential, Outgoing
from desk.mail import check, records

RAW = b"From: help@shop.example\r\nTo: help@shop.example\r\nSubject: test\r\nMessage-ID: <t@shop.example>\r\n\r\nHi\r\n"
TEST = Outgoing(RAW, "<t@shop.example>", USER, (USER,), "test")


class Zone:
    """TXT records by name; None answers nothing at all."""

    def __init__(self, texts: dict[str, list[str]] | None) -> None:
        self.texts = texts

    def txt(self, name: str) -> list[str] | None:
        return None if self.texts is None else self.texts.get(name, [])


GOOD = {
    "shop.com": ["google-site=1", "v=spf1 include:_spf.google.com ~all"],
    "google._domainkey.shop.com": ["v=DKIM1; k=rsa; p=MIIB"],
    "_dmarc.shop.com": ["v=DMARC1; p=none"],
}


def test_a_domain_with_all_three_records_is_well() -> None:
    found = records.sender("Shop.com.", "smtp.gmail.com", Zone(GOOD))
    assert [(c.name, c.ok, c.note) for c in found] == [(n, True, False) for n in ("SPF", "DKIM", "DMARC")]
    assert records.sender("mail.shop.com", "smtp.gmail.com", Zone(GOOD))[2].detail == "v=DMARC1; p=none"


@pytest.mark.parametrize(
    ("change", "name", "ok"),
    [
        ({"shop.com": ["v=spf10"]}, "SPF", True),
        ({"shop.com": ["v=spf1 mx -all"]}, "SPF", True),
        ({"shop.com": ["v=spf1 include:_spf.google.com -all", "v=spf1 mx"]}, "SPF", False),
        ({"google._domainkey.shop.com": ["v=DKIM1; p="]}, "DKIM", True),
        ({"_dmarc.shop.com": ["hello"]}, "DMARC", True),
    ],
)
def test_each_missing_record_is_a_line_with_a_fix(change: dict[str, list[str]], name: str, ok: bool) -> None:
    found = {c.name: c for c in records.sender("shop.com", "smtp.gmail.com", Zone({**GOOD, **change}))}
    assert (found[name].ok, bool(found[name].fix)) == (ok, True)
    assert found[name].note or not ok
    assert sum(c.note or not c.ok for c in found.values()) == 1


def test_without_dns_nothing_is_claimed_and_reserved_names_are_not_asked() -> None:
    (silent,) = records.sender("shop.com", "", Zone(None))
    assert (silent.ok, silent.note) == (True, True)
    (reserved,) = records.sender("shop.example", "", Zone(None))
    assert not reserved.note


@pytest.fixture(params=["pymap", "dovecot"])
def imap(request: pytest.FixtureRequest) -> Iterator[ImapServer]:
    with pymap_server() if request.param == "pymap" else dovecot_server() as server:
        yield server


@pytest.fixture
def smtp(imap: ImapServer) -> Iterator[SmtpSink]:
    with smtp_sink(auth=True, password=imap.password) as sink:
        yield sink


def test_every_ability_is_told_with_what_its_lack_means(imap: ImapServer) -> None:
    imap.deliver([RAW])
    found = {c.name: c for c in check.imap(imap.box(), Credential.password(imap.password))}
    assert all(c.ok for c in found.values()), found
    assert {"IMAP IDLE", "IMAP UIDPLUS", "IMAP MOVE", "IMAP CONDSTORE", "Special folders", "clock"} <= set(found)
    with imap.client() as client:
        for name in ("IDLE", "MOVE", "CONDSTORE"):
            assert client.has_capability(name) != found[f"IMAP {name}"].detail.startswith("not offered")
    assert "holds 1 messages" in found["IMAP folder"].detail


def test_mail_from_the_future_means_a_slow_clock(imap: ImapServer) -> None:
    from datetime import UTC, datetime

    with imap.client() as client:
        client.append("INBOX", RAW, msg_time=datetime.now(UTC) + timedelta(hours=1))
    found = {c.name: c for c in check.imap(imap.box(), Credential.password(imap.password))}
    assert not found["clock"].ok
    assert "ahead of" in found["clock"].detail


def test_a_test_mail_is_seen_to_come_back(imap: ImapServer, smtp: SmtpSink) -> None:
    box = replace(imap.box(), smtp=smtp.config())
    login = Credential.password(imap.password)

    def arrive(seconds: float) -> None:
        imap.deliver([raw for _, _, raw in smtp.taken])

    came = check.round_trip(box, login, TEST, pause=arrive)
    assert [(c.name, c.ok) for c in came] == [("test mail", True), ("clock", True)]
    assert smtp.copies("<t@shop.example>") == 1


def test_a_test_mail_that_stays_away_is_told(imap: ImapServer, smtp: SmtpSink) -> None:
    box = replace(imap.box(), smtp=smtp.config())
    (gone,) = check.round_trip(box, Credential.password(imap.password), TEST, seconds=0.05, pause=lambda _: None)
    assert (gone.ok, "not back" in gone.detail) == (False, True)
    smtp.faults["rcpt"] = "550 nobody here"
    (refused,) = check.round_trip(box, Credential.password(imap.password), TEST)
    assert (refused.ok, "550" in refused.detail) == (False, True)
    assert PASSWORD not in refused.detail + gone.detail
