"""`desk doctor`: a checklist of every part, with a fix a line."""

import argparse
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from desk.cli import rooms
from desk.cli.secrets import credential
from desk.config import Config, MailboxConfig, load
from desk.domain.codec import to_json
from desk.errors import ConfigError, DeskError, MailError
from desk.mail.check import Check
from desk.paths import Paths, paths


def doctor(given: argparse.Namespace) -> int:
    """Check configuration, store, disk, models, knowledge and every mailbox.

    Exit status: 0 when all is well, 1 when something is not, 2 when the configuration can't be read.
    """
    found = []
    for check in checks():
        found.append(check)
        if not given.json:
            show(check)
    if given.json:
        print(json.dumps([to_json(check) for check in found], ensure_ascii=True))  # noqa: T201
    if all(check.ok for check in found):
        return 0
    return ConfigError.exit_code if len(found) == 1 else 1


def show(check: Check) -> None:
    """One line of the checklist, and below it what to do."""
    print(f"{'✓' if check.ok else '✗'} {check.name}: {check.detail}")  # noqa: T201
    if not check.ok and check.fix:
        print(f"    {check.fix}")  # noqa: T201


def checks() -> Iterator[Check]:
    """Every check, one after the other, each with what to do when it fails."""
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
        yield from mailbox(box)


def mailbox(box: MailboxConfig) -> Iterator[Check]:
    """The checks of one mailbox: its folder, or its secret and its servers."""
    from desk.mail import check as servers

    if box.folder:
        there = Path(box.folder).expanduser().is_dir()
        yield Check(f"{box.name}: folder", there, box.folder, "Make the folder, or mend `folder` in the configuration.")
        return
    login = credential(box)
    try:
        login.secret()
    except MailError as problem:
        yield Check(f"{box.name}: {'sign-in' if login.bearer else 'password'}", False, problem.what, problem.fix)
        return
    for check in (*servers.imap(box, login), *servers.smtp(box, login)):
        yield replace(check, name=f"{box.name}: {check.name}")


def _guarded(name: str, look: Callable[[], str]) -> Check:
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


def _model(config: Config, places: Paths) -> Check:
    from desk.llm import available

    name, why = available(config.model, places.models)
    if config.model.provider == "none":
        return Check("model", True, why, "")
    return Check("model", bool(name), name or why, "Drafts are composed from your articles until then.")
