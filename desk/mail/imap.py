"""A mailbox on an IMAP server (RFC 3501): read with PEEK by UID, so that nothing is lost, doubled or marked.

IMAPClient does the protocol; what it and real servers get wrong is guarded here: lists of identifiers only and few at a
time, searches in windows, `n:*` filtered, IDLE as a mere hint, timeouts on everything, no delayed small packets.
"""

import contextlib
import random
import re
import select
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import imapclient  # type: ignore[import-untyped]
from imapclient.exceptions import IMAPClientError, LoginError  # type: ignore[import-untyped]

from desk.config import MailboxConfig
from desk.domain.mail import Credential, Fetched
from desk.errors import AuthError, MailError
from desk.mail import answers
from desk.mail.source import BEARER_FIX, Batch, Cursor, Moved, Place
from desk.mail.tls import require_private, tls_context

FETCH = 200
"""Messages asked for at once."""
FETCH_HISTORY = 500
"""The same on a first import, when nobody waits for the first of them."""
FETCH_BYTES = 16_000_000
"""Bytes asked for at once, as long as that is more than one message."""
RESYNC_DAYS = 30
"""After a UIDVALIDITY change, mail older than this is context only."""
WINDOW = 10_000
"""UIDs looked through by one search: servers cut or refuse longer answers."""
IDLE_SECONDS = 540.0
"""IDLE is renewed after this long; many routers forget a silent connection after ten minutes (RFC 2177 allows 29)."""
_ALWAYS = datetime(9999, 1, 1, tzinfo=UTC)
TROUBLE = (IMAPClientError, OSError, ssl.SSLError, TimeoutError, EOFError, ValueError)
"""What a broken connection raises, in the library and below it."""
_SENT_NAMES = (
    "sent sent-items sent-mail sentmail sent-messages gesendet gesendete-elemente gesendete-objekte gesendete-nachrichten "
    "verzonden verzonden-items verzonden-berichten envoyés éléments-envoyés messages-envoyés courrier-envoyé enviados "
    "elementos-enviados mensajes-enviados enviadas itens-enviados mensagens-enviadas inviati posta-inviata "
    "elementi-inviati skickat skickade-objekt sendt sendte-elementer lähetetyt wysłane elementy-wysłane odeslané "
    "odeslaná-pošta odoslané elküldött elküldött-elemek trimise mesaje-trimise gönderilmiş-öğeler gönderilenler "
    "отправленные надіслані изпратени απεσταλμένα 已发送 已发送邮件 已傳送郵件 寄件備份 送信済み 送信済みメール 보낸-편지함"
).split()
_FILES_ITSELF = ("gmail.com", "googlemail.com", "office365.com", "outlook.com")


class ImapSource:
    """One watched folder of one account. Connects when first used and again after trouble; see `source.Source`."""

    def __init__(self, box: MailboxConfig, credential: Credential) -> None:
        self.box = box
        self.name = box.name
        self.folder = box.imap.folder
        self._credential = credential
        self._client: imapclient.IMAPClient | None = None
        self._closed = threading.Event()
        self._selected, self._uidvalidity = "", 0
        self._breaks = 0
        self._sent: str | None = None
        self._where = f"{box.imap.host}:{box.imap.port}"

    # Reading ---------------------------------------------------------------------------------------------------------

    def poll(self, cursor: Cursor | None, moved: Moved | None = None) -> Iterator[Batch]:
        """Everything after `cursor` in UID order, in batches of at most `FETCH`.

        A first connection takes what `import_from` says: nothing ("now"), everything, or the last days; the latter two as
        history. With another UIDVALIDITY the whole folder is gone through again: what `moved` knows by its heading is left
        out, the rest is offered (the store knows what it has), and what is older than `RESYNC_DAYS` comes as history, so
        that mail from before desk's time never becomes work. So does what somebody marked as deleted.
        """
        with self._speaking(f"reading {self.folder}"):
            client = self._connected()
            if cursor is not None and (self._selected, self._uidvalidity) == (self.folder, cursor.uidvalidity):
                yield from self._batches(client, cursor, self._newest(client, cursor) + 1, moved)
                return
            uidvalidity, next_uid = self._status(client)
            if cursor is None:
                first = self._first(client, next_uid)
                cursor = Cursor(uidvalidity, first - 1, next_uid - 1, _ALWAYS)
                if first >= next_uid:
                    yield Batch((), cursor.after(next_uid - 1))
                    return
            elif cursor.uidvalidity != uidvalidity:
                cursor = Cursor(uidvalidity, 0, next_uid - 1, datetime.now(UTC) - timedelta(days=RESYNC_DAYS))
            yield from self._batches(client, cursor, next_uid, moved)

    def _newest(self, client: imapclient.IMAPClient, cursor: Cursor) -> int:
        """The newest UID of the open folder, at least the cursor's. Opening it anew costs a large folder a tenth of a second,
        this half a millisecond."""
        client.noop()
        # Asked beyond the newest UID, servers answer with the newest message (RFC 3501 6.4.8).
        found = client.search(["UID", f"{cursor.last_uid + 1}:*"])
        return max([cursor.last_uid, *(int(uid) for uid in found)])

    def _status(self, client: imapclient.IMAPClient) -> tuple[int, int]:
        """(UIDVALIDITY, UIDNEXT) of the folder, which is opened read-only."""
        selected = client.select_folder(self.folder, readonly=True)
        self._selected, self._uidvalidity = self.folder, int(selected[b"UIDVALIDITY"])
        uidvalidity = self._uidvalidity
        if b"UIDNEXT" in selected:
            return uidvalidity, int(selected[b"UIDNEXT"])
        return uidvalidity, int(client.folder_status(self.folder, ["UIDNEXT"])[b"UIDNEXT"])

    def _first(self, client: imapclient.IMAPClient, next_uid: int) -> int:
        wanted = self.box.import_from.strip().lower()
        if wanted == "all":
            return 1
        if wanted.isdecimal() and int(wanted) > 0:
            since = date.today() - timedelta(days=int(wanted))
            found = client.search(["SINCE", since])
            return min(found) if found else next_uid
        return next_uid

    def _batches(
        self, client: imapclient.IMAPClient, cursor: Cursor, next_uid: int, moved: Moved | None
    ) -> Iterator[Batch]:
        for low in range(cursor.last_uid + 1, next_uid, WINDOW):
            high = min(low + WINDOW, next_uid) - 1
            # Asked beyond the newest UID, servers answer with the newest message (RFC 3501 6.4.8): hence the filter.
            uids = sorted(uid for uid in client.search(["UID", f"{low}:{high}"]) if low <= uid <= high)
            if moved is not None and low <= cursor.old_to and cursor.old_before != _ALWAYS:
                parts = [uids[start : start + FETCH_HISTORY] for start in range(0, len(uids), FETCH_HISTORY)]
                known = {uid for part in parts for uid in moved(cursor.uidvalidity, answers.headings(client, part))}
                uids = [uid for uid in uids if uid not in known]
            for chunk in self._chunks(client, uids, FETCH_HISTORY if low <= cursor.old_to else FETCH):
                messages, deleted = self._fetch(client, cursor.uidvalidity, chunk)
                old = tuple(m for m in messages if cursor.is_old(m) or m.uid in deleted)
                new = tuple(m for m in messages if not (cursor.is_old(m) or m.uid in deleted))
                if old:
                    yield Batch(old, cursor.after(chunk[0] - 1 if new else chunk[-1]), history=True)
                if new or not old:
                    yield Batch(new, cursor.after(chunk[-1]))
            if not uids or uids[-1] < high:
                yield Batch((), cursor.after(high))

    def _chunks(self, client: imapclient.IMAPClient, uids: list[int], most: int) -> Iterator[list[int]]:
        """At most `most` messages and about `FETCH_BYTES` bytes each; sizes are asked for first."""
        for start in range(0, len(uids), most):
            part = uids[start : start + most]
            sizes = answers.sizes(client, part)
            chunk: list[int] = []
            total = 0
            for uid in part:
                size = sizes.get(uid, 0)
                if chunk and total + size > FETCH_BYTES:
                    yield chunk
                    chunk, total = [], 0
                chunk.append(uid)
                total += size
            if chunk:
                yield chunk

    def _fetch(
        self, client: imapclient.IMAPClient, uidvalidity: int, uids: list[int]
    ) -> tuple[list[Fetched], set[int]]:
        """The messages that are still there, and the UIDs of those that somebody marked as deleted."""
        found = answers.contents(client, uids)
        missing = [uid for uid in uids if uid not in found]
        if missing and (left := client.search(["UID", ",".join(map(str, missing))])):
            raise IMAPClientError(f"the server gave no content for UID {left[0]}")  # not expunged: must not be skipped
        there = [(uid, found[uid]) for uid in uids if uid in found]
        messages = [Fetched(c.raw, self.folder, uidvalidity, uid, c.received_at) for uid, c in there]
        return messages, {uid for uid, c in there if c.deleted}

    # Waiting ---------------------------------------------------------------------------------------------------------

    def wait(self, seconds: float) -> None:
        """IDLE where the server offers it, else sleep; woken by `close`. IDLE is a hint only: trouble ends the wait, later
        each time it comes soon after the last, so that a server that always hangs up does not keep us busy."""
        if self._closed.is_set():
            return
        client = self._client
        if client is None or not client.has_capability("IDLE"):
            self._closed.wait(seconds)
            return
        started = time.monotonic()
        try:
            self._idle(client, min(seconds, IDLE_SECONDS))
        except TROUBLE:
            self._drop()
            self._breaks = min(10, self._breaks + 1)
            pause = min(seconds, 0.5 * 2**self._breaks) * random.uniform(0.75, 1)
            self._closed.wait(max(0.0, pause - (time.monotonic() - started)))
        else:
            self._breaks = 0

    def _idle(self, client: imapclient.IMAPClient, seconds: float) -> None:
        """Wait for a sign of life. What the server says is not read here: the next poll asks, and a line that came in
        two pieces can do no harm."""
        if self._selected != self.folder:
            self._status(client)
        client.idle()
        pending = getattr(client.socket(), "pending", None)
        if not (pending and pending()):
            select.select([client.socket()], [], [], seconds)
        if not self._closed.is_set():
            client.idle_done()

    def close(self) -> None:
        """Give the connection back; may be called from any thread and ends a `wait`."""
        self._closed.set()
        if (client := self._client) is not None:
            self._client = None
            shut(client)

    # Writing ---------------------------------------------------------------------------------------------------------

    def file_sent(self, raw: bytes, message_id: str) -> str | None:
        """Copy a sent message to Sent, unless writing is off, the provider does it, or it is there already."""
        if not self.box.imap.write_back:
            return None
        if any(self.box.smtp.host.lower().endswith(name) for name in _FILES_ITSELF):
            return None
        with self._speaking("copying to Sent"):
            client = self._connected()
            folder = self.find_sent_folder(client)
            if folder is None:
                return None
            if self._holds(client, folder, message_id):
                return folder
            answer = client.append(folder, raw, flags=[b"\\Seen"], msg_time=datetime.now(UTC))
            found = re.search(rb"APPENDUID \d+ (\d+)", answer if isinstance(answer, bytes) else b"")
            return f"{folder}/{found.group(1).decode()}" if found else folder

    def flag(self, place: Place, name: str) -> None:
        """Set a flag such as `\\Answered` on a message, if writing is on and the message still is where it was."""
        if not self.box.imap.write_back:
            return
        with self._speaking(f"marking a message as {name.strip(chr(92) + '$').lower()}"):
            client = self._connected()
            opened = client.select_folder(place.folder)
            self._selected = ""
            if int(opened[b"UIDVALIDITY"]) == place.uidvalidity:
                client.add_flags([place.uid], [name.encode("ascii")], silent=True)

    def find_sent(self, message_id: str) -> bool:
        """Whether Sent holds this message; read-only."""
        with self._speaking("looking into Sent"):
            client = self._connected()
            folder = self.find_sent_folder(client)
            return folder is not None and self._holds(client, folder, message_id)

    def _holds(self, client: imapclient.IMAPClient, folder: str, message_id: str) -> bool:
        client.select_folder(folder, readonly=True)
        self._selected = folder
        return bool(client.search(["HEADER", "Message-ID", message_id.strip("<>")]))

    def find_sent_folder(self, client: imapclient.IMAPClient) -> str | None:
        """The folder for sent mail: configured, by special use (RFC 6154), or by its name in many languages."""
        if self.box.imap.sent_folder:
            return self.box.imap.sent_folder
        if self._sent is None:
            listed = client.list_folders()
            by_use = [name for flags, _, name in listed if b"\\sent" in {bytes(f).lower() for f in flags}]
            by_name = [n for _, d, n in listed if _plain_name(n, d) in _SENT_NAMES]
            self._sent = next(iter([*by_use, *sorted(by_name, key=len)]), "")
        return self._sent or None

    # Connecting ------------------------------------------------------------------------------------------------------

    def _connected(self) -> imapclient.IMAPClient:
        if self._closed.is_set():
            raise MailError(f"{self._where}: this connection is closed.", "Open the mailbox again.")
        if self._client is None:
            self._client = connect(self.box, self._credential)
        return self._client

    def _drop(self) -> None:
        client, self._client = self._client, None
        self._selected = ""
        if client is not None:
            shut(client)

    @contextlib.contextmanager
    def _speaking(self, step: str) -> Iterator[None]:
        """Turn whatever breaks into one sentence with host, step and next action, and forget the connection."""
        try:
            yield
        except TROUBLE as problem:
            self._drop()
            what = f"{self._where}: {step} failed ({words(problem)})."
            raise MailError(what, "desk connects again by itself; `desk doctor` says more.") from problem


def connect(box: MailboxConfig, credential: Credential) -> imapclient.IMAPClient:
    """A logged-in connection; raises MailError or AuthError with host, step and what to do."""
    imap = box.imap
    require_private(imap.host, imap.security, "imap")
    where = f"{imap.host}:{imap.port}"
    context = tls_context() if imap.security != "none" else None
    timeout = imapclient.SocketTimeout(10, 60)
    secret = credential.secret()
    try:
        client = imapclient.IMAPClient(
            imap.host, imap.port, ssl=imap.security == "tls", ssl_context=context, timeout=timeout
        )
    except ssl.SSLError as problem:
        raise MailError(f"{where}: the TLS handshake failed ({words(problem)}).", _TLS_FIX) from problem
    except TROUBLE as problem:
        what = f"{where}: no IMAP connection ({words(problem)})."
        raise MailError(what, "Check imap.host and imap.port, and that this machine is online.") from problem
    try:
        client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if imap.security == "starttls":
            client.starttls(context)
        if (
            credential.bearer
            and client.has_capability("AUTH=OAUTHBEARER")
            and not client.has_capability("AUTH=XOAUTH2")
        ):
            client.oauthbearer_login(imap.user or box.address, secret)  # RFC 7628
        elif credential.bearer:
            client.oauth2_login(imap.user or box.address, secret)
        else:
            client.login(imap.user or box.address, secret)
        if client.has_capability("ID"):  # RFC 2971: some providers show no folder to a program that gives no name
            with contextlib.suppress(IMAPClientError):
                client.id_({"name": "desk"})
    except LoginError as problem:
        shut(client)
        what = f"{where} refused the login of {imap.user or box.address}: {words(problem)}."
        fix = BEARER_FIX if credential.bearer else "Check user and password; many providers want an app password here."
        raise AuthError(what, fix) from problem
    except ssl.SSLError as problem:
        shut(client)
        raise MailError(f"{where}: the TLS handshake failed ({words(problem)}).", _TLS_FIX) from problem
    except TROUBLE as problem:
        shut(client)
        raise MailError(
            f"{where}: the login broke off ({words(problem)}).", "Try again; check imap.security."
        ) from problem
    return client


_TLS_FIX = "Check imap.security (993 is tls, 143 is starttls) and that the server's certificate is valid."


def shut(client: imapclient.IMAPClient) -> None:
    """Close a connection whatever state it is in."""
    with contextlib.suppress(*TROUBLE):
        client.shutdown()


def _plain_name(name: str, delimiter: bytes | None) -> str:
    last = name.rsplit(delimiter.decode() if delimiter else "/", 1)[-1]
    return re.sub(r"[\s_]+", "-", last.strip().lower())


def words(problem: BaseException) -> str:
    """An error of the library or the system as a part of a sentence."""
    text = re.sub(r"^b'(.*)'$", r"\1", " ".join(str(problem).split())[:300])
    return text.strip(".") or type(problem).__name__
