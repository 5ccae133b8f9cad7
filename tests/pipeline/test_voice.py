"""A voice is what letters to several people have in common, and nothing that one of them was told."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_compose_and_check import BOX, failed, material, passage, triage, written

from desk.domain.enums import Known, Register
from desk.domain.ticket import Retrieval
from desk.pipeline.claims import claims, house
from desk.pipeline.compose import compose
from desk.pipeline.draft import dress
from desk.pipeline.voice import LEAST, Letter, Voice, fitting, learn

PEOPLE = (("anna@a.example", "Anna Vogel"), ("bo@b.example", "Bo Lind"), ("ida@c.example", "Ida Moss"))


def letters(text: str, language: str = "en", people: tuple[tuple[str, str], ...] = PEOPLE) -> list[Letter]:
    """The same letter to several people, {name} and {first} being theirs."""
    return [Letter(text.format(name=name, first=name.split()[0]), language, to, name) for to, name in people]


ENGLISH = (
    "Hi {first}!\n\nYour lamp left today and will be with you soon.\n\nWarm wishes from Ghent,\nMara\nThe lamp shop"
)


def only(found: tuple[Voice, ...]) -> Voice:
    (one,) = found
    return one


def test_what_letters_to_three_people_have_in_common_is_the_voice() -> None:
    one = only(learn(letters(ENGLISH)))
    assert (one.language, one.letters, one.words) == ("en", 3, 20)
    assert (one.greeting, one.closing, one.signature) == (
        "Hi {first}!",
        "Warm wishes from Ghent,",
        "Mara\nThe lamp shop",
    )
    assert one.nameless == ""


@pytest.mark.parametrize(
    ("text", "language", "form", "greeting"),
    [
        (
            "Hallo {first},\n\nschön, dass du da bist. Deine Lampe ist heute raus.\n\nLiebe Grüße",
            "de",
            "casual",
            "Hallo {first},",
        ),
        (
            "Guten Tag {name},\n\nIhre Lampe wurde heute versandt, wie Sie wollten.\n\nBeste Grüße",
            "de",
            "formal",
            "Guten Tag {name},",
        ),
        ("Beste {first},\n\nuw lamp is vandaag verzonden, zoals u vroeg.\n\nGroet", "nl", "formal", "Beste {first},"),
        ("Bonjour {name},\n\nvotre lampe est partie aujourd'hui.\n\nBien à vous", "fr", "formal", "Bonjour {name},"),
        ("Hola, {first}:\n\nsu lámpara ha salido hoy de casa.\n\nSaludos", "es", "formal", "Hola, {first}:"),
    ],
)
def test_each_language_and_form_of_address_has_its_own(text: str, language: str, form: str, greeting: str) -> None:
    found = learn([*letters(text, language), *letters(ENGLISH)])
    voice = fitting(found, language, Register(form))
    assert voice is not None
    assert voice.greeting == greeting
    assert fitting(found, "it", Register.FORMAL) is None


@pytest.mark.parametrize(
    "text",
    [
        "Dear {first} and Tom,\n\nyour lamp left today, we hope.\n\nBye {first}",
        "Sehr geehrte Frau {name},\n\nyour lamp left today, we hope.\n\nSee you on Friday 14 May",
        "{first}, listen:\n\nyour lamp left today, we hope.\n\nYour order GH-20423 is on its way.",
        "Liebe {first},\n\nyour lamp left today, we hope.\n\nyou told us that your mother is ill and in hospital now",
        "Your lamp left today and we hope that you like it.",
    ],
)
def test_anything_else_in_a_greeting_or_closing_is_not_learned(text: str) -> None:
    for voice in learn(letters(text)):
        assert (voice.greeting, voice.nameless) == ("", "")
        assert not any(name.split()[0] in voice.closing for _, name in PEOPLE)
        assert "hospital" not in voice.closing
        assert "GH-20423" not in voice.closing


def test_two_letters_or_three_to_one_person_are_too_few() -> None:
    assert learn(letters(ENGLISH)[: LEAST - 1]) == ()
    one = only(learn(letters(ENGLISH, people=(PEOPLE[0],) * 5)))
    assert (one.greeting, one.closing, one.signature) == ("", "", "")


def test_what_fewer_than_half_say_is_not_the_voice() -> None:
    other = [replace(letter, body=letter.body.replace("Warm wishes from Ghent,", f"Bye number {n},"))
             for n, letter in enumerate(letters(ENGLISH) * 3)]  # fmt: skip
    assert only(learn([*letters(ENGLISH), *other])).closing == ""


def test_what_is_quoted_below_is_nobodys_voice() -> None:
    quoted = "\n\nOn 1 May Tom wrote:\n> Hello shop,\n> my lamp broke.\n> Yours for ever,\n> Tom"
    one = only(learn([replace(letter, body=letter.body + quoted) for letter in letters(ENGLISH)]))
    assert one.closing == "Warm wishes from Ghent,"


@given(st.lists(st.tuples(st.text(max_size=60), st.sampled_from(["a@x", "b@x", "c@x", "d@x"])), max_size=12))
def test_only_what_three_people_were_told_alike_is_in_a_voice(sent: list[tuple[str, str]]) -> None:
    made = [Letter(f"Hello,\n\none two three four five six\n\n{end}", "en", to, "") for end, to in sent]
    for voice in learn(made):
        for line in filter(None, (voice.closing, *voice.signature.splitlines())):
            assert len({letter.to for letter in made if line in letter.body}) >= LEAST


def test_drafts_greet_and_close_in_the_voice_and_the_signature_of_the_settings_wins() -> None:
    voice = Voice("en", Register.FORMAL, 3, 20, "Hi {first}!", "Hello there!", "Warm wishes from Ghent,", "Mara")
    m = material()
    draft = compose(m, subject="s", name="Anna Vogel", box=BOX, voices=(voice,))
    assert draft.body.startswith("Hi Anna!\n\nThank you")
    assert draft.body.endswith("Warm wishes from Ghent,\nThe lamp shop\nGhent")
    assert failed(draft, m) == []
    plain = replace(BOX, signature="")
    assert compose(m, subject="s", name="", box=plain, voices=(voice,)).body.startswith("Hello there!")
    assert compose(m, subject="s", name="", box=plain, voices=(voice,)).body.endswith("Ghent,\nMara")
    german = material(Retrieval("?", (passage(language="de"),), 0.9, Known.KNOWN), triage=triage("de"))
    assert "Warm wishes" not in compose(german, subject="s", name="A", box=BOX, voices=(voice,)).body
    dressed = dress(
        "Refunds for double charges arrive within 5 working days.", draft, name="Anna Vogel", box=BOX, voices=(voice,)
    )
    assert dressed is not None
    assert dressed.body.startswith("Hi Anna!")
    found = claims(dressed, "When?", house(BOX, (voice,)))
    assert [claim.source for claim in found] == ["refunds"]
    assert written(draft.body, m).body == draft.body
