"""The sender as a process that dies, or meets trouble, at one chosen point: for bench_send.py and the tests.

`run(point, …)` is what such a process does. Every point is a place in the real code, named in `POINTS`.
"""

import contextlib
import os
import signal
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from servers import PASSWORD


def die(*_: Any, **__: Any) -> None:
    """What kill -9 does."""
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)


def _instead(owner: Any, name: str, act: Callable[..., Any]) -> None:
    setattr(owner, name, act)


def _before(owner: Any, name: str, act: Callable[..., Any]) -> None:
    inner = getattr(owner, name)

    def both(*args: Any, **more: Any) -> Any:
        act()
        return inner(*args, **more)

    setattr(owner, name, both)


def _after(owner: Any, name: str, act: Callable[..., Any]) -> None:
    inner = getattr(owner, name)

    def both(*args: Any, **more: Any) -> Any:
        found = inner(*args, **more)
        act()
        return found

    setattr(owner, name, both)


def _half_data() -> None:
    """Die when half of the message has been handed over."""
    from desk.mail import smtp

    async def half(client: Any, *_: Any) -> str:
        await client.execute_command(b"DATA")
        client.transport.write(b"Subject: half\r\n")
        die()
        return ""

    _instead(smtp, "_data", half)


def _full_disk() -> None:
    import sqlalchemy as sa

    from desk.store import outbox

    def full(*_: Any) -> None:
        raise sa.exc.OperationalError("UPDATE outbox", {}, OSError(28, "database or disk is full"))

    _instead(outbox, "mark_data", full)


def arm(point: str) -> None:
    """Lay the trap of a point; nothing for a point that the server or the caller brings about."""
    from desk.actions import outbox as door
    from desk.mail import imap
    from desk.store import changes, outbox
    from desk.workers import send

    traps: dict[str, Callable[[], None]] = {
        "kill at the approval": lambda: _before(changes, "audit", die),
        "kill at the end of the hold": lambda: _before(outbox, "claim", die),
        "kill after the claim": lambda: _before(door, "_objection", die),
        "kill after RCPT": lambda: _before(door._Door, "before_data", die),
        "kill between mark and DATA": lambda: _after(door._Door, "before_data", die),
        "kill in the middle of DATA": _half_data,
        "kill after 250, before the commit": lambda: _before(outbox, "sent", die),
        "kill between sent and APPEND": lambda: _before(send.Sender, "_file", die),
        "kill after APPEND, before the commit": lambda: _before(outbox, "filed", die),
        "kill during APPEND": lambda: _after(imap.imapclient.IMAPClient, "append", die),
        "disk full at the mark": _full_disk,
    }
    if point in traps:
        traps[point]()


def run(point: str, location: str, home: str, ahead: float, data_seconds: float = 0.5) -> None:
    """One sender that works until nothing is due, in a world `ahead` seconds later, with the trap of `point` laid."""
    os.environ |= {"DESK_HOME": home, "BENCH_PASSWORD": PASSWORD}
    from desk.cli import rooms
    from desk.cli.secrets import credential
    from desk.config import load
    from desk.errors import DeskError
    from desk.mail import smtp
    from desk.paths import at
    from desk.store import database
    from desk.workers import send

    arm(point)
    if point == "database locked":
        database.BUSY_MS = 200
    send.LEASE_SECONDS = 0.4
    config = load(at(Path(home)).config)
    db = database.Database(location)
    plain = rooms.desk(config, db, who="bench")
    object.__setattr__(plain, "clock", lambda: rooms.now() + timedelta(seconds=ahead))
    if point == "kill at the approval":
        approve(plain)
        return

    def transport(box: Any) -> Any:
        return lambda out, before: smtp.send(
            box.smtp, box.smtp.user, credential(box), out, before_data=before, data_seconds=data_seconds
        )

    sender = send.Sender(config, plain, transport, rooms.source)
    until = time.monotonic() + 20
    idle = 0
    while time.monotonic() < until and idle < 3:
        try:
            busy = sender.once() or not sender.lease.held()
        except DeskError:
            busy = False
        idle = 0 if busy else idle + 1
        time.sleep(0.02)
    with contextlib.suppress(DeskError):
        sender.close()


def approve(desk: Any) -> None:
    """Approve every draft on offer."""
    from desk.actions import review
    from desk.store import drafts, threads

    for thread_id in desk.db.get(threads.ids(threads.Filter(threads.View.REVIEW))):
        draft = desk.db.get(drafts.current(thread_id))
        if draft is not None and draft.state == "offered":
            review.approve(desk, draft.id, confirm=True)
