"""The matters of a message (what it asks or wants, each with what leads to it), and the parts that may hide another one.

"How long does delivery take and whether I can pay by card": two matters, one sentence. A part is cut more finely; it costs
a search and nothing else, since it counts only where something else answers it.
"""

import re
from dataclasses import dataclass

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
_WHETHER = {"en": "whether|if", "de": "ob", "fr": "si|s'il", "es": "si", "nl": "of", "it": "se", "pt": "se"}
_ASIDE = (
    r"(?:also|auch|noch|ook|aussi|también|anche|também|then|dann|dan|puis|luego|oh|ach|ah|o ja|o|please|bitte|how about|"
    r"if so|wenn ja|zo ja|si oui)"
)
_TELLS = re.compile(
    r"(?:(?:please |kindly )?(?:tell|send|let|give|show) (?:me|us)|(?:bitte )?(?:sagen|schicken|geben|teilen) sie|"
    r"(?:sagt|schickt|gebt) (?:mir|uns)|dites-(?:moi|nous)|envoyez-(?:moi|nous)|díganme|envíenme|stuur)\b",
    re.I,
)
# What only leads to a question: "Could you tell me", "I would like to know".
_PREAMBLE = re.compile(
    r"\b(?:tell|inform|know|ask|say|wondering|info\w*|question|please|wissen|sagen|fragen|mitteilen|auskunft|interessieren|"
    r"gern|gerne|bitte|savoir|dire|demander|indiquer|informer|saber|decir|informar|preguntar|indicar|weten|zeggen|vragen|"
    r"laten|graag|sapere|dire|informare|chiedere|dizer|informar)(?: (?:me|us|mir|uns|you|please|bitte|gern|graag))?\W*$",
    re.I,
)
# What stands under the mails of companies asks nobody anything.
_NOTICE = re.compile(
    r"\b(?:intended recipient|confidential|disclaimer|vertraulich\w*|vorgesehene\w* empfänger|destinataires? (?:prévu|désigné)|"
    r"confidentiel\w*|destinatario (?:previsto|indicado)|confidencial\w*|vertrouwelijk\w*|geadresseerde|riservat\w*)\b",
    re.I,
)
# A question put as a statement: "My wife wonders whether it may stand outdoors."
_INDIRECT = re.compile(
    r"\b(?:know|wonder\w*|ask(?:s|ed)?|curious|tell|wissen|wüsst\w+|frag\w*|neugierig|weten|benieuwd|vraag\w*|vroeg|savoir|"
    r"demand\w*|dire|saber|pregunt\w*|sapere|chied\w*)\b[^.?!\n]{0,25}?\b(?:whether|if|how|what|when|where|which|why|ob|wie|"
    r"was|wann|wo|welche[rsnm]?|of|hoe|wat|wanneer|waar|welke?|si|s'il|comment|quand|où|combien|quel\w*|cómo|cuándo|dónde|"
    r"cuánto|qué|come|quando|dove|quanto|como|onde)\b",
    re.I,
)
# What has gone wrong is told, not asked: "Four screws are missing."
_TROUBLE = re.compile(
    r"n['’]t\b|\b(?:not|never|no longer|cannot|missing|broken|cracked|damaged|defective|faulty|refused|rejected|expired|"
    r"twice|wrong|lost|stopped|stuck|late|fails?|failed|error|flicker\w*|wobbl\w*|hums?|leak\w*|"
    r"nicht|keine?[nmrs]?|nie|kaputt|defekt|zerbrochen|gebrochen|beschädigt|fehl\w+|zweimal|doppelt|falsch\w*|abgelaufen|"
    r"verloren|flacker\w*|wackel\w*|brummt|niet|geen|nooit|kapot|gebroken|beschadigd|ontbre\w+|dubbel|twee keer|verkeerd\w*|"
    r"verlopen|kwijt|flikker\w*|wiebel\w*|pas|plus|jamais|cassée?s?|abîmée?s?|manque\w*|deux fois|expirée?|fendue?|refusée?|"
    r"no|nunca|rot[oa]s?|falta\w*|dos veces|caducad[oa]|equivocad[oa]|perdid[oa]|non|rott[oa]|manca\w*|due volte|scadut[oa]|"
    r"não|partid[oa]|duas vezes|expirou)\b",
    re.I,
)
_MOST = 8


@dataclass(frozen=True, slots=True)
class Matter:
    """One thing a message asks or wants: its place, where what leads to it begins, and whether that is another one."""

    start: int
    end: int
    since: int
    follows: bool


def matters(text: str, language: str) -> list[Matter]:
    """Everything that is asked or wanted, in order, told by grammar alone; at most eight. Empty where a message only tells."""
    found: list[Matter] = []
    since = -1
    for start, end in intents.sentences(text):
        sentence = text[start:end]
        if intents.is_courtesy(sentence) and not intents.asks(sentence):
            continue
        first = start if since < 0 else since
        asked = [part for part in _questions(text, start, end, language) if _wanted(text, *part)]
        since = -1 if asked else first
        for number, (a, b) in enumerate(asked):
            found.append(Matter(a, b, asked[number - 1][0] if number else first, number > 0))
    return found[:_MOST]


def _wanted(text: str, start: int, end: int) -> bool:
    part = text[start:end]
    if intents.is_filler(part) or _NOTICE.search(part):
        return False
    asked = (
        intents.asks(part) or intents.wants(part) or _TELLS.match(part) or _NEEDS.search(part) or _INDIRECT.search(part)
    )
    return bool(asked or (part[0].islower() and _whether(part)) or _listed(text, start))


def _whether(part: str) -> bool:
    return bool(re.match(rf"(?:{'|'.join(sorted(set(_WHETHER.values())))})\s", part, re.I))


def _questions(text: str, start: int, end: int, language: str) -> list[tuple[int, int]]:
    """A sentence cut where something that is asked or wanted follows another."""
    joins, whether = _JOINS.get(language, _JOINS["en"]), _WHETHER.get(language, _WHETHER["en"])
    spans, at = [], start
    for join in re.finditer(
        rf"(?:\s*[,;:–]\s*|\.{{2,}}\s*|\s+)(?:(?:{joins})(?:,?\s+{_ASIDE}\b,?)*\s+)|(?:\s*[;:–,]|\.{{2,}})\s+(?:{_ASIDE}\b,?\s+)*",
        text[start:end],
        re.I,
    ):
        a, b = start + join.start(), start + join.end()
        right = text[b:end]
        opens = (
            (intents.asks(right) and intents.opens(right))
            or re.match(rf"(?:{whether})\s", right, re.I)
            or _TELLS.match(right)
            or _NEEDS.match(" ".join(right.split()[:4]))
        )
        if opens and _says(right) and not _PREAMBLE.search(text[at:a]) and _wanted(text, at, a):
            spans.append((at, a))
            at = b
    return [*spans, (at, end)]


def clauses(text: str, language: str) -> list[tuple[int, int]]:
    """Spans of everything that asks, wants or tells of trouble, sentences cut where two things are joined; at most eight."""
    found: list[tuple[int, int]] = []
    for start, end in intents.sentences(text):
        sentence = text[start:end]
        wanted = intents.wants(sentence)
        if intents.is_courtesy(sentence) and not wanted:
            continue
        listed = bool(_ANNOUNCED.search(sentence)) or _listed(text, start)
        cut = _cut(text, start, end, language, commas=listed)
        if wanted or listed or intents.asks(sentence) or _NEEDS.search(sentence):
            found += cut
        else:
            found += [(a, b) for a, b in cut if _TROUBLE.search(text[a:b])]
    return found[:_MOST]


def _listed(text: str, start: int) -> bool:
    """Whether a sentence is an item of a list."""
    line = text[text.rfind("\n", 0, start) + 1 : start].strip()
    return bool(re.fullmatch(r"[-*+•–]|\(?\d{1,2}[.)]|[a-z]\)", line))


def _cut(text: str, start: int, end: int, language: str, *, commas: bool) -> list[tuple[int, int]]:
    joins = rf"(?:\s*[,;:–]\s*|\s+)(?:(?:{_JOINS.get(language, _JOINS['en'])})\s+)"
    spans, at = [], start
    for join in re.finditer(rf"{joins}|\s*[;:–,]\s+" if commas else joins, text[start:end], re.I):
        a, b = start + join.start(), start + join.end()
        if _says(text[at:a]) and _says(text[b:end]):
            spans.append((at, a))
            at = b
    return [*spans, (at, end)]


def _says(part: str) -> bool:
    """Whether a piece is long enough to name a thing."""
    return len(re.findall(r"[^\W\d_]{2,}", part)) >= 2
