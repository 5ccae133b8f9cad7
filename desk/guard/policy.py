"""From hits to a verdict: what a claim and a command weigh together, in which channel, under which disguise.

Hits of one channel are read in windows of 700 characters. Within a window each family counts with its heaviest hit;
claims (who speaks, what no longer holds), commands (what to do) and concealment (hidden, disguised) are each joined by
noisy-or, then with one another. `THRESHOLD` was chosen on labelled mail at under one false alarm in a hundred.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from desk.domain.enums import AttackType
from desk.domain.guarded import Evidence
from desk.errors import KnowledgeError
from desk.guard import english, head, languages, meaning
from desk.guard.channels import Channel
from desk.guard.head import chance
from desk.guard.meaning import Embed
from desk.guard.normalise import View, Views, views
from desk.guard.rules import Book, Hit, Joined, join

SCANNER = "guard-5"
THRESHOLD = 0.5
SPAM_THRESHOLD = 0.58
PHISHING_THRESHOLD = 0.6
WINDOW = 700
LONG = 8_000
"""Characters from which a reading is matched by itself: its words are known from looking for ciphers."""
WORDS, MEANING = 0.5, 0.5
"""What the log-odds of the first head and of the second count where both were asked."""
WORDS_DOUBT, BOTH_DOUBT = 4.5, 4.6
"""Taken off the log-odds of the first head alone, and of both together: a mail has many passages, and the heads were
trained on as many attacks as harmless ones. Chosen on labelled mail so that harmless mail stays quiet."""
SLOPE = 1.0
SURE = 8.0
"""More than these log-odds no head may bring in: each can be sure of what the other shows to be wrong."""
FAINT = 0.15
"""Weights under this put mails in the order of their likelihood and are no evidence."""
ASKED, ASKED_LENGTH, WORTH_ASKING = 3, 240, -2.5
"""How many passages of a mail, and how many characters, the second head is asked about at most, and how likely the
first must find them: of less likely ones it could make nothing that counts."""

CLAIM = frozenset(("override", "address", "authority", "cover", "delimiter", "continuation", "secrecy"))
COMMAND = frozenset(("extract", "output", "manipulate", "exfiltrate", "task"))
_DISGUISE = {
    "unicode_tags": 0.6, "variation_selectors": 0.7, "zero_width_bits": 0.8, "base64": 0.3, "base32": 0.4, "hex": 0.35,
    "binary": 0.5, "character_codes": 0.4, "rot13": 0.45, "reversed": 0.4, "atbash": 0.4, "morse": 0.4, "spaced": 0.3,
    "hyphenated": 0.1, "bidi_override": 0.45, "escapes": 0.0, "leet": 0.0, "encoded_word": 0.1, "look_alikes": 0.0,
}  # fmt: skip
_SHIFT = 0.3
_ODD = {"zero_width": (4, 0.45), "look_alikes": (4, 0.45), "styled_letters": (30, 0.25), "bidi_override": (1, 0.2)}
_REPORTING = re.compile(
    r"(?:say|said|says|saying|quote|quotes|quoted|such as|e\.?g\.?|example|instance|like|called|titled|reads?|text"
    r"|phrase|message|subject|wrote|told us|claims?|contains?|sagt|schrieb|dice|dit|disait|zegt)\W{0,12}$"
)
_TELLING = re.compile(r"\b(?:quotes|says|said|like|example|instance)\b")
_OPEN = "\"'“„«‘‚「『"
_PROSE = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True, slots=True)
class Finding:
    """One weighted reason with its place in the channel as received."""

    family: str
    rule: str
    weight: float
    start: int
    end: int
    text: str
    type: AttackType
    layer: str = "rules"


@dataclass(frozen=True, slots=True)
class Judgement:
    """Score and type of a message with its evidence, heaviest first; `complete` within all bounds."""

    score: float
    type: AttackType
    evidence: tuple[Evidence, ...]
    complete: bool


@lru_cache(maxsize=1)
def book() -> Book:
    """All rules of all languages."""
    return Book((*english.rules(), *languages.rules()))


@lru_cache(maxsize=1)
def markup() -> Book:
    """Rules about chat markup, which need the layout of the text."""
    return Book(english.markup())


def judge(channels: Sequence[Channel], embed: Embed | None = None) -> Judgement:
    """Score every channel under all its readings; the message scores as its worst channel.

    `embed` gives sentence vectors: with it the second head is asked about passages of what is undecided so far.
    """
    readings = [views(c.text) for c in channels]
    flat = [(i, view) for i, reading in enumerate(readings) for view in reading.views]
    complete = all(r.complete for r in readings)
    findings: list[list[Finding]] = [[] for _ in channels]
    for chosen in _batches(flat):
        tight = chosen[0][1].tight
        joined = join([v.text for _, v in chosen], chosen[0][1].words if len(chosen) == 1 else None)
        for kind in (book(),) if tight else (book(), markup()):
            hits, whole = kind.hits(joined.text, tight=tight, words=joined.words)
            complete = complete and whole
            _file(hits, joined, chosen, channels, findings)
    for i, view in flat:
        findings[i] += _disguised(view)
    for channel, reading, found in zip(channels, readings, findings, strict=True):
        found += _concealed(channel, reading)
    judged = [_weigh(found, channel) for channel, found in zip(channels, findings, strict=True)]
    evidence: list[Evidence] = []
    if all(score < THRESHOLD for score, _, _ in judged):
        passages = [p for i, view in flat if not view.tight for p in _passages(i, view)]
        try:
            heard = _meant(passages, channels, embed) if embed is not None else _worded(passages, channels)
        except KnowledgeError as problem:
            # Without its vectors the guard judges as if there were no second head, and says so.
            evidence.append(Evidence("head", "head.not_asked", "", 0, 0, str(problem)))
            heard = _worded(passages, channels)
        for i, more in heard:
            findings[i] += more
        for i in {i for i, more in heard if more}:
            judged[i] = _weigh(findings[i], channels[i])
    score, worst = 0.0, AttackType.NONE
    for channel, (got, kind_of, kept) in zip(channels, judged, strict=True):
        evidence += [_evidence(f, channel) for f in kept if f.family != "head" or f.weight >= FAINT]
        if got > score:
            score, worst = got, kind_of
    evidence.sort(key=lambda e: (-e.weight, e.channel, e.start, e.rule))
    return Judgement(score, worst if score >= THRESHOLD else AttackType.NONE, tuple(evidence[:40]), complete)


def _batches(flat: Sequence[tuple[int, View]]) -> Iterator[list[tuple[int, View]]]:
    """Readings to be matched in one go: a long one by itself, the short ones together."""
    for tight in (False, True):
        short = [(i, v) for i, v in flat if v.tight == tight and len(v.text) < LONG]
        if short:
            yield short
    yield from ([(i, v)] for i, v in flat if len(v.text) >= LONG)


def _file(hits: Sequence[Hit], joined: Joined, chosen: Sequence[tuple[int, View]], channels: Sequence[Channel],
          findings: list[list[Finding]]) -> None:  # fmt: skip
    """Hits in the joined text → findings at their channel's original offsets."""
    for hit in hits:
        owner = joined.owner(hit.start)
        index, view = chosen[owner]
        start, end = hit.start - joined.starts[owner], hit.end - joined.starts[owner]
        if view.tight and hit.rule.family == "task" and start > 0 and view.text[start - 1].isalnum():
            continue
        weight = hit.rule.weight
        if not view.disguise and not channels[index].hidden and _reported(view.text, start, end):
            weight *= 0.3
        a, b = view.back(start, end)
        findings[index].append(
            Finding(hit.rule.family, hit.rule.name, weight, a, b, view.text[start:end][:300], hit.rule.type)
        )


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage of a channel under one reading, and the first head's log-odds that it is an order to a machine."""

    channel: int
    view: View
    logit: float
    start: int
    end: int


def _passages(channel: int, view: View) -> list[Passage]:
    """The passages of a reading most like orders, none of which lies over another."""
    kept: list[Passage] = []
    for logit, start, end in head.ranked(view.text):
        if all(end <= p.start or start >= p.end for p in kept):
            kept.append(Passage(channel, view, logit, start, end))
            if len(kept) == ASKED:
                break
    return kept


def _worded(passages: Sequence[Passage], channels: Sequence[Channel]) -> list[tuple[int, list[Finding]]]:
    """What the first head alone makes of all passages, by channel."""
    return [
        (p.channel, _heard(p, channels[p.channel], p.logit - WORDS_DOUBT, "head.order_to_machine")) for p in passages
    ]


def _meant(passages: Sequence[Passage], channels: Sequence[Channel], embed: Embed) -> list[tuple[int, list[Finding]]]:
    """What both heads make of the passages that the first finds likeliest, by channel."""
    asked: list[Passage] = []
    room = ASKED_LENGTH
    texts: set[str] = set()
    for p in sorted(passages, key=lambda p: -p.logit):
        text = p.view.text[p.start : p.end]
        if text not in texts and p.logit > WORTH_ASKING and (len(text) <= room or not asked):
            asked.append(p)
            texts.add(text)
            room -= len(text)
            if len(asked) == ASKED:
                break
    if not asked:
        return _worded(passages, channels)
    meant = meaning.logits([p.view.text[p.start : p.end] for p in asked], embed)
    both = [WORDS * min(SURE, p.logit) + MEANING * min(SURE, m) - BOTH_DOUBT for p, m in zip(asked, meant, strict=True)]
    return [
        (p.channel, _heard(p, channels[p.channel], logit, "head.meaning")) for p, logit in zip(asked, both, strict=True)
    ]


def _heard(passage: Passage, channel: Channel, logit: float, rule: str) -> list[Finding]:
    """A passage as a finding, as likely as it is an order to a machine."""
    weight = chance(SLOPE * logit)
    if weight < 0.0001:
        return []
    view, start, end = passage.view, passage.start, passage.end
    if not view.disguise and not channel.hidden and _reported(view.text, start, end):
        weight *= 0.3
    a, b = view.back(start, end)
    return [Finding("head", rule, weight, a, b, view.text[start:end][:300], AttackType.DIRECT_INJECTION, "head")]


def _reported(text: str, start: int, end: int) -> bool:
    """Whether a span stands in quotation marks after a word of reporting: somebody tells of an attack."""
    before = text[max(0, start - 60) : start]
    at = max(before.rfind(q) for q in _OPEN)
    if at < 0 or not (_REPORTING.search(before[:at]) or _TELLING.search(before[:at])):
        return False
    return any(q in text[end : end + 160] for q in "\"'”“»’」』")


def prose(text: str) -> int:
    """Number of words of running text."""
    return len(_PROSE.findall(text[:2000]))


def _disguised(view: View) -> list[Finding]:
    """The disguise itself as a finding, where what it hid is language."""
    if not view.disguise:
        return []
    names = view.disguise.split("+")
    weight = max(_DISGUISE.get(n, _SHIFT if n.startswith("shift") else 0.0) for n in names)
    if weight <= 0:
        return []
    text = view.text
    words = prose(text)
    if words < 3 and not (words >= 2 and weight >= 0.6) and not (view.tight and len(text) > 12):
        return []
    start, end = view.back(0, len(text))
    return [Finding("disguise", f"disguise.{names[-1]}", weight, start, end, text[:300], AttackType.ENCODING_EVASION,
                    "normalise")]  # fmt: skip


def _concealed(channel: Channel, reading: Views) -> list[Finding]:
    """Findings about the channel as a whole: hidden prose, characters that serve no reader."""
    found: list[Finding] = []
    size = len(channel.text)
    if channel.suspicion > 0 and prose(channel.text) >= 4:
        found.append(
            Finding(
                "hidden",
                f"hidden.{channel.hidden or channel.name}",
                channel.suspicion,
                0,
                size,
                channel.text[:300],
                AttackType.INSTRUCTION_SMUGGLING,
                "visible",
            )
        )
    for name, (least, weight) in _ODD.items():
        if reading.oddities.get(name, 0) >= least:
            found.append(
                Finding(
                    "disguise",
                    f"disguise.{name}",
                    weight,
                    0,
                    size,
                    channel.text[:120],
                    AttackType.ENCODING_EVASION,
                    "normalise",
                )
            )
    return found


def _weigh(found: list[Finding], channel: Channel) -> tuple[float, AttackType, list[Finding]]:
    """The heaviest window of a channel: its score, its type and the findings that made it."""
    broad = [f for f in found if f.family in ("hidden", "disguise") and f.layer != "rules"]
    local = sorted((f for f in found if f not in broad), key=lambda f: f.start)
    best, best_kept = 0.0, broad
    starts = range(len(local)) if local else range(1)
    for i in starts:
        at = local[i].start if local else 0
        window = [f for f in local[i : i + 60] if f.start <= at + WINDOW] if local else []
        near = [f for f in broad if not window or (f.start <= at + WINDOW and f.end >= at - 50)]
        score = _score(window, near, channel)
        if score > best:
            best, best_kept = score, [*near, *window]
    if best <= 0:
        return 0.0, AttackType.NONE, []
    return best, _type(best_kept, channel), best_kept


def _score(window: Sequence[Finding], broad: Sequence[Finding], channel: Channel) -> float:
    heaviest: dict[str, float] = {}
    for f in (*window, *broad):
        heaviest[f.family] = max(heaviest.get(f.family, 0.0), f.weight)
    claim = _either(heaviest.get(k, 0.0) for k in CLAIM)
    command = _either(heaviest.get(k, 0.0) for k in COMMAND if k != "task")
    concealed = _either(heaviest.get(k, 0.0) for k in ("hidden", "disguise"))
    task = heaviest.get("task", 0.0)
    if claim < 0.4 and concealed < 0.1:
        # What is asked in plain sight by somebody who claims nothing is a customer's request.
        task = 0.0
    command = _either((command, task))
    return _either((claim, command, concealed, heaviest.get("head", 0.0)))


def _either(weights: Iterable[float]) -> float:
    """Noisy-or: the chance that at least one of independent reasons holds."""
    rest = 1.0
    for w in weights:
        rest *= 1.0 - min(0.98, w)
    return 1.0 - rest


def _type(kept: Sequence[Finding], channel: Channel) -> AttackType:
    """What kind of attack the heaviest findings amount to."""
    if any(f.family == "disguise" and f.weight >= 0.25 for f in kept):
        return AttackType.ENCODING_EVASION
    if any(f.family == "delimiter" and f.weight >= 0.45 for f in kept):
        return AttackType.DELIMITER_ATTACK
    if channel.hidden and any(f.family == "hidden" for f in kept):
        return AttackType.INSTRUCTION_SMUGGLING
    top = max(kept, key=lambda f: f.weight)
    return top.type


def _evidence(f: Finding, channel: Channel) -> Evidence:
    return Evidence(f.layer, f.rule, channel.name, f.start, f.end, f.text, round(f.weight, 3), f.type)
