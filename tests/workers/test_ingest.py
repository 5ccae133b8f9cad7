"""Messages handed in by a program or by HTTP: signed, stored once, and nothing else gets in."""

import base64
import contextlib
import http.client
import json
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from desk.config import Config, MailboxConfig, WebhookConfig
from desk.errors import ConfigError, MailError, StoreError
from desk.store import database, jobs, messages, threads
from desk.store.database import Database
from desk.workers import webhook
from desk.workers.ingest import ingest, mailbox_for
from desk.workers.webhook import Webhook, server, signature

SECRET = "a secret of twenty two"
NOW = datetime(2026, 11, 20, tzinfo=UTC)
BOXES = (MailboxConfig(name="shop", address="help@shop.example"), MailboxConfig(name="b2b", address="b2b@shop.example"))
CONFIG = Config(mailboxes=BOXES, webhook=WebhookConfig(listen="127.0.0.1:0"))


def letter(n: int = 1, to: str = "help@shop.example") -> bytes:
    return (
        f"From: Ann <ann{n}@web.example>\r\nTo: {to}\r\nSubject: Lamp {n}\r\n"
        f"Message-ID: <{n}@web.example>\r\n\r\nIt flickers.\r\n"
    ).encode()


@pytest.fixture
def db(empty_store: str) -> Iterator[Database]:
    found = database.open(empty_store)
    yield found
    found.close()


class Client:
    """Requests to a running door, signed unless a test says otherwise."""

    def __init__(self, door: Webhook, port: int) -> None:
        self.door, self.port, self.time = door, port, 1_700_000_000.0

    def post(self, body: bytes, kind: str = "message/rfc822", **headers: str) -> tuple[int, dict[str, Any]]:
        stamp = headers.pop("stamp", str(int(self.time)))
        signed = headers.pop("signed", signature(SECRET, stamp, body))
        path = headers.pop("path", "/messages")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        names = {"Content-Type": kind, "X-Desk-Timestamp": stamp, "X-Desk-Signature": signed, **headers}
        connection.request("POST", path, body, names)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


@pytest.fixture
def client(db: Database) -> Iterator[Client]:
    found: list[Client] = []
    door = Webhook(db, CONFIG, SECRET, clock=lambda: found[0].time)
    web = server(door, "127.0.0.1", 0)
    found.append(Client(door, web.server_address[1]))
    threading.Thread(target=web.serve_forever, daemon=True).start()
    yield found[0]
    web.shutdown()
    web.server_close()


def stored(db: Database) -> int:
    return sum(len(db.get(messages.of_thread(i))) for i in db.get(threads.ids(threads.Filter(threads.View.ALL))))


def test_a_message_is_stored_once_and_queued(db: Database) -> None:
    first = ingest(db, BOXES[0], letter(), "ingest", now=NOW)
    again = ingest(db, BOXES[0], letter(), "ingest", now=NOW)
    assert (first.number, first.known) == ("T-1001", False)
    assert (again.number, again.known) == ("T-1001", True)
    assert stored(db) == 1
    assert sum(db.get(jobs.queued(["scan"])).values()) == 1
    detail = db.get(threads.by_number("T-1001"))
    assert detail is not None
    assert (detail.channel, detail.row.mailbox) == ("ingest", "shop")
    assert ingest(db, BOXES[0], letter(2), "ingest", now=NOW).number == "T-1002"


@pytest.mark.parametrize("raw", [b"", b" \r\n\r\n"])
def test_nothing_is_no_message(db: Database, raw: bytes) -> None:
    with pytest.raises(MailError, match="no message"):
        ingest(db, BOXES[0], raw, "ingest", now=NOW)


def test_a_message_goes_to_the_mailbox_it_is_for() -> None:
    assert mailbox_for(CONFIG, letter(to="B2B@shop.example")).name == "b2b"
    assert mailbox_for(CONFIG, letter(to="nobody@web.example")).name == "shop"
    assert mailbox_for(CONFIG, letter(), recipient="b2b@shop.example").name == "b2b", "delivery counts before headers"
    assert mailbox_for(CONFIG, letter(), "b2b").name == "b2b"
    with pytest.raises(MailError, match="no mailbox 'x'"):
        mailbox_for(CONFIG, letter(), "x")
    with pytest.raises(MailError, match="No mailbox"):
        mailbox_for(Config(), letter())


def test_a_signed_message_is_stored_before_it_is_answered(client: Client, db: Database) -> None:
    assert client.post(letter()) == (200, {"ticket": "T-1001", "known": False})
    assert stored(db) == 1
    detail = db.get(threads.by_number("T-1001"))
    assert detail is not None
    assert detail.channel == "webhook"


def test_json_as_postal_sends_it(client: Client) -> None:
    body = {"id": 1, "rcpt_to": "b2b@shop.example", "base64": True,
            "message": base64.b64encode(letter(to="x@web.example")).decode()}  # fmt: skip
    assert client.post(json.dumps(body).encode(), "application/json; charset=utf-8")[0] == 200
    plain = {"message": letter(2).decode()}
    assert client.post(json.dumps(plain).encode(), "application/json")[1]["ticket"] == "T-1002"


def test_a_replayed_request_is_refused_and_the_same_message_signed_anew_is_known(client: Client, db: Database) -> None:
    assert client.post(letter())[0] == 200
    assert client.post(letter())[0] == 409
    client.time += 1
    assert client.post(letter()) == (200, {"ticket": "T-1001", "known": True})
    assert stored(db) == 1


def test_a_replay_is_known_after_a_restart_too(client: Client, db: Database) -> None:
    assert client.post(letter())[0] == 200
    stamp = str(int(client.time))
    headers = {"X-Desk-Timestamp": stamp, "X-Desk-Signature": signature(SECRET, stamp, letter())}
    fresh = Webhook(db, CONFIG, SECRET, clock=lambda: client.time)
    assert fresh.receive({**headers, "Content-Type": "message/rfc822"}, letter())[0] == 409


def test_a_request_that_died_between_its_two_writes_is_taken_when_it_comes_again(
    client: Client, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: Any, **__: Any) -> Any:
        raise StoreError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(webhook, "ingest", die)
        assert client.post(letter())[0] == 503
    assert stored(db) == 0
    assert client.post(letter()) == (200, {"ticket": "T-1001", "known": False})


def test_what_is_wrong_on_our_side_asks_the_sender_to_come_again(db: Database) -> None:
    stamp = "1700000000"
    headers = {"X-Desk-Timestamp": stamp, "X-Desk-Signature": signature(SECRET, stamp, letter())}
    empty = Webhook(db, Config(), SECRET, clock=lambda: 1_700_000_000.0)
    status, said = empty.receive({**headers, "Content-Type": "message/rfc822"}, letter())
    assert (status, bool(said["fix"])) == (503, True)


def test_an_error_nobody_expected_is_said_in_words(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def odd(*_: Any, **__: Any) -> Any:
        raise RuntimeError("odd")

    monkeypatch.setattr(webhook, "ingest", odd)
    status, said = client.post(letter())
    assert (status, "odd" in str(said)) == (500, False)


def test_what_is_no_post_gets_words_too(client: Client) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=10)
    connection.request("GET", "/messages")
    answer = connection.getresponse()
    assert answer.status == 501
    assert json.loads(answer.read())["fix"]


def test_who_trickles_is_hung_up_on(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "ALTOGETHER", 0.3)
    web = server(Webhook(db, CONFIG, SECRET), "127.0.0.1", 0)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    pause = threading.Event()
    with socket.create_connection(web.server_address[:2], timeout=20) as slow:  # type: ignore[arg-type]
        slow.sendall(b"POST /messages HTTP/1.1\r\nContent-Length: 100000\r\n\r\n")
        said = b""
        with contextlib.suppress(ConnectionError):
            for _ in range(400):
                slow.sendall(b"x")
                pause.wait(0.02)
            said = slow.recv(1000)
            assert not said.startswith(b"HTTP/1.0 200")
            pytest.fail(f"it was listened to for eight seconds: {said!r}")
    web.shutdown()
    web.server_close()
    assert stored(db) == 0


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"signed": "sha256=00"}, 401),
        ({"signed": ""}, 401),
        ({"signed": "sha256=ä"}, 401),
        ({"stamp": "1600000000"}, 401),
        ({"stamp": "1800000000"}, 401),
        ({"stamp": "now"}, 401),
        ({"kind": "text/html"}, 400),
        ({"path": "/"}, 404),
    ],
)
def test_what_is_not_signed_fresh_and_mail_gets_nothing_stored(
    client: Client, db: Database, change: dict[str, str], status: int
) -> None:
    if change.get("signed", "").isascii():
        found, said = client.post(letter(), **change)
        assert found == status
        assert said["error"]
        assert said["fix"]
    assert stored(db) == 0


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"[]",
        b"no",
        b'{"message": 7}',
        b'{"message": null, "base64": true}',
        b'{"message": "a*b!", "base64": true}',
    ],
)
def test_json_without_a_message_is_said(client: Client, body: bytes) -> None:
    assert client.post(body, "application/json")[0] == 400


def test_a_body_too_large_is_not_read(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "MAX_BODY", 10)
    assert client.post(letter())[0] == 413


def test_a_short_secret_opens_nothing(db: Database) -> None:
    with pytest.raises(ConfigError, match="too short"):
        Webhook(db, CONFIG, "short")
