"""`desk init`: connect a mailbox."""

import argparse
import getpass
import os
import re
import sys
import time
import tomllib
import webbrowser
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from desk.cli.secrets import Secrets, authority
from desk.cli.settings import write
from desk.config import Config, ImapConfig, KnowledgeConfig, MailboxConfig, OAuthConfig, SmtpConfig, load, parse
from desk.errors import AuthError, ConfigError
from desk.paths import Paths, paths

if TYPE_CHECKING:
    from desk.mail.oauth import Authority, Tokens


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
    known = next((other for other in config.mailboxes if other.address.casefold() == address.casefold()), None)
    if given.sign_in:
        return _again(known, address, given)
    if known is not None:
        raise ConfigError(
            f"{places.config} has {address} already.",
            "Edit it there; add --sign-in for a new password.",
        )
    if given.knowledge and config.knowledge.folder:
        what = f"{places.config} names a knowledge folder already, {config.knowledge.folder}."
        raise ConfigError(what, "Edit it there, and leave --knowledge away.")
    knowledge = KnowledgeConfig(folder=_folder(given.knowledge) if given.knowledge else "")
    for server in filter(None, (given.imap, given.smtp)):
        _host(server, 1)
    if not (given.password_env or given.password_cmd or given.oauth):
        _somebody_types()
    box = _box(given, address, ask, [other.name for other in config.mailboxes])
    added = Config(mailboxes=(box,), knowledge=knowledge)
    _longer(places, added)
    typed = not box.password_env and not box.password_cmd
    if typed:
        _keep_secret(box, given, ask)
    if not given.no_check and not _accepted(box, given, ask, again=typed):
        raise ConfigError("The servers did not accept this; nothing was written.", "Mend it, or add --no-check.")
    _write(places, _longer(places, added))
    print(f"Written to {places.config}. desk is read-only on the server until imap.write_back is true,")  # noqa: T201
    print("and it will not send anything you did not approve. Start it with `desk`.")  # noqa: T201
    return 0


def _again(box: MailboxConfig | None, address: str, given: argparse.Namespace) -> int:
    """A new password or sign-in for a mailbox that is connected already."""
    if box is None:
        raise ConfigError(f"There is no mailbox {address} yet.", f"Run `desk init {address}`.")
    if box.inbox:
        what = f"{address} has no login of its own: it uses that of {box.inbox}."
        raise ConfigError(what, f"Sign in with the address of {box.inbox}.")
    if box.password_env or box.password_cmd:
        raise ConfigError(f"The password of {address} comes from elsewhere.", "Change password_env or password_cmd.")
    _keep_secret(box, given, _asker())
    return 0 if given.no_check or not _tried(box) else AuthError.exit_code


def interactive() -> int:
    """`desk init` with every question asked, from the first-run screen."""
    from desk.cli import parser

    return init(parser().parse_args(["init"]))


def _box(given: argparse.Namespace, address: str, ask: Callable[[str], str], taken: Sequence[str]) -> MailboxConfig:
    """The mailbox that flags, answers and first guesses make; named by its address where a shorter name is taken."""
    imap, smtp = _servers(given, address, ask)
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
        oauth=OAuthConfig(
            given.oauth or "",
            given.oauth_client_id or "",
            given.oauth_client_secret or "",
            given.oauth_tenant or "common",
        ),
        import_from=given.import_from,
    )


def _servers(given: argparse.Namespace, address: str, ask: Callable[[str], str]) -> tuple[ImapConfig, SmtpConfig]:
    """The servers to start from: found by the address where flags do not name both, else empty ones."""
    from desk.mail.discover import discover
    from desk.mail.providers import SIGN_IN

    bare = ImapConfig(user=address), SmtpConfig(user=address)
    if given.imap and given.smtp:
        return bare
    found = discover(address, lambda line: _say(f"  {line}"))
    if found is None:
        return bare
    _say(f"Servers by {found.source}.")
    if found.confirm:
        _agreed(found.imap.host, found.smtp.host, ask)
    _, advice = SIGN_IN.get(found.imap.host, ("", ""))
    if advice and not given.oauth:
        _say(advice)
    return found.imap, found.smtp


def _agreed(imap: str, smtp: str, ask: Callable[[str], str]) -> None:
    """Have a person agree to hosts that unsigned DNS alone names: a forged answer could ask for the password."""
    what, fix = f"Only DNS says that {imap} and {smtp} are right.", f"If you trust them: --imap {imap} --smtp {smtp}."
    if not sys.stdin.isatty() or ask(f"{what} Send your password there? Type yes: ").casefold() != "yes":
        raise ConfigError(what, fix)


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


def _keep_secret(box: MailboxConfig, given: argparse.Namespace, ask: Callable[[str], str]) -> None:
    """Ask for the password, or have a person sign in at the provider; what comes of it goes where secrets are kept."""
    kept = Secrets(paths())
    if given.secrets_file:
        kept.allow_file()
    if box.oauth.provider:
        signed = sign_in(
            authority(box), by_code=given.code or (box.oauth.provider == "microsoft" and not given.browser)
        )
        _keep(kept, f"oauth:{box.address}", signed.write(), ask)
        return
    _somebody_types()
    where = kept.file if kept.file.exists() else "the system's keyring"
    _keep(kept, box.address, getpass.getpass(f"Password of {box.address} (kept in {where}): "), ask)


def _keep(kept: Secrets, name: str, secret: str, ask: Callable[[str], str]) -> None:
    """Keep a secret; where there is no keyring, in a file, once a person typed that they want that."""
    try:
        kept.set(name, secret)
    except AuthError as problem:
        if not sys.stdin.isatty():
            raise
        _say(problem.what)
        if ask(f"Keep it unencrypted in {kept.file}, which only you can read? Type yes: ").casefold() != "yes":
            raise
        kept.allow_file()
        kept.set(name, secret)


def _somebody_types() -> None:
    """Refuse to ask for a password where nobody can type one."""
    if not sys.stdin.isatty():
        raise AuthError("There is no password.", "Give --password-env or --password-cmd, or sign in with --oauth.")


def sign_in(at: "Authority", *, by_code: bool) -> "Tokens":
    """Have a person consent at the provider: with a code typed anywhere, or in this machine's browser."""
    if by_code:
        code = at.device()
        _say(f"Open {code.verification_uri} on any device and type {code.user_code}")
        _say("Waiting for your consent; Ctrl+C stops.")
        return at.wait(code, time.sleep)

    def show(address: str) -> None:
        _say(f"Your browser asks for your consent. If it did not open, go to\n{address}")
        webbrowser.open(address)

    return at.browser(show)


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


def _accepted(box: MailboxConfig, given: argparse.Namespace, ask: Callable[[str], str], *, again: bool) -> bool:
    """Whether the servers take this; who typed a wrong password may type it twice more."""
    for _ in range(2):
        wrong = _tried(box)
        if not wrong or not again or not all(name.endswith(" login") for name in wrong):
            return not wrong
        _say("Once more, then.")
        _keep_secret(box, given, ask)
    return not _tried(box)


def _tried(box: MailboxConfig) -> list[str]:
    """Ask the servers, tell it, and give the names of what went wrong."""
    from desk.cli import doctor

    wrong = []
    for check in doctor.mailbox(box):
        doctor.show(check)
        if not check.ok:
            wrong.append(check.name)
    return wrong


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
    """Asks where somebody can answer; elsewhere names the flag that would have answered."""

    def ask(question: str) -> str:
        if not sys.stdin.isatty():
            name = question.rstrip(": ")
            flag = {"IMAP server": "--imap HOST:PORT", "SMTP server": "--smtp HOST:PORT"}.get(name, "as its first word")
            raise ConfigError(f"{name} is missing.", f"Give it {flag}; flags for all: `desk init --help`.")
        return input(question).strip()

    return ask
