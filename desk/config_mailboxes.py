"""Mailboxes by name, and those that share an inbox: whose servers such a mailbox uses, and from which address it writes."""

import typing
from dataclasses import fields, replace
from pathlib import Path

from desk.errors import ConfigError

if typing.TYPE_CHECKING:
    from desk.config import Config, MailboxConfig

_OF_SERVERS = ("imap", "smtp", "oauth", "password_env", "password_cmd", "folder", "import_from", "auth_servers")


def distinct(config: "Config", path: Path) -> None:
    """Refuse mailboxes without a name or with one that another has (tickets and passwords go by it), and those that share
    an inbox which is none."""
    names = [box.name.strip().casefold() for box in config.mailboxes]
    for number, (name, box) in enumerate(zip(names, config.mailboxes, strict=True)):
        key = f"mailboxes[{number}].name"
        if not name:
            raise ConfigError(f"{path}: {key} is empty.", "Give the mailbox a short name.")
        if name in names[:number]:
            first = names.index(name)
            what = f"{path}: {key} is {box.name!r}, and so is mailboxes[{first}].name."
            raise ConfigError(what, "Give each mailbox a name of its own.")
        if box.inbox:
            _shares(config, box, f"{path}: mailboxes[{number}].")


def _shares(config: "Config", box: "MailboxConfig", where: str) -> None:
    """Refuse an inbox that no server fills, and servers beside an inbox that is shared."""
    others = [other.name for other in config.mailboxes if not other.inbox]
    if home(config, box) is box:
        what = f"{where}inbox is {box.inbox!r}, and no mailbox with servers of its own is called that."
        raise ConfigError(what, f"Name one of: {', '.join(others)}." if others else "Connect one with `desk init`.")
    default = {f.name: f.default for f in fields(box)}
    for name in _OF_SERVERS:
        if getattr(box, name) != default[name]:
            what = f"{where}{name} is set, but this mailbox shares the inbox of {box.inbox!r} and its servers."
            raise ConfigError(what, f"Take out either {name} or inbox.")


def receiving(config: "Config") -> "tuple[MailboxConfig, ...]":
    """The mailboxes that are read: all but those that share another's inbox."""
    return tuple(box for box in config.mailboxes if not box.inbox)


def home(config: "Config", box: "MailboxConfig") -> "MailboxConfig":
    """The mailbox whose servers this one uses: that whose inbox it shares, else itself."""
    shared = box.inbox.strip().casefold()
    return next((one for one in receiving(config) if shared and one.name.strip().casefold() == shared), box)


def speaking(config: "Config", box: "MailboxConfig") -> "MailboxConfig":
    """A mailbox as it writes. One that shares an inbox writes from its own address only where that is an address or alias of
    the mailbox it shares: servers refuse others, and nobody would read an answer to one that was mistyped."""
    at = home(config, box)
    if at is box:
        return box
    known = {a.casefold(): a for a in (*at.aliases, at.address) if a}
    address = known.get(box.address.casefold(), at.address)
    others = dict.fromkeys(a for a in (at.address, *at.aliases, box.address, *box.aliases) if a and a != address)
    return replace(box, address=address, aliases=tuple(others))


def named(config: "Config", name: str) -> "MailboxConfig | None":
    """The mailbox of that name as it writes, None where the configuration has none."""
    return next((speaking(config, box) for box in config.mailboxes if box.name == name), None)
