"""Spam and phishing, offline: what they are known by, and what they are not."""

import pytest
from guard_mails import record

from desk.guard import scan
from desk.guard.literals import required
from desk.guard.normalise import fold
from desk.guard.spam import patterns
from desk.guard.urls import look_alike, near, registered

OWN = ("lamphouse.example",)

LURES = (
    ('<a href="http://evil.test/x">https://www.mybank.example/login</a>', "phishing.anchor"),
    ('<a href="http://203.0.113.9/login">here</a>', "phishing.ip_host"),
    ('<a href="https://bit.ly/3xYz">here</a>', "phishing.shortener"),
    ('<a href="https://lampHouse.example@evil.test/">here</a>', "phishing.user_in_link"),
    ('<a href="https://lamp-house.example/">here</a>', "phishing.look_alike_own"),
    ('<a href="https://lamphouse.evil.test/">here</a>', "phishing.look_alike_own"),
    ('<a href="https://xn--mphouse-3fgb.example/">here</a>', "phishing."),
    ('<a href="https://lаmphouse.example/">here</a>', "phishing.look_alike"),
    ('<a href="javascript:alert(1)">here</a>', "phishing.script_link"),
)


@pytest.mark.parametrize(("page", "rule"), LURES)
def test_lures_in_links_are_named(page: str, rule: str) -> None:
    found = scan(record(html=f"<p>Please look {page}</p>"), own_domains=OWN).verdict
    assert found.phishing > 0
    assert any(e.rule.startswith(rule) for e in found.evidence), found.evidence


HONEST = (
    '<a href="https://www.shop.example/o/1">Open ticket</a>',
    '<a href="https://click.shop.example/r?u=1">www.shop.example</a>',
    '<a href="mailto:ann@shop.example">ann@shop.example</a>',
    '<a href="https://lamphouse.example/lamps">lamphouse.example/lamps</a>',
    '<a href="https://help.lamphouse.example/">help</a>',
    '<a href="https://münchen.example/">Rathaus</a>',
    '<a href="https://other.test/manual.pdf">manual.pdf</a>',
)


@pytest.mark.parametrize("page", HONEST)
def test_honest_links_pass(page: str) -> None:
    assert scan(record(html=f"<p>Please look {page}</p>"), own_domains=OWN).verdict.phishing < 0.3


def test_a_sender_that_passes_for_us_is_named() -> None:
    found = scan(record("Hello", from_addr="it@lamphuose.example"), own_domains=OWN).verdict
    assert found.phishing >= 0.6
    assert scan(record("Hello", from_addr="it@lamphouse.example"), own_domains=OWN).verdict.phishing == 0.0


def test_names_one_slip_apart_are_near() -> None:
    assert all(near("lamphouse", n) for n in ("lamphuose", "lamphous", "lamphousse", "lanphouse"))
    assert not any(near("lamphouse", n) for n in ("lamphouse", "lampshade", "house"))
    assert look_alike("larnphouse.example", OWN) == OWN[0]
    assert look_alike("greenhouse.example", OWN) == ""
    assert registered("a.b.shop.co.uk") == "shop.co.uk"


SPAM = (
    (
        "Make $5000 a week from home!!!",
        (
            "Dear friend,\nwork from home and earn $5000 per week. Risk-free! Act now, limited time offer. "
            "Click here. To be removed from our list reply remove."
        ),
    ),
    (
        "CONGRATULATIONS WINNER",
        (
            "You have won the international lottery. Claim your prize of $2,500,000 million dollars. Send "
            "your details to our agent, strictly confidential."
        ),
    ),
    (
        "URGENT BUSINESS PROPOSAL",
        (
            "I am the barrister of the late general Abacha. I need a foreign partner for the transfer of "
            "the fund of US$25 million. Utmost confidence, next of kin."
        ),
    ),
    (
        "Cheap viagra, no prescription",
        "Online pharmacy: viagra, cialis, xanax. No prescription. Order now! Lowest prices. Click here.",
    ),
    (
        "Rank #1 on Google",
        (
            "I came across your website. We offer SEO services: first page of Google, backlinks, increase "
            "your website traffic. Affordable packages, guest posts."
        ),
    ),
)


@pytest.mark.parametrize(("subject", "text"), SPAM)
def test_spam_scores_high_and_says_why(subject: str, text: str) -> None:
    found = scan(record(text, subject=subject)).verdict
    assert found.spam >= 0.6
    assert sum(e.layer == "spam" for e in found.evidence) >= 2


HAM = (
    ("Order 4412", "Hello, my order 4412 has not arrived. Could you check the delivery? Free shipping was promised."),
    ("Refund", "I want my money back, the lamp broke after two days. Invoice 8812 is attached."),
    ("URGENT: no light!!!", "The lamp in our clinic is dark. Please call me today, it is urgent!"),
    ("Newsletter", "Please remove me from your mailing list, I unsubscribed twice."),
    ("Quote", "Could you send a quote for 200 lamps? What discount do we get? We need 50 % by May."),
)


@pytest.mark.parametrize(("subject", "text"), HAM)
def test_customers_do_not_score_as_spam(subject: str, text: str) -> None:
    assert scan(record(text, subject=subject)).verdict.spam < 0.3


def test_every_match_of_a_spam_pattern_holds_one_of_its_literals() -> None:
    assert set(required(r"\bfoo(?:bar|qux)\b|x{2,}quux")) == {"foo", "quux"}
    assert required(r"\d+ ?%|abc") == ("%", "abc")
    assert required(r"[abc]+|abc") == ()
    found = 0
    for subject, text in SPAM:
        for pattern in patterns()["body"]:
            for m in pattern.regex.finditer(fold(text)):
                found += 1
                assert not pattern.literals or any(literal in m.group() for literal in pattern.literals), subject
    assert found > 10
