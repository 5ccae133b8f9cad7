"""The store's reads for the screen: one that began is always finished, whatever the screen does meanwhile."""

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from desk.store.database import AsyncDatabase, Read

T = TypeVar("T")


class Reads:
    """`AsyncDatabase` behind a shield: a pane that is left cancels its waiting, never a connection's work."""

    def __init__(self, database: "AsyncDatabase") -> None:
        self._database = database
        self._running: set[asyncio.Task[Any]] = set()
        self._closed = False

    async def get(self, read: "Read[T]") -> T:
        """Run one read."""
        return await self._shielded(self._database.get(read))

    async def data_version(self) -> int:
        """A number that changes whenever anybody committed."""
        return await self._shielded(self._database.data_version())

    async def _shielded(self, work: Coroutine[Any, Any, T]) -> T:
        if self._closed:
            work.close()
            raise asyncio.CancelledError("the desk is being left")
        task = asyncio.ensure_future(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Let what runs end, then close the connections; whoever asks later is cancelled."""
        self._closed = True
        while self._running:
            await asyncio.gather(*self._running, return_exceptions=True)
        await self._database.close()
