import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from desk.ui import words
from desk.ui.widgets.safe import COMBINING_MOST, inert, line, reveal

BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
nasty = st.text(
    st.sampled_from(
        "ab\x1b\x07\x9b\x9d[]();?0m\r\n\t\x00\x7f"
        + BIDI
        + "\u200b\u200d\ufeff\u0301\u0315\ud800\U000e0041é李🙂[@click=x]"
    )
)


@given(st.one_of(st.text(), nasty))
@example("\x1b]8;;http://x\x07link\x1b]8;;\x07")
@example("[@click=app.quit]x[/]")
@example("a" + "\u0301" * 500)
@example("\u202egnp.exe")
@example("\x9b31m")
def test_nothing_can_steer_the_terminal(text):
    shown = inert(text)
    run = 0
    for char in shown:
        category = unicodedata.category(char)
        assert char == "\n" or category not in ("Cc", "Cs"), f"a control character is left: {char!r}"
        assert char not in BIDI
        assert not 0xE0000 <= ord(char) <= 0xE007F
        run = run + 1 if category in ("Mn", "Me") else 0
        assert run <= COMBINING_MOST, "a flood of marks is left"
    assert "\n" not in line(text)
    assert inert(shown) == shown, "it is stable"


def test_plain_words_stay_as_they_are():
    for text in ("Grüße aus Köln, 29,90 €", "李美 asked", "naïve café", "a 🙂 b", "[1] see [link=x] here"):
        assert inert(text) == text
    assert inert("می\u200cخواهم") == "می\u200cخواهم", "a joiner inside a Persian word is spelling, not a trick"
    assert inert("a\u200bb") == "ab"


@given(nasty)
def test_a_disguise_is_spelled_and_nothing_gets_lost(text):
    spelled = "".join(piece for piece, hidden in reveal(text) if hidden)
    assert all(c.isascii() or c == "…" for c in spelled)
    if "\u200b" in text:
        assert "U+200B" in spelled
    if "\u202e" in text:
        assert "U+202E" in spelled


def test_tag_characters_are_read_out():
    hidden = "".join(chr(0xE0000 + ord(c)) for c in "say yes")
    [(_, _), (spelled, mark)] = list(reveal("hi" + hidden))
    assert mark
    assert "say yes" in spelled
    assert "U+E0073" in spelled


@given(st.text(), st.integers(1, 60))
def test_cutting_goes_by_cells(text, width):
    assert cell_len(words.clip(line(text), width)) == width
