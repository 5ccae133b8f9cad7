"""Drafts: every revision of a reply, and which one is on offer."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from desk.domain.enums import ActionKind, Author, Register
from desk.domain.ticket import Claim, Draft, Gate, PlannedAction, Source
from desk.errors import Conflict
from desk.store.columns import maker, moment, stamp, strings
from desk.store.database import Read
from desk.store.tables import drafts, questions

d = drafts.c


@dataclass(frozen=True, slots=True)
class DraftFile:
    """A file put to a draft; its bytes are the blob `hash`."""

    filename: str
    content_type: str
    size: int
    hash: str


@dataclass(frozen=True, slots=True)
class DraftRow:
    """One revision. `state` is offered, superseded, approved, rejected or sent."""

    id: int
    thread_id: int
    version: int
    message_id: int | None
    run_id: int | None
    state: str
    subject: str
    body: str
    language: str
    register: Register
    written_by: Author
    confidence: float
    sources: tuple[Source, ...]
    claims: tuple[Claim, ...]
    gates: tuple[Gate, ...]
    notes: tuple[str, ...]
    plan: tuple[PlannedAction, ...]
    to: tuple[str, ...]
    cc: tuple[str, ...]
    attachments: tuple[DraftFile, ...]
    model: str
    prompt_version: str
    instruction: str
    created_by: str
    created_at: datetime
    reject_reason: str
    reject_text: str

    def as_draft(self) -> Draft:
        """The draft as the pipeline knows it."""
        return Draft(
            subject=self.subject,
            body=self.body,
            language=self.language,
            written_by=self.written_by,
            confidence=self.confidence,
            sources=self.sources,
            claims=self.claims,
            register=self.register,
            notes=self.notes,
        )


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """One question the pipeline put to a person."""

    id: int
    thread_id: int
    run_id: int | None
    text: str
    options: tuple[str, ...]
    answer: str | None
    answered_by: str
    asked_at: datetime


_COLUMNS = (
    *(d.id, d.thread_id, d.version, d.message_id, d.run_id, d.state, d.subject, d.body, d.language, d.register),
    *(d.written_by, d.confidence, d.sources, d.claims, d.gates, d.notes, d.plan, d.to_addrs, d.cc_addrs, d.attachments),
    *(d.model, d.prompt_version, d.instruction, d.created_by, d.created_at, d.reject_reason, d.reject_text),
)


def _plan(item: Mapping[str, Any]) -> PlannedAction:
    return PlannedAction(ActionKind(item["kind"]), item["detail"], dict(item.get("data") or {}))


def _sources(stored: Any) -> tuple[Source, ...]:
    return tuple(Source(**s) for s in stored or ())


_row = maker(
    DraftRow,
    register=Register,
    written_by=Author,
    sources=_sources,
    claims=lambda stored: tuple(Claim(**c) for c in stored or ()),
    gates=lambda stored: tuple(Gate(**g) for g in stored or ()),
    notes=strings,
    plan=lambda stored: tuple(_plan(p) for p in stored or ()),
    to=strings,
    cc=strings,
    attachments=lambda stored: tuple(DraftFile(**f) for f in stored or ()),
    created_at=moment,
)
_question = maker(QuestionRow, options=strings, asked_at=moment)


def offered(thread_id: int) -> sa.Select[Any]:
    """The id of the revision on offer, as a statement."""
    return sa.select(d.id).where(d.thread_id == thread_id, d.state == "offered").order_by(d.version.desc()).limit(1)


def current(thread_id: int) -> Read[DraftRow | None]:
    """The revision to show: the one on offer or approved, None when every one was rejected, replaced or sent."""
    statement = sa.select(*_COLUMNS).where(d.thread_id == thread_id, d.state.in_(["offered", "approved"]))
    return Read(statement.order_by(d.version.desc()).limit(1), lambda rows: _row(rows[0]) if rows else None)


def revisions(thread_id: int) -> Read[list[DraftRow]]:
    """Every revision, oldest first."""
    statement = sa.select(*_COLUMNS).where(d.thread_id == thread_id).order_by(d.version)
    return Read(statement, lambda rows: [_row(r) for r in rows])


def one(draft_id: int) -> Read[DraftRow | None]:
    """One revision by its id."""
    return Read(sa.select(*_COLUMNS).where(d.id == draft_id), lambda rows: _row(rows[0]) if rows else None)


def save(
    tx: Connection,
    thread_id: int,
    draft: Draft,
    *,
    now: datetime,
    created_by: str,
    run_id: int | None = None,
    message_id: int | None = None,
    model: str = "",
    prompt_version: str = "",
    gates: Sequence[Gate] = (),
    instruction: str = "",
    plan: Sequence[PlannedAction] = (),
    to: Sequence[str] = (),
    cc: Sequence[str] = (),
    attachments: Sequence[DraftFile] = (),
) -> DraftRow:
    """Offer a new revision (version = highest + 1); what was on offer is superseded. An approved one stays approved."""
    highest = tx.execute(sa.select(sa.func.max(d.version)).where(d.thread_id == thread_id)).scalar()
    tx.execute(drafts.update().where(d.thread_id == thread_id, d.state == "offered").values(state="superseded"))
    values = {
        "thread_id": thread_id,
        "version": (highest or 0) + 1,
        "message_id": message_id,
        "run_id": run_id,
        "subject": draft.subject,
        "body": draft.body,
        "language": draft.language,
        "register": str(draft.register),
        "written_by": str(draft.written_by),
        "confidence": draft.confidence,
        "sources": [asdict(s) for s in draft.sources],
        "claims": [asdict(c) for c in draft.claims],
        "gates": [asdict(g) for g in gates],
        "notes": list(draft.notes),
        "plan": [{**asdict(p), "kind": str(p.kind)} for p in plan],
        "to_addrs": list(to),
        "cc_addrs": list(cc),
        "attachments": [asdict(f) for f in attachments],
        "model": model,
        "prompt_version": prompt_version,
        "instruction": instruction,
        "created_by": created_by,
        "created_at": stamp(now),
    }
    return _row(tx.execute(drafts.insert().values(values).returning(*_COLUMNS)).one())


def attach(tx: Connection, draft_id: int, files: Sequence[DraftFile]) -> None:
    """Say which files go with a revision."""
    tx.execute(drafts.update().where(d.id == draft_id).values(attachments=[asdict(f) for f in files]))


def note(tx: Connection, draft_id: int, text: str) -> None:
    """Add something the person should know to a revision, once."""
    row = tx.execute(sa.select(d.notes).where(d.id == draft_id).with_for_update()).scalar_one()
    notes = [n for n in row or () if n != text]
    tx.execute(drafts.update().where(d.id == draft_id).values(notes=[*notes, text]))


def address(tx: Connection, draft_id: int, to: Sequence[str], cc: Sequence[str]) -> None:
    """Say to whom a revision goes; without `to` as the answered message says, and to `cc` besides."""
    tx.execute(drafts.update().where(d.id == draft_id).values(to_addrs=list(to), cc_addrs=list(cc)))


def settle(
    tx: Connection, draft_id: int, new: str, *, expect: str = "offered", reason: str = "", text: str = ""
) -> None:
    """Move a revision from `expect` to `new`; Conflict when somebody was first."""
    done = tx.execute(
        drafts.update()
        .where(d.id == draft_id, d.state == expect)
        .values(state=new, reject_reason=reason, reject_text=text)
    )
    if done.rowcount != 1:
        raise Conflict("This draft is no longer on offer.", "Look at the thread again; somebody was first.")


def ask(
    tx: Connection, thread_id: int, text: str, *, now: datetime, run_id: int | None = None, options: Sequence[str] = ()
) -> int:
    """Put a question to a person; the run that asks is parked with `jobs.wait`. Returns the question's id."""
    values = {"thread_id": thread_id, "run_id": run_id, "text": text, "options": list(options), "asked_at": stamp(now)}
    return int(tx.execute(questions.insert().values(values).returning(questions.c.id)).scalar_one())


def questions_of(thread_id: int) -> Read[list[QuestionRow]]:
    """Every question of a thread, oldest first."""
    q = questions.c
    statement = sa.select(q.id, q.thread_id, q.run_id, q.text, q.options, q.answer, q.answered_by, q.asked_at)
    return Read(
        statement.where(q.thread_id == thread_id).order_by(q.id),
        lambda rows: [_question(r) for r in rows],
    )


def offer_again(tx: Connection, draft_id: int) -> None:
    """Put an earlier revision back on offer; any other on offer is superseded."""
    thread_id = tx.execute(sa.select(d.thread_id).where(d.id == draft_id)).scalar_one()
    tx.execute(
        drafts.update()
        .where(d.thread_id == thread_id, d.state == "offered", d.id != draft_id)
        .values(state="superseded")
    )
    tx.execute(drafts.update().where(d.id == draft_id).values(state="offered", reject_reason="", reject_text=""))


def question(question_id: int) -> Read[QuestionRow | None]:
    """One question."""
    q = questions.c
    statement = sa.select(q.id, q.thread_id, q.run_id, q.text, q.options, q.answer, q.answered_by, q.asked_at)
    return Read(statement.where(q.id == question_id), lambda rows: _question(rows[0]) if rows else None)


def answer(tx: Connection, question_id: int, text: str, *, by: str, at: datetime) -> None:
    """Record a person's answer; Conflict when somebody answered before."""
    done = tx.execute(
        questions.update()
        .where(questions.c.id == question_id, questions.c.answer.is_(None))
        .values(answer=text, answered_by=by, answered_at=stamp(at))
    )
    if done.rowcount != 1:
        raise Conflict("This question was answered already.", "Look at the thread again.")
