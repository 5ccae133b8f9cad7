"""`desk init` and `desk doctor`: connect a mailbox, and a checklist with a fix a line."""

import argparse
import getpass
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from desk.cli import rooms
from desk.cli.settings import write
from desk.config import Config, ImapConfig, KnowledgeConfig, MailboxConfig, SmtpConfig, load
from desk.domain.codec import to_json
from desk.errors import AuthError, ConfigError, DeskError
from desk.paths import Paths, paths

if TYPE_CHECKING:
    from desk.mail.check import Check


def init(given: argparse.Namespace) -> int:
    """Write a mailbox into the configuration after trying it. An existing file is added to; hand edits stay.

    Everything can come from flags; what is missing is asked for when a person is there to answer.
    """
    places = paths()
    ask = _asker()
    address = given.address or ask("Address customers write to: ")
    if "@" not in address:
        raise ConfigError(f"{address!r} is not an address.", "Give one like help@example.org.")
    box = _box(given, address, ask)
    config = load(places.config)
    if any(other.name == box.name for other in config.mailboxes):
        raise ConfigError(
            f"{places.config} has a mailbox {box.name!r} already.", "Edit it there; it is never rewritten."
        )
    if not box.password_env and not box.password_cmd:
        _keep_password(box)
    if not given.no_check and not _try(box):
        raise ConfigError("The servers did not accept this; nothing was written.", "Mend it, or add --no-check.")
    knowledge = replace(config.knowledge, folder=given.knowledge) if given.knowledge else config.knowledge
    _append(places, Config(mailboxes=(box,), knowledge=knowledge if given.knowledge else KnowledgeConfig()))
    print(f"Written to {places.config}. desk is read-only on the server until imap.write_back is true,")  # noqa: T201
    print("and it will not send anything you did not approve. Start it with `desk`.")  # noqa: T201
    return 0


def interactive(places: Paths) -> int:
    """`desk init` with every question asked, from the first-run screen."""
    given = argparse.Namespace(
        address=None,
        name=None,
        imap=None,
        imap_security=None,
        smtp=None,
        smtp_security=None,
        user=None,
        password_env=None,
        password_cmd=None,
        import_from="now",
        knowledge=None,
        no_check=False,
    )
    return init(given)


def doctor(given: argparse.Namespace) -> int:
    """Check configuration, store, disk, models, knowledge and every mailbox; 0 when all is well, 1 when something is not."""
    found = []
    for check in checks():
        found.append(check)
        if not given.json:
            print(f"{'✓' if check.ok else '✗'} {check.name}: {check.detail}")  # noqa: T201
            if not check.ok and check.fix:
                print(f"    {check.fix}")  # noqa: T201
    if given.json:
        print(json.dumps([to_json(check) for check in found], ensure_ascii=True))  # noqa: T201
    return 0 if all(check.ok for check in found) else 1


def checks() -> "Iterator[Check]":
    """Every check, one after the other, each with what to do when it fails."""
    from desk.mail.check import Check

    places = paths()
    try:
        config = load(places.config)
    except ConfigError as problem:
        yield Check("configuration", False, problem.what, problem.fix)
        return
    there = places.config.exists()
    yield Check("configuration", there, str(places.config), "Run `desk init` to connect a mailbox.")
    yield _guarded("store", lambda: _store(config, places))
    free = shutil.disk_usage(places.data_dir if places.data_dir.exists() else Path.home()).free / 1e9
    yield Check("disk", free > 1, f"{free:.1f} GB free", "Make room: below 1 GB mail may not be stored.")
    yield _guarded("embeddings", lambda: _embeddings(config))
    yield _model(config, places)
    if config.knowledge.folder:
        yield _guarded("articles", lambda: _articles(config.knowledge.folder))
    for box in config.mailboxes:
        yield from _mailbox(box)


def _mailbox(box: MailboxConfig) -> "Iterator[Check]":
    from desk.mail import check as servers
    from desk.mail.check import Check

    if box.folder:
        there = Path(box.folder).expanduser().is_dir()
        yield Check(f"{box.name}: folder", there, box.folder, "Make the folder, or mend `folder` in the configuration.")
        return
    try:
        secret = rooms.password(box)
    except AuthError as problem:
        yield Check(f"{box.name}: password", False, problem.what, problem.fix)
        return
    for check in (*servers.imap(box, secret), *servers.smtp(box, secret)):
        yield replace(check, name=f"{box.name}: {check.name}")


def _guarded(name: str, look: Callable[[], str]) -> "Check":
    from desk.mail.check import Check

    try:
        return Check(name, True, look(), "")
    except DeskError as problem:
        return Check(name, False, problem.what, problem.fix)


def _store(config: Config, places: Paths) -> str:
    rooms.store(config, places).close()
    return rooms.location(config, places).split("@")[-1]


def _embeddings(config: Config) -> str:
    from desk.knowledge import embed

    embedder = embed.load(config.knowledge.embeddings)
    embedder.embed(["a first sentence"])
    return f"{embedder.dimensions} dimensions, {embedder.fingerprint[:12]}"


def _articles(folder: str) -> str:
    from desk.knowledge import articles

    return f"{len(articles.load(Path(folder).expanduser()))} in {folder}"


def _model(config: Config, places: Paths) -> "Check":
    from desk.llm import available
    from desk.mail.check import Check

    name, why = available(config.model, places.models)
    if config.model.provider == "none":
        return Check("model", True, why, "")
    return Check("model", bool(name), name or why, "Drafts are composed from your articles until then.")


def _box(given: argparse.Namespace, address: str, ask: Callable[[str], str]) -> MailboxConfig:
    from desk.mail.check import guess

    imap, smtp = guess(address)
    if given.imap:
        imap = ImapConfig(*_host(given.imap, imap.port), security=given.imap_security or imap.security)
    if given.smtp:
        smtp = SmtpConfig(*_host(given.smtp, smtp.port), security=given.smtp_security or smtp.security)
    if not imap.host:
        imap = replace(imap, host=ask("IMAP server: "))
    if not smtp.host:
        smtp = replace(smtp, host=ask("SMTP server: "))
    if given.user:
        imap, smtp = replace(imap, user=given.user), replace(smtp, user=given.user)
    return MailboxConfig(
        name=address.partition("@")[0],
        address=address,
        display_name=given.name or "",
        imap=imap,
        smtp=smtp,
        password_env=given.password_env or "",
        password_cmd=given.password_cmd or "",
        import_from=given.import_from,
    )


def _host(text: str, port: int) -> tuple[str, int]:
    host, _, number = text.partition(":")
    if number and not number.isdigit():
        raise ConfigError(f"{text!r} has no port number.", "Write HOST or HOST:PORT.")
    return host, int(number or port)


def _keep_password(box: MailboxConfig) -> None:
    """Ask for the password and put it into the system's keyring; never into a file."""
    if not sys.stdin.isatty():
        raise AuthError("There is no password.", "Give --password-env or --password-cmd.")
    secret = getpass.getpass(f"Password of {box.address} (kept in the system's keyring): ")
    try:
        import keyring

        keyring.set_password(rooms.SERVICE, box.address, secret)
    except Exception as problem:
        raise AuthError(
            f"The system's keyring did not take it: {problem}.", "Use --password-env or --password-cmd instead."
        ) from problem


def _try(box: MailboxConfig) -> bool:
    good = True
    for check in _mailbox(box):
        good = good and check.ok
        print(f"{'✓' if check.ok else '✗'} {check.name}: {check.detail}")  # noqa: T201
        if not check.ok and check.fix:
            print(f"    {check.fix}")  # noqa: T201
    return good


def _append(places: Paths, config: Config) -> None:
    """Add to the file; what stands there already is not touched. The file is its owner's alone."""
    places.create()
    before = places.config.read_text(encoding="utf-8") if places.config.exists() else ""
    text = f"{before.rstrip()}\n\n{write(config)}".lstrip()
    part = places.config.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    os.chmod(part, 0o600)
    load(part)
    part.replace(places.config)


def _asker() -> Callable[[str], str]:
    def ask(question: str) -> str:
        if not sys.stdin.isatty():
            raise ConfigError(f"{question.rstrip(': ')} is missing.", "Give it as a flag; see `desk init --help`.")
        return input(question).strip()

    return ask
