"""What the commands print and log: nothing from outside steers the terminal."""

import io
import json
import logging
import subprocess
import sys
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from desk.cli.plain import Inert, line, safe

NASTY = "\x1b]52;c;aGFja2Vk\x07\x1b[31m\x9b2J\x00\x08\x7f\u202egnp\u2066\r\U000e0041"


def steers(text: str) -> list[str]:
    return [c for c in text if c not in "\n\t" and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn")]


@given(st.text() | st.text(st.sampled_from(NASTY + "ab é李")))
def test_text_for_a_terminal_is_inert_and_loses_nothing(text: str) -> None:
    assert not steers(safe(text))
    assert "\n" not in line(text)
    assert len(line(text, 20)) <= 20
    if text.isprintable():
        assert safe(text) == text


def test_a_log_line_and_its_traceback_are_inert() -> None:
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(Inert("%(message)s"))
    log = logging.Logger("x")
    log.addHandler(handler)
    try:
        raise ValueError(NASTY)
    except ValueError:
        log.exception("the server said %s", NASTY)
    assert "Traceback" in out.getvalue()
    assert "U+001B" in out.getvalue()
    assert not steers(out.getvalue())


def test_no_command_prints_what_a_message_or_an_article_carries_as_it_is(tmp_path) -> None:
    mail = tmp_path / "bad\x1b[31m.eml"
    mail.write_bytes(
        f"From: =?utf-8?q?{NASTY.encode().hex('=', 1)}?= <a@b.example>\nSubject: a {NASTY[:10]}\n\n{NASTY} hi\n".encode()
    )
    kb = tmp_path / "kb"
    kb.mkdir()
    (kb / "a.md").write_text(f"# Returning a lamp {NASTY}\n\nYou can return a lamp within 30 days {NASTY}.\n")
    runs = (
        ["inspect", str(mail), "--only", "parse,guard"],
        ["inspect", str(mail), "--only", "parse,guard", "--json"],
        ["kb", "search", "--kb", str(kb), "return a lamp"],
        ["inspect", str(tmp_path / f"none{NASTY}".replace("\x00", ""))],
    )
    home = {"DESK_HOME": str(tmp_path / "home"), "PATH": "", "PYTHONPATH": ":".join(sys.path)}
    for arguments in runs:
        command = [sys.executable, "-m", "desk", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=home)
        assert done.stdout or done.stderr
        assert not steers(done.stdout + done.stderr), arguments
        if "--json" in arguments:
            assert json.loads(done.stdout)
