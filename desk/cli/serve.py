"""`desk` and `desk worker`: the screen with its workers, and the workers alone."""

import argparse
import logging
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from desk.cli import plain, rooms
from desk.config import Config
from desk.errors import ConfigError
from desk.paths import Paths

if TYPE_CHECKING:
    from desk.actions.desk import Desk
    from desk.store.database import AsyncDatabase, Database

POLITE = 10
"""How far the thinking gives way to the screen: on two cores a key must not wait for a model."""
SIGN_OF_LIFE = 30.0
"""A worker that said nothing for so many seconds is gone; a living one speaks every ten."""


def screen(given: argparse.Namespace) -> int:
    """Open the screen. With no mailbox yet, ask what to do first: demo, connect, or open an existing desk."""
    config, places = rooms.configuration()
    rooms.terminal()
    if not config.mailboxes:
        from desk.ui.screens.first_run import choose

        choice = choose(config.screen.theme)
        if choice == "demo":
            from desk.cli.demo import demo

            return demo(argparse.Namespace(headless=False, no_model=False, keep=None, json=False))
        if choice == "connect":
            from desk.cli.connect import interactive

            if interactive():
                return 1
            config, places = rooms.configuration()
        elif choice == "open":
            _open()
            config, places = rooms.configuration()
        else:
            return 0
    return run(config, places)


def _open() -> None:
    """Ask where the existing desk is, and go there for the rest of this process and its workers."""
    folder = Path(input("Folder of the desk (with desk.toml in it): ").strip()).expanduser().absolute()
    if not (folder / "desk.toml").is_file():
        raise ConfigError(f"{folder} has no desk.toml.", "Name the folder that DESK_HOME pointed to.")
    os.environ["DESK_HOME"] = str(folder)


def run(config: Config, places: Paths, *, demo: bool = False) -> int:
    """The screen over the configured store; its workers are child processes that end with it."""
    from desk.ui.app import run as run_screen
    from desk.workers.supervise import Supervisor, command

    supervisor = Supervisor(command(), places.logs, _workers(config))

    def connect() -> "tuple[Desk, AsyncDatabase]":
        from desk.store.database import AsyncDatabase

        db = rooms.store(config, places)
        if not _served(db):
            supervisor.start()
        return rooms.desk(config, db), AsyncDatabase(rooms.location(config, places))

    try:
        run_screen(connect, config, demo=demo)
    finally:
        supervisor.stop()
    return 0


def _served(db: "Database") -> bool:
    """Whether workers are at work on this store already (`desk worker` as a service, or another desk)."""
    from desk.store import changes

    fresh = rooms.now() - timedelta(seconds=SIGN_OF_LIFE)
    return any(row.name.startswith("think") and row.at > fresh for row in db.get(changes.workers()))


def worker(given: argparse.Namespace) -> int:
    """Run one worker in this process, or all three as children."""
    from desk.workers import channels
    from desk.workers.supervise import WORKERS

    if given.only and given.only not in (known := (*WORKERS, *channels.found())):
        raise ConfigError(f"There is no worker {given.only!r}.", f"Name one of: {', '.join(known)}.")
    config, places = rooms.configuration()
    plain.log_to_stderr()
    for noisy in ("alembic", "imapclient", "httpx"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    if given.only:
        return _one(given.only, config, places)
    from desk.workers.supervise import Supervisor, command

    rooms.store(config, places).close()
    supervisor = Supervisor(command(), places.logs, _workers(config))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: supervisor.request_stop())
    names = ", ".join(_workers(config))
    print(f"desk: {names} are at work; their logs are in {places.logs}", flush=True)  # noqa: T201
    supervisor.start()
    supervisor.wait()
    supervisor.stop()
    return 0


def _workers(config: Config) -> tuple[str, ...]:
    """The workers this desk needs: the three, and one for each channel that is switched on."""
    from desk.workers.channels import found
    from desk.workers.supervise import WORKERS

    return (*WORKERS, *(name for name, channel in found().items() if channel.wanted(config)))


def _one(name: str, config: Config, places: Paths) -> int:
    from desk.workers.loop import Stop

    stop = Stop()
    stop.listen(parent=not sys.stdin.isatty())
    db = rooms.store(config, places)
    try:
        if name == "fetch":
            from desk.workers import fetch

            fetch.run(db, config, rooms.source, stop)
        elif name == "think":
            from desk.workers import think

            os.nice(POLITE)
            think.run(db, lambda: rooms.rooms(config, places), stop)
        elif name == "send":
            from desk.workers import send

            send.run(db, config, rooms.desk(config, db, who="send"), rooms.transport(config), rooms.source, stop)
        else:
            from desk.workers import channels

            channels.found()[name].receive(db, config, stop)
    finally:
        db.close()
    return 0
