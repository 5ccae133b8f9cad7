"""The composed draft: our own frame around passages and facts quoted to the letter. It can't invent, only be incomplete."""

from collections.abc import Sequence
from dataclasses import dataclass

from desk.config import MailboxConfig
from desk.domain.enums import Author, Category, Known, Register, Sentiment
from desk.domain.playbooks import Playbook, fitting
from desk.domain.ticket import Claim, Draft, Fact, Passage, Retrieval, Source, Triage, outranks
from desk.guard.outgoing import may_be_quoted
from desk.knowledge.retrieve import near
from desk.pipeline import agreement
from desk.pipeline.phrases import Phrases, closing, greeting, phrases, pick
from desk.pipeline.sentences import plain, sentences
from desk.pipeline.shorten import shortened
from desk.pipeline.voice import Voice
from desk.pipeline.voice import fitting as voice_for

MOST_SENTENCES = 6
"""A quoted passage is cut after this many sentences: a reply is not an article."""
SAME_LANGUAGE = 0.06
"""How much further than the nearest passage one in the customer's language may be to be quoted."""
AHEAD = (0.18, 0.06, 0.03, 0.0)
"""The same for a policy, an article, what was learnt from a ticket, and a ticket. Right for 109 of 113 questions; the nearest
one was for 107, the customer's language always first for 106."""
LONGEST_QUOTE = 160
"""Characters of an open question that the reply names in the customer's words."""
NONE_FITS = "none of these"
"""What an agent presses where no article answers."""


@dataclass(frozen=True, slots=True)
class Material:
    """Everything a draft may rest on."""

    triage: Triage
    retrievals: tuple[Retrieval, ...]
    facts: tuple[Fact, ...]
    known: Known
    wants_order: bool
    """The question is about an order and none could be looked up."""
    thanks_only: bool
    """The message only says thank you."""
    open: tuple[str, ...] = ()
    """Questions of the message that nothing answers."""
    escalate: tuple[str, ...] = ()
    """Why it goes to somebody in charge, by the rules of the house."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a colleague wants of a draft, as far as desk composes it; `rest` is what it did not understand."""

    shorter: bool = False
    language: str = ""
    register: Register | None = None
    only: int | None = None
    """The place of the one question that is answered."""
    rest: str = ""


def sources(material: Material) -> tuple[Source, ...]:
    """Every source of a draft in the order it is quoted: the answering passage of each question, then the facts."""
    found: dict[str, Source] = {}
    for passage in answering(material.retrievals, material.triage.language):
        found.setdefault(
            passage.article, Source(passage.article, passage.title, passage.start, passage.end, passage.text)
        )
    for fact in material.facts:
        found.setdefault(fact.id, Source(fact.id, fact.source, 0, len(fact.text), fact.text))
    return tuple(found.values())


def answering(retrievals: Sequence[Retrieval], language: str = "") -> list[Passage]:
    """The quotable passage of each question that is not novel, each article once."""
    found: list[Passage] = []
    for retrieval in retrievals:
        best = quotable(retrieval, language) if retrieval.known is not Known.NOVEL else None
        if best and all(best.article != other.article for other in found):
            found.append(best)
    return found


def quotable(retrieval: Retrieval, language: str = "") -> Passage | None:
    """The passage a reply quotes: public, and of those nearly as near as the nearest one in the customer's language rather
    than in English, in no third one where these are, and of the stronger authority: a policy before an article, both
    before a resolved ticket, whose words were meant for somebody else. What a stronger one contradicts is never quoted
    beside it. Private text is never quoted."""
    public = near([p for p in retrieval.passages if p.public])
    read = [p for p in public if p.language in ("", "en", language)]
    best = max(
        read or public,
        key=lambda p: p.score + SAME_LANGUAGE * (p.language == language) + AHEAD[agreement.rank(p)],
        default=None,
    )
    if best is None:
        return None
    against = {c.article for c in retrieval.conflicts if c.other == best.article}
    heard = [p for p in retrieval.passages if p.public and p.article in against]
    stronger = [p for p in heard if outranks(p.authority, best.authority)]
    return min(stronger, key=lambda p: (agreement.rank(p), -p.score), default=best)


def compose(
    material: Material,
    *,
    subject: str,
    name: str,
    box: MailboxConfig,
    playbooks: Sequence[Playbook] = (),
    wish: Wish = Wish(),
    voices: Sequence[Voice] = (),
) -> Draft:
    """Write the reply from phrases, passages, facts and playbooks. Every quoted sentence is a claim with its source."""
    triage = material.triage
    register = wish.register or register_for(triage, box)
    language, p = phrases(wish.language or triage.language)
    voice = voice_for(voices, language, register)
    passages = answering(material.retrievals, triage.language)
    blocks, claims = _frame(material, p, register, short=wish.shorter), []
    for number, passage in enumerate(passages):
        if number:
            blocks.append(pick(p.part, register))
        if passage.language == "en" != language:
            blocks.append(pick(p.other_language, register))
        text = _cut(plain(passage.text))
        text = shortened(text, _asked(material, passage)) if wish.shorter else text
        blocks.append(text)
        claims += _claims(text, passage.article)
    if material.facts:
        lines = [plain(fact.text) for fact in material.facts]
        blocks.append("\n".join(lines if wish.shorter else [pick(p.facts, register), *lines]))
        for fact, line in zip(material.facts, lines, strict=True):
            claims += _claims(line, fact.id)
    plays = () if material.thanks_only else fitting(playbooks, triage.category, language)
    for play in plays:
        said = shortened(play.say, "") if wish.shorter else play.say
        blocks += [said] if said else []
        claims += _claims(said, play.source.id)
    blocks += _next_step(material, p, register, passages, short=wish.shorter)
    body = "\n\n".join(
        [
            greeting(p, register, name, voice),
            *_sentence_case(blocks, language),
            closing(p, register, box, voice),
        ]
    )
    return Draft(
        subject=subject,
        body=body,
        language=language,
        written_by=Author.COMPOSED,
        confidence=confidence(material),
        sources=(*sources(material), *(play.source for play in plays if play.say)),
        claims=tuple(claims),
        register=register,
        notes=(
            *_notes(material, passages, language, wish),
            *(f"Remember: {r}" for play in plays for r in play.remember),
        ),
    )


def _claims(text: str, source: str) -> list[Claim]:
    return [Claim(text[a:b], source) for a, b in sentences(text)]


def _asked(material: Material, passage: Passage) -> str:
    """The questions that a passage answers."""
    return " ".join(r.question for r in material.retrievals if passage in r.passages)


def _notes(material: Material, passages: Sequence[Passage], language: str, wish: Wish) -> list[str]:
    """What the person should know of a composed draft."""
    wanted = wish.language or material.triage.language
    notes = [] if language == wanted else [f"No phrases in {wanted}: written in English."]
    if others := sorted({passage.language for passage in passages} - {"", language}):
        every = all(passage.language in others for passage in passages)
        notes.append(
            f"No article in {language}: {'the passages are' if every else 'a passage is'} in {', '.join(others)}."
        )
    if wish.register is not None and passages and language != "en":
        notes.append("What is quoted keeps its own form of address; only our own sentences were changed.")
    notes += [f"Nothing answers: {question}" for question in material.open]
    for retrieval in material.retrievals:
        notes += agreement.notes(retrieval, quotable(retrieval, material.triage.language))
    return notes


def register_for(triage: Triage, box: MailboxConfig) -> Register:
    """The customer's form of address, unless the house always uses its own."""
    return triage.register if box.register == "mirror" else Register(box.register)


def confidence(material: Material) -> float:
    """Probability that the draft answers: that of its least answerable question; facts alone count as looked up."""
    if material.thanks_only:
        return material.triage.confidence
    answered = [r.answerable for r in material.retrievals]
    if material.facts and not any(answering(material.retrievals)):
        return max(answered, default=0.5)
    return min(answered, default=0.0)


def _frame(material: Material, p: Phrases, register: Register, *, short: bool) -> list[str]:
    triage = material.triage
    if material.thanks_only:
        return [pick(p.welcome, register)]
    if triage.category is Category.FEATURE_REQUEST:
        return [pick(p.idea, register)]
    if triage.category is Category.COMPLAINT or triage.sentiment is Sentiment.NEGATIVE:
        thanks = "" if short else f"{pick(p.thanks, register)} "
        return [thanks + (_upper(pick(p.apology, register)) if thanks else pick(p.apology, register))]
    return [] if short else [pick(p.thanks, register)]


def _next_step(
    material: Material, p: Phrases, register: Register, passages: Sequence[Passage], *, short: bool
) -> list[str]:
    steps = []
    if material.wants_order:
        steps.append(pick(p.ask_order, register))
    if material.thanks_only:
        return steps
    if material.known is Known.NOVEL or material.open or any(r.known is Known.NOVEL for r in material.retrievals):
        if passages or material.facts:
            steps += [
                pick(p.asked_too, register).format(question=_quoted(one)) for one in material.open if may_be_quoted(one)
            ]
        if not material.wants_order and material.triage.category is not Category.FEATURE_REQUEST:
            steps.append(pick(p.passed_on, register))
    elif passages and not short:
        steps.append(pick(p.unsure, register))
    return steps


def _quoted(question: str) -> str:
    """The customer's own words, no longer than a line or two."""
    words = question.rstrip(" ,;:-").replace("{", "(").replace("}", ")")
    return words if len(words) <= LONGEST_QUOTE else f"{words[: LONGEST_QUOTE - 1].rsplit(' ', 1)[0]}…"


def _sentence_case(blocks: list[str], language: str) -> list[str]:
    """German goes on in lower case after the greeting's comma; every later block begins with a capital."""
    return [block if language == "de" and not at else _upper(block) for at, block in enumerate(blocks)]


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _cut(text: str) -> str:
    spans = sentences(text)
    return text if len(spans) <= MOST_SENTENCES else text[: spans[MOST_SENTENCES - 1][1]]
