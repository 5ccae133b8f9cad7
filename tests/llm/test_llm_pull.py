"""Pulling a model from a server on loopback that breaks off, lies about sums, or has another file by now."""

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from desk.errors import ModelError
from desk.llm.pull import address, pull

FILE = b"GGUF" + bytes(range(256)) * 20_000
SUM = hashlib.sha256(FILE).hexdigest()


class Hub:
    """Serves one file; `stop_after` bytes it hangs up, once."""

    def __init__(self) -> None:
        self.content, self.etag, self.linked, self.stop_after, self.moved = FILE, '"v1"', "", 0, False
        self.status = 0
        self.ranges: list[str | None] = []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                hub.answer(self)

            def log_message(self, *_args: object) -> None:
                """Keep the test's output clean."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/some/tiny-q4.gguf"
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        if self.status:
            handler.send_error(self.status)
            return
        if self.moved and handler.path.startswith("/some"):
            handler.send_response(302)
            handler.send_header("Location", "/cdn/blob")
            handler.send_header("X-Linked-ETag", f'"{self.linked}"')
            handler.end_headers()
            return
        wanted = handler.headers["Range"]
        self.ranges.append(wanted)
        start = 0
        if wanted and handler.headers["If-Range"] == self.etag:
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
        if start >= len(self.content):
            handler.send_error(416)
            return
        handler.send_response(206 if start else 200)
        handler.send_header("ETag", self.etag)
        handler.send_header("Content-Length", str(len(self.content) - start))
        handler.end_headers()
        until = self.stop_after or len(self.content)
        self.stop_after = 0
        handler.wfile.write(self.content[start:until])


@pytest.fixture
def hub() -> Iterator[Hub]:
    made = Hub()
    yield made
    made.http.shutdown()
    made.http.server_close()


def test_a_file_comes_whole_with_progress_and_its_sum(hub: Hub, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    found = pull(
        hub.url, tmp_path / "models", sha256=SUM.upper(), progress=lambda here, size: seen.append((here, size))
    )
    assert found.path == tmp_path / "models" / "tiny-q4.gguf"
    assert found.path.read_bytes() == FILE
    assert (found.sha256, found.checked) == (SUM, "the one you gave")
    assert seen[-1] == (len(FILE), len(FILE))
    assert [p.name for p in found.path.parent.iterdir()] == ["tiny-q4.gguf"]
    with pytest.raises(ModelError, match="already there"):
        pull(hub.url, tmp_path / "models")


def test_a_broken_download_goes_on_where_it_stopped(hub: Hub, tmp_path: Path) -> None:
    hub.stop_after = 3_000_000
    with pytest.raises(ModelError, match="are kept"):
        pull(hub.url, tmp_path)
    assert not (tmp_path / "tiny-q4.gguf").exists()
    kept = (tmp_path / "tiny-q4.gguf.part").stat().st_size
    assert 0 < kept <= 3_000_000
    assert pull(hub.url, tmp_path).path.read_bytes() == FILE
    assert hub.ranges == [None, f"bytes={kept}-"]


def test_a_file_that_changed_meanwhile_is_fetched_anew(hub: Hub, tmp_path: Path) -> None:
    hub.stop_after = 3_000_000
    with pytest.raises(ModelError):
        pull(hub.url, tmp_path)
    hub.content, hub.etag = FILE[::-1].replace(FILE[::-1][:4], b"GGUF", 1), '"v2"'
    assert pull(hub.url, tmp_path).path.read_bytes() == hub.content


def test_a_part_that_is_whole_already_only_moves(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "tiny-q4.gguf.part").write_bytes(FILE)
    (tmp_path / "tiny-q4.gguf.part.etag").write_text(hub.etag)
    assert pull(hub.url, tmp_path).sha256 == SUM


def test_the_sum_a_hub_names_is_compared(hub: Hub, tmp_path: Path) -> None:
    hub.moved, hub.linked = True, SUM
    assert pull(hub.url, tmp_path).checked == "the one the server names"
    hub.linked = "0" * 64
    with pytest.raises(ModelError, match="checksum"):
        pull(hub.url, tmp_path / "again")
    assert list((tmp_path / "again").iterdir()) == []


@pytest.mark.parametrize(
    ("url", "sha256", "says"),
    [
        ("qwen9", "", "no model named"),
        ("smollm2-135m", "", "no download"),
        ("ftp://host/a.gguf", "", "no web address"),
        ("http://models.example/a.gguf", "", "Over http"),
        ("https://models.example/a.html", "", "name of a .gguf"),
        ("https://models.example/..%2Fa.gguf", "", "name of a .gguf"),
        ("https://models.example/a.gguf", "12ab", "no SHA-256"),
    ],
)
def test_what_cannot_be_pulled_is_said(tmp_path: Path, url: str, sha256: str, says: str) -> None:
    with pytest.raises(ModelError, match=says):
        pull(url, tmp_path, sha256=sha256)


def test_a_page_and_a_refusal_leave_nothing(hub: Hub, tmp_path: Path) -> None:
    hub.content = b"<html>sign in first</html>"
    with pytest.raises(ModelError, match="no GGUF"):
        pull(hub.url, tmp_path)
    assert list(tmp_path.iterdir()) == []
    hub.status = 404
    with pytest.raises(ModelError, match="404"):
        pull(hub.url, tmp_path)
    assert address("qwen3-4b").endswith("/Qwen3-4B-Q4_K_M.gguf")
