"""What we promised in our mail: found after it left, shown beside the next draft, brought back when overdue, settled."""

from datetime import date

import pytest
from postgres import ON_BOTH
from shop import Shop

from desk.actions import promises
from desk.actions.desk import Desk
from desk.domain.enums import ThreadStatus
from desk.errors import Conflict
from desk.pipeline.context import brief
from desk.pipeline.runner.load import case_of
from desk.store import changes, commitments, jobs, search, threads

CALL = "Dear Anna,\n\nThe lamp is being looked at. We will call you on Friday.\n\nKind regards,\nMara"
WRITE = "Dear Anna,\n\nThank you. We will let you know by 30 November what we found.\n\nKind regards,\nMara"
# The clock of the tests begins on Friday 20 November 2026.


@ON_BOTH
def test_a_promise_is_found_in_what_left_and_stands_beside_the_next_draft(shop: Shop, desk: Desk) -> None:
    first = shop.ask(subject="Returning a lamp")
    assert shop.db.get(commitments.open_in(first.thread_id)) == []
    shop.answer(first.thread_id, CALL, done=False)
    shop.rest()
    [promise] = shop.db.get(commitments.open_in(first.thread_id))
    assert (promise.text, promise.due) == ("We will call you on Friday.", date(2026, 11, 27))
    assert {hit.thread_id for hit in shop.db.get(search.messages("is:promised"))} == {first.thread_id}
    assert shop.db.get(search.messages("is:overdue")) == []
    again = shop.ask("And how long does a refund take?", subject="Re: Returning a lamp")
    assert again.thread_id == first.thread_id
    assert any("“We will call you on Friday.” It is due on 27 Nov" in note for note in again.notes)
    run = shop.db.get(jobs.one(again.run_id or 0))
    assert run is not None
    case = case_of(shop.db, run, shop.config)
    [part] = [p for p in brief(case, shop.runner.rooms).parts if p.label.startswith("We promised on")]
    assert str(part.text) == "We will call you on Friday."
    assert part.label == "We promised on 20.11.2026, due on 27.11.2026"


@ON_BOTH
def test_an_overdue_promise_brings_its_ticket_back_once(shop: Shop, desk: Desk) -> None:
    draft = shop.ask()
    shop.answer(draft.thread_id, CALL)
    shop.rest()
    assert _ticket(shop, draft.thread_id).status == ThreadStatus.RESOLVED
    shop.clock.pass_(8 * 86_400)
    shop.rest()
    row = _ticket(shop, draft.thread_id)
    assert row.status == ThreadStatus.OPEN
    assert row.needs == "overdue: we promised “We will call you on Friday.” by 27 Nov"
    shop.rest()
    assert [hit.thread_id for hit in shop.db.get(search.messages("is:overdue call"))] == [draft.thread_id]
    told = [e for e in shop.db.get(changes.timeline(draft.thread_id)) if e.kind == "promise.overdue"]
    assert len(told) == 1
    [promise] = shop.db.get(commitments.open_in(draft.thread_id))
    done = promises.settle(desk, promise.id, commitments.KEPT)
    assert _ticket(shop, draft.thread_id).needs == ""
    assert shop.db.get(commitments.open_in(draft.thread_id)) == []
    with pytest.raises(Conflict):
        promises.settle(desk, 99, commitments.KEPT)
    assert done.undo is not None
    done.undo()
    assert len(shop.db.get(commitments.open_in(draft.thread_id))) == 1


def test_what_was_promised_to_be_written_is_kept_by_the_next_mail(shop: Shop) -> None:
    draft = shop.ask()
    shop.answer(draft.thread_id, WRITE, done=False)
    shop.answer(draft.thread_id, CALL, done=False)
    shop.rest()
    assert [p.text for p in shop.db.get(commitments.open_in(draft.thread_id))] == ["We will call you on Friday."]


def test_what_the_customer_wrote_and_what_an_article_says_is_no_promise_of_ours(shop: Shop) -> None:
    draft = shop.ask("Hello, we will call you on Friday. How many days do I have to return an unused lamp?")
    quoted = "Dear Anna,\n\nYou have 30 days.\n\nMara\n\nOn Friday Anna wrote:\n> We will call you on Friday."
    shop.answer(draft.thread_id, quoted)
    shop.rest()
    assert shop.db.get(commitments.open_in(draft.thread_id)) == []


def _ticket(shop: Shop, thread_id: int) -> threads.ThreadRow:
    detail = shop.db.get(threads.one(thread_id))
    assert detail is not None
    return detail.row
