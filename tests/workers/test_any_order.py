"""The same mail gives the same tickets in any order; a late one joins what it connects, and that can be undone."""

import itertools
import random
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

import pytest
from letters import Clock

from desk.actions import inbox
from desk.actions.desk import Desk
from desk.config import MailboxConfig
from desk.domain.enums import ThreadStatus
from desk.domain.mail import Fetched
from desk.mail.source import Batch, Cursor
from desk.store import changes, database, intake, joining, messages, threads
from desk.store.database import Database
from desk.workers.intake import take

BOX = MailboxConfig(name="help", address="help@shop.example")
START = datetime(2026, 11, 20, 12, tzinfo=UTC)
_uid = itertools.count(1)


def written(
    name: str, sender: str = "ann@web.example", *, hours: int = 0, to: tuple[str, ...] = (), subject: str = "Question",
    answers: str = "", refers: tuple[str, ...] = (),
) -> bytes:  # fmt: skip
    mail = EmailMessage()
    mail["From"], mail["To"] = sender, ", ".join(("help@shop.example", *to))
    mail["Subject"], mail["Message-ID"] = subject, f"<{name}@web.example>"
    mail["Date"] = format_datetime(START + timedelta(hours=hours))
    if answers:
        mail["In-Reply-To"] = f"<{answers}@web.example>"
    if refers:
        mail["References"] = " ".join(f"<{r}@web.example>" for r in refers)
    mail.set_content(f"This is {name}.")
    return mail.as_bytes()


def arrive(db: Database, raws: list[bytes]) -> None:
    with db.write() as tx:
        box = intake.mailbox(tx, BOX.name, BOX.address, at=START)
    for raw in raws:
        uid = next(_uid)
        date = datetime.strptime(raw.decode().split("Date: ")[1].split("\n")[0], "%a, %d %b %Y %H:%M:%S %z")
        batch = Batch((Fetched(raw, "INBOX", 1, uid, date),), Cursor(1, uid))
        take(db, box, BOX, "INBOX", batch, now=START)


def tickets(db: Database) -> set[frozenset[str]]:
    """Which messages stand together, by their names."""
    found = set()
    for thread_id in db.get(threads.ids(threads.Filter(threads.View.ALL))):
        rows = db.get(messages.of_thread(thread_id))
        if rows:
            found.add(frozenset(r.message_id.partition("@")[0] for r in rows))
    return found


def exchange(rng: random.Random, number: int) -> list[bytes]:
    """A conversation of a few people, some of its mail never seen, and at times a stranger who names it."""
    circle = [f"p{number}{n}@web.example" for n in range(rng.choice((1, 1, 2, 3)))]
    # A telling subject leads one person's mail together; among several it is a guess about whoever wrote first.
    subject = "Question" if len(circle) > 1 else rng.choice(("Question", f"Lamp number {number}"))
    seen: list[tuple[str, tuple[str, ...]]] = []
    raws = []
    for n in range(rng.randint(1, 6)):
        name, sender = f"c{number}m{n}", circle[n % len(circle)] if n else circle[0]
        parent = rng.choice(seen) if seen else None
        refers = (*parent[1], parent[0]) if parent else ()
        kept = rng.choice((refers, refers, refers[-1:], refers[:1], ()))
        others = tuple(p for p in circle if p != sender)
        answers = refers[-1] if refers and (not kept or rng.random() < 0.8) else ""
        raw = written(name, sender, hours=number + n, to=others, answers=answers, refers=kept,
                      subject=f"Re: {subject}" if refers else subject)  # fmt: skip
        seen.append((name, refers))
        if rng.random() < 0.8:
            raws.append(raw)
    if rng.random() < 0.3 and seen:
        raws.append(written(f"c{number}evil", "mallory@evil.example", hours=40, answers=seen[-1][0]))
    return raws


@pytest.mark.parametrize("seed", range(40))
def test_no_order_changes_the_tickets(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    raws = [raw for number in range(3) for raw in exchange(rng, number)]
    outcomes = []
    for turn in range(4):
        db = database.open(str(tmp_path / f"{turn}.db"))
        arrive(db, raws if turn == 0 else rng.sample(raws, len(raws)))
        outcomes.append(tickets(db))
        db.close()
    assert outcomes[1:] == outcomes[:1] * 3
    assert sum(len(t) for t in outcomes[0]) == len(raws)
    assert not any("evil" in name and len(t) > 1 for t in outcomes[0] for name in t)


def test_every_order_of_a_reply_to_mail_that_never_came(tmp_path: Path) -> None:
    raws = [
        written("a", answers="lost"),
        written("b", refers=("lost",), hours=1),
        written("c", answers="b", hours=2),
        written("apart", hours=3),
    ]
    for n, order in enumerate(itertools.permutations(raws)):
        db = database.open(str(tmp_path / f"{n}.db"))
        arrive(db, list(order))
        assert tickets(db) == {frozenset("abc"), frozenset({"apart"})}
        db.close()


def test_late_mail_joins_two_tickets_visibly_and_a_person_can_undo_it(db: Database, desk: Desk, clock: Clock) -> None:
    clock.now = START
    arrive(db, [written("a"), written("b", hours=1)])
    assert len(tickets(db)) == 2
    arrive(db, [written("c", refers=("a", "b"), hours=2)])
    assert tickets(db) == {frozenset("abc")}
    (thread_id,) = db.get(threads.ids(threads.Filter(threads.View.ALL)))
    told = [e.text for e in db.get(changes.timeline(thread_id)) if e.kind == "thread.merged"]
    assert told == ["T-1002 belongs to T-1001: a message that came later answers both"]
    ((gone, number, moved),) = db.get(joining.merged(thread_id))
    assert number == "T-1002"
    done = inbox.unmerge(desk, gone, thread_id, moved)
    assert tickets(db) == {frozenset("a"), frozenset("bc")}
    arrive(db, [written("d", refers=("a", "b"), hours=3)])
    assert tickets(db) == {frozenset("a"), frozenset("bcd")}
    assert done.undo is not None
    done.undo()
    assert tickets(db) == {frozenset("abcd")}


def test_replies_follow_a_merge_by_reference_number_and_subject(db: Database, desk: Desk, clock: Clock) -> None:
    clock.now = START
    arrive(db, [written("a", subject="Green lamp"), written("b", subject="Red chair", hours=1)])
    one, two = (db.get(threads.by_number(f"T-100{n}")) for n in (1, 2))
    assert one is not None
    assert two is not None
    inbox.merge(desk, two.row.id, one.row.id)
    arrive(db, [
        written("c", answers="b", hours=2), written("d", subject="Re: Chair [T-1002]", hours=3),
        written("e", subject="Re: Red chair", hours=4),
    ])  # fmt: skip
    assert tickets(db) == {frozenset("abcde")}


def test_replies_follow_a_split_even_over_mail_that_never_came(db: Database, desk: Desk, clock: Clock) -> None:
    clock.now = START
    arrive(db, [
        written("a"), written("b", refers=("a",), hours=1), written("c", refers=("a", "b", "lost"), hours=2),
    ])  # fmt: skip
    split = inbox.split(desk, next(r.id for r in db.get(messages.of_thread(1)) if r.message_id.startswith("c@")))
    assert tickets(db) == {frozenset("ab"), frozenset("c")}
    arrive(db, [
        written("d", refers=("a", "b", "lost", "c"), hours=3), written("e", refers=("a", "b"), hours=4),
        written("f", refers=("lost",), hours=5),
    ])  # fmt: skip
    assert tickets(db) == {frozenset("abe"), frozenset("cdf")}
    assert split.undo is not None
    split.undo()
    assert frozenset("abec") in tickets(db)


def test_an_answer_on_its_way_keeps_its_ticket(db: Database, desk: Desk, clock: Clock) -> None:
    from desk.actions import review
    from desk.store import drafts

    clock.now = START
    arrive(db, [written("a"), written("b", hours=1)])
    two = db.get(threads.by_number("T-1002"))
    assert two is not None
    review.reply(desk, two.row.id, "It is on its way.")
    draft = db.get(drafts.current(two.row.id))
    assert draft is not None
    review.approve(desk, draft.id, confirm=True)
    arrive(db, [written("c", refers=("a", "b"), hours=2)])
    assert tickets(db) == {frozenset("abc")}
    kept = db.get(threads.one(two.row.id))
    assert kept is not None
    assert kept.merged_into is None
    assert kept.row.status == ThreadStatus.OPEN
