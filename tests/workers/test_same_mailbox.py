"""Several desks over one store that fetch the same mailbox at the same time: every message is filed once, none fails."""

import threading
from datetime import UTC, datetime

import sqlalchemy as sa
from postgres import ON_BOTH

from desk.config import MailboxConfig
from desk.domain.mail import Fetched
from desk.mail.source import Batch, Cursor
from desk.store import database, intake
from desk.workers.intake import take

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
BATCHES, EACH, DESKS = 6, 20, 3


def _batch(number: int) -> Batch:
    found = []
    for uid in range(number * EACH + 1, (number + 1) * EACH + 1):
        answers = f"In-Reply-To: <{uid - 1}@x>\n" if uid % 3 == 2 else ""
        head = f"From: c{uid % 7}@web.example\nTo: help@shop.example\nSubject: Parcel {uid}\nMessage-ID: <{uid}@x>\n"
        raw = f"{head}{answers}\nWhere?"
        found.append(Fetched(raw.encode(), "INBOX", 1, uid, NOW))
    return Batch(tuple(found), Cursor(1, (number + 1) * EACH))


@ON_BOTH
def test_no_message_is_filed_twice_or_fails(empty_store: str) -> None:
    first = database.open(empty_store)
    box = MailboxConfig(name="help", address="help@shop.example")
    with first.write() as tx:
        mailbox_id = intake.mailbox(tx, box.name, box.address, at=NOW)
    start, filed, trouble = threading.Barrier(DESKS), [0] * DESKS, []

    def fetch(desk: int) -> None:
        db = database.open(empty_store)
        try:
            for number in range(BATCHES):
                start.wait(30)
                filed[desk] += len(take(db, mailbox_id, box, "INBOX", _batch(number), now=NOW))
        except Exception as problem:
            trouble.append(problem)
            start.abort()
        finally:
            db.close()

    desks = [threading.Thread(target=fetch, args=(n,)) for n in range(DESKS)]
    for desk in desks:
        desk.start()
    for desk in desks:
        desk.join(60)
    assert trouble == []
    assert sum(filed) == BATCHES * EACH
    with first.read() as tx:
        for table in ("messages", "runs", "events"):
            column = "uid" if table == "messages" else "message_id"
            once = tx.execute(sa.text(f"SELECT count(*), count(DISTINCT {column}) FROM {table}")).one()
            assert tuple(once) == (BATCHES * EACH, BATCHES * EACH), table
        assert tx.execute(sa.text("SELECT count(*) FROM threads WHERE message_count = 0")).scalar_one() == 0
    first.close()
