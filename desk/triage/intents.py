"""A message cut into what it says: sentences with their places, and the distinct questions and requests among them."""

import re

_BREAK = re.compile(r"(?<=[.!?…。！？])[\"'”’»)\]]*\s+|[ \t]*\n[ \t]*(?:\n[ \t]*)*")
_ABBREVIATION = re.compile(
    r"(?:^|\s)(?:[A-Za-z]|z\.\s?B|d\.\s?h|e\.g|i\.e|etc|ca|bzw|usw|Nr|nr|No|no|St|Mr|Mrs|Ms|Dr|Prof|Sr|Sra|Hr|"
    r"Fr|vs|approx)\.$"
)
_LIST_MARK = re.compile(r"^(?:[-*+•–]|\(?\d{1,2}[.)]|[a-z]\))\s+")
_COURTESY = re.compile(
    r"^(?:hi|hello|hey|dear|good (?:morning|afternoon|evening|day)|to whom it may concern|thanks?(?: you)?|"
    r"many thanks|regards|"
    r"(?:best|kind|warm) (?:regards|wishes)|sincerely|cheers|yours|"
    r"hallo|guten (?:tag|morgen|abend)|sehr geehrte|liebe[rs]?|moin|servus|danke|vielen dank|besten dank|(?:mit )?"
    r"(?:freundlichen?|liebe|viele|beste) gr[üu](?:ß|ss)en?|grüße|mfg|"
    r"beste|geachte|goede(?:morgen|middag|navond|ndag)|hoi|dag|bedankt|alvast bedankt|"
    r"met vriendelijke groet(?:en)?|groet(?:jes|en)?|"
    r"bonjour|bonsoir|salut|cher|chère|madame|monsieur|merci|cordialement|bien (?:à vous|cordialement)|salutations|"
    r"hola|buen[oa]s? (?:días|tardes|noches)|estimad[oa]s?|gracias|muchas gracias|un saludo|saludos|atentamente|"
    r"cordialmente|"
    r"buongiorno|buonasera|salve|ciao|gentil[ei]|grazie|cordiali saluti|distinti saluti|saluti)\b[^?]{0,45}$",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"^(?:and |but |also,? |so,? |und |aber |auch |en |maar |et |mais |y |pero |e |ma )?(?:how|what|when|where|"
    r"why|who|which|can|"
    r"could|do|does|did|is|are|will|would|may|should|has|have|wie|was|wann|wo|wohin|woher|warum|wieso|weshalb|"
    r"wer|welche[rsnm]?|"
    r"kann|können|könnt|könnten|könntet|gibt es|ist|sind|habt|haben|hoe|wat|wanneer|waar|waarom|wie|welke?|kan|"
    r"kunnen|kunt|"
    r"hebben|is|zijn|comment|quand|où|pourquoi|combien|quel(?:le)?s?|est-ce|pouvez|pourriez|puis-je|peut-on|qui|"
    r"cómo|como|"
    r"cuándo|cuando|dónde|donde|por qué|qué|cuál|cuánto|puede[ns]?|podrían?|tienen|hay|come|quando|dove|dov'è|"
    r"perché|quanto|"
    r"quale|potete|posso|può|avete|c'è)\b",
    re.IGNORECASE,
)
# A statement whose subject is left out, closed as one: "Ist schon bestellt.", "Is fine now."
_SUBJECTLESS = re.compile(
    r"^(?:[Ii]st|[Ss]ind|[Ii]s|[Zz]ijn) (?!(?:it|this|that|these|those|there|the|my|your|our|a|an|any\w*|some\w*|all|one|"
    r"you|we|they|he|she|es|das|dies\w*|der|die|den|dem|ein\w*|mein\w*|de[ir]n\w*|ihr\w*|sie|er|wir|man|de|het|een|mijn|jullie|dit|"
    r"dat|er|u)\b)[a-zäöü][^?]*[.!]$"
)
_WANTS = re.compile(
    r"\b(?:please|kindly|i(?:'d| would) like|i want|i need|we need|would like to|could you|can you|"
    r"i'm looking for|let me know|"
    r"help me|send me|"
    r"bitte|ich möchte|ich will|ich brauche|wir benötigen|ich benötige|ich hätte gern|könnt(?:en|et)? (?:sie|"
    r"ihr)|schicken sie|"
    r"teilen sie|graag|ik wil|ik zou|kunt u|kunnen jullie|stuur|alstublieft|"
    r"je voudrais|je souhaite|nous souhaitons|j'aimerais|je veux|merci de|veuillez|pouvez-vous|pourriez-vous|"
    r"s'il vous plaît|"
    r"quiero|quisiera|me gustaría|necesito|necesitamos|por favor|podrían|envíen|"
    r"vorrei|vorremmo|voglio|ho bisogno|per favore|potete|potreste|chiedo|inviate)\b",
    re.IGNORECASE,
)
_THANKS = re.compile(
    r"\b(?:thank(?:s| you)|thx|cheers|danke|bedankt|dank (?:je|u)|merci|gracias|grazie|obrigad[oa]|dzi[eę]kuj[eę]|tack|"
    r"tak|takk|kiitos|děkuji|köszönöm|mulțumesc|teşekkürler|спасибо|дякую|благодаря|ευχαριστώ)\b|ありがとう|谢谢|感谢|감사",
    re.IGNORECASE,
)
_PERSON = re.compile(
    r"\b(?:speak|talk|chat|contact|connect|transfer|escalate|reach|call|put me through)\w*\b[^.?!\n]{0,50}"
    r"\b(?:human|person|people|agents?|manager|supervisor|somebody|someone|representative|operator|assistant|advisor)\b|"
    r"\b(?:mit (?:einem|einer|ihrem|jemand\w*)\b[^.?!\n]{0,40}\b(?:sprechen|reden|telefonieren)|"
    r"(?:einen?|ihren?) (?:vorgesetzten?|menschen|mitarbeiter)\b[^.?!\n]{0,30}\b(?:sprechen|verbinden))|"
    r"\b(?:parler|discuter)\b[^.?!\n]{0,30}\b(?:quelqu'un|humain|personne|conseill\w+|responsable|agent)\b|"
    r"\bhablar con\b[^.?!\n]{0,30}\b(?:alguien|persona|agente|humano|encargad[oa]|supervisor)\b|"
    r"\bmet (?:een|iemand|uw|je)\b[^.?!\n]{0,30}\b(?:spreken|praten|bellen)\b|"
    r"\bparlare con\b[^.?!\n]{0,30}\b(?:qualcuno|persona|operatore|responsabile)\b",
    re.IGNORECASE,
)
# A request that joins two: "… and when …", "… und wie …".
_JOINED = re.compile(
    r"(?:,\s*|\s+)(?:and|und|en|et|y|e)(?:\s+(?:also|auch|ook|aussi|también|anche))?\s+"
    r"(?=(?:how|what|when|where|why|which|can you|could you|is there|do you|wie|was|wann|wo|warum|kann|"
    r"können sie|könnt ihr|gibt es|"
    r"hoe|wat|wanneer|waar|waarom|kunnen jullie|kunt u|comment|quand|où|pourquoi|combien|est-ce|pouvez-vous|"
    r"cómo|cuándo|dónde|por qué|cuánto|pueden|come|quando|dove|perché|quanto|potete)\b)",
    re.IGNORECASE,
)
_FILLER = re.compile(
    r"^(?:how are you|hope (?:this|you)|i hope|wie geht|hoe gaat|comment (?:allez|ça)|cómo está|come (?:sta|va)|"
    r"can you help(?: me)?|"
    r"could you help(?: me)?|can anyone help|können sie mir (?:bitte )?helfen|kunnen jullie (?:me|mij) helpen|"
    r"pouvez-vous m'aider|me pueden ayudar|pueden ayudarme|potete aiutarmi|i have (?:a|two|some|"
    r"three) (?:quick )?questions?|"
    r"ich habe (?:eine|zwei|drei) fragen?|any ideas?)\b[^.!]{0,30}$",
    re.IGNORECASE,
)
_MOST = 12


def sentences(text: str) -> list[tuple[int, int]]:
    """Spans of the sentences and lines of `text`, list marks left out."""
    spans: list[tuple[int, int]] = []
    at = 0
    for match in [*_BREAK.finditer(text), None]:
        end = match.start() if match else len(text)
        if match and "\n" not in match.group() and _ABBREVIATION.search(text[at:end]):
            continue
        _keep(text, at, end, spans)
        at = match.end() if match else end
    return spans


def _keep(text: str, start: int, end: int, spans: list[tuple[int, int]]) -> None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if mark := _LIST_MARK.match(text[start:end]):
        start += mark.end()
    if start < end:
        spans.append((start, end))


def is_courtesy(sentence: str) -> bool:
    """Whether a sentence only greets, thanks or closes."""
    return bool(_COURTESY.match(sentence.strip())) or not re.search(r"[^\W\d_]{2}", sentence)


def asks(sentence: str) -> bool:
    """Whether a sentence is a question."""
    plain = sentence.strip()
    return plain.rstrip("\"')”»").endswith(("?", "？")) or bool(
        _ASKS.match(plain) and len(plain.split()) >= 3 and not _SUBJECTLESS.match(plain)
    )


def opens(sentence: str) -> bool:
    """Whether a sentence begins as a question does, whatever it ends with."""
    return bool(_ASKS.match(sentence.strip()))


def is_filler(sentence: str) -> bool:
    """Whether a sentence asks nothing of its own: "Can you help me?", "I have two questions"."""
    return bool(_FILLER.match(sentence.strip()))


def thanks(text: str) -> bool:
    """Whether a text says thank you."""
    return bool(_THANKS.search(text))


def wants_a_person(text: str) -> bool:
    """Whether a short message asks for a human being, or for somebody higher up."""
    return len(text) < 600 and bool(_PERSON.search(text))


def wants(sentence: str) -> bool:
    """Whether a sentence asks for something to be done."""
    return bool(_WANTS.search(sentence))


def questions(text: str) -> list[tuple[int, int]]:
    """Spans of the distinct questions and requests, in order; the whole message (trimmed) where it has none.

    Greetings, thanks and "can you help me?" are left out, a sentence that joins two questions is cut in two, and a question
    asked twice in the same words is taken once.
    """
    found: list[tuple[int, int]] = []
    said: set[str] = set()
    for start, end in sentences(text):
        for first, last in _parts(text, start, end):
            part = text[first:last]
            if is_courtesy(part) or _FILLER.match(part) or not (asks(part) or wants(part)):
                continue
            words = " ".join(re.findall(r"\w+", part.lower()))
            if words not in said:
                said.add(words)
                found.append((first, last))
    if found:
        return found[:_MOST]
    body = [(a, b) for a, b in sentences(text) if not is_courtesy(text[a:b])]
    return [(body[0][0], body[-1][1])] if body else []


def _parts(text: str, start: int, end: int) -> list[tuple[int, int]]:
    cuts = [
        m for m in _JOINED.finditer(text, start, end) if asks(text[start : m.start()]) or wants(text[start : m.start()])
    ]
    spans: list[tuple[int, int]] = []
    at = start
    for match in cuts:
        spans.append((at, match.start()))
        at = match.end()
    return [*spans, (at, end)]
