"""Mail that a person begins: a forward, a new message; files put to a draft, and files taken out of a message."""

import os
import re
import unicodedata
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from desk.actions.answer import newest_inbound, standing_draft
from desk.actions.desk import Desk, Done, found, unit
from desk.actions.review import offer
from desk.domain.enums import ActionKind, Author, ThreadStatus
from desk.domain.mail import Attachment
from desk.domain.ticket import Draft, PlannedAction
from desk.errors import Refused
from desk.store import drafts, intake, messages, people, threads
from desk.store.drafts import DraftFile

MAX_FILE = 25_000_000
"""Bytes of an attachment: what most servers still take once it is encoded."""
_ADDRESS = re.compile(r"[^@\s\x00-\x1f<>,;]+@[^@\s\x00-\x1f<>,;.]+\.[^@\s\x00-\x1f<>,;]*[^@\s\x00-\x1f<>,;.]")


def addresses(text: str) -> tuple[str, ...]:
    """The addresses somebody typed, apart by commas, semicolons or spaces; Refused names one that is none."""
    wanted = [word.strip("<>") for word in re.split(r"[,;\s]+", text) if "@" in word or word.strip("<>")]
    for word in wanted:
        if not _ADDRESS.fullmatch(word):
            raise Refused(f"{word!r} is not an address.", "Write them like ann@example.org, bo@example.org.")
    if not wanted:
        raise Refused("There is no address.", "Write one like ann@example.org.")
    return tuple(dict.fromkeys(wanted))


def forward(desk: Desk, thread_id: int, to: Sequence[str], body: str) -> Done:
    """Offer a forward of the ticket's newest message, its files included; the reply on offer comes back once it left."""
    with unit(desk, "forward", f"thread:{thread_id}", {"to": list(to)}) as u:
        detail = u.thread(thread_id)
        before = standing_draft(u, thread_id)
        rows = u.get(messages.of_thread(thread_id))
        newest = newest_inbound(rows)
        if newest is None:
            raise Refused("There is no message to forward.", "Choose a ticket with mail from outside.")
        action = PlannedAction(ActionKind.FORWARD, ", ".join(to), {"before": str(before.id) if before else ""})
        row = drafts.save(
            u.tx, thread_id, _written(body, detail.row.language), now=u.now, created_by=desk.agent,
            message_id=newest.id, plan=(action,), to=to,
        )  # fmt: skip
        threads.update(u.tx, thread_id, status=ThreadStatus.PENDING_REVIEW, written_by=str(Author.AGENT), needs="")
        u.note("draft.written", f"{desk.agent} forwards it to {', '.join(to)}", thread_id)
    back = partial(offer, desk, before.id, thread_id) if before is not None else None
    return Done(f"{detail.row.number}: a forward to {', '.join(to)} is on offer (version {row.version})", back)


def begin(desk: Desk, mailbox: str, to: Sequence[str], subject: str, body: str) -> Done:
    """Begin a ticket with a message of ours: it is offered in review and approved like any other."""
    if not body.strip():
        raise Refused("The message is empty.", "Write something first.")
    with unit(desk, "begin", f"to:{to[0]}", {"to": list(to), "subject": subject}) as u:
        boxes = {name: i for i, name in u.get(messages.mailbox_names()).items()}
        if mailbox not in boxes:
            raise Refused(f"There is no mailbox {mailbox!r}.", "Connect one with `desk init`.")
        contact = people.contact_of(u.tx, to[0], at=u.now)
        thread_id = threads.create(
            u.tx, mailbox_id=boxes[mailbox], subject=subject, contact_id=contact, contact_addr=to[0], at=u.now,
            assigned_to=desk.agent,
        )  # fmt: skip
        drafts.save(
            u.tx, thread_id, _written(body, "", subject), now=u.now, created_by=desk.agent, to=to
        )  # fmt: skip
        threads.update(u.tx, thread_id, status=ThreadStatus.PENDING_REVIEW, written_by=str(Author.AGENT))
        number = u.thread(thread_id).row.number
        u.note("draft.written", f"{desk.agent} began {number} to {', '.join(to)}", thread_id)
    return Done(f"{number} to {to[0]} is on offer", partial(_abandon, desk, thread_id))


def _abandon(desk: Desk, thread_id: int) -> Done:
    with unit(desk, "abandon", f"thread:{thread_id}") as u:
        row = u.thread(thread_id).row
        current = u.get(drafts.current(thread_id))
        if current is not None:
            drafts.settle(u.tx, current.id, "rejected", text="taken back")
        threads.update(u.tx, thread_id, status=ThreadStatus.ARCHIVED, needs="")
        u.note("thread.abandoned", f"{row.number} was taken back", thread_id)
    return Done(f"{row.number} is taken back")


def _written(body: str, language: str, subject: str = "") -> Draft:
    return Draft(subject, body, language or "en", Author.AGENT, 1.0, (), ())


def address(desk: Desk, draft_id: int, to: Sequence[str], cc: Sequence[str] = ()) -> Done:
    """Say to whom a draft goes, instead of whom the answered message names; with nobody in `to`, those again."""
    with unit(desk, "address", f"draft:{draft_id}", {"to": list(to), "cc": list(cc)}) as u:
        draft = found(u.get(drafts.one(draft_id)), "This draft")
        if draft.state != "offered":
            raise Refused("This draft is no longer on offer.", "Take it back in the outbox first.")
        drafts.address(u.tx, draft_id, to, cc)
        text = f"goes to {', '.join((*to, *cc))}" if to else "goes to everybody the message names"
        u.note("draft.addressed", f"version {draft.version} {text}", draft.thread_id)
    return Done(f"Version {draft.version} {text}", partial(address, desk, draft_id, draft.to, draft.cc))


def attach(desk: Desk, draft_id: int, path: Path) -> Done:
    """Put a file to a draft: its bytes are kept as they are now. Refused for what is no file, or is too large."""
    path = path.expanduser()
    try:
        content = path.read_bytes() if path.stat().st_size <= MAX_FILE else b""
        size = path.stat().st_size
    except OSError as problem:
        raise Refused(f"{path} can't be read: {problem.strerror}.", "Name a file of yours.") from problem
    if size > MAX_FILE:
        raise Refused(f"{path.name} has {size / 1e6:.0f} MB.", f"Attach files up to {MAX_FILE / 1e6:.0f} MB.")
    with unit(desk, "attach", f"draft:{draft_id}", {"file": path.name, "size": size}) as u:
        draft = found(u.get(drafts.one(draft_id)), "This draft")
        if draft.state != "offered":
            raise Refused("This draft is no longer on offer.", "Take it back in the outbox first.")
        file = DraftFile(path.name, _type(path.name), size, intake.keep(u.tx, content, u.now))
        drafts.attach(u.tx, draft_id, (*draft.attachments, file))
        u.note("draft.attached", f"{desk.agent} attached {path.name}", draft.thread_id)
    return Done(f"{path.name} is attached", partial(_detach, desk, draft_id, file))


def _detach(desk: Desk, draft_id: int, file: DraftFile) -> Done:
    with unit(desk, "detach", f"draft:{draft_id}", {"file": file.filename}) as u:
        draft = found(u.get(drafts.one(draft_id)), "This draft")
        left = [f for f in draft.attachments if f != file]
        drafts.attach(u.tx, draft_id, left)
        u.note("draft.detached", f"{file.filename} was taken off", draft.thread_id)
    return Done(f"{file.filename} is taken off")


def _type(name: str) -> str:
    import mimetypes

    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def files(desk: Desk, message_id: int) -> tuple[Attachment, ...]:
    """The attachments of a message with their bytes, read out of what was received."""
    return desk.files(desk.db.get(messages.raw(message_id)))


def save_files(desk: Desk, message_id: int, folder: Path, only: Sequence[int] | None = None) -> Done:
    """Write attachments (all, or those at these places) into a folder under safe names; nothing is overwritten."""
    folder = folder.expanduser()
    wanted = [f for n, f in enumerate(files(desk, message_id)) if (only is None or n in only) and f.content is not None]
    if not wanted:
        raise Refused("There is nothing to save.", "Choose a message with attachments.")
    written: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in wanted:
            written.append(_write(folder, safe_name(file.filename), file.content or b""))
    except OSError as problem:
        raise Refused(f"{folder} can't be written to: {problem.strerror}.", "Name a folder of yours.") from problem
    with unit(desk, "save", f"message:{message_id}", {"files": [p.name for p in written], "folder": str(folder)}):
        pass
    shown = written[0].name if len(written) == 1 else f"{len(written)} files"
    return Done(f"{shown} saved in {folder}")


def safe_name(name: str) -> str:
    """A file name that stays in its folder and shows what it is: no paths, no controls, no leading dots, not too long."""
    plain = "".join(c for c in unicodedata.normalize("NFC", name) if unicodedata.category(c)[0] != "C")
    plain = re.sub(r'[/\\:*?"<>|]+', "_", plain).strip().strip(".") or "file"
    if re.fullmatch(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?", plain):
        plain = f"_{plain}"
    stem, dot, ending = plain.rpartition(".")
    if len(plain.encode()) <= 200:
        return plain
    stem, ending = (stem, ending[:20]) if dot else (plain, "")
    return stem.encode()[:150].decode(errors="ignore") + (f".{ending}" if ending else "")


def _write(folder: Path, name: str, content: bytes) -> Path:
    stem, dot, ending = name.rpartition(".")
    for n in range(1, 1000):
        path = folder / (name if n == 1 else f"{stem or name} ({n}){dot}{ending}" if stem else f"{name} ({n})")
        try:
            handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except FileExistsError:
            continue
        with os.fdopen(handle, "wb") as out:
            out.write(content)
        return path
    raise Refused(f"{folder} has a thousand files called {name}.", "Name another folder.")
