"""Spam by weighted patterns over subject, text, page and headers: offline, explained, at a score of 0..1.

Weights add up to points; `0.5` is reached at `HALF` points (logistic). A small trained head adds what the words as a
whole sound like. Signs of a business with its customers (an order number, an answer in a thread) and of a publisher
with its readers (a place to change one's subscription) take points off.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any

from desk.domain.enums import AttackType
from desk.domain.guarded import Evidence
from desk.domain.mail import ParsedMail
from desk.guard import spamwords
from desk.guard.channels import Reading
from desk.guard.english import load
from desk.guard.literals import beginnings, begins_a_word, conjunction, required
from desk.guard.normalise import fold, oddities
from desk.guard.shapes import LETTERS, Words
from desk.guard.urls import host_of, registered

HALF = 4.55
SLOPE = 0.9
HEAD_POINTS, HEAD_MOST = 0.5, 5.0
"""Points for each of the head's log-odds, and beyond how many they no longer count."""
LONG = 4_000
"""Characters from which patterns are tried only where they can begin."""
MAX_TEXT = 20_000
"""Characters of the body that are looked at: an advertisement says so at once."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A named pattern over levelled text with its points; counted at most `times` times."""

    name: str
    points: float
    regex: re.Pattern[str]
    times: int = 1
    literals: tuple[str, ...] = ()
    """One of these stands in every match."""
    needed: tuple[tuple[str, ...], ...] = ()
    """Of each of these one stands in every match, inside a word."""
    first: tuple[str, ...] = ()
    """Every match begins with one of these, where any are named."""
    begun: tuple[str, ...] = ()
    """Those of `first` that are letters at the beginning of a word."""


def _pattern(entry: dict[str, Any]) -> Pattern:
    look = entry["look"]
    first, at_word = beginnings(look), begins_a_word(look)
    if not at_word:
        first = tuple(dict.fromkeys(f.rstrip(" ") or f for f in first))
        first = () if any(len(f) == 1 and f in LETTERS for f in first) else first
    return Pattern(f"spam.{entry['name']}", entry["points"], re.compile(look), entry.get("times", 1), required(look),
                   conjunction(look), first, tuple(f for f in first if f[0] in LETTERS) if at_word else ())  # fmt: skip


@lru_cache(maxsize=1)
def patterns() -> dict[str, tuple[Pattern, ...]]:
    """The patterns for `subject` and `body`, from `words/spam.toml`."""
    return {part: tuple(_pattern(e) for e in entries) for part, entries in load("spam.toml").items()}


_OWN_BUSINESS = re.compile(
    r"\b(?:my|our|the|your) (?:order|invoice|ticket|subscription|parcel|delivery|account manager|license key|refund)\b|"
    r"\b(?:order|ticket|invoice|case|customer) (?:no|number|nr|id)?\W{0,3}\d{3,}|\bplease (?:advise|help|assist)\b|"
    r"\b(?:bestellung|rechnung|lieferung|commande|pedido|ordine)\b"
)
_PUBLISHER = re.compile(
    r"your (?:profile|preferences|subscription)|change (?:your )?(?:e-?mail|address|subscri)|privacy policy"
    r"|all rights reserved|copyright|©|dein(?:e|en)? abo\b|ihr(?:e|en)? abo\b|votre abonnement|tu suscripci[oó]n"
)
_PERIODICAL = re.compile(r"\b(?:issue|edition|digest|daily|weekly|ausgabe)\b|\brundbrief")
_LEAVE = re.compile(r"remov|opt.?out")
_FREE_MAIL = re.compile(
    r"^(?:hotmail|yahoo|aol|msn|excite|lycos|mail|eudora|netscape|gmail|outlook|live|gmx|yandex|163|126|qq)\."
)
_NUMBER_HOST = re.compile(r"https?://(?:[^/@\s]*@)?\d+(?:\.\d+){0,3}(?:[:/?]|$)", re.IGNORECASE)
_NUMBER_LINK = re.compile(r"https?://\d+\.\d+\.\d+\.\d+\b", re.IGNORECASE)
_LOUD = re.compile(r"<font[^>]{0,80}size=\"?\+?[5-7]|color\s*[=:]\s*\"?#?(?:ff0000|red)\b", re.IGNORECASE)
_LIST_HEADERS = ("list-id", "mailing-list", "x-beenthere", "x-mailman-version", "list-post")


def score(mail: ParsedMail, reading: Reading) -> tuple[float, tuple[Evidence, ...]]:
    """Score 0..1 and the patterns behind it, heaviest first. Linear in the text, nothing is fetched."""
    subject = fold(mail.subject[:500])
    body = fold(reading.shown[:MAX_TEXT])
    found: list[tuple[str, float, str, str]] = []
    for channel, text in (("subject", subject), ("body", body)):
        words = Words(text)
        if len(text) >= LONG:
            words.expect(_begun(channel))
        for pattern in patterns()[channel]:
            if not _possible(pattern, text, words):
                continue
            hits = [m.group() for m in islice(_matches(pattern, text, words), pattern.times)]
            if hits:
                found.append((pattern.name, pattern.points * (1 + 0.5 * (len(hits) - 1)), channel, hits[0]))
    found += _shape(mail, reading, body)
    found += _manners(mail, body)
    points = sum(p for _, p, _, _ in found)
    points -= 3.0 * bool(_PUBLISHER.search(body)) + _periodical(f"{subject}\n{body[:3000]}")
    points -= min(3.0, 1.5 * len(set(_OWN_BUSINESS.findall(body[:8000]))))
    points -= 3.5 * bool(mail.in_reply_to or mail.references)
    points -= 2.0 * any(name.lower() in _LIST_HEADERS for name, _ in mail.headers)
    value = round(1 / (1 + math.exp(-SLOPE * (points - HALF))), 4)
    found.sort(key=lambda f: -f[1])
    evidence = tuple(
        Evidence("spam", name, channel, 0, 0, text[:160], round(weight, 2), AttackType.NONE)
        for name, weight, channel, text in found[:12]
        if value >= 0.2
    )
    return value, evidence


@lru_cache(maxsize=2)
def _begun(channel: str) -> tuple[tuple[str, ...], ...]:
    """What the patterns of a channel begin with that begin with a word, each once."""
    return tuple(dict.fromkeys(p.begun for p in patterns()[channel] if p.begun))


def _periodical(text: str) -> bool:
    """Whether a text says of itself that it comes again and again."""
    return "newsletter" in text or "subscri" in text or bool(_PERIODICAL.search(text))


def _possible(pattern: Pattern, text: str, words: Words) -> bool:
    """Whether a text holds what every match of a pattern is made of."""
    if len(text) >= LONG and pattern.begun and pattern.begun == pattern.first:
        return bool(words.starting(pattern.begun).size)
    if not words.hold(pattern.needed):
        return False
    return bool(pattern.first) or not pattern.literals or any(_stands(each, text, words) for each in pattern.literals)


def _stands(literal: str, text: str, words: Words) -> bool:
    return words.holds(literal) if literal.isascii() and literal.isalpha() else literal in text


def _manners(mail: ParsedMail, body: str) -> list[tuple[str, float, str, str]]:
    """What the words sound like as a whole, and how the sender behaves: how one gets off the list, where it was sent."""
    found: list[tuple[str, float, str, str]] = []
    heard = spamwords.logit(f"{fold(mail.subject[:500])}\n{body}")
    found.append(("spam.words", HEAD_POINTS * max(-HEAD_MOST, min(HEAD_MOST, heard)), "body", "the words as a whole"))
    leave = _LEAVE.search(body)
    if leave and "unsubscri" not in body:
        found.append(("spam.leave", 1.5, "body", leave.group()))
    domain = registered(mail.from_addr.rpartition("@")[2].lower())
    if _FREE_MAIL.match(domain):
        found.append(("spam.free_mail", 1.0, "headers", mail.from_addr))
    name = domain.partition(".")[0]
    answer = mail.in_reply_to or mail.references or any(n.lower() in _LIST_HEADERS for n, _ in mail.headers)
    received = [value.lower() for n, value in mail.headers if n.lower() == "received"]
    if name and received and not answer and not any(name in value for value in received):
        found.append(("spam.sent_elsewhere", 1.0, "headers", f"{domain} stands in none of the servers it came by"))
    return found


def _matches(pattern: Pattern, text: str, words: Words) -> Iterator[re.Match[str]]:
    """Matches of a pattern, tried in a long text only where one can begin."""
    if len(text) < LONG or not pattern.first:
        yield from pattern.regex.finditer(text)
        return
    begun = pattern.begun
    places: list[int] = words.starting(begun).tolist() if begun else []
    for prefix in pattern.first:
        if prefix not in begun and (prefix[0] not in LETTERS or prefix in words.spoken):
            places += [m.start() for m in re.finditer(re.escape(prefix), text)]
    done = 0
    for at in sorted(places):
        m = pattern.regex.match(text, at) if at >= done else None
        if m is not None:
            done = m.end()
            yield m


def _shape(mail: ParsedMail, reading: Reading, body: str) -> list[tuple[str, float, str, str]]:
    """Signs that are not words: shouting, a page of pictures, disguised letters, odd headers."""
    found: list[tuple[str, float, str, str]] = []

    def add(name: str, points: float, channel: str, text: str) -> None:
        found.append((f"spam.{name}", points, channel, text))

    letters = [c for c in mail.subject if c.isalpha()]
    if len(letters) > 12 and sum(c.isupper() for c in letters) > 0.8 * len(letters):
        add("subject_capitals", 1.5, "subject", mail.subject)
    shown = reading.shown[:20_000]
    upper = len(re.findall(r"\b[A-Z]{4,}\b", shown))
    if upper > 12 and upper * 6 > len(shown.split()):
        add("capitals", 1.2, "body", f"{upper} words in capitals")
    if mail.html and not mail.plain.strip():
        add("html_only", 0.8, "html", "no plain text part")
    if mail.html and len(body.split()) < 30 and reading.page.links:
        add("picture_only", 1.2, "html", f"{len(body.split())} words, {len(reading.page.links)} links")
    if len(re.findall(r"!", shown)) > 8:
        add("exclamations", 0.8, "body", "many exclamation marks")
    odd = oddities(f"{mail.subject}\n{shown}")
    if odd.get("look_alikes", 0) > 3 or odd.get("zero_width", 0) > 6:
        add("disguised", 2.0, "body", "disguised letters")
    if any(_NUMBER_HOST.match(link.href.strip()) for link in reading.page.links) or _NUMBER_LINK.search(shown):
        add("number_host", 2.0, "links", "a link to a machine without a name")
    loud = len(_LOUD.findall(mail.html[:MAX_TEXT]))
    if loud:
        add("loud_page", 0.8 if loud < 3 else 1.4, "html", f"{loud} times huge or red letters")
    hosts = {registered(host) for link in reading.page.links if (host := host_of(link.href))}
    domain = registered(mail.from_addr.rpartition("@")[2].lower())
    if hosts and domain and domain not in hosts and len(hosts) == 1:
        add("links_elsewhere", 0.6, "links", f"{next(iter(hosts))} from {domain}")
    headers = {name.lower(): value for name, value in mail.headers}
    if "message-id" in headers and re.search(r"<[^@>]*>|@localhost|@\[?\d+\.", headers["message-id"]):
        add("message_id", 0.8, "headers", headers["message-id"])
    if not mail.from_name and re.fullmatch(r"[a-z]*\d{4,}\w*", mail.from_addr.partition("@")[0]):
        add("numbered_sender", 1.0, "headers", mail.from_addr)
    if re.search(r"undisclosed|you@|friend@|customer@|\bme@", headers.get("to", "").lower()):
        add("to_nobody", 1.5, "headers", headers["to"])
    if "to" in headers and "cc" not in headers and not re.search(r"@", headers["to"]):
        add("to_empty", 0.8, "headers", headers["to"])
    if re.search(r"the bat|bulk|mass|group ?mail|stealth|emailing|oemailer", headers.get("x-mailer", "").lower()):
        add("mailer", 1.2, "headers", headers["x-mailer"])
    if re.match(r"x-(?:encoding|unsent|rbl|stormpost|mailid)", " ".join(headers)) or (
        "x-priority" in headers and headers["x-priority"].startswith("1") and not mail.in_reply_to
    ):
        add("priority", 0.6, "headers", headers.get("x-priority", ""))
    return found
