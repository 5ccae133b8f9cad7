"""Commands that read the store: list, show, replay, stats, backup, export."""

import argparse
import csv
import json
import os
import re
import sqlite3
import statistics
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from desk.cli import plain, rooms
from desk.domain.codec import to_json
from desk.errors import StoreError


def list_(given: argparse.Namespace) -> int:
    """Tickets of a view, or those whose messages hold the words."""
    from desk.store import search, threads

    config, places = rooms.configuration()
    db = rooms.store(config, places)
    words = " ".join(given.query)
    me = rooms.agent(config)
    ids: list[int]
    if not words or words in list(threads.View):
        view = threads.Filter(threads.View(words or "inbox"), me=me)
        ids = db.get(threads.ids(view, given.limit)).tolist()
    else:
        ids = list(dict.fromkeys(hit.thread_id for hit in db.get(search.messages(words, limit=given.limit))))
    rows = [row for start in range(0, len(ids), 100) for row in db.get(threads.rows(ids[start : start + 100], me))]
    db.close()
    if given.json:
        print(json.dumps([to_json(row) for row in rows], ensure_ascii=True))  # noqa: T201
        return 0
    for row in rows:
        name = plain.line(row.contact_name, 24)
        print(f"{row.number:8} {row.status:15} {row.category:16} {name:24}  {plain.line(row.subject, 60)}")  # noqa: T201
    if not rows:
        print("Nothing there.")  # noqa: T201
    return 0


def show(given: argparse.Namespace) -> int:
    """One ticket: its row, messages, draft, and the steps of its last run."""
    from desk.store import drafts, jobs, messages, threads

    db = rooms.store(*rooms.configuration())
    detail = db.get(threads.by_number(given.number))
    if detail is None:
        raise StoreError(f"There is no ticket {given.number}.", "`desk list all` shows every one.")
    draft = db.get(drafts.current(detail.row.id))
    runs = db.get(jobs.of_thread(detail.row.id))
    data: dict[str, Any] = {
        "ticket": to_json(detail),
        "messages": [_message(row) for row in db.get(messages.of_thread(detail.row.id))],
        "draft": to_json(draft) if draft else None,
        "runs": [{**to_json(run), "steps": [to_json(step) for step in db.get(jobs.steps(run.id))]} for run in runs],
    }
    db.close()
    if given.json:
        print(json.dumps(data, ensure_ascii=True))  # noqa: T201
        return 0
    row = detail.row
    facts = ", ".join(f for f in (row.status, row.category, row.priority, row.sentiment, row.language) if f)
    print(f"{row.number}  {plain.line(row.subject, 100)}\n{facts}")  # noqa: T201
    for message in data["messages"]:
        print(f"\n{message['received_at']}  {plain.line(message['from'], 60)}  [{message['status']}]")  # noqa: T201
        print(plain.safe(message["text"]))  # noqa: T201
    if draft:
        print(f"\nDraft {draft.version}, {draft.written_by}, {draft.confidence:.2f}\n{plain.safe(draft.body)}")  # noqa: T201
    return 0


def replay(given: argparse.Namespace) -> int:
    """The ticket's last run again, with today's knowledge and models, beside what was stored."""
    from desk.learn import replay as learn
    from desk.learn.labels import Teacher
    from desk.pipeline.runner.load import case_of
    from desk.store import decisions, jobs, threads

    config, places = rooms.configuration()
    db = rooms.store(config, places)
    detail = db.get(threads.by_number(given.number))
    runs = [r for r in db.get(jobs.of_thread(detail.row.id)) if r.kind == "ticket"] if detail else []
    if detail is None:
        raise StoreError(f"There is no ticket {given.number}.", "`desk list all` shows every one.")
    if not runs:
        raise StoreError(f"{given.number} has no run to replay.", "It was never worked on: `desk show` says why.")
    services = rooms.rooms(config, places)
    stored = {step.step: step.output for step in db.get(jobs.steps(runs[0].id))}
    case = case_of(db, runs[0], config)
    if services.embedder is not None and db.get(decisions.state())[0]:
        services.learned = Teacher(db, services).learn(services.embedder)
    db.close()
    lines = learn.replay(case, stored, services)
    services.models.close()
    if given.json:
        print(json.dumps([to_json(line) for line in lines], ensure_ascii=True))  # noqa: T201
        return 0
    for line in lines:
        print(f"{line.step:10} {'same' if line.same else 'differs'}")  # noqa: T201
    return 0


def stats(given: argparse.Namespace) -> int:
    """Counts by view, what people did with the drafts, and p50 / p90 milliseconds of every step."""
    from desk.learn.feedback import summary
    from desk.store import changes, decisions, jobs, ledger, threads

    config, places = rooms.configuration()
    db = rooms.store(config, places)
    if given.usage or given.csv:
        used = db.get(ledger.rows())
        db.close()
        return _usage(used, as_json=given.json, as_csv=given.csv)
    counts = {str(view): n for view, n in db.get(threads.counts(rooms.agent(config))).items()}
    times = {name: _quantiles(values) for name, values in db.get(jobs.step_times()).items()}
    judged = db.get(ledger.feedback_of())
    ends = db.get(ledger.outcomes())
    learned = str(db.get(changes.setting(decisions.LEARNED)) or "")
    db.close()
    if given.json:
        drafted = to_json(summary(judged))
        data = {"views": counts, "steps_ms": times, "drafts": drafted, "outcomes": to_json(ends), "learned": learned}
        print(json.dumps(data))  # noqa: T201
        return 0
    for name, n in counts.items():
        print(f"{name:12} {n:>6}")  # noqa: T201
    for name, n in summary(judged).verdicts.items():
        print(f"drafts {name:12} {n:>6}")  # noqa: T201
    for name in ("sent", "replied", "bounced", "silent"):
        print(f"answers {name:12} {getattr(ends, name):>6}")  # noqa: T201
    if learned:
        print(f"learned: {learned}")  # noqa: T201
    share = f"{ends.at_first_contact / ends.resolved:.0%}" if ends.resolved else "none yet"
    print(f"resolved at first contact {share} ({ends.at_first_contact} of {ends.resolved})")  # noqa: T201
    for name, values in times.items():
        print(f"{name:12} {values['p50']:>8.0f} ms  p90 {values['p90']:>8.0f} ms  ({values['n']:.0f})")  # noqa: T201
    return 0


def _usage(used: Sequence[Any], *, as_json: bool, as_csv: bool) -> int:
    """The ledger: one row a ticket and month."""
    names = ("number", "period", "channel", "answered_by", "model_seconds", "tokens", "at")
    rows = [{name: getattr(row, name) for name in names} | {"at": row.at.isoformat()} for row in used]
    if as_json:
        print(json.dumps(rows))  # noqa: T201
    elif as_csv:
        writer = csv.DictWriter(sys.stdout, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    else:
        for row in rows:
            seconds = f"{row['model_seconds']:>8.1f} s {row['tokens']:>7} tokens"
            print(f"{row['number']:10} {row['period']} {row['channel']:8} {row['answered_by']:9} {seconds}")  # noqa: T201
    return 0


def backup(given: argparse.Namespace) -> int:
    """Copy the SQLite store, page by page, while everything runs."""
    from desk.store import database

    url = database.address(rooms.location(*rooms.configuration()))
    if url.get_backend_name() != "sqlite":
        raise StoreError("This desk keeps its store on PostgreSQL.", "Use pg_dump on that database.")
    store = Path(str(url.database)).absolute()
    if not store.exists():
        raise StoreError(f"There is no store at {store}.", "Run `desk init` or `desk demo --keep DIR` first.")
    with _new_file(given.file) as target:
        try:
            from_ = sqlite3.connect(f"{store.as_uri()}?mode=ro", uri=True)
            with closing(from_), closing(sqlite3.connect(target)) as to:
                from_.backup(to)
        except sqlite3.Error as problem:
            raise StoreError(
                f"{store} could not be copied: {problem}.", "`desk doctor` looks at the store."
            ) from problem
        size = target.stat().st_size
    print(f"{given.file}: {size / 1e6:.1f} MB")  # noqa: T201
    return 0


def export(given: argparse.Namespace) -> int:
    """Every stored message as one mbox file (mboxrd: lines that open with From get a > in front, and no other byte changes)."""
    from desk.store import messages

    with _new_file(given.file) as target, target.open("wb") as out:
        db = rooms.store(*rooms.configuration())
        count = 0
        for message_id in db.get(messages.all_ids()):
            if raw := db.get(messages.raw(message_id)):
                out.write(_mbox(raw))
                count += 1
        db.close()
    print(f"{given.file}: {count} messages")  # noqa: T201
    return 0


def _mbox(raw: bytes) -> bytes:
    """One message of an mbox file (RFC 4155, quoted the reversible way that is called mboxrd)."""
    quoted = re.sub(rb"^(>*From )", rb">\1", raw, flags=re.M)
    return b"From desk@localhost Thu Jan  1 00:00:00 1970\n" + quoted + (b"\n" if raw.endswith(b"\n") else b"\n\n")


@contextmanager
def _new_file(name: str) -> Iterator[Path]:
    """A file beside the one named, its owner's alone; it takes the name when all went well and is gone when not."""
    target = Path(name).expanduser()
    if target.exists():
        raise StoreError(f"{target} exists already.", "Name a new file; nothing is overwritten.")
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as problem:
        raise StoreError(
            f"{target} can't be written: {problem.strerror}.", "Name a file in a folder of yours."
        ) from problem
    try:
        yield part
        part.rename(target)
    finally:
        part.unlink(missing_ok=True)


def _message(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "direction": str(row.direction),
        "status": str(row.status),
        "from": row.from_addr,
        "subject": row.subject,
        "received_at": row.received_at.isoformat(timespec="seconds"),
        "text": row.text,
        "flagged": row.flagged,
        "attack_type": row.attack_type,
    }


def _quantiles(values: list[float]) -> dict[str, float]:
    tenths = statistics.quantiles(values, n=10) if len(values) > 1 else values * 9
    return {"n": float(len(values)), "p50": statistics.median(values), "p90": tenths[8]}
