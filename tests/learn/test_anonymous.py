"""A text without the person it was about: what is theirs goes, what is the house's stays."""

import pytest

from desk.learn.anonymous import without_person

NAMES = ("Anna Vogel", "anna.vogel@web.example")


@pytest.mark.parametrize(
    ("text", "said", "left"),
    [
        ("Dear Ms Vogel, it was sent.", "", "Dear Ms [name], it was sent."),
        ("Anna's lamp is on its way.", "", "[name] lamp is on its way."),
        ("Order 4711-22 has left.", "Where is 4711-22?", "Order [number] has left."),
        ("Order LM2291 has left.", "", "Order [number] has left."),
        ("It goes to Hauptstraße 12, 10115 Berlin.", "", "It goes to [address]."),
        ("Nous l'envoyons au 12 rue de la Paix, 75002 Paris.", "", "Nous l'envoyons au [address]."),
        ("We called +49 30 1234567 twice.", "", "We called [number] twice."),
        ("Write to anna.vogel@web.example.", "", "Write to [address]."),
        ("See https://track.example/?id=99 for it.", "", "See [link] for it."),
        (
            "We paid 129,90 € back to DE89 3704 0044 0532 0130 00.",
            "Ich zahlte 129,90 €.",
            "We paid [number] € back to [number].",
        ),
        ("Mein Name ist Jörg Öttinger aus der Rosengasse 3a.", "", "Mein Name ist [name] aus der [address]."),
        ("Frau Dr. Ilse Meier holt es ab.", "", "Frau Dr. [name] holt es ab."),
    ],
)
def test_names_numbers_and_addresses_become_blanks(text, said, left):
    assert without_person(text, NAMES, said) == left


@pytest.mark.parametrize(
    "text",
    [
        "You have 30 days, and the return costs 4.90 euros.",
        "The table costs 1,299.00 euros and 24 months of warranty are included.",
        "Take an E27 bulb of at most 40 W.",
        "The form is at https://shop.example/returns, and we are open from 9 to 17.",
        "A refund takes 5 to 7 working days in 2027.",
    ],
)
def test_what_is_true_for_everybody_stays(text):
    assert without_person(text, NAMES, "I am Anna. I have waited 30 days!") == text
