"""Signing in at Google and Microsoft: OAuth 2.0 for programs on a person's own machine.

Two ways to a person's consent: a code typed on any device (RFC 8628), for SSH; or the browser of this machine, which
comes back to a port on loopback (RFC 8252) with proof that it was we who asked (PKCE, RFC 7636). What follows is a
refresh token, kept by the caller, and access tokens of an hour, fetched anew before they end.
"""

import base64
import hashlib
import http.server
import json
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from desk.errors import AuthError, MailError

EARLY = 120.0
"""Seconds before its end at which an access token is fetched anew."""
SECONDS = 20.0
"""For one answer of the provider."""
PATIENCE = 600.0
"""How long the browser's way waits for a person."""


@dataclass(frozen=True, slots=True)
class Provider:
    """Where a provider's doors are, and what desk asks for there."""

    name: str
    authorize: str
    token: str
    device: str
    """Empty where a provider gives mail rights by browser only."""
    scope: str
    redirect_host: str


def provider(name: str, tenant: str = "common") -> Provider:
    """Google or Microsoft by name; `tenant` is a Microsoft organisation's. Raises AuthError for any other."""
    if name == "google":
        # Google gives no mail rights by device code, and wants the number of the loopback address.
        return Provider(
            "Google", "https://accounts.google.com/o/oauth2/v2/auth", "https://oauth2.googleapis.com/token", "",
            "https://mail.google.com/", "127.0.0.1",
        )  # fmt: skip
    if name == "microsoft":
        base = f"https://login.microsoftonline.com/{tenant}/oauth2/v2.0"
        office = "https://outlook.office.com"
        scope = f"{office}/IMAP.AccessAsUser.All {office}/SMTP.Send offline_access"
        return Provider("Microsoft", f"{base}/authorize", f"{base}/token", f"{base}/devicecode", scope, "localhost")
    raise AuthError(f"desk can't sign in at {name!r}.", "Use google or microsoft, or an app password.")


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a sign-in gives: `expires_at` is the end of the access token in epoch seconds."""

    access: str
    refresh: str
    expires_at: float

    def write(self) -> str:
        """As text, for a keyring."""
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, text: str) -> "Tokens":
        """From that text; raises AuthError when it is none."""
        try:
            found = json.loads(text)
            return cls(str(found["access"]), str(found["refresh"]), float(found["expires_at"]))
        except (ValueError, KeyError, TypeError) as problem:
            raise AuthError("What is kept of the sign-in can't be read.", SIGN_IN) from problem


SIGN_IN = "Sign in again: `desk init ADDRESS --sign-in`."


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """What a person types where: valid for `expires_in` seconds, asked after every `interval` seconds."""

    user_code: str
    verification_uri: str
    device_code: str
    interval: float
    expires_in: float


class Authority:
    """One provider as one registered program (`client_id`) sees it."""

    def __init__(
        self,
        at: Provider,
        client_id: str,
        client_secret: str = "",
        http: httpx.Client | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not client_id:
            what = f"There is no client id for {at.name}."
            raise AuthError(what, "Register desk there once and set mailboxes.oauth.client_id; the README says how.")
        self.at, self.client_id, self._secret, self.clock = at, client_id, client_secret, clock
        self._http = http or httpx.Client(timeout=SECONDS)

    def device(self) -> DeviceCode:
        """Ask for a code that a person types in a browser on any machine."""
        if not self.at.device:
            what = f"{self.at.name} gives no mail rights by code."
            raise AuthError(what, "Sign in with the browser of this machine, or use an app password.")
        found = self._post(self.at.device, {"client_id": self.client_id, "scope": self.at.scope})
        return DeviceCode(
            str(found["user_code"]), str(found.get("verification_uri") or found.get("verification_url", "")),
            str(found["device_code"]), float(found.get("interval", 5)), float(found.get("expires_in", 900)),
        )  # fmt: skip

    def wait(self, code: DeviceCode, pause: Callable[[float], object]) -> Tokens:
        """Poll until the person has typed the code (RFC 8628 3.5); `pause` waits so many seconds between two questions."""
        interval, ends = code.interval, self.clock() + code.expires_in
        form = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": code.device_code}
        while self.clock() < ends:
            pause(interval)
            found = self._post(self.at.token, self._own(form), pending=True)
            error = found.get("error")
            if error is None:
                return self._tokens(found, "")
            if error == "slow_down":
                interval += 5
        raise AuthError(f"Nobody typed the code at {self.at.name} in time.", SIGN_IN)

    def browser(self, show: Callable[[str], object], patience: float = PATIENCE) -> Tokens:
        """Have the person consent in a browser on this machine: `show` gets the address to open."""
        verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
        with _Callback(state) as back:
            redirect = f"http://{self.at.redirect_host}:{back.port}/"
            asked = {
                "response_type": "code", "client_id": self.client_id, "redirect_uri": redirect, "scope": self.at.scope,
                "state": state, "code_challenge": _challenge(verifier), "code_challenge_method": "S256",
                "access_type": "offline", "prompt": "consent",
            }  # fmt: skip
            show(f"{self.at.authorize}?{urlencode(asked)}")
            answer = back.wait(patience)
        if answer is None:
            raise AuthError(f"No consent came back from {self.at.name} in time.", SIGN_IN)
        if error := answer.get("error"):
            raise self._refused(error, answer.get("error_description", ""))
        form = {"grant_type": "authorization_code", "code": answer.get("code", ""), "redirect_uri": redirect}
        return self._tokens(self._post(self.at.token, self._own({**form, "code_verifier": verifier})), "")

    def refresh(self, tokens: Tokens) -> Tokens:
        """A new access token; the refresh token stays or is replaced, as the provider likes."""
        form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh, "scope": self.at.scope}
        return self._tokens(self._post(self.at.token, self._own(form)), tokens.refresh)

    def _own(self, form: dict[str, str]) -> dict[str, str]:
        own = {"client_id": self.client_id, **form}
        return {**own, "client_secret": self._secret} if self._secret else own

    def _post(self, url: str, form: dict[str, str], *, pending: bool = False) -> dict[str, Any]:
        where = urlsplit(url).netloc
        try:
            answer = self._http.post(url, data=form, headers={"Accept": "application/json"})
            found = answer.json()
        except httpx.HTTPError as problem:
            what = f"{where} did not answer ({type(problem).__name__})."
            raise MailError(what, "Check that this machine is online; desk tries again by itself.") from problem
        except ValueError as problem:
            what = f"{where} gave an answer that is none (status {answer.status_code})."
            raise AuthError(what, "Try again later; check mailboxes.oauth.tenant.") from problem
        if not isinstance(found, dict):
            raise AuthError(f"{where} gave an answer that is none.", "Try again later.")
        error = str(found.get("error", ""))
        if error and not (pending and error in ("authorization_pending", "slow_down")):
            raise self._refused(error, str(found.get("error_description", "")))
        return found

    def _tokens(self, found: dict[str, Any], refresh: str) -> Tokens:
        access, again = str(found.get("access_token", "")), str(found.get("refresh_token", "") or refresh)
        if not access or not again:
            missing = "refresh token" if access else "access token"
            raise AuthError(f"{self.at.name} gave no {missing}.", "Remove desk's access there, then sign in again.")
        return Tokens(access, again, self.clock() + float(found.get("expires_in", 3600)))

    def _refused(self, error: str, said: str) -> AuthError:
        """A refusal in words (RFC 6749 5.2, RFC 8628 3.5)."""
        name = self.at.name
        if error == "invalid_grant":
            what = f"{name} no longer accepts the sign-in: it was withdrawn, it ended, or the password changed."
            return AuthError(what, SIGN_IN)
        if error == "access_denied":
            return AuthError(f"The sign-in at {name} was refused.", SIGN_IN)
        if error == "expired_token":
            return AuthError(f"The code for {name} has expired.", SIGN_IN)
        if "AADSTS65001" in said or "AADSTS90094" in said or error == "consent_required":
            fix = "Ask an administrator to allow desk's client id for IMAP and SMTP, then sign in again."
            return AuthError(f"{name} wants an administrator's consent.", fix)
        if error in ("invalid_client", "unauthorized_client"):
            fix = "Check mailboxes.oauth: client_id, client_secret and tenant, and that public clients are allowed."
            return AuthError(f"{name} does not know this client id ({error}).", fix)
        words = " ".join(said.split())[:200]
        return AuthError(f"{name} refused: {error}{f', {words}' if words else ''}.", SIGN_IN)


def _challenge(verifier: str) -> str:
    """RFC 7636 4.2, S256."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode("ascii")).digest()).rstrip(b"=").decode("ascii")


class Access:
    """An access token that is always valid: read from where it is kept, refreshed shortly before its end, kept again.

    Several workers may ask at once, each in its own process: what another one refreshed is read first.
    """

    def __init__(self, authority: Authority, load: Callable[[], str | None], save: Callable[[str], object]) -> None:
        self._authority, self._load, self._save = authority, load, save
        self._lock = threading.Lock()

    def __call__(self) -> str:
        """The token; raises AuthError where a person has to sign in."""
        with self._lock:
            kept = self._load()
            if not kept:
                raise AuthError(f"Nobody has signed in at {self._authority.at.name} yet.", SIGN_IN)
            tokens = Tokens.read(kept)
            if tokens.expires_at - EARLY > self._authority.clock():
                return tokens.access
            tokens = self._authority.refresh(tokens)
            self._save(tokens.write())
            return tokens.access


class _Callback:
    """A web server on loopback for one visit: the browser that comes back with the code."""

    def __init__(self, state: str) -> None:
        self.answer: dict[str, str] | None = None
        self._came = threading.Event()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = {k: v[0] for k, v in parse_qs(urlsplit(self.path).query).items()}
                ours = secrets.compare_digest(found.get("state", ""), state) and bool({"code", "error"} & found.keys())
                self.send_response(200 if ours else 404)
                self.send_header("Content-Type", "text/plain; charset=utf-8")
                self.end_headers()
                self.wfile.write(b"Done. You can close this window and go back to desk.\n" if ours else b"Not here.\n")
                if ours and outer.answer is None:
                    outer.answer = found
                    outer._came.set()

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing: the address holds the code."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]

    def __enter__(self) -> "_Callback":
        threading.Thread(target=self._server.serve_forever, daemon=True, name="oauth-callback").start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait(self, seconds: float) -> dict[str, str] | None:
        """What the browser brought, None when it did not come in time."""
        self._came.wait(seconds)
        return self.answer
