"""The second door: what a text about to leave for a customer must not carry.

Each check is a `Gate` with its reason in words. A person is warned by a failing gate, a rule is stopped by it. Cards are
told from other numbers by ISO/IEC 7812 (Luhn), accounts by ISO 13616 (mod 97).
"""

import re
from collections.abc import Collection, Sequence
from functools import lru_cache
from urllib.parse import urlsplit

from desk.domain.ticket import Gate
from desk.guard import head, policy
from desk.guard.channels import Channel
from desk.guard.english import load
from desk.guard.normalise import fold, strip_unseen

_ADDRESS = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,6}[a-zA-Z]{2,24}(?![\w-])")
_LINK = re.compile(r"(?:https?://|www\.)[^\s<>\"')\]]{2,2000}", re.IGNORECASE)
_CALLED = re.compile(r"(?<!\w)\+?(?:\d[ ()./-]{0,2}){7,}")
QUIET, FAINT = 0.0, 0.2
"""Log-odds of the first head, and a score of the guard, up to which words are no order to a machine."""
_DIGITS = re.compile(r"(?<![\w-])(?:\d[ -]?){12,18}\d(?![\d-])")
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{1,4}){3,8}(?![A-Za-z0-9])")
_PLACEHOLDER = re.compile(
    r"\[(?:your |the |insert |customer |agent |company |order |ticket |first |last |full )*(?:name|date|number|address|link|"
    r"amount|company|product|order|email|phone|signature|title|position|time|details?|x+|\.\.\.)[^\]\n]{0,30}\]"
    r"|\{\{?\s?[a-zA-Z_][\w. ]{0,40}\s?\}?\}|<(?:name|your name|customer|date|number|order_?\w*|email|insert[^>\n]{0,30}|"
    r"placeholder|link|company)>|\bX{4,}\b|\bTBD\b|\blorem ipsum\b|\bINSERT [A-Z ]{2,30}\b|%[A-Z_]{3,30}%"
    r"|\[\[[^\]\n]{1,40}\]\]|⟦[^⟧\n]{1,60}⟧",
    re.IGNORECASE,
)
_SECRETS = (
    ("a private key", re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY")),
    ("an AWS key", re.compile(r"(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])")),
    ("a GitHub token", re.compile(r"gh[pousr]_[A-Za-z0-9]{30,255}|github_pat_\w{30,255}")),
    ("a Slack token", re.compile(r"xox[abprs]-[A-Za-z0-9-]{10,250}")),
    ("an API key", re.compile(r"(?<!\w)(?:sk|pk|rk)[-_](?:live|test|proj|ant)?[-_]?[A-Za-z0-9_-]{20,250}")),
    ("a Google key", re.compile(r"AIza[\w-]{35}|GOCSPX-[\w-]{20,60}")),
    ("a GitLab token", re.compile(r"glpat-[\w-]{20,250}")),
    ("an npm token", re.compile(r"(?<!\w)npm_[A-Za-z0-9]{36}")),
    ("a SendGrid key", re.compile(r"(?<!\w)SG\.[\w-]{16,64}\.[\w-]{16,64}")),
    ("a Twilio key", re.compile(r"(?<!\w)(?:SK|AC)[0-9a-f]{32}(?!\w)")),
    ("a Telegram token", re.compile(r"(?<!\d)\d{8,10}:[\w-]{35}(?![\w-])")),
    ("a Shopify token", re.compile(r"(?<!\w)shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}")),
    ("a Hugging Face token", re.compile(r"(?<!\w)hf_[A-Za-z0-9]{30,60}")),
    ("an Azure key", re.compile(r"AccountKey=[A-Za-z0-9+/]{40,120}={0,2}")),
    ("a webhook with its secret", re.compile(r"hooks\.slack\.com/services/T\w{6,20}/B\w{6,20}/\w{16,60}")),
    (
        "a US social security number",
        re.compile(r"(?<![\w-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])"),
    ),
    ("a web token", re.compile(r"eyJ[\w-]{10,2000}\.eyJ[\w-]{10,4000}\.[\w-]{10,1000}")),
    ("a login in a link", re.compile(r"[a-z][a-z0-9+.-]{1,20}://[^\s/:@]{1,100}:[^\s/@]{1,200}@", re.IGNORECASE)),
    (
        "a password",
        re.compile(
            r"(?:password|passwd|passwort|kennwort|contraseña|mot de passe|wachtwoord|api[ _-]?key|secret|token)"
            r"\s{0,3}(?:(?:is|ist|es|est)\s{0,3}[:=]?|[:=])\s{0,3}(?=\S*[\d!@#$%^&*])(?!\S*@\w+\.)\S{6,100}",
            re.IGNORECASE,
        ),
    ),
)


@lru_cache(maxsize=1)
def promises() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """What no answer may promise on its own, from `words/promises.toml`."""
    return tuple((e["what"], re.compile(e["look"], re.IGNORECASE)) for e in load("promises.toml")["promise"])


@lru_cache(maxsize=1)
def _attached() -> tuple[re.Pattern[str], ...]:
    """What says that a file goes with a text, from `words/attached.toml`."""
    return tuple(re.compile(e["look"], re.IGNORECASE) for e in load("attached.toml")["attached"])


_LEAKED = re.compile(
    r"\b(?:as an ai(?: language)? (?:model|assistant)|my (?:system )?prompt|my instructions (?:say|are|tell)"
    r"|i was instructed to|system prompt|language model|i (?:have been|am) programmed to)\b",
    re.IGNORECASE,
)


def check(
    body: str,
    *,
    subject: str = "",
    sources: Sequence[str] = (),
    allowed_links: Collection[str] = (),
    recipients: Collection[str] = (),
    thread_addresses: Collection[str] = (),
    other_addresses: Collection[str] = (),
    customer_text: str = "",
    canaries: Collection[str] = (),
    files: bool = False,
) -> tuple[Gate, ...]:
    """Every gate of an outgoing text, passed or not, in a fixed order. Pure; never raises; linear in the text.

    `sources` are the texts a draft may take links, numbers and promises from (articles, facts, our own signature);
    `customer_text` is what the customer wrote, which may be repeated but vouches for no link or promise.
    `allowed_links` holds hosts or whole links. `other_addresses` are known addresses of other customers. `canaries`
    are strings of the prompt that must never come out, such as its random delimiters. `files` says that some are attached.
    """
    text = f"{subject}\n{body}"
    known = "\n".join(sources)
    own = {a.lower() for a in (*recipients, *thread_addresses)}
    return (
        _secrets(text, known),
        _cards(text, known, customer_text),
        _accounts(text, known, customer_text),
        _addresses(text, known, customer_text, own, {a.lower() for a in other_addresses}),
        _recipients(recipients, thread_addresses),
        _links(text, known, allowed_links),
        _placeholders(text),
        _promises(text, known),
        _promised_file(body, files),
        _injected(text, canaries),
    )


def _gate(name: str, wrong: str, right: str) -> Gate:
    return Gate(name, not wrong, wrong or right)


def _secrets(text: str, known: str) -> Gate:
    for what, pattern in _SECRETS:
        m = pattern.search(text)
        if m and m.group() not in known:
            return _gate("secrets", f"The text seems to hold {what}: {m.group()[:6]}…", "")
    return _gate("secrets", "", "No password, key or token found.")


def luhn(digits: str) -> bool:
    """Whether a string of digits ends in its Luhn check digit (ISO/IEC 7812-1 annex B)."""
    total = 0
    for i, c in enumerate(reversed(digits)):
        n = int(c) * (2 if i % 2 else 1)
        total += n - 9 if n > 9 else n
    return total % 10 == 0


def iban(text: str) -> bool:
    """Whether an account number without spaces has valid check digits (ISO 13616, mod 97 = 1)."""
    if not 15 <= len(text) <= 34:
        return False
    turned = text[4:] + text[:4]
    return int("".join(str(int(c, 36)) for c in turned)) % 97 == 1


def _cards(text: str, known: str, customer_text: str) -> Gate:
    del customer_text  # a card number the customer sent must not be sent back either
    for m in _DIGITS.finditer(text):
        digits = re.sub(r"\D", "", m.group())
        if (
            13 <= len(digits) <= 19
            and digits[0] in "23456"
            and len(set(digits)) > 1
            and luhn(digits)
            and m.group() not in known
        ):
            return _gate("cards", f"The text holds what looks like a card number ending in {digits[-4:]}.", "")
    return _gate("cards", "", "No card number found.")


def _accounts(text: str, known: str, customer_text: str) -> Gate:
    known_flat = re.sub(r"\s", "", known)
    for m in _IBAN.finditer(text):
        words = m.group().split(" ")
        # Capitals that follow the number may be the next words: the longest part with valid digits counts.
        for count in range(len(words), 0, -1):
            number = "".join(words[:count])
            if iban(number):
                if number not in known_flat:
                    whose = " (the customer's own)" if number in re.sub(r"\s", "", customer_text) else ""
                    return _gate("accounts", f"The text holds an account number{whose} ending in {number[-4:]}.", "")
                break
    return _gate("accounts", "", "No account number found that our sources do not hold.")


def _addresses(text: str, known: str, customer_text: str, own: set[str], others: set[str]) -> Gate:
    known, customer_text = known.lower(), customer_text.lower()
    for m in _ADDRESS.finditer(text):
        address = m.group().lower().rstrip(".")
        if address in own or address in known:
            continue
        if address in others:
            return _gate("addresses", f"{address} belongs to another customer.", "")
        if address not in customer_text:
            return _gate("addresses", f"{address} is neither in this thread nor in our sources.", "")
    return _gate("addresses", "", "No address of anybody outside this thread.")


def _recipients(recipients: Collection[str], thread_addresses: Collection[str]) -> Gate:
    known = {a.lower() for a in thread_addresses}
    strangers = sorted(a for a in recipients if a.lower() not in known)
    wrong = f"{', '.join(strangers)} never took part in this thread." if known and strangers else ""
    return _gate("recipients", wrong, "Every recipient took part in this thread.")


def _links(text: str, known: str, allowed: Collection[str]) -> Gate:
    hosts = {h.lower().removeprefix("www.") for a in allowed if (h := _host(a))}
    known_hosts = {_host(m.group()) for m in _LINK.finditer(known)}
    for m in _LINK.finditer(text):
        link = m.group().rstrip(".,;:!?")
        host = _host(link)
        if link in allowed or host in hosts or (host in known_hosts and link in known):
            continue
        return _gate("links", f"The link to {host or link[:60]} is in none of our sources.", "")
    return _gate("links", "", "Every link comes from our sources.")


def _host(link: str) -> str:
    """The host of a link or of a bare domain, lower case, without `www.`."""
    try:
        host = urlsplit(link if "://" in link else f"https://{link}").hostname or ""
    except ValueError:
        return ""
    return host.lower().removeprefix("www.").rstrip(".")


def _placeholders(text: str) -> Gate:
    m = _PLACEHOLDER.search(text)
    return _gate("placeholders", f"A placeholder was left in: {m.group()[:40]}" if m else "", "No placeholder left.")


def _promises(text: str, known: str) -> Gate:
    lower = known.lower()
    for what, pattern in promises():
        m = pattern.search(text)
        if m and m.group().lower() not in lower:
            return _gate("promises", f"The text holds {what} that no source backs: “{m.group()[:80]}”.", "")
    return _gate("promises", "", "No promise that our sources do not make.")


def _promised_file(body: str, files: bool) -> Gate:
    """A file that the text speaks of must be there; what is quoted speaks of somebody else's."""
    own = "" if files else "\n".join(line for line in body.split("\n") if not line.startswith(">"))
    found = next((m for pattern in _attached() if (m := pattern.search(own))), None)
    wrong = f"The text says “{found.group()[:60]}”, but no file is attached." if found else ""
    return _gate("attachment", wrong, "No file is missing.")


def may_be_quoted(words: str) -> bool:
    """Whether a customer's own words may stand in the reply to them.

    What is quoted is sent in our name: no link, address or number to call, and nothing that reads even faintly like an order
    to a machine, so that what somebody slipped into a message does not travel on.
    """
    if any(pattern.search(words) for pattern in (_LINK, _ADDRESS, _CALLED)) or strip_unseen(words) != words:
        return False
    heard = max((logit for logit, _, _ in head.ranked(fold(words))), default=QUIET)
    return heard <= QUIET and policy.judge((Channel("quote", words),)).score < FAINT


def _injected(text: str, canaries: Collection[str]) -> Gate:
    """Chat markup, talk about prompts, or an attack echoed: a sign that a model followed somebody else."""
    for canary in canaries:
        if canary and canary in text:
            return _gate("injected", "The text repeats a part of the prompt.", "")
    m = _LEAKED.search(text)
    if m:
        return _gate("injected", f"The text speaks of the model itself: “{m.group()}”.", "")
    if strip_unseen(text) != text:
        return _gate("injected", "The text holds characters that nobody sees.", "")
    found = policy.judge((Channel("draft", text),))
    if found.score >= policy.THRESHOLD and found.evidence:
        return _gate("injected", f"The text reads like an attack on an assistant ({found.evidence[0].rule}).", "")
    return _gate("injected", "", "Nothing of an attack is echoed.")
