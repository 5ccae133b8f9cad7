"""A folder as a mailbox: each file once, in order, and sent files exactly once."""

import os
import threading
from pathlib import Path

import pytest
from mailmessages import raw

from desk.domain.mail import Outgoing
from desk.errors import MailError
from desk.mail.folder import FolderSource, FolderTransport
from desk.mail.source import Cursor


def put(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).write_bytes(raw(name))


def texts(source: FolderSource, cursor: Cursor | None) -> list[str]:
    return [m.raw.rsplit(b"\n", 1)[-1].decode() for batch in source.poll(cursor) for m in batch.messages]


def test_files_come_once_and_in_order_across_restarts(tmp_path: Path) -> None:
    put(tmp_path, "2.eml", "1.eml", ".part.eml", "note.txt")
    source = FolderSource(tmp_path)
    (batch,) = source.poll(None)
    assert [m.uid for m in batch.messages] == [1, 2]
    assert texts(source, None) == ["1.eml", "2.eml"]
    put(tmp_path, "0.eml")
    again = FolderSource(tmp_path)
    assert texts(again, batch.cursor) == ["0.eml"]
    (later,) = again.poll(batch.cursor)
    assert texts(again, later.cursor) == []
    assert later.cursor == Cursor(batch.cursor.uidvalidity, 3)


def test_a_removed_file_does_not_move_the_others(tmp_path: Path) -> None:
    put(tmp_path, "1.eml", "2.eml")
    list(FolderSource(tmp_path).poll(None))
    (tmp_path / "1.eml").unlink()
    put(tmp_path, "3.eml")
    (batch,) = FolderSource(tmp_path).poll(None)
    assert [m.uid for m in batch.messages] == [2, 3]


def test_a_lost_index_starts_a_new_uidvalidity(tmp_path: Path) -> None:
    put(tmp_path, "1.eml")
    (batch,) = FolderSource(tmp_path).poll(None)
    (tmp_path / ".desk-uids").unlink()
    assert texts(FolderSource(tmp_path), Cursor(batch.cursor.uidvalidity + 1, 1)) == ["1.eml"]


def test_pace_is_asked_before_every_message(tmp_path: Path) -> None:
    put(tmp_path, "1.eml", "2.eml")
    calls: list[int] = []
    batches = list(FolderSource(tmp_path, pace=lambda: calls.append(1)).poll(None))
    assert [len(b.messages) for b in batches] == [1, 1]
    assert len(calls) == 2


def test_the_time_of_arrival_is_the_files(tmp_path: Path) -> None:
    put(tmp_path, "1.eml")
    os.utime(tmp_path / "1.eml", (1_700_000_000, 1_700_000_000))
    (batch,) = FolderSource(tmp_path).poll(None)
    assert batch.messages[0].received_at.timestamp() == 1_700_000_000


def test_waiting_ends_with_new_mail_or_close(tmp_path: Path) -> None:
    source = FolderSource(tmp_path)
    list(source.poll(None))
    threading.Timer(0.05, put, (tmp_path, "1.eml")).start()
    source.wait(20)
    assert texts(source, None) == ["1.eml"]
    threading.Timer(0.05, source.close).start()
    source.wait(20)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(MailError, match="nowhere"):
        list(FolderSource(tmp_path / "nowhere").poll(None))


def test_a_repeated_send_is_one_file_and_is_found(tmp_path: Path) -> None:
    marks: list[str] = []
    source, transport = FolderSource(tmp_path), FolderTransport(tmp_path)
    for identity in ("a/b@x", "a/b@x", "a?b@x", "../../escape@x"):
        out = Outgoing(raw("sent"), identity, "help@shop.example", ("ann@customer.example",), "Lamp")
        assert transport.send(out, lambda: marks.append("data")).startswith("250 ")
    assert len(list((tmp_path / "sent").iterdir())) == 3
    assert len(marks) == 4
    assert source.find_sent("a/b@x")
    assert not source.find_sent("other@x")
    assert source.file_sent(raw("sent"), "a/b@x") == source.file_sent(raw("sent"), "a/b@x")
    assert texts(source, None) == []


def test_what_stops_the_mark_stops_the_send(tmp_path: Path) -> None:
    def refuse() -> None:
        raise RuntimeError("the store is gone")

    out = Outgoing(raw("sent"), "a@x", "help@shop.example", ("ann@customer.example",), "Lamp")
    with pytest.raises(RuntimeError):
        FolderTransport(tmp_path).send(out, refuse)
    assert not (tmp_path / "sent").exists()
