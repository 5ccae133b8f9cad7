"""What each finished step writes beside its own output: thread columns, planned actions, the draft, the timeline."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from desk.domain.codec import from_json
from desk.domain.enums import Direction, MessageStatus, Priority, RouteTo, ThreadStatus
from desk.domain.states import MESSAGE_MOVES
from desk.domain.ticket import Draft, Gate, PlannedAction, Retrieval, Route, Triage
from desk.pipeline.case import Case, Result
from desk.store import answers, articles, changes, drafts, intake, jobs, messages, plans, threads
from desk.store.database import Connection, within

Keep = Callable[[Connection, jobs.Run, Case, Result, datetime], dict[str, Any]]
"""Writes the domain rows of one step; returns columns of the thread to set."""


def cost(result: Result) -> jobs.Cost:
    """What a step's model call cost, as the store keeps it."""
    usage = result.usage
    tokens = (usage.tokens_in, usage.tokens_evaluated, usage.tokens_out) if usage else (0, 0, 0)
    return jobs.Cost(result.model, result.prompt_version, *tokens)


def data(name: str, result: Result) -> dict[str, Any]:
    """What the run itself remembers of a step: where it goes on once a person has answered its question."""
    return {"resume": "search"} if name == "plan" and result.output["question"] else {}


def step(tx: Connection, run: jobs.Run, case: Case, name: str, result: Result, *, word: str, now: datetime) -> None:
    """Write what the step found; `word` says what comes next, in the row of the thread."""
    columns = KEEP[name](tx, run, case, result, now) if name in KEEP else {}
    threads.update(tx, case.thread_id, step=word, **columns)


def failed(tx: Connection, run: jobs.Run, reason: str, *, again: bool, now: datetime) -> None:
    """Show a failed step on its thread: what went wrong, and whether it is tried again."""
    if run.thread_id is None:
        return
    word = f"{run.step} failed, trying again" if again else ""
    needs = "" if again else f"{run.step} failed: {reason}"
    threads.update(tx, run.thread_id, step=word, needs=needs)
    changes.record(
        tx,
        "run.retry" if again else "run.failed",
        f"{run.step}: {reason}",
        actor="desk",
        at=now,
        thread_id=run.thread_id,
    )
    if not again:
        one = within(tx, messages.one(run.message_id)) if run.message_id else None
        for message in within(tx, messages.of_run(run.id)) or ([one] if one else []):
            if MessageStatus.FAILED in MESSAGE_MOVES[message.status]:
                intake.move(tx, message.id, MessageStatus.FAILED)


def skipped(tx: Connection, run: jobs.Run) -> None:
    """Nothing waits for this run any more: its thread shows no step."""
    if run.thread_id is not None:
        threads.update(tx, run.thread_id, step="")


def _triage(tx: Connection, run: jobs.Run, case: Case, result: Result, now: datetime) -> dict[str, Any]:
    found = from_json(Triage, result.output["triage"])
    batch = [m for m in within(tx, messages.of_run(run.id)) if m.direction is Direction.INBOUND]
    for message in batch:
        if message is batch[-1]:
            if message.status in (MessageStatus.DRAFT_READY, MessageStatus.COALESCED):
                intake.move(tx, message.id, MessageStatus.PROCESSING)
            intake.move(tx, message.id, MessageStatus.CLASSIFIED)
        elif message.status is not MessageStatus.COALESCED:
            intake.move(tx, message.id, MessageStatus.COALESCED)
    return {
        "category": str(found.category),
        "priority": str(found.priority),
        "sentiment": str(found.sentiment),
        "language": found.language,
        "register": str(found.register),
        "urgent": found.priority is Priority.URGENT,
        "confidence": found.confidence,
    }


def _search(tx: Connection, run: jobs.Run, case: Case, result: Result, now: datetime) -> dict[str, Any]:
    found = [from_json(Retrieval, r) for r in result.output["retrievals"]]
    answers.used(tx, [int(one["id"]) for one in result.output.get("recalled", ())], now=now)
    return {"known": result.output["known"], "answerable": min((r.answerable for r in found), default=0.0)}


def _plan(tx: Connection, run: jobs.Run, case: Case, result: Result, now: datetime) -> dict[str, Any]:
    actions = [from_json(PlannedAction, a) for a in result.output["actions"]]
    plans.propose(tx, case.thread_id, run.id, actions)
    question = result.output["question"]
    if question:
        drafts.ask(tx, case.thread_id, question["text"], now=now, run_id=run.id, options=question["options"])
    return {"asks": bool(question), "question_count": 1 if question else 0}


def _draft(tx: Connection, run: jobs.Run, case: Case, result: Result, now: datetime) -> dict[str, Any]:
    changes.stream(tx, case.thread_id, "", at=now)
    return {}


def _route(tx: Connection, run: jobs.Run, case: Case, result: Result, now: datetime) -> dict[str, Any]:
    route = from_json(Route, result.output["route"])
    checked = case.outputs["check"]
    draft = from_json(Draft, checked["draft"])
    written = next((s for s in within(tx, jobs.steps(run.id)) if s.step == "draft"), None)
    batch = [m for m in within(tx, messages.of_run(run.id)) if m.direction is Direction.INBOUND]
    standing = within(tx, drafts.current(case.thread_id))
    if checked.get("undone") and standing is not None and standing.state == "offered":
        return _kept(tx, case, standing, f"Not done: {checked['undone']}; the draft stands as it was.", now)
    drafts.save(
        tx,
        case.thread_id,
        draft,
        now=now,
        created_by="desk",
        run_id=run.id,
        message_id=batch[-1].id if batch else None,
        model=written.model if written else "",
        prompt_version=written.prompt_version if written else "",
        gates=[from_json(Gate, g) for g in checked["gates"]],
        instruction="" if checked.get("undone") else case.instruction,
        plan=[from_json(PlannedAction, a) for a in case.outputs["plan"]["actions"]],
    )
    articles.cite(tx, [source.id for source in draft.sources])
    if batch and batch[-1].status is MessageStatus.CLASSIFIED:
        intake.move(tx, batch[-1].id, MessageStatus.DRAFT_READY)
    changes.record(
        tx,
        "draft.offered",
        f"{draft.written_by} draft in {draft.language}, {draft.confidence:.2f}: {route.reason}",
        actor="desk",
        at=now,
        thread_id=case.thread_id,
    )
    columns: dict[str, Any] = {
        "status": ThreadStatus.PENDING_REVIEW,
        "needs": route.reason,
        "written_by": str(draft.written_by),
    }
    if route.to is RouteTo.ESCALATE and not (case.instruction and "priority" in case.said):
        columns |= {"urgent": True, "priority": "urgent"}
    return columns


def _kept(tx: Connection, case: Case, standing: drafts.DraftRow, why: str, now: datetime) -> dict[str, Any]:
    """What was asked for can't be done here: the draft on offer stays, and says why."""
    drafts.note(tx, standing.id, why)
    changes.record(tx, "draft.kept", f"“{case.instruction}”: {why}", actor="desk", at=now, thread_id=case.thread_id)
    return {"status": ThreadStatus.PENDING_REVIEW, "written_by": str(standing.written_by)}


KEEP: dict[str, Keep] = {"triage": _triage, "search": _search, "plan": _plan, "draft": _draft, "route": _route}
