"""Reading ahead on a first import: while a batch is stored, the next is parsed by another process and the one after it read.

Python runs on one core at a time in a process; without this the second core of the smallest machine would look on.
"""

import logging
import multiprocessing
import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor

from desk.domain.mail import Fetched, ParsedMail
from desk.mail.source import Batch
from desk.store.filing import Letter
from desk.workers.intake import letter
from desk.workers.reading import Values, as_helper, read_all

log = logging.getLogger("desk.fetch")
MANY = 100
"""Messages in a batch from which on another process is worth its start: a first import, not the mail of a day."""
MOST_PARSERS = 3
"""More would wait for the one connection and the one writer."""
Parsed = tuple[Batch, Sequence[Letter]]


def ahead(batches: Iterator[Batch]) -> Iterator[Parsed]:
    """Each batch with its messages parsed, in order. `batches` is advanced by one thread at a time, not always this one."""
    for batch in batches:
        if len(batch.messages) >= MANY:
            yield from _side_by_side(batch, batches)
            return
        yield batch, letters(batch.messages)


def letters(messages: Sequence[Fetched]) -> list[Letter]:
    """Messages ready to be filed."""
    return [letter(fetched) for fetched in messages]


def _side_by_side(first: Batch, rest: Iterator[Batch]) -> Iterator[Parsed]:
    count = min(MOST_PARSERS, max(1, (os.cpu_count() or 1) - 1))
    reader = ThreadPoolExecutor(1, "read-ahead")
    parsers = ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), as_helper)

    def read() -> tuple[Batch, Future[Values] | None] | None:
        batch = next(rest, None)
        return None if batch is None else (batch, _submitted(parsers, batch))

    try:
        waiting: deque[Future[tuple[Batch, Future[Values] | None] | None]] = deque()
        found: tuple[Batch, Future[Values] | None] | None = (first, _submitted(parsers, first))
        waiting.extend(reader.submit(read) for _ in range(count + 1))
        while found is not None:
            yield found[0], _parsed(*found)
            waiting.append(reader.submit(read))
            found = waiting.popleft().result()
    finally:
        reader.shutdown(cancel_futures=True)
        parsers.shutdown(cancel_futures=True)


def _submitted(parsers: Executor, batch: Batch) -> Future[Values] | None:
    try:
        return parsers.submit(read_all, [fetched.raw for fetched in batch.messages])
    except BrokenExecutor:
        return None


def _parsed(batch: Batch, later: Future[Values] | None) -> list[Letter]:
    """What the other process made of a batch; where it is gone (killed for memory), this one does the work."""
    try:
        if later is not None:
            found = zip(batch.messages, later.result(), strict=True)
            return [Letter(fetched, ParsedMail(*mail), *rest) for fetched, (mail, *rest) in found]
    except BrokenExecutor as problem:
        log.warning("reading ahead stopped (%s); going on without", problem)
    return letters(batch.messages)
