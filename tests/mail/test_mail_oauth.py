"""Signing in at a provider: the code, the browser, the refresh, and every refusal in words, against a real web server."""

import base64
import contextlib
import hashlib
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import urlopen

import pytest
from oauth_door import Door, opened
from records import NOW
from servers import USER, smtp_sink

from desk.config import ImapConfig, MailboxConfig
from desk.domain.mail import Credential
from desk.errors import AuthError, MailError
from desk.mail import compose, imap, smtp
from desk.mail.oauth import Access, Authority, Provider, Tokens, provider


@pytest.fixture
def door() -> Iterator[Door]:
    with opened() as found:
        yield found


class Clock:
    """Time that passes only when somebody waits."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


GOOD = (200, {"access_token": "a1", "refresh_token": "r1", "expires_in": 3600})
CODE = (200, {"user_code": "AB-CD", "verification_uri": "https://door.example", "device_code": "d", "interval": 2})


def test_a_code_is_polled_for_until_it_was_typed(door: Door) -> None:
    clock = Clock()
    door.answers = [CODE, (400, {"error": "authorization_pending"}), (400, {"error": "slow_down"}), GOOD]
    at = Authority(door.provider(), "id", clock=clock)
    code = at.device()
    assert (code.user_code, code.verification_uri) == ("AB-CD", "https://door.example")
    tokens = at.wait(code, clock.pause)
    assert (tokens.access, tokens.refresh, tokens.expires_at) == ("a1", "r1", clock.now + 3600)
    assert clock.waits == [2, 2, 7]
    assert door.asked[-1]["device_code"] == "d"


def test_a_code_nobody_types_ends(door: Door) -> None:
    clock = Clock()
    door.answers = [CODE, (400, {"error": "authorization_pending"})]
    at = Authority(door.provider(), "id", clock=clock)
    with pytest.raises(AuthError, match="Nobody typed the code"):
        at.wait(replace(at.device(), expires_in=10), clock.pause)


@pytest.mark.parametrize("stranger", [False, True])
def test_the_browser_comes_back_with_proof(door: Door, stranger: bool) -> None:
    door.answers = [GOOD]
    asked: dict[str, str] = {}

    def browse(address: str) -> None:
        """What a browser does: the provider sends it to the redirect address."""
        asked.update({k: v[0] for k, v in parse_qs(urlsplit(address).query).items()})
        if stranger:
            with contextlib.suppress(OSError):
                urlopen(f"{asked['redirect_uri']}?{urlencode({'state': 'guessed', 'code': 'evil'})}", timeout=5)
        urlopen(f"{asked['redirect_uri']}?{urlencode({'state': asked['state'], 'code': 'c'})}", timeout=5)

    tokens = Authority(door.provider(), "id", "not so secret").browser(browse, patience=5)
    assert tokens.access == "a1"
    sent = door.asked[-1]
    assert (sent["code"], sent["client_secret"], sent["redirect_uri"]) == ("c", "not so secret", asked["redirect_uri"])
    proof = base64.urlsafe_b64encode(hashlib.sha256(sent["code_verifier"].encode()).digest()).decode().rstrip("=")
    assert (asked["code_challenge"], asked["code_challenge_method"]) == (proof, "S256")


def test_a_refusal_in_the_browser_is_told(door: Door) -> None:
    def browse(address: str) -> None:
        asked = {k: v[0] for k, v in parse_qs(urlsplit(address).query).items()}
        urlopen(f"{asked['redirect_uri']}?{urlencode({'state': asked['state'], 'error': 'access_denied'})}", timeout=5)

    with pytest.raises(AuthError, match="was refused"):
        Authority(door.provider(), "id").browser(browse, patience=5)
    with pytest.raises(AuthError, match="No consent came back"):
        Authority(door.provider(), "id").browser(lambda _: None, patience=0.01)


@pytest.mark.parametrize(
    ("error", "said", "words"),
    [
        ("invalid_grant", "", "no longer accepts the sign-in"),
        ("expired_token", "", "has expired"),
        ("invalid_client", "", "does not know this client id"),
        ("interaction_required", "AADSTS65001: consent", "administrator"),
        ("odd", "some words", "refused: odd, some words"),
    ],
)
def test_every_refusal_has_its_words(door: Door, error: str, said: str, words: str) -> None:
    door.answers = [(400, {"error": error, "error_description": said})]
    with pytest.raises(AuthError, match=words) as caught:
        Authority(door.provider(), "id").refresh(Tokens("a", "r", 0))
    assert caught.value.fix


def test_a_provider_that_is_away_is_no_withdrawn_consent(door: Door) -> None:
    away = Provider("Test", "", "http://127.0.0.1:9/token", "", "", "127.0.0.1")
    with pytest.raises(MailError, match="did not answer") as caught:
        Authority(away, "id").refresh(Tokens("a", "r", 0))
    assert not isinstance(caught.value, AuthError)
    with pytest.raises(AuthError, match="no client id"):
        Authority(away, "")
    with pytest.raises(AuthError, match="by code"):
        Authority(door.provider(device=False), "id").device()


def test_a_token_is_refreshed_before_its_end_and_a_new_refresh_token_is_kept(door: Door) -> None:
    clock = Clock()
    kept = [Tokens("old", "r0", clock.now + 500).write()]
    door.answers = [
        (200, {"access_token": "new", "refresh_token": "r1", "expires_in": 3600}),
        (200, {"access_token": "x"}),
    ]
    access = Access(Authority(door.provider(), "id", clock=clock), lambda: kept[-1], kept.append)
    assert access() == "old"
    assert not door.asked
    clock.now += 400
    assert [access(), access()] == ["new", "new"]
    assert [Tokens.read(k).refresh for k in kept] == ["r0", "r1"]
    clock.now += 4000
    assert access() == "x"
    assert Tokens.read(kept[-1]).refresh == "r1"
    with pytest.raises(AuthError, match="Nobody has signed in"):
        Access(Authority(door.provider(), "id"), lambda: None, kept.append)()
    with pytest.raises(AuthError, match="can't be read"):
        Access(Authority(door.provider(), "id"), lambda: "{}", kept.append)()


def test_the_known_providers_ask_for_mail_only() -> None:
    assert provider("google").scope == "https://mail.google.com/"
    assert provider("microsoft", "acme.example").token.startswith("https://login.microsoftonline.com/acme.example/")
    with pytest.raises(AuthError, match="can't sign in"):
        provider("elsewhere")


TOKEN = "ya29.token"
SAID = {
    "XOAUTH2": f"user={USER}\x01auth=Bearer {TOKEN}\x01\x01".encode(),
    "OAUTHBEARER": f"n,a={USER},\x01auth=Bearer {TOKEN}\x01\x01".encode(),
}


@contextlib.contextmanager
def imap_with_tokens(mechanism: str) -> Iterator[int]:
    """An IMAP server that takes one token and says why not to any other, as Google does; it refuses to be told a name."""
    able = f"CAPABILITY IMAP4rev1 AUTH={mechanism} SASL-IR ID"

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(f"* OK [{able}] ready\r\n".encode())
            for line in self.rfile:
                tag, _, command = line.decode().strip().partition(" ")
                self.answer(tag, command)

        def answer(self, tag: str, command: str) -> None:
            if command.startswith(f"AUTHENTICATE {mechanism}"):
                initial = command.split(" ")[2:]
                if not initial:
                    self.wfile.write(b"+ \r\n")
                    initial = [self.rfile.readline().decode().strip()]
                if base64.b64decode(initial[0]) == SAID[mechanism]:
                    self.wfile.write(f"{tag} OK welcome\r\n".encode())
                    return
                self.wfile.write(b"+ eyJzdGF0dXMiOiI0MDAifQ==\r\n")
                self.rfile.readline()
                self.wfile.write(f"{tag} NO AUTHENTICATE failed\r\n".encode())
            elif command == "CAPABILITY":
                self.wfile.write(f"* {able}\r\n{tag} OK done\r\n".encode())
            elif command.startswith(("ID", "AUTHENTICATE")):
                self.wfile.write(f"{tag} BAD not here\r\n".encode())
            else:
                self.wfile.write(f"{tag} OK done\r\n".encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def bearer(token: str) -> Credential:
    return Credential(lambda: token, bearer=True)


@pytest.mark.parametrize("mechanism", SAID)
def test_imap_logs_in_with_a_token_asked_for_anew(mechanism: str) -> None:
    with imap_with_tokens(mechanism) as port:
        box = MailboxConfig(address=USER, imap=ImapConfig(host="127.0.0.1", port=port, security="none"))
        imap.shut(imap.connect(box, bearer(TOKEN)))
        with pytest.raises(AuthError, match="refused the login") as caught:
            imap.connect(box, bearer("old"))
    assert "--sign-in" in caught.value.fix or "Sign in again" in caught.value.fix


def test_smtp_logs_in_with_a_token() -> None:
    with smtp_sink(auth=True, password=TOKEN) as sink:
        box = MailboxConfig(address=USER)
        out = compose.new(box=box, to=["ann@example.org"], subject="Lamp", body="Yes.", now=NOW)
        smtp.send(sink.config(), USER, bearer(TOKEN), out, before_data=lambda: None)
        assert sink.copies(out.message_id) == 1
        with pytest.raises(AuthError, match="refused the login"):
            smtp.send(sink.config(), USER, bearer("old"), out, before_data=lambda: None)
