"""Handing over: every fault is known for what it is, and nothing is sent that was not marked first."""

import socketserver
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import ClassVar

import pytest
from mailmessages import raw
from servers import PASSWORD, USER, SmtpSink, free_port, smtp_sink

from desk.config import MailboxConfig, SmtpConfig
from desk.domain.mail import Credential, Outgoing
from desk.errors import AuthError, MailError, SendError
from desk.mail import check, compose, smtp
from desk.mail.parse import parse

BODY = "Yes.\n.\n..two\nFrom here on: äöü €"
NOBODY = Credential.password("")
BOX = MailboxConfig(address=USER, display_name="Shop")


@pytest.fixture(scope="module")
def server() -> Iterator[SmtpSink]:
    with smtp_sink() as sink:
        yield sink


@pytest.fixture
def sink(server: SmtpSink) -> SmtpSink:
    server.faults, server.times = {}, {}
    server.taken.clear()
    server.commands.clear()
    return server


def message(*cc: str) -> Outgoing:
    return compose.reply(box=BOX, to=parse(raw()), body=BODY, cc=cc, now=datetime.now(UTC), quote=False)


class Mark:
    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> None:
        self.calls += 1


def send(sink: SmtpSink, out: Outgoing, mark: Mark, seconds: float = 20.0) -> str:
    return smtp.send(sink.config(), USER, NOBODY, out, before_data=mark, data_seconds=seconds)


def test_a_message_arrives_whole_and_once(sink: SmtpSink) -> None:
    out, mark = message("bo@customer.example"), Mark()
    assert send(sink, out, mark).startswith("250 OK queued")
    ((sender, recipients, data),) = sink.taken
    assert (sender, recipients) == (USER, ("ann@customer.example", "bo@customer.example"))
    assert parse(data).text == BODY
    assert parse(data).message_id == out.message_id
    assert mark.calls == 1


def test_the_mark_comes_after_every_recipient_and_before_data(sink: SmtpSink) -> None:
    seen: list[list[str]] = []
    out = message("bo@customer.example")
    smtp.send(sink.config(), USER, NOBODY, out, before_data=lambda: seen.append(list(sink.commands)))
    assert seen == [["mail", "rcpt", "rcpt"]]


def test_nothing_is_sent_when_the_mark_cannot_be_made(sink: SmtpSink) -> None:
    def refuse() -> None:
        raise RuntimeError("disk full")

    with pytest.raises(RuntimeError):
        smtp.send(sink.config(), USER, NOBODY, message(), before_data=refuse)
    assert sink.taken == []


@pytest.mark.parametrize("step", ["mail", "rcpt", "data"])
@pytest.mark.parametrize(("reply", "permanent"), [("451 try later", False), ("550 no such user", True)])
def test_refusals_are_final_or_for_now(sink: SmtpSink, step: str, reply: str, permanent: bool) -> None:
    sink.faults, mark = {step: reply}, Mark()
    with pytest.raises(SendError) as caught:
        send(sink, message(), mark)
    assert not isinstance(caught.value, smtp.InDoubt)
    assert (caught.value.permanent, caught.value.reply) == (permanent, reply)
    assert caught.value.fix
    assert mark.calls == (1 if step == "data" else 0)


def test_one_refused_recipient_stops_the_whole_message(sink: SmtpSink) -> None:
    sink.faults = {"rcpt:bo@customer.example": "550 unknown"}
    mark = Mark()
    with pytest.raises(SendError, match=r"bo@customer\.example"):
        send(sink, message("bo@customer.example"), mark)
    assert (sink.taken, mark.calls) == ([], 0)


@pytest.mark.parametrize("step", ["mail", "rcpt"])
def test_a_cut_before_data_is_no_doubt(sink: SmtpSink, step: str) -> None:
    sink.faults = {step: "drop"}
    with pytest.raises(SendError, match="nothing was handed over") as caught:
        send(sink, message(), Mark())
    assert not isinstance(caught.value, smtp.InDoubt)
    assert not caught.value.permanent


@pytest.mark.parametrize(("step", "stored"), [("data", 0), ("after", 1)])
@pytest.mark.parametrize("fault", ["drop", "hang"])
def test_a_cut_or_silence_after_data_is_in_doubt(step: str, stored: int, fault: str) -> None:
    with smtp_sink() as sink:
        sink.faults = {step: fault}
        out = message()
        with pytest.raises(smtp.InDoubt) as caught:
            send(sink, out, Mark(), seconds=0.3)
        assert sink.copies(out.message_id) == stored
        assert "may have been sent" in caught.value.fix
        assert caught.value.in_doubt
        assert not caught.value.permanent


def test_trying_again_after_a_refusal_for_now_sends_once(sink: SmtpSink) -> None:
    sink.faults, sink.times = {"data": "451 greylisted"}, {"data": 1}
    out = message()
    with pytest.raises(SendError):
        send(sink, out, Mark())
    send(sink, out, Mark())
    assert sink.copies(out.message_id) == 1


def test_logins_are_checked_and_named() -> None:
    with smtp_sink(auth=True) as sink:
        smtp.send(sink.config(), USER, Credential.password(PASSWORD), message(), before_data=Mark())
        assert len(sink.taken) == 1
        with pytest.raises(AuthError, match=r"127\.0\.0\.1.*refused the login"):
            smtp.send(sink.config(), USER, Credential.password("wrong"), message(), before_data=Mark())
        box = MailboxConfig(address=USER, smtp=sink.config())
        assert [c.ok for c in check.smtp(box, Credential.password(PASSWORD))] == [True, True]
        assert [c.ok for c in check.smtp(box, Credential.password("wrong"))] == [True, False]


def test_no_server_and_no_encryption_are_said_clearly(sink: SmtpSink) -> None:
    nowhere = SmtpConfig(host="127.0.0.1", port=free_port(), security="none")
    with pytest.raises(SendError, match="no SMTP connection") as caught:
        smtp.send(nowhere, USER, NOBODY, message(), before_data=Mark())
    assert "smtp.port" in caught.value.fix
    with pytest.raises(MailError, match="another machine"):
        smtp.send(
            SmtpConfig(host="mail.shop.example", security="none"),
            USER,
            Credential.password("x"),
            message(),
            before_data=Mark(),
        )
    with pytest.raises(SendError):
        smtp.send(
            SmtpConfig(host="127.0.0.1", port=sink.port, security="tls"),
            USER,
            NOBODY,
            message(),
            before_data=Mark(),
        )
    (failed,) = check.smtp(MailboxConfig(address=USER, smtp=nowhere), NOBODY)
    assert not failed.ok
    assert failed.fix


def test_addresses_outside_ascii_are_sent_where_the_server_can(sink: SmtpSink) -> None:
    out = compose.new(box=BOX, to=("jürgen@customer.example",), subject="Hi", body="Hi", now=datetime.now(UTC))
    smtp.send(sink.config(), USER, NOBODY, out, before_data=Mark())
    assert sink.taken[0][1] == ("jürgen@customer.example",)


class ReportingServer(socketserver.StreamRequestHandler):
    """A server that offers reports (RFC 3461) and keeps every line it is told."""

    lines: ClassVar[list[str]] = []

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        text = False
        for line in (told.decode().rstrip("\r\n") for told in self.rfile):
            if text:
                text = line != "."
                answer = "" if text else "250 OK queued as 1"
            else:
                self.lines.append(line)
                verb = line.split(" ")[0].upper()
                text = verb == "DATA"
                answer = {"EHLO": "250-here\r\n250 DSN", "DATA": "354 go on", "QUIT": "221 bye"}.get(verb, "250 OK")
            if answer:
                self.wfile.write(f"{answer}\r\n".encode())


def test_reports_of_failure_are_asked_for_where_they_are_offered(sink: SmtpSink) -> None:
    out = message("bo@customer.example")
    ReportingServer.lines.clear()
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), ReportingServer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        where = SmtpConfig(host="127.0.0.1", port=server.server_address[1], security="none")
        assert smtp.send(where, USER, NOBODY, out, before_data=Mark()) == "250 OK queued as 1"
        server.shutdown()
    (mail,) = [line for line in ReportingServer.lines if line.startswith("MAIL")]
    assert f"ENVID={out.message_id}" in mail
    assert "RET=HDRS" in mail
    rcpt = [line for line in ReportingServer.lines if line.startswith("RCPT")]
    assert len(rcpt) == 2
    assert all(line.endswith("NOTIFY=FAILURE,DELAY") for line in rcpt)
    send(sink, out, Mark())  # a server without them is not asked, and refuses nothing
    assert len(sink.taken) == 1
