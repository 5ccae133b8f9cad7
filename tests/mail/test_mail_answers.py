"""Answers to FETCH in every form a server may choose: all are read, the usual one quickly."""

from datetime import UTC, datetime
from typing import Any

import pytest
from imapclient.exceptions import IMAPClientError  # type: ignore[import-untyped]

from desk.mail import answers

DATE = b'INTERNALDATE " 5-Jan-2026 10:00:00 +0200"'
CAME = datetime(2026, 1, 5, 8, tzinfo=UTC)


class Client:
    """Answers one FETCH with what it was given."""

    def __init__(self, *lines: Any, kind: str = "OK") -> None:
        self.lines, self.kind, self._imap = lines, kind, self

    def uid(self, *_: str) -> tuple[str, list[Any]]:
        """The answer as imaplib hands it over."""
        return self.kind, list(self.lines)


@pytest.mark.parametrize(
    "lines",
    [
        [(b"1 (UID 7 " + DATE + b" FLAGS (\\Seen \\Deleted) BODY[] {5}", b"Hello"), b")"],
        [(b"1 (BODY[] {5}", b"Hello"), b" FLAGS (\\deleted) " + DATE + b" UID 7)"],
        [b"9 (FLAGS (\\Seen) UID 3)", (b"1 (UID 7 FLAGS (\\Deleted) " + DATE + b" BODY[] {5}", b"Hello"), b")"],
        [b'1 (UID 7 FLAGS (\\Deleted) ' + DATE + b' BODY[] "Hello")'],
        [(b"1 (UID 7 FLAGS (\\Deleted) " + DATE + b" X {3}", b"abc"), (b" BODY[] {5}", b"Hello"), b")"],
    ],
)  # fmt: skip
def test_a_message_is_read_from_any_answer(lines: list[Any]) -> None:
    assert answers.contents(Client(*lines), [7])[7] == answers.Content(b"Hello", CAME, True)


def test_what_is_gone_or_unsaid_is_no_message() -> None:
    assert answers.contents(Client(None), [7]) == {}
    assert answers.contents(Client(b"1 (UID 7 BODY[] NIL " + DATE + b")"), [7]) == {}
    assert answers.sizes(Client(None), [7]) == {}


def test_sizes_are_read_from_any_answer() -> None:
    assert answers.sizes(Client(b"1 (UID 7 RFC822.SIZE 20)", b"2 (RFC822.SIZE 30 UID 8)"), [7, 8]) == {7: 20, 8: 30}
    assert answers.sizes(Client(b"1 (UID 7 RFC822.SIZE 20)", b"2 (FLAGS () UID 9)"), [7]) == {7: 20, 9: 0}


def test_a_refusal_is_an_error() -> None:
    with pytest.raises(IMAPClientError):
        answers.contents(Client(b"no such folder", kind="NO"), [1])
