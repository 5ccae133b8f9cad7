"""An answer that is to be used next time: the same question is not asked again, another one is, and it can be forgotten."""

from datetime import timedelta

import pytest
from letters import Clock, deliver, letter

from desk.actions import review
from desk.actions.desk import Desk
from desk.config import Config
from desk.domain.enums import Known
from desk.errors import Refused
from desk.pipeline import search
from desk.pipeline.case import Rooms
from desk.pipeline.runner import Runner
from desk.store import answers, drafts, threads
from desk.store.database import Database
from desk.workers.fetch import Fetcher

ASKED = "Hello,\n\nhow is an unopened parcel handled when I bring it to you in person?\n\nThank you"


@pytest.fixture
def unsure(monkeypatch: pytest.MonkeyPatch) -> None:
    """The search finds the articles and is never sure."""
    real = search.retrieve.search

    def unsure_search(*given: object, **more: object) -> object:
        from dataclasses import replace

        return replace(real(*given, **more), known=Known.UNSURE, answerable=0.5)  # type: ignore[arg-type]

    monkeypatch.setattr(search.retrieve, "search", unsure_search)


class House:
    def __init__(self, config: Config, db: Database, fetcher: Fetcher, rooms: Rooms, clock: Clock) -> None:
        self.config, self.db, self.fetcher, self.clock = config, db, fetcher, clock
        self.runner = Runner(db, rooms, clock)

    def work(self) -> None:
        for _ in range(3):
            while self.runner.once():
                pass
            self.clock.pass_(61)

    def ask(self, who: str, text: str = ASKED) -> int:
        deliver(self.config, letter(text, sender=f"{who} <{who}@web.example>", message_id=f"<{who}@web.example>"))
        self.fetcher.poll()
        self.work()
        return max(self.db.get(threads.ids(threads.Filter(threads.View.ALL))))

    def question(self, ticket: int) -> drafts.QuestionRow | None:
        return next((q for q in self.db.get(drafts.questions_of(ticket)) if q.answer is None), None)


@pytest.fixture
def house(config: Config, db: Database, fetcher: Fetcher, rooms: Rooms, clock: Clock, unsure: None) -> House:
    return House(config, db, fetcher, rooms, clock)


def test_an_answer_for_next_time_spares_the_question_and_says_whose_it_is(
    house: House, desk: Desk, clock: Clock
) -> None:
    first = house.ask("anna")
    question = house.question(first)
    assert question is not None
    option = next(o for o in question.options if o.endswith("[returns]"))
    review.answer(desk, question.id, option, next_time=True)
    house.work()
    assert house.db.get(drafts.current(first)) is not None
    (kept,) = house.db.get(answers.in_use(clock()))
    assert (kept.article, kept.by, kept.used_at) == ("returns", "mara", None)
    assert "unopened parcel" in kept.question
    assert "anna" not in kept.question.casefold()

    second = house.ask("bo", ASKED.replace("Thank you", "Regards"))
    assert house.question(second) is None
    detail = house.db.get(threads.one(second))
    assert detail is not None
    assert "mara chose this answer" in detail.row.needs
    draft = house.db.get(drafts.current(second))
    assert draft is not None
    assert "within 30 days" in draft.body
    assert house.db.get(answers.in_use(clock()))[0].used_at is not None

    assert house.question(house.ask("ida", "Can my dog chew on the cable without harm to anybody?")) is not None
    assert "used no more" in review.forget_answer(desk, kept.id).text
    with pytest.raises(Refused):
        review.forget_answer(desk, kept.id)
    assert house.question(house.ask("tom")) is not None


def test_an_answer_for_once_is_not_kept_nor_are_own_words_and_what_nobody_uses_ends(
    house: House, desk: Desk, clock: Clock
) -> None:
    for who, text, next_time in (
        ("anna", "[returns]", False),
        ("bo", "none of these", True),
        ("ida", "own words", True),
    ):
        question = house.question(house.ask(who))
        assert question is not None
        option = next((o for o in question.options if o.endswith(text)), text)
        review.answer(desk, question.id, option, next_time=next_time)
        house.work()
        assert house.db.get(answers.in_use(clock())) == []
    with house.db.write() as tx:
        answers.remember(tx, "a", "returns", by="mara", at=clock(), thread_id=1)
        answers.remember(tx, "a", "refunds", by="bo", at=clock(), thread_id=1)
    (one,) = house.db.get(answers.in_use(clock()))
    assert (one.article, one.by) == ("refunds", "bo")
    assert house.db.get(answers.in_use(clock() + answers.KEPT + timedelta(days=1))) == []
