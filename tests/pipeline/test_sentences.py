from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.pipeline.sentences import carries, hard_tokens, number, plain, promises, sentences


def cut(text: str) -> list[str]:
    return [text[a:b] for a, b in sentences(text)]


def test_sentences_end_where_a_person_ends_them() -> None:
    assert cut("It costs 29.90 euros. Dr. Vogel paid, e.g. by card. Fine!") == [
        "It costs 29.90 euros.",
        "Dr. Vogel paid, e.g. by card.",
        "Fine!",
    ]
    assert cut("Hi Anna,\n\nall good\nthanks") == ["Hi Anna,", "all good", "thanks"]


@given(st.text(max_size=400))
def test_spans_are_in_order_and_hold_all_but_white_space(text: str) -> None:
    spans = sentences(text)
    assert all(a < b for a, b in spans)
    assert all(x[1] <= y[0] for x, y in pairwise(spans))
    assert "".join("".join(text[a:b].split()) for a, b in spans) == "".join(text.split())


def test_markdown_becomes_the_text_of_a_mail() -> None:
    text = "## Returns\n\nSend it **back** within [30 days](https://shop.example/returns).\n\n* unused\n* boxed"
    assert plain(text) == "Send it back within 30 days (https://shop.example/returns).\n\n- unused\n- boxed"


@pytest.mark.parametrize(
    ("a", "b"), [("29,90", "29.90"), ("29.9", "29,90"), ("1.200", "1200"), ("5.00", "5"), ("1,200", "1200")]
)
def test_one_number_in_two_spellings_is_one_number(a: str, b: str) -> None:
    assert number(a) == number(b)


def test_a_source_must_carry_numbers_links_and_names_to_the_letter() -> None:
    sentence = "I'm Sarah, the refund of 29,90 EUR arrives in 5 days, see https://shop.example/refunds."
    assert hard_tokens(sentence) == {"29.90", "5", "https://shop.example/refunds", "sarah"}
    assert not carries("A refund arrives in 5 days.", hard_tokens(sentence))
    assert carries("A refund of 29.90 arrives within 5 days.", {"29.90", "5"})
    assert not carries("A refund of 129.90 arrives within 15 days.", {"29.90", "5"})


@pytest.mark.parametrize(
    "sentence",
    ["We guarantee delivery.", "Das erstatten wir.", "Wij vergoeden dit.", "C'est gratuit.", "Le garantizamos esto."],
)
def test_promises_are_seen_in_five_languages(sentence: str) -> None:
    assert promises(sentence)


def test_an_answer_without_money_or_guarantee_is_no_promise() -> None:
    assert not promises("The lamp has a dimmer and comes in oak.")
