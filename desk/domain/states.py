"""Legal moves, as tables. A state is written nowhere but through `move`."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from desk.domain.enums import MessageStatus as M
from desk.domain.enums import OutboxState as O
from desk.domain.enums import RunState as R
from desk.domain.enums import ThreadStatus as T

MESSAGE_MOVES: Mapping[M, frozenset[M]] = {
    M.RECEIVED: frozenset({M.PROCESSING, M.QUARANTINED, M.AUTOMATED, M.SPAM, M.ARCHIVED, M.FAILED}),
    M.PROCESSING: frozenset({M.CLASSIFIED, M.COALESCED, M.QUARANTINED, M.AUTOMATED, M.SPAM, M.ARCHIVED, M.FAILED}),
    M.CLASSIFIED: frozenset({M.DRAFT_READY, M.COALESCED, M.SPAM, M.ARCHIVED, M.FAILED, M.PROCESSING}),
    M.DRAFT_READY: frozenset({M.APPROVED, M.PROCESSING, M.COALESCED, M.SPAM, M.ARCHIVED, M.FAILED}),
    M.APPROVED: frozenset({M.SENT, M.DRAFT_READY, M.ARCHIVED, M.FAILED}),
    M.SENT: frozenset({M.ARCHIVED}),
    M.QUARANTINED: frozenset({M.PROCESSING, M.ARCHIVED}),
    M.AUTOMATED: frozenset({M.PROCESSING, M.ARCHIVED}),
    M.SPAM: frozenset({M.PROCESSING, M.ARCHIVED}),
    M.COALESCED: frozenset({M.PROCESSING, M.APPROVED, M.SENT, M.ARCHIVED}),
    M.ARCHIVED: frozenset({M.PROCESSING}),
    M.FAILED: frozenset({M.RECEIVED, M.PROCESSING, M.ARCHIVED}),
}
"""A released or restored message re-enters at `processing`: its guard verdict is settled by a person."""

RUN_MOVES: Mapping[R, frozenset[R]] = {
    R.QUEUED: frozenset({R.RUNNING, R.SKIPPED, R.FAILED}),
    R.RUNNING: frozenset({R.RUNNING, R.QUEUED, R.WAITING_FOR_INPUT, R.WAITING_CHILDREN, R.DONE, R.FAILED, R.SKIPPED}),
    R.WAITING_FOR_INPUT: frozenset({R.QUEUED, R.SKIPPED}),
    R.WAITING_CHILDREN: frozenset({R.QUEUED, R.SKIPPED}),
    R.DONE: frozenset({R.QUEUED}),
    R.FAILED: frozenset({R.QUEUED, R.SKIPPED}),
    R.SKIPPED: frozenset({R.QUEUED}),
}

OUTBOX_MOVES: Mapping[O, frozenset[O]] = {
    O.HELD: frozenset({O.QUEUED, O.CANCELLED}),
    O.QUEUED: frozenset({O.SENDING, O.CANCELLED, O.HELD}),
    O.SENDING: frozenset({O.SENT, O.RETRY, O.FAILED, O.IN_DOUBT, O.QUEUED}),
    O.RETRY: frozenset({O.SENDING, O.CANCELLED, O.FAILED}),
    O.SENT: frozenset({O.FILED}),
    O.FILED: frozenset(),
    O.IN_DOUBT: frozenset({O.QUEUED, O.SENT, O.CANCELLED}),
    O.FAILED: frozenset({O.QUEUED, O.CANCELLED}),
    O.CANCELLED: frozenset(),
}

THREAD_MOVES: Mapping[T, frozenset[T]] = {
    T.OPEN: frozenset({T.PENDING_REVIEW, T.WAITING, T.ON_HOLD, T.RESOLVED, T.ARCHIVED}),
    T.PENDING_REVIEW: frozenset({T.OPEN, T.WAITING, T.ON_HOLD, T.RESOLVED, T.ARCHIVED}),
    T.WAITING: frozenset({T.OPEN, T.PENDING_REVIEW, T.ON_HOLD, T.RESOLVED, T.ARCHIVED}),
    T.ON_HOLD: frozenset({T.OPEN, T.PENDING_REVIEW, T.WAITING, T.RESOLVED, T.ARCHIVED}),
    T.RESOLVED: frozenset({T.OPEN, T.PENDING_REVIEW, T.WAITING, T.ARCHIVED}),
    T.ARCHIVED: frozenset({T.OPEN, T.PENDING_REVIEW, T.RESOLVED}),
}


S = TypeVar("S", bound=StrEnum)


class IllegalMove(ValueError):
    """A state change the tables do not know."""


def move(table: Mapping[S, frozenset[S]], old: S, new: S) -> S:
    """Return `new` when the table allows `old` → `new` (staying put is always allowed); raise `IllegalMove` otherwise."""
    if old != new and new not in table[old]:
        allowed = ", ".join(sorted(table[old])) or "nothing"
        raise IllegalMove(f"{type(old).__name__} may not go from {old} to {new}; from {old} it may go to {allowed}")
    return new
