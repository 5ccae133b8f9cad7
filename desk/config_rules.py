"""The parts of the configuration that are rules: which mailbox a message belongs to, and when somebody in charge gets it."""

import difflib
import typing
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from desk.errors import ConfigError
from desk.toml_record import Rules, build, shown

if typing.TYPE_CHECKING:
    from desk.config import Config


@dataclass(frozen=True, slots=True)
class RuleConfig:
    """Which mailbox a message belongs to. Of each condition one word must fit, and every condition that is given."""

    name: str = ""
    """What the rule is called by; its number when empty."""
    to: tuple[str, ...] = ()
    """To whom it was sent (To, Cc, or as it was delivered): an address, what stands before or after its @, or with `*`."""
    from_: tuple[str, ...] = ()
    """Who wrote it, in the same way."""
    reply_to: tuple[str, ...] = ()
    """Where it asks to be answered (Reply-To), in the same way."""
    subject: tuple[str, ...] = ()
    """Words of its subject, whole and in any case; `*` stands for anything."""
    list_id: tuple[str, ...] = ()
    """Words of the mailing list's name (List-Id), in the same way."""
    mailbox: str = ""
    """The mailbox its ticket belongs to; the one it came to when empty."""
    tags: tuple[str, ...] = ()
    """Tags that its ticket gets."""
    assign: str = ""
    """Login of who gets its ticket."""

    @property
    def does(self) -> str:
        """What it does with a ticket, in words."""
        mailbox = [f"→ {self.mailbox}"] if self.mailbox else []
        agent = [f"for {self.assign}"] if self.assign else []
        return ", ".join([*mailbox, *(f"tag {tag}" for tag in self.tags), *agent]) or "nothing"


CONDITIONS = ("to", "from_", "reply_to", "subject", "list_id")
_WORDS = ("to", "from", "reply_to", "subject", "list_id", "tags")


@dataclass(frozen=True, slots=True)
class BrokenRule(RuleConfig):
    """A rule that can't be followed. It has no condition, so it fits no message."""

    what: str = ""
    """What is wrong with it."""
    fix: str = ""
    """How to mend it."""


def read_rules(given: object, config: "Config", path: Path) -> tuple[RuleConfig, ...]:
    """The rules of a file, in order. One that is wrong becomes a `BrokenRule`: mail must go on to arrive without it."""
    if not isinstance(given, list):
        return (BrokenRule("rules", what=f"{path}: rules is no list of tables.", fix="Write each as [[rules]]."),)
    return tuple(_read(table, number, config, path) for number, table in enumerate(given))


def _read(table: object, number: int, config: "Config", path: Path) -> RuleConfig:
    name = f"rule {number + 1}"
    try:
        if not isinstance(table, Mapping):
            raise ConfigError(f"{path}: rules[{number}] must be a table, not {shown(table)}.", "Write it as [[rules]].")
        said = table.get("name")
        name = said if isinstance(said, str) and said.strip() and "\0" not in said else name
        lists = {key: [value] if key in _WORDS and isinstance(value, str) else value for key, value in table.items()}
        where = f"rules[{number}]."
        rule = typing.cast(RuleConfig, build(RuleConfig, lists, where, Rules(path, _word, lambda *_: None)))
        return _complete(replace(rule, name=name), config, f"{path}: {where.rstrip('.')}")
    except ConfigError as problem:
        return BrokenRule(name, what=problem.what, fix=problem.fix)


def _word(value: object, name: str, path: Path) -> None:
    """Refuse a word of a list that is empty: it says nothing. And a null character, which no store takes."""
    if isinstance(value, str) and "\0" in value:
        raise ConfigError(f"{path}: {name} has a null character.", "Take it out.")
    if name.endswith("]") and isinstance(value, str) and not value.strip():
        raise ConfigError(f"{path}: {name} is empty.", "Give it a word, or take it out.")


def _complete(rule: RuleConfig, config: "Config", where: str) -> RuleConfig:
    """The rule with its mailbox's name as the mailbox spells it. Raises ConfigError where it fits nothing or does nothing."""
    if not any(getattr(rule, condition) for condition in CONDITIONS):
        raise ConfigError(f"{where} says of no message that it fits.", "Add to, from, reply_to, subject or list_id.")
    if not (rule.mailbox or rule.tags or rule.assign):
        raise ConfigError(f"{where} says not what becomes of a message.", "Add mailbox, tags or assign.")
    if not rule.mailbox:
        return rule
    wanted, names = rule.mailbox.strip().casefold(), [box.name for box in config.mailboxes]
    found = next((b.name for b in config.mailboxes if wanted in (b.name.strip().casefold(), b.address.casefold())), "")
    if not found:
        near = difflib.get_close_matches(rule.mailbox, names, n=1)
        fix = f"Did you mean {near[0]}?" if near else f"Name one of: {', '.join(names) or 'none is connected yet'}."
        raise ConfigError(f"{where}.mailbox is {shown(rule.mailbox)}, and no mailbox is called that.", fix)
    return replace(rule, mailbox=found)


@dataclass(frozen=True, slots=True)
class EscalationConfig:
    """When a ticket goes to somebody in charge, and to whom; every rule says why it fired."""

    to: str = ""
    """Login of who gets such tickets, once their plan is carried out; they are only marked urgent when empty."""
    legal: bool = True
    """Whether mail that speaks of lawyers, courts, reports to an authority or injuries is escalated (en, de, nl, fr, es)."""
    words: tuple[str, ...] = ()
    """Further words and phrases that escalate, whole, in any case."""
    messages: int = 3
    """From how many messages of a customer in one ticket without its being solved; 0 never."""
    falling_mood: bool = True
    """Whether a customer who was not upset in the message before, and is now, is escalated."""
    vip: tuple[str, ...] = ()
    """Addresses and domains (`@shop.example`) whose tickets are always escalated."""
