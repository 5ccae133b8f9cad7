"""Every fault that can meet a message on its way out: nothing lost, nothing sent twice, what can't be known in doubt.

    python tests/bench/bench_send.py [--rounds 20] [--on sqlite|postgresql|both] [--only WORD]

The sender is a process of its own (`faults.run`) that is killed, or meets trouble, at one point; then a healthy one takes
over until nothing is due. The servers (SMTP, IMAP for Sent) run in this process. Prints a row a fault: messages the
server took once, not at all and twice, and where they stand; ends with 1 when one was lost or came twice.
"""

import argparse
import logging
import multiprocessing
import os
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import faults
from postgres import cluster
from servers import PASSWORD, USER, ImapServer, SmtpSink, pymap_server, smtp_sink

from desk.actions import outbox as door
from desk.actions import writing
from desk.cli import rooms
from desk.cli.settings import write
from desk.config import Config, PipelineConfig
from desk.errors import DeskError
from desk.paths import at
from desk.store import outbox
from desk.store.database import Database

LATER = 90_000.0
"""Seconds ahead at which every back-off and lease has ended."""
CONTEXT = multiprocessing.get_context("forkserver")


@dataclass(frozen=True)
class Fault:
    """One row of the matrix: what happens, what the server does, and where a message may stand afterwards."""

    name: str
    server: tuple[str, str] | None = None
    times: int = 1
    ends: tuple[str, ...] = ("filed",)
    copies: tuple[int, ...] = (1,)


FAULTS = (
    Fault("nothing"),
    Fault("kill at the approval"),
    Fault("kill at the end of the hold"),
    Fault("kill after the claim"),
    Fault("kill after RCPT"),
    Fault("kill between mark and DATA", ends=("in_doubt",), copies=(0,)),
    Fault("kill in the middle of DATA", ends=("in_doubt",), copies=(0,)),
    Fault("kill after 250, before the commit", ends=("in_doubt",)),
    Fault("kill after the server stored it, before 250", ("after", "hang"), ends=("in_doubt",)),
    Fault("kill between sent and APPEND"),
    Fault("kill during APPEND"),
    Fault("kill after APPEND, before the commit"),
    Fault("connection refused", ("mail", "drop")),
    Fault("451 at RCPT (greylisting)", ("rcpt", "451 later")),
    Fault("451 at DATA", ("data", "451 later")),
    Fault("550 at RCPT", ("rcpt", "550 no such user"), ends=("failed",), copies=(0,)),
    Fault("554 at DATA", ("data", "554 refused"), ends=("failed",), copies=(0,)),
    Fault("connection dropped before it was stored", ("data", "drop"), ends=("in_doubt",), copies=(0,)),
    Fault("connection dropped after it was stored", ("after", "drop"), ends=("in_doubt",)),
    Fault("answer later than we wait", ("after", "hang"), ends=("in_doubt",)),
    Fault("lease lost while in DATA", ("after", "hang"), ends=("in_doubt",)),
    Fault("two senders at once"),
    Fault("clock set back a day"),
    Fault("disk full at the mark"),
    Fault("database locked"),
)


class World:
    """A store, its servers, and the messages of one run."""

    def __init__(self, location: str, home: Path, imap: ImapServer, sink: SmtpSink) -> None:
        self.location, self.home, self.imap, self.sink = location, home, imap, sink
        places = at(home)
        places.create()
        box = replace(imap.box(write_back=True), smtp=replace(sink.config(), user=USER), password_env="BENCH_PASSWORD")
        config = Config(
            database=location if "://" in location else "",
            mailboxes=(replace(box, address="help@shop.example"),),
            pipeline=PipelineConfig(hold_seconds=0.0),
        )
        places.config.write_text(write(config))
        os.environ |= {"BENCH_PASSWORD": PASSWORD, "DESK_HOME": str(home)}
        self.db: Database = rooms.store(config, places)
        with self.db.write() as tx:
            from desk.store import intake

            intake.mailbox(tx, "main", "help@shop.example", at=rooms.now())
        self.desk = rooms.desk(config, self.db, who="bench")
        with imap.client() as client:
            if not client.folder_exists("Sent"):
                client.create_folder("Sent")

    def message(self, number: int) -> None:
        """One new message, offered and approved."""
        writing.begin(self.desk, "main", (f"c{number}@web.example",), f"Message {number}", "It is ready.")

    def sender(self, point: str, ahead: float) -> Any:
        """A sender of its own process."""
        child = CONTEXT.Process(target=faults.run, args=(point, self.location, str(self.home), ahead))
        child.start()
        return child

    def in_sent(self, message_id: str) -> int:
        """Copies in the Sent folder."""
        with self.imap.client() as client:
            client.select_folder("Sent", readonly=True)
            return len(client.search(["HEADER", "Message-ID", message_id.strip("<>")]))


def strike(world: World, fault: Fault) -> None:
    """Let the fault happen to what is on offer."""
    sink = world.sink
    sink.faults, sink.times = (
        ({fault.server[0]: fault.server[1]}, {fault.server[0]: fault.times}) if fault.server else ({}, {})
    )
    if fault.name != "kill at the approval":
        faults.approve(world.desk)
    ahead = -86_400.0 if fault.name == "clock set back a day" else 0.0
    before = len(sink.taken)
    if fault.name == "database locked":
        with world.db.write():
            child = world.sender(fault.name, ahead)
            child.join(2.0)
    elif fault.name == "two senders at once":
        children = [world.sender("", ahead) for _ in range(2)]
        for one in children:
            one.join(30)
        return
    else:
        child = world.sender(fault.name, ahead)
    if fault.name in ("kill after the server stored it, before 250", "lease lost while in DATA"):
        until = time.monotonic() + 10
        while len(sink.taken) == before and time.monotonic() < until:
            time.sleep(0.005)
        if fault.name.startswith("kill"):
            child.kill()
        else:
            with world.db.durable():
                pass
            door.recover(world.desk, orphans=True)
    child.join(30)
    if child.is_alive():
        child.kill()
        child.join()


def round_of(world: World, fault: Fault, number: int) -> tuple[str, int, int]:
    """(where it stands, copies the server took, copies in Sent) after one message met a fault."""
    world.message(number)
    strike(world, fault)
    world.sink.faults, world.sink.times = {}, {}
    try:
        faults.approve(world.desk)
    except DeskError as problem:
        print(f"  not approved: {problem}")
    healthy = world.sender("", LATER)
    healthy.join(40)
    (row,) = world.db.get(outbox.rows(limit=1))
    return row.state, world.sink.copies(row.message_id), world.in_sent(row.message_id)


def matrix(world: World, rounds: int, only: str) -> bool:
    """Every fault, so many rounds each; whether all went as it must."""
    good = True
    number = 0
    print(f"  {'fault':46} {'rounds':>6} {'once':>5} {'none':>5} {'twice':>5}   where it stands")
    for fault in FAULTS:
        if only not in fault.name:
            continue
        ends: Counter[str] = Counter()
        copies: Counter[int] = Counter()
        wrong = 0
        for _ in range(rounds):
            number += 1
            state, taken, filed = round_of(world, fault, number)
            ends[state] += 1
            copies[taken] += 1
            wrong += (
                state not in fault.ends or taken not in fault.copies or filed > 1 or (state == "filed" and filed != 1)
            )
        twice = sum(n for k, n in copies.items() if k > 1)
        where = ", ".join(f"{n} {state}" for state, n in ends.items())
        mark = "" if not wrong else f"   WRONG: {wrong}"
        print(f"  {fault.name:46} {rounds:6} {copies[1]:5} {copies[0]:5} {twice:5}   {where}{mark}", flush=True)
        good = good and not wrong
    return good


def main() -> None:
    """Run the matrix on the databases that are wanted."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=20)
    options.add_argument("--on", choices=("sqlite", "postgresql", "both"), default="both")
    options.add_argument("--only", default="", help="faults whose name holds this")
    given = options.parse_args()
    logging.disable(logging.ERROR)
    CONTEXT.set_forkserver_preload(["faults", "desk.cli.rooms", "desk.mail.smtp", "desk.mail.imap", "desk.mail.compose",
                                    "desk.mail.parse", "desk.workers.send", "desk.guard.outgoing"])  # fmt: skip
    good = True
    with tempfile.TemporaryDirectory() as folder, pymap_server() as imap, smtp_sink(auth=True) as sink:
        if given.on in ("sqlite", "both"):
            print("SQLite")
            home = Path(folder) / "sqlite"
            good = matrix(World(str(home / "desk.sqlite"), home, imap, sink), given.rounds, given.only) and good
        if given.on in ("postgresql", "both"):
            print("PostgreSQL")
            with cluster() as url:
                home = Path(folder) / "postgresql"
                good = matrix(World(url, home, imap, sink), given.rounds, given.only) and good
        sink.closing.set()
    print("nothing lost, nothing twice" if good else "SOMETHING WENT WRONG")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
