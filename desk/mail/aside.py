"""Work done aside, so that one silent server keeps nobody waiting."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def started(work: Callable[[], T]) -> Future[T]:
    """Begin `work` in a thread that never keeps the program from ending; its result or its error comes by the future."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except Exception as problem:
            future.set_exception(problem)

    threading.Thread(target=run, daemon=True, name="aside").start()
    return future
