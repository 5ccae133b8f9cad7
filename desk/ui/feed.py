"""What others wrote, noticed: one message a change, at most ten times a second."""

import asyncio
from collections.abc import Callable

from textual.message import Message

from desk.errors import StoreError
from desk.ui.reads import Reads

SECONDS = 0.1
"""Between two looks at the store's version."""


class Changed(Message):
    """Somebody committed: a worker, another desk, or this one."""


async def watch(database: Reads, post: Callable[[Message], object], trouble: Callable[[str], None]) -> None:
    """Post `Changed` whenever the store's version moved; say so when the store does not answer, and go on looking."""
    seen: int | None = None
    while True:
        try:
            version = await database.data_version()
        except (StoreError, OSError) as problem:
            trouble(str(problem))
        else:
            if seen is not None and version != seen:
                trouble("")
                post(Changed())
            seen = version
        await asyncio.sleep(SECONDS)
