"""To whom a reply goes, from whom the answered message came and to whom it went."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

NO_REPLY = re.compile(
    r"^(?:(?:no|do[-_.]?not|dont|ne|nicht)[-_.]?(?:reply|respond|answer|antworten|repondre)|"
    r"noreply|no[-_.]?responder|"
    r"nao[-_.]?responda?|keine?[-_.]?antwort|autoreply|auto[-_.]?(?:reply|responder?)|mailer[-_.]?daemon|"
    r"mail[-_.]?daemon|"
    r"postmaster|bounces?|mdaemon)(?:[-+_.].*|\d*)$"
)
"""Local parts that take no answers."""


@dataclass(frozen=True, slots=True)
class Recipients:
    """Who a reply goes to, and what a person should know before it does."""

    to: tuple[str, ...]
    cc: tuple[str, ...]
    warnings: tuple[str, ...]


def recipients(from_addr: str, reply_to: str, to: Iterable[str], cc: Iterable[str], own: Collection[str]) -> Recipients:
    """To: Reply-To where there is one (with a warning when its domain differs from the sender's), else From; for a
    message of ours, those it went to. Cc: everybody else who was addressed. Own addresses and repeats are dropped."""
    ours = {a.lower() for a in own}
    warnings: list[str] = []
    to = tuple(to)
    if from_addr.lower() in ours:
        first: tuple[str, ...] = to
    elif reply_to and reply_to.lower() not in ours:
        first = (reply_to,)
        there, here = _domain(reply_to), _domain(from_addr)
        if from_addr and there != here:
            warnings.append(f"Answers go to {reply_to}, which is not at the sender's {here or 'address'}.")
    else:
        first = (from_addr,)
    main = distinct(first, ours)
    rest = distinct((*to, *cc), ours | {a.lower() for a in main})
    if not main and rest:
        main, rest = rest[:1], rest[1:]
    if not main:
        warnings.append("The message names nobody to answer.")
    if any(NO_REPLY.match(a.rpartition("@")[0].lower()) for a in main):
        warnings.append(f"{main[0]} says that it takes no answers.")
    return Recipients(main, rest, tuple(warnings))


def distinct(found: Iterable[str], without: Collection[str]) -> tuple[str, ...]:
    """Addresses in their order, each once whatever its case, without those of a set in lower case."""
    kept: dict[str, str] = {}
    for address in found:
        if "@" in address and address.lower() not in without:
            kept.setdefault(address.lower(), address)
    return tuple(kept.values())


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()
