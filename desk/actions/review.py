"""Drafts: approve, edit, refuse, ask for another, write by hand, answer what the pipeline asked."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from desk.actions.answer import (
    advance,
    covered,
    failing,
    forwards,
    newest_inbound,
    release_check,
    request,
    standing_draft,
)
from desk.actions.desk import DRAFT_STEP, FIRST_STEP, Desk, Done, Unit, found, unit
from desk.actions.plan import mark_reply, with_reply
from desk.actions.standing import standing
from desk.domain.canned import unfilled
from desk.domain.enums import (
    TICKET,
    ActionState,
    Author,
    Known,
    MessageStatus,
    RejectReason,
    RunState,
    ThreadStatus,
)
from desk.domain.mail import Outgoing
from desk.domain.ticket import Draft, Gate, Source
from desk.errors import Conflict, Refused
from desk.store import answers, drafts, jobs, ledger, messages, outbox, replies, threads
from desk.store.drafts import DraftRow, QuestionRow

REASONS = {
    RejectReason.WRONG_FACTS: "the facts are wrong",
    RejectReason.MISSING_ANSWER: "a question is not answered",
    RejectReason.WRONG_TONE: "the tone is wrong",
    RejectReason.TOO_LONG: "it is too long",
    RejectReason.WRONG_LANGUAGE: "it is in the wrong language",
    RejectReason.OTHER: "it does not fit",
}
"""What a rejection tells the next draft."""


def approve(
    desk: Desk, draft_id: int, *, confirm: bool = False, by_rule: bool = False, at: datetime | None = None
) -> Done:
    """Freeze a draft as it will be sent and hold it; it can be taken back until it leaves: after the hold, or at `at`.

    Raises Refused naming every gate that does not hold, unless `confirm` says the person saw them (a rule can't), and
    always for a blank of a ready-made reply that nothing filled.
    Raises Conflict when the draft is no longer on offer or the customer wrote meanwhile.
    """
    from desk.actions.outbox import cancel, stopped

    draft = found(desk.db.get(drafts.one(draft_id)), "This draft")
    if left := unfilled(f"{draft.subject}\n{draft.body}"):
        raise Refused(f"Not filled: {', '.join(left)}.", "Edit the draft and write what belongs there.")
    detail = found(desk.db.get(threads.one(draft.thread_id)), "This ticket")
    rows = desk.db.get(messages.of_thread(draft.thread_id))
    out = desk.compose(request(desk, detail, draft, rows, by_rule=by_rule))
    newest = newest_inbound(rows)
    fresh = newest is None or draft.message_id is None or newest.id == draft.message_id
    changed = Gate("thread_unchanged", fresh, "" if fresh else "the customer wrote again after this draft")
    gates = desk.check(release_check(desk, out, draft.body, draft, rows, by_rule=by_rule))
    known = standing(desk, draft, rows, out.recipients, by_rule=by_rule)
    open_gates = failing(draft.gates, gates, (changed,), known)
    if open_gates and (by_rule or not confirm):
        reasons = "; ".join(f"{g.name}: {g.reason.rstrip('.')}" for g in open_gates)
        raise Refused(f"Not everything holds: {reasons}.", "Edit the draft, or confirm that it may leave like this.")
    data = {"draft": draft.version, "confirmed": [g.name for g in open_gates], "message_id": out.message_id}
    with unit(desk, "approve", f"draft:{draft_id}", data, durable=True) as u:
        if u.thread(draft.thread_id).last_inbound_at != detail.last_inbound_at:
            raise Conflict("The customer wrote again just now.", "Read it, then approve or edit.")
        answers = covered(rows, draft)
        outbox_id = _hold(desk, u, draft, out, answers, open_gates, detail.mailbox_id, by_rule=by_rule, at=at)
        if fresh and not forwards(draft):
            jobs.stop(u.tx, draft.thread_id, TICKET, "answered by a person", now=u.now)
        later = f"on {at:%A %d %b, %H:%M}" if at is not None else f"in {desk.hold_seconds:.0f} s"
        holder = u.get(stopped())
        text = f"{detail.row.number} approved; {f'waits: {holder} holds everything' if holder else f'leaves {later}'}"
        u.note("draft.approved", text, draft.thread_id)
    back = partial(cancel, desk, outbox_id)
    if forwards(draft):
        return Done(text, back)
    problems, undos = with_reply(desk, draft.thread_id)
    return Done(f"{text}; {problems}" if problems else text, partial(_both, undos, back))


def _both(undos: Sequence[Callable[[], Done]], then: Callable[[], Done]) -> Done:
    """Take back the approval, then what the plan did with it; what it says is the approval's."""
    done = then()
    for undo in undos:
        undo()
    return done


def approve_offered(desk: Desk, thread_id: int) -> Done:
    """Approve the draft a ticket has on offer, as `approve` does; one with an open gate or question needs a look."""
    if any(q.answer is None for q in desk.db.get(drafts.questions_of(thread_id))):
        raise Refused("desk asks you something about this ticket.", "Open it, and answer with a.")
    return approve(desk, found(desk.db.get(drafts.current(thread_id)), "The draft of this ticket").id)


def _hold(
    desk: Desk,
    u: Unit,
    draft: DraftRow,
    out: Outgoing,
    answers: tuple[int, ...],
    warnings: tuple[Gate, ...],
    mailbox_id: int,
    *,
    by_rule: bool,
    at: datetime | None,
) -> int:
    """The rows of an approval: draft settled, bytes frozen, messages approved, ticket out of review."""
    drafts.settle(u.tx, draft.id, "approved")
    if not forwards(draft):
        mark_reply(u, draft.thread_id, ActionState.EXECUTED)
    outbox_id = outbox.add(
        u.tx,
        out,
        mailbox_id=mailbox_id,
        thread_id=draft.thread_id,
        draft_id=draft.id,
        draft_version=draft.version,
        body=draft.body,
        answers=answers,
        inbound_at=u.thread(draft.thread_id).last_inbound_at,
        not_before=max(u.now + timedelta(seconds=desk.hold_seconds), at or u.now),
        approved_by=desk.agent,
        now=u.now,
        by_rule=by_rule,
        warnings=warnings,
        up=desk.up(),
        hold_seconds=desk.hold_seconds,
    )
    for message_id in answers:
        advance(u, message_id, MessageStatus.APPROVED)
    threads.update(u.tx, draft.thread_id, status=ThreadStatus.OPEN, needs="", step="on hold", asks=False)
    return outbox_id


def edit(desk: Desk, draft_id: int, body: str, subject: str | None = None, canned: Sequence[Source] = ()) -> Done:
    """Save a person's version as the next revision; the one before stays. `canned` are ready-made replies put into it."""
    if not body.strip():
        raise Refused("The reply is empty.", "Write something, or refuse the draft.")
    old = found(desk.db.get(drafts.one(draft_id)), "This draft")
    with unit(desk, "edit", f"draft:{draft_id}") as u:
        if found(u.get(drafts.one(draft_id)), "This draft").state != "offered":
            raise Conflict("This draft is no longer on offer.", "Look at the thread again; somebody was first.")
        new = replace(
            old.as_draft(),
            body=body,
            subject=old.subject if subject is None else subject,
            written_by=Author.AGENT,
            claims=(),
            notes=(),
            confidence=1.0,
            sources=(*old.sources, *canned),
        )
        row = drafts.save(
            u.tx,
            old.thread_id,
            new,
            now=u.now,
            created_by=desk.agent,
            run_id=old.run_id,
            message_id=old.message_id,
            plan=old.plan,
            to=old.to,
            cc=old.cc,
            attachments=old.attachments,
        )
        replies.count(u.tx, [source.id for source in canned])
        threads.update(u.tx, old.thread_id, written_by=str(Author.AGENT))
        u.note("draft.edited", f"{desk.agent} wrote version {row.version}", old.thread_id)
    return Done(f"Version {row.version} saved", partial(offer, desk, old.id, old.thread_id))


def offer(desk: Desk, draft_id: int, thread_id: int) -> Done:
    """Undo of anything that took a revision off offer."""
    with unit(desk, "offer", f"draft:{draft_id}") as u:
        row = found(u.get(drafts.one(draft_id)), "This draft")
        if row.state in ("approved", "sent"):
            raise Conflict("This version was approved meanwhile.", "Take it back in the outbox.")
        jobs.stop(u.tx, thread_id, TICKET, "the earlier draft is on offer again", now=u.now)
        drafts.offer_again(u.tx, draft_id)
        threads.update(u.tx, thread_id, status=ThreadStatus.PENDING_REVIEW, written_by=str(row.written_by), step="")
        u.note("draft.offered", f"version {row.version} is on offer again", thread_id)
    return Done(f"Version {row.version} is on offer again")


def restore(desk: Desk, draft_id: int) -> Done:
    """Offer what an earlier version says again, as a new one: none that was there before is changed."""
    old = found(desk.db.get(drafts.one(draft_id)), "This version")
    with unit(desk, "restore", f"draft:{draft_id}") as u:
        before = standing_draft(u, old.thread_id)
        if before is not None and before.id == old.id:
            raise Refused(f"Version {old.version} is on offer.", "Pick another one with h and l.")
        if old.state == "sent":
            raise Refused(f"Version {old.version} has been sent.", "Write a new reply with r.")
        jobs.stop(u.tx, old.thread_id, TICKET, "an earlier version is offered again", now=u.now)
        row = drafts.save(
            u.tx, old.thread_id, old.as_draft(), now=u.now, created_by=old.created_by, run_id=old.run_id,
            message_id=old.message_id, model=old.model, prompt_version=old.prompt_version, gates=old.gates,
            instruction=old.instruction, plan=old.plan, to=old.to, cc=old.cc, attachments=old.attachments,
        )  # fmt: skip
        by = str(row.written_by)
        threads.update(u.tx, old.thread_id, status=ThreadStatus.PENDING_REVIEW, written_by=by, step="")
        u.note("draft.restored", f"{desk.agent} offers version {old.version} again, as {row.version}", old.thread_id)
    back = partial(offer, desk, before.id, old.thread_id) if before is not None else None
    return Done(f"Version {old.version} is on offer again, as version {row.version}", back)


def reject(desk: Desk, draft_id: int, reason: RejectReason, text: str = "") -> Done:
    """Refuse a draft with a reason; the thread's run writes another one that knows the reason."""
    with unit(desk, "reject", f"draft:{draft_id}", {"reason": str(reason), "text": text}) as u:
        draft = found(u.get(drafts.one(draft_id)), "This draft")
        drafts.settle(u.tx, draft_id, "rejected", reason=str(reason), text=text)
        said = {"verdict": "rejected", "reason": str(reason), "text": text, "before": draft.body}
        ledger.feedback(u.tx, draft.thread_id, draft_id, agent=desk.agent, at=u.now, **said)
        said_now = f"{REASONS[reason]}: {text}" if text else REASONS[reason]
        instruction = _together(draft, said_now)
        _write_again(u, draft.thread_id, {"instruction": instruction, "rejected": draft.body, "reason": str(reason)})
        threads.update(u.tx, draft.thread_id, status=ThreadStatus.OPEN, needs="", step="writing again")
        u.note("draft.rejected", f"version {draft.version} refused: {said_now}", draft.thread_id)
    return Done(
        f"Version {draft.version} refused; another one is being written",
        partial(offer, desk, draft_id, draft.thread_id),
    )


def redraft(desk: Desk, thread_id: int, instruction: str) -> Done:
    """Ask for another draft ("shorter", "offer a refund"); the one on offer stays until the new one is there."""
    with unit(desk, "redraft", f"thread:{thread_id}", {"instruction": instruction}) as u:
        row = u.thread(thread_id).row
        current = u.get(drafts.current(thread_id))
        if current is not None and current.state == "approved":
            raise Refused("An approved answer is on its way.", "Take it back in the outbox first.")
        rejected = current.body if current is not None else ""
        whole = _together(current, instruction)
        if not _write_again(u, thread_id, {"instruction": whole, "rejected": rejected, "reason": ""}):
            raise Refused("This ticket is being worked on already.", "Wait for its draft, then ask again.")
        threads.update(u.tx, thread_id, step="writing again")
        u.note("draft.asked", f"asked for another draft: {instruction}", thread_id)
    return Done(f"{row.number}: another draft is being written", partial(_stop, desk, thread_id))


def _together(draft: DraftRow | None, instruction: str) -> str:
    """What was asked of the draft before, which still holds, and what is asked now."""
    before = draft.instruction if draft is not None and draft.written_by is not Author.AGENT else ""
    return "; ".join(dict.fromkeys(part for part in (*before.split("; "), instruction) if part))


def _stop(desk: Desk, thread_id: int) -> Done:
    with unit(desk, "redraft.stop", f"thread:{thread_id}") as u:
        jobs.stop(u.tx, thread_id, TICKET, "the request for another draft was taken back", now=u.now)
        threads.update(u.tx, thread_id, step="")
    return Done("No other draft is being written")


def _write_again(u: Unit, thread_id: int, data: dict[str, str]) -> bool:
    """Send the thread's newest run back to its drafting step (a new one to the start); False while one is at work."""
    past = [run for run in u.get(jobs.of_thread(thread_id)) if run.kind == TICKET and run.parent_id is None]
    if not past:
        jobs.enqueue(
            u.tx, TICKET, run_at=u.now, now=u.now, thread_id=thread_id, step=FIRST_STEP, data=data, urgent=True
        )
        return True
    if past[0].state in (RunState.QUEUED, RunState.RUNNING):
        return False
    ready = any(step.step == "plan" for step in u.get(jobs.steps(past[0].id)))
    jobs.wake(u.tx, past[0].id, now=u.now, step=DRAFT_STEP if ready else FIRST_STEP, data=data, urgent=True)
    return True


def reply(
    desk: Desk,
    thread_id: int,
    body: str,
    subject: str | None = None,
    cc: tuple[str, ...] = (),
    canned: Sequence[Source] = (),
) -> Done:
    """Offer a hand-written reply; work of the pipeline on this ticket stops. `approve` sends it like any other.

    `canned` are the ready-made replies put into it: what they say has a source.
    """
    if not body.strip():
        raise Refused("The reply is empty.", "Write something first.")
    with unit(desk, "reply", f"thread:{thread_id}") as u:
        detail = u.thread(thread_id)
        before = standing_draft(u, thread_id)
        rows = u.get(messages.of_thread(thread_id))
        newest = newest_inbound(rows)
        draft = Draft(
            subject=subject or (before.subject if before else ""),
            body=body,
            language=detail.row.language or "en",
            written_by=Author.AGENT,
            confidence=1.0,
            sources=tuple(canned),
            claims=(),
        )
        replies.count(u.tx, [source.id for source in canned])
        jobs.stop(u.tx, thread_id, TICKET, "a person writes the answer", now=u.now)
        answers = newest.id if newest is not None else None
        row = drafts.save(u.tx, thread_id, draft, now=u.now, created_by=desk.agent, message_id=answers, cc=cc)
        threads.update(
            u.tx, thread_id, status=ThreadStatus.PENDING_REVIEW, written_by=str(Author.AGENT), step="", needs=""
        )
        u.note("draft.written", f"{desk.agent} wrote version {row.version} by hand", thread_id)
    back = partial(offer, desk, before.id, thread_id) if before is not None else None
    return Done(f"{detail.row.number}: version {row.version} is on offer", back)


def answer(desk: Desk, question_id: int, text: str, *, next_time: bool = False) -> Done:
    """Answer what the pipeline asked; its run goes on from where it waited. The answer counts as trusted text.

    With `next_time` an article that was picked also answers the same question of others, without asking.
    """
    if not text.strip():
        raise Refused("The answer is empty.", "Write something, or pick an option.")
    with unit(desk, "answer", f"question:{question_id}", {"answer": text}) as u:
        question = found(u.get(drafts.question(question_id)), "This question")
        drafts.answer(u.tx, question_id, text, by=desk.agent, at=u.now)
        run = u.get(jobs.one(question.run_id)) if question.run_id is not None else None
        if run is not None and run.state not in (RunState.QUEUED, RunState.RUNNING):
            answers = {**run.data.get("answers", {}), str(question_id): text}
            chosen = {"chosen": text} if text in question.options else {}
            step = run.data.get("resume")
            jobs.wake(u.tx, run.id, now=u.now, step=step, data={"answers": answers, **chosen}, urgent=True)
        if next_time and text in question.options and text.endswith("]"):
            _remember(u, question, text.rpartition("[")[2].rstrip("]"))
        left = sum(q.answer is None for q in u.get(drafts.questions_of(question.thread_id)))
        threads.update(u.tx, question.thread_id, asks=left > 0, question_count=left)
        u.note("question.answered", f"{desk.agent} answered: {text}", question.thread_id)
    return Done("Answered; the draft goes on")


def _remember(u: Unit, question: QuestionRow, article: str) -> None:
    """Keep the answer with the customer's question it was given to: the one the search was unsure of."""
    steps = u.get(jobs.steps(question.run_id)) if question.run_id is not None else []
    asked: list[dict[str, Any]] = next(
        (step.output.get("retrievals", []) for step in steps if step.step == "search"), []
    )
    unsure = [str(one["question"]) for one in asked if one.get("known") == Known.UNSURE]
    if unsure:
        answers.remember(u.tx, unsure[0], article, by=u.agent, at=u.now, thread_id=question.thread_id)


def forget_answer(desk: Desk, answer_id: int) -> Done:
    """Use a remembered answer no more: the next such question is asked again."""
    with unit(desk, "answer.forget", f"answer:{answer_id}") as u:
        if not answers.forget(u.tx, answer_id):
            raise Refused(f"There is no remembered answer {answer_id}.", "`desk kb answers` lists them.")
    return Done(f"Answer {answer_id} is used no more")
