"""Where passwords and sign-ins are kept: the system's keyring; a file of the owner's alone only after their consent."""

import contextlib
import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from desk.config import MailboxConfig
from desk.domain.mail import Credential
from desk.errors import AuthError
from desk.paths import Paths, paths

if TYPE_CHECKING:
    from desk.mail.oauth import Authority

SERVICE = "desk"
"""Name under which secrets stand in the system's keyring."""
FILE = "secrets.json"


class Secrets:
    """Secrets by name. The file is used where it exists, which is only after somebody agreed to it (`allow_file`)."""

    def __init__(self, places: Paths) -> None:
        self.file: Path = places.config.with_name(FILE)

    def allow_file(self) -> None:
        """Keep secrets in a file from now on, readable by its owner alone."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        if not self.file.exists():
            self._write({})

    def get(self, name: str) -> str | None:
        """The secret, None when there is none; AuthError when the keyring does not answer."""
        if self.file.exists():
            return self._read().get(name)
        try:
            import keyring

            return keyring.get_password(SERVICE, name)
        except Exception as problem:
            raise AuthError(f"The system's keyring did not answer ({_first(problem)}).", _WITHOUT) from problem

    def set(self, name: str, secret: str) -> None:
        """Keep a secret; AuthError when the keyring does not take it."""
        if self.file.exists():
            self._write({**self._read(), name: secret})
            return
        try:
            import keyring

            keyring.set_password(SERVICE, name, secret)
        except Exception as problem:
            raise AuthError(f"The system's keyring did not take it ({_first(problem)}).", _WITHOUT) from problem

    def _read(self) -> dict[str, str]:
        try:
            return {str(k): str(v) for k, v in json.loads(self.file.read_text(encoding="utf-8")).items()}
        except (OSError, ValueError, AttributeError) as problem:
            raise AuthError(f"{self.file} can't be read.", "Remove it and run `desk init` again.") from problem

    def _write(self, found: dict[str, str]) -> None:
        part = self.file.with_name(f".{FILE}.{os.getpid()}.part")
        try:
            with os.fdopen(os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w", encoding="utf-8") as out:
                json.dump(found, out)
            part.replace(self.file)
        finally:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)


def _first(problem: Exception) -> str:
    """The first sentence of what a keyring complains about."""
    return " ".join(str(problem).split()).partition(". ")[0].rstrip(".")[:200] or type(problem).__name__


_WITHOUT = "Use password_cmd or password_env, or `desk init --secrets-file` to keep secrets in a file of yours alone."


def password(box: MailboxConfig) -> str:
    """The mailbox's password: from its command, its environment variable, or where secrets are kept; AuthError when none
    has it."""
    if box.password_cmd:
        return _printed(box)
    if box.password_env:
        if value := os.environ.get(box.password_env):
            return value
        raise AuthError(f"{box.password_env} is not set.", f"Set it to the password of {box.address}.")
    if found := Secrets(paths()).get(box.address):
        return found
    raise AuthError(f"There is no password for {box.address}.", f"Run `desk init {box.address}`.")


def credential(box: MailboxConfig) -> Credential:
    """What a mailbox logs in with: its password, or a token of its provider (its command prints one where there is a
    command)."""
    if not box.oauth.provider or box.password_cmd:
        return Credential(lambda: password(box), bearer=bool(box.oauth.provider))
    from desk.mail.oauth import Access

    kept = Secrets(paths())
    name = f"oauth:{box.address}"
    return Credential(Access(authority(box), lambda: kept.get(name), lambda text: kept.set(name, text)), bearer=True)


def authority(box: MailboxConfig) -> "Authority":
    """The provider at which this mailbox's owner signs in."""
    from desk.mail.oauth import Authority, provider

    oauth = box.oauth
    return Authority(provider(oauth.provider, oauth.tenant), oauth.client_id, oauth.client_secret)


def _printed(box: MailboxConfig) -> str:
    """The first line that the mailbox's password command prints; what it prints is shown to nobody."""
    fix = "Run it by hand and mend password_cmd."
    try:
        done = subprocess.run(
            box.password_cmd, shell=True, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False
        )
    except subprocess.TimeoutExpired as problem:
        raise AuthError(f"The password command of {box.name} gave nothing within a minute.", fix) from problem
    if done.returncode:
        said = " ".join(done.stderr.decode(errors="replace").split())[:200]
        raise AuthError(f"The password command of {box.name} ended with {done.returncode}: {said or 'no word'}.", fix)
    lines = done.stdout.decode(errors="replace").splitlines()
    if not lines or not lines[0]:
        raise AuthError(f"The password command of {box.name} printed no password.", fix)
    return lines[0]
