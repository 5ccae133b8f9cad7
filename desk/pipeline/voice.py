"""How a mailbox writes, learned from what it sent: how it greets and closes, how long, in which form of address.

Only what at least three letters to three different people have in common counts, and of a greeting only the words of
greetings from a fixed list: nothing that one customer was told can get into a letter to another.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import median

from desk.domain import names
from desk.domain.enums import Register
from desk.mail.reply import split
from desk.triage import address

LEAST = 3
"""Letters to different people that must agree."""
SHARE = 0.5
"""Part of the letters that must agree, of those in one language and form of address."""
_CLOSING_WORDS = 7
_GREETING = re.compile(
    r"(?P<word>dear|hi there|hi|hello|hey|good (?:morning|afternoon|evening|day)|liebe[rs]?|hallo|guten (?:tag|morgen|abend)|"
    r"moin|servus|grüezi|grüß gott|beste|geachte|hoi|dag|goede(?:morgen|middag|navond|ndag)|bonjour|bonsoir|salut|cher|"
    r"chère|hola|buen[oa]s(?: (?:días|tardes))?|estimad[oa]|querid[oa])(?P<who>(?:,? [^,:!.]{1,60})?)(?P<end>[,:!]?)",
    re.IGNORECASE,
)
_GENDERED = re.compile(r"^(?:lieber?|chère?|estimad[oa]|querid[oa])$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter we sent: its body, its language, and to whom."""

    body: str
    language: str
    to: str
    name: str


@dataclass(frozen=True, slots=True)
class Voice:
    """How a mailbox writes in one language and form of address; what too few letters agree on is empty."""

    language: str
    register: Register
    letters: int
    words: int
    """The median length, greeting and closing included."""
    greeting: str = ""
    """With `{name}` or `{first}` where the customer's name stands."""
    nameless: str = ""
    """The same to somebody whose name is not known."""
    closing: str = ""
    signature: str = ""
    """The lines that stand below the closing words."""

    @property
    def own_lines(self) -> frozenset[str]:
        """What needs no source in a reply."""
        return frozenset({self.closing, *self.signature.splitlines()}) - {""}


Voices = Callable[[str], Sequence[Voice]]
"""A mailbox's name → how it writes."""


def learn(letters: Iterable[Letter]) -> tuple[Voice, ...]:
    """A voice for every language and form of address with enough letters, those with the most first. Linear in the letters."""
    groups: dict[tuple[str, Register], list[Letter]] = {}
    for letter in letters:
        own = split(letter.body).reply or letter.body
        if len(own.split()) >= 5:
            form = address.register(own, letter.language)
            groups.setdefault((letter.language, form), []).append(replace(letter, body=own))
    found = [_voice(language, form, group) for (language, form), group in groups.items() if len(group) >= LEAST]
    return tuple(sorted(found, key=lambda voice: -voice.letters))


def fitting(voices: Sequence[Voice], language: str, register: Register) -> Voice | None:
    """The voice for a language and form of address; None where too little was sent."""
    return next((v for v in voices if v.language == language and v.register is register), None)


def _voice(language: str, register: Register, letters: Sequence[Letter]) -> Voice:
    strangers = [name.casefold() for letter in letters for name in letter.name.split() if len(name) > 2]
    greetings = [(_greeting(letter), letter.to) for letter in letters]
    ends = [(_end(letter.body), letter.to) for letter in letters]
    closing = _agreed([(line, to) for (line, _), to in ends if _plain(line, strangers)])
    below = (
        [(lines, to) for (line, lines), to in ends if line == closing and _plain(lines, strangers)] if closing else []
    )
    return Voice(
        language=language,
        register=register,
        letters=len(letters),
        words=round(median(len(letter.body.split()) for letter in letters)),
        greeting=_agreed([(g, to) for g, to in greetings if "{" in g]),
        nameless=_agreed([(g, to) for g, to in greetings if g and "{" not in g]),
        closing=closing,
        signature=_agreed(below),
    )


def _agreed(said: Sequence[tuple[str, str]]) -> str:
    """What most of them say, to three different people at least; empty where nothing is."""
    counts = Counter(text for text, _ in said if text)
    if not counts:
        return ""
    best, count = counts.most_common(1)[0]
    people = {to.casefold() for text, to in said if text == best}
    return best if len(people) >= LEAST and count >= SHARE * sum(counts.values()) else ""


def _greeting(letter: Letter) -> str:
    """The greeting with the customer's name taken out; empty where anything else stands in it, or it bends to a gender."""
    first = next((line.strip() for line in letter.body.splitlines() if line.strip()), "")
    found = _GREETING.fullmatch(first)
    if found is None or _GENDERED.match(found["word"]):
        return ""
    who, name = found["who"].strip(" ,").casefold(), names.person(letter.name)
    if not who:
        return f"{found['word']}{found['end']}"
    comma = "," if found["who"].startswith(",") else ""
    if name and who == names.first(name).casefold() and who != name.casefold():
        return f"{found['word']}{comma} {{first}}{found['end']}"
    return f"{found['word']}{comma} {{name}}{found['end']}" if name and who == name.casefold() else ""


def _end(body: str) -> tuple[str, str]:
    """The closing line and what stands below it: the last short line after a gap that ends no sentence."""
    blocks = [block.strip() for block in re.split(r"\n\s*\n", body.strip()) if block.strip()]
    if len(blocks) < 2:
        return "", ""
    lines = [line.strip() for line in blocks[-1].splitlines()]
    if lines[0].endswith((".", "?", ":")):
        return "", ""
    return lines[0], "\n".join(lines[1:])


def _plain(text: str, strangers: Sequence[str]) -> bool:
    """Whether a closing or a signature names no customer, and a closing is one."""
    words = {word.casefold() for word in re.findall(r"\w+", text)}
    return not words & set(strangers) and len(text.splitlines()[0].split() if text else ()) <= _CLOSING_WORDS
