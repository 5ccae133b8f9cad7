"""Ways in and out beside mailboxes: each is an adapter, found through the entry point group `desk.channels`."""

import logging
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from typing import Protocol

from desk.config import Config, MailboxConfig
from desk.domain.mail import Outgoing
from desk.store.database import Database
from desk.workers.loop import Stop

log = logging.getLogger("desk.channels")
GROUP = "desk.channels"
"""What a package names its channels under: `[project.entry-points."desk.channels"] chat = "package.module:CHANNEL"`."""
TAKEN = ("email", "fetch", "think", "send")
"""Names that no channel may have: mailboxes and workers have them."""
Send = Callable[[Outgoing, Callable[[], None]], str]
"""Hand one message over: the bytes, and what to call between the last accepted recipient and DATA. Returns the reply."""


class Channel(Protocol):
    """One way in and out. Its entry point's name stands as `channel` on every thread that began with it."""

    def wanted(self, config: Config) -> bool:
        """Whether this desk has it switched on; then it gets a worker process of its own."""
        ...

    def receive(self, db: Database, config: Config, stop: Stop) -> None:
        """Take messages in until told to stop, each through `workers.ingest.ingest`, which stores before it returns."""
        ...

    def reply(self, config: Config, box: MailboxConfig) -> Send | None:
        """How answers to its threads leave; None where the mailbox's own way, by mail, is right."""
        ...


def found() -> dict[str, Channel]:
    """Every channel there is, by name. One that can't be loaded, or takes a name that is taken, is logged and left out."""
    from desk.workers.webhook import CHANNEL

    channels: dict[str, Channel] = {"webhook": CHANNEL}
    for point in entry_points(group=GROUP):
        if point.name in channels or point.name in TAKEN or (made := _load(point)) is None:
            continue
        channels[point.name] = made
    return channels


def _load(point: EntryPoint) -> Channel | None:
    try:
        made = point.load()
    except Exception as problem:  # somebody else's code: whatever it raises, the desk opens without it
        log.warning("channel %s can't be loaded (%s): %s", point.name, point.value, problem)
        return None
    missing = [name for name in ("wanted", "receive", "reply") if not callable(getattr(made, name, None))]
    if missing:
        log.warning("channel %s (%s) has no %s", point.name, point.value, " and no ".join(missing))
        return None
    channel: Channel = made
    return channel
