"""What we promised and by when, in five languages, told apart from what we only say."""

from datetime import date

import pytest

from desk.pipeline.promised import due_on, found

ON = date(2026, 11, 25)
"""A Wednesday."""


@pytest.mark.parametrize(
    ("said", "due"),
    [
        ("We will call you on Friday.", "2026-11-27"),
        ("You will receive your refund within 5 working days.", "2026-12-02"),
        ("We'll get back to you tomorrow.", "2026-11-26"),
        ("I will let you know by 3 December.", "2026-12-03"),
        ("The spare part will be shipped in two weeks.", "2026-12-09"),
        ("We will look into it.", None),
        ("Wir rufen Sie am Freitag an.", "2026-11-27"),
        ("Der Betrag wird innerhalb von 5 Werktagen erstattet.", "2026-12-02"),
        ("Ich schicke dir das Ersatzteil bis zum 3. Dezember.", "2026-12-03"),
        ("We bellen u vrijdag.", "2026-11-27"),
        ("U ontvangt het geld binnen 3 werkdagen.", "2026-11-30"),
        ("Nous vous rappellerons vendredi.", "2026-11-27"),
        ("Vous recevrez le remboursement dans un délai de 5 jours ouvrables.", "2026-12-02"),
        ("Le llamaremos el viernes.", "2026-11-27"),
        ("Recibirá el reembolso en un plazo de 5 días hábiles.", "2026-12-02"),
    ],
)
def test_a_promise_is_found_with_its_day(said, due):
    [one] = found(f"Thank you for your patience.\n\n{said}", ON)
    assert one.text == said
    assert one.due == (date.fromisoformat(due) if due else None)


@pytest.mark.parametrize(
    "said",
    [
        "If you send it back, we will refund you within 5 days.",
        "Once it has arrived, we will refund you.",
        "Sobald die Ware da ist, erstatten wir den Betrag.",
        "Möchten Sie lieber Ihr Geld zurück, erstatten wir den vollen Preis.",
        "Melden Sie es innerhalb von 7 Tagen, dann ersetzen wir es kostenlos.",
        "Si vous le renvoyez, nous vous rembourserons.",
        "You can return an unused lamp within 30 days.",
        "A refund reaches your card within 5 working days.",
        "We will be happy to help you.",
        "We will not charge you again.",
        "Guten Morgen, wir freuen uns auf Ihre Nachricht.",
        "You will have to pay the return yourself.",
        "Our office will be closed on Friday.",
        "Will you call me on Friday?",
    ],
)
def test_what_is_no_promise_is_not_taken_for_one(said):
    assert found(said, ON) == []


def test_what_a_mail_keeps_is_told_from_what_it_does_not():
    assert [p.by_mail for p in found("We will let you know on Friday.\nWe will call you on Friday.", ON)] == [
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("said", "due"),
    [
        ("on Wednesday", "2026-12-02"),
        ("by 2027-01-05", "2027-01-05"),
        ("am 05.01.2027", "2027-01-05"),
        ("until January 5", "2027-01-05"),
        ("le 5 janvier", "2027-01-05"),
        ("in 3 to 5 days", "2026-11-30"),
        ("within 24 hours", "2026-11-26"),
        ("in zwei Wochen", "2026-12-09"),
        ("on 31 February", None),
        ("for 30 euros", None),
    ],
)
def test_the_day_that_is_named(said, due):
    assert due_on(f"we will do it {said}", ON) == (date.fromisoformat(due) if due else None)


def test_a_sentence_over_wrapped_lines_is_one_and_stands_as_it_is():
    wrapped = "We have asked our workshop about the lamp and we will call\nyou on Friday with what they say."
    [one] = found(f"Thank you. {wrapped}\n\n- we are open\n- all day", ON)
    assert one.text == wrapped
    assert one.due == date(2026, 11, 27)
