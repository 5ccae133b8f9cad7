"""Delivery reports of the common mail systems: everybody they name, for good or for now, and the message they mean."""

import bounceshapes as shapes
import pytest

from desk.mail.automated import bounced
from desk.mail.parse import parse

GONE, FULL = ("gone@customer.example", True, "5.1.1"), ("full@customer.example", True, "5.2.2")


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        (shapes.POSTFIX, [GONE, FULL]),
        (shapes.ENVELOPE_ONLY, [("gone@customer.example", True, "5.1.10")]),
        (shapes.EXCHANGE, [("gone@customer.example", True, "5.1.10")]),
        (shapes.DELAYED, [("gone@customer.example", False, "4.4.1")]),
        (shapes.PARTLY, [GONE]),
        (shapes.GMAIL, [GONE]),
        (shapes.EXIM, [GONE, FULL]),
        (shapes.QMAIL, [GONE, ("full@customer.example", True, "5.0.0")]),
    ],
    ids=["postfix", "envelope only", "exchange", "delayed", "partly", "gmail", "exim", "qmail"],
)
def test_everybody_is_named_with_what_happened(raw: bytes, wanted: list[tuple[str, bool, str]]) -> None:
    mail = parse(raw)
    assert mail.auto == "bounce"
    found = bounced(mail)
    assert [(b.recipient, b.permanent, b.status) for b in found] == wanted
    assert {b.original_message_id for b in found} == {shapes.OURS}


def test_the_envelope_is_believed_before_what_came_back() -> None:
    other = shapes.ENVELOPE_ONLY.replace(
        b"--b1--", b"--b1\nContent-Type: message/rfc822\n\nMessage-ID: <x@y>\n\nHi\n--b1--"
    )
    (found,) = bounced(parse(other))
    assert found.originals == (shapes.OURS, "x@y")
