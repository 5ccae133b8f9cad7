"""Fetching from a real Dovecot: first sync against mbsync and offlineimap, a poll with nothing new, IDLE to a row or cut off.

    python tests/bench/bench_imap.py [--messages 20000] [--large 200000] [--only sync|poll|idle]

mbsync (isync) and offlineimap run with their defaults in the same run; ours also parses, threads and indexes.
"""

import argparse
import contextlib
import multiprocessing
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from servers import ImapServer, dovecot_server, tapped

from desk.config import MailboxConfig
from desk.domain.mail import Credential
from desk.mail.imap import ImapSource
from desk.mail.source import Cursor
from desk.store import database, messages
from desk.workers.fetch import Fetcher
from desk.workers.loop import Stop

WORDS = ("lamp order parcel invoice please could send bulb kitchen Monday flickers dim answer thank regards address "
         "delivery street number refund broken glass shade cable switch").split()  # fmt: skip


def letter(n: int, size: int = 2500) -> bytes:
    """A plain message of about 2.5 kB, each with a sender, a subject and an id of its own; every third answers one."""
    body, k = [], n
    while sum(map(len, body)) + len(body) < size - 500:
        k = (k * 1103515245 + 12345) % 2**31
        body.append(WORDS[k % len(WORDS)])
    answers = f"In-Reply-To: <{n - 1}@web.example>\r\n" if n % 3 == 2 else ""
    text = "\r\n".join(" ".join(body[i : i + 12]) for i in range(0, len(body), 12))
    return (
        f"From: Customer {n % 4000} <c{n % 4000}@web.example>\r\nTo: help@shop.example\r\nSubject: Question {n} of mine\r\n"
        f"Message-ID: <{n}@web.example>\r\n{answers}Date: Fri, 20 Nov 2026 12:{n // 60 % 60:02}:{n % 60:02} +0000\r\n"
        f"Content-Type: text/plain; charset=utf-8\r\n\r\n{text}"
    ).encode()


def fill(server: ImapServer, folder: str, number: int, size: int = 2500, start: int = 0) -> None:
    """So many messages into a folder, over IMAP in large chunks."""
    with server.client() as client:
        if not client.folder_exists(folder):
            client.create_folder(folder)
    for first in range(start, start + number, 2000):
        server.deliver([letter(n, size) for n in range(first, min(first + 2000, start + number))], folder)


@dataclass(frozen=True)
class Run:
    """What a first sync took: seconds, CPU seconds of the filing and the parsing processes, megabytes of each at most."""

    seconds: float
    filing: float
    parsing: float
    memory: tuple[int, ...]


def ours(server: ImapServer, home: Path, number: int) -> Run:
    """A first sync until everything is stored, threaded and searchable, in a process of its own."""
    box = replace(server.box(folder="INBOX"), import_from="all")
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as alone:
        return alone.submit(_ours, box, server.password, home, number).result()


def _ours(box: MailboxConfig, password: str, home: Path, number: int) -> Run:
    db = database.open(home / "desk.sqlite")
    fetcher = Fetcher(db, box, lambda b: ImapSource(b, Credential.password(password)))
    peaks: dict[int, int] = {}
    done = threading.Event()
    watch = threading.Thread(target=_watch, args=(peaks, done))
    watch.start()
    begin, before = time.perf_counter(), time.process_time()
    count = fetcher.poll()
    took, filing = time.perf_counter() - begin, time.process_time() - before
    done.set()
    watch.join()
    fetcher.close()
    db.close()
    assert count == number, (count, number)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    memory = tuple(kb // 1024 for kb in peaks.values())
    return Run(took, filing, children.ru_utime + children.ru_stime, memory)


def _watch(peaks: dict[int, int], done: threading.Event) -> None:
    """Keep the largest memory (VmHWM, kB) that this process and its parsers had."""
    while not done.wait(0.1):
        for pid in (os.getpid(), *(child.pid for child in multiprocessing.active_children())):
            with contextlib.suppress(OSError, StopIteration):
                lines = Path(f"/proc/{pid}/status").read_text().splitlines()
                peaks[int(pid or 0)] = int(next(x for x in lines if x.startswith("VmHWM:")).split()[1])


def mbsync(server: ImapServer, home: Path) -> float:
    """The same mailbox by mbsync with its defaults."""
    (home / "mail").mkdir()
    config = home / "mbsyncrc"
    config.write_text(
        f"IMAPAccount a\nHost 127.0.0.1\nPort {server.port}\nUser {server.user}\nPass {server.password}\nSSLType None\n"
        f"AuthMechs LOGIN\n\nIMAPStore far\nAccount a\n\nMaildirStore near\nPath {home}/mail/\nInbox {home}/mail/INBOX\n\n"
        "Channel c\nFar :far:\nNear :near:\nPatterns INBOX\nCreate Near\nSync Pull\nSyncState *\n"
    )
    begin = time.perf_counter()
    subprocess.run(["mbsync", "-q", "-c", str(config), "c"], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin


def offlineimap(server: ImapServer, home: Path) -> float:
    """The same mailbox by offlineimap with its defaults."""
    config = home / "offlineimaprc"
    config.write_text(
        f"[general]\naccounts = a\nmetadata = {home}/meta\n[Account a]\nlocalrepository = near\nremoterepository = far\n"
        f"[Repository near]\ntype = Maildir\nlocalfolders = {home}/mail\n[Repository far]\ntype = IMAP\n"
        f"remotehost = 127.0.0.1\nremoteport = {server.port}\nremoteuser = {server.user}\nremotepass = {server.password}\n"
        "ssl = no\nstarttls = no\nreadonly = True\nfolderfilter = lambda f: f == 'INBOX'\n"
    )
    begin = time.perf_counter()
    subprocess.run(["offlineimap", "-o", "-u", "quiet", "-c", str(config)], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)  # fmt: skip
    return time.perf_counter() - begin


def sync(server: ImapServer, number: int) -> None:
    """Messages per second of a first sync, all three in this run; and ours of a quarter as many, for the memory."""
    fill(server, "INBOX", number // 4)
    _say(number // 4, _at_home(lambda home: ours(server, home, number // 4)))
    fill(server, "INBOX", number - number // 4, start=number // 4)
    run = _at_home(lambda home: ours(server, home, number))
    _say(number, run)
    rates = {"desk": number / run.seconds}
    for name, act in (("mbsync", mbsync), ("offlineimap", offlineimap)):
        if shutil.which(name) is None:
            print(f"  {name}: not installed")
            continue
        try:
            took = _at_home(lambda home, act=act: act(server, home))
        except subprocess.CalledProcessError as problem:
            print(f"  {name}: failed ({problem.returncode})")
            continue
        rates[name] = number / took
        print(f"  {name:12} {number:,} messages in {took:6.1f} s: {rates[name]:8.0f} a second", flush=True)
        print(f"  desk / {name}: {rates['desk'] / rates[name]:.2f}x")


def _say(number: int, run: Run) -> None:
    each = 1e6 / number
    print(f"  {'desk':12} {number:,} messages in {run.seconds:6.1f} s: {number / run.seconds:8.0f} a second; CPU of a message "
          f"{run.filing * each:.0f} us filing + {run.parsing * each:.0f} us parsing; memory at most "
          f"{' + '.join(map(str, run.memory))} MB", flush=True)  # fmt: skip


def _at_home(act: Any) -> Any:
    home = Path(tempfile.mkdtemp(prefix="desk-sync-"))
    try:
        return act(home)
    finally:
        shutil.rmtree(home, ignore_errors=True)


class Wire:
    """Counts the commands a connection sends."""

    def __init__(self, source: ImapSource) -> None:
        self.count = 0
        client: Any = source._client
        inner = client._imap.send

        def send(data: bytes) -> Any:
            self.count += 1
            return inner(data)

        client._imap.send = send


def poll(server: ImapServer, number: int) -> None:
    """A poll with nothing new in a large folder: milliseconds and round trips."""
    fill(server, "Large", number, 600)
    source = ImapSource(server.box(folder="Large"), Credential.password(server.password))
    cursor: Cursor | None = None
    try:
        for batch in ImapSource.poll(replace_import(source), None):
            cursor = batch.cursor
        assert cursor is not None
        wire = Wire(source)
        times = []
        for _ in range(200):
            begin = time.perf_counter()
            found = [b for b in source.poll(cursor) if b.messages]
            times.append((time.perf_counter() - begin) * 1000)
            assert not found
        times.sort()
        print(f"  {number:,} messages: poll with nothing new p50 {times[100]:.2f} ms, p95 {times[190]:.2f} ms, "
              f"{wire.count / 200:.1f} commands each")  # fmt: skip
    finally:
        source.close()


def replace_import(source: ImapSource) -> ImapSource:
    """From now on: the folder's old mail is not fetched."""
    source.box = replace(source.box, import_from="now")
    return source


def idle(server: ImapServer) -> None:
    """From delivery to the row in the store, waiting in IDLE."""
    home = Path(tempfile.mkdtemp(prefix="desk-idle-"))
    db = database.open(home / "desk.sqlite")
    with server.client() as client:
        client.create_folder("Live")
    box = replace(server.box(folder="Live", poll_seconds=300), import_from="now")
    fetcher = Fetcher(db, box, lambda b: ImapSource(b, Credential.password(server.password)))
    stop = Stop()
    worker = threading.Thread(target=fetcher.run, args=(stop, lambda *_: None), daemon=True)
    worker.start()
    took = []
    until = time.monotonic() + 30
    while db.get(messages.cursor(1, "Live")) is None and time.monotonic() < until:
        time.sleep(0.05)
    with server.client() as client:
        for n in range(20):
            time.sleep(0.3)
            begin = time.perf_counter()
            client.append("Live", letter(900_000 + n))
            while db.get(messages.cursor(1, "Live")).last_uid < n + 1:  # type: ignore[union-attr]
                time.sleep(0.005)
                if time.perf_counter() - begin > 60:
                    raise SystemExit("the message never came")
            took.append(time.perf_counter() - begin)
    stop.event.set()
    fetcher.close()
    worker.join(5)
    print(
        f"  delivered → stored with IDLE: median {statistics.median(took):.2f} s, longest {max(took):.2f} s (20 messages)"
    )
    shutil.rmtree(home, ignore_errors=True)


def dropped(server: ImapServer, seconds: float = 30.0) -> None:
    """A server that hangs up on every IDLE: what the fetching thread costs, and how often it comes back."""
    home = Path(tempfile.mkdtemp(prefix="desk-idle-"))
    db = database.open(home / "desk.sqlite")
    with tapped(server, cut_at="IDLE") as (behind, tap):
        fetcher = Fetcher(db, behind.box(), lambda b: ImapSource(b, Credential.password(server.password)))
        stop, spent = Stop(), [0.0]

        def work() -> None:
            fetcher.run(stop, lambda *_: None)
            spent[0] = time.thread_time()

        worker = threading.Thread(target=work, daemon=True)
        worker.start()
        time.sleep(seconds)
        stop.event.set()
        if fetcher.source is not None:
            fetcher.source.close()
        worker.join(10)
        print(f"  every IDLE dropped: {100 * spent[0] / seconds:.2f} % of a core over {seconds:.0f} s, "
              f"{tap.connections} connections")  # fmt: skip
    db.close()
    shutil.rmtree(home, ignore_errors=True)


def main() -> None:
    """Measure what is wanted."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--messages", type=int, default=20_000)
    options.add_argument("--large", type=int, default=200_000)
    options.add_argument("--only", choices=("sync", "poll", "idle"))
    given = options.parse_args()
    os.environ.setdefault("DESK_HOME", tempfile.mkdtemp(prefix="desk-home-"))
    with dovecot_server() as server:
        if given.only in (None, "sync"):
            print("first sync:")
            sync(server, given.messages)
        if given.only in (None, "idle"):
            print("IDLE:")
            idle(server)
            dropped(server)
        if given.only in (None, "poll"):
            print("poll:")
            poll(server, given.large)


if __name__ == "__main__":
    main()
