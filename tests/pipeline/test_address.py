"""A reply addresses its reader as the reader addressed us: du or Sie, je or u, tu or vous, tú or usted."""

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest
from addresses import LATER, MAILS, NEXT

from desk.config import MailboxConfig
from desk.domain.enums import Category, Intent, Known, Priority, Register, Sentiment
from desk.domain.ticket import IntentSpan, Passage, Retrieval, Triage
from desk.pipeline.compose import Material, compose
from desk.triage.address import register

BOX = MailboxConfig(name="help", address="help@shop.example", signature="Shop 12")
LANGUAGES = ("de", "nl", "fr", "es")
# (said only to whom we call formally, said only to whom we call casually)
OURS = {
    "de": (r"\bSie\b|\bIhnen\b|\bIhre?[nrms]?\b", r"\b(?:du|dich|dir|deine?[nrms]?)\b"),
    "nl": (r"\b(?:u|uw|geachte)\b", r"\b(?:je|jij|jou|jouw)\b"),
    "fr": (r"\b(?:vous|votre|vos)\b|[a-z]ez\b", r"\b(?:tu|toi|te|ton|ta|tes)\b|\bt'|\bsalut\b"),
    "es": (r"\b(?:usted|su|sus|le)\b|\bresponda\b", r"\b(?:tú|tu|tus|te|ti)\b|(?<!no )\bresponde\b"),
}


def right(mails: Sequence[tuple[str, str, str]], language: str) -> float:
    """In how many mails of a language the form of address is seen."""
    own = [(form, text) for tongue, form, text in mails if tongue == language]
    return sum(register(text, language) == form for form, text in own) / len(own)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_form_of_address_is_seen(language: str) -> None:
    forms = [form for tongue, form, _ in MAILS if tongue == language]
    assert len(forms) >= 25
    assert min(forms.count("formal"), forms.count("casual")) >= 12
    assert right(MAILS, language) >= 0.95
    assert right(LATER, language) >= 0.95
    assert right(NEXT, language) >= 0.9


def drafts(language: str, form: Register) -> list[str]:
    """The bodies desk composes from an article that addresses nobody: each of its sentences stands in one of them."""
    seen = Triage(
        Category.SUPPORT, Priority.NORMAL, Sentiment.NEUTRAL, language, form, False, 0.9,
        (IntentSpan(Intent.QUESTION, 0.9, 0, 5),), {},
    )  # fmt: skip
    found = [
        Retrieval("?", (Passage(name, "T", "30 × 12.", 0, 8, 0.8, language=tongue),), 0.9, Known.KNOWN)
        for name, tongue in (("a", language), ("b", "en"))
    ]
    plain = Material(seen, tuple(found), (), Known.KNOWN, False, False)
    upset = replace(seen, sentiment=Sentiment.NEGATIVE, category=Category.COMPLAINT)
    wish = replace(seen, category=Category.FEATURE_REQUEST)
    every = (
        plain,
        replace(plain, triage=upset),
        replace(plain, triage=wish),
        replace(plain, known=Known.NOVEL),
        replace(plain, wants_order=True),
        replace(plain, thanks_only=True, retrievals=()),
    )
    return [compose(m, subject="s", name=name, box=BOX).body for m in every for name in ("Anna Vogel", "")]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", list(Register))
def test_a_composed_draft_keeps_to_one_form_of_address(language: str, form: Register) -> None:
    formal, casual = OURS[language]
    wrong = formal if form is Register.CASUAL else casual
    bodies = drafts(language, form)
    assert not [body for body in bodies if re.search(wrong, body, re.I if language != "de" else 0)]
    fitting = casual if form is Register.CASUAL else formal
    assert all(re.search(fitting, body, re.I if language != "de" else 0) for body in bodies[:2])


def test_a_language_without_the_difference_is_formal() -> None:
    assert register("mail me back, du!", "pl") is Register.FORMAL
