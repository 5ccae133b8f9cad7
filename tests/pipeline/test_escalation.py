"""When a ticket goes to somebody in charge: each rule, what it says, and where it must keep still."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from test_compose_and_check import BOX, material, triage

from desk.config import Config
from desk.config_rules import EscalationConfig
from desk.domain.codec import to_json
from desk.domain.enums import Sentiment
from desk.guard import readmit
from desk.llm import Models
from desk.pipeline import plan, playbook
from desk.pipeline.case import Case, Opinion, Rooms, Turn
from desk.pipeline.escalation import reasons


def clean(text: str):
    return readmit(text, status_clean=True, released=False, origin="a test")


def case(text: str = "When is my refund?", *turns: tuple[bool, str], **more: object) -> Case:
    said = tuple(Turn(n, ours, datetime(2026, 11, 1, tzinfo=UTC), "x", clean(t)) for n, (ours, t) in enumerate(turns))
    made = Case(1, 1, "T-1", clean("Refund"), clean(text), said, 1, "Anna Vogel", "anna@vogel.example", 0, BOX)
    return replace(made, **more)  # type: ignore[arg-type]


def rooms(**rules: object) -> Rooms:
    config = Config(escalation=EscalationConfig(**rules))  # type: ignore[arg-type]
    return Rooms(config, None, None, Models(None, None, "none"), None, None)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("I will hand this to my lawyer.", "my lawyer"),
        ("Otherwise we take legal action.", "legal action"),
        ("Dann gehe ich zur Verbraucherzentrale.", "Verbraucherzentrale"),
        ("Mein Anwalt meldet sich.", "Mein Anwalt"),
        ("Ik schakel een advocaat in.", "advocaat"),
        ("Je vais saisir le tribunal.", "tribunal"),
        ("Tomaré acciones legales.", "acciones legales"),
        ("My son got an electric shock from the lamp.", "electric shock"),
    ],
)
def test_legal_words_and_injuries_escalate_and_are_quoted(text: str, word: str) -> None:
    (why,) = reasons(case(text), rooms(), material())
    assert word in why
    assert reasons(case(text), rooms(legal=False), material()) == ()


@pytest.mark.parametrize(
    "text",
    [
        "When is my refund?",
        "Is the lamp legal in Switzerland?",
        "I work at the court yard cafe.",
        "Das Kabel ist zu kurz, das klappt so nicht.",
        "La lampe ne s'allume pas.",
        "Ik zoek een lamp voor mijn kantoor.",
        "La pantalla llegó rota.",
    ],
)
def test_everyday_mail_escalates_by_no_rule(text: str) -> None:
    assert reasons(case(text), rooms(), material()) == ()


def test_words_of_the_house_are_whole_words() -> None:
    assert "“recall”" in reasons(case("Is there a recall?"), rooms(words=("recall",)), material())[0]
    assert reasons(case("Are there recalls?"), rooms(words=("recall",)), material()) == ()


def test_a_vip_by_address_domain_or_mark_but_never_one_whose_sender_is_forged() -> None:
    for rules, more in (
        ({"vip": ("ANNA@vogel.example",)}, {}),
        ({"vip": ("@vogel.example",)}, {}),
        ({}, {"vip": True}),
    ):
        assert reasons(case(**more), rooms(**rules), material()) == ("a VIP contact",)
    assert reasons(case(), rooms(vip=("vogel.example", "other@vogel.example")), material()) == ()
    assert reasons(case(vip=True, forged=True), rooms(), material()) == ()


def test_the_third_message_of_a_customer_escalates_and_ours_do_not_count() -> None:
    two = case("And now?", (False, "Where is it?"), (True, "On its way."))
    three = case("And now?", (False, "Where is it?"), (True, "On its way."), (False, "Still not here."))
    assert reasons(two, rooms(), material()) == ()
    assert reasons(three, rooms(), material()) == ("message 3 of this customer in one ticket",)
    assert reasons(three, rooms(messages=0), material()) == ()


def test_a_mood_that_fell_escalates_and_one_that_was_bad_does_not() -> None:
    from desk.knowledge import embed

    upset = material(triage=triage(sentiment=Sentiment.NEGATIVE))
    judged = replace_embedder(rooms(), embed.load(threads=1))
    fell = case(
        "This is a disgrace!", (False, "Hello, thank you for the lovely lamp, could you tell me when it ships?")
    )
    bad = case(
        "This is a disgrace!", (False, "This is terrible, I am furious and disappointed with your awful service!")
    )
    assert "the mood fell" in reasons(fell, judged, upset)[0]
    assert reasons(bad, judged, upset) == ()
    assert reasons(fell, judged, material()) == ()
    judged.learned = Said("negative")  # a person said so of that message
    assert reasons(fell, judged, upset) == ()
    judged.learned = Said("neutral")
    assert "fell from neutral" in reasons(bad, judged, upset)[0]
    judged.config = Config(escalation=EscalationConfig(falling_mood=False))
    assert reasons(fell, judged, upset) == ()


class Said:
    """What people taught: the mood of every message."""

    def __init__(self, mood: str) -> None:
        self.mood = mood

    def opinions(self, subject: str, text: str) -> dict[str, Opinion]:
        return {"sentiment": Opinion({"positive": 1.0}, (self.mood, 0.9))}


def replace_embedder(made: Rooms, embedder: object) -> Rooms:
    made.embedder = embedder  # type: ignore[assignment]
    return made


def test_the_plan_says_why_and_to_whom_and_a_thank_you_escalates_nothing() -> None:
    m = material()
    outputs = {
        "triage": {"triage": to_json(m.triage)},
        "search": {
            "retrievals": to_json(list(m.retrievals)), "facts": [], "known": "known", "wants_order": False,
            "thanks_only": False,
        },
    }  # fmt: skip
    made = case("I will hand this to my lawyer.", outputs=outputs)
    out = plan.run(made, rooms(to="bo")).output
    assert (out["edge"], out["why"]) == ("escalate", "it speaks of “my lawyer”")
    assert out["actions"][0]["data"] == {"to": "bo", "why": "it speaks of “my lawyer”"}
    assert "hand to bo" in out["actions"][0]["detail"]
    assert playbook.edge(replace(m, escalate=("x",), thanks_only=True)).name == "thanks"
    assert reasons(made, rooms(), replace(m, thanks_only=True)) == ()
