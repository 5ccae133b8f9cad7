"""What approving and releasing share: which messages an answer covers, how it is composed, what is checked."""

import re
from collections import deque
from collections.abc import Sequence

from desk.actions.desk import Desk, Unit
from desk.actions.plan import mark_reply
from desk.domain.enums import ActionKind, ActionState, Author, Direction, MessageStatus, ThreadStatus
from desk.domain.mail import Attachment, Outgoing
from desk.domain.sending import ReleaseCheck, ReplyRequest
from desk.domain.states import MESSAGE_MOVES
from desk.domain.ticket import Gate
from desk.errors import Refused
from desk.store import drafts, messages, people, threads
from desk.store.drafts import DraftRow
from desk.store.messages import MessageRow
from desk.store.outbox import OutboxRow
from desk.store.threads import ThreadDetail

OPEN_STATES = frozenset(
    {
        MessageStatus.PROCESSING,
        MessageStatus.CLASSIFIED,
        MessageStatus.DRAFT_READY,
        MessageStatus.COALESCED,
        MessageStatus.FAILED,
    }
)
"""Messages that wait for an answer."""

_ADDRESS = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,6}[a-zA-Z]{2,24}(?![\w-])")
_LINK = re.compile(r"https?://[^\s<>\"')\]]+")


def covered(rows: Sequence[MessageRow], draft: DraftRow) -> tuple[int, ...]:
    """The inbound messages a draft answers: all that wait, up to the newest one it was written for; none by a forward."""
    if forwards(draft):
        return ()
    waiting = [r for r in rows if r.direction is Direction.INBOUND and not r.history and r.status in OPEN_STATES]
    last = next((r for r in rows if r.id == draft.message_id), None)
    return tuple(r.id for r in waiting if last is None or r.received_at <= last.received_at)


def forwards(draft: DraftRow) -> bool:
    """Whether a draft hands the message on instead of answering it."""
    return any(action.kind is ActionKind.FORWARD for action in draft.plan) and draft.written_by is Author.AGENT


def standing_draft(u: Unit, thread_id: int) -> DraftRow | None:
    """The draft on offer before a person writes one; Refused while an approved answer is on its way."""
    before = u.get(drafts.current(thread_id))
    if before is not None and before.state == "approved":
        raise Refused("An approved answer is on its way.", "Take it back in the outbox first.")
    return before


def newest_inbound(rows: Sequence[MessageRow]) -> MessageRow | None:
    """The newest message from outside that a person could answer."""
    shut = (MessageStatus.QUARANTINED, MessageStatus.SPAM)
    inbound = [r for r in rows if r.direction is Direction.INBOUND and r.status not in shut]
    people = [r for r in inbound if not r.auto]
    chosen = people or inbound
    return chosen[-1] if chosen else None


def request(
    desk: Desk, detail: ThreadDetail, draft: DraftRow, rows: Sequence[MessageRow], *, by_rule: bool = False
) -> ReplyRequest:
    """What the reply to a thread is composed from."""
    target = next((r for r in rows if r.id == draft.message_id), None) or newest_inbound(rows)
    return ReplyRequest(
        mailbox=detail.row.mailbox,
        answers=desk.db.get(messages.raw(target.id)) if target is not None else None,
        body=draft.body,
        subject=draft.subject or None,
        to=draft.to or (None if target is not None else (detail.row.contact_addr,)),
        cc=draft.cc,
        number=detail.row.number,
        references=target.references if target is not None else (),
        by_rule=by_rule,
        forward=forwards(draft),
        attachments=tuple(
            Attachment(f.filename, f.content_type, f.size, desk.db.get(messages.blob(f.hash)))
            for f in draft.attachments
        ),
        language=draft.language,
    )


def release_check(
    desk: Desk,
    out: Outgoing | OutboxRow,
    body: str,
    draft: DraftRow | None,
    rows: Sequence[MessageRow],
    *,
    by_rule: bool,
) -> ReleaseCheck:
    """What the outgoing gates look at."""
    texts = [s.text for s in draft.sources if s.text] if draft is not None else []
    customer = "\n".join(r.clean_text or "" for r in rows if r.direction is Direction.INBOUND and r.clean)
    inbound = [r for r in rows if r.direction is Direction.INBOUND]
    by_hand = draft is not None and draft.written_by is Author.AGENT and not forwards(draft)
    asked = next((r.clean_text or "" for r in inbound if draft and r.id == draft.message_id and r.clean), "")
    ours = [r.clean_text or "" for r in rows if r.direction is Direction.OUTBOUND]
    addresses = {a.lower() for r in rows for a in (r.from_addr, r.reply_to, *r.to, *r.cc) if a}
    named = {m.lower().rstrip(".") for m in _ADDRESS.findall(f"{out.subject}\n{body}")}
    others: frozenset[str] = desk.db.get(people.known(named - addresses)) if named - addresses else frozenset()
    return ReleaseCheck(
        body=body,
        subject=out.subject,
        recipients=out.recipients,
        thread_addresses=tuple(sorted(addresses)),
        sources=tuple(texts),
        allowed_links=tuple(sorted({link for text in (*texts, *ours) for link in _LINK.findall(text)})),
        by_rule=by_rule,
        customer_text=customer,
        other_addresses=tuple(sorted(others)),
        files=b"\nContent-Disposition: attachment" in out.raw,
        by_hand=by_hand,
        asked=asked,
        names=tuple(dict.fromkeys(n for r in inbound for n in (r.from_name, r.from_addr) if n)),
    )


def failing(*groups: Sequence[Gate]) -> tuple[Gate, ...]:
    """The gates that do not hold, each name once."""
    found = {gate.name: gate for group in groups for gate in group if not gate.passed}
    return tuple(found.values())


def advance(u: Unit, message_id: int, new: MessageStatus) -> None:
    """Bring a message to `new` by the shortest legal way: a person's answer may come at any stage."""
    row = u.get(messages.one(message_id))
    if row is None or row.status is new:
        return
    for step in _way(row.status, new):
        messages.move(u.tx, message_id, step)


def _way(old: MessageStatus, new: MessageStatus) -> list[MessageStatus]:
    paths: deque[list[MessageStatus]] = deque([[old]])
    seen = {old}
    while paths:
        path = paths.popleft()
        if path[-1] is new:
            return path[1:]
        for step in sorted(MESSAGE_MOVES[path[-1]] - seen):
            seen.add(step)
            paths.append([*path, step])
    return [new]


def back_to_review(u: Unit, row: OutboxRow, needs: str) -> None:
    """Undo an approval: draft on offer, messages waiting, ticket in review with the reason."""
    if row.draft_id is not None:
        drafts.offer_again(u.tx, row.draft_id)
    for message_id in row.answers:
        if (message := u.get(messages.one(message_id))) and message.status is MessageStatus.APPROVED:
            messages.move(u.tx, message_id, MessageStatus.DRAFT_READY)
    if row.thread_id is not None:
        mark_reply(u, row.thread_id, ActionState.PLANNED)
        threads.update(u.tx, row.thread_id, status=ThreadStatus.PENDING_REVIEW, needs=needs, step="")
