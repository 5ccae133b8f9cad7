"""Whether a message can't wait for the window: said in words, weighed, without any model."""

import re

# Danger to people or property, a standstill, and a stated deadline within a day count alone; a plain "urgent" counts in
# the subject, or in the text when nothing softens it.
_DANGER = re.compile(
    r"\b(?:(?:caught|catches|on) fire|smoke (?:is |was |keeps )?(?:com(?:ing|es)|pour(?:ing|s)|rising|from|out)|"
    r"(?:started|starts|is|was|begins|began) (?:to smoke|smoking)|smoking (?:from|out of)|"
    r"sparks? (?:fly(?:ing)?|flew|com(?:ing|es?)|came|from|are)|"
    r"sparking|"
    r"electric shock|electrocuted|burn(?:t|ed|ing) (?:smell|plastic|my|his|her|hand)|smells? (?:burnt|"
    r"of burning|like burning)|"
    r"gas leak|injur(?:ed|y)|bleeding|ambulance|"
    r"brennt|es qualmt|qualmt|raucht|funken|stromschlag|riecht verbrannt|verletzt|gasgeruch|"
    r"in brand|rookt|vonken|stroomschok|elektrische schok|ruikt verbrand|gewond|"
    r"prend feu|pris feu|étincelles|de la fumée|décharge électrique|choc électrique|sent le brûlé|blessée?s?|"
    r"se ha incendiado|en llamas|echa humo|sale humo|saltan chispas|chispas|descarga eléctrica|huele a quemado|"
    r"heridos?|"
    r"ha preso fuoco|in fiamme|esce fumo|scintille|scossa elettrica|odore di bruciato|ferit[oa])\b",
    re.IGNORECASE,
)
_STANDSTILL = re.compile(
    r"\b(?:(?:server|system|site|website|service|network|production|checkout|shop|everything|database) (?:is |"
    r"are |has been "
    r"|went )?(?:completely |totally )?(?:down|offline|unreachable|not reachable)|production (?:has )?stopped|outage|"
    r"(?:nobody|no one|none of us|all staff|staff) (?:can(?:'t|not)?|are unable to) (?:work|log)|"
    r"account (?:was |has been |is )?"
    r"(?:hacked|compromised|taken over)|data breach|security breach|stolen card|fraudulent (?:charge|payment|order)|"
    r"(?:server|system|webseite|shop|netz|kasse|kassensystem|produktion|anlage) (?:ist |sind |liegt |steht |"
    r"komplett )*"
    r"(?:ausgefallen|down|offline|lahm|still)|totalausfall|gehackt|server ligt plat|(?:systeem|website|"
    r"webwinkel|kassa|server) "
    r"(?:ligt|is) (?:plat|onbereikbaar|eruit)|gehackt|en panne totale|(?:serveur|site|système|réseau) (?:est |sont )?"
    r"(?:hors ligne|en panne|inaccessible|tombé)|piraté|(?:sistema|servidor|web|tienda|red) (?:está |se ha )?"
    r"(?:caído|caída|parado)|hackead[oa]|(?:server|sistema|sito|rete) (?:è )?(?:offline|bloccato|fermo|"
    r"irraggiungibile)|"
    r"hackerat[oa])\b",
    re.IGNORECASE,
)
_GRAVE = re.compile(
    r"\b(?:critical (?:\w+ )?(?:issue|problem|outage|incident|failure|error|impact)|(?:highest|top|high)[- ]priority|"
    r"immediate (?:assistance|attention|help|support|action)|urgent (?:help|assistance|attention|support)|"
    r"as soon as you (?:read|see|get) this|at once|complete (?:outage|loss|standstill)|"
    r"kritische[rsmn]? (?:\w+ )?(?:problem|ausfall|störung|fehler|vorfall)|höchste[r]? priorität|"
    r"sofortige (?:hilfe|unterstützung)|"
    r"dringende (?:hilfe|unterstützung)|komplette[rn]? ausfall|kritie[ks]e? (?:storing|probleem)|hoogste prioriteit|"
    r"(?:problème|panne|incident) critique|priorité absolue|aide (?:urgente|immédiate)|assistance (?:urgente|"
    r"immédiate)|"
    r"(?:problema|fallo|interrupción|incidente) crític[oa]|máxima prioridad|ayuda (?:urgente|inmediata)|"
    r"(?:problema|guasto|errore) critico|massima priorità|aiuto (?:urgente|immediato)|"
    r"interrupção crítica|problema crítico|com urgência|ajuda (?:urgente|imediata))\b",
    re.IGNORECASE,
)
_WORD = re.compile(
    r"\b(?:urgent(?:ly|e|emente)?|emergency|asap|as soon as possible|immediate(?:ly)?|right away|critical|"
    r"dringend(?:e[rsn]?|st)?|eilt|eilig|notfall|umgehend|sofort(?:ige[rsn]?)?|schnellstmöglich|"
    r"spoed(?:eisend)?|noodgeval|onmiddellijk|zo snel mogelijk|"
    r"urgence|immédiat(?:e|ement)?|au plus vite|d'urgence|dès que possible|le plus vite possible|"
    r"emergencia|inmediat(?:o|a|amente)|cuanto antes|lo antes posible|"
    r"urgenza|urgentemente|emergenza|immediatamente|al più presto|subito|il prima possibile)\b",
    re.IGNORECASE,
)
_STRONG = re.compile(
    r"\b(?:urgent(?:ly)?|emergency|asap|dringend(?:e[rsn]?)?|notfall|spoed|noodgeval|urgence|urgente(?:mente)?|"
    r"emergencia|"
    r"urgenza|emergenza)\b",
    re.IGNORECASE,
)
_DEADLINE = re.compile(
    r"\b(?:today|tonight|this (?:morning|afternoon|evening)|tomorrow|within (?:the|an|one|two) hours?|by noon|"
    r"right now|"
    r"heute|heute noch|bis morgen|morgen früh|morgen|jetzt sofort|vandaag|vanavond|morgen|nu meteen|aujourd'hui|"
    r"ce soir|demain|"
    r"maintenant|hoy|esta (?:tarde|noche)|mañana|ahora mismo|oggi|stasera|domani|adesso)\b",
    re.IGNORECASE,
)
_NEED = re.compile(
    r"\b(?:need(?:ed|s)?|must|has to|have to|please|bitte|s'il vous plaît|por favor|alstublieft|per favore|"
    r"leav(?:e|es|ing)|"
    r"fl(?:y|ies|ight)|due|"
    r"wedding|funeral|deadline|brauche[n]?|muss|müssen|benötige[n]?|rufen|hochzeit|frist|nodig|moet(?:en)?|bruiloft|"
    r"besoin|faut|dois|doit|mariage|necesit\w+|debe\w*|boda|urge|serve|devo|deve|bisogno|matrimonio)\b",
    re.IGNORECASE,
)
_NOT = (
    r"(?:no|not|nothing|isn't|kein\w*|nicht|nichts|geen|niet|niets|pas|aucune|sans|rien|sin|ninguna|nada|non|nessun\w*|senza|"
    r"niente|não|sem|nenhuma)"
)
_AT_ALL = (
    r"(?:[ '’](?:at|all|so|that|very|really|particularly|gar|sehr|besonders|wirklich|überhaupt|großen?|heel|erg|zo|echt|"
    r"enkele|totaal|est|du|tout|d|de|si|très|vraiment|es|hay|tengo|tenemos|corre|ninguna|nada|muy|mucha|tan|è|c'è|ho|abbiamo|per|niente|nulla|affatto|"
    r"molto|così|grande|é|há|muita|tão)){0,3}"
)
"""What may stand between "not" and "urgent"."""
_HASTE = (
    r"(?:urgent\w*|urgen[zc]\w*|urgência|hurry|rush|pressing|dringend\w*|dringlich\w*|eilig\w*|eile|haast|"
    r"spoed\w*|pressée?s?|pressant\w*|prisa|apremiante|fretta|premura|pressa)"
)
_SOFT = re.compile(
    rf"\b(?:{_NOT}{_AT_ALL}[ '’]{_HASTE}|"
    r"not (?:at all )?(?:an emergency|critical)|non[- ]urgent|eilt (?:\w+ )?nicht|nicht sofort|whenever you|take your time|"
    r"when you have (?:time|a moment)|(?:it|this|that) can (?:easily )?wait|(?:das|es) hat (?:noch |viel )?zeit|"
    r"(?:das|es) kann (?:ruhig |gerne? |noch )?warten|kan (?:gerust |rustig |best )?wachten|"
    r"(?<!ne )peut (?:bien |très bien |tout à fait )?attendre|(?<!no )puede esperar|(?<!non )può (?:benissimo )?aspettare|"
    r"(?<!não )pode esperar|in urgent cases|in dringenden fällen|bij spoed|in spoedgevallen|en cas d'urgence|"
    r"en caso de urgencia|para temas urgentes|in caso di urgenza)\b",
    re.IGNORECASE,
)
_SELLING = re.compile(
    r"\b(?:act now|order (?:now|today)|buy now|click here|unsubscribe|limited (?:time|offer)|offer expires|"
    r"free trial|% off|"
    r"jetzt (?:kaufen|sichern)|newsletter|abmelden|klik hier|cliquez|haga clic|clicca)\b",
    re.IGNORECASE,
)
_READ = 4000


def urgent(subject: str, text: str) -> bool:
    """Whether to start at once instead of waiting for the thread to go quiet. Deterministic, well under a millisecond.

    True for danger and standstill, for "urgent" in the subject, and for "urgent" in the text with a need or a deadline
    beside it; false where the writer says it can wait, and for advertising that only sounds urgent.
    """
    body = text[:_READ]
    whole = f"{subject}\n{body}"
    if _SELLING.search(whole):
        return False
    if _DANGER.search(whole):
        return True
    if _SOFT.search(whole):
        return False
    if _STANDSTILL.search(whole) or _GRAVE.search(whole) or _STRONG.search(subject):
        return True
    for line in re.split(r"(?<=[.!?])\s+|\n+", body):
        strong, word = _STRONG.search(line), _WORD.search(line)
        if strong and (_NEED.search(line) or _DEADLINE.search(line) or len(line) < 60):
            return True
        pressed = _NEED.search(line) and _DEADLINE.search(line)
        if pressed and (word or line.rstrip().endswith("!")):
            return True
    return False
