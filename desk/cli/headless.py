"""`desk demo --headless`: the sample mailbox through the whole pipeline, a table, and an honest exit status."""

import json
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from desk.cli import rooms, stories
from desk.config import Config
from desk.domain.enums import Direction, MessageStatus
from desk.domain.guarded import content_hash
from desk.paths import Paths, packaged

if TYPE_CHECKING:
    from desk.pipeline.case import Rooms
    from desk.store.database import Database


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one story."""

    story: str
    thread: str
    place: str
    category: str
    intents: int
    known: str
    verdict: str
    written_by: str
    confidence: float
    seconds: float
    language: str
    wrong: list[str] = field(default_factory=list)


def headless(config: Config, places: Paths, *, as_json: bool = False) -> int:
    """Run it, print it; 0 when every story ended where it should, 1 otherwise."""
    sample = stories.load(packaged("sample_mailbox"))
    _say("loading the models …")
    db = rooms.store(config, places)
    try:
        services = rooms.rooms(config, places)
        for what, why in services.off.items():
            _say(f"off: {what}: {why}")
        started = time.monotonic()
        work(db, config, services, sample)
        release_false_positives(db, config, services, sample)
        lines = [judge(db, sample, story) for story in sample.stories]
        services.models.close()
    finally:
        db.close()
    wrong = [line for line in lines if line.wrong]
    if as_json:
        print(json.dumps([asdict(line) for line in lines], ensure_ascii=True, indent=1))  # noqa: T201
    else:
        _table(lines, time.monotonic() - started)
    return 1 if wrong else 0


def work(db: "Database", config: Config, services: "Rooms", sample: stories.Sample) -> None:
    """Import the past, deliver the rest, and run scans and tickets until nothing is left to do."""
    from desk.pipeline.runner import Runner
    from desk.workers.fetch import Fetcher
    from desk.workers.think import prepare

    indexer = prepare(db, services)
    if indexer is None:
        _say("the knowledge index is off; every question will be novel")
    shift = stories.import_history(db, config, sample)
    runner = Runner(db, services, rooms.now)
    while runner.once():
        pass
    box = config.mailboxes[0]
    fetcher = Fetcher(db, box, rooms.source)
    names = sample.arriving
    for number, name in enumerate(names, 1):
        stories.deliver(sample, name, Path(box.folder), number, shift)
        fetcher.poll()
        while runner.once(("scan",)):
            pass
        _progress(db, number, len(names))
    fetcher.close()
    finish(db, services)


def finish(db: "Database", services: "Rooms") -> None:
    """Work until no run is queued or running, waiting out the coalescing windows."""
    from desk.pipeline.runner import Runner
    from desk.store import jobs

    runner = Runner(db, services, rooms.now)
    while True:
        while runner.once():
            _progress(db, 0, 0)
        left = db.get(jobs.queued(("scan", "ticket")))
        if not left.get("queued", 0) and not left.get("running", 0):  # type: ignore[call-overload]
            return
        time.sleep(0.05)


def release_false_positives(db: "Database", config: Config, services: "Rooms", sample: stories.Sample) -> None:
    """Do what an agent would do with the story that is a false alarm: release it, by its content."""
    from desk.actions import quarantine

    desk = rooms.desk(config, db, who="demo")
    for story in sample.stories:
        if not story.expect.get("released"):
            continue
        for row in _rows(db, sample, story):
            if row.status is MessageStatus.QUARANTINED:
                quarantine.release(desk, row.id, "the customer quotes the sentence, it is no attack")
    finish(db, services)


def judge(db: "Database", sample: stories.Sample, story: stories.Story) -> Line:
    """Compare where a story ended with where it should have."""
    from desk.store import drafts, jobs, threads

    rows = _rows(db, sample, story)
    ids = sorted({row.thread_id for row in rows})
    if not rows:
        return Line(story.name, "", "lost", "", 0, "", "", "", 0.0, 0.0, "", ["no message of it was stored"])
    last = next((row for row in reversed(rows) if row.direction is Direction.INBOUND), rows[-1])
    detail = db.get(threads.one(last.thread_id))
    assert detail is not None
    thread = detail.row
    draft = db.get(drafts.current(thread.id))
    runs = [run for run in db.get(jobs.of_thread(thread.id)) if run.kind == "ticket"]
    steps = db.get(jobs.steps(runs[0].id)) if runs else []
    triage = next((s.output["triage"] for s in steps if s.step == "triage"), None)
    intents = len({i["intent"] for i in triage["intents"]}) if triage else 0
    questions = next((len(s.output["retrievals"]) for s in steps if s.step == "search"), 0)
    flagged = [row for row in rows if row.flagged]
    place = "automated" if last.status is MessageStatus.AUTOMATED else _place(story, thread.shelf, thread.status)
    line = Line(
        story=story.name,
        thread=thread.number,
        place=place,
        category=thread.category,
        intents=max(intents, questions),
        known=thread.known,
        verdict=flagged[0].attack_type if flagged else "clean",
        written_by=str(draft.written_by) if draft else "",
        confidence=draft.confidence if draft else 0.0,
        seconds=sum(s.ms for s in steps) / 1000,
        language=thread.language,
    )
    problems = _problems(story, line, len(ids), released=any(row.released for row in rows))
    line.wrong.extend(problems)
    return line


def _problems(story: stories.Story, line: Line, threads: int, *, released: bool) -> list[str]:
    expect, found = story.expect, []
    for key in ("place", "known", "category", "language"):
        wanted = expect.get(key)
        options = [str(w) for w in (wanted if isinstance(wanted, list) else [wanted])]
        if wanted is not None and getattr(line, key) not in options:
            found.append(f"{key} is {getattr(line, key) or 'empty'}, should be {' or '.join(options)}")
    if threads != expect.get("threads", 1):
        found.append(f"{threads} threads, should be {expect.get('threads', 1)}")
    if line.intents < expect.get("intents", 0):
        found.append(f"{line.intents} intents, should be {expect['intents']}")
    if "attack" in expect and line.verdict == "clean":
        found.append("the attack was not found")
    if expect.get("released") and not released:
        found.append("it was never in quarantine, so nothing was released")
    return found


def _place(story: stories.Story, shelf: str, status: str) -> str:
    if shelf != "desk":
        return "archived" if status == "archived" else shelf
    if not [name for name in story.files if name not in story.history]:
        return "history"
    return {"pending_review": "review", "open": "inbox", "archived": "archived", "resolved": "archived"}.get(
        status, status
    )


def _rows(db: "Database", sample: stories.Sample, story: stories.Story) -> list:  # type: ignore[type-arg]
    from desk.store import messages

    found = (db.get(messages.by_hash(content_hash((sample.folder / name).read_bytes()))) for name in story.files)
    return [row for row in found if row is not None]


def _table(lines: list[Line], seconds: float) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else 150)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("thread", "story", "category", "intents", "known", "verdict", "draft", "conf.", "sec.", "place"):
        table.add_column(name, justify="right" if name in ("intents", "conf.", "sec.") else "left", no_wrap=True)
    for line in lines:
        mark = "✗ " if line.wrong else "✓ "
        table.add_row(
            line.thread,
            mark + line.story,
            line.category,
            str(line.intents or ""),
            line.known,
            line.verdict,
            line.written_by,
            f"{line.confidence:.2f}" if line.written_by else "",
            f"{line.seconds:.2f}" if line.seconds else "",
            line.place,
        )
    console.print(table)
    wrong = [line for line in lines if line.wrong]
    for line in wrong:
        console.print(f"✗ {line.story} ({line.thread}): {'; '.join(line.wrong)}", markup=False)
    console.print(f"{len(lines) - len(wrong)} of {len(lines)} stories ended where they should, in {seconds:.0f} s.")


def _progress(db: "Database", number: int, total: int) -> None:
    if total:
        _say(f"\r{number} of {total} messages", end="" if number < total else "\n")


def _say(text: str, end: str = "\n") -> None:
    print(text, end=end, file=sys.stderr, flush=True)  # noqa: T201
