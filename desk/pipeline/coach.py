"""Coach: what a person's own reply may have missed, by rules alone: a question left open, a name that is not the customer's.

Placeholders, files that are spoken of but not attached, links and the like are the guard's gates of everything outgoing.
"""

import re
import unicodedata
from collections.abc import Sequence

from desk.domain.ticket import Gate
from desk.mail.reply import split
from desk.pipeline.sentences import words
from desk.triage import intents

_STEM = 5
"""Letters by which two words are told to be the same: arrive, arrived, arrival."""
_LONGEST = 20_000
"""Characters of either text that are read."""
_GREETS = re.compile(
    r"^(?:dear|hi|hello|hey|good (?:morning|afternoon|evening)|sehr geehrte[rs]?|liebe[rs]?|hallo|guten (?:tag|morgen|"
    r"abend)|moin|servus|grüezi|beste|geachte|hoi|dag|goede(?:morgen|middag|navond|ndag)|bonjour|bonsoir|salut|chère?|"
    r"hola|buen[oa]s(?: (?:días|tardes))?|estimad[oa]|querid[oa]|ciao|buongiorno|salve|gentile|car[oa]|olá|bom dia|"
    r"prezad[oa]|cześć|dzień dobry|hej|kære|hei|ahoj|dobrý den)[ ,]+"
    r"(?P<who>(?:\b(?:[A-Z]|Dr|Prof|Mr|Mrs|Ms|Sr|Sra|Mme|Hr|Fr|Ing)\.|[^,:!.?;–—]){2,60})(?P<end>[,:!;–—]?)",
    re.IGNORECASE,
)
_NAME = re.compile(r"[^\W\d_][^\W\d_'’-]*(?:['’-][^\W\d_]+)*")
_TITLES = frozenset(
    "herr frau herrn dr prof professor mr mrs ms mx sir madam señor señora sr sra monsieur madame mademoiselle mme mlle m "
    "mevrouw meneer heer mijnheer signor signora dott damen herren all everyone everybody zusammen alle allemaal iedereen "
    "team customer kunde kundin klant client cliente there again tous todos friend frau familie family famille familia "
    "sirs messieurs mesdames señores señoras ladies gentlemen colleagues kollegen".split()
)
_JOIN = re.compile(r"[,;:]\s+(?:and|und|en|et|y|e)?\s*|\s(?:and|und|en|et|y|e|but|aber|maar|mais|pero)\s")
_WHOLE = re.compile(
    r"\b(?:both|all of|beide[sn]?|alle(?:s|n)?|les deux|ambos|ambas|entramb[ei]|allebei)\b", re.IGNORECASE
)


def coach(body: str, *, asked: str, names: Sequence[str]) -> tuple[Gate, ...]:
    """The gates of a hand-written reply: `asked` is what the customer wrote last, as it came; `names` are what they and
    the others of the thread are called, addresses among them. Never raises; linear in the texts."""
    body, asked = body[:_LONGEST], asked[:_LONGEST]
    return (_questions(_own(body), split(asked).reply), _name(body, names, asked))


def _own(body: str) -> list[str]:
    """The sentences of a reply that say something: quotes, greeting and closing left out."""
    lines = "\n".join(
        line for line in body.splitlines() if not line.startswith(">") and not _GREETS.fullmatch(line.strip())
    )
    said = [lines[a:b] for a, b in intents.sentences(lines)]
    return [sentence for sentence in said if len(sentence.split()) > 1 and not _only_courtesy(sentence)]


def _only_courtesy(sentence: str) -> bool:
    """Whether all of a sentence greets, thanks or closes: "thank you, we have it" does not."""
    if not intents.is_courtesy(sentence):
        return False
    return all(intents.is_courtesy(part) or len(part.split()) < 3 for part in re.split(r"[,;–—]\s*", sentence))


def _questions(said: Sequence[str], asked: str) -> Gate:
    """A question is open where the reply has fewer statements than there are questions and none shares a word with it.

    A short answer in other words is an answer; so is a question asked back, and "yes, both".
    """
    open_ones: list[str] = []
    questions = [asked[a:b] for a, b in intents.questions(asked) if intents.asks(asked[a:b])]
    whole = any(sentence.rstrip().endswith("?") or _WHOLE.search(sentence) for sentence in said)
    parts = sum(len([part for part in _JOIN.split(sentence) if len(part.split()) > 1]) for sentence in said)
    if max(parts, len(said)) < len(questions) and not whole:
        told = _stems(" ".join(said))
        open_ones = [one for one in questions if not _stems(one) & told]
    if open_ones:
        return Gate("unanswered", False, f"nothing answers “{' '.join(open_ones[0].split())[:80]}”")
    return Gate("unanswered", True, "no question is left open")


def _stems(text: str) -> set[str]:
    return {word[:_STEM] for word in words(text) if len(word) > 3}


def _name(body: str, names: Sequence[str], asked: str) -> Gate:
    """Whoever is greeted by name must be called so: by their mail's header, their address or the end of their mail."""
    first = next((line.strip() for line in body.splitlines() if line.strip()), "")
    greeting = _GREETS.match(first)
    greeted = [w for w in _NAME.findall(greeting["who"]) if w[0].isupper()] if greeting else []
    if greeting and not greeting["end"] and greeting.end() < len(first):
        greeted = greeted[:1]  # the sentence goes on: "Hi Anna I have looked."
    signed = [line for line in asked.splitlines() if 0 < len(line.split()) <= 5 and not line.startswith(">")]
    known = _plain(" ".join((*names, *signed)))
    strange = [w for w in greeted if _plain(w) not in known and w.casefold() not in _TITLES]
    called = next((n for n in names if "@" not in n and n.strip()), "")
    if strange and known.strip():
        return Gate(
            "name", False, f"the reply greets {' '.join(greeted)}" + (f", the customer is {called}" if called else "")
        )
    return Gate("name", True, "nobody is called by another's name")


def _plain(text: str) -> str:
    """Without case and accents: Zoë is Zoe."""
    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
