"""An authorization server on loopback that answers what a test wants, and keeps what it was asked."""

import contextlib
import http.server
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from desk.mail.oauth import Provider


@dataclass
class Door:
    """An authorization server: `answers` are given one after the other, the last one for ever."""

    url: str = ""
    answers: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)

    def provider(self, device: bool = True) -> Provider:
        """Its addresses, as a provider's."""
        ask = f"{self.url}/device" if device else ""
        return Provider("Test", f"{self.url}/authorize", f"{self.url}/token", ask, "mail offline", "127.0.0.1")


@contextlib.contextmanager
def opened() -> Iterator[Door]:
    """A running one."""
    found = Door()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            found.asked.append({k: v[0] for k, v in parse_qs(body).items()} | {"path": self.path})
            status, answer = found.answers.pop(0) if len(found.answers) > 1 else found.answers[0]
            said = json.dumps(answer).encode()
            self.send_response(status)
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found.url = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield found
        server.shutdown()
