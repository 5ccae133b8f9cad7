"""Figures of the store: lists at 50,000 threads, search in 200,000 messages, updates kept by four processes.

python tests/bench/bench_store.py [--url postgresql://…] [--threads N] [--messages N] [--rounds N]
"""

import argparse
import asyncio
import multiprocessing
import random
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa

from desk.store import database, search, threads
from desk.store import messages as mails
from desk.store.database import AsyncDatabase, Database
from desk.store.tables import messages as message_table
from desk.store.tables import threads as thread_table
from desk.store.threads import Filter, View

START = datetime(2025, 1, 1, tzinfo=UTC)
WORDS = 4000


def vocabulary(chance: random.Random) -> list[str]:
    """Made-up words; the first ones are common, as in real text."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    return ["".join(chance.choices(letters, k=chance.randint(3, 9))) for _ in range(WORDS)]


def fill(db: Database, number: int, mails_in_all: int) -> list[str]:
    """Threads and messages with the skew of a desk that has run for a while; returns the words used."""
    chance = random.Random(5)
    words = vocabulary(chance)
    weights = [1 / (n + 1) for n in range(WORDS)]
    with db.write() as tx:
        box = mails.mailbox(tx, "main", "help@shop.example", at=START)
    shelves = chance.choices(["desk", "quarantine", "automated", "spam"], [90, 2, 5, 3], k=number)
    statuses = chance.choices(
        ["open", "pending_review", "waiting", "on_hold", "resolved", "archived"], [12, 6, 20, 4, 50, 8], k=number
    )
    rows = [
        {
            "id": n + 1,
            "number": f"T-{1001 + n}",
            "mailbox_id": box,
            "subject": " ".join(chance.choices(words, weights, k=5)),
            "contact_addr": f"c{n % 9000}@example.org",
            "shelf": shelves[n],
            "status": statuses[n],
            "category": chance.choice(["support", "billing", "sales", "complaint", "other"]),
            "priority": chance.choices(["urgent", "normal", "low"], [5, 80, 15])[0],
            "urgent": n % 20 == 0,
            "asks": n % 11 == 0,
            "language": chance.choice(["en", "de", "fr", "nl", "es"]),
            "assigned_to": chance.choices(["", "mara", "tom", "eva"], [40, 20, 20, 20])[0],
            "snoozed_until": START.timestamp() + n if statuses[n] == "on_hold" else None,
            "last_message_at": START.timestamp() + n * 60 + chance.random(),
            "last_inbound_at": START.timestamp() + n * 60,
            "message_count": 4,
            "snippet": " ".join(chance.choices(words, weights, k=18)),
        }
        for n in range(number)
    ]
    for begin in range(0, number, 5000):
        with db.write() as tx:
            tx.execute(thread_table.insert(), rows[begin : begin + 5000])
    for begin in range(0, mails_in_all, 5000):
        part = [
            {
                "thread_id": n * number // mails_in_all + 1,
                "mailbox_id": box,
                "folder": "INBOX",
                "uidvalidity": 1,
                "uid": n + 1,
                "message_id": f"<{n}@example.org>",
                "from_addr": f"c{n % 9000}@example.org",
                "from_name": "Customer",
                "subject": "Re: order",
                "text": " ".join(chance.choices(words, weights, k=70)),
                "received_at": START.timestamp() + n * 15,
                "status": "sent",
            }
            for n in range(begin, min(begin + 5000, mails_in_all))
        ]
        with db.write() as tx:
            tx.execute(message_table.insert(), part)
    with db.write() as tx:
        tx.execute(sa.text("ANALYZE"))
    return words


class Times(NamedTuple):
    """Milliseconds: by the clock, and what this process computed (a busy machine lengthens only the first)."""

    p50: float
    p95: float
    cpu95: float

    def __str__(self) -> str:
        return f"{self.p50:7.2f} / {self.p95:7.2f} ({self.cpu95:6.2f}) ms"


def measure(rounds: int, act: Callable[[], Any]) -> Times:
    """The figures of many calls; the first one warms up."""
    act()
    clock, cpu = [], []
    for _ in range(rounds):
        begin, computed = time.perf_counter(), time.process_time()
        act()
        clock.append((time.perf_counter() - begin) * 1000)
        cpu.append((time.process_time() - computed) * 1000)
    clock.sort()
    cpu.sort()
    return Times(clock[len(clock) // 2], clock[int(len(clock) * 0.95)], cpu[int(len(cpu) * 0.95)])


def lists(db: Database, words: list[str], rounds: int) -> Times:
    """One screenful of each view and filter through the screen's own engine; returns the worst by p95."""
    filters = {f"view {view}": Filter(view, me="mara") for view in View}
    inbox = View.INBOX
    filters |= {
        "inbox, category": Filter(inbox, category="billing"),
        "inbox, urgent, mailbox": Filter(inbox, priority="urgent", mailbox="main"),
        "inbox, assigned": Filter(inbox, assigned="tom"),
        "all, category, assigned": Filter(View.ALL, category="sales", assigned="eva"),
        "all, language": Filter(View.ALL, language="nl"),
        "all, rare language": Filter(View.ALL, language="xx"),
        "mine, two, none": Filter(View.MINE, me="mara", category="sales", language="xx"),
        "all, no such mailbox": Filter(View.ALL, mailbox="none"),
        "all, common text": Filter(View.ALL, text=words[0]),
        "all, rare text": Filter(View.ALL, text="zzqqxxjj"),
        "all, two rare letters": Filter(View.ALL, text="\u0436\u0436"),
        "all, an address": Filter(View.ALL, text="c77@example.org"),
        "snoozed, less common text": Filter(View.SNOOZED, text=words[60]),
        "all, uncommon text": Filter(View.ALL, text=words[300]),
        "all, two that never meet": Filter(View.ALL, category="sales", language="xx"),
        "all, five filters": Filter(View.ALL, "", "main", "billing", "urgent", "tom", "nl"),
    }
    worst = Times(0, 0, 0)
    with asyncio.Runner() as runner:
        adb = AsyncDatabase(db.location)

        def page(wanted: Filter) -> int:
            async def both() -> int:
                ids = await adb.get(threads.ids(wanted, limit=100))
                found = await adb.get(threads.rows(ids, "mara"))
                return len(found)

            return runner.run(both())

        for name, wanted in filters.items():
            first = measure(rounds, lambda w=wanted: page(w))  # type: ignore[misc]
            whole = measure(max(rounds // 4, 5), lambda w=wanted: runner.run(adb.get(threads.ids(w))))  # type: ignore[misc]
            number = len(runner.run(adb.get(threads.ids(wanted))))
            print(f"  {name:24} 100 rows {first}   all {number:6,} ids {whole}")
            worst = max(worst, first, key=lambda t: t.p95)
        print(f"  {'counts of all views':33} {measure(rounds, lambda: runner.run(adb.get(threads.counts('mara'))))}")
        runner.run(adb.close())
    return worst


def searches(db: Database, words: list[str], rounds: int) -> Times:
    """Newest 50 with snippets for each kind of query; returns the worst by p95."""
    queries = {
        "very common word": words[0],
        "common word": words[20],
        "rare word": words[-1],
        "two words": f"{words[3]} {words[40]}",
        "phrase": f'"{words[0]} {words[1]}"',
        "prefix": words[300][:2],
        "word and sender": f"{words[5]} from:c77@",
        "one letter": words[7][0],
        "no hit": "zzqqxxjj",
    }
    worst = Times(0, 0, 0)
    for name, query in queries.items():
        found = len(db.get(search.messages(query)))
        took = measure(rounds, lambda q=query: db.get(search.messages(q)))  # type: ignore[misc]
        print(f"  {name:24} {found:3} hits {took}")
        worst = max(worst, took, key=lambda t: t.p95)
    return worst


def increments(url: str, each: int) -> None:
    """One process of the lost-update measurement."""
    db = Database(url)
    for _ in range(each):
        with db.write() as tx:
            lock = "" if db.sqlite else " FOR UPDATE"
            value = tx.execute(sa.text(f"SELECT value FROM counters WHERE name = 'bench'{lock}")).scalar_one()
            tx.execute(sa.text("UPDATE counters SET value = :v WHERE name = 'bench'"), {"v": value + 1})
    db.close()


def kept(db: Database, processes: int, each: int) -> tuple[int, int, float]:
    """Updates kept, processes that failed, seconds."""
    with db.write() as tx:
        tx.execute(sa.text("DELETE FROM counters WHERE name = 'bench'"))
        tx.execute(sa.text("INSERT INTO counters (name, value) VALUES ('bench', 0)"))
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=increments, args=(db.location, each)) for _ in range(processes)]
    begin = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    with db.read() as tx:
        value = tx.execute(sa.text("SELECT value FROM counters WHERE name = 'bench'")).scalar_one()
    return int(value), sum(w.exitcode != 0 for w in workers), time.perf_counter() - begin


def main() -> None:
    """Fill, measure, print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--url", default="")
    options.add_argument("--threads", type=int, default=50_000)
    options.add_argument("--messages", type=int, default=200_000)
    options.add_argument("--rounds", type=int, default=60)
    wanted = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        db = database.open(wanted.url or Path(folder) / "desk.sqlite")
        begin = time.perf_counter()
        words = fill(db, wanted.threads, wanted.messages)
        took = time.perf_counter() - begin
        print(f"filled {wanted.threads:,} threads, {wanted.messages:,} messages in {took:.1f} s")
        print("thread lists, p50 / p95 (p95 of computing):")
        worst_list = lists(db, words, wanted.rounds)
        print("search, newest 50 with snippets, p50 / p95 (p95 of computing):")
        worst_search = searches(db, words, wanted.rounds)
        number, failed, seconds = kept(db, 4, 150)
        print(f"four processes, one store: {number} of 600 updates kept, {failed} errors, {seconds:.1f} s")
        print(f"worst: list {worst_list} (bar 5), search {worst_search} (bar 20)")
        db.close()


if __name__ == "__main__":
    main()
