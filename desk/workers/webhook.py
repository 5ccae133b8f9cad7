"""Messages by HTTP: a small door for programs that hand mail in. Off unless `webhook.listen` is set.

A request is signed: `X-Desk-Timestamp` holds epoch seconds, `X-Desk-Signature` is `sha256=` and the hex HMAC-SHA256
(RFC 2104) of the timestamp, a dot and the body. One too old, or seen before, is refused. The body is a raw message
(`message/rfc822`) or JSON as Postal sends it: `{"message": …, "base64": true, "rcpt_to": …}`. A message is stored before
200 is said.
"""

import base64
import binascii
import contextlib
import hashlib
import hmac
import http.server
import json
import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from desk.config import Config, MailboxConfig
from desk.errors import ConfigError, DeskError, MailError
from desk.mail.rules import Rulebook
from desk.store import changes
from desk.store.database import Database
from desk.workers.ingest import ingest, mailbox_for
from desk.workers.loop import Status, Stop, now

log = logging.getLogger("desk.webhook")
WINDOW = 300.0
"""Seconds by which a request's time may differ from ours."""
MAX_BODY = 40_000_000
"""Bytes of a request."""
SECONDS = 15.0
"""For each part of a request to arrive: who is slower is hung up on."""
ALTOGETHER = 120.0
"""For the whole of a request, however busily it trickles."""
AT_ONCE = 8
"""Requests that are worked on at the same time; more are asked to come again."""


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What `X-Desk-Signature` must hold."""
    mac = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"sha256={mac.hexdigest()}"


def message_in(kind: str, body: bytes) -> tuple[bytes, str]:
    """The raw message in a request's body, and whom it was for where that is said; MailError for anything else."""
    if kind in ("message/rfc822", "application/octet-stream"):
        return body, ""
    if kind != "application/json":
        raise MailError(f"{kind or 'no content type'} is not taken.", "Send message/rfc822 or application/json.")
    try:
        found = json.loads(body)
        text = found["message"]
        plain = text.encode("utf-8", "surrogateescape")
        raw = base64.b64decode(b"".join(plain.split()), validate=True) if found.get("base64") else plain
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error) as problem:
        raise MailError("The JSON holds no message.", 'Send {"message": …, "base64": true}.') from problem
    return raw, str(found.get("rcpt_to") or "")


class Webhook:
    """The door: checks who knocks, and that nobody knocks twice with the same words."""

    def __init__(self, db: Database, config: Config, secret: str, clock: Callable[[], float] = time.time) -> None:
        if len(secret) < 16:
            raise ConfigError("The webhook's secret is missing or too short.", "Set one of at least 16 characters.")
        self.db, self.config, self.secret, self.clock = db, config, secret, clock
        self.rules = Rulebook(config)

    def receive(self, headers: Any, body: bytes) -> tuple[int, dict[str, Any]]:
        """Status and answer for one request."""
        stamp, signed = str(headers.get("X-Desk-Timestamp", "")), str(headers.get("X-Desk-Signature", ""))
        if not hmac.compare_digest(signature(self.secret, stamp, body).encode(), signed.encode("utf-8", "replace")):
            return 401, {"error": "The signature is wrong.", "fix": "Sign timestamp, dot and body with the secret."}
        if not stamp.isdecimal() or abs(self.clock() - int(stamp[:12])) > WINDOW:
            return 401, {"error": "The timestamp is too old.", "fix": "Sign with the current time; check the clocks."}
        kind = str(headers.get("Content-Type", "")).partition(";")[0].strip().lower()
        try:
            raw, recipient = message_in(kind, body)
        except MailError as problem:
            return 400, {"error": problem.what, "fix": problem.fix}
        try:
            return self._take(raw, recipient, signed)
        except MailError as problem:
            return 422, {"error": problem.what, "fix": problem.fix}
        except DeskError as problem:
            log.warning("not stored: %s", problem)
            return 503, {"error": "It could not be stored now.", "fix": "Send it again in a minute."}

    def _take(self, raw: bytes, recipient: str, signed: str) -> tuple[int, dict[str, Any]]:
        try:
            box = mailbox_for(self.config, raw, self.config.webhook.mailbox, recipient)
        except MailError as problem:  # our own configuration is wrong, not the message: it must come again
            raise ConfigError(problem.what, problem.fix) from problem
        at = datetime.fromtimestamp(self.clock(), UTC)
        with self.db.write() as tx:
            first = changes.first_time(tx, f"webhook:{signed}", now=at, seconds=2 * WINDOW)
        found = ingest(self.db, box, raw, "webhook", now=now(), rules=self.rules)
        if found.known and not first:  # when it is not there, we died between the two writes: it is taken now
            return 409, {"error": "This very request was here before.", "fix": "Sign each attempt anew."}
        return 200, {"ticket": found.number, "known": found.known}


def server(door: Webhook, host: str, port: int) -> http.server.ThreadingHTTPServer:
    """The web server before it serves; `server_address` says where it listens."""
    free = threading.BoundedSemaphore(AT_ONCE)

    class Handler(http.server.BaseHTTPRequestHandler):
        timeout = SECONDS
        server_version = "desk"
        sys_version = ""

        def setup(self) -> None:
            super().setup()
            self._end = threading.Timer(ALTOGETHER, self._hang_up)
            self._end.daemon = True
            self._end.start()

        def finish(self) -> None:
            self._end.cancel()
            super().finish()

        def _hang_up(self) -> None:
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)

        def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
            self.say(code, {"error": message or "This is no request desk knows.", "fix": "POST to /messages."})

        def do_POST(self) -> None:
            if not free.acquire(blocking=False):
                self.say(503, {"error": "Too many at once.", "fix": "Send it again in a minute."})
                return
            try:
                self.say(*self.answer())
            finally:
                free.release()

        def answer(self) -> tuple[int, dict[str, Any]]:
            length = self.headers.get("Content-Length", "")
            if self.path != "/messages":
                return 404, {"error": "There is nothing here.", "fix": "POST to /messages."}
            if not length.isdecimal():
                return 411, {"error": "The length is missing.", "fix": "Send Content-Length."}
            if int(length) > MAX_BODY:
                return 413, {"error": "The message is too large.", "fix": f"Send up to {MAX_BODY // 1_000_000} MB."}
            body = self.rfile.read(int(length))
            if len(body) < int(length):
                return 400, {"error": "The body is cut off.", "fix": "Send it again."}
            try:
                return door.receive(self.headers, body)
            except Exception:
                log.exception("a request failed")
                return 500, {"error": "An unexpected error; the log has it.", "fix": "Send it again in a minute."}

        def say(self, status: int, answer: dict[str, Any]) -> None:
            text = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: Any) -> None:
            log.info("%s %s", self.client_address[0], format % args)

    found = http.server.ThreadingHTTPServer((host, port), Handler)
    found.daemon_threads = True
    return found


def run(db: Database, config: Config, secret: str, stop: Stop) -> None:
    """Serve until told to stop; what keeps it from listening is shown in the header."""
    host, _, port = config.webhook.listen.rpartition(":")
    status = Status(db, "webhook")
    try:
        door = server(Webhook(db, config, secret), host.strip("[]"), int(port))
    except (OSError, DeskError) as problem:
        status.say("error", f"webhook can't listen on {config.webhook.listen}: {problem}")
        stop.event.wait()
        return
    threading.Thread(target=door.serve_forever, daemon=True, name="webhook").start()
    while not stop:
        status.say("idle", config.webhook.listen)
        stop.event.wait(5)
    door.shutdown()
    door.server_close()


class _Channel:
    """The door as a channel; answers to what came in by it leave by mail, through the mailbox it belongs to."""

    def wanted(self, config: Config) -> bool:
        """Whether `webhook.listen` is set."""
        return bool(config.webhook.listen)

    def receive(self, db: Database, config: Config, stop: Stop) -> None:
        """Serve, with the secret from the environment."""
        run(db, config, os.environ.get(config.webhook.secret_env, ""), stop)

    def reply(self, config: Config, box: MailboxConfig) -> None:
        """The mailbox's own way."""


CHANNEL = _Channel()
