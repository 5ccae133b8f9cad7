"""`desk init` and `desk doctor` against real IMAP and SMTP servers: what is written, what is refused, what is said."""

import sqlite3
import stat
import threading
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from commands import Done, Shell
from oauth_door import opened
from servers import PASSWORD, USER, ImapServer, SmtpSink, free_port, pymap_server, smtp_sink

from desk.cli import doctor
from desk.cli.secrets import credential
from desk.config import load
from desk.errors import AuthError
from desk.mail import oauth
from desk.mail.check import Check
from desk.store import changes, database

SECRET = "SHOP_PASSWORD"
SERVERS = ("--imap", "h", "--smtp", "k")


@pytest.fixture(scope="module")
def imap() -> Iterator[ImapServer]:
    with pymap_server() as server:
        yield server


@pytest.fixture(scope="module")
def smtp() -> Iterator[SmtpSink]:
    with smtp_sink(auth=True) as sink:
        yield sink


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SECRET, PASSWORD)
    monkeypatch.setenv("LLM_PROVIDER", "none")


def flags(imap: ImapServer | int, smtp: SmtpSink | int, address: str = USER) -> tuple[str, ...]:
    """`desk init` for two servers of this machine, the password in the environment."""
    ports = [server if isinstance(server, int) else server.port for server in (imap, smtp)]
    return (
        *("init", address, "--imap", f"127.0.0.1:{ports[0]}", "--imap-security", "none"),
        *("--smtp", f"127.0.0.1:{ports[1]}", "--smtp-security", "none", "--password-env", SECRET),
    )


def no_secret(desk: Shell, *done: Done) -> None:
    """The password stands in nothing that was said and in no file that was written."""
    assert not any(PASSWORD in one.out + one.err for one in done)
    files = [path for path in desk.home.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if PASSWORD.encode() in path.read_bytes()]


def test_a_mailbox_is_connected_from_flags(desk: Shell, imap: ImapServer, smtp: SmtpSink, tmp_path: Path) -> None:
    done = desk(*flags(imap, smtp), "--name", 'The "Shop"', "--import", "30", "--knowledge", str(tmp_path))
    assert (done.status, done.err) == (0, "")
    for line in ("IMAP connection", "IMAP login", "IMAP folder", "SMTP connection", "SMTP login"):
        assert f"✓ help: {line}" in done.out
    path = desk.home / "desk.toml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in desk.home.iterdir()] == ["desk.toml"]
    config = load(path, {})
    (box,) = config.mailboxes
    assert (box.name, box.address, box.display_name, box.import_from) == ("help", USER, 'The "Shop"', "30")
    assert (box.imap.host, box.imap.port, box.imap.security) == ("127.0.0.1", imap.port, "none")
    assert (box.smtp.host, box.smtp.port, box.smtp.security) == ("127.0.0.1", smtp.port, "none")
    assert box.password_env == SECRET
    assert not box.imap.write_back
    assert config.knowledge.folder == str(tmp_path)
    told = desk("doctor", "--json")
    assert told.status == 0
    no_secret(desk, done, told)


def test_hand_edits_stay_byte_for_byte(desk: Shell, imap: ImapServer, smtp: SmtpSink, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.toml"
    mine = (
        b"# my desk\r\n\r\n[pipeline]   # slow\r\nhold_seconds   =  60 \r\n\r\n[[mailboxes]]\r\nname='a'\r\nfolder='/x'"
    )
    real.write_bytes(mine)
    desk.home.mkdir(exist_ok=True)
    (desk.home / "desk.toml").symlink_to(real)
    assert desk(*flags(imap, smtp), "--no-check").status == 0
    assert (desk.home / "desk.toml").is_symlink()
    assert real.read_bytes().startswith(mine)
    config = load(real, {})
    assert [box.name for box in config.mailboxes] == ["a", "help"]
    assert config.pipeline.hold_seconds == 60


def test_the_same_address_is_not_added_twice(desk: Shell) -> None:
    assert desk(*flags(1, 1), "--no-check").status == 0
    before = (desk.home / "desk.toml").read_bytes()
    for again in (USER, USER.upper()):
        assert "already" in desk.fails(*flags(1, 1, again), "--no-check", status=2)
    assert (desk.home / "desk.toml").read_bytes() == before
    assert desk(*flags(1, 1, "help@other.example"), "--no-check").status == 0
    assert [b.name for b in load(desk.home / "desk.toml", {}).mailboxes] == ["help", "help@other.example"]


def test_what_the_servers_refuse_is_not_written(
    desk: Shell, imap: ImapServer, smtp: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SECRET, "wrong horse")
    done = desk(*flags(imap, smtp))
    assert done.status == 2
    assert "✓ help: IMAP connection" in done.out
    assert "✗ help: IMAP login" in done.out
    assert "✗ help: SMTP login" in done.out
    assert "nothing was written" in done.err
    assert done.err.count("\n") == 1
    assert "wrong horse" not in done.out + done.err
    assert not (desk.home / "desk.toml").exists()


def test_a_server_that_is_not_there_is_named(desk: Shell, smtp: SmtpSink) -> None:
    port = free_port()
    done = desk(*flags(port, smtp))
    assert done.status == 2
    assert f"127.0.0.1:{port}" in done.out
    assert "✗ help: IMAP connection" in done.out
    assert "✓ help: SMTP login" in done.out
    assert not (desk.home / "desk.toml").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("init",), "Address"),
        (("init", "nobody"), "'nobody'"),
        (("init", "@"), "'@'"),
        (("init", "a b@c.example"), "not an address"),
        (("init", "a@b.example", "--imap", "h:99999", "--no-check"), "'h:99999'"),
        (("init", "a@b.example", "--imap", "h:imap", "--no-check"), "HOST:PORT"),
        (("init", "a@b.example", "--smtp", "smtp://h", "--no-check"), "'smtp://h'"),
        (("init", "a@b.example", *SERVERS, "--import", "ages", "--no-check", "--password-env", "X"), "'ages'"),
        (
            ("init", "a@b.example", *SERVERS, "--imap-security", "none", "--no-check", "--password-env", "X"),
            "not this machine",
        ),
        (("init", "a@b.example", "--imap-security", "ssl"), "'ssl'"),
        (("init", "a@b.example", "--knowledge", "/no/such", "--no-check", "--password-env", "X"), "/no/such"),
    ],
)
def test_wrong_flags_are_one_line_and_write_nothing(desk: Shell, words: tuple[str, ...], says: str) -> None:
    assert says in desk.fails(*words, status=2)
    assert not (desk.home / "desk.toml").exists()


def test_without_a_terminal_nothing_is_asked(desk: Shell) -> None:
    assert "--password-env" in desk.fails("init", "a@b.example", "--no-check", status=1, stdin="secret\n")
    assert "flag" in desk.fails("init", status=2, stdin="a@b.example\n")


@pytest.mark.parametrize(
    ("given", "imap", "smtp"),
    [
        (("--imap-security", "starttls", *SERVERS), ("h", 143, "starttls"), ("k", 465, "tls")),
        (("--smtp-security", "starttls", *SERVERS), ("h", 993, "tls"), ("k", 587, "starttls")),
        (("--imap", "h", "--smtp", "k:2525"), ("h", 993, "tls"), ("k", 2525, "tls")),
        (("--imap", "[::1]:1143", "--smtp", "::1"), ("::1", 1143, "tls"), ("::1", 465, "tls")),
    ],
)
def test_ports_follow_from_what_is_said(
    desk: Shell, given: tuple[str, ...], imap: tuple[str, int, str], smtp: tuple[str, int, str]
) -> None:
    assert desk("init", "a@b.example", "--no-check", "--password-cmd", "cat secret", *given).status == 0
    (box,) = load(desk.home / "desk.toml", {}).mailboxes
    assert (box.imap.host, box.imap.port, box.imap.security) == imap
    assert (box.smtp.host, box.smtp.port, box.smtp.security) == smtp
    assert box.password_cmd == "cat secret"


def test_a_file_that_can_not_be_added_to_is_left_alone(desk: Shell, tmp_path: Path) -> None:
    path = desk.config('mailboxes = [{name = "a", folder = "/x"}]\n')
    assert "[[mailboxes]]" in desk.fails(*flags(1, 1), "--no-check", status=2)
    assert path.read_text() == 'mailboxes = [{name = "a", folder = "/x"}]\n'
    path = desk.config('[knowledge]\norders = "/x.csv"\n')
    assert "by hand" in desk.fails(*flags(1, 1), "--no-check", "--knowledge", str(tmp_path), status=2)
    path = desk.config('[knowledge]\nfolder = "/x"\n')
    assert "already" in desk.fails(*flags(1, 1), "--no-check", "--knowledge", str(tmp_path), status=2)
    assert [p.name for p in desk.home.iterdir()] == ["desk.toml"]
    assert tomllib.loads(path.read_text()) == {"knowledge": {"folder": "/x"}}


# doctor ---------------------------------------------------------------------------------------------------------------


def by_name(done: Done) -> dict[str, dict[str, object]]:
    checks = done.json
    assert all(list(check) == ["name", "ok", "detail", "fix", "note"] for check in checks)
    assert all(check["fix"] for check in checks if not check["ok"]), "a failure without a fix"
    return {check["name"]: check for check in checks}


def test_doctor_on_a_fresh_machine_says_what_to_do(desk: Shell) -> None:
    done = desk("doctor", "--json")
    checks = by_name(done)
    assert done.status == 1
    assert [name for name, check in checks.items() if not check["ok"]] == ["configuration"]
    assert "desk init" in str(checks["configuration"]["fix"])
    text = desk("doctor")
    assert text.status == 1
    assert "✗ configuration" in text.out
    assert "✓ store" in text.out


def test_doctor_on_a_broken_configuration(desk: Shell) -> None:
    path = desk.config("[model]\ncontext = 1\n")
    done = desk("doctor", "--json")
    assert done.status == 2
    (check,) = done.json
    assert check["ok"] is False
    assert str(path) in check["detail"]
    assert "model.context" in check["detail"]
    assert "512" in check["fix"]


def test_doctor_names_every_missing_part_and_goes_on(desk: Shell, imap: ImapServer, tmp_path: Path) -> None:
    (tmp_path / "resolved.jsonl").write_text("{\n")
    desk.config(f"""
[knowledge]
folder = "/no/such/articles"
resolved = "{tmp_path}/resolved.jsonl"
orders = "/no/such/orders.csv"
embeddings = "/no/such/model"

[[mailboxes]]
name = "files"
folder = "/no/such/mail"

[[mailboxes]]
name = "unset"
password_env = "NO_SUCH_VARIABLE"

[[mailboxes]]
name = "command"
password_cmd = "echo hunter2; exit 3"

[[mailboxes]]
name = "silent"
password_cmd = "true"

[[mailboxes]]
name = "gone"
address = "{USER}"
password_env = "{SECRET}"
imap = {{host = "127.0.0.1", port = {free_port()}, security = "none"}}
smtp = {{host = "127.0.0.1", port = {free_port()}, security = "none"}}
""")
    done = desk("doctor", "--json")
    checks = by_name(done)
    assert done.status == 1
    wrong = {name: str(check["detail"]) for name, check in checks.items() if not check["ok"]}
    assert set(wrong) == {
        *("embeddings", "articles", "resolved tickets", "orders", "files: folder", "unset: password"),
        *("command: password", "silent: password", "gone: IMAP connection", "gone: SMTP connection"),
    }
    assert "/no/such/articles" in wrong["articles"]
    assert "line 1" in wrong["resolved tickets"]
    assert "NO_SUCH_VARIABLE" in wrong["unset: password"]
    assert "hunter2" not in done.out
    assert "127.0.0.1" in wrong["gone: IMAP connection"]


def test_doctor_with_a_wrong_password(
    desk: Shell, imap: ImapServer, smtp: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert desk(*flags(imap, smtp)).status == 0
    monkeypatch.setenv(SECRET, "wrong horse")
    done = desk("doctor", "--json")
    checks = by_name(done)
    assert done.status == 1
    assert [name for name, check in checks.items() if not check["ok"]] == ["help: IMAP login", "help: SMTP login"]
    assert "wrong horse" not in done.out + done.err


def test_doctor_on_a_folder_that_can_not_be_used(desk: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DESK_HOME", str(tmp_path / "file" / "home"))
    done = desk("doctor", "--json")
    assert done.status == 2
    assert "file" in by_name(done)["configuration"]["detail"]  # type: ignore[operator]


def test_doctor_tells_what_else_is_wrong_when_one_part_stays_silent() -> None:
    held = threading.Event()

    def silent() -> list[Check]:
        held.wait(60)
        return []

    def broken() -> list[Check]:
        raise RuntimeError("odd")

    looks: list[doctor.Look] = [("IMAP", silent), ("model", broken), ("disk", lambda: [Check("disk", True, "room")])]
    found = list(doctor.at_once(looks, seconds=0.1))
    held.set()
    assert [(c.name, c.ok) for c in found] == [("IMAP", False), ("model", False), ("disk", True)]
    assert "no answer" in found[0].detail
    assert "odd" in found[1].detail


def test_doctor_finds_a_changed_audit_log_and_a_complaining_worker(desk: Shell) -> None:
    desk.config(f'[[mailboxes]]\nname = "a"\nfolder = "{desk.home}"\n')
    path = desk.home / "desk.sqlite"
    db = database.open(path)
    with db.write() as tx:
        changes.audit(tx, "mara", "approve", "T-1", at=datetime.now(UTC))
        changes.set_worker(tx, "fetch", "error", "imap.shop.example refused the login", at=datetime.now(UTC))
        changes.set_worker(tx, "model", "off", "no such file", at=datetime.now(UTC))
        changes.set_worker(tx, "knowledge", "off", "", at=datetime.now(UTC))
    db.close()
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE audit SET actor = 'nobody'")
    raw.close()
    done = desk("doctor", "--json")
    wrong = {name: check for name, check in by_name(done).items() if not check["ok"]}
    assert done.status == 1
    assert set(wrong) == {"audit log", "worker fetch"}
    assert [check["detail"] for check in done.json if check["note"]] == ["off: no such file"]
    assert not [check for check in done.json if "knowledge" in check["name"]]
    assert "refused the login" in str(wrong["worker fetch"]["detail"])


def test_doctor_on_a_damaged_store_says_how_to_get_it_back(desk: Shell) -> None:
    desk.config(f'[[mailboxes]]\nname = "a"\nfolder = "{desk.home}"\n')
    (desk.home / "desk.sqlite").write_bytes(b"no database " * 1000)
    done = desk("doctor", "--json")
    assert done.status == 1
    assert "desk backup" in str(by_name(done)["store"]["fix"])


def test_hosts_that_dns_alone_names_are_agreed_to_by_a_person(desk: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    from desk.config import ImapConfig, SmtpConfig
    from desk.mail import discover

    named = discover.Servers(ImapConfig("in.far.example"), SmtpConfig("out.far.example"), "DNS", confirm=True)
    monkeypatch.setattr(discover, "discover", lambda *_: named)
    done = desk("init", "a@b.example", "--password-env", SECRET, "--no-check")
    assert done.status == 2
    assert "--imap in.far.example --smtp out.far.example" in done.err
    assert not (desk.home / "desk.toml").exists()


def test_a_password_command_gives_its_first_line(desk: Shell, imap: ImapServer, smtp: SmtpSink, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"{PASSWORD}\nuser: somebody\n")
    words = [word for word in flags(imap, smtp) if word not in ("--password-env", SECRET)]
    done = desk(*words, "--password-cmd", f"cat {tmp_path}/secret")
    assert (done.status, done.err) == (0, "")
    no_secret(desk, done)


def test_servers_are_found_and_a_provider_says_how_to_sign_in(desk: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    done = desk("init", "ann@outlook.com", "--password-env", SECRET, "--no-check")
    assert done.status == 0
    assert "--oauth microsoft" in done.out
    (box,) = load(desk.home / "desk.toml", {}).mailboxes
    assert (box.imap.host, box.smtp.host, box.smtp.port) == ("outlook.office365.com", "smtp.office365.com", 587)


def test_signing_in_by_code_keeps_the_tokens_in_the_file_that_was_agreed_to(
    desk: Shell, imap: ImapServer, smtp: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened() as door:
        monkeypatch.setattr(oauth, "provider", lambda *_: door.provider())
        code = {"user_code": "AB-CD", "verification_uri": "https://door.example", "device_code": "d", "interval": 0}
        tokens = {"access_token": "a-token", "refresh_token": "r-token", "expires_in": 3600}
        door.answers = [(200, code), (200, tokens)]
        words = (*flags(imap, smtp)[:-2], "--oauth", "microsoft", "--oauth-client-id", "id")
        done = desk(*words, "--secrets-file", "--no-check")
        assert done.status == 0, done.err
        assert "https://door.example" in done.out
        assert "AB-CD" in done.out
        kept = desk.home / "secrets.json"
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        assert "r-token" in kept.read_text()
        (box,) = load(desk.home / "desk.toml", {}).mailboxes
        assert credential(box).secret() == "a-token"
        assert credential(box).bearer
        told = desk("doctor")
        assert "token" not in (done.out + done.err + told.out + told.err + (desk.home / "desk.toml").read_text())
        door.answers = [(200, code), (200, {**tokens, "access_token": "b-token"})]
        assert desk("init", USER, "--sign-in", "--no-check").status == 0
        assert credential(box).secret() == "b-token"
        kept.write_text("not json")
        with pytest.raises(AuthError, match=r"secrets\.json can't be read"):
            credential(box).secret()


def test_a_new_password_is_for_mailboxes_that_keep_one(desk: Shell) -> None:
    assert "no mailbox" in desk.fails("init", USER, "--sign-in", status=2)
    assert desk(*flags(1, 1), "--no-check").status == 0
    assert "comes from elsewhere" in desk.fails("init", USER, "--sign-in", status=2)


def test_doctor_sends_for_a_mailbox_that_shares_an_inbox_by_its_login(desk: Shell, imap: ImapServer) -> None:
    with smtp_sink(auth=True) as smtp:
        assert desk(*flags(imap, smtp), "--no-check").status == 0
        path = desk.home / "desk.toml"
        text = path.read_text().replace("name =", "aliases = ['sales@shop.example']\nname =", 1)
        path.write_text(text + "[[mailboxes]]\nname = 'sales'\ninbox = 'help'\naddress = 'Sales@shop.example'\n")
        ended = threading.Event()

        def forward() -> None:  # what a mail server does: what is sent arrives
            done = 0
            while not ended.wait(0.05):
                letters = [content for *_, content in smtp.taken[done:]]
                done += len(letters)
                imap.deliver(letters)

        server = threading.Thread(target=forward)
        server.start()
        try:
            checks = {check["name"]: check for check in desk("doctor", "--send", "--json").json}
        finally:
            ended.set()
            server.join(10)
        assert {name for name, check in checks.items() if name.endswith("test mail") and check["ok"]} == {
            "help: test mail",
            "sales: test mail",
        }
        assert {sender for sender, *_ in smtp.taken} == {USER, "sales@shop.example"}
        assert "uses that of help" in desk.fails("init", "sales@shop.example", "--sign-in", status=2)
