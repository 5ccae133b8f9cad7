"""What filing needs to know of a message's bytes. Parsing processes load this alone, and are at work in a sixth of a second."""

import multiprocessing
import os
import signal
import threading
import zlib
from collections.abc import Sequence
from dataclasses import fields, replace
from multiprocessing import connection
from operator import attrgetter
from typing import Any

from desk.domain.guarded import content_hash
from desk.domain.mail import DELIVERED, LIST_ID, NONE, ParsedMail
from desk.mail.automated import LOOP_HEADER
from desk.mail.parse import parse
from desk.mail.threads import subject_key, ticket_tag

Values = list[tuple[Any, ...]]
_ASKED = {"authentication-results", LOOP_HEADER.lower()}
"""Fields without which none but those for the mail rules has a say in where a message belongs."""
_RULED = DELIVERED | {LIST_ID}
_values = attrgetter(*(field.name for field in fields(ParsedMail)))


def read(raw: bytes) -> tuple[ParsedMail, str, bytes, tuple[str, ...], str, str]:
    """What filing needs to know of a message's bytes, as `Letter` holds it. Only what is stored or asked on the way is
    kept: the rest is read from the bytes when wanted."""
    mail = parse(raw)
    hashes = tuple("" if a.content is None else content_hash(a.content) for a in mail.attachments)
    bare = tuple(replace(a, content=None) for a in mail.attachments)
    every = not _ASKED.isdisjoint(name.lower() for name, _ in mail.headers)
    own = (f for f in mail.headers if not f[0].startswith("part:"))
    fields = tuple(f for f in own if every or f[0].lower() in _RULED)
    mail = replace(mail, attachments=bare, plain="", html="", headers=fields, authentication=NONE)
    key, tag = subject_key(mail.subject), ticket_tag(mail.subject) or ""
    return mail, content_hash(raw), zlib.compress(raw, 1), hashes, key, tag


def read_all(raws: Sequence[bytes]) -> Values:
    """What is read of messages, in the process that does it: as plain values, which travel much faster than records."""
    return [(_values(mail), *rest) for mail, *rest in map(read, raws)]


def as_helper() -> None:
    """A parsing process ends with its parent, however that ends, and leaves the keyboard's interrupt to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_follow, args=(parent.sentinel,), daemon=True, name="parent").start()


def _follow(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(0)
