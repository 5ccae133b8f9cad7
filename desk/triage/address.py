"""How a writer addresses us: du or Sie, je or u, tu or vous, tú or usted; in English by greeting and tone.

A form of address shows in pronouns and, in German, French and Spanish, as often only in the form of a verb. What is
quoted addresses somebody else. Greetings are looked at only where nothing in the sentences addresses us.
"""

import re
from dataclasses import dataclass

from desk.domain.enums import Register

_QUOTED = re.compile(r"„[^“”\"\n]{1,300}[“”\"]|“[^“”\n]{1,300}”|«[^«»\n]{1,300}»|\"[^\"\n]{1,300}\"")

_END = re.compile(r"(?<=[.!?])\s+|\n")


@dataclass(frozen=True, slots=True)
class _Forms:
    """What addresses us in one language: clearly one way, or casually only where nothing clear is said."""

    formal: re.Pattern[str]
    casual: re.Pattern[str]
    slight: re.Pattern[str]


def _forms(formal: str, casual: str, slight: str, *, flags: int = re.IGNORECASE) -> _Forms:
    return _Forms(re.compile(formal, flags), re.compile(casual, flags), re.compile(slight, re.IGNORECASE))


_START = r"(?:^|[.!?:,;\n–-]\s*|\b[Bb]itte\s+)"
_FORMS = {
    # Capitals mark the polite form in German, save at the start of a sentence, where only the verb tells "you" from
    # "she" ("Sie sind", "Sie ist") and from the familiar plural ("Ihr Kollege", "Ihr habt").
    "de": _forms(
        r"(?<!^)\bSie\b|\bSie (?:sind|[a-zäöüß]+e?n)\b|\bIhnen\b|\bIhre[nmrs]?\b|\bgeehrte"
        r"|(?<!t )(?<!d )\bIhr\b(?! (?:[a-zäöüß]+t\b|seid\b|mir\b|mich\b|uns\b))",
        r"\b(?:[Dd]u|[Dd]ich|[Dd]ir|[Dd]eine?[nmrs]?|[Ee]uch|[Ee]ure?[nmrs]?)\b"
        r"|\b[Ii]hr (?!gefällt|fehlt|passt|gehört|geht|hilft|steht|reicht|hat\b|ist\b|tut|nicht|jetzt|mit\b)"
        r"(?:[a-zäöüß]+t|seid|mir|mich|uns)\b"
        r"|\b(?![Gg]efällt|[Ff]ehlt|[Pp]asst|[Gg]ehört|[Gg]eht|[Hh]ilft|[Ss]teht|[Rr]eicht|[Hh]at\b|[Ii]st\b|[Nn]icht"
        r"|[Jj]etzt|[Mm]it\b|[Ss]eit\b|[Dd]ort|[Ee]rst|[Tt]ut|[Ww]ird)[A-Za-zäöüß]+ts? ihr\b"
        r"|\b(?:[Kk]ann|[Hh]a|[Kk]önnte|[Bb]i|[Ww]ill|[Mm]us|[Dd]arf|[Ss]oll|[Hh]ätte|[Ww]är|[Ww]ürde|[Ww]ir|[Mm]ach"
        r"|[Ss]chick|[Gg]ib|[Ss]ieh|[Bb]rauch|[Mm]ein|[Nn]imm|[Ss]chreib)st\b|\b[Ww]eißt\b|\bihr Lieben\b"
        r"|\b(?:[Hh]abt|[Ss]eid|[Kk]önnt|[Kk]önntet|[Ww]ollt|[Mm]üsst|[Nn]ehmt|[Gg]ebt|[Ww]erdet|[Ww]isst|[Dd]ürft) Ihr\b"
        rf"|{_START}(?![Nn]icht|[Jj]etzt|[Mm]it |[Ss]eit |[Ee]rst )[A-Za-zäöüß]{{2,}}t (?:bitte|mal|doch) "
        rf"|{_START}(?:[Ss]chau|[Mm]eld|[Ss]ag|[Ss]chick|[Mm]ach|[Gg]ib|[Nn]imm|[Gg]uck|[Hh]ilf|[Rr]uf|[Tt]rag|[Ll]ass"
        r"|[Ss]chreib|[Ss]end|[Ss]torniere|[Pp]rüf|[Ee]rklär)e? (?:mir|mich|uns|mal|bitte|doch|es|das|den|die|dich)\b"
        r"|\b(?:[Ss]agt|[Ss]chaut|[Gg]ebt|[Mm]eldet|[Mm]acht|[Hh]elft|[Ss]chickt) (?:mir|uns)\b"
        r"|\b[Bb]itte (?!jetzt|nicht|erst\b|mit\b|sofort|direkt|selbst|seit\b|fest\b|gut\b|statt\b|dort\b|ge|zuerst)"
        r"[a-zäöüß]{3,}t\b(?! (?:werden|wird|haben|hat|ist|sein)\b)",
        r"^\W*(?:hi|hey|moin|servus|huhu|hallöchen|na)\b|\b(?:leute|jungs|mädels)\b",
        flags=0,
    ),
    "nl": _forms(
        r"(?<!\d )(?<!\.)\b(?:u|uw|uzelf|gelieve|geachte)\b",
        r"\b(?:jij|jou|jouw|jullie)\b",
        # je is also "one": it counts where nobody is addressed with u.
        r"\bje\b|^\W*(?:hoi|hey|hee|hé|yo|hai)\b|\b(?:groetjes|liefs|doei|joh|thx|ff|xx+)\b",
    ),
    "fr": _forms(
        r"\b(?:vous|votre|vos|messieurs|monsieur|madame|svp)\b|\b(?!chez|assez|nez|rez)\w{2,}ez\b",
        r"\b(?:tu|toi|te|ton|ta|tes|stp)\b|\bt['’](?=\w)|\b(?!dites|faites)\w+(?<!ez)-(?:moi|nous)\b",
        r"^\W*(?:salut|coucou|hey|yo|kikou)\b|\b(?:bisous?|bises?|biz|a plus|à plus)\b",
    ),
    "es": _forms(
        r"\b(?:usted(?:es)?|estimad[oa]s?|señor(?:es|a|as)?|me puede[n]?|(?:puede|podr[íi]a)n? (?:ustedes|\w+(?:me|nos)))\b"
        r"|\b(?:d[íi]ga|h[áa]ga|resp[óo]nda|devu[ée]lva|escr[íi]ba|perm[íi]ta|p[óo]nga|resu[ée]lva|rem[íi]ta)n?(?:me|nos)\b"
        r"|\b(?!resp[óo]nd|devu[ée]lv|escr[íi]b|resu[ée]lv)\w*[áéíóú]\w*en?(?:me|nos)\b",
        r"\b(?:t[úu]|tus|te|ti|contigo|vos|vosotr[oa]s|os|vuestr[oa]s?|puedes|pod(?:r[íi]|é)as|podés|tienes|tenés|eres"
        r"|sois|sabes|sabés|quieres|querés|haces|hacés|estás|crees|dices|has|harías|pudieras|dime|dame|hazme|ponme|oye)\b"
        r"|\bme (?:l[oa]s? )?(?!l[ae]s\b)\w{2,}[ae]s\b|\b\w+(?:áis|éis|íais|steis)\b|\b\w+(?:ad|ed|id)(?:me|nos|lo)\b"
        r"|\b(?!d[íi]ga|h[áa]ga|resp[óo]nda|devu[ée]lva|escr[íi]ba|perm[íi]ta|p[óo]nga|resu[ée]lva|rem[íi]ta)"
        r"\w*[áéíóú]\w*a(?:me|nos)\b|\b(?:envia|manda|avisa|ayuda|contesta|pasa)me\b"
        rf"|{_START}(?:por favor,? )?(?:mira|revisa|comprueba|manda|env[íi]a|cambia|cancela|borra|arregla|busca|habla)\b"
        r"|\b(?:resp[óo]nde|devu[ée]lve|escr[íi]be|resu[ée]lve)(?:me|nos)\b"
        r"|\b(?!exist|trist|chist|consist|resist|insist|asist|contrast|desgast)\w{2,}[ai]ste\b",
        r"^\W*(?:ey|hey|hola guap[oa]s?)\b|\b(?:chic[oa]s|porfa|besos|bss|crack)\b",
    ),
    "it": _forms(
        r"\b(?:lei|voi|vi|potete|potreste|vostr[oaie]|suo|sua|potrebbe|può)\b",
        r"\b(?:tu|ti|tuo|tua|tuoi|puoi|potresti|hai|sei)\b",
        r"^\W*(?:ciao|ehi)\b",
    ),
    "en": _forms(
        r"\b(?:dear|to whom it may concern|sincerely|yours (?:truly|faithfully)|kind(?:est)? regards|sir|madam|"
        r"i am writing|would be grateful|i look forward)\b",
        r"^\W*(?:hi|hey|hiya|yo|howdy|morning|what's up|sup)\b|\b(?:cheers|thx|thanks a (?:bunch|ton)|gonna|wanna|"
        r"u guys|you guys|pls|plz|ur|lol|btw)\b|[:;]-?[)D]",
        r"(?!)",
    ),
}


def register(text: str, language: str) -> Register:
    """The form of address of `text` in `language`; formal where nobody is addressed or the language knows no difference.

    Where both forms stand, the one in more sentences counts, and the formal one where they are even.
    """
    forms = _FORMS.get(language)
    if forms is None:
        return Register.FORMAL
    said = _QUOTED.sub(" ", text)
    sentences = [s for part in _END.split(said) if (s := part.strip())]
    formal = sum(bool(forms.formal.search(s)) for s in sentences)
    casual = sum(bool(forms.casual.search(s)) for s in sentences)
    if not formal and not casual:
        casual = bool(forms.slight.search(said))
    return Register.CASUAL if casual > formal else Register.FORMAL
