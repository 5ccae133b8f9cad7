"""Spam by weighted patterns over subject, text, page and headers: offline, explained, at a score of 0..1.

Weights add up to points; `0.5` is reached at `HALF` points (logistic). Signs of a business with its customers (an order
number, an answer in a thread) take points off.
"""

import math
import re
from dataclasses import dataclass

from desk.domain.enums import AttackType
from desk.domain.guarded import Evidence
from desk.domain.mail import ParsedMail
from desk.guard.channels import Reading
from desk.guard.normalise import fold, oddities
from desk.guard.urls import host_of, registered

HALF = 5.0
SLOPE = 0.9
MAX_TEXT = 60_000


@dataclass(frozen=True, slots=True)
class Pattern:
    """A named pattern over levelled text with its points; counted at most `times` times."""

    name: str
    points: float
    regex: re.Pattern[str]
    times: int = 1


def _p(name: str, points: float, regex: str, times: int = 1) -> Pattern:
    return Pattern(f"spam.{name}", points, re.compile(regex), times)


SUBJECT = (
    _p("subject_money", 1.5, r"\$\s?\d|\bmillion|\bfree\b|\bcash\b|\bdebt|\bmortgage|\bloan|\bcredit\b|\bearn\b|\bincome\b|\bprofit"),
    _p("subject_adv", 4.0, r"^\W{0,3}adv\b|\badult\b.{0,10}\badv\b"),
    _p("subject_shout", 1.0, r"!{2,}|\?{3,}|!\?"),
    _p("subject_pills", 2.5, r"viagra|cialis|pills?\b|pharmac|weight|enlarge|hgh|herbal|diet\b|prescription"),
    _p("subject_lure", 1.2, r"\bamazing\b|\bguarantee|\bwinner\b|\bcongratulations\b|\burgent\b.*\b(?:reply|business|assist)|\bconfidential\b|\bact now\b|\blimited time\b|\bsave (?:up to )?\d|\blowest\b|\bonly \$|\b\d+ ?% off"),
    _p("subject_gap", 1.5, r"\s{6,}\S{3,12}$|\[[a-z0-9]{5,8}\]$"),
    _p("subject_sex", 3.0, r"\bsex|\bporn|\bxxx\b|\bnude|\bhorny|\bsingles\b|\bdating\b|\blolita|\bteens?\b.{0,12}\b(?:hot|girls)"),
)
BODY = (
    _p("click_here", 1.0, r"\bclick (?:here|below|on the link|this link)\b", 2),
    _p("remove_list", 1.3, r"\b(?:to be )?remove[d]? (?:from|yourself|me)\b.{0,40}\b(?:list|mailing|database|future)|\bremoval instructions\b|\bsubject (?:line )?(?:of )?\W?remove\b|\btype \W?remove\b"),
    _p("opt_in_claim", 1.5, r"\byou (?:are receiving|have received|received) this (?:e-?mail|message|offer|special|advertisement)\b.{0,80}\b(?:because|as a|since)|\bopt(?:ed)?[- ]?in\b.{0,40}\b(?:list|e-?mail|partner)"),
    _p("not_spam", 2.5, r"\bthis (?:e-?mail |message |mail |letter )?is not (?:spam|unsolicited|an unsolicited)|\bsection 301\b|\bs\.? ?1618\b|\bbill 1618\b|\bcannot be considered spam"),
    _p("money_back", 1.2, r"\bmoney[- ]back guarantee|\b100 ?% (?:guarantee|satisf|free|money)|\brisk[- ]free\b|\bno risk\b|\bno obligation"),
    _p("free_offer", 0.8, r"\bfree (?:trial|sample|gift|report|info|information|quote|membership|access|consultation|bonus|video)\b|\babsolutely free\b", 2),
    _p("call_now", 1.2, r"\bcall (?:now|today|toll[- ]free|us toll)|\border (?:now|today)\b|\bact (?:now|today|fast|immediately)\b|\bdon'?t (?:delay|miss|wait)\b", 2),
    _p("limited", 0.8, r"\blimited (?:time|offer|supply|quantit)|\bwhile supplies last\b|\bexpires? (?:soon|today|at midnight)|\blast chance\b"),
    _p("work_home", 2.0, r"\bwork (?:from|at) home\b|\bhome[- ]based business|\bbe your own boss\b|\bfinancial (?:freedom|independence)|\bquit your job"),
    _p("earn", 1.8, r"\b(?:earn|make|making|earning) (?:up to |over |an extra |as much as )?(?:\$|usd|eur|£|€)\s?\d[\d,.]*(?:k| per| a| in| every| each|/)|\bextra (?:income|cash|money)\b|\bpassive income\b|\bmultiple streams"),
    _p("mlm", 2.2, r"\bmlm\b|\bmulti[- ]?level\b|\bdownline\b|\bmatrix\b.{0,30}\bpay|\bchain letter\b|\bpyramid scheme"),
    _p("million", 1.4, r"(?:\$|usd|us\$|eur|£)\s?\d[\d,.]*\s?(?:m\b|million|billion)|\bmillion (?:us |united states )?dollars|\bmillionaire"),
    _p("advance_fee", 3.0, r"\bnext of kin\b|\bbarrister\b|\blate (?:president|general|father|husband|client)\b|\btransfer (?:of )?(?:the |this )?(?:fund|sum|money)|\bforeign (?:account|partner)|\b(?:nigeria|sierra leone|zaire|abacha|mobutu|lagos)\b|\bdormant account|\binheritance\b.{0,60}\b(?:fund|claim|million)", 2),
    _p("confidential", 1.0, r"\bstrictly confidential\b|\butmost (?:confidence|confidential|secrecy)|\bthis (?:business )?(?:proposal|transaction)\b|\burgent (?:business|assistance|response)"),
    _p("lottery", 3.0, r"\blotter(?:y|ies)\b.{0,80}\b(?:won|win|winner|prize|claim)|\byou(?:'ve| have) (?:been selected|won)\b|\bprize (?:draw|money|claim)|\bclaim your (?:prize|reward|gift)"),
    _p("pills", 2.5, r"\bviagra|\bcialis\b|\blevitra|\bxanax|\bvalium|\bphentermine|\bonline pharmac|\bno prescription|\bgeneric (?:drugs|meds)|\bhuman growth hormone|\bhgh\b"),
    _p("body_parts", 3.0, r"\bpenis\b|\b(?:breast|penile) enlarge|\benlarge(?:ment)? (?:your|pills)|\berectile|\bsexual (?:performance|stamina)|\blonger erections"),
    _p("diet", 1.8, r"\blose (?:up to )?\d+ (?:pounds|lbs|kg|inches)|\bweight[- ]loss\b|\bburn(?:s)? (?:body )?fat\b|\bdiet (?:pill|patch)|\banti[- ]?aging\b"),
    _p("sex", 2.8, r"\b(?:hot|horny|naked|nude|live) (?:girls|teens|women|chicks|babes|webcam)|\bxxx\b|\bporn\b|\badult (?:site|content|entertainment|web)|\bover 18\b.{0,30}\b(?:enter|view)|\bmeet (?:sexy|hot|local) (?:singles|women|girls)"),
    _p("debt", 1.8, r"\b(?:consolidate|eliminate|reduce|get out of|wipe out) (?:your |all |of )*debts?\b|\bcredit (?:card )?(?:debt|repair)|\bbad credit\b|\bcredit report\b"),
    _p("mortgage", 1.8, r"\bmortgage (?:rates?|quote|lender|loan)|\brefinanc(?:e|ing)\b|\bhome equity\b|\blow(?:est)? (?:interest )?rates?\b|\bpre-?approved\b"),
    _p("insurance", 1.2, r"\blife insurance\b.{0,60}\b(?:quote|rate|save)|\binsurance (?:quote|agents?|premium)s?\b|\bterm life\b"),
    _p("casino", 2.0, r"\bcasino\b|\bonline (?:gambling|betting|poker)|\bslot machines?\b|\bfree (?:chips|spins)\b"),
    _p("stock", 2.2, r"\bstock (?:alert|pick|tip)|\bpenny stock|\bhot stock|\botc ?(?:bb)?\s?:|\binvestor alert|\bstrong buy\b|\bforward[- ]looking statements"),
    _p("crypto", 1.8, r"\b(?:bitcoin|crypto|forex)\b.{0,60}\b(?:invest|profit|double|trading|wallet|guarantee)|\bguaranteed returns?\b|\broi of \d"),
    _p("seo", 2.0, r"\b(?:first page|top|rank\w*|number one|#1)\b.{0,30}\b(?:google|search engines?)|\bsearch engine (?:optimi|submission|placement)|\bincrease (?:your )?(?:web ?site )?traffic|\bseo (?:services?|expert|company|packages?)|\bbacklinks?\b"),
    _p("bulk_mail", 3.0, r"\b(?:bulk|mass) (?:e-?)?mail|\bmillions? (?:of )?(?:fresh )?e-?mail addresses|\be-?mail (?:marketing|lists?|addresses) (?:software|cd|for sale|only)|\btargeted (?:e-?mail|leads)|\be-?mail extractor"),
    _p("software", 1.5, r"\boem software\b|\bcheap software\b|\bdvd copy|\bcopy (?:any )?dvd|\bcable (?:tv )?descrambler|\bspy (?:software|cam)|\bprinter cartridges?\b.{0,60}\b(?:save|off|%)|\bink(?:jet)? cartridges"),
    _p("diploma", 3.0, r"\buniversity diplomas?\b|\bdegree (?:from|without)\b.{0,40}\b(?:non-?accredited|no (?:tests|classes))|\bno (?:required )?tests, (?:classes|books)"),
    _p("replica", 2.2, r"\breplica\b|\brolex\b|\bdesigner (?:handbags|watches)\b|\bluxury (?:watches|handbags)"),
    _p("satellite", 1.0, r"\bfree (?:satellite|cell phone|phone|vacation|cruise|laptop|ipod|iphone)\b|\bcell phone (?:booster|antenna)|\blong distance\b.{0,40}\b(?:cents|rate|minute)"),
    _p("as_seen", 1.5, r"\bas seen on (?:tv|national|oprah|cnn|nbc|abc)|\bfeatured on\b.{0,20}\b(?:cnn|nbc|oprah)"),
    _p("dear_friend", 1.5, r"^\W{0,5}dear (?:friend|sir ?/? ?(?:or )?madam|beloved|e-?mail (?:user|owner)|account (?:user|owner|holder)|valued (?:customer|member)|homeowner|internet user|business owner|webmaster|opportunity seeker)\b|\ndear (?:friend|beloved|homeowner|business owner|webmaster|opportunity seeker)\b"),
    _p("price_cut", 1.0, r"\bsave (?:up to )?(?:\$\d|\d+ ?%)|\b\d+ ?% (?:off|discount|savings)\b|\blowest prices?\b|\bbelow (?:wholesale|retail|cost)|\bcompare (?:at|to)\b|\bour price\b|\bretail (?:price|value)", 2),
    _p("only_price", 0.7, r"\b(?:only|just) \$\s?\d|\$\d+\.95\b|\bfor only\b.{0,12}\$", 2),
    _p("visit_site", 0.8, r"\bvisit (?:our|my|the|this) (?:web ?site|site|url)\b|\bgo to (?:http|www)|\bcopy and paste\b.{0,30}\b(?:browser|url|link)"),
    _p("secret", 1.0, r"\b(?:little[- ]known|hidden|insider) secrets?\b|\bsecrets? (?:of|to|that)\b.{0,20}\b(?:rich|success|wealth|make|million|banks?)|\bthey don'?t want you"),
    _p("one_time", 1.8, r"\bone[- ]time (?:mailing|e-?mail|message|offer)|\bno need to (?:reply|remove|unsubscribe)|\byou will not (?:be contacted|receive) (?:again|any (?:more|further))"),
    _p("snail", 1.2, r"\bmoney orders?\b|\bcashier'?s check|\bp\.? ?o\.? box \d+|\bcredit card(?:s)? accepted|\bship(?:ping)? (?:and|&) handling\b|\bname on card\b|\bexp(?:iration)? date\b"),
    _p("testimonial", 1.0, r"\btestimonials?\b|\bhere'?s what (?:people|others|our)|\bchanged my life\b|\bunsolicited testimon"),
    _p("amazing", 0.8, r"\b(?:amazing|incredible|revolutionary|breakthrough|miracle|unbelievable) (?:new |product|offer|opportunity|results|deal|discovery|formula|system|program|way)", 2),
    _p("opportunity", 1.0, r"\b(?:business|income|investment|ground[- ]floor|once in a lifetime) opportunit|\bserious inquiries|\bproven (?:system|program|method)\b"),
    _p("guest_post", 2.2, r"\bguest post|\bsponsored (?:post|article|content)\b|\blink (?:exchange|insertion|building)\b|\bdo-?follow\b"),
    _p("b2b_cold", 1.3, r"\b(?:web|app|mobile|software) (?:design|development) (?:company|services|agency)\b.{0,60}\b(?:india|offer|affordable|quote)|\bi (?:came across|was (?:looking|browsing)|found|visited) your (?:web ?site|site|page)\b|\bquick (?:15|10|20)[- ]?min(?:ute)? call\b|\bverified leads\b|\bdecision[- ]makers\b"),
    _p("blackmail", 3.0, r"\bi (?:have )?(?:recorded|hacked|infected)\b.{0,80}\b(?:webcam|device|computer|account)|\bsend\b.{0,40}\b(?:bitcoin|btc)\b.{0,80}\b(?:wallet|address|within)"),
    _p("german", 1.5, r"\b(?:gewinnspiel|kredit ohne schufa|jetzt zuschlagen|nur heute|garantiert(?:er)? gewinn|potenzmittel|heimarbeit|nebenverdienst|sie haben gewonnen)\b", 2),
    _p("spanish", 1.5, r"\b(?:oferta limitada|gana dinero|dinero extra|haga clic aqui|trabaje desde casa|ha ganado|sin compromiso)\b", 2),
    _p("french", 1.5, r"\b(?:offre limitee|gagnez de l argent|cliquez ici|vous avez gagne|travail a domicile|sans engagement)\b", 2),
    _p("asian", 1.0, r"免费|优惠|发票|代开|点击这里|무료|광고|대출|카지노|無料|出会い", 2),
)
_OWN_BUSINESS = re.compile(
    r"\b(?:my|our|the|your) (?:order|invoice|ticket|subscription|parcel|delivery|account manager|license key|refund)\b|"
    r"\b(?:order|ticket|invoice|case|customer) (?:no|number|nr|id)?\W{0,3}\d{3,}|\bplease (?:advise|help|assist)\b|"
    r"\b(?:bestellung|rechnung|lieferung|commande|pedido|ordine)\b"
)
_LIST_HEADERS = ("list-id", "mailing-list", "x-beenthere", "x-mailman-version", "list-post")


def score(mail: ParsedMail, reading: Reading) -> tuple[float, tuple[Evidence, ...]]:
    """Score 0..1 and the patterns behind it, heaviest first. Linear in the text, nothing is fetched."""
    subject = fold(mail.subject[:500])
    body = fold(reading.shown[:MAX_TEXT])
    found: list[tuple[str, float, str, str]] = []
    for patterns, text, channel in ((SUBJECT, subject, "subject"), (BODY, body, "body")):
        for pattern in patterns:
            hits = [m.group() for _, m in zip(range(pattern.times), pattern.regex.finditer(text), strict=False)]
            if hits:
                found.append((pattern.name, pattern.points * (1 + 0.5 * (len(hits) - 1)), channel, hits[0]))
    found += _shape(mail, reading, body)
    points = sum(p for _, p, _, _ in found)
    points -= min(3.0, 1.5 * len(set(_OWN_BUSINESS.findall(body[:8000]))))
    points -= 1.5 * bool(mail.in_reply_to or mail.references)
    points -= 2.0 * any(name.lower() in _LIST_HEADERS for name, _ in mail.headers)
    value = round(1 / (1 + math.exp(-SLOPE * (points - HALF))), 4)
    found.sort(key=lambda f: -f[1])
    evidence = tuple(
        Evidence("spam", name, channel, 0, 0, text[:160], round(weight, 2), AttackType.NONE)
        for name, weight, channel, text in found[:12]
        if value >= 0.2
    )
    return value, evidence


def _shape(mail: ParsedMail, reading: Reading, body: str) -> list[tuple[str, float, str, str]]:
    """Signs that are not words: shouting, a page of pictures, disguised letters, odd headers."""
    found: list[tuple[str, float, str, str]] = []

    def add(name: str, points: float, channel: str, text: str) -> None:
        found.append((f"spam.{name}", points, channel, text))

    letters = [c for c in mail.subject if c.isalpha()]
    if len(letters) > 12 and sum(c.isupper() for c in letters) > 0.8 * len(letters):
        add("subject_capitals", 1.5, "subject", mail.subject)
    shown = reading.shown[:20_000]
    upper = len(re.findall(r"\b[A-Z]{4,}\b", shown))
    if upper > 12 and upper * 6 > len(shown.split()):
        add("capitals", 1.2, "body", f"{upper} words in capitals")
    if mail.html and not mail.plain.strip():
        add("html_only", 0.8, "html", "no plain text part")
    if mail.html and len(body.split()) < 30 and reading.page.links:
        add("picture_only", 1.2, "html", f"{len(body.split())} words, {len(reading.page.links)} links")
    if len(re.findall(r"!", shown)) > 8:
        add("exclamations", 0.8, "body", "many exclamation marks")
    odd = oddities(f"{mail.subject}\n{shown}")
    if odd.get("look_alikes", 0) > 3 or odd.get("zero_width", 0) > 6:
        add("disguised", 2.0, "body", "disguised letters")
    hosts = {registered(host_of(link.href)) for link in reading.page.links if host_of(link.href)}
    domain = registered(mail.from_addr.rpartition("@")[2].lower())
    if hosts and domain and domain not in hosts and len(hosts) == 1:
        add("links_elsewhere", 0.6, "links", f"{next(iter(hosts))} from {domain}")
    headers = {name.lower(): value for name, value in mail.headers}
    if "message-id" in headers and re.search(r"<[^@>]*>|@localhost|@\[?\d+\.", headers["message-id"]):
        add("message_id", 0.8, "headers", headers["message-id"])
    if not mail.from_name and re.fullmatch(r"[a-z]*\d{4,}\w*", mail.from_addr.partition("@")[0]):
        add("numbered_sender", 1.0, "headers", mail.from_addr)
    if re.search(r"undisclosed|you@|friend@|customer@|\bme@", headers.get("to", "").lower()):
        add("to_nobody", 1.5, "headers", headers["to"])
    if "to" in headers and "cc" not in headers and not re.search(r"@", headers["to"]):
        add("to_empty", 0.8, "headers", headers["to"])
    if re.search(r"the bat|bulk|mass|group ?mail|stealth|emailing|oemailer", headers.get("x-mailer", "").lower()):
        add("mailer", 1.2, "headers", headers["x-mailer"])
    if re.match(r"x-(?:encoding|unsent|rbl|stormpost|mailid)", " ".join(headers)) or "x-priority" in headers and headers["x-priority"].startswith("1") and not mail.in_reply_to:
        add("priority", 0.6, "headers", headers.get("x-priority", ""))
    return found
