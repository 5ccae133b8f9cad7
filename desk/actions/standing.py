"""Who is answered, looked at once more before anything leaves: a proven sender, and for a rule a person, and not often.

What a rule sends can be answered by another machine: RFC 3834 and RFC 5230 say whom to spare and how often.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from desk.actions.answer import newest_inbound
from desk.actions.desk import Desk
from desk.domain import answering
from desk.domain.mail import FAIL, PASS
from desk.domain.ticket import Gate
from desk.store import outbox, people, threads
from desk.store.drafts import DraftRow
from desk.store.messages import MessageRow

THREAD_LIMIT = (2, timedelta(hours=1))
"""How many answers a rule may give in one ticket, and in what time."""
CONTACT_LIMIT = (5, timedelta(days=1))
"""The same for one contact, over all tickets."""
WHOLE_LIMIT = (100, timedelta(hours=1))
"""The same for everything: past it something is wrong, and a person must look."""


def standing(
    desk: Desk,
    draft: DraftRow | None,
    rows: Sequence[MessageRow],
    recipients: Sequence[str],
    *,
    by_rule: bool,
    besides: int = 0,
) -> tuple[Gate, ...]:
    """The gates about whom a reply goes to. A person may confirm them, a rule can't; `besides` is the outgoing message
    that is looked at, which does not count against itself."""
    target = next((r for r in rows if draft is not None and r.id == draft.message_id), None) or newest_inbound(rows)
    if target is None:
        by_nobody = Gate("sender", not by_rule, "a rule answers only what somebody wrote" if by_rule else "")
        return (by_nobody, _reachable(desk, recipients))
    who = target.from_addr
    if not by_rule:
        forged = target.authentication == FAIL
        return (
            Gate("sender", not forged, f"the mail server says this is not from {who}" if forged else ""),
            _reply_to(target, recipients),
            _reachable(desk, recipients),
        )
    alone = {a.lower() for a in recipients} == {who.lower()}
    return (
        Gate("sender", target.authentication == PASS, f"nothing proves that the mail is from {who}"),
        Gate("person", not target.auto and not target.history, f"a machine wrote it: {target.auto_reason}"),
        Gate("only_sender", alone, f"a rule writes to {who} alone"),
        _reachable(desk, recipients),
        *_limits(desk, target.thread_id, besides, desk.clock()),
    )


def _reply_to(target: MessageRow, recipients: Sequence[str]) -> Gate:
    """Whether the answer goes where the sender is: a Reply-To elsewhere is how mail is led away."""
    elsewhere = answering.recipients(target.from_addr, target.reply_to, (), (), ()).warnings
    used = target.reply_to.lower() in {a.lower() for a in recipients}
    warned = [w for w in elsewhere if w.startswith("Answers go to")] if used and target.reply_to else []
    return Gate("reply_to", not warned, warned[0] if warned else "")


def _reachable(desk: Desk, recipients: Sequence[str]) -> Gate:
    came_back = desk.db.get(people.unreachable(recipients))
    return Gate("deliverable", not came_back, "; ".join(came_back.values()))


def _limits(desk: Desk, thread_id: int, besides: int, now: datetime) -> tuple[Gate, ...]:
    detail = desk.db.get(threads.one(thread_id))
    contact = detail.contact_id if detail is not None else None
    asked: tuple[tuple[str, tuple[int, timedelta], dict[str, int | None]], ...] = (
        ("this ticket", THREAD_LIMIT, {"thread_id": thread_id}),
        ("this contact", CONTACT_LIMIT, {"contact_id": contact}),
        ("everybody", WHOLE_LIMIT, {}),
    )
    found = []
    for whom, (most, time), where in asked:
        if where and None in where.values():
            continue
        count = desk.db.get(outbox.by_rule(now - time, besides=besides, **where))
        why = f"rules have answered {whom} {count} times within {_spoken(time)}"
        found.append(Gate("often", count < most, why))
    return tuple(found)


def _spoken(time: timedelta) -> str:
    return "a day" if time >= timedelta(days=1) else "an hour"
