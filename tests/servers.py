"""Real mail servers for tests, all on loopback: pymap (IMAP, in process), aiosmtpd with faults on demand (SMTP), and
Dovecot where it is installed. Each is a context manager; tests wrap them in fixtures as they need.

With DESK_REQUIRE_SERVERS=1 a missing Dovecot fails the test instead of skipping it.
"""

import asyncio
import base64
import contextlib
import getpass
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from argparse import Namespace
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import imapclient
import pytest

from desk.config import ImapConfig, MailboxConfig, SmtpConfig

USER, PASSWORD = "help@shop.example", "correct horse"


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def wait_for_port(port: int, seconds: float = 15.0) -> None:
    """Return once something listens; connecting is retried, nothing sleeps longer than it must."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.02)):
        with socket.socket() as s:
            s.settimeout(1)
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        pause.wait(0.02)
    raise RuntimeError(f"nothing listens on port {port}")


def need(what: str, found: bool) -> None:
    """Skip, with the reason, where a server is not installed; fail where it is required."""
    if found:
        return
    if os.environ.get("DESK_REQUIRE_SERVERS") == "1":
        pytest.fail(f"{what} is required here and is not installed")
    pytest.skip(f"{what} is not installed")


@dataclass
class ImapServer:
    """Where an IMAP server for tests listens, and ways to put mail into it behind the client's back."""

    port: int
    kind: str
    user: str = USER
    password: str = PASSWORD
    restart: Any = None

    def box(self, **imap: Any) -> MailboxConfig:
        """A mailbox configuration for this server."""
        settings = ImapConfig(host="127.0.0.1", port=self.port, security="none", user=self.user, **imap)
        return MailboxConfig(name="main", address=USER, imap=settings, import_from="all")

    @contextlib.contextmanager
    def client(self) -> Iterator[imapclient.IMAPClient]:
        """A connection of the test's own."""
        client = imapclient.IMAPClient("127.0.0.1", self.port, ssl=False, timeout=20)
        client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.login(self.user, self.password)
        try:
            yield client
        finally:
            with contextlib.suppress(Exception):
                client.logout()

    def deliver(self, messages: Sequence[bytes], folder: str = "INBOX") -> None:
        """Put messages into a folder, in order."""
        with self.client() as client:
            for start in range(0, len(messages), 200):
                chunk = messages[start : start + 200]
                if client.has_capability("MULTIAPPEND"):
                    client.multiappend(folder, chunk)
                else:
                    for raw in chunk:
                        client.append(folder, raw)


# pymap ----------------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def pymap_server() -> Iterator[ImapServer]:
    """An empty in-memory IMAP server in a thread of this process."""
    port = free_port()
    ready, stop_now = threading.Event(), threading.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        from proxyprotocol.reader import ProxyProtocolReader
        from pymap.backend.dict import DictBackend
        from pymap.imap import IMAPServer

        names = ("passlib_cfg", "proxy_protocol", "cert", "key", "inherited_sockets")
        args = Namespace(**dict.fromkeys(names), host="127.0.0.1", port=str(port), debug=False, tls=False)
        args.demo_data, args.demo_user, args.demo_password = False, USER, PASSWORD
        backend, config = await DictBackend.init(args)
        config.apply_context()
        serve_one = ProxyProtocolReader(config.proxy_protocol).get_callback(IMAPServer(backend.login, config))

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await serve_one(reader, writer)

        listening = await asyncio.start_server(handle, "127.0.0.1", port)
        async with listening:
            ready.set()
            while not stop_now.is_set():
                await asyncio.sleep(0.02)

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.set_exception_handler(lambda *_: None)
        loop.run_until_complete(serve())
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()

    thread = threading.Thread(target=run, daemon=True, name="pymap")
    thread.start()
    if not ready.wait(15):
        raise RuntimeError("pymap did not start")
    try:
        yield ImapServer(port, "pymap")
    finally:
        stop_now.set()
        thread.join(5)


# Dovecot --------------------------------------------------------------------------------------------------------------

_DOVECOT = """
base_dir = {home}/run
log_path = {home}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_internal_user = {internal}
default_internal_group = {group}
default_login_user = {login}
default_vsz_limit = 0
auth_failure_delay = 0
first_valid_uid = 0
mail_location = maildir:{home}/mail:LAYOUT=fs
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={home}/mail
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Verzonden {{
    auto = create
    special_use = \\Sent
  }}
}}
"""


@contextlib.contextmanager
def dovecot_server() -> Iterator[ImapServer]:
    """Dovecot without root rights (or with, then serving as nobody), its mail in a folder of its own."""
    program = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin:/usr/local/sbin")
    need("Dovecot (dovecot-imapd)", program is not None)
    home = Path(tempfile.mkdtemp(prefix="desk-dovecot-"))
    root = os.getuid() == 0
    me = pwd.getpwnam("nobody") if root else pwd.getpwuid(os.getuid())
    internal = "dovecot" if root else getpass.getuser()
    login = "dovenull" if root else getpass.getuser()
    group = "dovecot" if root else str(os.getgid())
    port = free_port()
    (home / "mail").mkdir()
    home.chmod(0o755)
    if root:
        os.chown(home / "mail", me.pw_uid, me.pw_gid)
    words = {"home": home, "internal": internal, "login": login, "group": group, "port": port}
    words["password"] = PASSWORD.replace(" ", "")
    config = home / "dovecot.conf"
    config.write_text(_DOVECOT.format(**words, uid=me.pw_uid, gid=me.pw_gid))
    process: list[subprocess.Popen[bytes]] = []

    def start() -> None:
        process.append(subprocess.Popen([str(program), "-F", "-c", str(config)], stderr=subprocess.DEVNULL))
        wait_for_port(port)

    def stop() -> None:
        process[-1].send_signal(signal.SIGTERM)
        process[-1].wait(15)

    def restart() -> None:
        stop()
        start()

    try:
        try:
            start()
        except RuntimeError:
            log = (home / "log").read_text() if (home / "log").exists() else "no log"
            raise RuntimeError(f"Dovecot did not start: {log[-2000:]}") from None
        yield ImapServer(port, "dovecot", password=PASSWORD.replace(" ", ""), restart=restart)
    finally:
        if process and process[-1].poll() is None:
            stop()
        shutil.rmtree(home, ignore_errors=True)


# A wire to an IMAP server ----------------------------------------------------------------------------------------------


@dataclass
class Tap:
    """A wire to an IMAP server that keeps every line a client sends, without its tag, and cuts the connection right after
    a command that begins with `cut_at`."""

    port: int = 0
    cut_at: str = ""
    connections: int = 0
    lines: list[str] = field(default_factory=list)


@contextlib.contextmanager
def tapped(server: ImapServer, cut_at: str = "") -> Iterator[tuple[ImapServer, Tap]]:
    """The same server, reached through a `Tap`."""
    tap = Tap(cut_at=cut_at)
    listener = socket.create_server(("127.0.0.1", 0))
    tap.port = listener.getsockname()[1]
    wires: list[socket.socket] = [listener]

    def cut(*ends: socket.socket) -> None:
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def answer(client: socket.socket, behind: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := behind.recv(65536):
                client.sendall(data)
        cut(client, behind)

    def ask(client: socket.socket, behind: socket.socket) -> None:
        with contextlib.suppress(OSError):
            for line in client.makefile("rb"):
                words = line.decode(errors="replace").strip()
                tap.lines.append(words.partition(" ")[2] or words)
                if tap.cut_at and tap.lines[-1].startswith(tap.cut_at):
                    break
                behind.sendall(line)
        cut(client, behind)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                tap.connections += 1
                behind = socket.create_connection(("127.0.0.1", server.port))
                for end in (client, behind):
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                wires.extend((client, behind))
                for run in (ask, answer):
                    threading.Thread(target=run, args=(client, behind), daemon=True, name="tap").start()

    threading.Thread(target=accept, daemon=True, name="tap").start()
    try:
        yield replace(server, port=tap.port), tap
    finally:
        cut(*wires)
        for wire in wires:
            wire.close()


# SMTP -----------------------------------------------------------------------------------------------------------------


@dataclass
class SmtpSink:
    """An SMTP server that keeps what it takes. `faults` says what goes wrong, by the step it goes wrong at.

    Keys: "connect", "mail", "rcpt" (or "rcpt:address"), "data" (answer instead of taking the message), "after" (answer
    after the message was stored). Values: an SMTP reply such as "451 later", or "drop" (close the connection), or "hang"
    (answer only when the sink closes). Each fault happens `times` times (for ever when missing).
    """

    port: int = 0
    faults: dict[str, str] = field(default_factory=dict)
    times: dict[str, int] = field(default_factory=dict)
    taken: list[tuple[str, tuple[str, ...], bytes]] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    def config(self) -> SmtpConfig:
        """The configuration that reaches this server."""
        return SmtpConfig(host="127.0.0.1", port=self.port, security="none")

    def fault(self, *steps: str) -> str:
        """The fault due at one of these steps, counted down; "" when there is none."""
        for step in steps:
            if step in self.faults and self.times.get(step, 1) > 0:
                if step in self.times:
                    self.times[step] -= 1
                return self.faults[step]
        return ""

    def copies(self, message_id: str) -> int:
        """How often a message was taken."""
        wanted = f"<{message_id.strip('<>')}>".encode()
        return sum(wanted in re.split(rb"\r?\n\r?\n", raw, maxsplit=1)[0] for _, _, raw in self.taken)


@contextlib.contextmanager
def smtp_sink(auth: bool = False, password: str = PASSWORD) -> Iterator[SmtpSink]:
    """A running `SmtpSink`; with `auth` it wants the login USER / `password`."""
    from aiosmtpd.controller import Controller
    from aiosmtpd.smtp import AuthResult

    sink = SmtpSink()

    class Handler:
        async def _answer(self, server: Any, *steps: str) -> str:
            sink.commands.append(steps[-1])
            fault = sink.fault(*steps)
            if fault == "drop":
                server.transport.abort()
                return "421 gone"
            if fault == "hang":
                while not sink.closing.is_set():
                    await asyncio.sleep(0.02)
                return "421 gone"
            return fault

        async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
            if answer := await self._answer(server, "mail"):
                return answer
            envelope.mail_from = address
            return "250 OK"

        async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
            if answer := await self._answer(server, f"rcpt:{address}", "rcpt"):
                return answer
            envelope.rcpt_tos.append(address)
            return "250 OK"

        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
            if answer := await self._answer(server, "data"):
                return answer
            sink.taken.append((envelope.mail_from, tuple(envelope.rcpt_tos), bytes(envelope.original_content)))
            return await self._answer(server, "after") or f"250 OK queued as {len(sink.taken)}"

        async def auth_XOAUTH2(self, server: Any, args: list[str]) -> Any:
            """A token instead of a password (Google's and Microsoft's SASL mechanism)."""
            said = base64.b64decode(args[1]) if len(args) > 1 else await server.challenge_auth("")
            right = said == f"user={USER}\x01auth=Bearer {password}\x01\x01".encode()
            return AuthResult(success=right, handled=False)

    def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> Any:
        right = (data.login, data.password) == (USER.encode(), password.encode())
        return AuthResult(success=right, handled=False)

    options: dict[str, Any] = {}
    if auth:
        options = {"authenticator": check, "auth_required": True, "auth_require_tls": False}
    controller = Controller(
        Handler(), enable_SMTPUTF8=True, hostname="127.0.0.1", port=free_port(), ready_timeout=15, **options
    )
    controller.start()
    sink.port = controller.port
    try:
        yield sink
    finally:
        sink.closing.set()
        controller.stop()
