"""Which mailbox a new ticket belongs to, where several share an inbox: the house's own rules, of which the first that fits
counts."""

import re
import unicodedata
from collections.abc import Sequence

from desk.config import Config, MailboxConfig
from desk.config_rules import CONDITIONS, RuleConfig
from desk.domain.mail import DELIVERED, LIST_ID, ParsedMail

MOST = 1000
"""Characters of a value that are looked at."""

_ADDRESS = re.compile(r"[^\s<>,;\"]+@[^\s<>,;\"]+")
_NO_SPACES = re.compile(r"[\u0e00-\u109f\u1780-\u17ff\u2e80-\uffef]")
"""Scripts that are written without spaces, or whose words grow endings without any sign: there a word ends nowhere."""


class Rulebook:
    """The rules of a configuration, ready to be asked. A broken rule fits no message."""

    def __init__(self, config: Config) -> None:
        self._rules = [(rule, _conditions(rule)) for rule in config.rules]
        wanted = {rule.mailbox for rule in config.rules}
        self.mailboxes: tuple[MailboxConfig, ...] = tuple(box for box in config.mailboxes if box.name in wanted)
        """The mailboxes that a rule names."""

    def fitting(self, mail: ParsedMail, box: MailboxConfig) -> RuleConfig | None:
        """The first rule that fits a message that came to `box`, None where none does. Of its headers only those in
        `DELIVERED` and `LIST_ID` are asked."""
        if not self._rules:
            return None
        values = {
            "to": _addressed(mail, box),
            "from_": [mail.from_addr],
            "reply_to": [mail.reply_to],
            "subject": [mail.subject],
            "list_id": [value for name, value in mail.headers if name.lower() == LIST_ID],
        }
        plain = {name: [_plain(one) for one in found] or [""] for name, found in values.items()}
        for rule, conditions in self._rules:
            if conditions and all(any(map(fits.search, plain[name])) for name, fits in conditions):
                return rule
        return None


def _addressed(mail: ParsedMail, box: MailboxConfig) -> list[str]:
    """Everybody it was sent to. That it was delivered to the mailbox itself says nothing: so was all that lies there."""
    itself = {box.address.casefold(), box.imap.user.casefold()}
    noted = (a for name, value in mail.headers if name.lower() in DELIVERED for a in _ADDRESS.findall(value))
    return [*mail.to, *mail.cc, *(a for a in noted if a.casefold() not in itself)]


def _conditions(rule: RuleConfig) -> list[tuple[str, re.Pattern[str]]]:
    """The conditions a rule has, each as one pattern for levelled text."""
    found = []
    for name in CONDITIONS:
        words: Sequence[str] = [_plain(word) for word in getattr(rule, name)]
        if words:
            of_text = name in ("subject", "list_id")
            each = [_phrase(w) if of_text else _address(w) for w in words]
            found.append((name, re.compile("|".join(each))))
    return found


def _plain(text: str) -> str:
    """Text without case, width and runs of space."""
    return " ".join(unicodedata.normalize("NFKC", text[:MOST]).casefold().split())


def _address(word: str) -> str:
    """A pattern for a whole address: as it is, or what stands before its @, or after."""
    if "*" in word or word.find("@") > 0:
        wholes = [word]
    else:
        wholes = [f"*{word}"] if word.startswith("@") else [f"{word}@*", f"*@{word}"]
    return "|".join(rf"\A{_starred(whole, ends=chr(92) + 'Z')}" for whole in wholes)


def _phrase(words: str) -> str:
    """A pattern for whole words anywhere in a text."""
    begins = r"(?<!\w)" if _is_letter(words[0]) else ""
    ends = r"(?!\w)" if _is_letter(words[-1]) else ""
    return f"{begins}{_starred(words, ends)}"


def _is_letter(character: str) -> bool:
    return character.isalnum() and not _NO_SPACES.match(character)


def _starred(text: str, ends: str = "") -> str:
    """A pattern in which `*` stands for anything. What was found is never looked for again, so that no text is slow."""
    *before, last = (re.escape(part) for part in text.split("*"))
    first, *rest = [*before, last + ends]
    return first + "".join(f"(?>.*?{part})" for part in rest)
