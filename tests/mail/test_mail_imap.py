"""Reading from real IMAP servers: pymap in process always, Dovecot where it is installed."""

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from mailmessages import raw
from servers import USER, ImapServer, dovecot_server, free_port, pymap_server, tapped

from desk.config import ImapConfig, MailboxConfig
from desk.domain.mail import Credential, Fetched
from desk.errors import AuthError, MailError
from desk.mail import check
from desk.mail import imap as imap_module
from desk.mail.imap import ImapSource
from desk.mail.source import Cursor, Place


@pytest.fixture(scope="module", params=["pymap", "dovecot"])
def running(request: pytest.FixtureRequest) -> Iterator[ImapServer]:
    with {"pymap": pymap_server, "dovecot": dovecot_server}[request.param]() as server:
        yield server


@pytest.fixture
def server(running: ImapServer) -> ImapServer:
    """The server with an empty inbox."""
    with running.client() as client:
        client.select_folder("INBOX")
        if found := client.search():
            client.delete_messages(found)
            client.expunge()
    return running


@pytest.fixture
def source(server: ImapServer) -> Iterator[ImapSource]:
    made = ImapSource(server.box(), Credential.password(server.password))
    yield made
    made.close()


def numbered(*numbers: int) -> list[bytes]:
    return [raw(f"text {n}", Message_ID=f"<{n}@x>") for n in numbers]


def read(source: ImapSource, cursor: Cursor | None) -> tuple[list[Fetched], Cursor | None]:
    found: list[Fetched] = []
    for batch in source.poll(cursor):
        found += batch.messages
        cursor = batch.cursor
    return found, cursor


def test_bytes_arrive_exactly_in_order_and_unmarked(server: ImapServer, source: ImapSource) -> None:
    messages = [raw("é" * 500), raw("b\n.\n..c"), raw("x" * 70_000)]
    server.deliver(messages)
    found, cursor = read(source, None)
    assert [f.raw for f in found] == messages
    assert cursor == Cursor(found[0].uidvalidity, found[-1].uid)
    with server.client() as client:
        client.select_folder("INBOX")
        flags = client.get_flags([f.uid for f in found])
    assert not any(b"\\Seen" in f for f in flags.values())


def test_nothing_new_gives_nothing_and_new_mail_comes_once(server: ImapServer, source: ImapSource) -> None:
    server.deliver(numbered(1, 2))
    _, cursor = read(source, None)
    assert read(source, cursor) == ([], cursor)
    server.deliver(numbered(3))
    found, later = read(source, cursor)
    assert [b"text 3" in f.raw for f in found] == [True]
    assert read(source, later)[0] == []


def test_mail_read_elsewhere_or_kept_waiting_is_not_lost(server: ImapServer, source: ImapSource) -> None:
    _, cursor = read(source, None)
    server.deliver(numbered(1))
    with server.client() as client:
        client.select_folder("INBOX")
        client.add_flags(client.search(), [b"\\Seen"])
    assert len(read(source, cursor)[0]) == 1


def test_expunged_mail_leaves_no_gap(server: ImapServer, source: ImapSource) -> None:
    _, cursor = read(source, None)
    server.deliver(numbered(1, 2, 3))
    with server.client() as client:
        client.select_folder("INBOX")
        client.delete_messages(client.search()[1:2])
        client.expunge()
    found, cursor = read(source, cursor)
    assert [b"text 1" in found[0].raw, b"text 3" in found[1].raw] == [True, True]
    server.deliver(numbered(4))
    assert len(read(source, cursor)[0]) == 1


def test_first_connection_takes_what_is_asked_for(server: ImapServer) -> None:
    server.deliver(numbered(1, 2))
    for wanted, count, history in (("now", 0, False), ("all", 2, True), ("3", 2, True)):
        source = ImapSource(replace(server.box(), import_from=wanted), Credential.password(server.password))
        batches = list(source.poll(None))
        assert sum(len(b.messages) for b in batches) == count
        assert any(b.history for b in batches) is history
        server.deliver(numbered(3))
        new = list(source.poll(batches[-1].cursor))
        assert [len(b.messages) for b in new if b.messages] == [1]
        assert not any(b.history for b in new)
        with server.client() as client:
            client.select_folder("INBOX")
            client.delete_messages(client.search()[-1:])
            client.expunge()
        source.close()


def test_another_uidvalidity_offers_everything_again(server: ImapServer, source: ImapSource) -> None:
    server.deliver(numbered(1, 2))
    _, cursor = read(source, None)
    assert cursor is not None
    stale = Cursor(cursor.uidvalidity - 1, 999_999)
    found, fresh = read(source, stale)
    assert len(found) == 2
    assert fresh == cursor
    batches = list(source.poll(stale))
    assert not any(b.history for b in batches)


def test_after_a_new_uidvalidity_old_mail_is_context_only(
    server: ImapServer, source: ImapSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.deliver(numbered(1, 2))
    _, cursor = read(source, None)
    assert cursor is not None
    monkeypatch.setattr(imap_module, "RESYNC_DAYS", -1)
    batches = list(source.poll(Cursor(cursor.uidvalidity - 1, 1)))
    assert [b.history for b in batches if b.messages] == [True]
    assert batches[-1].cursor == cursor


def test_large_mailboxes_come_in_batches(
    server: ImapServer, source: ImapSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap_module, "WINDOW", 7)
    monkeypatch.setattr(imap_module, "FETCH", 5)
    monkeypatch.setattr(imap_module, "FETCH_HISTORY", 5)
    server.deliver(numbered(*range(40)))
    batches = list(source.poll(None))
    uids = [m.uid for b in batches for m in b.messages]
    assert len(uids) == len(set(uids)) == 40
    assert uids == sorted(uids)
    assert max(len(b.messages) for b in batches) <= 5
    half = batches[len(batches) // 2].cursor
    assert [m.uid for m in read(source, half)[0]] == [u for u in uids if u > half.last_uid]


def test_big_messages_are_fetched_few_at_a_time(
    server: ImapServer, source: ImapSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap_module, "FETCH_BYTES", 1000)
    server.deliver([raw("x" * 800), raw("y" * 800), raw("z" * 5000)])
    assert [len(b.messages) for b in source.poll(None) if b.messages] == [1, 1, 1]


def test_waiting_is_ended_by_new_mail_and_by_close(server: ImapServer, source: ImapSource) -> None:
    _, cursor = read(source, None)
    threading.Timer(0.1, server.deliver, (numbered(1),)).start()
    started = time.monotonic()
    source.wait(30)
    assert time.monotonic() - started < 20
    assert len(read(source, cursor)[0]) == 1
    threading.Timer(0.1, source.close).start()
    started = time.monotonic()
    source.wait(30)
    assert time.monotonic() - started < 20
    with pytest.raises(MailError, match="closed"):
        read(source, cursor)


def test_a_dropped_connection_is_said_and_mended_without_spinning(server: ImapServer, source: ImapSource) -> None:
    server.deliver(numbered(1))
    found, cursor = read(source, None)
    assert source._client is not None
    source._client.socket().shutdown(socket.SHUT_RDWR)
    calls, started = 0, time.monotonic()
    while time.monotonic() - started < 0.5:
        source.wait(0.3)
        calls += 1
    assert calls < 10
    assert len(read(source, None)[0]) == len(found) == 1
    assert source._client is not None
    source._client.socket().shutdown(socket.SHUT_RDWR)
    with pytest.raises(MailError, match=r"127.0.0.1:\d+: reading INBOX failed"):
        read(source, cursor)
    assert read(source, cursor)[0] == []


class Hurried(threading.Event):
    """An event whose waits end at once and are kept."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout or 0.0)
        return self.is_set()


def test_an_idle_that_always_breaks_is_tried_later_each_time(server: ImapServer) -> None:
    with tapped(server, cut_at="IDLE") as (behind, tap):
        source = ImapSource(behind.box(), Credential.password(server.password))
        source._closed = hurried = Hurried()
        _, cursor = read(source, None)
        for _ in range(9):
            source.wait(60)
            read(source, cursor)
        assert tap.connections == 10, "each break costs one new connection"
        assert all(early < late for early, late in zip(hurried.waits, hurried.waits[1:6], strict=False)), hurried.waits
        assert sum(hurried.waits) > 150, "nine breaks are spread over minutes"
        assert max(hurried.waits) <= 60, "and mail is still asked for as often as the configuration says"
        tap.cut_at = ""
        threading.Timer(0.05, server.deliver, (numbered(1),)).start()
        source.wait(30)
        tap.cut_at = "IDLE"
        source.wait(60)
        assert hurried.waits[-1] <= 1, "an IDLE that went well makes up for those that broke"
        source.close()


def test_an_answered_message_is_marked_only_when_allowed_and_still_there(server: ImapServer) -> None:
    server.deliver([raw("asked")])
    quiet = ImapSource(server.box(), Credential.password(server.password))
    (first, *_), cursor = read(quiet, None)
    assert cursor is not None
    place = Place(first.folder, first.uidvalidity, first.uid)
    quiet.flag(place, "\\Answered")
    source = ImapSource(server.box(write_back=True), Credential.password(server.password))
    source.flag(replace(place, uidvalidity=place.uidvalidity + 1), "\\Answered")

    def flags() -> tuple[bytes, ...]:
        with server.client() as client:
            client.select_folder("INBOX", readonly=True)
            return tuple(client.get_flags([place.uid])[place.uid])

    assert b"\\Answered" not in flags()
    source.flag(place, "\\Answered")
    assert b"\\Answered" in flags()
    assert b"\\Seen" not in flags()
    assert read(source, cursor)[0] == []
    quiet.close()
    source.close()


def test_sent_copies_are_filed_once_and_only_when_allowed(server: ImapServer) -> None:
    quiet = ImapSource(server.box(), Credential.password(server.password))
    assert quiet.file_sent(raw("sent"), "s1@x") is None
    with server.client() as client:
        if not client.folder_exists("Verzonden"):
            client.create_folder("Verzonden")
    source = ImapSource(server.box(write_back=True), Credential.password(server.password))
    where = source.file_sent(raw("sent", Message_ID="<s1@x>"), "s1@x")
    assert where is not None
    assert where.startswith("Verzonden/")
    assert source.file_sent(raw("sent", Message_ID="<s1@x>"), "s1@x") == "Verzonden"
    assert source.find_sent("s1@x")
    assert not quiet.find_sent("s2@x")
    with server.client() as client:
        client.select_folder("Verzonden")
        assert len(client.search()) == 1
        client.delete_messages(client.search())
        client.expunge()
    assert [f.raw for f in read(source, None)[0]] == []
    quiet.close()
    source.close()


def test_wrong_logins_and_missing_servers_are_said_clearly(server: ImapServer) -> None:
    with pytest.raises(AuthError, match=f"refused the login of {USER}") as caught:
        read(ImapSource(server.box(), Credential.password("wrong")), None)
    assert "password" in caught.value.fix
    nowhere = replace(server.box(), imap=ImapConfig(host="127.0.0.1", port=free_port(), security="none"))
    with pytest.raises(MailError, match="no IMAP connection"):
        read(ImapSource(nowhere, Credential.password("x")), None)
    clear = replace(server.box(), imap=ImapConfig(host="mail.shop.example", security="none"))
    with pytest.raises(MailError, match="another machine"):
        read(ImapSource(clear, Credential.password("x")), None)
    wrong_folder = ImapSource(server.box(folder="Nowhere"), Credential.password(server.password))
    with pytest.raises(MailError, match="reading Nowhere failed"):
        read(wrong_folder, None)
    wrong_folder.close()


def test_checks_say_what_is_there(server: ImapServer) -> None:
    assert all(c.ok for c in check.imap(server.box(), Credential.password(server.password)))
    assert [c.ok for c in check.imap(server.box(), Credential.password("wrong"))] == [True, False]
    failed = [c for c in check.imap(server.box(folder="Nowhere"), Credential.password(server.password)) if not c.ok]
    assert [c.name for c in failed] == ["IMAP folder"]
    assert "INBOX" in failed[0].fix
    failed = [c for c in check.imap(server.box(folders=("Gone",)), Credential.password(server.password)) if not c.ok]
    assert [c.detail for c in failed] == ["there is no folder Gone"]


def test_desk_gives_its_name_where_a_server_asks_for_names(server: ImapServer) -> None:
    with server.client() as client:
        asks = client.has_capability("ID")
    with tapped(server) as (behind, tap):
        source = ImapSource(behind.box(), Credential.password(server.password))
        read(source, None)
        source.close()
    assert ('ID ("name" "desk")' in tap.lines) == asks


def test_a_certificate_that_does_not_fit_is_refused() -> None:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(1)

    def answer() -> None:
        connection, _ = listener.accept()
        connection.sendall(b"* OK not TLS at all\r\n")
        connection.close()

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    box = MailboxConfig(address=USER, imap=ImapConfig(host="127.0.0.1", port=listener.getsockname()[1]))
    with pytest.raises(MailError, match="TLS handshake failed"):
        read(ImapSource(box, Credential.password("x")), None)
    thread.join(5)
    listener.close()


def test_an_import_cut_short_goes_on_as_history(
    server: ImapServer, source: ImapSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap_module, "FETCH_HISTORY", 2)
    server.deliver(numbered(*range(5)))
    source.box = replace(source.box, import_from="all")
    first = next(source.poll(None))
    assert first.history
    source.close()
    server.deliver(numbered(5))
    again = ImapSource(server.box(), Credential.password(server.password))
    rest = [b for b in again.poll(first.cursor) if b.messages]
    assert [(b.history, len(b.messages)) for b in rest] == [(True, 2), (True, 1), (False, 1)]
    assert rest[-1].cursor == Cursor(first.cursor.uidvalidity, rest[-1].messages[-1].uid)
    again.close()


def test_mail_that_somebody_marked_as_deleted_is_context_only(server: ImapServer, source: ImapSource) -> None:
    server.deliver(numbered(1))
    _, cursor = read(source, None)
    server.deliver(numbered(2, 3))
    with server.client() as client:
        client.select_folder("INBOX")
        client.delete_messages(client.search()[1:2])
    assert [b.history for b in source.poll(cursor) if b.messages] == [True, False]
