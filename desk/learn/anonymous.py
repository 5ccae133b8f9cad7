"""A text without the person it was about: names, numbers and addresses become blanks in brackets, to be looked at by a person.

Deterministic and rather too much than too little: a blank that was none is filled in by whoever accepts the text.
"""

import re
from collections.abc import Collection

NAME, NUMBER, ADDRESS, LINK = "[name]", "[number]", "[address]", "[link]"
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_URL = re.compile(r"(?:https?://|www\.)[^\s<>()\"']+", re.I)
_PHONE = re.compile(r"(?<![\w.,])\+?\d[\d ()/-]{7,}\d(?!\w)")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b")
_TOKEN = re.compile(r"#?\b(?=[\w-]*\d)[^\W_][\w-]*(?:[.,/]\w+)*")
_MONEY = re.compile(
    r"(?:[€$£]\s?)?\d{1,3}(?:[.,' ]?\d{3})*(?:[.,]\d{1,2})?(?:\s?(?:€|\$|£|euros?|eur|usd|gbp|%))?", re.I
)
_CAPITAL = r"[A-ZÀ-Ý][\w'’-]*"
_STREET = re.compile(
    rf"\b(?:{_CAPITAL}(?:stra(?:ß|ss)e|str\.|weg|platz|gasse|allee|ring|laan|straat|plein|kade)|"
    rf"(?:{_CAPITAL} ){{1,3}}(?:Street|St\.|Road|Rd\.?|Avenue|Ave\.?|Lane|Drive|Square|Straße|Strasse|Platz|Weg|Allee)|"
    r"(?:[Rr]ue|[Aa]venue|[Bb]oulevard|[Pp]lace|[Cc]alle|[Aa]venida|[Pp]laza|[Vv]ia|[Pp]iazza)"
    rf"(?: (?:d[eu]s?|la|le|les|el|los|del))*(?: {_CAPITAL}){{1,3}}),? ?\d{{1,4}} ?[a-z]?\b|"
    rf"\b\d{{1,4}} (?:{_CAPITAL} ){{1,3}}(?:Street|Road|Avenue|Lane|Drive|Square)\b|"
    rf"\b\d{{1,4}},? (?:rue|avenue|boulevard|place)(?: (?:d[eu]s?|la|le|les))*(?: {_CAPITAL}){{1,3}}"
)
_TOWN = re.compile(
    rf"\b(?:[A-Z]{{1,2}}-)?\d{{4,5}}(?: [A-Z]{{2}})? {_CAPITAL}(?: (?:am|an der|im|aan|sur|de) {_CAPITAL})?"
)
_TITLED = re.compile(
    r"\b((?:(?:Mr|Mrs|Ms|Miss|Dr|Prof|Herrn?|Frau|Dhr|Mevr|Mevrouw|Meneer|Monsieur|Madame|Mme|M|Se[ñn]ora?|Sra?|Signora?)"
    rf"\b\.? )+){_CAPITAL}(?: {_CAPITAL}){{0,2}}"
)
_INTRODUCED = re.compile(
    r"\b((?i:my name is|this is|i am|i'm|mein name ist|ich bin|ich heiße|mijn naam is|ik ben|ik heet|je m'appelle|je suis|"
    r"me llamo|mi nombre es|soy|mi chiamo))((?: [A-ZÀ-Ý][\w'’-]+){1,3})"
)
_SHORTEST_NAME = 3
_LONG = 5
"""Digits in a row from which a number is somebody's, money aside."""


def without_person(text: str, names: Collection[str], said: str = "") -> str:
    """`text` with blanks for whoever is in it.

    `names` are what the customer is called, addresses among them; `said` is what the customer wrote, whose numbers (three
    digits or more) and codes are taken for theirs.
    """
    theirs = {_bare(m.group()) for m in _TOKEN.finditer(said)}
    text = _MAIL.sub(ADDRESS, text)
    text = _URL.sub(lambda m: LINK if _personal(m.group(), theirs) else m.group(), text)
    text = _IBAN.sub(NUMBER, text)
    text = _TOWN.sub(ADDRESS, _STREET.sub(ADDRESS, text))
    text = _PHONE.sub(NUMBER, text)
    text = _TITLED.sub(lambda m: f"{m[1]}{NAME}", text)
    text = _INTRODUCED.sub(lambda m: f"{m[1]} {NAME}", text)
    for word in sorted(_parts(names), key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(word)}(?:['’]?s)?(?!\w)", NAME, text, flags=re.I)
    text = _TOKEN.sub(lambda m: _number(m.group(), theirs), text)
    return re.sub(r"(\[(?:name|number|address|link)\])(?:[ ,]+\1)+", r"\1", text)


def _number(token: str, theirs: Collection[str]) -> str:
    digits = sum(c.isdigit() for c in token)
    letters = any(c.isalpha() for c in token)
    if _bare(token) in theirs and (digits >= 3 or (letters and digits >= 2)):
        return NUMBER
    if _MONEY.fullmatch(token) and digits < _LONG + 2 and ("." in token or "," in token):
        return token
    return NUMBER if digits >= _LONG or (letters and digits >= 3) or token.startswith("#") else token


def _personal(link: str, theirs: Collection[str]) -> bool:
    """Whether a link leads to something of one customer: it holds a long number or one they named."""
    tokens = [m.group() for m in _TOKEN.finditer(link.partition("//")[2] or link)]
    return "?" in link or any(sum(c.isdigit() for c in t) >= _LONG or _bare(t) in theirs for t in tokens)


def _parts(names: Collection[str]) -> set[str]:
    """Each name, and each of its words that is long enough to be one; of an address what stands before the @."""
    found = set()
    for name in names:
        local = name.partition("@")[0].strip()
        words = re.split(r"[\s._,+-]+" if "@" in name else r"[\s,]+", local)
        found |= {w for w in (local, *words) if len(w) >= _SHORTEST_NAME and not w.isdigit()}
    return found - _ROLES


def _bare(token: str) -> str:
    return re.sub(r"[^a-z0-9]", "", token.lower())


_ROLES = frozenset(
    "info office mail kontakt contact hello hallo service support team shop sales einkauf the von van der".split()
)
