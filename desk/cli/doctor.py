"""`desk doctor`: a checklist of every part, asked all at once, with a fix a line."""

import argparse
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from desk.cli import plain, rooms
from desk.cli.secrets import credential
from desk.config import Config, MailboxConfig, load
from desk.config_mailboxes import home, speaking
from desk.config_rules import BrokenRule
from desk.domain.codec import to_json
from desk.domain.mail import Outgoing
from desk.errors import ConfigError, DeskError, MailError
from desk.mail.aside import started
from desk.mail.check import Check
from desk.paths import Paths, paths

SECONDS = 30.0
"""For each part: what says nothing for so long is said to be silent, and the others are told all the same."""
Look = tuple[str, Callable[[], Sequence[Check]]]
"""The name of a part, and its checks."""


def doctor(given: argparse.Namespace) -> int:
    """Check configuration, store, disk, models, knowledge and every mailbox; with `--send` a message to each of them.

    Exit status: 0 when all is well, 1 when something is not, 2 when the configuration can't be read.
    """
    found = []
    for check in checks(send=given.send):
        found.append(check)
        if not given.json:
            show(check)
    if given.json:
        print(json.dumps([to_json(check) for check in found], ensure_ascii=True))  # noqa: T201
    wrong, notes = sum(not check.ok for check in found), sum(check.ok and check.note for check in found)
    if not given.json:
        said = f"{wrong} to mend" if wrong else "All is well"
        print(f"{said}{f', {notes} worth a look' if notes else ''}.")  # noqa: T201
    if not wrong:
        return 0
    return ConfigError.exit_code if len(found) == 1 else 1


def show(check: Check) -> None:
    """One line of the checklist, and below it what to do; coloured on a terminal that wants colours."""
    mark, colour = ("✗", "31") if not check.ok else ("!", "33") if check.note else ("✓", "32")
    if sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb":
        mark = f"\x1b[{colour}m{mark}\x1b[0m"
    print(f"{mark} {check.name}: {plain.line(check.detail)}", flush=True)  # noqa: T201
    if (check.note or not check.ok) and check.fix:
        print(f"    {plain.line(check.fix)}", flush=True)  # noqa: T201


def checks(*, send: bool = False) -> Iterator[Check]:
    """Every check with what to do when it fails, in a steady order, as soon as it is there."""
    places = paths()
    try:
        config = load(places.config)
    except ConfigError as problem:
        yield Check("configuration", False, problem.what, problem.fix)
        return
    there = places.config.exists()
    yield Check("configuration", there, str(places.config), "Run `desk init` to connect a mailbox.")
    looks: list[Look] = [
        ("store", lambda: _store(config, places)),
        ("disk", lambda: [_disk(places)]),
        ("embeddings", lambda: _embeddings(config, places)),
        ("model", lambda: [_model(config, places)]),
        ("knowledge", lambda: list(_knowledge(config))),
    ]
    if config.rules:
        looks.append(("rules", lambda: list(_rules(config))))
    if config.webhook.listen:
        looks.append(("webhook", lambda: [_webhook(config)]))
    for box in config.mailboxes:
        looks += _sharing(config, box, send=send) if box.inbox else parts(box, send=send)
    yield from at_once(looks)


def at_once(looks: Sequence[Look], seconds: float = SECONDS) -> Iterator[Check]:
    """The checks of all parts, asked in parallel and given in order; a part that stays silent is one failed check."""
    waiting = [(name, started(look)) for name, look in looks]
    until = time.monotonic() + seconds
    for name, answer in waiting:
        longer = 75.0 if name.endswith("test mail") else 0.0
        try:
            yield from answer.result(timeout=max(0.01, until + longer - time.monotonic()))
        except TimeoutError:
            fix = "Something on the way swallows what is sent there: look at the network, then try again."
            yield Check(name, False, f"no answer within {seconds + longer:.0f} s", fix)
        except Exception as problem:  # a check that breaks is a finding too, and no reason to tell nothing
            what = f"the check itself failed: {type(problem).__name__}: {problem}"
            yield Check(name, False, what, "Please report this, with the line above.")


def mailbox(box: MailboxConfig) -> Iterator[Check]:
    """The checks of one mailbox: its folder, or its secret, its servers and what DNS says about its domain."""
    yield from at_once(parts(box))


def parts(box: MailboxConfig, *, send: bool = False) -> list[Look]:
    """What there is to ask about one mailbox."""
    from desk.mail import check as servers
    from desk.mail import records
    from desk.mail.discover import Dns

    def named(part: str, look: Callable[[], Sequence[Check]]) -> Look:
        return f"{box.name}: {part}", lambda: [replace(c, name=f"{box.name}: {c.name}") for c in look()]

    if box.folder:
        there = Path(box.folder).expanduser().is_dir()
        fix = "Make the folder, or mend `folder` in the configuration."
        return [named("folder", lambda: [Check("folder", there, box.folder, fix)])]
    domain = box.address.rpartition("@")[2]
    known = [named("DNS", lambda: records.sender(domain, box.smtp.host, Dns()))] if domain else []
    login = credential(box)
    try:
        login.secret()
    except MailError as problem:
        refused = Check("sign-in" if login.bearer else "password", False, problem.what, problem.fix)
        return [named("password", lambda: [refused]), *known]
    looks = [named("IMAP", lambda: servers.imap(box, login)), named("SMTP", lambda: servers.smtp(box, login)), *known]
    return [*looks, named("test mail", lambda: servers.round_trip(box, login, _test_mail(box)))] if send else looks


def _sharing(config: Config, box: MailboxConfig, *, send: bool) -> list[Look]:
    """What there is to ask about a mailbox that shares another's inbox: from which address it writes, with `send` whether
    the server lets it."""
    at, writes = home(config, box), speaking(config, box)
    said = f"in the inbox of {at.name}; replies go out from {writes.address}"
    own = not box.address or writes.address.casefold() == box.address.casefold()
    what = said if own else f"{said}, because {box.address} is no address of {at.name}"
    fix = f"Add it to the aliases of {at.name} if mail to it arrives there; else mend or leave out the address of {box.name}."
    looks: list[Look] = [(box.name, lambda: [Check(box.name, True, what, "" if own else fix, note=not own)])]
    if send and not at.folder:
        from desk.mail import check as servers

        def sent() -> list[Check]:
            done = servers.round_trip(at, credential(at), _test_mail(writes))
            return [replace(c, name=f"{box.name}: {c.name}") for c in done]

        looks.append((f"{box.name}: test mail", sent))
    return looks


def _rules(config: Config) -> Iterator[Check]:
    """Every rule that can't be followed; mail goes on to arrive without it."""
    broken = [rule for rule in config.rules if isinstance(rule, BrokenRule)]
    for rule in broken:
        yield Check(f"{rule.name} of the mail rules", False, f"not followed: {rule.what}", rule.fix)
    if good := len(config.rules) - len(broken):
        count = f"{good} {'is' if good == 1 else 'are'} followed"
        yield Check("rules", True, f"{count}; `desk rules` says what they make of your mail")


def _test_mail(box: MailboxConfig) -> Outgoing:
    from desk.mail import compose

    body = "This is the test of `desk doctor --send`. You can delete it."
    return compose.new(
        box=box, to=(box.address,), subject="desk doctor", body=body, now=rooms.now(), auto_submitted=True
    )


def _guarded(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, True, look(), "")
    except (DeskError, OSError) as problem:
        return _failed(name, problem)


def _failed(name: str, problem: DeskError | OSError) -> Check:
    if isinstance(problem, DeskError):
        return Check(name, False, problem.what, problem.fix or "`desk --help` says what there is.")
    return Check(name, False, f"{problem.filename}: {problem.strerror}", "Mend the path or its rights.")


def _store(config: Config, places: Paths) -> list[Check]:
    """The store opens, its file is whole, nobody changed the audit chain, and the workers do not complain."""
    from desk.guard.policy import SCANNER
    from desk.store import changes, quarantine

    try:
        db = rooms.store(config, places)
    except (DeskError, OSError) as problem:
        return [_failed("store", problem)]
    where = rooms.location(config, places).split("@")[-1]
    restore = "Stop desk and put a copy made by `desk backup` in its place."
    try:
        damaged = db.get(changes.damage())
        found = [Check("store", not damaged, damaged or where, restore if damaged else "")]
        broken = db.get(changes.audit_broken())
        changed = "" if broken is None else f"fact {broken} was changed after it was written"
        found.append(
            Check("audit log", broken is None, changed or "whole", "Compare with a backup." if changed else "")
        )
        found.append(_guard(db.get(quarantine.count_judged_by_others(SCANNER))))
        for row in db.get(changes.workers()):
            if row.state != "off" or row.detail:  # a part that is not off says so in no words
                found.append(_worker(row.name, row.state, row.detail, rooms.now() - row.at))
        return found
    except DeskError as problem:
        return [Check("store", False, problem.what, problem.fix or restore)]
    finally:
        db.close()


def _guard(older: int) -> Check:
    """Whether stored mail was judged by the guard that runs now."""
    if not older:
        return Check("guard", True, "all stored mail was judged by this version")
    return Check("guard", True, f"{older} messages were judged by another version of the guard",
                 "`desk rescan` judges them anew and lists what it judges differently.", note=True)  # fmt: skip


def _worker(name: str, state: str, detail: str, silent: timedelta) -> Check:
    """What a worker said last. That it is silent is no fault: desk may not be running."""
    if state == "off":
        return Check(name, True, f"off: {detail}", "desk goes on without it; mend it and start desk again.", note=True)
    if state == "error":
        return Check(f"worker {name}", False, detail or "stopped by an error", f"Its log has more: {paths().logs}.")
    ago = "" if silent < timedelta(minutes=2) else ", last heard of long ago: desk is not running"
    return Check(f"worker {name}", True, f"{state}{f': {detail}' if detail else ''}{ago}")


def _disk(places: Paths) -> Check:
    free = shutil.disk_usage(places.data_dir if places.data_dir.exists() else Path.home()).free / 1e9
    return Check("disk", free > 1, f"{free:.1f} GB free", "Make room: below 1 GB mail may not be stored.")


def _embeddings(config: Config, places: Paths) -> list[Check]:
    """The embedding model works, and the vector index that was made with it can be read."""
    from desk.knowledge import embed
    from desk.knowledge.index import Index

    try:
        embedder = embed.load(config.knowledge.embeddings)
        embedder.embed(["a first sentence"])
    except (DeskError, OSError) as problem:
        return [_failed("embeddings", problem)]
    found = Check("embeddings", True, f"{embedder.dimensions} dimensions, {embedder.fingerprint[:12]}")
    if not places.vectors.exists():
        return [found, Check("vectors", True, "none yet; desk makes them when it reads your articles")]
    return [found, _guarded("vectors", lambda: f"{len(Index(places.vectors, embedder).ids())} articles are indexed")]


def _knowledge(config: Config) -> Iterator[Check]:
    known = config.knowledge
    if known.folder:
        yield _guarded("articles", lambda: _articles(known.folder))
    if known.resolved:
        yield _guarded("resolved tickets", lambda: _resolved(known.resolved))
    for name, file in (("orders", known.orders), ("products", known.products)):
        if file:
            there = Path(file).expanduser().is_file()
            yield Check(name, there, file, f"There is no such file: mend knowledge.{name}.")

    for look in known.lookups:
        program = look.command[0] if look.command else ""
        there = not program or shutil.which(program) is not None
        fix = f"There is no program {program}: mend knowledge.lookups."
        yield Check(f"lookup {look.name}", there, program or look.url, fix)


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


def _webhook(config: Config) -> Check:
    there = len(os.environ.get(config.webhook.secret_env, "")) >= 16
    said = f"signed messages are taken at {config.webhook.listen}" if there else "its secret is missing or too short"
    return Check("webhook", there, said, f"Set {config.webhook.secret_env} to at least 16 characters.")
