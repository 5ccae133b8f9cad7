"""One mail, two questions: each has its part in the reply, and a mail with one question keeps one."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import two_questions
from two_intents import KNOWLEDGE, MAILS, OTHERS

from desk.config import Config, MailboxConfig
from desk.domain.ticket import Article
from desk.guard import readmit
from desk.knowledge import articles, embed
from desk.knowledge.index import Index
from desk.llm import Models
from desk.pipeline.case import Case, Rooms
from desk.pipeline.steps import STEPS
from desk.triage.clauses import clauses

SAMPLE = Path(__file__).parents[2] / "sample_mailbox"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Rooms:
    embedder = embed.load("")
    index = Index(tmp_path_factory.mktemp("vectors") / "shop", embedder)
    index.upsert([*articles.load(SAMPLE / "knowledge"), *articles.load_resolved(SAMPLE / "resolved.jsonl")])
    return Rooms(Config(), embedder, index, Models(None, None), None, None)


@pytest.fixture(scope="module")
def rooms(tmp_path_factory: pytest.TempPathFactory) -> Rooms:
    embedder = embed.load("")
    index = Index(tmp_path_factory.mktemp("vectors") / "here", embedder)
    index.upsert([Article(name, title, body, language=tongue) for name, (tongue, title, body) in KNOWLEDGE.items()])
    return Rooms(Config(), embedder, index, Models(None, None), None, None)


def sources(text: str, rooms: Rooms) -> set[str]:
    """The articles that the draft offered rests on."""
    return {claim["source"] for claim in went(text, rooms)["check"]["draft"]["claims"]}


def went(text: str, rooms: Rooms) -> Mapping[str, dict[str, Any]]:
    """What every step of the pipeline put out for one mail."""
    clean = readmit(text, status_clean=True, released=False, origin="test")
    case = Case(0, 0, "", clean.narrow(""), clean, (), 0, "", "", 0, MailboxConfig())
    for step in STEPS:
        case = replace(case, outputs={**case.outputs, step.name: step.run(case, rooms).output})
    return case.outputs


def share(mails: tuple[tuple[str, str, str, str, str], ...], rooms: Rooms) -> float:
    """Of how many mails both intents are answered from the right article."""
    return sum({first, second} <= sources(text, rooms) for _, _, text, first, second in mails) / len(mails)


def test_both_intents_of_a_mail_are_answered(rooms: Rooms) -> None:
    assert len(MAILS) >= 50
    assert share(MAILS, rooms) >= 0.95
    assert share(OTHERS, rooms) >= 0.65


def test_one_question_keeps_one_answer(rooms: Rooms) -> None:
    """However many sentences, joins and asides it comes with."""
    for text, wanted in (
        ("My kettle and its base arrived on Monday and I like them. How do I send them back?", "returns"),
        ("I forgot my password and tried three times. What can I do to reset it and get in again?", "password"),
        ("Hallo und guten Tag, meine Frau und ich wüssten gern, wie lange die Garantie gilt.", "garantie"),
        ("Bonjour, mon mari et moi aimerions savoir où se trouve notre facture.", "facture"),
    ):
        assert sources(text, rooms) == {wanted}, text


@pytest.mark.parametrize(
    ("language", "text", "parts"),
    [
        ("en", "Please tell me how long it takes and whether I can pay by card.", 2),
        ("en", "Could you send salt and pepper?", 1),
        ("de", "Zwei Fragen: die Lieferzeit ins Ausland und die Garantie.", 3),
        ("nl", "Kan ik het terugsturen of geldt alleen de garantie?", 2),
        ("en", "Thanks and best regards", 0),
        ("en", "1. the long filter\n2. the long guarantee", 2),
        ("en", " and ".join(["can I pay by card"] * 20) + "?", 8),
    ],
)
def test_clauses_are_cut_where_two_things_are_joined(language: str, text: str, parts: int) -> None:
    found = clauses(text, language)
    assert len(found) == parts
    assert all(0 <= a < b <= len(text) for a, b in found)


def about(source: str) -> str:
    """The article, without its language, that a source is or is about."""
    return next((name for name, ids in two_questions.TICKETS.items() if source in ids.split()), source.split(".")[0])


def gate(outputs: Mapping[str, dict[str, Any]]) -> bool:
    """Whether the gate of the questions is open and no person is asked."""
    passed = next(g["passed"] for g in outputs["check"]["gates"] if g["name"] == "questions")
    return bool(passed) and outputs["route"]["route"]["to"] != "waiting_for_input"


def test_two_questions_to_the_shop_are_both_answered_or_the_gap_is_seen(shop: Rooms) -> None:
    """Of the mails that are not answered in full, most are held open: by the gate, or by a question to a person."""
    assert len(two_questions.MAILS) >= 60
    answered, held, short = 0, 0, 0
    for _, _, text, *wanted in two_questions.MAILS:
        outputs = went(text, shop)
        cited = {about(claim["source"]) for claim in outputs["check"]["draft"]["claims"]}
        full = {name for name in wanted if name} <= cited and all(wanted)
        answered += {name for name in wanted if name} <= cited
        short += not full
        held += not full and not gate(outputs)
    assert answered / len(two_questions.MAILS) >= 0.65
    assert held / short >= 0.5


def test_one_question_to_the_shop_keeps_one_answer(shop: Rooms) -> None:
    right = 0
    for _, text, wanted in two_questions.SINGLE:
        right += {about(c["source"]) for c in went(text, shop)["check"]["draft"]["claims"]} == {wanted}
    assert right >= len(two_questions.SINGLE) - 1


def test_trouble_is_no_thank_you(shop: Rooms) -> None:
    text = "Hi there,\nmy sign-in link has expired and I can't get into my account.\nJo"
    assert not went(text, shop)["search"]["thanks_only"]
