"""The front door: every command, its words and its options. A command imports its rooms only when it runs."""

import argparse
import difflib
import importlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from desk import __version__
from desk.errors import ConfigError, DeskError


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


def at_least_one(text: str) -> int:
    """A whole number from 1 up, for argparse."""
    if not (text.isascii() and text.isdecimal() and int(text[:9]) >= 1):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 up")
    return int(text[:9])


_SECURITY = ("tls", "starttls", "none")
_USAGE = _opt("--usage", action="store_true", help="one row a ticket and month: who answered it, and what it cost")
_CSV = _opt("--csv", action="store_true", help="print --usage as CSV")
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
        (_opt("--only", metavar="NAME", help="run this one worker in this process: fetch, think, send, or a channel"),),
    ),
    Command(
        "init",
        "connect a mailbox",
        "connect:init",
        (
            _opt("address", nargs="?", help="the address customers write to"),
            _opt("--name", help="the name on outgoing mail"),
            _opt("--imap", metavar="HOST[:PORT]", help="IMAP server"),
            _opt("--imap-security", choices=_SECURITY, help="tls (993), starttls (143), or none on this machine"),
            _opt("--smtp", metavar="HOST[:PORT]", help="SMTP submission server"),
            _opt("--smtp-security", choices=_SECURITY, help="tls (465), starttls (587), or none on this machine"),
            _opt("--user", help="login name, when it is not the address"),
            _opt("--password-env", metavar="NAME", help="environment variable that holds the password"),
            _opt("--password-cmd", metavar="COMMAND", help="command that prints the password"),
            _opt("--oauth", choices=("google", "microsoft"), help="sign in there instead of a password"),
            _opt("--oauth-client-id", metavar="ID", help="the id under which desk is registered there"),
            _opt("--oauth-client-secret", metavar="TEXT", help="what Google calls a client secret"),
            _opt("--oauth-tenant", metavar="NAME", help="the Microsoft organisation; common when absent"),
            _opt("--code", action="store_true", help="sign in with a code typed on any device"),
            _opt("--browser", action="store_true", help="sign in with the browser of this machine"),
            _opt("--sign-in", action="store_true", help="a new password or sign-in for a connected mailbox"),
            _opt(
                "--secrets-file", action="store_true", help="keep secrets in a file of yours alone, not in the keyring"
            ),
            _opt("--import", dest="import_from", default="now", help="now, all, or a number of days (context only)"),
            _opt("--knowledge", metavar="DIR", help="folder of Markdown articles"),
            _opt("--no-check", action="store_true", help="write the configuration without trying the servers"),
        ),
    ),
    Command(
        "doctor",
        "check everything, and say how to mend what is wrong",
        "doctor:doctor",
        (_opt("--send", action="store_true", help="send each mailbox a message and see it come back"), _JSON),
    ),
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
    Command(
        "ingest",
        "take in a message from standard input or files, as if it had come to the mailbox",
        "ingest:ingest",
        (
            _opt("files", nargs="*", metavar="FILE", help="messages (RFC 5322); standard input when absent"),
            _opt("--mailbox", metavar="NAME", help="the mailbox it belongs to; by its recipient when absent"),
            _JSON,
        ),
    ),
    Command("threads", "group messages into threads", "inspect:threads", (_JSONL,)),
    Command(
        "kb",
        "the knowledge: search, same, list, import, rebuild; gaps nothing answers and what is proposed; answers used again",
        "kb:kb",
        (
            _opt("verb", choices=("search", "same", "list", "import", "rebuild", "gaps", "answers")),
            _opt("text", nargs="*", help="what to look for, or the folder to import"),
            _opt("--kb", metavar="DIR", help="folder of Markdown files or articles.jsonl, instead of the store"),
            _JSON,
            _JSONL,
        ),
    ),
    Command(
        "replies",
        "the ready-made replies and playbooks: list them, or check that every one can be used",
        "replies:replies",
        (_opt("verb", choices=("list", "check"), nargs="?", default="list"), _JSON),
    ),
    Command(
        "rules",
        "what the mail rules would make of the newest messages, and which tickets would move; nothing is changed",
        "rules:rules",
        (
            _opt("verb", choices=("test",), nargs="?", default="test"),
            _opt("--limit", type=at_least_one, default=500, help="so many messages; 500 when absent"),
            _JSON,
        ),
    ),
    Command(
        "voice",
        "how your sent mail greets, closes and addresses people, which is how drafts do",
        "voice:voice",
        (_JSON,),
    ),
    Command(
        "models",
        "language models: list them, pull one, check what it is trusted with here",
        "models:models",
        (
            _opt("verb", choices=("list", "pull", "check"), nargs="?", default="list"),
            _opt("name", nargs="?", default="", help="a name of the list, or the URL (pull) or path of a .gguf file"),
            _opt("--sha256", default="", metavar="HEX", help="what the pulled file's checksum must be"),
            _JSON,
        ),
    ),
    Command(
        "list",
        "tickets of a view, or those a search finds",
        "read:list_",
        (
            _opt("query", nargs="*", help="a view (inbox, review, quarantine …) or words"),
            _opt("--limit", type=at_least_one, default=50, help="at most so many; 50 when absent"),
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
    Command(
        "rescan",
        "judge stored mail with this version of the guard, and list what it judges differently",
        "rescan:rescan",
        (_JSON,),
    ),
    Command(
        "stats",
        "counts and times of the desk; with --usage who answered each ticket and what it cost",
        "read:stats",
        (_JSON, _USAGE, _CSV),
    ),
    Command(
        "blocks",
        "who is blocked, until when, and how often that stopped mail; with --lift a block ends",
        "blocks:blocks",
        (_opt("--lift", metavar="WHO", default="", help="the address or domain to hear from again"), _JSON),
    ),
    Command("backup", "copy the store while everything runs", "read:backup", (_opt("file", metavar="FILE"),)),
    Command("export", "every message as one mbox file", "read:export", (_opt("file", metavar="FILE"),)),
)


class _Parser(argparse.ArgumentParser):
    """argparse that says a mistake in one line, and takes options before, between and after what stands free."""

    _mixing = False

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse does, but `search --kb DIR some words` is understood as well as `search some words --kb DIR`."""
        if self._mixing or self._subparsers is not None:
            return super().parse_known_args(args, namespace)
        self._mixing = True
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self._mixing = False

    def error(self, message: str) -> NoReturn:
        """One line, and where the help is; exit status 2."""
        self.exit(2, f"desk: {message[:1].upper()}{message[1:]}. `{self.prog} --help` says what there is.\n")


def parser() -> argparse.ArgumentParser:
    """The command line as argparse reads it."""
    top = _Parser(prog="desk", description="A support desk in the terminal, with models that run on the same machine.")
    top.add_argument("--version", action="version", version=f"desk {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND")
    for command in COMMANDS:
        sub = commands.add_parser(command.name, help=command.help, description=command.help.capitalize() + ".")
        sub.set_defaults(function=command.function)
        for option in command.options:
            sub.add_argument(*option.names, **option.settings)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status. Every mistake of a person is one line on standard error."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    if words and not words[0].startswith("-") and words[0] not in (names := [c.name for c in COMMANDS]):
        near = difflib.get_close_matches(words[0], names, n=1)
        hint = f"Did you mean `desk {near[0]}`?" if near else "`desk --help` lists them all."
        return _say(f"There is no command {words[0]!r}. {hint}", ConfigError.exit_code)
    given = parser().parse_args(words)
    module, _, name = getattr(given, "function", "serve:screen").partition(":")
    try:
        function = getattr(importlib.import_module(f"desk.cli.{module}"), name)
        return int(function(given) or 0)
    except DeskError as problem:
        return _say(str(problem), problem.exit_code)
    except KeyboardInterrupt:
        return 130
    except EOFError:
        return _say("The input ended before everything was answered. Nothing was changed.", 130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as problem:
        if problem.filename is None:
            raise
        return _say(f"{problem.filename}: {problem.strerror}. Mend the path or its rights, and try again.", 1)


def _say(message: str, status: int) -> int:
    from desk.cli.plain import line

    print("desk: " + line(message), file=sys.stderr)  # noqa: T201
    return status
