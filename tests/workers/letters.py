"""Messages for tests of the workers."""

import os
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

from desk.config import Config

QUESTION = "Hello,\n\nhow many days do I have to return an unused lamp, and what does the return cost?\n\nAnna"


def letter(
    text: str = QUESTION,
    *,
    sender: str = "Anna Vogel <anna@web.example>",
    subject: str = "Returning a lamp",
    message_id: str = "<1@web.example>",
    **headers: str,
) -> bytes:
    """A plain message to the mailbox of the tests."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, "help@shop.example", subject
    if message_id:
        mail["Message-ID"] = message_id
    mail["Date"] = "Fri, 20 Nov 2026 11:59:00 +0000"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail.as_bytes()


def deliver(config: Config, *letters: bytes, at: float = 1_795_000_000.0) -> None:
    """Put messages into the watched folder, a second apart."""
    folder = Path(config.mailboxes[0].folder)
    start = len(list(folder.glob("*.eml")))
    for number, raw in enumerate(letters, start):
        path = folder / f"{number:05d}.eml"
        path.write_bytes(raw)
        os.utime(path, (at + number, at + number))


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
