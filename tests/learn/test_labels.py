"""What the desk learns when people put category, priority and mood right: a real store, the bundled embedding model."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count

import numpy as np
import pytest
from postgres import ON_BOTH
from records import NOW, add, at, mail, thread

from desk.actions import inbox
from desk.actions.desk import Desk
from desk.cli import rooms as composition
from desk.config import Config, MailboxConfig
from desk.domain.enums import FIELDS, Category, Priority, Sentiment
from desk.domain.guarded import CleanText
from desk.guard import readmit
from desk.knowledge import embed
from desk.knowledge.embed import Embedder
from desk.learn import labels
from desk.learn.labels import LABELS, Labels, Taught, Teacher
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


def labelled(rooms: Rooms, text: str, *, sender: str = "anna@web.example", **said: str) -> dict[str, object]:
    """What the triage step says of a message."""
    case = Case(1, 1, "T-1", clean(""), clean(text), (), 1, "Anna", sender, 0, MailboxConfig(address="help@shop.example"),
                said=said)  # fmt: skip
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
    assert "remembered: 1 (" in str(db.get(changes.setting(decisions.LEARNED)))


def test_a_correction_taken_back_is_forgotten(db: Database, desk: Desk, rooms: Rooms) -> None:
    thread_id = ticket(db, ASKED, category="support")
    teacher, before = Teacher(db, rooms), labelled(rooms, AGAIN)
    undo = inbox.set_category(desk, thread_id, Category.INTERNAL).undo
    assert undo is not None
    teacher.once()
    assert labelled(rooms, AGAIN)["category"] == Category.INTERNAL
    undo()
    assert teacher.once()
    assert labelled(rooms, AGAIN) == before
    assert rooms.learned is None


def test_a_person_outweighs_the_senders_address(db: Database, desk: Desk, rooms: Rooms) -> None:
    assert labelled(rooms, OTHER, sender="tom@shop.example")["category"] == Category.INTERNAL
    inbox.set_category(desk, ticket(db, OTHER), Category.SUPPORT)
    Teacher(db, rooms).once()
    assert labelled(rooms, OTHER, sender="tom@shop.example")["category"] == Category.SUPPORT


def test_what_was_said_of_this_ticket_stands_for_whatever_comes_next(rooms: Rooms) -> None:
    assert labelled(rooms, OTHER, category="billing")["category"] == Category.BILLING


@ON_BOTH
def test_answered_tickets_count_as_decisions_and_corrections_outweigh_them(db: Database, desk: Desk) -> None:
    kept, other = ticket(db, ASKED, "1", category="support"), ticket(db, OTHER, "2", category="support")
    ticket(db, AGAIN, "3", category="support")
    with db.write() as tx:
        for thread_id in (kept, other):
            ledger.feedback(tx, thread_id, None, agent="mara", verdict="approved", at=NOW)
    inbox.set_category(desk, kept, Category.SALES)
    found = {one.text: (one.label, one.corrected) for one in db.get(decisions.of_field("category"))}
    assert found == {ASKED: ("sales", True), OTHER: ("support", False)}
    assert db.get(decisions.said_of(kept)) == {"category": "sales"}
    assert db.get(decisions.said_of(other)) == {}


def groups(field: str, common: str, seed: int = 7) -> tuple[labels.Numbers, labels.Numbers]:
    """60 vectors in two directions, none nearly the same, and a head that holds nearly all of them for the common label."""
    draw = np.random.default_rng(seed)
    vectors = draw.normal(size=(60, 40))
    vectors[:30, 0] += 8
    vectors[30:, 1] += 8
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    rest = 0.14 / (len(LABELS[field]) - 1)
    chances = dict.fromkeys(LABELS[field], rest) | {common: 0.86}
    return vectors, labels.odds(field, [chances] * 60)


COMMON = {"category": ("support", "billing"), "priority": ("normal", "low"), "sentiment": ("neutral", "negative")}
"""By field: what the head says of everything, and what half of it really is."""


@pytest.mark.parametrize("field", FIELDS)
def test_a_refit_that_is_right_where_it_was_not_fitted_is_adopted(field: str) -> None:
    common, other = COMMON[field]
    vectors, base = groups(field, common)
    truth = np.array([LABELS[field].index(other)] * 30 + [LABELS[field].index(common)] * 30)
    found = labels.fit(field, vectors, base, truth)
    assert found.adopted
    assert (found.right_before, found.decided) == (30, 60)
    assert found.right > 45
    assert found.says.startswith(labels.WORDS[field])
    assert "in use" in found.says


@pytest.mark.parametrize("field", FIELDS)
def test_a_refit_that_is_worse_on_held_back_decisions_is_refused_and_changes_nothing(
    embedder: Embedder, field: str
) -> None:
    vectors, base = groups(field, COMMON[field][0])
    strange = np.array([(0, 0, 1, 1, 2)[number % labels.FOLDS] for number in range(60)])  # no fold tells of another
    wild = labels.fit(field, vectors, base * 0.01, strange)
    right = labels.fit(field, vectors, base, np.array([LABELS[field].index(COMMON[field][0])] * 60))
    worse = replace(right, right=1, right_before=2)
    vector = embedder.embed([OTHER])[0]
    weights = np.zeros((384, len(LABELS[field])))
    weights[:, 0] = 50 * vector
    chances = {label: 1 / len(LABELS[field]) for label in LABELS[field]}
    for refused in (replace(wild, weights=weights), replace(worse, weights=weights)):
        found = Taught(field, np.zeros((0, 384), np.float32), [], refused).opinion(vector, chances)
        assert not refused.adopted
        assert "refused" in refused.says
        assert (found.chances, found.remembered) == (chances, None)
    better = replace(worse, weights=weights, right=2, loss=0.0)
    assert Taught(field, np.zeros((0, 384), np.float32), [], better).opinion(vector, chances).best == LABELS[field][0]


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
    assert isinstance(rooms.learned, Labels)
    assert set(rooms.learned.fields) == {"category"}
    taught = rooms.learned.fields["category"]
    assert taught.refit is not None
    assert taught.refit.adopted == ("in use" in teacher.says)
    asked = "Our safety officer is missing the yearly inspection report."
    flat = {label: 1 / len(Category) for label in LABELS["category"]}
    assert rooms.learned.opinions("", "I want to buy a lamp")["category"].remembered is None
    refitted = replace(taught, refit=replace(taught.refit, right=taught.refit.decided, loss=0.0))
    assert refitted.opinion(rooms.learned.embedder.embed([asked])[0], flat).chances["internal"] > 1 / len(Category)


SAID = {"priority": (Priority.LOW, inbox.set_priority), "sentiment": (Sentiment.NEGATIVE, inbox.set_mood)}


@ON_BOTH
@pytest.mark.parametrize("field", SAID)
def test_priority_and_mood_are_learned_like_the_category(db: Database, desk: Desk, rooms: Rooms, field: str) -> None:
    label, say = SAID[field]
    before = {text: labelled(rooms, text) for text in (AGAIN, OTHER)}
    assert before[AGAIN][field] != label
    say(desk, ticket(db, ASKED), label)  # type: ignore[operator]
    teacher = Teacher(db, rooms)
    assert teacher.once()
    assert labelled(rooms, AGAIN) == before[AGAIN] | {field: label}
    assert labelled(rooms, OTHER) == before[OTHER]
    assert f"corrected {labels.WORDS[field]} remembered: 1 (" in teacher.says


def test_urgent_words_stand_above_what_was_learned_and_said(db: Database, desk: Desk, rooms: Rooms) -> None:
    fire = "The socket is on fire, sparks are coming out!"
    inbox.set_priority(desk, ticket(db, fire), Priority.LOW)
    Teacher(db, rooms).once()
    assert rooms.learned is not None
    assert rooms.learned.opinions("", fire)["priority"].best == Priority.LOW
    assert labelled(rooms, fire, priority="low")["priority"] == Priority.URGENT
    assert labelled(rooms, OTHER, priority="low")["priority"] == Priority.LOW


@pytest.mark.parametrize("former", [None, Sentiment.POSITIVE])
def test_a_slip_of_the_key_that_is_taken_back_teaches_nothing(
    db: Database, desk: Desk, rooms: Rooms, former: Sentiment | None
) -> None:
    thread_id = ticket(db, ASKED, sentiment="neutral", category="support")
    if former:
        inbox.set_mood(desk, thread_id, former)
    said = inbox.set_mood(desk, thread_id, Sentiment.NEGATIVE)
    assert db.get(decisions.said_of(thread_id)) == {"sentiment": "negative"}
    assert said.undo is not None
    undone = said.undo()
    assert db.get(decisions.said_of(thread_id)) == ({"sentiment": "positive"} if former else {})
    assert undone.undo is not None
    undone.undo()
    assert db.get(decisions.said_of(thread_id)) == {"sentiment": "negative"}


def test_taking_back_leaves_what_a_colleague_said_since(db: Database, desk: Desk) -> None:
    thread_id = ticket(db, ASKED)
    said = inbox.set_priority(desk, thread_id, Priority.LOW)
    inbox.set_priority(replace(desk, agent="tom"), thread_id, Priority.URGENT)
    assert said.undo is not None
    said.undo()
    assert db.get(decisions.said_of(thread_id)) == {"priority": "urgent"}


@ON_BOTH
def test_a_mood_is_that_of_the_last_message_and_a_priority_that_of_the_ticket(db: Database, desk: Desk) -> None:
    thread_id = ticket(db, ASKED)
    inbox.set_mood(desk, thread_id, Sentiment.NEGATIVE)
    inbox.set_priority(desk, thread_id, Priority.LOW)
    assert db.get(decisions.said_of(thread_id)) == {"sentiment": "negative", "priority": "low"}
    with db.write() as tx:
        add(tx, thread_id, mail(OTHER, subject="", message_id="<later@web.example>"))
        tx.exec_driver_sql("UPDATE messages SET clean_text = text")
    assert db.get(decisions.said_of(thread_id)) == {"priority": "low"}


def test_an_urgent_priority_that_was_let_stand_decides_nothing(db: Database, desk: Desk) -> None:
    for number, priority in enumerate(("urgent", "low")):
        thread_id = ticket(db, f"{OTHER} {number}", str(number), category="support", priority=priority)
        with db.write() as tx:
            ledger.feedback(tx, thread_id, None, agent="mara", verdict="approved", at=NOW)
    assert [one.label for one in db.get(decisions.of_field("priority"))] == ["low"]


def test_each_field_is_refitted_by_itself_and_one_that_tells_nothing_is_refused(
    db: Database, desk: Desk, rooms: Rooms
) -> None:
    things = ("a lamp", "two shelves", "the garden table", "an umbrella", "some towels", "the blue sofa", "a mirror",
              "spare keys", "the oven door", "a bicycle", "four glasses", "the radio", "a suitcase", "curtains",
              "a toothbrush")  # fmt: skip
    dice = (Priority.LOW, Priority.LOW, Priority.URGENT, Priority.URGENT, Priority.NORMAL)
    for number, thing in enumerate(things):
        one = ticket(db, f"I am writing about {thing}.", str(number))
        inbox.set_mood(desk, one, Sentiment.NEGATIVE)
        inbox.set_priority(desk, one, dice[number % len(dice)])
    teacher = Teacher(db, rooms)
    teacher.once()
    moods, priorities = (
        next(part for part in teacher.says.split("; ") if word in part) for word in ("moods", "priorities")
    )
    assert "in use" in moods
    assert "refused" in priorities
    assert isinstance(rooms.learned, Labels)
    other = "I am writing about the weather in spring, and the birds."
    vector = rooms.learned.embedder.embed([other])[0]
    for field, changed in (("sentiment", True), ("priority", False)):
        flat = dict.fromkeys(LABELS[field], 1 / 3)
        assert (rooms.learned.fields[field].opinion(vector, flat).chances != flat) == changed
