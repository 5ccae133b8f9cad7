"""Whether a message comes from whom it says, as the receiving mail server found out (RFC 8601, RFC 7489).

Anybody can write an Authentication-Results field. One counts only where the server that took the mail in wrote it: its
name (authserv-id) is configured, or was learned for the mailbox, and it stands on top of what the sender brought along.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from desk.domain.mail import FAIL, NONE, PASS, ParsedMail

SIGHTINGS = 3
"""Messages of so many domains in a row must carry a server's results before its name is believed."""

_TRACE = re.compile(r"^(?:authentication-results|received-spf|arc-.*|dkim-filter|dmarc-filter|x-.*)$", re.I)
"""Fields that filters of one server put between its own results."""
_COMMENT = re.compile(r"\((?:[^()\\]|\\.)*\)")
_PROPERTY = re.compile(r"([\w-]+)\s*\.\s*([\w-]+)\s*=\s*(\"(?:[^\"\\]|\\.)*\"|[^\s;]+)")
_METHOD = re.compile(r"\s*([\w-]+)\s*(?:/\s*\d+\s*)?=\s*([\w-]+)")
_BY = re.compile(r"\bby\s+([\w.-]+\.[\w-]+)", re.I)
_SHARED = re.compile(r"^(?:com?|org|net|edu|gov|ac|gob|go|or|ne|gen|nom|asso)\.[a-z]{2}$")


class _Result(NamedTuple):
    method: str
    result: str
    properties: dict[str, str]


@dataclass(frozen=True, slots=True)
class Learned:
    """What is known about the server of a mailbox: its name, and a name that is on its way to being believed."""

    server: str = ""
    candidate: str = ""
    domains: tuple[str, ...] = ()
    """Of the senders whose mail carried the candidate's results, in a row."""


def judge(mail: ParsedMail, servers: Sequence[str]) -> str:
    """One word about the sender: `pass` when the trusted server found its domain proven, `fail` when it found it
    untrue, `none` when it says neither. `servers` are the names that are believed, in lower case."""
    fields = [f for f in mail.headers if not f[0].startswith("part:")]
    return _word(list(_trusted(fields, servers)), _domain(mail.from_addr))


def learn(mail: ParsedMail, known: Learned) -> Learned:
    """What this message adds: the topmost results count for the server that took it in, when several domains' mail in a
    row carries them. A name the receiving server does not bear is never learned."""
    fields = [f for f in mail.headers if not f[0].startswith("part:")]
    server, sender = _topmost(fields), _domain(mail.from_addr)
    if server and server == known.server:
        return known if not known.candidate else replace(known, candidate="", domains=())
    if not server or not sender:
        return replace(known, candidate="", domains=()) if known.candidate else known
    seen = (*known.domains, sender) if server == known.candidate else (sender,)
    distinct = tuple(dict.fromkeys(seen))
    return Learned(server) if len(distinct) >= SIGHTINGS else Learned(known.server, server, distinct)


def _topmost(fields: Sequence[tuple[str, str]]) -> str:
    """The name on the topmost results, "" where the server that took the message in does not bear it."""
    hosts: list[str] = []
    for name, value in fields:
        if name.lower() == "received" and (by := _BY.search(_COMMENT.sub(" ", value))):
            hosts.append(by.group(1).lower())
        elif name.lower() == "authentication-results":
            server = _server(value, hosts)
            home = _organisation(server)
            return server if home and any(_organisation(host) == home for host in hosts or _below(fields)) else ""
    return ""


def _below(fields: Sequence[tuple[str, str]]) -> list[str]:
    """The host that wrote the topmost Received field: for servers that put their results above it."""
    first = next((v for n, v in fields if n.lower() == "received"), "")
    found = _BY.search(_COMMENT.sub(" ", first))
    return [found.group(1).lower()] if found else []


def _server(value: str, hosts: Sequence[str]) -> str:
    """The authserv-id of a field. Microsoft writes none: there the host that took the message in is meant."""
    first = _COMMENT.sub(" ", value).partition(";")[0].strip()
    if "=" in first:
        return next((h for h in reversed(hosts) if h.endswith(".outlook.com")), "")
    return first.split()[0].strip('"').lower() if first else ""


def _trusted(fields: Sequence[tuple[str, str]], servers: Sequence[str]) -> Iterator[_Result]:
    """The results of the topmost trusted fields: the first, and those its server's other filters put right below it."""
    wanted = {s.lower() for s in servers if s}
    hosts: list[str] = []
    begun = False
    for name, value in fields:
        if name.lower() == "received" and (by := _BY.search(_COMMENT.sub(" ", value))):
            hosts.append(by.group(1).lower())
        if begun and not _TRACE.match(name):
            return
        if name.lower() != "authentication-results":
            continue
        server = _server(value, hosts)
        if server in wanted or (server.endswith(".outlook.com") and _organisation(server) in wanted):
            begun = True
            yield from _results(value)


def _results(value: str) -> Iterator[_Result]:
    for part in _COMMENT.sub(" ", value).split(";"):
        if found := _METHOD.match(part):
            properties = {f"{t}.{p}".lower(): v.strip('"').lower() for t, p, v in _PROPERTY.findall(part)}
            yield _Result(found.group(1).lower(), found.group(2).lower(), properties)


def _word(results: Sequence[_Result], sender: str) -> str:
    """DMARC decides where there is a result; else an aligned signature or path proves, and a refusal disproves."""
    if not results or not sender:
        return NONE
    for found in results:
        if found.method == "compauth" and found.result == "fail":
            return FAIL
    for found in results:
        if found.method == "dmarc" and found.result in ("pass", "bestguesspass", "fail"):
            about = found.properties.get("header.from", sender)
            return PASS if found.result != "fail" and _aligned(about, sender) else FAIL
    for found in results:
        if found.result == "pass" and any(_aligned(_domain(d) or d, sender) for d in _proved(found)):
            return PASS
    refused = {f.method for f in results if f.result in ("fail", "hardfail") and f.method in ("dkim", "spf")}
    passed = {f.method for f in results if f.result == "pass"}
    return FAIL if refused and not passed & {"dkim", "spf"} else NONE


def _proved(found: _Result) -> list[str]:
    names = {"dkim": ("header.d", "header.i"), "spf": ("smtp.mailfrom", "smtp.from")}.get(found.method, ())
    return [found.properties[n].lstrip("@") for n in names if found.properties.get(n)]


def _aligned(one: str, other: str) -> bool:
    """Whether two domains belong to one organisation (RFC 7489 3.1, relaxed)."""
    return bool(one) and _organisation(one) == _organisation(other)


def _organisation(domain: str) -> str:
    """The domain somebody registered: its last two labels, three below endings such as co.uk."""
    labels = domain.strip(".").lower().split(".")
    if len(labels) < 2:
        return ""
    return ".".join(labels[-3:] if _SHARED.match(".".join(labels[-2:])) else labels[-2:])


def _domain(address: str) -> str:
    return address.rpartition("@")[2].strip().lower() if "@" in address else ""
