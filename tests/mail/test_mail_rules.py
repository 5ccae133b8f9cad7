"""Mail rules: which message a rule fits, and that the first that fits counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.config import Config, MailboxConfig
from desk.config_rules import BrokenRule, RuleConfig
from desk.mail.parse import parse
from desk.mail.rules import Rulebook

BOX = MailboxConfig(name="support", address="help@shop.example")


def fits(rule: RuleConfig, **fields: str) -> bool:
    """Whether a rule fits a message with these header fields (`From`, `To` …, `_` for a dash)."""
    head = {"From": "Ann <ann@web.example>", "To": "help@shop.example", "Subject": "A lamp", **fields}
    text = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in head.items())
    return Rulebook(Config(mailboxes=(BOX,), rules=(rule,))).fitting(parse(f"{text}\r\nHello".encode()), BOX) is rule


@pytest.mark.parametrize(
    ("word", "address", "yes"),
    [
        ("sales@shop.example", "Sales <SALES@Shop.Example>", True),
        ("Sales@Shop.example", "sales@shop.example", True),
        ("sales@shop.example", "pre-sales@shop.example", False),
        ("sales@shop.example", "sales@shop.example.org", False),
        ("sales", "sales@shop.example", True),
        ("sales", "sales@other.example", True),
        ("sales", "wholesales@shop.example", False),
        ("@shop.example", "sales@shop.example", True),
        ("@shop.example", "sales@my.shop.example", False),
        ("shop.example", "sales@shop.example", True),
        ("sales*@shop.example", "sales+web@shop.example", True),
        ("sales*", "sales-de@shop.example", True),
        ("*@*.example", "sales@shop.example", True),
        ("*@*.example", "sales@shop.test", False),
        ("s*s@*", "sales@shop.example", True),
        ("a.c@shop.example", "abc@shop.example", False),
        ("[sales]@shop.example", "s@shop.example", False),
        ("*", "sales@shop.example", True),
    ],
)
def test_an_address_fits_whole_or_by_what_stands_beside_its_at(word: str, address: str, yes: bool) -> None:
    assert fits(RuleConfig(to=(word,)), To=address) is yes
    assert fits(RuleConfig(to=(word,)), To="somebody@else.test", Cc=f"bo@web.test, {address}") is yes
    assert fits(RuleConfig(from_=(word,)), From=address) is yes
    assert fits(RuleConfig(reply_to=(word,)), Reply_To=address) is yes


@pytest.mark.parametrize(
    ("words", "subject", "yes"),
    [
        ("invoice", "Your INVOICE 12", True),
        ("invoice", "Invoices", False),
        ("invoice*", "Invoices", True),
        ("*rechnung", "Mahnrechnung?", True),
        ("*rechnung", "Rechnungen", False),
        ("late  parcel", "My late parcel", True),
        ("late parcel", "latest parcel", False),
        ("order*late", "Order 12 is late", True),
        ("order*late", "late order", False),
        ("[urgent]", "Re:[URGENT] lamp", True),
        ("STRASSE", "Straße 5", True),
        ("ｉｎｖｏｉｃｅ", "invoice", True),
        ("退款", "我要退款吗", True),
        ("a.b", "axb", False),
        ("*", "", True),
    ],
)
def test_words_of_a_subject_are_whole_unless_starred(words: str, subject: str, yes: bool) -> None:
    assert fits(RuleConfig(subject=(words,)), Subject=subject) is yes
    assert fits(RuleConfig(list_id=(words,)), List_Id=subject) is yes


def test_a_list_is_known_by_its_name_or_its_id() -> None:
    field = "News of the shop <announce.shop.example>"
    for words in ("announce.shop.example", "news of the shop", "announce.*"):
        assert fits(RuleConfig(list_id=(words,)), List_Id=field)
    assert not fits(RuleConfig(list_id=("announce.shop.example",)))


def test_one_word_of_a_condition_is_enough_and_every_condition_must_fit() -> None:
    rule = RuleConfig(to=("sales", "orders"), subject=("lamp", "bulb"))
    assert fits(rule, To="orders@shop.example", Subject="A bulb")
    assert not fits(rule, To="orders@shop.example", Subject="A table")
    assert not fits(rule, To="help@shop.example", Subject="A bulb")


@pytest.mark.parametrize("field", ["Delivered_To", "X_Original_To", "Envelope_To"])
def test_a_hidden_copy_is_known_by_where_it_was_delivered(field: str) -> None:
    rule = RuleConfig(to=("sales",))
    assert fits(rule, To="undisclosed-recipients:;", **{field: "<sales@shop.example>"})
    assert not fits(rule, To="undisclosed-recipients:;")


def test_that_a_message_lies_in_the_mailbox_says_not_for_whom_it_was() -> None:
    assert not fits(RuleConfig(to=("help",)), To="sales@shop.example", Delivered_To="help@shop.example")
    assert fits(RuleConfig(to=("help",)), To="help@shop.example", Delivered_To="help@shop.example")


def test_a_forwarded_message_inside_has_no_say() -> None:
    raw = (
        b"From: a@web.example\r\nTo: help@shop.example\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n"
        b"List-Id: <news.example>\r\nContent-Type: text/plain\r\n\r\nhello\r\n--x--\r\n"
    )
    rule = RuleConfig(list_id=("news.example",))
    assert Rulebook(Config(rules=(rule,))).fitting(parse(raw), BOX) is None


def test_the_first_rule_that_fits_counts_and_a_broken_one_never_does() -> None:
    broken, second, third = BrokenRule("a", what="wrong"), RuleConfig(subject=("lamp",)), RuleConfig(subject=("*",))
    book = Rulebook(Config(rules=(broken, second, third)))
    assert book.fitting(parse(b"Subject: A lamp\r\n\r\nx"), BOX) is second
    assert book.fitting(parse(b"Subject: A table\r\n\r\nx"), BOX) is third
    assert Rulebook(Config(rules=(broken,))).fitting(parse(b"Subject: A lamp\r\n\r\nx"), BOX) is None


def test_many_stars_and_a_long_subject_come_to_an_end() -> None:
    rule = RuleConfig(subject=("a*b" * 12 + "!",))
    assert not fits(rule, Subject="ab" * 20_000)


@given(st.text(min_size=1).filter(str.strip), st.binary(max_size=300))
def test_any_words_and_any_message_can_be_compared(word: str, raw: bytes) -> None:
    rule = RuleConfig(to=(word,), from_=(word,), reply_to=(word,), subject=(word,), list_id=(word,))
    assert Rulebook(Config(rules=(rule,))).fitting(parse(raw), BOX) in (None, rule)


@given(st.text(st.characters(categories=("L", "N")), min_size=1, max_size=20), st.sampled_from(["", " and more", "!"]))
def test_a_word_is_found_where_it_stands(word: str, after: str) -> None:
    mail = parse(f"Subject: {word}{after}\r\n\r\nx".encode())
    rule = RuleConfig(subject=(word,))
    if word in mail.subject:  # a subject that is no clean text is decoded to something else
        assert Rulebook(Config(rules=(rule,))).fitting(mail, BOX) is rule
