"""`desk init` and `desk doctor`: connect a mailbox, and a checklist with a fix a line."""

import argparse
import getpass
import json
import os
import re
import shutil
import sys
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from desk.cli import rooms
from desk.cli.settings import write
from desk.config import Config, KnowledgeConfig, MailboxConfig, load, parse
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
    config = load(places.config)
    ask = _asker()
    address = given.address or ask("Address customers write to: ")
    if not re.fullmatch(r"[^@\s\x00-\x1f<>]+@[^@\s\x00-\x1f<>]+", address):
        raise ConfigError(f"{address!r} is not an address.", "Give one like help@example.org.")
    if any(other.address.casefold() == address.casefold() for other in config.mailboxes):
        raise ConfigError(f"{places.config} has {address} already.", "Edit it there; it is never rewritten.")
    if given.knowledge and config.knowledge.folder:
        what = f"{places.config} names a knowledge folder already, {config.knowledge.folder}."
        raise ConfigError(what, "Edit it there, and leave --knowledge away.")
    box = _box(given, address, ask, [other.name for other in config.mailboxes])
    knowledge = KnowledgeConfig(folder=_folder(given.knowledge) if given.knowledge else "")
    added = Config(mailboxes=(box,), knowledge=knowledge)
    _longer(places, added)
    if not box.password_env and not box.password_cmd:
        _keep_password(box)
    if not given.no_check and not _try(box):
        raise ConfigError("The servers did not accept this; nothing was written.", "Mend it, or add --no-check.")
    _write(places, _longer(places, added))
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
    """Check configuration, store, disk, models, knowledge and every mailbox.

    Exit status: 0 when all is well, 1 when something is not, 2 when the configuration can't be read.
    """
    found = []
    for check in checks():
        found.append(check)
        if not given.json:
            print(f"{'✓' if check.ok else '✗'} {check.name}: {check.detail}")  # noqa: T201
            if not check.ok and check.fix:
                print(f"    {check.fix}")  # noqa: T201
    if given.json:
        print(json.dumps([to_json(check) for check in found], ensure_ascii=True))  # noqa: T201
    if all(check.ok for check in found):
        return 0
    return ConfigError.exit_code if len(found) == 1 else 1


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
    known = config.knowledge
    if known.folder:
        yield _guarded("articles", lambda: _articles(known.folder))
    if known.resolved:
        yield _guarded("resolved tickets", lambda: _resolved(known.resolved))
    for name, file in (("orders", known.orders), ("products", known.products)):
        if file:
            there = Path(file).expanduser().is_file()
            yield Check(name, there, file, f"There is no such file: mend knowledge.{name}.")
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
    except OSError as problem:
        return Check(name, False, f"{problem.filename}: {problem.strerror}", "Mend the path or its rights.")


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


def _resolved(name: str) -> str:
    from desk.knowledge import articles

    return f"{len(articles.load_resolved(Path(name).expanduser()))} in {name}"


def _model(config: Config, places: Paths) -> "Check":
    from desk.llm import available
    from desk.mail.check import Check

    name, why = available(config.model, places.models)
    if config.model.provider == "none":
        return Check("model", True, why, "")
    return Check("model", bool(name), name or why, "Drafts are composed from your articles until then.")


def _box(given: argparse.Namespace, address: str, ask: Callable[[str], str], taken: Sequence[str]) -> MailboxConfig:
    """The mailbox that flags, answers and first guesses make; named by its address where a shorter name is taken."""
    from desk.mail.check import guess

    imap, smtp = guess(address)
    if given.imap_security:
        imap = replace(imap, security=given.imap_security, port=143 if given.imap_security == "starttls" else imap.port)
    if given.smtp_security:
        smtp = replace(smtp, security=given.smtp_security, port=587 if given.smtp_security == "starttls" else 465)
    host, port = _host(given.imap or imap.host or ask("IMAP server: "), imap.port)
    imap = replace(imap, host=host, port=port, user=given.user or imap.user)
    host, port = _host(given.smtp or smtp.host or ask("SMTP server: "), smtp.port)
    smtp = replace(smtp, host=host, port=port, user=given.user or smtp.user)
    name = address.partition("@")[0]
    return MailboxConfig(
        name=address if name.casefold() in [other.casefold() for other in taken] else name,
        address=address,
        display_name=given.name or "",
        imap=imap,
        smtp=smtp,
        password_env=given.password_env or "",
        password_cmd=given.password_cmd or "",
        import_from=given.import_from,
    )


def _host(text: str, port: int) -> tuple[str, int]:
    """HOST, HOST:PORT, an IPv6 address, or [IPv6]:PORT; `port` where none is given."""
    found = re.fullmatch(
        r"\[([0-9A-Fa-f:.%]+)\](?::(\d+))?|([^\s:\[\]/@]+)(?::(\d+))?|([0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)", text
    )
    number = int(found[2] or found[4] or port) if found else 0
    if not found or not 1 <= number <= 65535:
        raise ConfigError(f"{text!r} is not a server.", "Write HOST or HOST:PORT; the port is a number up to 65535.")
    return found[1] or found[3] or found[5], number


def _folder(name: str) -> str:
    """The knowledge folder as the configuration keeps it: absolute, and there."""
    path = Path(name).expanduser().absolute()
    if not path.exists():
        raise ConfigError(f"There is no folder {path}.", "Name a folder of Markdown articles after --knowledge.")
    return str(path)


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


def _longer(places: Paths, config: Config) -> bytes:
    """The configuration file with these tables added at its end; no byte that stands there changes.

    Raises ConfigError when the whole would not load, so that nothing is asked or tried in vain.
    """
    before = places.config.read_bytes() if places.config.exists() else b""
    gap = b"" if not before.strip() else b"\n" if before.endswith(b"\n") else b"\n\n"
    text = before + gap + write(config).lstrip().encode()
    try:
        parse(text, places.config)
    except ConfigError as problem:
        if before and tomllib.loads(before.decode("utf-8-sig")).keys() & {"mailboxes", "knowledge"}:
            fix = "Write mailboxes as [[mailboxes]] and knowledge once, or add this mailbox there by hand."
            raise ConfigError(f"{problem.what} The file can't be added to as it is.", fix) from problem
        raise ConfigError(f"These settings do not go together: {problem.what}", problem.fix) from problem
    return text


def _write(places: Paths, text: bytes) -> None:
    """Put the file in its place in one move, its owner's alone; where it is a link, what the link names is replaced."""
    places.create()
    target = places.config.resolve()
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _asker() -> Callable[[str], str]:
    def ask(question: str) -> str:
        if not sys.stdin.isatty():
            raise ConfigError(f"{question.rstrip(': ')} is missing.", "Give it as a flag; see `desk init --help`.")
        return input(question).strip()

    return ask
