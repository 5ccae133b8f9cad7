"""Every act with its undo: the row is what it was, and each act left one audit fact."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from desks import Ticket, World
from postgres import ON_BOTH
from records import NOW, add, at, cleared, mail, thread

from desk.actions import inbox, knowledge, people, review
from desk.actions.desk import Desk, Done
from desk.domain.enums import Author, Category, MessageStatus, Priority, RejectReason, RunState, Sentiment, ThreadStatus
from desk.domain.ticket import Article
from desk.errors import Conflict, DeskError, Refused
from desk.store import articles, changes, drafts, jobs, messages, threads
from desk.store import people as people_rows
from desk.store.threads import Filter, ThreadDetail, View

Act = Callable[[Desk, Ticket], Done]

UNDOABLE: dict[str, Act] = {
    "assign": lambda d, t: inbox.assign(d, t.id, "tom"),
    "snooze": lambda d, t: inbox.snooze(d, t.id, at(3600)),
    "done": lambda d, t: inbox.done(d, t.id),
    "priority": lambda d, t: inbox.set_priority(d, t.id, Priority.URGENT),
    "category": lambda d, t: inbox.set_category(d, t.id, Category.BILLING),
    "mood": lambda d, t: inbox.set_mood(d, t.id, Sentiment.NEGATIVE),
    "tag": lambda d, t: inbox.tag(d, t.id, "Refund"),
    "note": lambda d, t: inbox.note(d, t.id, "call her"),
    "read": lambda d, t: inbox.mark_read(d, t.id),
    "edit": lambda d, t: review.edit(d, t.draft, "Dear Anna, tomorrow by noon."),
    "reply": lambda d, t: review.reply(d, t.id, "Hello Anna, I looked it up."),
    "reject": lambda d, t: review.reject(d, t.draft, RejectReason.WRONG_TONE, "too stiff"),
    "approve": lambda d, t: review.approve(d, t.draft),
}


def detail(desk: Desk, thread_id: int) -> ThreadDetail:
    found = desk.db.get(threads.one(thread_id, "mara"))
    assert found is not None
    return found


def picture(desk: Desk, ticket: Ticket) -> tuple[Any, ...]:
    """What a person sees of a ticket: everything but its version, and the words of its last step."""
    now = detail(desk, ticket.id)
    row = replace(now.row, version=0, needs="", step="")
    current = desk.db.get(drafts.current(ticket.id))
    return row, now.tags, now.notes, current.id if current else None, current.state if current else None


@pytest.mark.parametrize("name", UNDOABLE)
def test_undo_brings_back_what_was_there(desk: Desk, ticket: Ticket, name: str) -> None:
    before = picture(desk, ticket)
    done = UNDOABLE[name](desk, ticket)
    assert picture(desk, ticket) != before
    assert done.text
    assert done.undo is not None
    done.undo()
    assert picture(desk, ticket) == before


@pytest.mark.parametrize("name", [n for n in UNDOABLE if n != "read"])
def test_each_act_leaves_one_audit_fact_and_an_event(desk: Desk, ticket: Ticket, name: str) -> None:
    events = len(desk.db.get(changes.timeline(ticket.id)))
    UNDOABLE[name](desk, ticket)
    (fact,) = desk.db.get(changes.audit_rows())
    assert fact.actor == "mara"
    assert len(desk.db.get(changes.timeline(ticket.id))) == events + 1


def test_an_act_that_is_refused_writes_nothing(desk: Desk, ticket: Ticket) -> None:
    inbox.done(desk, ticket.id)
    for act in (
        lambda: inbox.snooze(desk, ticket.id, at(60)),
        lambda: inbox.snooze(desk, ticket.id, at(-60)),
        lambda: inbox.note(desk, ticket.id, "  "),
        lambda: inbox.merge(desk, ticket.id, ticket.id),
        lambda: inbox.assign(desk, 999, "tom"),
        lambda: review.approve(desk, 999),
    ):
        before = (picture(desk, ticket), len(desk.db.get(changes.audit_rows())))
        with pytest.raises(DeskError) as refused:
            act()
        assert refused.value.fix
        assert (picture(desk, ticket), len(desk.db.get(changes.audit_rows()))) == before


def test_a_snoozed_ticket_comes_back_in_time_or_when_the_customer_writes(desk: Desk, world: World) -> None:
    with desk.db.write() as tx:
        one, _ = thread(tx)
        two, _ = thread(tx, mail(sender="tom@example.org"))
    for thread_id in (one, two):
        inbox.snooze(desk, thread_id, at(3600))
    assert desk.db.get(threads.ids(Filter(View.SNOOZED))).tolist() == [one, two]
    with desk.db.write() as tx:
        add(tx, one, when=at(60))
    assert detail(desk, one).row.status == ThreadStatus.OPEN
    assert detail(desk, one).row.snoozed_until is None
    assert inbox.wake_due(desk) == 0
    world.later(3600)
    assert inbox.wake_due(desk) == 1
    assert detail(desk, two).row.status == ThreadStatus.OPEN


def test_a_snoozed_ticket_with_a_draft_comes_back_to_review(desk: Desk, ticket: Ticket, world: World) -> None:
    inbox.snooze(desk, ticket.id, at(60))
    world.later(61)
    inbox.wake_due(desk)
    assert detail(desk, ticket.id).row.status == ThreadStatus.PENDING_REVIEW


def test_done_stops_the_work_and_a_held_answer_forbids_it(desk: Desk, ticket: Ticket) -> None:
    review.redraft(desk, ticket.id, "shorter")
    inbox.done(desk, ticket.id)
    assert desk.db.get(jobs.of_thread(ticket.id))[0].state is RunState.SKIPPED
    inbox.reopen(desk, ticket.id)
    review.approve(desk, ticket.draft)
    with pytest.raises(Refused, match="on its way"):
        inbox.done(desk, ticket.id)


@ON_BOTH
def test_merge_moves_mail_and_later_replies_and_undo_moves_them_back(desk: Desk) -> None:
    with desk.db.write() as tx:
        one, _ = thread(tx)
        two, _ = thread(tx, mail(subject="Again"), at(60))
        add(tx, two, when=at(120))
    mids = {m.message_id: two for m in desk.db.get(messages.of_thread(two))}
    done = inbox.merge(desk, two, one)
    assert detail(desk, one).row.message_count == 3
    assert detail(desk, one).row.last_message_at == at(120)
    assert desk.db.get(messages.known_ids(list(mids))) == dict.fromkeys(mids, one)
    assert detail(desk, two).merged_into == one
    assert desk.db.get(threads.ids(Filter(View.ALL))).tolist() == [one]
    assert done.undo is not None
    done.undo()
    assert desk.db.get(messages.known_ids(list(mids))) == mids
    assert (detail(desk, one).row.message_count, detail(desk, two).row.message_count) == (1, 2)
    assert detail(desk, two).merged_into is None


@ON_BOTH
def test_split_gives_the_rest_a_ticket_of_its_own_and_undo_joins_them(desk: Desk) -> None:
    with desk.db.write() as tx:
        old, first = thread(tx)
        second = add(tx, old, mail("Another thing: the lamp flickers", subject="Lamp"), at(60))
        add(tx, old, when=at(120))
    with pytest.raises(Refused, match="Nothing would be left"):
        inbox.split(desk, first)
    done = inbox.split(desk, second)
    new = next(i for i in desk.db.get(threads.ids(Filter(View.ALL))) if i != old)
    assert [detail(desk, i).row.message_count for i in (old, new)] == [1, 2]
    assert detail(desk, new).row.subject == "Lamp"
    assert detail(desk, new).row.number != detail(desk, old).row.number
    assert done.undo is not None
    done.undo()
    assert detail(desk, old).row.message_count == 3
    assert desk.db.get(threads.ids(Filter(View.ALL))).tolist() == [old]


def test_unread_is_each_persons_own(desk: Desk, ticket: Ticket) -> None:
    inbox.mark_read(desk, ticket.id)
    (mine,), (toms,) = (desk.db.get(threads.rows([ticket.id], who)) for who in ("mara", "tom"))
    assert (mine.unread, toms.unread) == (False, True)


def test_corrected_labels_become_examples_and_are_gone_when_taken_back(desk: Desk, ticket: Ticket) -> None:
    def kept() -> list[tuple[Any, ...]]:
        with desk.db.read() as tx:
            rows = tx.exec_driver_sql("SELECT kind, label, text, agent FROM examples ORDER BY kind").all()
        return [tuple(r) for r in rows]

    with desk.db.write() as tx:
        tx.exec_driver_sql("UPDATE messages SET clean_text = text")
    done = [
        inbox.set_category(desk, ticket.id, Category.BILLING),
        inbox.set_priority(desk, ticket.id, Priority.LOW),
        inbox.set_mood(desk, ticket.id, Sentiment.NEGATIVE),
    ]
    said = {"category": "billing", "priority": "low", "sentiment": "negative"}
    assert kept() == [(kind, label, "Where is my parcel?", "mara") for kind, label in said.items()]
    for one in done:
        assert one.undo is not None
        one.undo()
    assert kept() == []


@ON_BOTH
def test_a_rejection_sends_the_run_back_to_its_draft_step_with_the_reason(desk: Desk, ticket: Ticket) -> None:
    review.reject(desk, ticket.draft, RejectReason.TOO_LONG, "two sentences")
    run = desk.db.get(jobs.one(ticket.run))
    assert run is not None
    assert (run.state, run.step, run.urgent) == (RunState.QUEUED, "draft", True)
    assert run.data["instruction"] == "it is too long: two sentences"
    assert run.data["rejected"] == "Dear Anna, it arrives tomorrow."
    with pytest.raises(Conflict):
        review.reject(desk, ticket.draft, RejectReason.OTHER)


def test_a_redraft_keeps_the_draft_and_refuses_while_one_is_written(desk: Desk, ticket: Ticket) -> None:
    review.redraft(desk, ticket.id, "in French")
    current = desk.db.get(drafts.current(ticket.id))
    assert current is not None
    assert current.id == ticket.draft
    with pytest.raises(Refused, match="worked on already"):
        review.redraft(desk, ticket.id, "in German")


def test_a_redraft_of_a_ticket_without_a_run_starts_one(desk: Desk) -> None:
    with desk.db.write() as tx:
        thread_id, _ = thread(tx)
    review.redraft(desk, thread_id, "kindly")
    (run,) = desk.db.get(jobs.of_thread(thread_id))
    assert (run.step, run.data["instruction"], run.state) == ("context", "kindly", RunState.QUEUED)


def test_a_hand_written_reply_fences_off_the_pipeline(desk: Desk, ticket: Ticket) -> None:
    review.redraft(desk, ticket.id, "shorter")
    with desk.db.write() as tx:
        run = jobs.claim(tx, ["ticket"], now=NOW, lease_seconds=60)
    assert run is not None
    review.reply(desk, ticket.id, "Hello Anna.")
    with pytest.raises(jobs.LeaseLost), desk.db.write() as tx:
        jobs.finish_step(tx, run, "draft", {}, 1.0, "check", now=NOW)
    current = desk.db.get(drafts.current(ticket.id))
    assert current is not None
    assert (current.written_by, current.version) == (Author.AGENT, 2)


def test_a_reply_answers_mail_the_pipeline_never_finished(desk: Desk) -> None:
    with desk.db.write() as tx:
        thread_id, message_id = thread(tx)
        cleared(tx, message_id, MessageStatus.PROCESSING)
    review.reply(desk, thread_id, "Hello Anna.")
    current = desk.db.get(drafts.current(thread_id))
    assert current is not None
    review.approve(desk, current.id)
    message = desk.db.get(messages.one(message_id))
    assert message is not None
    assert message.status is MessageStatus.APPROVED


@ON_BOTH
def test_an_answer_resumes_the_run_that_asked(desk: Desk) -> None:
    with desk.db.write() as tx:
        thread_id, _ = thread(tx)
        jobs.enqueue(tx, "ticket", run_at=NOW, now=NOW, thread_id=thread_id, step="plan")
        run = jobs.claim(tx, ["ticket"], now=NOW, lease_seconds=60)
        assert run is not None
        question = drafts.ask(
            tx, thread_id, "Refund or replace?", now=NOW, run_id=run.id, options=["refund", "replace"]
        )
        jobs.wait(tx, run)
        threads.update(tx, thread_id, asks=True, question_count=1)
    review.answer(desk, question, "refund")
    again = desk.db.get(jobs.one(run.id))
    assert again is not None
    assert (again.state, again.step) == (RunState.QUEUED, "plan")
    assert again.data == {"answers": {str(question): "refund"}, "chosen": "refund"}
    assert detail(desk, thread_id).row.question_count == 0
    with pytest.raises(Conflict, match="answered already"):
        review.answer(desk, question, "replace")


def test_a_draft_older_than_the_customers_last_mail_needs_a_confirmation(desk: Desk, ticket: Ticket) -> None:
    with desk.db.write() as tx:
        newer = add(tx, ticket.id, when=at(30))
    with pytest.raises(Refused, match="the customer wrote again"):
        review.approve(desk, ticket.draft)
    review.approve(desk, ticket.draft, confirm=True)
    row = desk.db.get(messages.one(newer))
    assert row is not None
    assert row.status is MessageStatus.RECEIVED


@ON_BOTH
def test_articles_are_saved_in_versions_and_a_stale_save_is_a_conflict(desk: Desk) -> None:
    article = Article("kb-1", "Delivery", "Two days.")
    created = knowledge.save_article(desk, article)
    changed = knowledge.save_article(desk, replace(article, body="Three days."), expect_version=1)
    with pytest.raises(Conflict):
        knowledge.save_article(desk, replace(article, body="Four days."), expect_version=1)
    assert changed.undo is not None
    changed.undo()
    row = desk.db.get(articles.one("kb-1"))
    assert row is not None
    assert (row.article, row.version) == (article, 3)
    assert created.undo is not None
    created.undo()
    assert desk.db.get(articles.hashes()) == {}


def test_a_contact_is_renamed_and_back(desk: Desk, ticket: Ticket) -> None:
    contact = detail(desk, ticket.id).contact_id
    assert contact is not None
    done = people.rename(desk, contact, "Anna V.")
    assert detail(desk, ticket.id).row.contact_name == "Anna V."
    assert done.undo is not None
    done.undo()
    found = desk.db.get(people_rows.contact(contact))
    assert found is not None
    assert found.name == "Anna Vogel"


def test_steps_are_those_of_the_pipeline() -> None:
    from desk.actions import desk as names
    from desk.pipeline import steps

    assert names.FIRST_STEP == steps.FIRST
    assert names.DRAFT_STEP in steps.BY_NAME
