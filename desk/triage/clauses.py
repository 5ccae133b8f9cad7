"""The parts of a message that may each be a question of its own, cut more finely than sentences.

"How long does delivery take and whether I can pay by card": two things, one sentence. Cut too finely costs a search and
nothing else, since a part counts only where something else answers it.
"""

import re

from desk.triage import intents

_JOINS = {
    "en": r"and|or|plus|as well as|along with|together with|besides",
    "de": r"und|oder|sowie|außerdem|zudem|ebenso wie|dazu",
    "fr": r"et|ou|ainsi que|de même que|puis",
    "es": r"y|e|o|u|así como|además de|además",
    "nl": r"en|of|evenals|alsook|daarnaast",
    "it": r"e|ed|o|nonché|oltre a",
    "pt": r"e|ou|bem como|além de|assim como",
}
_NEEDS = re.compile(
    r"\b(?:(?:need|have|must|want|wish|like|love) (?:to|a|an|the|our|it|this)\b|due to be|"
    r"(?:brauche|benötige|möchte|will|muss|hätte|würde|wüsste)n? (?:ich|wir)|(?:ich|wir) (?:\w+ )?(?:brauche|benötige|"
    r"möchte|muss|müsste|wüsste|hätte)n?|"
    r"besoin d|(?:il )?(?:me|nous) fau(?:t|dra|drait)|(?:je|nous) (?:dois|devons|voudr\w+|souhait\w+)|"
    r"necesit\w+|quier\w+|quisier\w+|me falta|tengo que|"
    r"nodig|(?:ik|wij|we) (?:\w+ )?(?:moet|moeten|wil|willen|zou)|(?:wil|moet|zou|hoor) (?:ik|wij|we)|"
    r"ho bisogno|dev\w+|mi serv\w+|preciso|precisamos|gostaria)\w*\b",
    re.I,
)
_ANNOUNCED = re.compile(
    r"\b(?:(?:two|three|several|some|2|3) (?:quick |short )?(?:things|questions|points|matters)|"
    r"(?:zwei|drei|mehrere|2|3) (?:kurze )?(?:fragen|dinge|anliegen|punkte)|(?:deux|trois|2|3) (?:questions|choses|points)|"
    r"(?:dos|tres|2|3) (?:preguntas|cosas|dudas)|(?:twee|drie|2|3) (?:vragen|dingen|zaken)|"
    r"(?:due|tre|2|3) (?:domande|cose)|(?:duas|três|2|3) (?:perguntas|coisas|dúvidas))\b",
    re.I,
)
_MOST = 8


def clauses(text: str, language: str) -> list[tuple[int, int]]:
    """Spans of everything that asks or wants something, sentences cut where two things are joined; at most eight."""
    found: list[tuple[int, int]] = []
    for start, end in intents.sentences(text):
        sentence = text[start:end]
        wanted = intents.wants(sentence)
        if intents.is_courtesy(sentence) and not wanted:
            continue
        told = _ANNOUNCED.search(sentence) or _NEEDS.search(sentence) or _listed(text, start)
        if wanted or told or intents.asks(sentence):
            found += _cut(text, start, end, language)
    return found[:_MOST]


def _listed(text: str, start: int) -> bool:
    """Whether a sentence is an item of a list."""
    line = text[text.rfind("\n", 0, start) + 1 : start].strip()
    return bool(re.fullmatch(r"[-*+•–]|\(?\d{1,2}[.)]|[a-z]\)", line))


def _cut(text: str, start: int, end: int, language: str) -> list[tuple[int, int]]:
    words = _JOINS.get(language, _JOINS["en"])
    spans, at = [], start
    for join in re.finditer(rf"(?:\s*[,;:–]\s*|\s+)(?:(?:{words})\s+)|\s*[;:–,]\s+", text[start:end], re.I):
        a, b = start + join.start(), start + join.end()
        if _says(text[at:a]) and _says(text[b:end]):
            spans.append((at, a))
            at = b
    return [*spans, (at, end)]


def _says(part: str) -> bool:
    """Whether a piece is long enough to name a thing."""
    return len(re.findall(r"[^\W\d_]{2,}", part)) >= 2
