"""Phishing by what can be seen offline: links that do not lead where they say, and domains that look like others.

Host names follow RFC 3986 3.2.2 and IDNA (RFC 5891); nothing is ever fetched.
"""

import ipaddress
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from urllib.parse import unquote, urlsplit

from desk.domain.enums import AttackType
from desk.domain.guarded import Evidence
from desk.domain.mail import ParsedMail
from desk.guard import confusables
from desk.guard.channels import Reading
from desk.guard.shapes import sketch
from desk.guard.visible import Link

MAX_LINKS = 300
_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"'\]]{2,1000}", re.IGNORECASE)
_URL_BEGINS = (re.compile(rb"https?://"), re.compile(rb"www\."))
_HOST_IN_TEXT = re.compile(r"(?:https?://)?((?:[\w-]{1,63}\.){1,6}[a-z]{2,24})(?=[/\s:?]|$)", re.IGNORECASE)
_DOT = re.compile(r"\.[a-zA-Z]{2}")
_SHORTENERS = frozenset(
    "bit.ly tinyurl.com t.co goo.gl ow.ly is.gd buff.ly rebrand.ly cutt.ly shorturl.at t.ly rb.gy tiny.cc bl.ink s.id "
    "v.gd qr.ae adf.ly lnkd.in trib.al shorte.st bc.vc clck.ru u.to dub.sh".split()
)
_TWO_LEVEL = frozenset(
    "co.uk org.uk ac.uk gov.uk com.au net.au co.nz co.jp com.br com.tr co.in com.mx co.za com.cn".split()
)
_BAIT = re.compile(
    r"\b(?:verify|confirm|update|unlock|restore|validate|secure)\b.{0,40}\b(?:account|password|identity|payment|mailbox|card|"
    r"billing)\b|\b(?:account|mailbox|card)\b.{0,40}\b(?:suspended|locked|limited|disabled|expire[sd]?|deactivated|blocked)\b"
    r"|\b(?:password|login|credentials)\b.{0,40}\b(?:expire|expires|expired|enter|sign in|log in)\b"
    r"|\b(?:konto|passwort|zugang)\b.{0,40}\b(?:gesperrt|bestätigen|verifizieren|eingeschränkt|läuft ab)\b"
    r"|\b(?:compte|mot de passe)\b.{0,40}\b(?:suspendu|bloqué|vérifier|expire)\b"
    r"|\b(?:cuenta|contraseña)\b.{0,40}\b(?:suspendida|bloqueada|verificar|caduca)\b",
    re.IGNORECASE,
)
_LURE_PATH = re.compile(
    r"(?:login|signin|sign-in|verify|secure|account|update|webscr|confirm|wallet|password|auth)", re.IGNORECASE
)
_RISKY_TLD = frozenset("zip mov top xyz click gq cf ml tk country kim work rest cam icu buzz quest cyou".split())


@dataclass(frozen=True, slots=True)
class Reason:
    """One sign of phishing, its weight (0..1) and the text that shows it."""

    rule: str
    weight: float
    text: str


def phishing(mail: ParsedMail, reading: Reading, own_domains: Collection[str]) -> tuple[float, tuple[Evidence, ...]]:
    """Score 0..1 (noisy-or of the signs found) and the evidence for it. Nothing is fetched."""
    own = frozenset(d.lower().lstrip("@") for d in own_domains)
    links = list(reading.page.links[:MAX_LINKS])
    links += [Link(address.rstrip(".,;:!?)"), "") for address in islice(_addresses(reading.shown[:200_000]), MAX_LINKS)]
    reasons: dict[str, Reason] = {}
    for link in links:
        for reason in _of_link(link, own):
            if reason.rule not in reasons or reasons[reason.rule].weight < reason.weight:
                reasons[reason.rule] = reason
    for reason in _of_sender(mail, own):
        reasons[reason.rule] = reason
    bait = _BAIT.search(f"{mail.subject}\n{reading.shown[:20_000]}") if links else None
    if bait:
        reasons["phishing.bait"] = Reason("phishing.bait", 0.3 if not reasons else 0.45, bait.group()[:120])
    rest = 1.0
    for reason in reasons.values():
        rest *= 1.0 - reason.weight
    evidence = tuple(
        Evidence("urls", r.rule, "links", 0, 0, r.text[:200], r.weight, AttackType.NONE)
        for r in sorted(reasons.values(), key=lambda r: -r.weight)
    )
    return round(1.0 - rest, 4), evidence


def _addresses(text: str) -> Iterator[str]:
    """Addresses of pages written out in a text."""
    small = sketch(text).lower()
    end = 0
    for start in sorted(m.start() for begin in _URL_BEGINS for m in begin.finditer(small)):
        m = _URL.match(text, start) if start >= end else None
        if m is not None:
            end = m.end()
            yield m.group()


@lru_cache(maxsize=2048)
def host_of(link: str) -> str:
    """Host of a link in lower case and Unicode form; empty where there is none."""
    try:
        host = (urlsplit(link if "//" in link else f"https://{link}").hostname or "").lower().rstrip(".")
    except ValueError:
        return ""
    return host


@lru_cache(maxsize=2048)
def registered(host: str) -> str:
    """The part of a host somebody registered (`a.b.example.co.uk` → `example.co.uk`), by the common two-level suffixes."""
    labels = host.split(".")
    take = 3 if ".".join(labels[-2:]) in _TWO_LEVEL else 2
    return ".".join(labels[-take:])


def _of_link(link: Link, own: frozenset[str]) -> Iterable[Reason]:
    href = link.href.strip()
    scheme = href.partition(":")[0].lower()
    if scheme in ("javascript", "vbscript") or href[:14].lower() == "data:text/html":
        yield Reason("phishing.script_link", 0.5, href)
        return
    if scheme in ("mailto", "tel", "cid", "sms") or href.startswith("#"):
        return
    host = host_of(href)
    if not host:
        return
    yield from _of_anchor(link.text, host, href)
    if _is_ip(host):
        yield Reason("phishing.ip_host", 0.5, href)
    if "@" in href.split("//", 1)[-1].split("/", 1)[0]:
        yield Reason("phishing.user_in_link", 0.5, href)
    if registered(host) in _SHORTENERS:
        yield Reason("phishing.shortener", 0.2, href)
    yield from _of_name(host, href, own)
    if host.rsplit(".", 1)[-1] in _RISKY_TLD and _LURE_PATH.search(href):
        yield Reason("phishing.risky_domain", 0.35, href)
    if host.count(".") >= 4 and _LURE_PATH.search(host):
        yield Reason("phishing.deep_host", 0.35, href)
    if host.count("-") >= 3 and _LURE_PATH.search(host):
        yield Reason("phishing.dashed_host", 0.35, href)


def _of_anchor(text: str, host: str, href: str) -> Iterable[Reason]:
    """A link whose text names another host than it leads to. Redirectors of the same sender are common, so registered
    domains are compared, and a host that carries the shown name is let be."""
    if "@" in text or len(text) > 300 or not _DOT.search(text):
        return
    m = _HOST_IN_TEXT.search(text.strip().lower())
    if m is None:
        return
    shown = registered(m.group(1))
    if shown.rsplit(".", 1)[-1] in ("html", "pdf", "txt", "jpg", "png", "doc", "exe", "htm", "php"):
        return
    if shown != registered(host) and shown.split(".")[0] not in host:
        yield Reason("phishing.anchor", 0.5, f"{text.strip()[:80]} → {href}")


@lru_cache(maxsize=2048)
def _is_ip(host: str) -> bool:
    bare = host.strip("[]")
    if bare.isdigit() and len(bare) >= 8:
        return True
    try:
        ipaddress.ip_address(bare)
        return True
    except ValueError:
        return bool(re.fullmatch(r"0x[0-9a-f]{8}", bare))


def _of_name(host: str, href: str, own: frozenset[str]) -> Iterable[Reason]:
    shown = host
    if "xn--" in host:
        try:
            shown = host.encode("ascii").decode("idna")
        except (UnicodeError, ValueError):
            shown = host
    mixed = any(ord(c) > 127 for c in shown)
    if mixed:
        alike = skeleton(shown)
        if alike.isascii() and alike != shown and any(ord(c) > 0x36F for c in shown):
            yield Reason("phishing.look_alike_letters", 0.6, f"{shown} ({href[:80]})")
        elif "xn--" in host:
            yield Reason("phishing.punycode", 0.2, f"{shown} ({href[:80]})")
    near = look_alike(shown, own)
    if near:
        yield Reason("phishing.look_alike_own", 0.7, f"{shown} looks like {near}")
    if "%" in host and unquote(host) != host:
        yield Reason("phishing.encoded_host", 0.5, href)


def skeleton(name: str) -> str:
    """A name with look-alike letters and digits as the Latin letters they pass for."""
    table = confusables.table()
    letters = "".join(table.get(ord(c), c) for c in name.lower())
    return letters.replace("rn", "m").replace("vv", "w").translate(str.maketrans("01358", "olesb"))


def look_alike(host: str, own: Collection[str]) -> str:
    """The own domain a host passes for without being it, or nothing."""
    mine = registered(host)
    for domain in own:
        theirs = registered(domain)
        if mine == theirs or host == domain or host.endswith("." + domain):
            continue
        name, their_name = mine.partition(".")[0], theirs.partition(".")[0]
        if len(their_name) < 4:
            continue
        if skeleton(name) == skeleton(their_name) or skeleton(mine) == skeleton(theirs):
            return domain
        if near(name, their_name) and len(their_name) >= 5:
            return domain
        parts = re.split(r"[.-]", host.removesuffix("." + mine.rsplit(".", 1)[-1]))
        if their_name in parts and name != their_name and len(their_name) >= 5:
            return domain
    return ""


def near(a: str, b: str) -> bool:
    """Whether two names differ by one letter added, left out, changed or swapped with its neighbour."""
    if a == b or abs(len(a) - len(b)) > 1:
        return False
    i = 0
    while i < min(len(a), len(b)) and a[i] == b[i]:
        i += 1
    if len(a) == len(b):
        return a[i + 1 :] == b[i + 1 :] or (a[i : i + 2] == b[i : i + 2][::-1] and a[i + 2 :] == b[i + 2 :])
    longer, shorter = (a, b) if len(a) > len(b) else (b, a)
    return longer[i + 1 :] == shorter[i:]


def _of_sender(mail: ParsedMail, own: frozenset[str]) -> Iterable[Reason]:
    """A sender that passes for us: our name on another address, a look-alike domain, answers led elsewhere."""
    domain = mail.from_addr.rpartition("@")[2].lower()
    if not domain:
        return
    near_own = look_alike(domain, own)
    if near_own:
        yield Reason("phishing.sender_look_alike", 0.7, f"{mail.from_addr} looks like {near_own}")
    shown = mail.from_name.lower()
    named = re.search(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)", shown)
    if named and registered(named.group(1)) != registered(domain):
        yield Reason("phishing.name_is_address", 0.4, f"{mail.from_name} <{mail.from_addr}>")
    for mine in own:
        if mine in shown and registered(mine) != registered(domain):
            yield Reason("phishing.name_of_own", 0.5, f"{mail.from_name} <{mail.from_addr}>")
    answer = mail.reply_to.rpartition("@")[2].lower()
    if answer and registered(answer) != registered(domain):
        yield Reason("phishing.reply_elsewhere", 0.15, f"{mail.from_addr}, answers to {mail.reply_to}")
