"""kill -9 of each worker at random moments, on SQLite and PostgreSQL: nothing lost, nothing doubled, every run resumed.

    python tests/bench/bench_kill.py [--rounds 50] [--on sqlite|postgresql|both]

Real worker processes against an IMAP and an SMTP server in this process. In each round two messages arrive, whatever is
drafted is approved, and one worker is killed at a random moment and started again. Prints what it counted and ends with
1 when anything was lost or doubled.
"""

import argparse
import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from postgres import cluster
from servers import PASSWORD, pymap_server, smtp_sink

from desk.actions import review
from desk.cli import rooms
from desk.cli.settings import write
from desk.config import Config, KnowledgeConfig, PipelineConfig, load
from desk.errors import DeskError
from desk.paths import at
from desk.pipeline.steps import STEPS
from desk.store import drafts, jobs, messages, outbox, threads
from desk.store.database import Database

QUESTIONS = (
    "how many days do I have to return an unused lamp, and what does it cost?",
    "when will my refund arrive on my card?",
    "do you have a manual for the espresso machine of my aunt?",
)
WORKERS = ("fetch", "think", "send")


def letter(number: int) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"] = f"Customer {number} <c{number}@web.example>", "help@shop.example"
    mail["Subject"], mail["Message-ID"] = f"Question number {number} of mine", f"<{number}@web.example>"
    mail["Date"] = "Fri, 20 Nov 2026 12:00:00 +0000"
    mail.set_content(f"Hello,\n\n{QUESTIONS[number % 3]}\n\nCustomer")
    return mail.as_bytes()


class Desk:
    """Three workers, killed and started again."""

    def __init__(self, home: Path) -> None:
        self.environment = {**os.environ, "DESK_HOME": str(home), "LLM_PROVIDER": "none", "BENCH_PASSWORD": PASSWORD}
        self.log = (home / "workers.log").open("ab")
        self.children = {name: self.start(name) for name in WORKERS}

    def start(self, name: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "desk", "worker", "--only", name]
        return subprocess.Popen(command, env=self.environment, stdin=subprocess.PIPE, stdout=self.log, stderr=self.log)

    def kill(self, name: str) -> None:
        self.children[name].send_signal(signal.SIGKILL)
        self.children[name].wait()
        self.children[name] = self.start(name)

    def stop(self) -> None:
        for child in self.children.values():
            child.terminate()
        for child in self.children.values():
            child.wait(20)


def approve_all(db: Database, config: Config) -> None:
    desk = rooms.desk(config, db, who="bench")
    for thread_id in db.get(threads.ids(threads.Filter(threads.View.REVIEW))):
        draft = db.get(drafts.current(thread_id))
        if draft is not None and draft.state == "offered":
            try:
                review.approve(desk, draft.id, confirm=True)
            except DeskError as problem:
                print(f"  not approved: {problem}", flush=True)


def settle(db: Database, config: Config, wanted: int, seconds: float) -> None:
    """Go on approving until every ticket was answered and nothing is under way."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        approve_all(db, config)
        rows = db.get(outbox.rows(limit=10_000))
        live = [r for r in rows if r.state in ("held", "queued", "sending", "retry")]
        done = [r for r in rows if r.state in ("sent", "filed", "in_doubt")]
        if not live and len(done) >= wanted and not db.get(jobs.queued(("scan", "ticket"))):
            return
        time.sleep(0.25)


def run(location: str, home: Path, rounds: int, dice: random.Random) -> bool:
    places = at(home)
    places.create()
    articles = home / "articles"
    articles.mkdir()
    (articles / "returns.md").write_text(
        "---\nid: returns\ntitle: Returning a lamp\n---\nAn unused lamp can be returned within 30 days for 4.90 euros.\n"
    )
    (articles / "refunds.md").write_text(
        "---\nid: refunds\ntitle: Refunds\n---\nA refund arrives on your card within 5 working days.\n"
    )
    with pymap_server() as imap, smtp_sink(auth=True) as sink:
        box = replace(imap.box(poll_seconds=1), password_env="BENCH_PASSWORD", smtp=sink.config(), import_from="now")
        box = replace(box, address="help@shop.example")
        config = Config(
            database=location if "://" in location else "",
            mailboxes=(box,),
            pipeline=PipelineConfig(window_seconds=0.2, hold_seconds=0.0),
            knowledge=KnowledgeConfig(folder=str(articles)),
        )
        places.config.write_text(write(config))
        config = load(places.config)
        os.environ["BENCH_PASSWORD"] = PASSWORD
        db = rooms.store(config, places)
        desk = Desk(home)
        kills: Counter[str] = Counter()
        number = 0
        try:
            until = time.monotonic() + 60
            while not db.get(messages.mailbox_names()) or db.get(messages.cursor(1, "INBOX")) is None:
                if time.monotonic() > until:
                    raise SystemExit("the fetch worker never connected; see workers.log")
                time.sleep(0.1)
            for _ in range(rounds):
                imap.deliver([letter(number), letter(number + 1)])
                number += 2
                approve_all(db, config)
                time.sleep(dice.uniform(0.0, 2.0))
                victim = WORKERS[sum(kills.values()) % 3]
                desk.kill(victim)
                kills[victim] += 1
            settle(db, config, number, 120.0)
        finally:
            desk.stop()
        good = report(db, number, kills, sink.taken)
        db.close()
        return good


def report(db: Database, sent_in: int, kills: "Counter[str]", taken: list[tuple[str, tuple[str, ...], bytes]]) -> bool:
    rows = [db.get(messages.one(i)) for i in db.get(messages.all_ids())]
    inbound = [r for r in rows if r is not None and r.direction == "inbound"]
    ids = Counter(r.message_id for r in inbound)
    out = db.get(outbox.rows(limit=10_000))
    arrived = Counter(recipient for _, recipients, _ in taken for recipient in recipients)
    doubt = [r for r in out if r.state == "in_doubt"]
    runs = [run for t in {r.thread_id for r in inbound} for run in db.get(jobs.of_thread(t))]
    steps = {run.id: db.get(jobs.steps(run.id)) for run in runs}
    resumed = sum(step.attempt > 1 for found in steps.values() for step in found)
    order = ["guard", *(s.name for s in STEPS)]
    backwards = 0
    for found in steps.values():
        ended = [s.finished_at for s in sorted(found, key=lambda s: order.index(s.step)) if s.finished_at]
        backwards += ended != sorted(ended)
    unanswered = [f"c{n}@web.example" for n in range(sent_in) if not arrived[f"c{n}@web.example"]]
    lost_answers = [a for a in unanswered if a not in {r for d in doubt for r in d.recipients}]
    drafts_of = Counter(len(db.get(drafts.revisions(t))) for t in {r.thread_id for r in inbound})
    print(f"  kills                              {dict(kills)}")
    print(f"  messages delivered / stored        {sent_in} / {len(inbound)}")
    print(f"  stored twice                       {sum(n > 1 for n in ids.values())}")
    print(f"  answers arrived / in doubt         {sum(arrived.values())} / {len(doubt)}")
    print(f"  answered twice                     {sum(n > 1 for n in arrived.values())}")
    print(f"  answers lost                       {len(lost_answers)}")
    print(f"  runs not done                      {sum(run.state not in ('done', 'skipped') for run in runs)}")
    print(f"  steps taken up again after a kill  {resumed}")
    print(f"  runs that went back a step         {backwards}")
    print(f"  drafts a ticket                    {dict(drafts_of)}")
    good = len(inbound) == sent_in and not lost_answers and backwards == 0
    good = good and all(n == 1 for n in ids.values()) and all(n <= 1 for n in arrived.values())
    return good and all(run.state in ("done", "skipped") for run in runs)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--on", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    good = True
    for kind in ("sqlite", "postgresql"):
        if given.on not in (kind, "both"):
            continue
        started = time.monotonic()
        print(f"{kind}, {given.rounds} rounds", flush=True)
        with contextlib.ExitStack() as stack:
            home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="desk-kill-")))
            location = str(home / "desk.sqlite") if kind == "sqlite" else stack.enter_context(cluster())
            good = run(location, home, given.rounds, random.Random(given.seed)) and good
        print(f"  seconds                            {time.monotonic() - started:.0f}", flush=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
