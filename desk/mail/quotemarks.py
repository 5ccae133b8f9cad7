"""What mail programs write around quotes, in the languages they speak: attributions, header blocks, rulers, sign-offs."""

import re
from functools import lru_cache

# "… wrote" in the languages mail programs are translated into. Each stands near the end of the line, or before the name.
_WROTE = (
    # Germanic
    r"wrote|writes|said|schrieb|schreibt|geschrieben|schreef|schrijft|geschreven|het geskryf|"
    r"het geskryf|skryf|skrev|skreiv|"
    r"skrifaði|ritaði|"
    # Romance
    r"a [ée]crit|[ée]crit|[ée]crivait|escribi[óo]|ha escrito|escribe|va escriure|ha escrit|escrigu[ée]|"
    r"escreveu|escreve|"
    r"escribiu|ha scritto|scrisse|scrive|a scris|scria|"
    # Slavic
    r"napisa[łl](?:\(a\)|a)?|pisze|napsal(?:\(a\)|a)?|nap[íi]sal(?:\(a\)|a)?|p[íi]še|napisao(?:/la)?|"
    r"napisala|je napisao|"
    r"je pisal(?:/a)?|piše|написал(?:\(а\)|а)?|пишет|писал(?:\(а\)|а)?|написав(?:\(ла\))?|написала|пише|писав|написа|"
    r"написао|напиша|напісаў|піша|"
    # Uralic, Baltic, Turkic, Greek, other European
    r"kirjoitti|kirjutas|[íi]rta|rašė|parašė|rakstīja|uzrakst[īi]ja|yazd[ıi]|şunu yazdı|yazmış|έγραψε|έγραψαν|"
    r"shkroi|idatzi zuen|scr[íi]obh|ysgrifennodd|"
    # Asian and Semitic
    r"のメッセージ|さんは書きました|は書きました|が書きました|wrote|写道|寫道|写到|寫到|说|的邮件|"
    r"作成|님이 작성|작성|썼습니다|쓰신 글|쓴 글|"
    r"đã viết|viết|menulis|tulis|sumulat|เขียน(?:ว่า)?|ได้เขียน|लिखा|ने लिखा|লিখেছেন|கூறியது|"
    r"כתב(?:/ה)?|כתבה|‏כתב|كتب|كتبت|نوشت"
)
WROTE = re.compile(rf"(?:(?<![^\W\d_])(?:{_WROTE}))", re.I)

# How the line starts when the verb stands last or first.
_OPENERS = (
    "on at am le el il em op den dne dna dňa dnia på pe la în tarihinde στις на от в у vào pada noong kl ma ke ti to su "
    "mon tue wed thu fri sat sun mo di mi do fr sa so"
).split()
_START = re.compile(rf"^[\s*_>]*(?:{'|'.join(_OPENERS)}|w dniu|in a message dated)\b", re.I)
DATE = re.compile(
    r"\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b|\b\d{4}[./-]\d{1,2}[./-]\d{1,2}|\b\d{1,2}[:.h]\d{2}\b|"
    r"\b(?:19|20)\d\d\b|\d+\s*[年月日년월일]"
)
_DIGIT = re.compile(r"\d")
EMAIL = re.compile(r"[^\s<>\[\](),;:\"]+@[\w-]+(?:\.[\w-]+)+|<[^<>\s]+@[^<>\s]*>")

# Gmail in some languages, and older web mail: a date, a name, perhaps an address, and nothing else.
_GMAIL = re.compile(
    r"^\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?:,? \d{1,2}:\d\d)?"
    r"(?: (?:GMT|UTC)[+-]\d{1,2}(?::?\d\d)? [^\n.!?]{2,60}:?| [^\n<>]{2,60}<[^<>\s]+@[^<>\s]+>:?)$"
)

# Labels of the header block a program puts above an unprefixed original, by field.
_FROM = (
    "from|von|de|da|van|od|fra|från|fran|lähettäjä|lahettaja|feladó|felado|expéditeur|expediteur|"
    "afsender|avsändare|od/from|"
    "remitente|remetente|mittente|afzender|nadawca|odesílatel|odosielateľ|от|отправитель|від|"
    "від кого|отправлено от|de la|expeditor|"
    "gönderen|kimden|από|差出人|送信者|发件人|寄件者|寄件人|發件人|보낸 ?사람|보낸이|من|מאת|"
    "от кого|pošiljatelj|pošiljalac|saatja|no|nuo|"
    "dari|từ|จาก|pengirim|frá|nga|siuntėjas|sūtītājs|de part de|šalje"
)
_SENT = (
    "sent|date|gesendet|datum|envoyé|envoye|date d'envoi|enviado|enviada|enviado el|enviada em|"
    "fecha|data|inviato|verzonden|"
    "wysłano|wyslano|data wysłania|odesláno|odeslano|odoslané|отправлено|дата|надіслано|відправлено|изпратено|trimis|"
    "trimisă|skickat|sendt|dato|lähetetty|päivämäärä|pvm|elküldve|dátum|küldve|küldés ideje|"
    "gönderilme tarihi|gönderildi|tarih|"
    "ημερομηνία|στάλθηκε|送信日時|日付|日時|发送时间|发送日期|日期|傳送時間|寄件日期|時間|时间|"
    "보낸 ?날짜|날짜|تاريخ|التاريخ|תאריך|נשלח|"
    "poslano|saadetud|kuupäev|išsiųsta|nosūtīts|dikirim|tanggal|ngày|đã gửi|วันที่|ส่ง|dags|sent at|sent on"
)
_TO = (
    "to|an|à|a|para|aan|do|do kogo|komu|pro|кому|получатель|către|till|til|vastaanottaja|címzett|"
    "kime|alıcı|προς|宛先|"
    "收件人|收件者|받는 ?사람|إلى|אל|prima|za|saaja|kam|kepada|đến|ถึง|na|à l'attention de|destinataire|"
    "destinatario|destinatário|"
    "modtager|mottagare|mottaker|odbiorca|příjemce"
)
_SUBJECT = (
    "subject|betreff|objet|asunto|assunto|oggetto|onderwerp|temat|předmět|predmet|předmět|тема|"
    "относно|subiect|ämne|emne|"
    "aihe|otsikko|tárgy|konu|θέμα|件名|主题|主旨|標題|主題|제목|الموضوع|נושא|naslov|teema|tema|"
    "temats|subjek|perihal|chủ đề|เรื่อง|efni"
)
_CC = (
    "cc|kopie|copie|copie à|cópia|copia|kopia|kópia|копия|копія|másolat|bilgi|kopi|κοιν|抄送|副本|참조|"
    "reply-to|antwort an|répondre à|importance|risposta|rispondi a|responder a|svar til|svara till|"
    "odpowied[zź] do|reply|list-?id|attachments?|anlagen?|bijlagen?|pi[eè]ces? jointes?|priority|"
    "priorit[äa]t"
)
LABEL = re.compile(
    rf"^[\s>*_]*(?P<label>(?P<from>{_FROM})|(?P<sent>{_SENT})|(?P<subject>{_SUBJECT})|(?P<to>{_TO})|(?P<cc>{_CC}))"
    rf"[\s*_]*[:：][\s*_]*(?P<value>.*)$",
    re.I,
)

# Lines that announce the original or a forward; everything below is not this author's.
ORIGINAL = re.compile(
    r"^[\s>*_]*[-_=─—–*]{2,}(?![^\n]*\bPGP\b)\s*(?:"
    r"(?:urspr[üu]ngliche|original|originale?n?|originalnachricht|orig\.?|forwarded|weitergeleitete|"
    r"doorgestuurd|oorspronkelijk|"
    r"message|mensaje|mensagem|messaggio|courriel|wiadomo|p[ůu]vodn|eredeti|исходное|оригинал|"
    r"пересылаемое|пересланное|переслане|"
    r"alkuper[äa]inen|ursprungligt|oprindelig|opprinnelig|vidarebefordrat|videresendt|originalmeddelande|"
    r"mesaj|αρχικό|"
    r"元の|原始|转发|轉寄|转发邮件|原邮件|원본|전달|mesajul|přeposlan|reply|antwort|přeposl|"
    r"reenviado|transf[ée]r|transmis|inoltrat|"
    r"quoted|begin|start|end of|d'origine|izvorna|algne)"
    r"[^\n]{0,80}?)\s*[-_=─—–*]{2,}\s*$|"
    r"^[\s>*_]*(?:begin forwarded message|anfang der weitergeleiteten (?:nachricht|e-?mail)|"
    r"début du (?:message|courriel) (?:réexpédié|transféré)|"
    r"inicio del mensaje reenviado|início da mensagem (?:reencaminhada|encaminhada)|inizio messaggio inoltrato|"
    r"begin doorgestuurd bericht|vidarebefordrat (?:brev|mejl|meddelande)|videresendt (?:besked|melding|brev)|"
    r"edelleenlähetetty viesti|początek przekazywanej wiadomości|začátek přeposlané zprávy|начало переадресованного (?:письма|"
    r"сообщения)|"
    r"начало переадресованного сообщения|以下に転送|転送されたメッセージ|以下是转发的邮件|开始转发的邮件)\s*[:：]?\s*\**\s*$",
    re.I,
)
PGP_SIGNED = "-----BEGIN PGP SIGNED MESSAGE-----"
PGP_SIGNATURE = ("-----BEGIN PGP SIGNATURE-----", "-----END PGP SIGNATURE-----")
ABOVE = re.compile(
    r"^[\s>]*##-[^\n]{5,150}-##|"
    r"^[\s>*]*(?:[-=#*_~]{2,}[^\n.!?]{0,40}\b|(?:please |bitte |veuillez |por favor,? |prosimy |vänligen )?)"
    r"(?:repl[yi]|type|respon[ds]|answer|antwort|r[ée]pon|risp|antwoord|svar|odpowied|odpisz|ответ|відпов|"
    r"vastaa|yanıt|回复|返信)[^\n.!?]{0,40}(?:\b(?:above|oberhalb|über|au-dessus|encima|arriba|acima|sopra|boven|ovan(?:för)?|"
    r"over|powyżej|nad|выше|вище|yläpuolelle|üst)|以上|上)[^\n.!?]{0,20}"
    r"(?:line|zeile|linie|ligne|línea|linha|linea|riga|regel|lijn|rad|linj|lini|řád|строк|черт|рядк|viivan|satır|行|線)\w*"
    r"[^\w\n]{0,30}$",
    re.I,
)
"""A ticket system's "reply above this line"; everything from it on is the system's own mail."""
RULER = re.compile(r"^\s*(?:[-_=*─—–]\s*){5,}\s*$|^\s*[_─—]{3,}\s*$|^\s*\* \* \*\s*$")
TITLED = re.compile(r"^[\s*_]*[-=─—–]{3,}\s*[^\W\d_][^\n]{2,60}?\s*[-=─—–]{3,}\s*$")
"""A ruler with words in it, in a language not listed; it counts only right above a header block or attribution."""
FIELD = re.compile(r"^[\s*_]*[^\W\d_][^:：\n<>@]{0,24}[:：][\s*_]*\S")
BRACKETED = re.compile(r"<[^<>\s@]+@[^<>\s]+>|\[mailto:[^\]\s]+\]")
FOOTER = re.compile(r"^\s*_{5,}\s*$")
SIGNATURE = re.compile(r"^\s*(?:- )?(?:--|—|––|__|-- )\s*$")
_SENT_WITH = (
    r"sent (?:from|via|with|using|by)|get outlook for|envoy[ée] (?:de|depuis|à partir|avec|via|"
    r"par)|obtenez outlook|gesendet (?:von|mit|über|aus)|"
    r"von meine[mr] [\w ]{2,30} gesendet|diese nachricht wurde von mein|verzonden (?:vanaf|met|"
    r"via|van)|verstuurd (?:vanaf|met|via)|"
    r"enviado (?:desde|do|de|con|a partir|via|pelo)|enviada? (?:desde|do|de|pelo)|obtener outlook|"
    r"inviato (?:da|dal|con|tramite)|"
    r"scarica outlook|wys[łl]an[eoy] (?:z|za|przy)|odesl[áa]no (?:z|ze)|odoslan[ée] z|skickat från|"
    r"sendt fra|sendt med|sent fra min|"
    r"lähetetty|отправлено (?:с|из)|надіслано (?:з|із)|изпратено от|trimis (?:de pe|din|cu)|"
    r"elküldve|küldve|gönderildi|"
    r"iphone'?umdan gönderildi|στάλθηκε από|εστάλη από|iphoneから送信|(?:my )?\w+から送信|发自我的|"
    r"發自我的|从我的|從我的|寄自我的|傳送自|來自我的|나의 \w+에서 보냄|"
    r"내 \w+에서 보냄|نشلח מה|נשלח מ|أرسلت من|dikirim dari|được gửi từ|ส่งจาก|saadetud minu|"
    r"poslano (?:z|iz|sa?)|poslato (?:sa?|iz)|išsiųsta iš|"
    r"đã gửi từ|nosūtīts no|sūtīts no|enviat (?:des|amb)|послано (?:с|са)|послато са|von [\w ]{2,30} gesendet|"
    r"(?:hol|lade?n?|télécharge[rz]?|pobierz|download|descargar?|baixar|hämta|hent) outlook|"
    r"outlook (?:für|voor|pour|para|per|dla|til|för) \w+|"
    r"downloaded? (?:from|via)|written (?:on|from) my|(?:pardon|excuse|please excuse|forgive) (?:the|"
    r"my|any|typos|brevity)[^\n]{0,40}(?:typo|brevity|phone|mobile)"
)
_SENT_LINE = re.compile(
    rf"^[\s*_\[(<~-]*(?:(?:{_SENT_WITH})[^\n]{{0,120}}|(?:\w+ )?from (?:my )?(?:mobile|cell|"
    rf"i?phone|ipad|android|blackberry)\b[^\n]{{0,40}}|"
    r"get \[?outlook[^\n]{0,80})$",
    re.I,
)
_SENTENCE = re.compile(r"(?<!please)[\s,](?:is|was|are|were|will|has|much|but|because|ist|war|weil|est|es|was)\s", re.I)
BIDI = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Marks of writing direction that programs put around names and addresses."""
MAY_QUOTE, MAY_SIGN = re.compile(r"[ \t]{0,3}(?:[>»|]|&gt;)"), re.compile(r"\s*[-—–_]")
"""What the lines of quotes and the marks above signatures begin with: asked first, because most mail has neither."""
QUOTED = re.compile(r"^[ \t]{0,3}(?:>|»|&gt;)")
BARRED = re.compile(r"^\|(?:[ \t][^|]*)?$")
TRACKER = re.compile(r"^\s*[\u1427\ufffc\u200b-\u200d\u2060]+\s*$")


def is_sent_with(line: str) -> bool:
    """Whether a line is what a phone or program adds ("Sent from my …"), and not a sentence that starts like it."""
    return bool(_SENT_LINE.match(line)) and not _SENTENCE.search(line)


_STEMS = frozenset(
    word[:3]
    for word in (
        *(opener for opener in _OPENERS if len(opener) > 2),
        *(
            "begin anfang début inicio início inizio vidare videre edelleen początek začátek начало 以下に 以下是 転送さ "
            "开始转 please bitte veuillez "
            "por prosimy vänligen reply type respond answer antwort antwoord repon répon risp svar "
            "odpowiedz odpisz ответ відпов vastaa yanıt"
        ).split(),
    )
)


def may_open(line: str) -> bool:
    """Whether a line may be the first of a ruler, header block or attribution: told by its first word and a few characters,
    because it is asked of every line, and hardly any is."""
    if ":" in line or "@" in line or "：" in line:
        return True
    start = line.lstrip()[:40]
    if start[:1] in _RULING or start[:2] in ("回复", "返信"):
        return True
    stem = start[:3].lower()
    return (
        stem in _STEMS
        or (stem[:2] in _SHORT and not stem[2:].isalpha())
        or (stem[:1] in _SHORT and not stem[1:2].isalpha())
        or bool(_DIGIT.search(start))
    )


_SHORT = frozenset(word for word in (*_OPENERS, "in", "w") if len(word) < 3)
_RULING = frozenset("-_=*─—–>#~")


@lru_cache(maxsize=4096)
def label(line: str) -> re.Match[str] | None:
    """A "From: …" line of a header block in any language; its groups say which field it is."""
    return LABEL.match(line) if ":" in line[:60] or "：" in line[:60] else None


def dated_only(line: str) -> bool:
    """Whether a line is short and holds a date, as the second line of "Jo Doe <jo@x.example>" above a quote."""
    return len(line.strip()) < 50 and bool(DATE.search(line))


def closed_address(line: str) -> bool:
    """Whether a short line ends in an address in brackets."""
    return len(line.strip()) < 90 and bool(BRACKETED.search(line)) and line.rstrip().endswith((">", "]"))


_PERSONAL = re.compile(
    r"\bI\b(?![.)])|\b(?:we|you|my|our|ich|wir|[Ii]hnen|euch|dir|meine?[rmn]?|unsere?[rmn]?|je (?:vous|t)|"
    r"j['’]ai|j['’]avais|nous|vous|"
    r"ik|wij|jullie|jag|jeg|yo|les escrib\w*|ho scritto|vi ho|eu escrevi|я|мы|вам|вас|я вам|minä|pisałem|pisałam)\b"
)


def names_only(line: str) -> bool:
    """Whether a line right above a quote only says whose it is: "Jo Doe <jo@x.example>:", "Quoting …:", "Jo Doe wrote:"."""
    line = line.strip().strip("*_ ")
    if len(line) > 120 or line[-1:] not in (":", "："):
        return False
    if BRACKETED.search(line[-60:]) and line[:-1].rstrip().endswith((">", "]")):
        return True
    verb = WROTE.search(line)
    words = line[: verb.start()].split() if verb and not line[verb.end() :].strip(" :：") else []
    return 1 <= len(words) <= 4 and all(w[0].isupper() for w in words)


def ends_in_verb(line: str) -> bool:
    """Whether "… wrote" closes the line: "Jo <jo@x.example> wrote:", but not "I wrote to Jo <jo@x.example>:"."""
    end = line[-60:]
    verbs = list(WROTE.finditer(end))
    return bool(verbs) and not re.search(r"\w", end[verbs[-1].end() :])


def self_told(line: str) -> bool:
    """Whether a sentence that looks like an attribution speaks of "I" or "you", as people do and programs don't."""
    return bool(_PERSONAL.search(line))


def wrapped_name(line: str, below: str) -> bool:
    """Whether a line is the name of an attribution that goes on with "<address> …" in the line below."""
    return below.lstrip().startswith(("<", "(<")) and 0 < len(line.strip()) < 80 and line.rstrip()[-1] not in ".!?:："


@lru_cache(maxsize=4096)
def ends(line: str) -> bool:
    """Whether a line may be the last of an attribution."""
    line = line.rstrip(" \t*_")
    return line.endswith((":", "：", "-", ">")) or bool(_GMAIL.match(line.strip())) or bool(WROTE.search(line[-60:]))


@lru_cache(maxsize=4096)
def opens(line: str) -> bool:
    """Whether a line begins with the words an attribution begins with ("On", "Am", "Le", a weekday …)."""
    return bool(_START.match(line.strip().strip("*_- ")))


def begins(line: str) -> bool:
    """Whether a line is the likely first one of an attribution: its opening words, or a date at its start."""
    return opens(line) or bool(DATE.search(line.strip()[:24]))


def starts(line: str) -> bool:
    """Whether a line may be the first of an attribution that is wrapped over several lines."""
    line = line.strip().strip("*_- ")
    dated = _DIGIT.search(line, 0, 40) and DATE.search(line[:40])  # a digit is found much sooner than a date
    return bool(_START.match(line) or dated or ("@" in line and EMAIL.search(line)))


def is_attribution(joined: str) -> bool:
    """Whether one to four lines, joined, are a program's "On <date>, <name> wrote:" in any language."""
    text = joined.strip()
    ruled = bool(re.match(r"-{2,}.*-{2,}$", text))
    text = text.strip("*_ -")
    if not 8 <= len(text) <= 420:
        return False
    colon = text[-1] in ":：" or text.endswith((":*", ": *"))
    dated = bool(DATE.search(text))
    address = bool(EMAIL.search(text))
    verb = WROTE.search(text[-200:])
    if ruled and verb and dated:
        return True
    if _GMAIL.match(text):
        return True
    if colon and verb and (dated or address):
        return True
    if colon and address and dated and len(text) < 250:
        return True
    if colon and verb and _START.match(text) and len(text) < 160:
        return True
    return bool(verb and dated and address and _START.match(text) and len(text) < 250)
