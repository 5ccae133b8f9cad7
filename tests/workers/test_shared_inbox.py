"""Several mailboxes in one inbox: rules say whose a new ticket is, an answer stays, nothing is lost, replies leave rightly."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from letters import QUESTION, Clock
from postgres import ON_BOTH
from servers import pymap_server, smtp_sink

from desk.actions import review
from desk.cli import rooms as composition
from desk.config import Config, MailboxConfig, PipelineConfig, WebhookConfig, parse
from desk.config_rules import BrokenRule, RuleConfig
from desk.domain.mail import Fetched
from desk.mail.rules import Rulebook
from desk.mail.source import Batch, Cursor
from desk.pipeline.case import Rooms
from desk.pipeline.runner import Runner
from desk.store import changes, database, drafts, intake, messages, outbox, people, threads
from desk.store.database import Database
from desk.store.threads import ThreadDetail
from desk.workers import fetch
from desk.workers.fetch import Fetcher
from desk.workers.ingest import ingest, mailbox_for
from desk.workers.intake import take
from desk.workers.loop import Stop
from desk.workers.send import Sender

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HELP, SALES = "help@shop.example", "sales@shop.example"
TO_SALES = RuleConfig("sales mail", to=(SALES,), mailbox="sales", tags=("Sales",), assign="mara")


@pytest.fixture
def config(tmp_path: Path) -> Config:
    folder = tmp_path / "mailbox"
    folder.mkdir()
    support = MailboxConfig(
        name="support", address=HELP, aliases=(SALES,), folder=str(folder), signature="The lamp shop", import_from="all"
    )
    sales = MailboxConfig(
        name="sales", inbox="support", address=SALES, display_name="Sales", signature="Your sales team"
    )
    pipeline = PipelineConfig(window_seconds=30, hold_seconds=15)
    return Config(mailboxes=(support, sales), rules=(TO_SALES,), pipeline=pipeline)


@pytest.fixture
def db(empty_store: str) -> Iterator[Database]:
    made = database.open(empty_store)
    yield made
    made.close()


def mail(
    n: int, to: str = HELP, subject: str = "", answers: int = 0, sender: str = "Anna Vogel <anna@web.example>"
) -> bytes:
    reference = f"In-Reply-To: <{answers}@web.example>\r\n" if answers else ""
    head = f"From: {sender}\r\nTo: {to}\r\nSubject: {subject or f'A lamp of kind {n}'}\r\nMessage-ID: <{n}@web.example>\r\n"
    return f"{head}Date: Fri, 20 Nov 2026 11:59:00 +0000\r\n{reference}\r\n{QUESTION}\r\n".encode()


def file(db: Database, config: Config, *raws: bytes) -> None:
    for raw in raws:
        ingest(db, mailbox_for(config, raw), raw, "ingest", now=NOW, rules=Rulebook(config))


def tickets(db: Database) -> dict[str, ThreadDetail]:
    """Every ticket by its number."""
    found = [db.get(threads.one(i)) for i in db.get(threads.ids(threads.Filter(threads.View.ALL)))]
    return {one.row.number: one for one in found if one}


@ON_BOTH
def test_a_rule_says_whose_a_new_ticket_is(db: Database, config: Config) -> None:
    file(db, config, mail(1, SALES), mail(2))
    one, other = (tickets(db)[n] for n in ("T-1001", "T-1002"))
    assert (one.row.mailbox, one.row.assigned, one.tags) == ("sales", "mara", ("sales",))
    assert (other.row.mailbox, other.row.assigned, other.tags) == ("support", "", ())
    assert [agent.login for agent in db.get(people.agents())] == ["mara"]
    (said,) = [e.text for e in db.get(changes.timeline(one.row.id)) if e.kind == "thread.ruled"]
    assert said == "“sales mail”: → sales, tag Sales, for mara"
    assert not [e for e in db.get(changes.timeline(other.row.id)) if e.kind == "thread.ruled"]


@ON_BOTH
def test_an_answer_stays_in_its_ticket(db: Database, config: Config) -> None:
    file(db, config, mail(1, SALES), mail(2, HELP, answers=1), mail(3), mail(4, SALES, answers=3))
    assert {n: (t.row.mailbox, t.row.message_count) for n, t in tickets(db).items()} == {
        "T-1001": ("sales", 2),
        "T-1002": ("support", 2),
    }


@ON_BOTH
def test_the_same_subject_of_the_same_contact_finds_the_ticket_a_rule_gave_away(db: Database, config: Config) -> None:
    file(db, config, mail(1, SALES, "Forty lamps for our office"), mail(2, HELP, "Re: Forty lamps for our office"))
    file(db, config, mail(3, SALES, "Forty lamps for our office"))
    (only,) = tickets(db).values()
    assert (only.row.mailbox, only.row.message_count) == ("sales", 3)


@ON_BOTH
def test_every_message_is_filed_once_whatever_the_rules_say(db: Database, config: Config) -> None:
    broken = BrokenRule("broken", what="wrong", fix="mend it")
    gone = RuleConfig("to nobody", to=("x@shop.example",), mailbox="a mailbox that is not there")
    config = replace(config, rules=(broken, gone, TO_SALES))
    raws = [
        mail(1, SALES),
        mail(2),
        mail(3, "x@shop.example"),
        mail(4, "undisclosed-recipients:;"),
        b"no message at all",
    ]
    file(db, config, *raws, *raws)
    assert len(db.get(messages.all_ids())) == len(raws)
    boxes = [ticket.row.mailbox for ticket in sorted(tickets(db).values(), key=lambda t: t.row.id)]
    assert boxes == ["sales", "support", "support", "support", "support"]


def test_a_broken_rule_in_the_file_leaves_mail_where_it_came(db: Database) -> None:
    text = '[[mailboxes]]\nname = "support"\naddress = "help@shop.example"\n[[rules]]\nto = "*"\nmailbox = "sales"\n'
    file(db, parse(text.encode(), Path("desk.toml"), {}), mail(1, SALES))
    (only,) = tickets(db).values()
    assert only.row.mailbox == "support"


@ON_BOTH
def test_history_gets_its_mailbox_and_is_nobodys_work(db: Database, config: Config) -> None:
    box, batch = config.mailboxes[0], Batch((Fetched(mail(1, SALES), "INBOX", 1, 1, NOW),), Cursor(1, 1))
    with db.write() as tx:
        mailbox_id = intake.mailbox(tx, box.name, box.address, at=NOW)
    take(db, mailbox_id, box, "INBOX", batch, now=NOW, history=True, rules=Rulebook(config))
    (only,) = tickets(db).values()
    assert (only.row.mailbox, only.row.assigned) == ("sales", "")


def test_a_rule_may_give_mail_to_a_mailbox_with_an_inbox_of_its_own(db: Database, config: Config) -> None:
    b2b = MailboxConfig(name="b2b", address="b2b@shop.example", folder="/nowhere")
    rule = RuleConfig("partners", from_=("@partner.example",), mailbox="b2b")
    config = replace(config, mailboxes=(*config.mailboxes, b2b), rules=(rule,))
    file(db, config, mail(1, HELP, sender="Cy <cy@partner.example>"))
    (only,) = tickets(db).values()
    assert only.row.mailbox == "b2b"
    (message,) = db.get(messages.of_thread(only.row.id))
    assert db.get(messages.mailbox_names())[message.mailbox_id] == "support", "the message lies where it came to"


@pytest.mark.parametrize(("known", "sender"), [(True, SALES), (False, HELP)])
def test_a_reply_leaves_from_its_mailboxs_own_address_only_where_that_is_the_desks(
    known: bool, sender: str, db: Database, config: Config, rooms: Rooms, clock: Clock
) -> None:
    if not known:
        config = replace(config, mailboxes=(replace(config.mailboxes[0], aliases=()), config.mailboxes[1]))
    file(db, config, mail(1, SALES))
    row = sent(db, config, rooms, clock)
    assert row.state in ("sent", "filed"), row.error
    (path,) = (Path(config.mailboxes[0].folder) / "sent").glob("*.eml")
    letter = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert letter["From"].addresses[0].addr_spec == sender
    assert letter["From"].addresses[0].display_name == "Sales"
    assert [a.addr_spec for a in letter["To"].addresses] == ["anna@web.example"]
    assert "Your sales team" in letter.get_content()
    assert "The lamp shop" not in letter.get_content()


def sent(db: Database, config: Config, rooms: Rooms, clock: Clock) -> outbox.OutboxRow:
    """Have the one ticket drafted for, approved and sent; the row in the outbox."""
    runner = Runner(db, replace(rooms, config=config), clock)
    for _ in range(8):
        while runner.once():
            pass
        clock.pass_(31)
    (thread_id,) = db.get(threads.ids(threads.Filter(threads.View.REVIEW)))
    draft = db.get(drafts.current(thread_id))
    assert draft is not None
    desk = replace(composition.desk(config, db, who="mara"), clock=clock, uptime=None)
    review.approve(desk, draft.id, confirm=True)
    clock.pass_(16)
    sender = Sender(config, desk, composition.transport(config), composition.source)
    sender.once()
    (row,) = db.get(outbox.rows())
    sender.once()
    sender.close()
    return row


def test_over_real_servers_the_shared_login_sends_files_and_marks(
    db: Database, config: Config, rooms: Rooms, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pymap_server() as server, smtp_sink(auth=True, password=server.password) as smtp:
        monkeypatch.setenv("DESK_TEST_PASSWORD", server.password)
        with server.client() as client:
            client.create_folder("Sent")
        box = replace(
            server.box(write_back=True), address=HELP, aliases=(SALES,), smtp=smtp.config(), import_from="now",
            password_env="DESK_TEST_PASSWORD",
        )  # fmt: skip
        config = replace(config, mailboxes=(box, replace(config.mailboxes[1], inbox=box.name)))
        fetcher = Fetcher(db, box, composition.source, clock, rules=Rulebook(config))
        fetcher.poll()
        server.deliver([mail(1, SALES)])
        assert fetcher.poll() == 1
        row = sent(db, config, rooms, clock)
        fetcher.close()
        assert row.state in ("sent", "filed"), row.error
        assert smtp.taken[0][0] == SALES
        with server.client() as client:
            client.select_folder("INBOX", readonly=True)
            assert len(client.search("ANSWERED")) == 1
            client.select_folder("Sent", readonly=True)
            assert len(client.search(["HEADER", "Message-ID", row.message_id])) == 1


def test_what_was_answered_is_marked_where_it_came_to(
    db: Database, config: Config, rooms: Rooms, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rule gave the ticket to a mailbox on another server, where a message of another customer has the same UID."""
    with pymap_server() as here, pymap_server() as there, smtp_sink(auth=True) as smtp:
        monkeypatch.setenv("DESK_TEST_PASSWORD", here.password)
        assert here.password == there.password
        boxes, login = [], replace(smtp.config(), user=here.user)
        for name, server, address in (("support", here, HELP), ("sales", there, SALES)):
            with server.client() as client:
                client.create_folder("Sent")
            box = replace(server.box(write_back=True), name=name, address=address, smtp=login)
            boxes.append(replace(box, password_env="DESK_TEST_PASSWORD", import_from="now"))
        config = replace(config, mailboxes=tuple(boxes), rules=(replace(TO_SALES, assign=""),))
        fetcher = Fetcher(db, boxes[0], composition.source, clock, rules=Rulebook(config))
        fetcher.poll()
        there.deliver([mail(9, SALES)])
        here.deliver([mail(1, SALES)])
        assert fetcher.poll() == 1
        row = sent(db, config, rooms, clock)
        fetcher.close()
        assert row.state in ("sent", "filed"), row.error
        for server, marked in ((here, 1), (there, 0)):
            with server.client() as client:
                client.select_folder("INBOX", readonly=True)
                assert len(client.search("ANSWERED")) == marked


def test_the_fetch_worker_reads_the_shared_inbox_once_and_follows_the_rules(db: Database, config: Config) -> None:
    folder = Path(config.mailboxes[0].folder)
    (folder / "1.eml").write_bytes(mail(1, SALES))
    stop, pause = Stop(), threading.Event()
    worker = threading.Thread(target=fetch.run, args=(db, config, composition.source, stop))
    worker.start()
    try:
        for _ in range(500):
            names = [row.name for row in db.get(changes.workers())]
            if names and db.get(messages.all_ids()):
                break
            pause.wait(0.02)
    finally:
        stop.event.set()
        worker.join(10)
    (only,) = tickets(db).values()
    assert only.row.mailbox == "sales"
    assert names == ["fetch"]
    assert set(db.get(messages.mailbox_names()).values()) == {"support", "sales"}


def test_mail_handed_in_comes_to_a_mailbox_that_receives(config: Config) -> None:
    config = replace(config, mailboxes=config.mailboxes[::-1], webhook=WebhookConfig())
    assert mailbox_for(config, mail(1, SALES)).name == "support"
    assert mailbox_for(config, mail(1, "nobody@else.example")).name == "support"
    assert mailbox_for(config, mail(1), name="sales").name == "sales"
