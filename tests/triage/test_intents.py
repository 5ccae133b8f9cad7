from itertools import pairwise

import pytest

from desk.triage import intents


def parts(text: str) -> list[str]:
    return [text[start:end] for start, end in intents.questions(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Hi, where is my order? Also, can I change the address?\n\nThanks\nAnn",
            ["Hi, where is my order?", "Also, can I change the address?"],
        ),
        ("Where is my parcel and when do I get my refund?", ["Where is my parcel", "when do I get my refund?"]),
        ("Wo ist mein Paket und wann kommt die Rechnung?", ["Wo ist mein Paket", "wann kommt die Rechnung?"]),
        ("Bonjour,\nOù est mon colis ?\nMerci", ["Où est mon colis ?"]),
        ("- How long is the warranty?\n- Which bulb fits?", ["How long is the warranty?", "Which bulb fits?"]),
        ("The lamp came on Monday. It flickers. Please send a new one.", ["Please send a new one."]),
        ("Where is it? where is it?!", ["Where is it?"]),
        ("I have two questions. Can you help me?\nWhat does it cost?", ["What does it cost?"]),
        ("¿Tienen la talla 42? Quiero devolver la 40.", ["¿Tienen la talla 42?", "Quiero devolver la 40."]),
    ],
)
def test_distinct_questions(text, expected):
    assert parts(text) == expected


def test_a_message_without_a_question_is_one_matter():
    assert parts("Hello,\n\nThe lamp arrived broken. The glass is in pieces.\n\nRegards") == [
        "The lamp arrived broken. The glass is in pieces."
    ]


@pytest.mark.parametrize("text", ["", "  \n ", "Thanks!", "Hallo\n\nViele Grüße", "..."])
def test_courtesies_alone_ask_nothing(text):
    assert parts(text) == []


def test_spans_are_in_order_and_do_not_overlap():
    text = "How? " * 3 + "Could you send the invoice and can you tell me when it ships? Is there a fee? " * 20
    spans = intents.questions(text)
    assert 1 < len(spans) <= 12
    assert all(a < b <= c for (a, b), (c, _) in pairwise(spans))
    assert all(text[a:b] == text[a:b].strip() for a, b in spans)


@pytest.mark.parametrize(
    ("sentence", "question"),
    [
        ("Ist schon bestellt.", False),
        ("Ist gut angekommen!", False),
        ("Is fine now.", False),
        ("Is it possible to change it.", True),
        ("Ist die Lampe dimmbar.", True),
        ("Ist schon bestellt?", True),
    ],
)
def test_a_statement_without_its_subject_is_no_question(sentence: str, question: bool) -> None:
    assert intents.asks(sentence) is question
