"""One mail, two questions: each has its part in the reply, and a mail with one question keeps one."""

from dataclasses import replace

import pytest
from two_intents import KNOWLEDGE, MAILS, OTHERS

from desk.config import Config, MailboxConfig
from desk.domain.ticket import Article
from desk.guard import readmit
from desk.knowledge import embed
from desk.knowledge.index import Index
from desk.llm import Models
from desk.pipeline.case import Case, Rooms
from desk.pipeline.steps import STEPS
from desk.triage.clauses import clauses


@pytest.fixture(scope="module")
def rooms(tmp_path_factory: pytest.TempPathFactory) -> Rooms:
    embedder = embed.load("")
    index = Index(tmp_path_factory.mktemp("vectors") / "here", embedder)
    index.upsert([Article(name, title, body, language=tongue) for name, (tongue, title, body) in KNOWLEDGE.items()])
    return Rooms(Config(), embedder, index, Models(None, None), None, None)


def sources(text: str, rooms: Rooms) -> set[str]:
    """The articles that the draft offered rests on."""
    clean = readmit(text, status_clean=True, released=False, origin="test")
    case = Case(0, 0, "", clean.narrow(""), clean, (), 0, "", "", 0, MailboxConfig())
    for step in STEPS:
        case = replace(case, outputs={**case.outputs, step.name: step.run(case, rooms).output})
    return {claim["source"] for claim in case.outputs["check"]["draft"]["claims"]}


def share(mails: tuple[tuple[str, str, str, str, str], ...], rooms: Rooms) -> float:
    """Of how many mails both intents are answered from the right article."""
    return sum({first, second} <= sources(text, rooms) for _, _, text, first, second in mails) / len(mails)


def test_both_intents_of_a_mail_are_answered(rooms: Rooms) -> None:
    assert len(MAILS) >= 50
    assert share(MAILS, rooms) >= 0.8
    assert share(OTHERS, rooms) >= 0.5


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
