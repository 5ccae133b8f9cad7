"""The composition root: which function stands behind which door, for the command at hand."""

import getpass
import secrets
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from desk.cli.secrets import credential
from desk.config import Config, MailboxConfig, load
from desk.config_mailboxes import named
from desk.domain.mail import Attachment, Outgoing
from desk.domain.sending import LOOP_SECRET, ReleaseCheck, ReplyRequest, Uptime
from desk.domain.ticket import Gate
from desk.errors import ConfigError, DeskError
from desk.paths import Paths, paths

if TYPE_CHECKING:
    from desk.actions.desk import Desk
    from desk.domain.canned import Canned
    from desk.guard.meaning import Embed
    from desk.mail.source import Source
    from desk.pipeline.case import Rooms
    from desk.pipeline.voice import Voices
    from desk.store.database import Database


def now() -> datetime:
    """The clock."""
    return datetime.now(UTC)


def configuration() -> tuple[Config, Paths]:
    """The configuration in force and where it stands."""
    places = paths()
    return load(places.config), places


def agent(config: Config) -> str:
    """Who sits at this desk."""
    return config.screen.agent or getpass.getuser()


def location(config: Config, places: Paths) -> str:
    """Where the store is: the configured URL, else the SQLite file."""
    return config.database or str(places.database)


def store(config: Config, places: Paths) -> "Database":
    """Open the store, created or migrated when needed."""
    from desk.store import database

    places.create()
    return database.open(location(config, places))


def terminal() -> None:
    """Refuse to open a screen where there is none: in a pipe, or as a service."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        fix = "Without one: `desk worker` works, `desk demo --headless` shows, `desk list` tells."
        raise ConfigError("The screen needs a terminal, and this is none.", fix)


def source(box: MailboxConfig) -> "Source":
    """Where a mailbox's messages come from: its folder, else its IMAP server."""
    if box.folder:
        from desk.mail.folder import FolderSource

        return FolderSource(Path(box.folder).expanduser())
    from desk.mail.imap import ImapSource

    return ImapSource(box, credential(box))


def transport(config: Config) -> Callable[[MailboxConfig], Callable[[Outgoing, Callable[[], None]], str]]:
    """How a mailbox's messages leave: into its folder's `sent/`, else by SMTP."""

    def of(box: MailboxConfig) -> Callable[[Outgoing, Callable[[], None]], str]:
        if box.folder:
            from desk.mail.folder import FolderTransport

            return FolderTransport(Path(box.folder).expanduser()).send
        from desk.mail import smtp

        return lambda out, before_data: smtp.send(
            box.smtp, box.smtp.user or box.address, credential(box), out, before_data=before_data
        )

    return of


def desk(config: Config, db: "Database", who: str = "") -> "Desk":
    """The desk of one agent: what actions need to compose a reply and to check it at the door."""
    from desk.actions.desk import Desk
    from desk.workers.voices import Voices

    return Desk(
        db=db,
        agent=who or agent(config),
        hold_seconds=max(0.0, min(120.0, config.pipeline.hold_seconds)),
        compose=lambda request: compose(config, request, loop_secret(db)),
        check=check,
        clock=now,
        files=files,
        uptime=uptime,
        canned=lambda: canned(paths()),
        house=partial(house, config, Voices(db)),
    )


def canned(places: Paths) -> "Sequence[Canned]":
    """The ready-made replies, as their files are now."""
    from desk.knowledge import replies

    return replies.load(places.replies)


def house(config: Config, voices: "Voices", mailbox: str, language: str, register: str, name: str) -> dict[str, str]:
    """What fills the blanks about a mailbox: its name and signature, and how a reply to somebody begins and ends."""
    from desk.domain.enums import Register
    from desk.pipeline.phrases import closing, greeting, phrases
    from desk.pipeline.voice import fitting

    box = box_named(config, mailbox)
    form = Register(box.register if box.register != "mirror" else register or Register.FORMAL)
    code, own = phrases(language)
    voice = fitting(voices(mailbox), code, form)
    return {
        "mailbox.name": box.display_name,
        "mailbox.address": box.address,
        "mailbox.signature": box.signature.strip(),
        "greeting": greeting(own, form, name, voice),
        "closing": closing(own, form, box, voice),
    }


def uptime() -> Uptime:
    """How long this machine has run. Without a name for its start only this process knows what its seconds mean."""
    counted = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return Uptime(_boot(), time.clock_gettime(counted) if _BOOT_ID.exists() else time.monotonic())


@lru_cache(maxsize=1)
def _boot() -> str:
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return secrets.token_hex(16)


_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def files(raw: bytes) -> tuple[Attachment, ...]:
    """The attachments of a message, with their bytes."""
    from desk.mail.parse import parse

    return parse(raw).attachments


def loop_secret(db: "Database") -> str:
    """The desk's own secret, by which it knows its own mail when that comes back; made at the first need."""
    from desk.store import changes

    if found := db.get(changes.setting(LOOP_SECRET)):
        return str(found)
    with db.write() as tx:
        changes.set_setting(tx, LOOP_SECRET, secrets.token_hex(32))
    return str(db.get(changes.setting(LOOP_SECRET)))


def compose(config: Config, request: ReplyRequest, secret: str = "") -> Outgoing:
    """Render an outgoing message: its bytes and its Message-ID are fixed here, once."""
    from desk.mail import compose as composer
    from desk.mail.automated import loop_token
    from desk.mail.parse import parse

    box = box_named(config, request.mailbox)
    loop = loop_token(box.address, secret) if secret else ""
    if request.answers is None:
        return composer.new(
            box=box,
            to=request.to or (),
            cc=request.cc,
            subject=request.subject or "",
            body=request.body,
            number=request.number,
            references=request.references,
            attachments=request.attachments,
            now=now(),
            loop=loop,
        )
    if request.forward:
        return composer.forward(
            box=box,
            original=parse(request.answers),
            to=request.to or (),
            cc=request.cc,
            body=request.body,
            number=request.number,
            attachments=request.attachments,
            loop=loop,
            now=now(),
        )
    return composer.reply(
        box=box,
        to=parse(request.answers),
        body=request.body,
        subject=request.subject,
        cc=request.cc,
        references=request.references,
        recipients_to=request.to,
        number=request.number,
        auto_submitted=request.by_rule,
        attachments=request.attachments,
        language=request.language,
        loop=loop,
        now=now(),
    )


def check(request: ReleaseCheck) -> tuple[Gate, ...]:
    """The gates of the second door."""
    from desk.guard import outgoing
    from desk.pipeline.coach import coach

    gates = outgoing.check(
        request.body,
        subject=request.subject,
        sources=request.sources,
        allowed_links=request.allowed_links,
        recipients=request.recipients,
        thread_addresses=request.thread_addresses,
        customer_text=request.customer_text,
        other_addresses=request.other_addresses,
        files=request.files,
    )
    if not request.by_hand:
        return gates
    return (*gates, *coach(request.body, asked=request.asked, names=request.names))


def box_named(config: Config, name: str) -> MailboxConfig:
    """A configured mailbox by its name, as it writes; ConfigError when there is none."""
    if box := named(config, name):
        return box
    raise ConfigError(f"The mailbox {name!r} is not in the configuration any more.", "Put it back, or run `desk init`.")


def vectors(config: Config) -> "Embed | None":
    """Sentence vectors for the guard's second head, as the think worker has them; None where it does without."""
    from desk.knowledge import embed

    if config.knowledge.embeddings:
        return None
    return embed.load().tokens


def rooms(config: Config, places: Paths, *, only: Sequence[str] = ("knowledge", "models")) -> "Rooms":
    """What the think worker uses. Whatever is missing is None and says why; nothing here raises for a missing part."""
    from desk.knowledge import embed
    from desk.knowledge.index import Index
    from desk.knowledge.outside import Outside
    from desk.knowledge.replies import load_playbooks
    from desk.llm import Models, trust
    from desk.llm import load as load_models
    from desk.pipeline.case import Rooms

    off: dict[str, str] = {}
    embedder = index = None
    try:
        embedder = embed.load(config.knowledge.embeddings)
        if "knowledge" in only:
            places.create()
            index = Index(places.vectors, embedder)
    except DeskError as problem:
        off["embeddings" if embedder is None else "knowledge"] = str(problem)
    models = load_models(config.model, places.models) if "models" in only else Models(None, None, "")
    if models.capable is None and models.why_none and config.model.provider != "none":
        off["model"] = models.why_none
    try:
        measured = trust.earned(places.checks, models)
    except DeskError as problem:
        measured = {}
        off.setdefault("model", str(problem))
    return Rooms(
        config=config,
        embedder=embedder,
        index=index,
        models=models,
        orders=Path(config.knowledge.orders).expanduser() if config.knowledge.orders else None,
        products=Path(config.knowledge.products).expanduser() if config.knowledge.products else None,
        outside=Outside(config.knowledge.lookups) if config.knowledge.lookups else None,
        off=off,
        trust=measured,
        playbooks=lambda: load_playbooks(places.playbooks),
    )
