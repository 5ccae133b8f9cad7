"""Short forms made in idle time, used where a conversation no longer fits, and what did not fit is said."""

from dataclasses import replace

from postgres import ON_BOTH
from shop import Shop
from sqlalchemy import text as sql

from desk.domain.enums import Tier
from desk.pipeline import context
from desk.pipeline.case import Case
from desk.pipeline.runner.load import case_of
from desk.store import jobs, messages, summaries

STORY = " ".join(
    f"This is part {n} of a long story about lamps and about our kitchen that nobody needs." for n in range(25)
)
LONG = (
    f"Hello,\n\nmy order is 4711-22. {STORY} Could you tell me how many days I have to return an unused lamp?\n\nAnna"
)


def conversation(shop: Shop) -> Case:
    """A ticket with a long message, our answer, and a short message after it."""
    first = shop.ask(LONG, subject="Returning a lamp")
    shop.answer(first.thread_id, "Dear Anna,\n\nYou have thirty days from the day it arrived.\n\nMara", done=False)
    shop.rest()
    again = shop.ask("And what does the return cost?", subject="Re: Returning a lamp")
    run = shop.db.get(jobs.one(again.run_id or 0))
    assert run is not None
    return case_of(shop.db, run, shop.config)


@ON_BOTH
def test_a_long_message_has_a_short_form_once_its_ticket_goes_on(shop: Shop) -> None:
    case = conversation(shop)
    [kept] = shop.db.get(summaries.of_thread(case.thread_id)).values()
    assert "4711-22" in kept[0]
    assert case.turns[0].short is not None
    assert str(case.turns[0].short) == kept[0]
    assert case.turns[1].short is None
    shop.rest()
    assert len(shop.db.get(summaries.of_thread(case.thread_id))) == 1


def test_a_context_too_small_takes_the_short_form_and_says_so(shop: Shop) -> None:
    case = conversation(shop)
    rooms = shop.runner.rooms
    small = replace(rooms, config=replace(rooms.config, model=replace(rooms.config.model, context=1500)))
    output = context.run(case, small).output
    assert output["note"]["tier"] == Tier.COMPACTED
    [name] = [n for n in output["texts"] if n.startswith("message 1 of")]
    assert output["texts"][name] == str(case.turns[0].short)
    assert output["note"]["dropped"] == [f"{name} shortened"]
    assert context.run(case, rooms).output["note"]["tier"] == Tier.NORMAL
    assert "And what does the return cost?" in output["texts"]["question"]


def test_however_small_the_context_promises_and_the_question_stay_while_the_story_goes(shop: Shop) -> None:
    first = shop.ask(LONG, subject="Returning a lamp")
    shop.answer(first.thread_id, "Dear Anna,\n\nWe will call you on Friday about it.\n\nMara", done=False)
    shop.rest()
    again = shop.ask("And what does the return cost? " * 30, subject="Re: Returning a lamp")
    run = shop.db.get(jobs.one(again.run_id or 0))
    assert run is not None
    case, rooms = case_of(shop.db, run, shop.config), shop.runner.rooms
    small = replace(rooms, config=replace(rooms.config, model=replace(rooms.config.model, context=600)))
    output = context.run(case, small).output
    assert any(name.startswith("promise") for name in output["texts"])
    assert {"about us", "question", "subject"} <= output["texts"].keys()
    assert not any(name.startswith("message 1") for name in output["texts"])


def test_a_short_form_of_what_a_message_no_longer_says_is_not_used(shop: Shop) -> None:
    case = conversation(shop)
    first = shop.db.get(messages.of_thread(case.thread_id))[0]
    with shop.db.write() as tx:
        tx.execute(sql("UPDATE messages SET clean_text = 'Only this is left.' WHERE id = :id"), {"id": first.id})
    run = shop.db.get(jobs.one(case.run_id))
    assert run is not None
    again = case_of(shop.db, run, shop.config)
    assert again.turns[0].short is None
