"""Short forms of long messages: the sentences that tell most, word for word, in their order, at most a third."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.knowledge import embed
from desk.knowledge.embed import Embedder
from desk.learn.summaries import MOST, SHORT, summarise

LONG = """Good morning,

thank you for your quick answer last week. We have been customers of yours for many years and have always been content.
On 3 March I ordered two pendant lamps for our kitchen, the order number is 4711-22. My sister has the same lamp at home.
The weather was fine that day and we were all looking forward to them. One of the two lamps arrived with a broken glass shade.
The glass of one pendant lamp was broken when it arrived. I have taken photos of the parcel and of the lamp.
My husband thinks that the driver was in a hurry. Our neighbour heard him in the stairs.
Could you send me a new glass shade for the pendant lamp? We are at home most days, except on Tuesdays.

Kind regards,
Anna Vogel"""


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return embed.load(threads=1)


@pytest.mark.parametrize("with_vectors", [True, False])
def test_what_matters_is_kept_and_courtesies_are_not(embedder: Embedder, with_vectors: bool) -> None:
    short = summarise(LONG, embedder if with_vectors else None)
    assert "4711-22" in short
    assert "Could you send me a new glass shade" in short
    for left_out in ("Good morning", "Kind regards", "Anna Vogel", "neighbour", "weather"):
        assert left_out not in short
    assert len(short) <= min(MOST, len(LONG) * SHORT)


def test_one_thing_said_twice_is_kept_once(embedder: Embedder) -> None:
    said = (
        "The glass of the pendant lamp was broken. " * 2
        + "The glass of the pendant lamp arrived broken. "
        + "It rained. " * 30
    )
    assert summarise(said, embedder).count("glass") == 1


@given(
    st.lists(
        st.sampled_from(["It is 4711.", "Why is that?", "Nobody knows.", "Please call me.", "Hello Anna,", ""]),
        max_size=40,
    )
)
def test_every_line_stands_in_the_message_in_its_order(lines: list[str]) -> None:
    text = "\n".join(lines) or "A word."
    at = 0
    short = summarise(text, None)
    assert short or not text.strip()
    for line in short.splitlines():
        at = text.index(line, at)
