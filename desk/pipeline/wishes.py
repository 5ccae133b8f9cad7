"""What a colleague asks of another draft, as far as desk can do it without a model: shorter, another language or form of
address, one question alone. What is left over needs a model, and is said."""

import re
from collections.abc import Callable
from dataclasses import replace

from desk.domain.enums import Known, Register
from desk.domain.ticket import Fact, Passage
from desk.knowledge.facts import order_sentence, product_sentence
from desk.pipeline import agreement
from desk.pipeline.compose import Material, Wish, answering
from desk.pipeline.phrases import PHRASES

Translate = Callable[[Passage, str], Passage | None]
"""The same passage of an article in another language; None where the article has no such version."""

_LANGUAGES = {
    "en": "english|englisch|engels|anglais|inglés|ingles",
    "de": "german|deutsch|duits|allemand|alemán|aleman",
    "nl": "dutch|niederländisch|holländisch|nederlands|néerlandais|neerlandés|holandés",
    "fr": "french|französisch|frans|français|francais|francés|frances",
    "es": "spanish|spanisch|spaans|espagnol|español|espanol|castellano",
    "it": "italian|italienisch|italiaans|italien|italiano",
    "pt": "portuguese|portugiesisch|portugees|portugais|portugués",
    "pl": "polish|polnisch|pools|polonais|polaco",
}
_NAMES = {
    "en": "English", "de": "German", "nl": "Dutch", "fr": "French", "es": "Spanish", "it": "Italian",
    "pt": "Portuguese", "pl": "Polish",
}  # fmt: skip
_SHORTER = re.compile(
    r"\b(?:(?:make it |much |a bit |etwas |viel |wat |un peu |mucho |un poco )?(?:short(?:er|en)?|brief(?:er|ly)?|concise|"
    r"more concise|kürzer|knapper|kurz|korter|bondiger|plus courte?|plus brève?|plus bref|más corto|más breve)|"
    r"too long|less (?:words|text)|zu lang|te lang|trop long|demasiado largo)\b",
    re.I,
)
_CASUAL = re.compile(
    r"\b(?:less formal(?:ly)?|more casual(?:ly)?|casual(?:ly)?|informal(?:ly)?|weniger (?:formell|förmlich)|lockerer|locker|"
    r"duzen|per du|mit du|minder formeel|informeler|informeel|tutoyer|tutoie[rz]?|moins formel(?:le)?|menos formal|"
    r"tutear|de tú)\b",
    re.I,
)
_FORMAL = re.compile(
    r"\b(?:more formal(?:ly)?|formal(?:ly)?|less casual|formeller|förmlicher|förmlich|formell|siezen|per sie|mit sie|"
    r"formeler|formeel|met u|vouvoyer|vouvoie[rz]?|plus formel(?:le)?|más formal|de usted)\b",
    re.I,
)
_PLACE = {
    "first": 0, "erste": 0, "eerste": 0, "première": 0, "primera": 0,
    "second": 1, "zweite": 1, "tweede": 1, "deuxième": 1, "segunda": 1,
    "third": 2, "dritte": 2, "derde": 2, "troisième": 2, "tercera": 2,
    "last": -1, "letzte": -1, "laatste": -1, "dernière": -1, "última": -1,
}  # fmt: skip
_ONLY = re.compile(
    r"\b(?:only|just|nur|alleen|seulement|uniquement|sólo|solo)\s+(?:(?:answer|reply to|beantworte|auf|répondre à)\s+)?"
    rf"(?:the|die|de|het|la|à la)?\s*(?P<place>{'|'.join(_PLACE)})\s+(?:question|part|frage|vraag|pregunta|one)\b"
    r"(?:\s+(?:beantworten|beantwoorden))?",
    re.I,
)
_LANGUAGE = re.compile(
    r"\b(?:(?:in|auf|op|in het|en|translate(?:d)? (?:in)?to|into|übersetze (?:es )?(?:ins|auf))\s+)?(?:"
    + "|".join(f"(?P<{code}>{names})" for code, names in _LANGUAGES.items())
    + r")(?:e[sn]?)?\b",
    re.I,
)
_FILLER = re.compile(
    r"[\W\d_]|\b(?:please|bitte|alstublieft|graag|svp|por favor|and|und|en|et|y|but|aber|also|again|make|keep|write|rewrite|"
    r"answer|reply|it|the|this|draft|text|mail|be|is|a|bit|mach|es|schreib|den|das|maak|het|fais|plus|hazlo|too|"
    r"in|schreibe|antworte|répondez?|responde)\b",
    re.I,
)
_TOLD_TONE = re.compile(r"\bthe tone is wrong\b")
_TOLD_LANGUAGE = re.compile(r"\bit is in the wrong language\b")
"""Reasons of a refusal that a wish makes good."""


def of(instruction: str) -> Wish:
    """What of an instruction desk does by itself. Later words win over earlier ones; `rest` is what it did not understand."""
    text, found = instruction, Wish()
    if match := _last(_ONLY, text):
        found, text = replace(found, only=_PLACE[match["place"].lower()]), _ONLY.sub(" ", text)
    if _SHORTER.search(text):
        found, text = replace(found, shorter=True), _SHORTER.sub(" ", text)
    casual, formal = _last(_CASUAL, text), _last(_FORMAL, _CASUAL.sub(lambda m: "#" * len(m[0]), text))
    if casual or formal:
        later = casual is not None and (formal is None or casual.start() > formal.start())
        found = replace(found, register=Register.CASUAL if later else Register.FORMAL)
        text = _FORMAL.sub(" ", _CASUAL.sub(" ", text))
    if match := _last(_LANGUAGE, text):
        found, text = replace(found, language=str(match.lastgroup)), _LANGUAGE.sub(" ", text)
    told = _TOLD_TONE.sub(" ", text) if found.register else text
    told = _TOLD_LANGUAGE.sub(" ", told) if found.language else told
    rest = " ".join(told.split()).strip(" ,;.:")
    return replace(found, rest=rest if found == Wish() or _FILLER.sub("", told) else "")


def _last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    found = list(pattern.finditer(text))
    return found[-1] if found else None


def grant(material: Material, wish: Wish, translate: Translate) -> tuple[Material, str]:
    """The material as a wish wants it, and why not, in a sentence, where it can't be: the material is then as it was."""
    wanted = material
    if wish.rest:
        return material, f"“{wish.rest[:80]}” needs a model"
    if wish.only is not None:
        places = range(len(material.retrievals))
        if len(places) < 2 or not -len(places) <= wish.only < len(places):
            return material, f"{len(places) or 'no'} question of this message was told apart"
        wanted = replace(wanted, retrievals=(material.retrievals[wish.only],), open=())
        if wanted.retrievals[0].known is Known.KNOWN:
            wanted = replace(wanted, facts=(), wants_order=False)
    if wish.language:
        return _in_language(material, wanted, wish.language, translate)
    return wanted, ""


def _in_language(material: Material, wanted: Material, language: str, translate: Translate) -> tuple[Material, str]:
    name = _NAMES[language]
    if language not in PHRASES:
        return material, f"desk has no sentences of its own in {name}, so it needs a model"
    found = []
    chosen = answering(wanted.retrievals, wanted.triage.language)
    for retrieval in wanted.retrievals:
        best = next((p for p in retrieval.passages if p in chosen), None)
        if agreement.unsettled(retrieval, best):
            return material, "two sources disagree about the answer; settle that first"
        put = translate(best, language) if best is not None and best.language != language else best
        if best is not None and put is None:
            return material, f"no article says “{best.title}” in {name}"
        found.append(replace(retrieval, passages=(put,) if put else ()))
    facts = [_said(fact, language) for fact in wanted.facts]
    return replace(wanted, retrievals=tuple(found), facts=tuple(facts)), ""


def _said(fact: Fact, language: str) -> Fact:
    """A fact of our own tables in another language; one that a lookup of the house answered stands as it was given."""
    if fact.kind == "order" and "status" in fact.fields and fact.key == fact.fields.get("number"):
        return replace(fact, text=order_sentence(fact.fields, language))
    if fact.kind == "product" and "name" in fact.fields:
        return replace(fact, text=product_sentence(fact.fields, language))
    return fact


def unanswered(before: Material, after: Material) -> list[str]:
    """The questions that a wish left out."""
    kept = {r.question for r in after.retrievals}
    left = [r.question for r in before.retrievals if r.question not in kept]
    return [" ".join(q.split())[:100] for q in (*left, *(q for q in before.open if q not in after.open))]
