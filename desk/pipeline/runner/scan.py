"""The scan run of one message: through the guard, then to its shelf or into its thread's next ticket run."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from desk.config import MailboxConfig, PipelineConfig, ProhibitedConfig
from desk.domain.enums import GUARD, TICKET, Direction, MessageStatus, ThreadStatus
from desk.domain.guarded import Scan
from desk.domain.mail import ParsedMail
from desk.errors import StoreError
from desk.guard.files import risk
from desk.guard.meaning import Embed
from desk.guard.policy import PHISHING_THRESHOLD, THRESHOLD
from desk.guard.prohibited import LIST, find
from desk.guard.scan import scan as scan_mail
from desk.mail.parse import parse
from desk.pipeline.case import Points, Rooms
from desk.pipeline.runner.load import mailbox
from desk.pipeline.steps import FIRST
from desk.store import changes, intake, jobs, messages, quarantine, threading, threads
from desk.store.database import Connection, Database, within
from desk.store.messages import MessageRow
from desk.triage import urgent

SHELF = {
    MessageStatus.QUARANTINED: "quarantine",
    MessageStatus.AUTOMATED: "automated",
    MessageStatus.SPAM: "spam",
    MessageStatus.ARCHIVED: "spam",
}
"""Where a thread stands while none of its messages reached the desk."""


def scan_message(db: Database, run: jobs.Run, rooms: Rooms, clock: Callable[[], datetime]) -> None:
    """Scan the run's message and store verdict, status and what follows in one write."""
    row = db.get(messages.one(run.message_id or 0))
    detail = db.get(threads.one(run.thread_id or 0))
    if row is None or detail is None:
        raise StoreError(f"The message of run {run.id} is gone.", "Skip it in the activity view.")
    box = mailbox(rooms.config, detail.row.mailbox)
    released = db.get(quarantine.is_released(row.blob_hash))
    started = time.perf_counter()
    lists = rooms.config.guard.prohibited
    mail, scan = judged(db, row, box, lists, released=released, embed=rooms.vectors, flag_from=rooms.points.attack)
    risks = {n: why for n, a in enumerate(mail.attachments) if (why := risk(a.filename, a.content))}
    ms = (time.perf_counter() - started) * 1000
    now = clock()
    blocked = row.direction is Direction.INBOUND and db.get(quarantine.is_blocked(row.from_addr, now))
    named = {e.rule.partition(".")[2] for e in scan.verdict.evidence if e.layer == LIST}
    held = any(one.name in named and one.action == "quarantine" for one in lists)
    status = verdict_status(row, scan, released=released, blocked=blocked, prohibited=held, points=rooms.points)
    with db.write() as tx:
        output = {"status": str(status), "score": scan.verdict.score, "complete": scan.verdict.complete, "ms": ms}
        jobs.finish_step(tx, run, GUARD, output, ms, None, now=now)
        intake.scanned(tx, row.id, scan, now=now, released=released)
        intake.risky(tx, row.id, risks)
        for name in sorted(named):
            threading.set_tag(tx, row.thread_id, name, on=True, by="guard")
        if status is not row.status:
            intake.move(tx, row.id, status)
        if blocked:
            quarantine.hit(tx, row.from_addr, now)
        _place(tx, row, scan, status, now)
        if status is MessageStatus.PROCESSING:
            enqueue_ticket(tx, row, scan, rooms.config.pipeline, now)


def judged(
    db: Database,
    row: MessageRow,
    box: MailboxConfig,
    lists: Sequence[ProhibitedConfig],
    *,
    released: bool,
    embed: Embed | None = None,
    flag_from: float = THRESHOLD,
) -> tuple[ParsedMail, Scan]:
    """A stored message read again from its bytes, what the guard makes of it, and what the house's own lists find."""
    own = {a.rpartition("@")[2].casefold() for a in (box.address, *box.aliases) if a}
    raw = db.get(messages.raw(row.id))
    mail = replace(parse(raw), authentication=row.authentication)
    scan = scan_mail(mail, released=released, own_domains=own, raw=raw, embed=embed, threshold=flag_from)
    unwanted = find(mail.subject, scan.visible, lists) if row.direction is Direction.INBOUND else ()
    return mail, replace(scan, verdict=replace(scan.verdict, evidence=(*scan.verdict.evidence, *unwanted)))


def verdict_status(
    row: MessageRow, scan: Scan, *, released: bool, blocked: bool, prohibited: bool, points: Points
) -> MessageStatus:
    """Where the verdict takes a message. An incomplete scan is no clean one: it waits for a person, and says so."""
    verdict = scan.verdict
    if row.direction is Direction.OUTBOUND:
        return row.status
    if blocked:
        return MessageStatus.ARCHIVED
    if (verdict.flagged or not verdict.complete or prohibited) and not released:
        return MessageStatus.QUARANTINED
    if row.auto:
        return MessageStatus.AUTOMATED
    if (verdict.spam >= points.spam or verdict.phishing >= PHISHING_THRESHOLD) and not released:
        return MessageStatus.SPAM
    return MessageStatus.ARCHIVED if row.history else MessageStatus.PROCESSING


def enqueue_ticket(tx: Connection, row: MessageRow, scan: Scan, config: PipelineConfig, now: datetime) -> int:
    """Queue the thread's ticket run behind the coalescing window; an urgent message skips it."""
    soon = urgent(row.subject, scan.clean.text if scan.clean else "")
    window = 0.0 if soon else config.window_seconds
    return jobs.enqueue(
        tx,
        TICKET,
        run_at=now + timedelta(seconds=window),
        now=now,
        thread_id=row.thread_id,
        message_id=row.id,
        coalesce_key=f"thread:{row.thread_id}",
        step=FIRST,
        cap_seconds=config.window_seconds * config.window_max,
        urgent=soon,
    )


def _place(tx: Connection, row: MessageRow, scan: Scan, status: MessageStatus, now: datetime) -> None:
    """Put the thread on the shelf its messages earn, and say in the timeline what the guard found."""
    verdict = scan.verdict
    others = [m for m in within(tx, messages.of_thread(row.thread_id)) if m.id != row.id]
    on_desk = any(m.direction is Direction.OUTBOUND or m.status not in SHELF or m.history for m in others)
    columns: dict[str, Any] = {"step": "waiting" if status is MessageStatus.PROCESSING else ""}
    if verdict.flagged and status is MessageStatus.QUARANTINED:
        columns["flagged"] = True
    if not on_desk or status is MessageStatus.PROCESSING:
        columns["shelf"] = "desk" if row.history else SHELF.get(status, "desk")
    if status is MessageStatus.PROCESSING and not row.history:
        columns |= {"status": ThreadStatus.OPEN, "snoozed_until": None}
    if status is MessageStatus.ARCHIVED and not others:
        columns["status"] = ThreadStatus.ARCHIVED
    threads.update(tx, row.thread_id, **columns)
    text = {
        MessageStatus.QUARANTINED: f"kept back by the guard ({verdict.attack_type}, {verdict.score:.2f})"
        if verdict.flagged
        else "kept back: " + (_unwanted(scan) or "the scan could not look at all of it"),
        MessageStatus.AUTOMATED: f"automated mail: {row.auto_reason or row.auto}",
        MessageStatus.SPAM: f"spam {verdict.spam:.2f}, phishing {verdict.phishing:.2f}",
        MessageStatus.ARCHIVED: "filed as history" if row.history else "sender is blocked",
    }.get(status, f"scanned in {verdict.ms:.0f} ms, clean")
    changes.record(tx, f"guard.{status}", text, actor="guard", at=now, thread_id=row.thread_id, message_id=row.id)


def _unwanted(scan: Scan) -> str:
    return "; ".join(e.text for e in scan.verdict.evidence if e.layer == LIST)
