"""Lookups by programs and web services: what is passed on, what is believed, and that silence stops nothing."""

import http.server
import json
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from desk.config import LookupConfig, parse
from desk.errors import ConfigError
from desk.knowledge.lookup import belongs_to
from desk.knowledge.outside import Outside

TELL = (
    "import json, sys; text = f'Parcel {sys.argv[1]} is at the depot.'; "
    "print(json.dumps({'text': text, 'customer_email': 'ann@web.example'}))"
)
PARCEL = LookupConfig("parcel", r"\bJD(\d{4,12})\b", (sys.executable, "-c", TELL, "{}"), seconds=20)


def test_a_program_is_asked_about_each_number_once() -> None:
    facts, problems = Outside([PARCEL]).facts("Where are JD1234 and JD5678? I said JD1234 already.")
    assert problems == []
    assert [(f.key, f.text, f.source) for f in facts] == [
        ("1234", "Parcel 1234 is at the depot.", "parcel 1234"),
        ("5678", "Parcel 5678 is at the depot.", "parcel 5678"),
    ]
    assert belongs_to(facts[0], "Ann@web.example")
    assert not belongs_to(facts[0], "eve@web.example"), "anyone can write somebody else's number into a mail"
    public = Outside([replace(PARCEL, public=True)]).facts("JD1234")[0][0]
    assert belongs_to(public, "eve@web.example")


@pytest.mark.parametrize("text", ["--help", "x; rm -rf /", "$(id)", "a b", "-n", "", "x" * 200])
def test_words_of_a_stranger_are_no_options_and_no_shell(text: str) -> None:
    anything = replace(PARCEL, pattern=r"^(.*)$")
    assert Outside([anything]).facts(text) == ([], [])


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ((sys.executable, "-c", "import time; time.sleep(30)"), "nothing within"),
        ((sys.executable, "-c", "raise SystemExit(3)"), "ended with 3"),
        (("/no/such/program",), "could not be started"),
        ((sys.executable, "-c", "print('{')"), "can't be read"),
    ],
)
def test_a_program_that_fails_is_a_sentence_and_the_next_one_is_asked(command: tuple[str, ...], said: str) -> None:
    broken = replace(PARCEL, name="broken", command=command, seconds=0.5 if "sleep" in command[-1] else 20)
    facts, (problem,) = Outside([broken, PARCEL]).facts("JD1234 and JD5678")
    assert said in problem
    assert "knowledge.lookups" in problem
    assert len(facts) == 2


@pytest.fixture
def web() -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            status = 200 if self.path.endswith("1234") else 404 if self.path.endswith("5678") else 500
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps({"text": "On its way.\nHonest."}).encode())

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/parcels/{{}}", asked
        server.shutdown()


def test_a_web_service_is_asked_and_its_answer_kept(web: tuple[str, list[str]]) -> None:
    url, asked = web
    time = [0.0]
    outside = Outside([LookupConfig("parcel", r"\bJD\d+\b", url=url, keep_seconds=60)], clock=lambda: time[0])
    for _ in range(2):
        facts, problems = outside.facts("JD1234 or JD5678")
        assert ([f.text for f in facts], problems) == (["On its way. Honest."], [])
    assert asked == ["/parcels/JD1234", "/parcels/JD5678"], "both the answer and that there is none are kept"
    time[0] = 61
    outside.facts("JD1234")
    assert len(asked) == 3
    assert "answered 500" in outside.facts("JD999")[1][0]


def test_no_number_goes_over_the_network_in_clear_text() -> None:
    facts, (problem,) = Outside([LookupConfig("parcel", r"JD\d+", url="http://parcels.example/{}")]).facts("JD1234")
    assert (facts, "https" in problem) == ([], True)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("name = 'a'\npattern = '('\nurl = 'https://x.example'", "no regular expression"),
        ("name = 'a'\npattern = 'x'", "either a command or a url"),
        ("name = 'a'\npattern = 'x'\ncommand = ['a']\nurl = 'https://x.example'", "either a command or a url"),
        ("pattern = 'x'\ncommand = ['a']", "needs a name"),
    ],
)
def test_a_lookup_that_can_not_work_is_refused_when_the_file_is_read(table: str, said: str) -> None:
    from pathlib import Path

    with pytest.raises(ConfigError, match=said):
        parse(f"[[knowledge.lookups]]\n{table}\n".encode(), Path("desk.toml"), {})
