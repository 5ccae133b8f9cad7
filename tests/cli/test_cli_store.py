"""Commands over a store that the store's own functions filled: list, show, stats, backup, export."""

import csv
import mailbox
import os
import re
import sqlite3
import stat
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from commands import Shell
from records import NOW, cleared, draft, fetched, mail, thread

from desk.domain.mail import ParsedMail
from desk.store import database, drafts, ledger, messages, people, quarantine, threads
from desk.store.database import Connection, Database

MESSAGES = [
    b"From: a@example.org\r\nSubject: one\r\n\r\nFrom here to there\r\n>From the start\r\n\r\nFrom \r\nend\r\n",
    b"From: b@example.org\nSubject: two\n\nno newline at the end",
    b"From: c@example.org\nSubject: three\n\n\xff\x00\xfe\n\n\n",
    b"From nobody Thu Jan  1 00:00:00 1970\nFrom: d@example.org\nSubject: four\n\nbody\n",
    b"",
    b"\n",
]


_XDG = ("CONFIG", "DATA", "STATE", "CACHE")


def receive(tx: Connection, raw: bytes, parsed: ParsedMail) -> None:
    box = messages.mailbox(tx, "main", "help@shop.example", at=NOW)
    contact = people.contact_of(tx, parsed.from_addr, parsed.from_name, at=NOW)
    ticket = threads.create(
        tx, mailbox_id=box, subject=parsed.subject, contact_id=contact, contact_addr=parsed.from_addr, at=NOW
    )
    from_server = fetched(parsed, raw=raw)
    messages.receive(tx, mailbox_id=box, fetched=from_server, parsed=parsed, thread_id=ticket, now=NOW)


@pytest.fixture
def store(desk: Shell) -> Database:
    """Two tickets: one in review with a draft, one just come."""
    db = database.open(desk.home / "desk.sqlite")
    with db.write() as tx:
        one, message = thread(tx, mail("Where is my parcel? \x1b[2J", subject="Parcel \u202e lost"))
        cleared(tx, message)
        drafts.save(tx, one, draft(), now=NOW, created_by="think", message_id=message)
        thread(tx, mail("The lamp is broken.", subject="Broken lamp", sender="bert@example.org"))
    return db


def test_list_tells_the_tickets_of_a_view_and_of_a_search(desk: Shell, store: Database) -> None:
    found = desk("list", "all", "--json").json
    assert {row["subject"] for row in found} == {"Parcel \u202e lost", "Broken lamp"}
    assert {row["number"] for row in found} == {"T-1001", "T-1002"}
    assert {"id", "number", "subject", "status", "category", "priority"} <= set(found[0])
    assert [row["subject"] for row in desk("list", "lamp", "--json").json] == ["Broken lamp"]
    assert len(desk("list", "all", "--json", "--limit", "1").json) == 1
    assert desk("list", "quarantine", "--json").json == []
    text = desk("list", "all").out
    assert "T-1001" in text
    assert "\u202e" not in text
    assert desk("list", "nothing-like-it").out == "Nothing there.\n"


def test_show_tells_one_ticket(desk: Shell, store: Database) -> None:
    found = desk("show", "T-1001", "--json").json
    assert list(found) == ["ticket", "messages", "draft", "runs"]
    (message,) = found["messages"]
    assert message["text"] == "Where is my parcel? \x1b[2J"
    assert message["status"] == "draft_ready"
    assert found["draft"]["body"].startswith("Dear Anna")
    assert desk("show", "t-1001", "--json").json == found
    text = desk("show", "T-1001").out
    assert "Dear Anna" in text
    assert "\x1b" not in text
    assert desk("show", "T-1002", "--json").json["draft"] is None


def test_stats_counts_by_view(desk: Shell, store: Database) -> None:
    found = desk("stats", "--json").json
    assert list(found) == ["views", "steps_ms", "drafts", "outcomes", "learned"]
    assert found["outcomes"]["sent"] == found["outcomes"]["resolved"] == 0
    assert found["drafts"] == {"verdicts": {}, "reasons": {}, "kept": None}
    assert found["views"]["all"] == 2
    told = desk("stats").out
    assert re.search(r"^all +2$", told, re.M)
    assert "resolved at first contact none yet (0 of 0)" in told


def test_usage_tells_a_row_a_ticket_and_month_however_often_it_was_answered(desk: Shell, store: Database) -> None:
    with store.write() as tx:
        for at in (NOW, NOW, NOW + timedelta(days=40)):
            ledger.charge(tx, 1, channel="email", answered_by="person", at=at)
    rows = list(csv.DictReader(desk("stats", "--usage", "--csv").out.splitlines()))
    assert [(r["number"], r["period"], r["answered_by"]) for r in rows] == [
        ("T-1001", f"{at:%Y-%m}", "person") for at in (NOW, NOW + timedelta(days=40))
    ]
    assert [r["tokens"] for r in rows] == ["0", "0"]
    assert [r["number"] for r in desk("stats", "--usage", "--json").json] == ["T-1001", "T-1001"]


def test_a_backup_is_a_whole_store_and_its_owners_alone(
    desk: Shell, store: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = desk("list", "all", "--json").json
    target = tmp_path / "elsewhere" / "desk.sqlite"
    target.parent.mkdir()
    with store.write() as tx:  # somebody is writing just now
        thread(tx, mail("Not there yet."))
        assert desk("backup", str(target)).status == 0
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert [p.name for p in target.parent.iterdir()] == ["desk.sqlite"]
    with sqlite3.connect(target) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    monkeypatch.setenv("DESK_HOME", str(target.parent))
    assert desk("list", "all", "--json").json == before
    assert "exists already" in desk.fails("backup", str(target), status=1)


def test_the_export_holds_every_message_byte_for_byte(desk: Shell, tmp_path: Path) -> None:
    db = database.open(desk.home / "desk.sqlite")
    with db.write() as tx:
        for number, raw in enumerate(MESSAGES):
            receive(tx, raw, mail(subject=str(number)))
    target = tmp_path / "all.mbox"
    done = desk("export", str(target))
    stored = [raw for raw in MESSAGES if raw]
    assert f"{len(stored)} messages" in done.out
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    box = mailbox.mbox(target)
    read = [re.sub(rb"^>(>*From )", rb"\1", box.get_bytes(key), flags=re.M) for key in box.keys()]  # noqa: SIM118
    assert read == [raw if raw.endswith(b"\n") else raw + b"\n" for raw in stored]


@pytest.mark.parametrize("command", ["backup", "export"])
def test_what_can_not_be_written_leaves_nothing_behind(
    desk: Shell, store: Database, tmp_path: Path, command: str
) -> None:
    assert "/no/such/folder" in desk.fails(command, "/no/such/folder/x", status=1)
    assert "exists already" in desk.fails(command, str(tmp_path), status=1)
    blocked = tmp_path / "file"
    blocked.write_text("mine")
    assert desk.fails(command, str(blocked / "x"), status=1)
    assert "exists already" in desk.fails(command, str(blocked), status=1)
    assert blocked.read_text() == "mine"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_no_store_is_no_backup(desk: Shell, tmp_path: Path) -> None:
    assert "no store" in desk.fails("backup", str(tmp_path / "x"), status=1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (("show", "T-9"), 1, "no ticket T-9"),
        (("show",), 2, "T-…"),
        (("replay", "T-9"), 1, "no ticket T-9"),
        (("replay", "T-1002"), 1, "no run"),
        (("list", "--limit", "0"), 2, "--limit"),
        (("list", "--limit", "many"), 2, "'many'"),
        (("list", "--bogus"), 2, "--bogus"),
        (("lst",), 2, "`desk list`"),
        (("frobnicate",), 2, "--help"),
        (("--frobnicate",), 2, "--help"),
        (("eval", "/no/such"), 2, "/no/such"),
        ((), 2, "terminal"),
        (("open",), 2, "terminal"),
        (("demo",), 2, "--headless"),
        (("worker", "--only", "cook"), 2, "'cook'"),
    ],
)
def test_what_a_person_gets_wrong_is_one_line(
    desk: Shell, store: Database, words: tuple[str, ...], status: int, says: str
) -> None:
    assert says in desk.fails(*words, status=status)


@pytest.mark.parametrize(
    "words", [("list",), ("show", "T-1"), ("kb", "list"), ("models",), ("stats",), ("init", "a@b.c")]
)
def test_a_broken_configuration_is_said_by_every_command(desk: Shell, words: tuple[str, ...]) -> None:
    path = desk.config("[model]\ncontxt = 1\n")
    message = desk.fails(*words, status=2)
    assert str(path) in message
    assert "Did you mean model.context?" in message


@pytest.mark.parametrize(
    ("url", "says"),
    [("nonsense", ""), ("mysql://localhost/desk", "mysql"), ("postgresql://u:hunter2@127.0.0.1:1/desk", "127.0.0.1")],
)
def test_a_store_that_can_not_be_opened_is_one_line(desk: Shell, url: str, says: str, tmp_path: Path) -> None:
    if url == "nonsense":
        url = str(tmp_path)  # a folder
    desk.config(f'database = "{url}"\n')
    message = desk.fails("list", status=1)
    assert says in message
    assert "hunter2" not in message


def test_a_file_that_is_no_store_is_one_line(desk: Shell, tmp_path: Path) -> None:
    desk.home.mkdir(exist_ok=True)
    (desk.home / "desk.sqlite").write_bytes(b"This is a letter, not a database." * 100)
    assert "desk.sqlite" in desk.fails("list", status=1)
    assert desk.fails("backup", str(tmp_path / "copy"), status=1)
    assert not (tmp_path / "copy").exists()


def test_a_file_in_place_of_the_folder_is_one_line(
    desk: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DESK_HOME", str(tmp_path / "file"))
    for words in (("list",), ("stats",), ("init", "a@b.example", "--no-check", "--password-env", "X")):
        assert desk.fails(*words, status=2)


def test_desk_home_moves_every_file(tmp_path: Path) -> None:
    """In a process of its own: some libraries write where they please when they are loaded, unless told not to."""
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "a.md").write_text("# Delivery\n\nIt takes three days.\n")
    user = {name: str(tmp_path / "user") for name in ("HOME", *(f"XDG_{x}_HOME" for x in _XDG))}
    program = (
        "import sys; from desk.cli import main; "
        "sys.exit(max(main(words.split()) for words in sys.argv[1:]))"
    )  # one process, several commands
    commands = (
        "init a@b.example --imap h --smtp k --no-check --password-env X",
        f"kb import {folder}",
        "kb rebuild",
        "list",
    )
    environment = {**os.environ, **user, "DESK_HOME": str(tmp_path / "moved"), "X": "hunter2"}
    subprocess.run([sys.executable, "-c", program, *commands], env=environment, check=True, capture_output=True)
    assert not [str(path) for path in tmp_path.glob("user/**/*")]
    kept = {path.name for path in (tmp_path / "moved").iterdir()}
    assert {"desk.toml", "desk.sqlite", "vectors"} <= kept
    assert stat.S_IMODE((tmp_path / "moved").stat().st_mode) == 0o700


def test_a_message_on_standard_input_becomes_a_ticket(desk: Shell, tmp_path: Path) -> None:
    assert "desk init" in desk.fails("ingest", status=1, stdin=b"From: a@b.example\n\nhi\n")
    desk.config('[[mailboxes]]\nname = "shop"\naddress = "help@shop.example"\nfolder = "/x"\n')
    raw = b"From: ann@web.example\nTo: help@shop.example\nSubject: Lamp\nMessage-ID: <1@web.example>\n\nIt flickers.\n"
    done = desk("ingest", stdin=raw)
    assert (done.status, done.out) == (0, "T-1001\n")
    assert desk("ingest", "--json", stdin=raw).json == {"ticket": "T-1001", "known": True}
    path = tmp_path / "two.eml"
    path.write_bytes(raw.replace(b"<1@", b"<2@").replace(b"Lamp", b"A bill of mine"))
    done = desk("ingest", str(path), "/no/such", "--mailbox", "shop")
    assert (done.status, done.out) == (1, "T-1002\n")
    assert "/no/such" in done.err
    assert "no mailbox" in desk.fails("ingest", "--mailbox", "other", status=1, stdin=raw)
    assert [row["number"] for row in desk("list", "all", "--json").json] == ["T-1002", "T-1001"]


def test_blocks_are_listed_with_their_hits_and_lifted(desk: Shell, store: Database) -> None:
    assert desk("blocks").out == "Nobody is blocked.\n"
    with store.write() as tx:
        quarantine.block(tx, "domain", "spam.example", by="mara", at=NOW, expires_at=NOW + timedelta(days=30))
        quarantine.hit(tx, "a@spam.example", NOW)
    assert re.fullmatch(r"spam\.example +1 stopped  until 2026-\d\d-\d\d +by mara\n", desk("blocks").out)
    assert [(b["value"], b["hits"]) for b in desk("blocks", "--json").json] == [("spam.example", 1)]
    assert "Spam.example is not blocked" not in desk("blocks", "--lift", "Spam.example").out
    assert desk("blocks", "--json").json == []
