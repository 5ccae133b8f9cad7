"""What a hand-written reply may have missed is told before it leaves."""

import pytest

from desk.cli.rooms import check
from desk.domain.sending import ReleaseCheck
from desk.pipeline.coach import coach

ANNA = ("Anna Vogel", "anna.vogel@web.example")
TWO = "Hello,\n\nhow long does delivery to Norway take? And is the lamp dimmable?\n\nAnna"


def missed(body: str, asked: str = TWO, names: tuple[str, ...] = ANNA) -> list[str]:
    return [gate.name for gate in coach(body, asked=asked, names=names) if not gate.passed]


@pytest.mark.parametrize(
    ("body", "asked"),
    [
        ("Hi Anna,\n\nDelivery to Norway takes four days.\n\nBest wishes,\nMara", TWO),
        ("Hi Anna,\n\nThe lamp works with any dimmer.", TWO),
        ("Hello,\n\nThank you for your message.\n\nKind regards", "Do you sell bulbs?"),
        (
            "Hallo Anna,\n\ndie Lieferung dauert vier Tage.\n\nViele Grüße",
            "Wie lange dauert die Lieferung? Gibt es auch Gutscheine?",
        ),
        (
            "Bonjour,\n\nLa livraison prend quatre jours.",
            "Combien de temps prend la livraison ? Avez-vous des bons cadeaux ?",
        ),
        ("Hoi Anna,\n\nDe levering duurt vier dagen.", "Hoe lang duurt de levering? Hebben jullie ook cadeaubonnen?"),
        ("Hola Anna,\n\nLa entrega tarda cuatro días.", "¿Cuánto tarda la entrega? ¿Tienen también vales de regalo?"),
    ],
)
def test_a_question_left_open_is_named(body: str, asked: str) -> None:
    assert missed(body, asked) == ["unanswered"]


@pytest.mark.parametrize(
    ("body", "asked"),
    [
        ("Hi Anna,\n\nDelivery takes four days, and yes, any dimmer works.", TWO),
        ("Hi Anna,\n\nFour days. Any wall switch will do it.", TWO),
        ("Hi Anna,\n\nCould you tell me which lamp it is?", TWO),
        ("Hi Anna,\n\nYes to both.", TWO),
        ("Hi Anna,\n\nNo, we don't.", "Do you sell bulbs?"),
        ("Hi Anna,\n\nGlad that it works.", "Thank you, it works now."),
        ("Good news.", ""),
    ],
)
def test_an_answer_in_other_words_is_one(body: str, asked: str) -> None:
    assert missed(body, asked) == []


@pytest.mark.parametrize(
    "greeting",
    [
        "Dear Peter,",
        "Hi Anne,",
        "Sehr geehrte Frau Vogt,",
        "Bonjour Hélène,",
        "Hola, Pilar:",
        "Beste Sanne,",
        "Hi Peter, all is well.",
        "Guten Tag Dr. Peter Lind,",
        "Dear A. Lind,",
    ],
)
def test_another_name_than_the_customers_is_told(greeting: str) -> None:
    assert missed(f"{greeting}\n\nit is fine.", "It broke.") == ["name"]


@pytest.mark.parametrize(
    ("greeting", "asked", "names"),
    [
        ("Dear Ms Vogel,", "", ANNA),
        ("Hallo Anna,", "", ANNA),
        ("Sehr geehrte Damen und Herren,", "", ANNA),
        ("Hello everyone,", "", ANNA),
        (
            "Dear Margriet,",
            "Please call.\n\nMargriet Quist\nQuist Interiors",
            ("Quist Interiors", "info@quist.example"),
        ),
        ("Dear Vogel,", "", ("", "avogel@web.example")),
        ("Hi Zoe,", "", ("Zoë Lind", "z@web.example")),
        ("Dear Peter,", "", ()),
        ("All is well.", "", ANNA),
        ("Hi Anna I have looked at it.", "", ANNA),
        ("Beste Margriet,", "Kapot.\n\n-- \nMargriet Quist", ("", "info@quist.example")),
    ],
)
def test_the_customers_own_name_and_no_name_pass(greeting: str, asked: str, names: tuple[str, ...]) -> None:
    assert missed(f"{greeting}\n\nit is fine.", asked, names) == []


def release(body: str, *, by_hand: bool = True) -> set[str]:
    what = ReleaseCheck(body, "Re: lamp", ("anna.vogel@web.example",), ("anna.vogel@web.example",), asked=TWO, names=ANNA,
                        by_hand=by_hand)  # fmt: skip
    return {gate.name for gate in check(what) if not gate.passed}


def test_every_kind_of_slip_is_told_before_a_reply_by_hand_leaves() -> None:
    slips = "Dear Peter,\n\nI have attached the invoice for [order number]."
    assert release(slips) == {"placeholders", "attachment", "unanswered", "name"}
    assert release(slips, by_hand=False) == {"placeholders", "attachment"}


def test_what_the_customer_quotes_is_not_asked_again() -> None:
    asked = "Fine, thanks!\n\nOn 2 May 2026 the shop wrote:\n> Which lamp is it?\n> Which bulb?\n> Which room?"
    what = ReleaseCheck("Good to hear.", "Re: lamp", ("a@b.example",), ("a@b.example",), asked=asked, by_hand=True)
    assert all(gate.passed for gate in check(what))


def test_an_answer_behind_a_thank_you_is_an_answer() -> None:
    asked = "Hello,\n\ndo you have the green lamp?\n\nAnna"
    said = {body: coach(body, asked=asked, names=("Anna",))[0].passed for body in (
        "Thank you, we have the green lamp.", "Hi Anna,\n\nthank you for your message.", "Thank you, kind regards",
    )}  # fmt: skip
    assert list(said.values()) == [True, False, False]
