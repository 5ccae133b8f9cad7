"""Whose word counts about a sender: the server that took the mail in, and nobody else."""

import pytest

from desk.mail.authentication import Learned, judge, learn
from desk.mail.parse import parse

SERVER = "mx.shop.example"
HOP = "Received: from mail.customer.example by mx.shop.example with ESMTPS; Mon, 5 Jan 2026 10:00:00 +0100\n"


def mail(*fields: str, sender: str = "ann@customer.example") -> bytes:
    return ("".join(fields) + f"From: Ann <{sender}>\nTo: help@shop.example\nSubject: Lamp\n\nHello\n").encode()


def results(text: str, server: str = SERVER) -> str:
    return f"Authentication-Results: {server};\n {text}\n"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("dmarc=pass (p=reject) header.from=customer.example", "pass"),
        ("spf=fail smtp.mailfrom=customer.example; dkim=pass header.d=mail.customer.example", "pass"),
        ("spf=pass smtp.mailfrom=bounces@eu.customer.example", "pass"),
        ("dkim=pass header.i=@customer.example header.s=s1 header.b=abc", "pass"),
        ("dmarc=fail (p=none) header.from=customer.example; spf=pass smtp.mailfrom=x@bulk.example", "fail"),
        ("dmarc=pass header.from=other.example", "fail"),
        ("spf=fail smtp.mailfrom=customer.example; dkim=none", "fail"),
        ("dkim=pass header.d=bulk.example; spf=pass smtp.mailfrom=bulk.example", "none"),
        ("spf=softfail smtp.mailfrom=customer.example; dkim=none", "none"),
        ("none", "none"),
        ("spf=pass (not dkim=pass) smtp.mailfrom=bulk.example", "none"),
        ("dmarc=pass (header.from=customer.example) header.from=evil.example", "fail"),
    ],
)
def test_what_the_results_amount_to(text: str, word: str) -> None:
    assert judge(parse(mail(HOP, results(text))), (SERVER,)) == word


def test_registered_names_below_shared_endings_are_told_apart() -> None:
    one = mail(HOP, results("spf=pass smtp.mailfrom=a@evil.co.uk"), sender="ann@customer.co.uk")
    assert judge(parse(one), (SERVER,)) == "none"


@pytest.mark.parametrize("server", ["mx.evil.example", "mx.shop.example.evil.example", "mx", ""])
def test_another_servers_word_does_not_count(server: str) -> None:
    assert judge(parse(mail(HOP, results("dmarc=pass header.from=customer.example", server))), (SERVER,)) == "none"


def test_what_the_sender_brought_along_stands_below_and_does_not_count() -> None:
    forged = results("dmarc=pass header.from=customer.example; dkim=pass header.d=customer.example")
    ours = results("spf=softfail smtp.mailfrom=evil.example")
    hop = "Received: from x by y.evil.example; Mon, 5 Jan 2026 09:00:00 +0100\n"
    assert judge(parse(mail(ours, HOP, forged)), (SERVER,)) == "none"
    assert judge(parse(mail(HOP, ours, hop, forged)), (SERVER,)) == "none"
    assert judge(parse(mail(HOP, results("dmarc=fail header.from=customer.example"), hop, forged)), (SERVER,)) == "fail"


def test_filters_of_one_server_may_write_a_field_each() -> None:
    both = mail(results("dmarc=none"), results("dkim=pass header.d=customer.example"), HOP)
    assert judge(parse(both), (SERVER,)) == "pass"


def test_microsoft_names_no_server_and_is_known_by_its_hosts() -> None:
    field = "Authentication-Results: spf=pass (sender IP is 1.2.3.4)\n smtp.mailfrom=customer.example; dmarc=pass\n action=none header.from=customer.example;compauth=pass reason=100\n"  # noqa: E501
    hop = "Received: from mail.customer.example by AM0EUR02FT.mail.protection.outlook.com with SMTP; Mon, 5 Jan 2026\n"
    assert judge(parse(mail(hop, field)), ("outlook.com",)) == "pass"
    assert judge(parse(mail(HOP, field)), ("outlook.com",)) == "none"


def test_a_server_is_learned_from_three_domains_in_a_row() -> None:
    known = Learned()
    for n in range(3):
        assert known.server == ""
        said = results(f"dmarc=pass header.from=c{n}.example")
        known = learn(parse(mail(HOP, said, sender=f"a@c{n}.example")), known)
    assert known == Learned(SERVER)
    assert learn(parse(mail(HOP, results("spf=pass", "evil.example"))), known).server == SERVER


def test_one_sender_teaches_nothing_and_neither_does_a_name_the_server_does_not_bear() -> None:
    known = Learned()
    for _ in range(9):
        known = learn(parse(mail(HOP, results("spf=pass"))), known)
    assert known.server == ""
    for n in range(9):
        known = learn(parse(mail(HOP, results("spf=pass", "mx.evil.example"), sender=f"a@c{n}.example")), known)
    assert known.server == ""


def test_mail_without_results_between_begins_the_learning_anew() -> None:
    known = Learned()
    for n in range(4):
        known = learn(parse(mail(HOP, results("spf=pass"), sender=f"a@c{n}.example")), known)
        known = learn(parse(mail(HOP, sender=f"b@c{n}.example")), known) if n == 1 else known
    assert known.server == ""
