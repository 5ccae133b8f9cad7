"""What is asked of another draft and done without a model: nothing that counts is lost, and what can't be done is said."""

from dataclasses import replace

import pytest
from test_compose_and_check import BOX, failed, material, passage, triage

from desk.domain.enums import Category, Known, Register
from desk.domain.ticket import Contradiction, Fact, Retrieval
from desk.pipeline import wishes
from desk.pipeline.compose import Material, Wish, compose
from desk.pipeline.phrases import PHRASES
from desk.pipeline.sentences import hard_tokens
from desk.pipeline.shorten import shortened

RETURNS = (
    "We are happy to help with returns. You can send a lamp back within 30 days.\n\n"
    "The box does not have to be the original one. Many customers like our lamps.\n\n"
    "Bring:\n- the invoice number\n- your patience"
)


def nothing(found: object, language: str) -> None:
    return None


@pytest.mark.parametrize(
    ("said", "wish"),
    [
        ("shorter", Wish(shorter=True)),
        ("Please make it a bit shorter.", Wish(shorter=True)),
        ("kürzer, bitte", Wish(shorter=True)),
        ("plus court", Wish(shorter=True)),
        ("it is too long", Wish(shorter=True)),
        ("in French", Wish(language="fr")),
        ("auf Deutsch", Wish(language="de")),
        ("en español", Wish(language="es")),
        ("in het Nederlands", Wish(language="nl", rest="")),
        ("in Polish", Wish(language="pl")),
        ("more formal", Wish(register=Register.FORMAL)),
        ("less formal please", Wish(register=Register.CASUAL)),
        ("weniger förmlich", Wish(register=Register.CASUAL)),
        ("siezen", Wish(register=Register.FORMAL)),
        ("more formal; less formal", Wish(register=Register.CASUAL)),
        ("less formal; more formal", Wish(register=Register.FORMAL)),
        ("only answer the first question", Wish(only=0)),
        ("just the last question", Wish(only=-1)),
        ("nur die zweite Frage beantworten", Wish(only=1)),
        ("shorter; in German; more casual", Wish(True, "de", Register.CASUAL)),
        ("in French; in German", Wish(language="de")),
        ("it is in the wrong language: in French", Wish(language="fr")),
        ("the tone is wrong: less formal", Wish(register=Register.CASUAL)),
    ],
)
def test_what_desk_does_by_itself_is_understood(said: str, wish: Wish) -> None:
    assert wishes.of(said) == wish


@pytest.mark.parametrize(
    "said",
    [
        "offer a refund",
        "shorter, and offer a refund",
        "the facts are wrong",
        "the tone is wrong",
        "it does not fit: shipping takes 4 days",
        "mention the French showroom",
        "ask for the order number in a short sentence",
        "please",
    ],
)
def test_what_only_a_model_can_do_is_said_and_nothing_is_done(said: str) -> None:
    m = material()
    wish = wishes.of(said)
    assert wish.rest
    same, why = wishes.grant(m, wish, nothing)
    assert same is m
    assert "needs a model" in why


def test_a_shorter_reply_loses_courtesy_and_no_number_condition_or_fact() -> None:
    fact = Fact("order", "GH-1", "Order GH-1 has been shipped.", "orders.csv", {})
    m = material(
        Retrieval("How do I send a lamp back?", (passage(RETURNS),), 0.9, Known.KNOWN),
        facts=(fact,),
        triage=triage(category=Category.SUPPORT),
    )
    long = compose(m, subject="s", name="Anna Vogel", box=BOX)
    short = compose(m, subject="s", name="Anna Vogel", box=BOX, wish=Wish(shorter=True))
    assert len(short.body) < 0.75 * len(long.body)
    for kept in (
        "within 30 days",
        "does not have to be",
        "Order GH-1 has been shipped.",
        "Dear Anna Vogel,",
        BOX.signature,
    ):
        assert kept in short.body
    for gone in ("Thank you", "Many customers", "If this does not answer", "This is what I see"):
        assert gone not in short.body
    assert hard_tokens(long.body) == hard_tokens(short.body)
    assert failed(short, m, "How do I send a lamp back?") == []
    assert all(claim.text in short.body for claim in short.claims)


@pytest.mark.parametrize("language", sorted(PHRASES))
def test_a_shorter_complaint_still_says_sorry(language: str) -> None:
    m = material(triage=triage(language, category=Category.COMPLAINT))
    body = compose(m, subject="s", name="", box=BOX, wish=Wish(shorter=True)).body.casefold()
    assert PHRASES[language].apology[0].casefold() in body
    assert PHRASES[language].thanks[0].casefold() not in body


@pytest.mark.parametrize(
    ("sentence", "question"),
    [
        ("It takes 3 days.", ""),
        ("Only unused lamps come back.", ""),
        ("Wenn das Glas bricht, schreiben Sie uns.", ""),
        ("Les lampes ne sont pas reprises.", ""),
        ("We guarantee the frame.", ""),
        ("See https://shop.example/care.", ""),
        ("The parcel is tracked.", "Can I track my parcels?"),
    ],
)
def test_what_counts_is_never_left_out(sentence: str, question: str) -> None:
    text = f"Lamps are lovely things. {sentence} Everybody likes them."
    assert shortened(text, question) == sentence


def test_what_leads_to_a_kept_line_stays_and_what_has_nothing_to_leave_out_too() -> None:
    assert "Bring:" in shortened("Welcome here.\n\nBring:\n- your 2 boxes\n- good mood", "")
    assert shortened("Lovely lamps. Lovely people.", "") == "Lovely lamps. Lovely people."


def two() -> Material:
    when = passage("Refunds take 5 days.", "refunds")
    where = passage("We ship to 12 countries.", "shipping")
    return material(
        Retrieval("When is my refund?", (when,), 0.9, Known.KNOWN), Retrieval("Where to?", (where,), 0.9, Known.KNOWN)
    )


def test_one_question_alone_is_answered_and_the_other_named() -> None:
    m = two()
    first, why = wishes.grant(m, wishes.of("only answer the first question"), nothing)
    assert not why
    draft = compose(first, subject="s", name="", box=BOX)
    assert "5 days" in draft.body
    assert "12 countries" not in draft.body
    assert failed(draft, first) == []
    assert wishes.unanswered(m, first) == ["Where to?"]
    last, _ = wishes.grant(m, wishes.of("only the last question"), nothing)
    assert last.retrievals[0].question == "Where to?"
    same, why = wishes.grant(m, wishes.of("only the third question"), nothing)
    assert same is m
    assert "2 question" in why


def test_another_language_is_that_of_the_articles_own_version_or_is_refused() -> None:
    fields = {"number": "GH-1", "status": "shipped"}
    fact = Fact("order", "GH-1", "Order GH-1 has been shipped.", "orders.csv", fields)
    m = replace(two(), facts=(fact,))
    versions = {"refunds": passage("Le remboursement prend 5 jours.", "refunds.fr", language="fr")}

    def translate(found: object, language: str) -> object:
        return versions.get(found.article) if language == "fr" else None  # type: ignore[attr-defined]

    same, why = wishes.grant(m, wishes.of("in French"), translate)  # type: ignore[arg-type]
    assert same is m
    assert "in French" in why
    versions["shipping"] = passage("Nous livrons dans 12 pays.", "shipping.fr", language="fr")
    french, why = wishes.grant(m, wishes.of("in French"), translate)  # type: ignore[arg-type]
    assert not why
    draft = compose(french, subject="s", name="Anna Vogel", box=BOX, wish=Wish(language="fr"))
    assert draft.language == "fr"
    assert draft.body.startswith("Bonjour Anna Vogel,\n\nMerci")
    assert "La commande GH-1 a été expédiée." in draft.body
    assert failed(draft, french) == []
    same, why = wishes.grant(m, wishes.of("in Polish"), translate)  # type: ignore[arg-type]
    assert same is m
    assert "Polish" in why


def test_an_answer_that_another_source_contradicts_is_not_put_into_another_language() -> None:
    other = passage("Refunds take 9 days.", "old")
    conflict = Contradiction("refunds", "old", "5 days", "9 days")
    m = two()
    both = replace(m.retrievals[0], passages=(*m.retrievals[0].passages, other), conflicts=(conflict,))
    same, why = wishes.grant(replace(m, retrievals=(both,)), wishes.of("in French"), lambda found, language: found)
    assert same.retrievals == (both,)
    assert "disagree" in why


def test_another_form_of_address_changes_our_own_sentences_and_says_so() -> None:
    german = passage("Sie haben 30 Tage Zeit.", language="de")
    m = material(Retrieval("?", (german,), 0.9, Known.KNOWN), triage=triage("de", Register.FORMAL))
    draft = compose(m, subject="s", name="Anna Vogel", box=BOX, wish=Wish(register=Register.CASUAL))
    assert draft.body.startswith("Hallo Anna,")
    assert draft.register is Register.CASUAL
    assert any("keeps its own form of address" in note for note in draft.notes)
