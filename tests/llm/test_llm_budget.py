"""What fits, what gives way, and in which order."""

import re

from hypothesis import given
from hypothesis import strategies as st

from desk.domain import guarded
from desk.domain.enums import Tier
from desk.domain.guarded import CleanText
from desk.llm.budget import Kind, Sized, fit, shorten
from desk.llm.prompts import Part


def count(text: str) -> int:
    return len(re.findall(r"\w+|[^\w\s]", text))


def clean(text: str) -> CleanText:
    return CleanText(text, "test", guarded._SEAL)


texts = st.lists(
    st.sampled_from(["Hello there.", "I paid 30 EUR on 3 May!", "Where is it?", "Thanks a lot", "Das Paket fehlt.\n"]),
    max_size=12,
).map(" ".join)
parts = st.lists(st.tuples(st.sampled_from(list(Kind)), texts, st.booleans()), max_size=10).map(
    lambda drawn: [
        Sized(Part(f"Part {i}", clean(text) if outside else text), kind)
        for i, (kind, text, outside) in enumerate(drawn)
    ]
)


def gives_way_before(given: list[Sized], a: int, b: int) -> bool:
    """Whether part a is to go before part b."""
    if given[a].kind != given[b].kind:
        return given[a].kind < given[b].kind
    return a < b if given[a].kind is Kind.HISTORY else a > b


@given(parts, st.integers(0, 400))
def test_the_order_is_never_inverted_and_the_question_stays(given: list[Sized], limit: int) -> None:
    fitted = fit(given, limit, count)
    kept = [int(item.part.label.removeprefix("Part ")) for item in fitted.parts]
    gone = [i for i in range(len(given)) if i not in kept]
    assert kept == sorted(kept)
    for i, item in enumerate(given):
        if item.kind is Kind.QUESTION:
            assert item in fitted.parts
            assert i in kept
    assert not any(gives_way_before(given, k, g) for g in gone for k in kept if given[k].kind is not Kind.QUESTION)
    assert fitted.fits == (fitted.tokens <= limit)
    if not fitted.fits:
        assert {item.kind for item in fitted.parts} <= {Kind.QUESTION}
    assert sum("left out" in words for words in fitted.dropped) == len(gone)


@given(parts, st.integers(1, 400))
def test_tiers_follow_the_size(given: list[Sized], limit: int) -> None:
    whole = fit(given, 10**9, count)
    fitted = fit(given, limit, count)
    assert whole.tier is Tier.NORMAL
    assert whole.parts == tuple(given)
    expected = Tier.NORMAL if whole.tokens <= limit else Tier.COMPACTED if whole.tokens <= 3 * limit else Tier.EMERGENCY
    assert fitted.tier is expected
    assert bool(fitted.dropped) == (fitted.parts != whole.parts)
    if expected is Tier.EMERGENCY:
        assert all(item in given for item in fitted.parts)


@given(texts, st.integers(1, 60), st.booleans())
def test_shortening_takes_sentences_word_for_word(text: str, limit: int, outside: bool) -> None:
    item = Sized(Part("A part", clean(text) if outside else text), Kind.HISTORY)
    short = shorten(item, limit, count)
    assert short.part.outside == outside
    assert len(str(short.part.text)) <= len(text)
    at = 0
    for line in str(short.part.text).splitlines():
        at = text.index(line.strip(), at)


def test_the_oldest_message_is_shortened_first_and_keeps_its_numbers() -> None:
    old = (
        "Hello everyone. We are three people here. The order is 4711. It is cold outside. Nobody knows why. So it goes."
    )
    given = [
        Sized(Part("Earlier", clean(old)), Kind.HISTORY, "message of 1 May"),
        Sized(Part("Later", clean(old)), Kind.HISTORY, "message of 2 May"),
        Sized(Part("Now", clean("And now?")), Kind.QUESTION),
    ]
    fitted = fit(given, fit(given, 10**6, count).tokens - 5, count)
    assert fitted.dropped == ("message of 1 May shortened",)
    assert "The order is 4711." in str(fitted.parts[0].part.text)
    assert "three people" not in str(fitted.parts[0].part.text)
    assert fitted.parts[1:] == tuple(given[1:])


def test_a_question_larger_than_the_limit_stays_alone_and_whole() -> None:
    question = Sized(Part("Now", clean("why " * 50)), Kind.QUESTION)
    fitted = fit([Sized(Part("Fact", "Order 1 was sent."), Kind.FACT), question], 20, count)
    assert fitted.parts == (question,)
    assert not fitted.fits
    assert fitted.dropped == ("Fact left out",)


def test_what_was_chosen_before_is_what_a_message_is_shortened_to() -> None:
    old = clean(
        "Hello everyone. The order is 4711. It is cold outside. Nobody knows why. So it goes. And so on it goes."
    )
    given = [
        Sized(Part("Earlier", old), Kind.HISTORY, "message 1", old.narrow("It is cold outside.")),
        Sized(Part("Now", clean("And now?")), Kind.QUESTION),
    ]
    fitted = fit(given, fit(given, 10**6, count).tokens - 5, count)
    assert str(fitted.parts[0].part.text) == "It is cold outside."
    assert fitted.dropped == ("message 1 shortened",)
