"""From approval to sent: what is frozen, what stops it, and what each way of failing leaves behind."""

import sqlite3
from collections.abc import Callable
from datetime import timedelta

import pytest
from desks import Ticket, World
from postgres import ON_BOTH
from records import add, at, draft, mail

from desk.actions import outbox as door
from desk.actions import review
from desk.actions.desk import Desk
from desk.domain.enums import Direction, MessageStatus, OutboxState, ThreadStatus
from desk.domain.mail import Outgoing
from desk.domain.ticket import Gate
from desk.errors import Conflict, MailError, Refused, SendError
from desk.store import changes, drafts, ledger, messages, outbox, threads
from desk.store.outbox import OutboxRow


class InDoubt(SendError):
    """What the transport raises when the server went silent after DATA."""

    in_doubt = True


class Server:
    """A mail server by script: keeps what it took, raises what it is told to at the point it is told."""

    def __init__(self) -> None:
        self.took: list[Outgoing] = []
        self.before: BaseException | None = None
        self.after: BaseException | None = None
        self.between: Callable[[], None] = lambda: None
        self.calls = 0

    def send(self, out: Outgoing, before_data: Callable[[], None]) -> str:
        self.calls += 1
        if self.before is not None:
            raise self.before
        self.between()
        before_data()
        if self.after is not None:
            raise self.after
        self.took.append(out)
        return "250 2.0.0 queued as 4711"


@pytest.fixture
def server() -> Server:
    return Server()


def held(desk: Desk, ticket: Ticket) -> OutboxRow:
    review.approve(desk, ticket.draft)
    return desk.db.get(outbox.rows())[0]


def row(desk: Desk, outbox_id: int) -> OutboxRow:
    found = desk.db.get(outbox.one(outbox_id))
    assert found is not None
    return found


def status(desk: Desk, ticket: Ticket) -> tuple[str, str, str]:
    detail, message = desk.db.get(threads.one(ticket.id)), desk.db.get(messages.one(ticket.message))
    current = desk.db.get(drafts.one(ticket.draft))
    assert detail
    assert message
    assert current
    return str(detail.row.status), str(message.status), current.state


def test_an_approval_freezes_bytes_and_holds_them(desk: Desk, ticket: Ticket, world: World) -> None:
    done = review.approve(desk, ticket.draft)
    (frozen,) = desk.db.get(outbox.rows())
    assert frozen.state is OutboxState.HELD
    assert frozen.not_before == at(15)
    assert (frozen.approved_by, frozen.by_rule, frozen.answers) == ("mara", False, (ticket.message,))
    assert frozen.raw == world.compose(world.composed[0]).raw.replace(b"desk-2", b"desk-1")
    assert status(desk, ticket) == ("open", "approved", "approved")
    assert desk.db.get(outbox.due(at(14.9))) == []
    assert desk.db.get(outbox.due(at(15))) == [frozen.id]
    assert "15 s" in done.text


def test_undo_within_the_hold_offers_the_draft_again_and_undo_of_that_holds_it_again(
    desk: Desk, ticket: Ticket, server: Server
) -> None:
    done = review.approve(desk, ticket.draft)
    first = desk.db.get(outbox.rows())[0]
    assert done.undo is not None
    back = done.undo()
    assert row(desk, first.id).state is OutboxState.CANCELLED
    assert status(desk, ticket) == ("pending_review", "draft_ready", "offered")
    with pytest.raises(Conflict):
        door.release(desk, first.id, server.send)
    assert back.undo is not None
    back.undo()
    assert [o.state for o in desk.db.get(outbox.rows())] == [OutboxState.HELD, OutboxState.CANCELLED]
    assert server.calls == 0


@ON_BOTH
def test_two_people_approving_one_draft_make_one_message(desk: Desk, ticket: Ticket) -> None:
    review.approve(desk, ticket.draft)
    with pytest.raises(Conflict, match="no longer on offer"):
        review.approve(desk, ticket.draft)
    assert len(desk.db.get(outbox.rows())) == 1


@ON_BOTH
def test_a_sent_answer_stands_in_its_thread_and_settles_everything(
    desk: Desk, ticket: Ticket, server: Server, world: World
) -> None:
    frozen = held(desk, ticket)
    world.later(20)
    released = door.release(desk, frozen.id, server.send)
    assert released.state is OutboxState.SENT
    assert [o.raw for o in server.took] == [frozen.raw]
    now = row(desk, frozen.id)
    assert (now.state, now.phase, now.reply) == (OutboxState.SENT, "accepted", "250 2.0.0 queued as 4711")
    assert status(desk, ticket) == ("waiting", "sent", "sent")
    last = desk.db.get(messages.of_thread(ticket.id))[-1]
    assert (last.direction, last.text, last.message_id) == (Direction.OUTBOUND, frozen.body, frozen.message_id)
    assert desk.db.get(messages.raw(last.id)) == frozen.raw
    assert desk.db.get(messages.own_ids([frozen.message_id])) == {frozen.message_id}
    (charged,) = desk.db.get(ledger.rows())
    assert (charged.answered_by, charged.tokens, charged.period) == ("approved", 28, "2026-03")
    (said,) = desk.db.get(ledger.feedback_of(ticket.id))
    assert (said.verdict, said.agent) == ("approved", "mara")
    assert desk.db.get(changes.timeline(ticket.id))[-1].kind == "outbox.sent"
    with pytest.raises(Conflict):
        door.release(desk, frozen.id, server.send)
    assert server.calls == 1


def test_a_ticket_is_charged_once_a_month_however_often_it_is_answered(
    desk: Desk, ticket: Ticket, server: Server, world: World
) -> None:
    for number in range(3):
        frozen = held(desk, ticket) if number == 0 else _again(desk, ticket, world)
        world.later(20)
        door.release(desk, frozen.id, server.send)
    assert len(server.took) == 3
    assert len(desk.db.get(ledger.rows())) == 1


def _again(desk: Desk, ticket: Ticket, world: World) -> OutboxRow:
    with desk.db.write() as tx:
        add(tx, ticket.id, when=world.now)
    review.reply(desk, ticket.id, "And once more.")
    current = desk.db.get(drafts.current(ticket.id))
    assert current is not None
    review.approve(desk, current.id)
    return desk.db.get(outbox.rows())[0]


def _wrote_again(desk: Desk, ticket: Ticket, world: World) -> None:
    with desk.db.write() as tx:
        add(tx, ticket.id, when=world.now)


def _other_version(desk: Desk, ticket: Ticket, world: World) -> None:
    _sql(desk, "UPDATE drafts SET body = 'something else'")


def _draft_back_on_offer(desk: Desk, ticket: Ticket, world: World) -> None:
    _sql(desk, "UPDATE drafts SET state = 'offered'")


def _nobody(desk: Desk, ticket: Ticket, world: World) -> None:
    _sql(desk, "UPDATE outbox SET approved_by = ''")


def _recipients(desk: Desk, ticket: Ticket, world: World) -> None:
    world.recipients = ("mallory@example.net",)


def _gate(desk: Desk, ticket: Ticket, world: World) -> None:
    world.gates = (Gate("secrets", False, "a password is in the text"), Gate("links", True, ""))


def _merged(desk: Desk, ticket: Ticket, world: World) -> None:
    _sql(desk, f"UPDATE threads SET merged_into = {ticket.id}")


def _resolved(desk: Desk, ticket: Ticket, world: World) -> None:
    _sql(desk, "UPDATE threads SET status = 'resolved'")


def _answered(desk: Desk, ticket: Ticket, world: World) -> None:
    _sql(desk, f"UPDATE threads SET last_outbound_at = {at(10).timestamp()}")


def _sql(desk: Desk, statement: str) -> None:
    connection = sqlite3.connect(str(desk.db.url.database))
    connection.execute(statement)
    connection.commit()
    connection.close()


STOPS = {
    _wrote_again: "the customer wrote again",
    _other_version: "another version of the draft",
    _draft_back_on_offer: "another version of the draft",
    _nobody: "nobody approved it",
    _recipients: "the recipients are not the ones",
    _gate: "secrets: a password is in the text",
    _merged: "merged into another",
    _resolved: "the ticket is resolved",
    _answered: "somebody answered meanwhile",
}


@pytest.mark.parametrize("change", STOPS, ids=lambda f: f.__name__.strip("_"))
def test_each_gate_alone_stops_a_send(
    desk: Desk, ticket: Ticket, server: Server, world: World, change: Callable[[Desk, Ticket, World], None]
) -> None:
    frozen = held(desk, ticket)
    world.later(20)
    change(desk, ticket, world)
    released = door.release(desk, frozen.id, server.send)
    assert server.calls == 0
    assert released.state is OutboxState.CANCELLED
    assert STOPS[change] in released.text
    detail = desk.db.get(threads.one(ticket.id))
    assert detail is not None
    assert detail.row.status == ThreadStatus.PENDING_REVIEW
    assert STOPS[change] in detail.row.needs
    current = desk.db.get(drafts.one(ticket.draft))
    assert current is not None
    assert current.state == "offered"


def test_mail_that_arrives_between_the_check_and_data_still_stops_the_send(
    desk: Desk, ticket: Ticket, server: Server, world: World
) -> None:
    frozen = held(desk, ticket)
    world.later(20)
    server.between = lambda: _wrote_again(desk, ticket, world)
    released = door.release(desk, frozen.id, server.send)
    assert server.took == []
    assert (released.state, row(desk, frozen.id).state) == (OutboxState.CANCELLED, OutboxState.CANCELLED)
    assert "the customer wrote again" in released.text


@pytest.mark.parametrize(("kind", "leaves"), [("auto", True), ("bounce", False), ("", False)])
def test_an_out_of_office_does_not_stop_what_was_approved(
    desk: Desk, ticket: Ticket, server: Server, world: World, kind: str, leaves: bool
) -> None:
    frozen = held(desk, ticket)
    world.later(20)
    with desk.db.write() as tx:
        add(tx, ticket.id, mail("I am away until Monday.", auto=kind or None), world.now)
    released = door.release(desk, frozen.id, server.send)
    assert (server.calls == 1) is leaves
    assert (released.state is OutboxState.SENT) is leaves


def test_a_confirmed_warning_lets_the_message_leave_and_another_one_does_not(
    desk: Desk, ticket: Ticket, server: Server, world: World
) -> None:
    world.gates = (Gate("links", False, "a link nobody knows"),)
    with pytest.raises(Refused, match="links: a link nobody knows"):
        review.approve(desk, ticket.draft)
    assert desk.db.get(outbox.rows()) == []
    review.approve(desk, ticket.draft, confirm=True)
    frozen = desk.db.get(outbox.rows())[0]
    assert [w.name for w in frozen.warnings] == ["links"]
    world.later(20)
    assert door.release(desk, frozen.id, server.send).state is OutboxState.SENT


def test_a_rule_can_confirm_nothing_and_its_mark_survives_a_retry(
    desk: Desk, ticket: Ticket, server: Server, world: World
) -> None:
    world.gates = (Gate("links", False, "a link nobody knows"),)
    with pytest.raises(Refused):
        review.approve(desk, ticket.draft, confirm=True, by_rule=True)
    world.gates = ()
    review.approve(desk, ticket.draft, by_rule=True)
    frozen = desk.db.get(outbox.rows())[0]
    world.later(20)
    server.before = SendError("451 later", permanent=False)
    door.release(desk, frozen.id, server.send)
    world.later(60)
    world.gates = (Gate("links", False, "a link nobody knows"),)
    server.before = None
    released = door.release(desk, frozen.id, server.send)
    assert row(desk, frozen.id).by_rule
    assert world.checked[-1].by_rule
    assert (released.state, server.took) == (OutboxState.CANCELLED, [])


BEFORE, AFTER = "before", "after"
ENDS = [
    (BEFORE, SendError("550 no such user", permanent=True), OutboxState.FAILED),
    (BEFORE, SendError("451 greylisted", permanent=False), OutboxState.RETRY),
    (BEFORE, MailError("the server could not be reached"), OutboxState.RETRY),
    (BEFORE, OSError("connection refused"), OutboxState.RETRY),
    (AFTER, SendError("554 content refused", permanent=True), OutboxState.FAILED),
    (AFTER, SendError("452 out of space", permanent=False), OutboxState.RETRY),
    (AFTER, InDoubt("no answer within ten minutes"), OutboxState.IN_DOUBT),
    (AFTER, MailError("the connection was lost"), OutboxState.IN_DOUBT),
    (AFTER, OSError("connection reset"), OutboxState.IN_DOUBT),
]


@pytest.mark.parametrize(("point", "problem", "end"), ENDS, ids=lambda v: str(v).replace(" ", "_"))
def test_what_each_failure_means(
    desk: Desk, ticket: Ticket, server: Server, world: World, point: str, problem: Exception, end: OutboxState
) -> None:
    frozen = held(desk, ticket)
    world.later(20)
    setattr(server, point, problem)
    released = door.release(desk, frozen.id, server.send)
    now = row(desk, frozen.id)
    assert (released.state, now.state) == (end, end)
    assert str(problem) in now.error
    assert server.took == []
    assert desk.db.get(messages.of_thread(ticket.id))[-1].direction is Direction.INBOUND
    detail = desk.db.get(threads.one(ticket.id))
    assert detail is not None
    assert (detail.row.needs != "") == (end is not OutboxState.RETRY)
    world.later(60)
    assert (frozen.id in desk.db.get(outbox.due(world.now))) == (end is OutboxState.RETRY)
    setattr(server, point, None)
    if end is OutboxState.RETRY:
        door.release(desk, frozen.id, server.send)
        assert [o.raw for o in server.took] == [frozen.raw]


class Killed(BaseException):
    """The process dies here: nothing after this line runs."""


@pytest.mark.parametrize(("point", "end"), [(BEFORE, OutboxState.QUEUED), (AFTER, OutboxState.IN_DOUBT)])
def test_after_a_crash_only_what_reached_data_is_in_doubt(
    desk: Desk, ticket: Ticket, server: Server, world: World, point: str, end: OutboxState
) -> None:
    frozen = held(desk, ticket)
    world.later(20)
    setattr(server, point, Killed())
    with pytest.raises(Killed):
        door.release(desk, frozen.id, server.send)
    assert row(desk, frozen.id).state is OutboxState.SENDING
    door.recover(desk)
    assert row(desk, frozen.id).state is OutboxState.SENDING
    world.later(1000)
    door.recover(desk)
    assert row(desk, frozen.id).state is end
    setattr(server, point, None)
    if end is OutboxState.QUEUED:
        door.release(desk, frozen.id, server.send)
        assert len(server.took) == 1
    else:
        assert desk.db.get(outbox.due(world.now)) == []


@ON_BOTH
def test_a_crash_after_the_server_took_it_never_sends_twice_and_a_person_settles_it(
    desk: Desk, ticket: Ticket, server: Server, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    frozen = held(desk, ticket)
    world.later(20)

    def killed(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(outbox, "sent", killed)
        with pytest.raises(Killed):
            door.release(desk, frozen.id, server.send)
    world.later(1000)
    door.recover(desk)
    assert (len(server.took), row(desk, frozen.id).state) == (1, OutboxState.IN_DOUBT)
    door.mark_sent(desk, frozen.id)
    assert status(desk, ticket) == ("waiting", "sent", "sent")
    assert desk.db.get(messages.of_thread(ticket.id))[-1].message_id == frozen.message_id


def test_resend_of_a_doubtful_message_has_the_same_bytes(
    desk: Desk, ticket: Ticket, server: Server, world: World
) -> None:
    frozen = held(desk, ticket)
    world.later(20)
    server.after = InDoubt("silence")
    door.release(desk, frozen.id, server.send)
    with pytest.raises(Conflict):
        door.retry(desk, frozen.id)
    door.resend(desk, frozen.id)
    server.after = None
    door.release(desk, frozen.id, server.send)
    assert [(o.raw, o.message_id) for o in server.took] == [(frozen.raw, frozen.message_id)]


def test_a_worker_whose_claim_was_recovered_cannot_mark_the_message(
    desk: Desk, ticket: Ticket, server: Server, world: World
) -> None:
    frozen = held(desk, ticket)
    world.later(20)

    def overtaken() -> None:
        world.later(1000)
        door.recover(desk)

    server.between = overtaken
    with pytest.raises(Conflict):
        door.release(desk, frozen.id, server.send)
    assert server.took == []
    assert row(desk, frozen.id).state is OutboxState.QUEUED


def test_send_now_ends_the_hold_and_a_clock_set_back_never_sends_early(
    desk: Desk, ticket: Ticket, server: Server, world: World
) -> None:
    frozen = held(desk, ticket)
    world.later(-3600)
    assert desk.db.get(outbox.due(world.now)) == []
    world.later(3600)
    door.send_now(desk, frozen.id)
    assert door.release(desk, frozen.id, server.send).state is OutboxState.SENT


def test_retries_end_in_failed_and_a_person_may_start_again(
    desk: Desk, ticket: Ticket, server: Server, world: World
) -> None:
    frozen = held(desk, ticket)
    server.before = SendError("451 busy", permanent=False)
    for _ in range(len(outbox.RETRY_SECONDS) + 1):
        world.later(8000)
        door.release(desk, frozen.id, server.send)
    assert row(desk, frozen.id).state is OutboxState.FAILED
    door.retry(desk, frozen.id)
    server.before = None
    assert door.release(desk, frozen.id, server.send).state is OutboxState.SENT


def test_the_audit_chain_holds_and_a_changed_fact_breaks_it(desk: Desk, ticket: Ticket, server: Server) -> None:
    frozen = held(desk, ticket)
    door.cancel(desk, frozen.id)
    assert [a.action for a in desk.db.get(changes.audit_rows())] == ["approve", "cancel"]
    assert desk.db.get(changes.audit_broken()) is None
    _sql(desk, "UPDATE audit SET actor = 'tom' WHERE id = 1")
    assert desk.db.get(changes.audit_broken()) == 1


def test_what_the_gates_see_is_what_leaves(desk: Desk, ticket: Ticket, world: World, server: Server) -> None:
    with desk.db.write() as tx:
        drafts.save(tx, ticket.id, draft(), now=at(1), created_by="desk", message_id=ticket.message)
    current = desk.db.get(drafts.current(ticket.id))
    assert current is not None
    review.approve(desk, current.id)
    world.later(20)
    door.release(desk, desk.db.get(outbox.rows())[0].id, server.send)
    first, last = world.checked
    assert (first.body, first.recipients, first.sources) == (last.body, last.recipients, last.sources)
    assert last.sources == ("It arrives tomorrow.",)
    assert set(last.thread_addresses) == {"anna@example.org", "help@shop.example"}
    assert desk.db.get(messages.one(ticket.message)).status is MessageStatus.SENT  # type: ignore[union-attr]


def test_hold_everything_stops_all_that_waits_and_what_is_under_way(
    desk: Desk, ticket: Ticket, server: Server, world: World
) -> None:
    frozen = held(desk, ticket)
    world.later(20)
    server.between = lambda: door.hold_everything(desk)
    assert door.release(desk, frozen.id, server.send).state is OutboxState.CANCELLED
    assert server.took == []
    current = desk.db.get(drafts.current(ticket.id))
    assert current is not None
    assert review.approve(desk, current.id).text.endswith("approved; waits: mara holds everything")
    waiting = desk.db.get(outbox.rows())[0]
    world.later(20)
    with pytest.raises(Conflict, match="mara holds everything"):
        door.release(desk, waiting.id, server.send)
    assert door.hold_everything(desk).text.endswith("1 taken back")
    assert row(desk, waiting.id).state is OutboxState.CANCELLED
    server.between = lambda: None
    door.let_go(desk)
    last = held(desk, ticket)
    world.later(20)
    assert door.release(desk, last.id, server.send).state is OutboxState.SENT
    assert len(server.took) == 1


def test_what_is_sent_later_waits_for_its_moment(desk: Desk, ticket: Ticket, server: Server, world: World) -> None:
    at = world.now + timedelta(days=2)
    review.approve(desk, ticket.draft, at=at)
    (frozen,) = desk.db.get(outbox.rows())
    assert frozen.not_before == at
    world.later(2 * 86_400 - 1)
    assert desk.db.get(outbox.due(world.now)) == []
    with pytest.raises(Conflict, match="not due"):
        door.release(desk, frozen.id, server.send)
    world.later(1)
    assert door.release(desk, frozen.id, server.send).state is OutboxState.SENT
