"""What we promised: sentences of our own mail in which we say that we will do something, and by when (en, de, nl, fr, es).

Deterministic. What only holds if or once something happens is no promise yet, and neither is "we will be happy to".
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from desk.pipeline.sentences import sentences, unwrapped

_I = re.IGNORECASE
_BY_MAIL = re.compile(
    r"\b(?:get back to|come back to|let you know|keep you (?:posted|informed|updated)|inform you|update you|write to you|"
    r"reply|answer|hear from us|confirm)\b|"
    r"\b(?:meld\w+|bescheid|inform\w+|antwort\w+|schreib\w+|bestätig\w+|hör\w+ von uns)\b|"
    r"\b(?:weten|komen\b.*\bterug|hoor\w* van ons|bericht\w*|antwoord\w*|bevestig\w*)\b|"
    r"\b(?:tien\w+ (?:au courant|informée?s?)|revien\w+|inform\w+|répond\w+|écri\w+|confirm\w+|nouvelles)\b|"
    r"\b(?:avis\w+|inform\w+|respond\w+|escrib\w+|confirm\w+|noticias)\b",
    _I,
)
_DOES = re.compile(
    # en
    r"\b(?:we|i)(?:'ll|’ll| will| shall|(?: are|'re|’re| am|'m|’m) going to)\s+(?:also |then |certainly |personally )?"
    r"(?!not\b|never\b|be (?:happy|glad|pleased|able|delighted)|need\b|have to\b|only\b)[a-z]+|"
    r"\byou(?:'ll|’ll| will)\s+(?:receive|get|hear from|have(?! to))\b|"
    r"\b(?:it|they|your [\w ]{2,30}|the [\w ]{2,30}|a [\w ]{2,30})\s+will be\s+(?:refunded|sent|shipped|delivered|credited|"
    r"repaired|replaced|transferred|exchanged|picked up|paid)\b|\b(?:we|i) (?:promise|guarantee)\b|"
    # de
    r"\b(?:wir|ich)\s+(?:werden?|rufen?|senden?|sende|schicken?|erstatten?|melden?|prüfen?|klären?|liefern?|überweisen?|"
    r"informieren?|geben?|tauschen?|reparieren?|ersetzen?|kümmern?|verspreche\w*|holen?|bringen?|antworten?|schreiben?)\b|"
    r"\b(?:erstatten|senden|schicken|liefern|überweisen|melden|rufen|tauschen|reparieren|ersetzen|prüfen|klären|werden)\s+wir\b|"
    r"\b(?:rufe|melde|sende|schicke|werde|prüfe|kläre|gebe)\s+ich\b|"
    r"\b(?:sie (?:erhalten|bekommen|hören)|du (?:erhältst|bekommst|hörst)|ihr (?:erhaltet|bekommt|hört))\b|"
    r"\bwird\b[^.]{0,80}\b(?:erstattet|überwiesen|verschickt|versandt|geliefert|gutgeschrieben|repariert|ersetzt|umgetauscht)\b|"
    # nl
    r"\b(?:wij|we|ik)\s+(?:zullen|zal|gaan|ga|bellen?|bel|sturen|stuur|betalen|laten|laat|nemen|neem|zoeken|zoek|komen|kom|"
    r"leveren|vervangen|repareren|storten)\b|\b(?:bellen|sturen|betalen|laten|nemen|zullen|leveren|storten)\s+(?:wij|we)\b|"
    r"\b(?:u|je|jullie) (?:ontvangt|krijgt|hoort|ontvangen|krijgen)\b|"
    r"\bwordt\b[^.]{0,80}\b(?:terugbetaald|verzonden|geleverd|vervangen|gerepareerd|teruggestort)\b|"
    # fr
    r"\b(?:nous|je)\s+(?:(?:vous|te|le|la|les|lui|leur)\s+){0,2}(?:allons|vais|\w+(?:rons|rai))\b|"
    r"\b(?:vous (?:recevrez|aurez)|tu (?:recevras|auras))\b|"
    r"\b(?:sera|seront)\s+(?:rembours|envoy|livr|expédi|remplac|répar|crédit)\w+|"
    # es
    r"\b(?:(?:le|les|te|os|lo|la|se lo|se la)\s+)?\w+(?:aremos|eremos|iremos|ndremos|dremos)\b|\bvamos a\s+\w+r\b|"
    r"\b(?:recibirá[sn]?|recibiréis|tendrá[sn]?)\b|\bserá[n]?\s+(?:reembols|envi|entreg|repar|reemplaz|abon)\w+",
    _I,
)
_CONDITION = re.compile(
    r"\b(?:if|once|as soon as|when(?:ever)?|unless|in case|after you|wenn|sobald|falls|sofern|nachdem|als|zodra|indien|wanneer|"
    r"nadat|dès que|lorsque|quand|cuando|en cuanto|una vez)\b|(?:^|[,;] )(?:si|s'il|s’il)\b|"
    r", (?:dann|then|dan|alors|entonces)\b|^(?:möcht\w+|haben|hast|habt|ist|sind|sollt\w+|wollen|willst) (?:sie|du|ihr|es)\b",
    _I,
)
_NOTHING = re.compile(
    r"\b(?:will not|won['’]t|can['’]?t|cannot|nicht|kein\w*|niet|geen|ne \w+ pas|no podemos|gern\w* (?:für|helfen|zur)|"
    r"happy to|look forward|freuen uns|(?:be|stand|stehen) (?:there|available|zur verfügung)|thank you|danken)\b",
    _I,
)
_NUMBERS = {
    word: n
    for n, forms in enumerate(
        (
            *("one ein einen einem een un une uno una", "two zwei twee deux dos", "three drei drie trois tres"),
            *(
                "four vier quatre cuatro",
                "five fünf vijf cinq cinco",
                "six sechs zes seis",
                "seven sieben zeven sept siete",
            ),
            *("eight acht huit ocho", "nine neun negen neuf nueve", "ten zehn tien dix diez"),
        ),
        1,
    )
    for word in forms.split()
}
_COUNT = rf"(?P<n>\d{{1,3}}|{'|'.join(_NUMBERS)})"
_WITHIN = re.compile(
    rf"(?:\b(?:to|bis|bis zu|tot|à|a|-|–)\s+|[-–]\s?)?\b{_COUNT}\s+(?P<work>working |business |work)?"
    r"(?P<unit>hours?|days?|weeks?|months?|stunden?|tage?n?|werktage?n?|arbeitstage?n?|wochen?|monate?n?|"
    r"uur|uren|dag(?:en)?|werkdag(?:en)?|we(?:ek|ken)|maand(?:en)?|heures?|jours?|semaines?|mois|horas?|días?|semanas?|mes(?:es)?)\b"
    r"(?P<after> (?:ouvrables|ouvrés|laborables|hábiles))?",
    _I,
)
_SOON = re.compile(
    r"\b(?:within|in|between|zwischen|tussen|entre|innerhalb|binnen|dans|sous|en|dentro|nächsten|next|komende|prochains|"
    r"próximos)\b",
    _I,
)
_DAYS = (
    r"monday|montag|maandag|lundi|lunes",
    r"tuesday|dienstag|dinsdag|mardi|martes",
    r"wednesday|mittwoch|woensdag|mercredi|miércoles",
    r"thursday|donnerstag|donderdag|jeudi|jueves",
    r"friday|freitag|vrijdag|vendredi|viernes",
    r"saturday|samstag|sonnabend|zaterdag|samedi|sábado",
    r"sunday|sonntag|zondag|dimanche|domingo",
)
_MONTHS = (
    *(
        "january|januar|januari|janvier|enero",
        "february|februar|februari|février|febrero",
        "march|märz|maart|mars|marzo",
    ),
    *("april|avril|abril", "may|mai|mei|mayo", "june|juni|juin|junio", "july|juli|juillet|julio"),
    *("august|augustus|août|agosto", "september|septembre|septiembre", "october|oktober|octobre|octubre"),
    *("november|novembre|noviembre", "december|dezember|décembre|diciembre"),
)
_MONTH = "|".join(f"(?P<m{n}>{forms})" for n, forms in enumerate(_MONTHS, 1))
_DATED = re.compile(
    rf"\b(?P<day>\d{{1,2}})(?:\.|st|nd|rd|th|er)?\s+(?:of\s+|de\s+)?(?:{_MONTH})\b(?:\s+(?:de\s+)?(?P<y>\d{{4}}))?", _I
)
_MONTH_FIRST = re.compile(rf"\b(?:{_MONTH})\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+(?P<y>\d{{4}}))?", _I)
_ISO = re.compile(r"\b(?P<y>\d{4})-(?P<m>\d{2})-(?P<day>\d{2})\b")
_DOTTED = re.compile(r"\b(?P<day>\d{1,2})[./](?P<m>\d{1,2})[./](?P<y>\d{4}|\d{2})?(?!\d)")
_WORDS: tuple[tuple[str, Callable[[date], date]], ...] = (
    (r"today|tonight|heute|vandaag|aujourd['’]hui|hoy", lambda on: on),
    (r"the day after tomorrow|übermorgen|overmorgen|après-demain|pasado mañana", lambda on: on + timedelta(days=2)),
    (r"tomorrow|(?<!guten )morgen(?! früh)|demain|mañana", lambda on: on + timedelta(days=1)),
    (
        r"next week|nächste\w* woche|volgende week|semaine prochaine|(?:próxima semana|semana que viene)",
        lambda on: on + timedelta(days=11 - on.weekday()),
    ),
    (
        r"(?:this week|end of the week|diese\w* woche|ende der woche|deze week|cette semaine|fin de semana|esta semana)",
        lambda on: on + timedelta(days=max(0, 4 - on.weekday())),
    ),
)


@dataclass(frozen=True, slots=True)
class Promised:
    """One promise: its sentence as it stands, the day it is due (None where none is said), and whether a mail keeps it."""

    text: str
    due: date | None
    by_mail: bool


def found(text: str, on: date) -> list[Promised]:
    """The promises in our own words (greeting, quotes and closing cut off), sent on that day."""
    promises = []
    for start, end in sentences(unwrapped(text)):
        said = " ".join(text[start:end].split())
        if not _DOES.search(said) or _CONDITION.search(said) or _NOTHING.search(said) or said.endswith("?"):
            continue
        due, by_mail = due_on(said, on), bool(_BY_MAIL.search(said))
        if due is not None or by_mail or len(said.split()) >= 4:
            promises.append(Promised(text[start:end], due, by_mail))
    return promises


def due_on(said: str, on: date) -> date | None:
    """The last day that a sentence written on the day `on` names: a date, a weekday, a count of days; None without one."""
    for pattern in (_ISO, _DATED, _MONTH_FIRST, _DOTTED):
        if (match := pattern.search(said)) and (day := _day(match, on)):
            return day
    for match in reversed(list(_WITHIN.finditer(said))):
        if _SOON.search(said[: match.start()]):
            return _after(match, on)
    for words, moved in _WORDS:
        if re.search(rf"\b(?:{words})\b", said, _I):
            return moved(on)
    for number, names in enumerate(_DAYS):
        if re.search(rf"\b(?:{names})s?\b", said, _I):
            return on + timedelta(days=(number - on.weekday() - 1) % 7 + 1)
    return None


def _after(match: re.Match[str], on: date) -> date:
    count = int(match["n"]) if match["n"].isdigit() else _NUMBERS[match["n"].lower()]
    unit = match["unit"].lower()
    if re.match(r"h(?:our|eure|ora)|stunde|u[ur]", unit):
        return on + timedelta(days=(count + 23) // 24 if count > 8 else 0)
    if re.match(r"mo[nis]|maand|mes", unit):
        return on + timedelta(days=30 * count)
    if match["work"] or match["after"] or re.match(r"werk|arbeit", unit):
        return _working(on, count)
    if re.match(r"we|woche|sema", unit):
        return on + timedelta(weeks=count)
    return on + timedelta(days=count)


def _working(on: date, count: int) -> date:
    """So many working days later, Saturdays and Sundays not counted; holidays are nobody's to know here."""
    while count:
        on += timedelta(days=1)
        count -= on.weekday() < 5
    return on


def _day(match: re.Match[str], on: date) -> date | None:
    """A named day; without a year the next one that comes."""
    given = match.groupdict()
    month = int(given["m"]) if given.get("m") else next((n for n in range(1, 13) if given.get(f"m{n}")), 0)
    year = int(given["y"]) if given.get("y") else on.year
    year += 2000 if year < 100 else 0
    try:
        day = date(year, month, int(given["day"]))
        return day if given.get("y") or day >= on else day.replace(year=year + 1)
    except ValueError:
        return None
