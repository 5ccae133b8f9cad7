"""What the desk learns when people say what a message is about: a real store, the bundled embedding model."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count

import numpy as np
import pytest
from postgres import ON_BOTH
from records import NOW, at, mail, thread

from desk.actions import inbox
from desk.actions.desk import Desk
from desk.cli import rooms as composition
from desk.config import Config, MailboxConfig
from desk.domain.enums import Category
from desk.domain.guarded import CleanText
from desk.guard import readmit
from desk.knowledge import embed
from desk.knowledge.embed import Embedder
from desk.learn import categories
from desk.learn.categories import LABELS, Teacher
from desk.llm import Models
from desk.pipeline import triage
from desk.pipeline.case import Case, Rooms
from desk.store import changes, database, decisions, ledger
from desk.store.database import Database

ASKED = "We need the certificate of conformity for the pallet lifts you delivered, for our audit in spring."
AGAIN = "We need the certificate of conformity for the pallet lift you delivered last week, for an audit in spring."
OTHER = "Where is my parcel? It should have been here on Monday."


@pytest.fixture
def db(empty_store: str) -> Iterator[Database]:
    made = database.open(empty_store)
    yield made
    made.close()


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    return embed.load(threads=1)


@pytest.fixture
def rooms(embedder: Embedder) -> Rooms:
    return Rooms(Config(), embedder, None, Models(None, None, "no model in this test"), None, None)


@pytest.fixture
def desk(db: Database) -> Desk:
    seconds = count()
    return replace(composition.desk(Config(), db, who="mara"), clock=lambda: at(next(seconds)))


def ticket(db: Database, text: str, name: str = "1", **columns: str) -> int:
    """A ticket whose message the guard let through."""
    with db.write() as tx:
        thread_id, _ = thread(tx, mail(text, subject="", message_id=f"<{name}@web.example>"), **columns)
        tx.exec_driver_sql("UPDATE messages SET clean_text = text")
    return thread_id


def clean(text: str) -> CleanText:
    return readmit(text, status_clean=True, released=False, origin="test")


def labelled(rooms: Rooms, text: str, *, sender: str = "anna@web.example", said: str = "") -> dict[str, object]:
    """What the triage step says of a message."""
    case = Case(1, 1, "T-1", clean(""), clean(text), (), 1, "Anna", sender, 0, MailboxConfig(address="help@shop.example"),
                category=said)  # fmt: skip
    return triage.run(case, rooms).output["triage"]  # type: ignore[no-any-return]


@ON_BOTH
def test_what_was_said_once_is_not_asked_again(db: Database, desk: Desk, rooms: Rooms) -> None:
    teacher = Teacher(db, rooms)
    assert not teacher.once()
    before = {text: labelled(rooms, text) for text in (AGAIN, OTHER)}
    assert before[AGAIN]["category"] != Category.INTERNAL
    inbox.set_category(desk, ticket(db, ASKED), Category.INTERNAL)
    assert teacher.once()
    now = labelled(rooms, AGAIN)
    assert now["category"] == Category.INTERNAL
    assert now["confidence"] == pytest.approx(now["probabilities"][Category.INTERNAL])  # type: ignore[index]
    assert 0.9 <= now["confidence"] < 1  # type: ignore[operator]
    assert labelled(rooms, OTHER) == before[OTHER]
    assert not teacher.once()
    assert "remembered: 1;" in str(db.get(changes.setting(decisions.LEARNED)))


def test_a_correction_taken_back_is_forgotten(db: Database, desk: Desk, rooms: Rooms) -> None:
    thread_id = ticket(db, ASKED, category="support")
    teacher = Teacher(db, rooms)
    undo = inbox.set_category(desk, thread_id, Category.INTERNAL).undo
    assert undo is not None
    teacher.once()
    undo()
    assert teacher.once()
    assert labelled(rooms, AGAIN)["category"] == Category.SUPPORT


def test_a_person_outweighs_the_senders_address(db: Database, desk: Desk, rooms: Rooms) -> None:
    assert labelled(rooms, OTHER, sender="tom@shop.example")["category"] == Category.INTERNAL
    inbox.set_category(desk, ticket(db, OTHER), Category.SUPPORT)
    Teacher(db, rooms).once()
    assert labelled(rooms, OTHER, sender="tom@shop.example")["category"] == Category.SUPPORT


def test_what_was_said_of_this_ticket_stands_for_whatever_comes_next(rooms: Rooms) -> None:
    assert labelled(rooms, OTHER, said="billing")["category"] == Category.BILLING


@ON_BOTH
def test_answered_tickets_count_as_decisions_and_corrections_outweigh_them(db: Database, desk: Desk) -> None:
    kept, other = ticket(db, ASKED, "1", category="support"), ticket(db, OTHER, "2", category="support")
    ticket(db, AGAIN, "3", category="support")
    with db.write() as tx:
        for thread_id in (kept, other):
            ledger.feedback(tx, thread_id, None, agent="mara", verdict="approved", at=NOW)
    inbox.set_category(desk, kept, Category.SALES)
    found = {one.text: (one.label, one.corrected) for one in db.get(decisions.categories())}
    assert found == {ASKED: ("sales", True), OTHER: ("support", False)}
    assert db.get(decisions.category_of(kept)) == "sales"
    assert db.get(decisions.category_of(other)) == ""


def groups(seed: int = 7) -> tuple[categories.Numbers, categories.Numbers]:
    """60 vectors in two directions, none nearly the same, and a head that holds all of them for support."""
    draw = np.random.default_rng(seed)
    vectors = draw.normal(size=(60, 40))
    vectors[:30, 0] += 8
    vectors[30:, 1] += 8
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    chances = dict.fromkeys(LABELS, 0.02) | {"support": 0.86}
    return vectors, categories.odds([chances] * 60)


def test_a_refit_that_is_right_where_it_was_not_fitted_is_adopted() -> None:
    vectors, base = groups()
    truth = np.array([LABELS.index("billing")] * 30 + [LABELS.index("support")] * 30)
    found = categories.fit(vectors, base, truth)
    assert found.adopted
    assert (found.right_before, found.decided) == (30, 60)
    assert found.right > 45
    assert "in use" in found.says


def test_a_refit_that_is_worse_on_held_back_decisions_is_refused_and_changes_nothing(embedder: Embedder) -> None:
    vectors, base = groups()
    draw = np.random.default_rng(3)
    truth = np.where(draw.random(60) < 0.7, LABELS.index("support"), draw.integers(0, len(LABELS), 60))
    wild = categories.fit(vectors, base * 0.1, draw.integers(0, len(LABELS), 60))
    worse = replace(categories.fit(vectors, base, truth), right=1, right_before=2)
    learned = categories.Categories(embedder, np.zeros((0, 384), np.float32), [], worse)
    chances = {label: 1 / len(LABELS) for label in LABELS}
    assert not wild.adopted
    assert "refused" in wild.says
    assert not worse.adopted
    assert learned.corrected("", OTHER, chances) == chances
    assert learned.remembered("", OTHER) is None


def test_many_corrections_of_one_kind_carry_over_to_messages_that_are_not_nearly_the_same(
    db: Database, desk: Desk, rooms: Rooms
) -> None:
    things = ("pallet lift", "forklift", "crane", "ladder", "winch", "hoist", "scaffold", "trolley", "ramp", "conveyor",
              "stacker", "jack", "shelf", "gantry")  # fmt: skip
    for number, thing in enumerate(things):
        text = f"Please send the inspection papers of the {thing}, number {number * 37 + 11}, to our safety officer."
        inbox.set_category(desk, ticket(db, text, str(number)), Category.INTERNAL)
    teacher = Teacher(db, rooms)
    teacher.once()
    assert isinstance(rooms.learned, categories.Categories)
    assert rooms.learned.refit is not None
    assert rooms.learned.refit.adopted == ("in use" in teacher.says)
    asked = "Our safety officer is missing the yearly inspection report."
    flat = {label: 1 / len(LABELS) for label in LABELS}
    assert rooms.learned.remembered("", "I want to buy a lamp") is None
    assert rooms.learned.corrected("", asked, flat)["internal"] > 1 / len(LABELS)
