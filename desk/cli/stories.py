"""The sample mailbox: its manifest, how its messages are delivered, and whether each story ended where it should."""

import os
import re
import tomllib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from desk.config import Config
from desk.domain.mail import Fetched

if TYPE_CHECKING:
    from desk.store.database import Database


@dataclass(frozen=True, slots=True)
class Story:
    """One story: which files make it, which of them are past, and where it must end."""

    name: str
    title: str
    files: tuple[str, ...]
    history: tuple[str, ...]
    expect: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sample:
    """The whole sample mailbox."""

    folder: Path
    pace_seconds: float
    stories: tuple[Story, ...]

    @property
    def past(self) -> list[str]:
        """Files that were there before, oldest first."""
        return sorted((f for s in self.stories for f in s.history), key=lambda name: sent_at(self.folder / name))

    @property
    def arriving(self) -> list[str]:
        """Files that arrive now, in the order of the stories."""
        return [f for s in self.stories for f in s.files if f not in s.history]


def load(folder: Path) -> Sample:
    """Read `stories.toml`."""
    data = tomllib.loads((folder / "stories.toml").read_text(encoding="utf-8"))
    stories = tuple(
        Story(s["name"], s["title"], tuple(s["files"]), tuple(s.get("history", ())), s.get("expect", {}))
        for s in data["stories"]
    )
    return Sample(folder, float(data.get("pace_seconds", 0.12)), stories)


def sent_at(path: Path) -> datetime:
    """The Date header of a message file; long ago where it has none that can be read."""
    head = path.read_bytes()[:20_000].decode("latin-1")
    if found := re.search(r"^Date:[ \t]*(.+(?:\r?\n[ \t].+)*)", head, re.M | re.I):
        try:
            when = parsedate_to_datetime(" ".join(found.group(1).split()))
            return when if when.tzinfo else when.replace(tzinfo=UTC)
        except ValueError:
            pass
    return datetime(2000, 1, 1, tzinfo=UTC)


def import_history(db: "Database", config: Config, sample: Sample) -> float:
    """File the past messages as history; returns by how many seconds all dates are moved so that the newest is now."""
    from desk.mail.source import Batch, Cursor
    from desk.store import intake
    from desk.workers.intake import take

    box = config.mailboxes[0]
    now = datetime.now(UTC)
    newest = max(sent_at(sample.folder / f) for s in sample.stories for f in s.files)
    shift = now - newest
    with db.write() as tx:
        mailbox_id = intake.mailbox(tx, box.name, box.address, at=now)
    for uid, name in enumerate(sample.past, 1):
        raw = (sample.folder / name).read_bytes()
        fetched = Fetched(raw, "history", 1, uid, sent_at(sample.folder / name) + shift)
        ours = _from(raw, box.address)
        take(db, mailbox_id, box, "history", Batch((fetched,), Cursor(1, uid)), now=now, history=True, outgoing=ours)
    return shift.total_seconds()


def _from(raw: bytes, address: str) -> bool:
    found = re.search(rb"^From:.*$", raw, re.M | re.I)
    return found is not None and address.encode().lower() in found.group().lower()


def deliver(sample: Sample, name: str, folder: Path, number: int, shift: float) -> None:
    """Put one message into the watched folder, dated as the demo dates it. It appears there in one move."""
    when = sent_at(sample.folder / name) + timedelta(seconds=shift)
    if when.year < 2020:
        when = datetime.now(UTC)
    part = folder / f".{number:04d}.part"
    part.write_bytes((sample.folder / name).read_bytes())
    os.utime(part, (when.timestamp(), when.timestamp()))
    part.rename(folder / f"{number:04d}-{Path(name).stem}.eml")
