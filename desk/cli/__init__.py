"""The front door: every command, its words and its options. A command imports its rooms only when it runs."""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from desk import __version__
from desk.errors import DeskError


@dataclass(frozen=True, slots=True)
class Option:
    """One argument of a command, as argparse takes it."""

    names: tuple[str, ...]
    settings: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Command:
    """One command: its name, one sentence, where its function is, and its options."""

    name: str
    help: str
    function: str
    options: tuple[Option, ...] = ()


def _opt(*names: str, **settings: Any) -> Option:
    return Option(names, settings)


_JSON = _opt("--json", action="store_true", help="print JSON instead of a table")
_JSONL = _opt("--jsonl", action="store_true", help="read lines of JSON on standard input, answer a line each")

COMMANDS: tuple[Command, ...] = (
    Command("open", "open the screen and start the workers (what `desk` alone does)", "serve:screen"),
    Command(
        "demo",
        "the screen on the sample mailbox: no network, a throw-away store",
        "demo:demo",
        (
            _opt("--headless", action="store_true", help="run the pipeline without a screen and print a table"),
            _opt("--no-model", action="store_true", help="compose every draft, load no language model"),
            _opt("--keep", metavar="DIR", help="keep the demo's store in this folder"),
            _JSON,
        ),
    ),
    Command(
        "worker",
        "fetch, think and send without a screen, until stopped",
        "serve:worker",
        (_opt("--only", choices=("fetch", "think", "send"), help="run this one worker in this process"),),
    ),
    Command(
        "init",
        "connect a mailbox",
        "connect:init",
        (
            _opt("address", nargs="?", help="the address customers write to"),
            _opt("--name", help="the name on outgoing mail"),
            _opt("--imap", metavar="HOST[:PORT]", help="IMAP server"),
            _opt("--imap-security", choices=("tls", "starttls", "none")),
            _opt("--smtp", metavar="HOST[:PORT]", help="SMTP submission server"),
            _opt("--smtp-security", choices=("tls", "starttls", "none")),
            _opt("--user", help="login name, when it is not the address"),
            _opt("--password-env", metavar="NAME", help="environment variable that holds the password"),
            _opt("--password-cmd", metavar="COMMAND", help="command that prints the password"),
            _opt("--import", dest="import_from", default="now", help="now, all, or a number of days (context only)"),
            _opt("--knowledge", metavar="DIR", help="folder of Markdown articles"),
            _opt("--no-check", action="store_true", help="write the configuration without trying the servers"),
        ),
    ),
    Command("doctor", "check everything, and say how to mend what is wrong", "connect:doctor", (_JSON,)),
    Command(
        "inspect",
        "one message through parse, guard and triage",
        "inspect:inspect",
        (
            _opt("files", nargs="*", metavar="FILE", help="messages (RFC 5322)"),
            _opt("--draft", action="store_true", help="write a draft too"),
            _opt("--only", metavar="PARTS", help="some of parse,guard,triage,draft"),
            _JSON,
            _JSONL,
        ),
    ),
    Command("threads", "group messages into threads", "inspect:threads", (_JSONL,)),
    Command(
        "kb",
        "the knowledge: search, same, list, rebuild",
        "kb:kb",
        (
            _opt("verb", choices=("search", "same", "list", "import", "rebuild")),
            _opt("text", nargs="*", help="what to look for, or the folder to import"),
            _opt("--kb", metavar="DIR", help="folder of Markdown files or articles.jsonl, instead of the store"),
            _JSON,
            _JSONL,
        ),
    ),
    Command(
        "models",
        "language models: list, what is in use",
        "models:models",
        (_opt("verb", choices=("list", "check"), nargs="?", default="list"), _JSON),
    ),
    Command(
        "list",
        "tickets of a view, or those a search finds",
        "read:list_",
        (
            _opt("query", nargs="*", help="a view (inbox, review, quarantine …) or words"),
            _opt("--limit", type=int, default=50),
            _JSON,
        ),
    ),
    Command("show", "one ticket", "read:show", (_opt("number", metavar="T-…"), _JSON)),
    Command(
        "replay",
        "run a past ticket again with today's knowledge and models; nothing is stored or sent",
        "read:replay",
        (_opt("number", metavar="T-…"), _JSON),
    ),
    Command(
        "eval",
        "measure guard and triage on labelled messages",
        "evaluate:evaluate",
        (
            _opt("folder", nargs="?", metavar="DIR", help="a folder with stories.toml; the sample mailbox when absent"),
            _JSON,
        ),
    ),
    Command("stats", "counts and times of the desk", "read:stats", (_JSON,)),
    Command("backup", "copy the store while everything runs", "read:backup", (_opt("file", metavar="FILE"),)),
    Command("export", "every message as one mbox file", "read:export", (_opt("file", metavar="FILE"),)),
)


def parser() -> argparse.ArgumentParser:
    """The command line as argparse reads it."""
    top = argparse.ArgumentParser(
        prog="desk", description="A support desk in the terminal, with models that run on the same machine."
    )
    top.add_argument("--version", action="version", version=f"desk {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND")
    for command in COMMANDS:
        sub = commands.add_parser(command.name, help=command.help, description=command.help.capitalize() + ".")
        sub.set_defaults(function=command.function)
        for option in command.options:
            sub.add_argument(*option.names, **option.settings)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status. Every `DeskError` is one message on standard error."""
    given = parser().parse_args(arguments)
    module, _, name = getattr(given, "function", "serve:screen").partition(":")
    try:
        function = getattr(importlib.import_module(f"desk.cli.{module}"), name)
        return int(function(given) or 0)
    except DeskError as problem:
        print(f"desk: {problem}", file=sys.stderr)  # noqa: T201
        return problem.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
