"""Secrets: typed by a person, kept where they agreed to, and found in nothing that is said, written or logged."""

import os
import select
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import Shell
from servers import PASSWORD, USER, ImapServer, SmtpSink, need, pymap_server, smtp_sink

from desk.config import load

NO_KEYRING = {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring", "NO_COLOR": "1"}
IN_A_TERMINAL = "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)"


@pytest.fixture(scope="module")
def imap() -> Iterator[ImapServer]:
    with pymap_server() as server:
        yield server


@pytest.fixture(scope="module")
def smtp() -> Iterator[SmtpSink]:
    with smtp_sink(auth=True) as sink:
        yield sink


def servers(imap: ImapServer, smtp: SmtpSink) -> tuple[str, ...]:
    return (
        *("init", USER, "--imap", f"127.0.0.1:{imap.port}", "--imap-security", "none"),
        *("--smtp", f"127.0.0.1:{smtp.port}", "--smtp-security", "none"),
    )


def typed(words: tuple[str, ...], *answers: tuple[str, str], **env: str) -> tuple[int, str]:
    """Run `desk` in a terminal of its own and type each answer when its question stands there: exit status and screen."""
    need("a pseudo terminal", sys.platform != "win32")
    command = [sys.executable, "-c", IN_A_TERMINAL, sys.executable, "-m", "desk", *words]
    child = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, **env}
    )
    assert child.stdin is not None
    assert child.stdout is not None
    seen, at = "", 0
    try:
        for question, answer in answers:
            while question not in seen[at:]:
                ready, _, _ = select.select([child.stdout], [], [], 60)
                more = os.read(child.stdout.fileno(), 4096).decode(errors="replace") if ready else ""
                assert more, f"it never asked {question!r}: {seen}"
                seen += more
            at = len(seen)
            child.stdin.write(f"{answer}\n".encode())
            child.stdin.flush()
        seen += child.stdout.read().decode(errors="replace")
        return child.wait(60), seen
    finally:
        child.kill()


def test_a_wrong_password_may_be_typed_again_and_a_file_needs_a_typed_yes(
    desk: Shell, imap: ImapServer, smtp: SmtpSink
) -> None:
    status, seen = typed(
        servers(imap, smtp),
        ("Password", "wrong horse"),
        ("Type yes", "yes"),
        ("Password", PASSWORD),
        **NO_KEYRING,
    )
    assert status == 0, seen
    assert "✗ help: IMAP login" in seen
    assert "✓ help: SMTP login" in seen
    assert PASSWORD not in seen
    assert "wrong horse" not in seen
    kept = desk.home / "secrets.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert load(desk.home / "desk.toml", {}).mailboxes[0].address == USER


def test_without_a_typed_yes_no_secret_is_written(desk: Shell, imap: ImapServer, smtp: SmtpSink) -> None:
    status, seen = typed(servers(imap, smtp), ("Password", PASSWORD), ("Type yes", "y"), **NO_KEYRING)
    assert status == 1, seen
    assert not [path for path in desk.home.rglob("*") if path.is_file()]


def test_without_a_terminal_the_missing_flag_is_named(desk: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    from desk.mail import discover

    monkeypatch.setattr(discover, "discover", lambda *_: None)
    assert "--imap HOST:PORT" in desk.fails("init", "a@b.example", "--password-env", "X", status=2)
    words = ("init", "a@b.example", "--imap", "h", "--password-env", "X")
    assert "--smtp HOST:PORT" in desk.fails(*words, status=2)


DEBUGGED = """
import logging, sys
logging.basicConfig(level=1, stream=sys.stderr)
from desk.cli import main
from desk.cli import doctor, rooms, secrets
from desk.mail import check
from desk.workers import fetch
main(["doctor"])
config, places = rooms.configuration()
db = rooms.store(config, places)
box = config.mailboxes[0]
check.round_trip(box, secrets.credential(box), doctor._test_mail(box), seconds=0.1, pause=lambda _: None)
fetcher = fetch.Fetcher(db, box, rooms.source)
fetcher.poll()
fetcher.close()
logging.warning("end of the run")
"""


@pytest.mark.parametrize("right", [True, False])
def test_no_log_at_any_level_holds_a_secret(
    desk: Shell, imap: ImapServer, smtp: SmtpSink, right: bool, tmp_path: Path
) -> None:
    """The libraries log what they send when asked to log everything: none of it may be the password, in any coding."""
    secret = PASSWORD if right else "a wrong secret of mine"
    words = (*servers(imap, smtp), "--password-env", "SHOP_PASSWORD", "--no-check")
    assert desk(*words).status == 0
    env = {**os.environ, "SHOP_PASSWORD": secret, "LLM_PROVIDER": "none"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", DEBUGGED], env=env, capture_output=True, timeout=200, check=False
    )
    said = (done.stdout + done.stderr).decode(errors="replace")
    assert "IMAP login" in said
    assert not right or "end of the run" in said
    hidden = [secret, *encoded(secret)]
    assert not [form for form in hidden if form in said]
    files = [path for path in desk.home.rglob("*") if path.is_file()]
    assert not [path for path in files if any(form.encode() in path.read_bytes() for form in hidden)]


def encoded(secret: str) -> list[str]:
    """The forms in which a login sends a password: base64 alone (LOGIN), and after the user (PLAIN)."""
    import base64

    plain = f"\0{USER}\0{secret}".encode()
    return [base64.b64encode(secret.encode()).decode().rstrip("="), base64.b64encode(plain).decode().rstrip("=")]
