"""When a ticket goes to somebody in charge, by the house's own rules; each says in words why it fired."""

import re

from desk.config_rules import EscalationConfig
from desk.domain.enums import Sentiment
from desk.pipeline.case import Case, Opinion, Rooms
from desk.pipeline.compose import Material
from desk.triage import heads

_LEGAL = re.compile(
    r"\b(?:my (?:lawyer|attorney|solicitor)|(?:a|our|the) (?:lawyer|attorney|solicitor)s?|legal (?:action|steps|advice|notice)|"
    r"small claims|sue you|take you to court|in court|trading standards|consumer (?:protection|authority|ombudsman)|ombudsman|"
    r"data protection authority|press charges|police report|injur(?:y|ed)|electric shock|caught fire|"
    r"(?:mein(?:e[nmr]?)?|unser(?:e[nmr]?)?|ein(?:en?|em)?|zum|der) (?:rechts)?an(?:walt|wältin|wälte)|"
    r"rechtliche schritte|rechtsstreit|"
    r"klage|verklage\w*|vor gericht|mahnbescheid|verbraucherzentrale|verbraucherschutz\w*|schlichtungsstelle|"
    r"datenschutzbehörde|anzeige erstatten|verletzt|stromschlag|feuer gefangen|in brand geraten|"
    r"advocaat|juridische stappen|rechtszaak|naar de rechter|consumentenbond|geschillencommissie|aangifte|gewond|"
    r"elektrische schok|"
    r"(?:mon|notre|un) avocat|action en justice|poursuites|tribunal|dgccrf|mise en demeure|médiateur|porter plainte|"
    r"blessée?s?|choc électrique|"
    r"(?:mi|nuestro|un) abogad[oa]|acciones legales|medidas legales|demandar(?:les|los|la|le)?|tribunales|juzgado|"
    r"oficina del consumidor|hoja de reclamaciones|denuncia\w*|herid[oa]s?|descarga eléctrica)\b",
    re.IGNORECASE,
)


def reasons(case: Case, rooms: Rooms, material: Material) -> tuple[str, ...]:
    """Why this ticket is escalated by the house's rules, each reason in words; none where no rule fires."""
    rules = rooms.config.escalation
    if material.thanks_only:
        return ()
    said = (_legal(rules, case), _vip(rules, case), _again(rules, case), _fell(rules, case, rooms, material))
    return tuple(one for one in said if one)


def _legal(rules: EscalationConfig, case: Case) -> str:
    text = f"{case.subject.text}\n{case.question.text}"
    found = _LEGAL.search(text) if rules.legal else None
    for word in rules.words:
        found = found or re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE)
    return f"it speaks of “{' '.join(found.group().split())}”" if found else ""


def _vip(rules: EscalationConfig, case: Case) -> str:
    address = case.contact_addr.casefold()
    listed = any(address == v.casefold() or (v[:1] == "@" and address.endswith(v.casefold())) for v in rules.vip)
    return "a VIP contact" if (listed or case.vip) and not case.forged else ""


def _again(rules: EscalationConfig, case: Case) -> str:
    count = sum(not turn.ours for turn in case.turns) + 1
    return f"message {count} of this customer in one ticket" if 0 < rules.messages <= count else ""


def _fell(rules: EscalationConfig, case: Case, rooms: Rooms, material: Material) -> str:
    """A mood that fell: the message before was judged not negative, this one is."""
    before = next((turn for turn in reversed(case.turns) if not turn.ours), None)
    if not rules.falling_mood or rooms.embedder is None or before is None:
        return ""
    if material.triage.sentiment is not Sentiment.NEGATIVE:
        return ""
    text = before.text.text
    learned = rooms.learned.opinions("", text).get("sentiment") if rooms.learned else None
    judged = learned or Opinion(heads.judge(["sentiment"], "", text, rooms.embedder.embed)["sentiment"], None)
    was = judged.best
    return f"the mood fell from {was} to negative" if was != Sentiment.NEGATIVE else ""
