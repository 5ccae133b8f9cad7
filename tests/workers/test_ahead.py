"""Reading ahead: everything in order, whatever becomes of the helpers, and what breaks is said after what came before it."""

import multiprocessing
import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from desk.domain.mail import Fetched
from desk.errors import MailError
from desk.mail.source import Batch, Cursor
from desk.workers.ahead import MANY, ahead


def batches(number: int, *, broken: bool = False) -> Iterator[Batch]:
    for start in range(0, number * MANY, MANY):
        some = (
            Fetched(
                f"Subject: {uid}\r\nMessage-ID: <{uid}@x.example>\r\n\r\nText".encode(),
                "INBOX",
                1,
                uid,
                datetime.now(UTC),
            )
            for uid in range(start + 1, start + MANY + 1)
        )
        yield Batch(tuple(some), Cursor(1, start + MANY), history=True)
    if broken:
        raise MailError("the line broke", "Try again.")


def test_batches_come_in_order_with_their_own_messages_even_when_helpers_are_killed() -> None:
    seen: list[str] = []
    for batch, letters in ahead(batches(7)):
        assert [x.fetched.uid for x in letters] == [m.uid for m in batch.messages]
        seen += [x.mail.subject for x in letters]
        for helper in multiprocessing.active_children() if len(seen) == 2 * MANY else ():
            os.kill(helper.pid or 0, signal.SIGKILL)
    assert seen == [str(n) for n in range(1, 7 * MANY + 1)]
    assert multiprocessing.active_children() == []


def test_what_breaks_is_said_after_what_came_before_it() -> None:
    taken: list[int] = []

    def read() -> None:
        for batch, _ in ahead(batches(3, broken=True)):
            taken.append(batch.cursor.last_uid)

    with pytest.raises(MailError, match="the line broke"):
        read()
    assert taken == [MANY, 2 * MANY, 3 * MANY]


def test_few_messages_need_no_helper() -> None:
    one = Batch((Fetched(b"Subject: a\r\n\r\nb", "INBOX", 1, 1, datetime.now(UTC)),), Cursor(1, 1))
    for _, letters in ahead(iter([one])):
        assert [x.mail.subject for x in letters] == ["a"]
        assert multiprocessing.active_children() == []
