"""`desk demo`: the sample mailbox arrives, with no network and a store that is thrown away."""

import argparse
import os
import shutil
import tempfile
import threading
from dataclasses import replace
from pathlib import Path

from desk.cli import rooms, stories
from desk.config import Config, KnowledgeConfig, MailboxConfig, load
from desk.paths import Paths, at, packaged


def demo(given: argparse.Namespace) -> int:
    """Open the screen on the sample mailbox, or with `--headless` run it through and print what became of it."""
    if not given.headless:
        rooms.terminal()
    keep = Path(given.keep).expanduser().absolute() if given.keep else None
    home = keep or Path(tempfile.mkdtemp(prefix="desk-demo-"))
    try:
        config, places = prepare(home, with_model=not given.no_model)
        if given.headless:
            from desk.cli.headless import headless

            return headless(config, places, as_json=given.json)
        return _screen(config, places)
    finally:
        if keep is None:
            shutil.rmtree(home, ignore_errors=True)


def prepare(home: Path, *, with_model: bool = True) -> tuple[Config, Paths]:
    """Write the demo's configuration under `home` and point this process and its children at it."""
    places = at(home)
    places.create()
    sample = packaged("sample_mailbox")
    base = load(sample / "desk.toml", {})
    incoming = home / "mailbox"
    incoming.mkdir(exist_ok=True)
    box = replace(base.mailboxes[0], folder=str(incoming), import_from="all")
    knowledge = KnowledgeConfig(
        folder=str(sample / "knowledge"),
        resolved=str(sample / "resolved.jsonl"),
        orders=str(sample / "orders.csv"),
        products=str(sample / "products.csv"),
    )
    shutil.copytree(sample / "replies", places.replies, dirs_exist_ok=True)
    shutil.copytree(sample / "playbooks", places.playbooks, dirs_exist_ok=True)
    places.config.write_text(_toml(base, box, knowledge), encoding="utf-8")
    os.environ["DESK_HOME"] = str(home)
    if not with_model:
        os.environ["LLM_PROVIDER"] = "none"
    return load(places.config), places


def _toml(base: Config, box: MailboxConfig, knowledge: KnowledgeConfig) -> str:
    """The demo's desk.toml, so that its workers read the same settings."""
    from desk.cli.settings import write

    return write(replace(base, mailboxes=(box,), knowledge=knowledge))


def _screen(config: Config, places: Paths) -> int:
    from desk.cli.serve import run

    sample = stories.load(packaged("sample_mailbox"))
    db = rooms.store(config, places)
    shift = stories.import_history(db, config, sample)
    db.close()
    stop = threading.Event()
    feeder = threading.Thread(target=_feed, args=(sample, config, shift, stop), daemon=True, name="feeder")
    feeder.start()
    try:
        return run(config, places, demo=True)
    finally:
        stop.set()
        feeder.join(2)


def _feed(sample: stories.Sample, config: Config, shift: float, stop: threading.Event) -> None:
    """Deliver the new messages one by one, as a mail server would."""
    folder = Path(config.mailboxes[0].folder)
    for number, name in enumerate(sample.arriving, 1):
        if stop.wait(sample.pace_seconds):
            return
        stories.deliver(sample, name, folder, number, shift)
