"""A folder of .eml files as a mailbox, and its `sent/` as the way out: the demo, tests, and mail that is delivered as files."""

import contextlib
import hashlib
import os
import re
import secrets
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from desk.domain.mail import Fetched, Outgoing
from desk.errors import MailError, SendError
from desk.mail.source import Batch, Cursor, Moved, Place

BATCH = 50
"""Messages in one batch."""
LOOK_SECONDS = 0.1
"""How often a waiting source looks at its folder."""
_INDEX = ".desk-uids"


class FolderSource:
    """Reads `*.eml` in the order their names first appeared. UIDs are kept in a small index file in the folder, so that
    a name once seen keeps its UID; where the folder can't be written to they hold for this process only.

    With `pace`, every batch holds one message and `pace()` is called before each: it may wait, and so stages a demo.
    """

    def __init__(self, folder: Path, *, pace: Callable[[], None] | None = None, name: str = "") -> None:
        self.path = folder
        self.name = name or folder.name
        self.folder = "INBOX"
        self.pace = pace
        self._closed = threading.Event()
        self._uidvalidity, self._names = _read_index(folder)

    def poll(self, cursor: Cursor | None, moved: Moved | None = None) -> Iterator[Batch]:
        """Every file after the cursor, oldest first; a cursor of another index starts again from the first file."""
        names = self._number()
        after = cursor.last_uid if cursor and cursor.uidvalidity == self._uidvalidity else 0
        size = 1 if self.pace else BATCH
        for start in range(after, len(names), size):
            if self.pace:
                self.pace()
            last = min(start + size, len(names))
            found = [self._read(uid, names[uid - 1]) for uid in range(start + 1, last + 1)]
            yield Batch(tuple(f for f in found if f), Cursor(self._uidvalidity, last))

    def wait(self, seconds: float) -> None:
        """Return as soon as the folder holds a new name, at the latest after `seconds`."""
        waited = 0.0
        while waited < seconds and not self._closed.wait(min(LOOK_SECONDS, seconds - waited)):
            waited += LOOK_SECONDS
            if len(set(self._listing()) - set(self._names)):
                return

    def file_sent(self, raw: bytes, message_id: str) -> str | None:
        """Where the sent copy lies; the transport has already written it."""
        path = self.path / "sent" / _file_name(message_id)
        if not path.exists():
            _write(path, raw)
        return f"sent/{path.name}"

    def flag(self, place: Place, name: str) -> None:
        """A folder of files knows no flags."""

    def find_sent(self, message_id: str) -> bool:
        """Whether `sent/` holds this message."""
        return (self.path / "sent" / _file_name(message_id)).exists()

    def close(self) -> None:
        """End a `wait`."""
        self._closed.set()

    def _listing(self) -> list[str]:
        try:
            return sorted(
                e.name for e in os.scandir(self.path) if e.name.endswith(".eml") and not e.name.startswith(".")
            )
        except OSError as problem:
            raise MailError(
                f"The mail folder {self.path} can't be read: {problem.strerror}.", "Check `folder`."
            ) from problem

    def _number(self) -> list[str]:
        known = set(self._names)
        fresh = [name for name in self._listing() if name not in known]
        if fresh:
            self._names += fresh
            lines = [str(self._uidvalidity), *self._names]
            with contextlib.suppress(OSError):
                _write(self.path / _INDEX, "\n".join(lines).encode("utf-8", "surrogateescape"))
        return list(self._names)

    def _read(self, uid: int, name: str) -> Fetched | None:
        path = self.path / name
        try:
            received = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            return Fetched(path.read_bytes(), self.folder, self._uidvalidity, uid, received)
        except FileNotFoundError:
            return None
        except OSError as problem:
            raise MailError(f"{path} can't be read: {problem.strerror}.", "Check the file's permissions.") from problem


class FolderTransport:
    """Hands messages over by writing them to `sent/`; one file a Message-ID, so that a repeated send changes nothing."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "sent"

    def send(self, out: Outgoing, before_data: Callable[[], None]) -> str:
        """Write the message; returns what an SMTP server would answer."""
        before_data()
        path = self.path / _file_name(out.message_id)
        try:
            _write(path, out.raw)
        except OSError as problem:
            raise SendError(
                f"{path} can't be written: {problem.strerror}.", "Check the folder's permissions."
            ) from problem
        return f"250 written to {self.path.name}/{path.name}"


def _file_name(message_id: str) -> str:
    """A file name that stands for one Message-ID: readable, and distinct even where characters had to go."""
    plain = message_id.strip().strip("<>")
    safe = re.sub(r"[^\w@.+-]", "_", plain)[:120].lstrip(".")
    mark = "" if safe == plain else "-" + hashlib.sha256(plain.encode("utf-8", "replace")).hexdigest()[:8]
    return f"{safe}{mark}.eml"


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.part")
    part.write_bytes(content)
    part.replace(path)


def _read_index(folder: Path) -> tuple[int, list[str]]:
    try:
        first, *names = (folder / _INDEX).read_bytes().decode("utf-8", "surrogateescape").split("\n")
        if first.isdecimal():
            return int(first), [n for n in names if n]
    except OSError:
        pass
    return secrets.randbelow(2**31 - 2) + 1, []
