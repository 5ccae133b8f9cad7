"""The composed draft: our own frame around passages and facts quoted to the letter. It can't invent, only be incomplete."""

from collections.abc import Sequence
from dataclasses import dataclass

from desk.config import MailboxConfig
from desk.domain.enums import Author, Category, Known, Register, Sentiment
from desk.domain.playbooks import Playbook, fitting
from desk.domain.ticket import Claim, Draft, Fact, Passage, Retrieval, Source, Triage, outranks
from desk.knowledge.retrieve import near
from desk.pipeline import agreement
from desk.pipeline.phrases import Phrases, closing, greeting, phrases, pick
from desk.pipeline.sentences import plain, sentences

MOST_SENTENCES = 6
"""A quoted passage is cut after this many sentences: a reply is not an article."""
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


def sources(material: Material) -> tuple[Source, ...]:
    """Every source of a draft in the order it is quoted: the answering passage of each question, then the facts."""
    found: dict[str, Source] = {}
    for passage in answering(material.retrievals, material.triage.language):
        found.setdefault(
            passage.article, Source(passage.article, passage.title, passage.start, passage.end, passage.text)
        )
    for fact in material.facts:
        found.setdefault(
            f"{fact.kind}:{fact.key}", Source(f"{fact.kind}:{fact.key}", fact.source, 0, len(fact.text), fact.text)
        )
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
    """The passage a reply quotes: public, in the customer's language where that is nearly as near, then of the stronger
    authority: a policy before an article, both before a resolved ticket, whose words were meant for somebody else. What a
    stronger one contradicts is never quoted beside it. Private text is never quoted."""
    public = near([p for p in retrieval.passages if p.public])
    best = min(public, key=lambda p: (p.language != language, agreement.rank(p), -p.score), default=None)
    if best is None:
        return None
    against = {c.article for c in retrieval.conflicts if c.other == best.article}
    heard = [p for p in retrieval.passages if p.public and p.article in against]
    stronger = [p for p in heard if outranks(p.authority, best.authority)]
    return min(stronger, key=lambda p: (agreement.rank(p), -p.score), default=best)


def compose(
    material: Material, *, subject: str, name: str, box: MailboxConfig, playbooks: Sequence[Playbook] = ()
) -> Draft:
    """Write the reply from phrases, passages, facts and playbooks. Every quoted sentence is a claim with its source."""
    triage = material.triage
    register = register_for(triage, box)
    language, p = phrases(triage.language)
    passages = answering(material.retrievals, triage.language)
    notes: list[str] = []
    if language != triage.language:
        notes.append(f"No phrases in {triage.language}: written in English.")
    if others := sorted({passage.language for passage in passages} - {"", language}):
        every = all(passage.language in others for passage in passages)
        notes.append(
            f"No article in {language}: {'the passages are' if every else 'a passage is'} in {', '.join(others)}."
        )
    notes += [f"Nothing answers: {question}" for question in material.open]
    for retrieval in material.retrievals:
        notes += agreement.notes(retrieval, quotable(retrieval, triage.language))
    blocks = _frame(material, p, register)
    claims: list[Claim] = []
    for number, passage in enumerate(passages):
        if number:
            blocks.append(pick(p.part, register))
        if passage.language == "en" != language:
            blocks.append(pick(p.other_language, register))
        text = _shortened(plain(passage.text))
        blocks.append(text)
        claims += [Claim(text[a:b], passage.article) for a, b in sentences(text)]
    if material.facts:
        lines = [plain(fact.text) for fact in material.facts]
        blocks.append("\n".join([pick(p.facts, register), *lines]))
        for fact, line in zip(material.facts, lines, strict=True):
            claims += [Claim(line[a:b], f"{fact.kind}:{fact.key}") for a, b in sentences(line)]
    plays = () if material.thanks_only else fitting(playbooks, triage.category, language)
    for play in plays:
        blocks += [play.say] if play.say else []
        claims += [Claim(play.say[a:b], play.source.id) for a, b in sentences(play.say)]
        notes += [f"Remember: {line}" for line in play.remember]
    blocks += _next_step(material, p, register, passages)
    body = "\n\n".join([greeting(p, register, name), *_sentence_case(blocks, language), closing(p, register, box)])
    return Draft(
        subject=subject,
        body=body,
        language=language,
        written_by=Author.COMPOSED,
        confidence=confidence(material),
        sources=(*sources(material), *(play.source for play in plays if play.say)),
        claims=tuple(claims),
        register=register,
        notes=tuple(notes),
    )


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


def _frame(material: Material, p: Phrases, register: Register) -> list[str]:
    triage = material.triage
    if material.thanks_only:
        return [pick(p.welcome, register)]
    if triage.category is Category.FEATURE_REQUEST:
        return [pick(p.idea, register)]
    if triage.category is Category.COMPLAINT or triage.sentiment is Sentiment.NEGATIVE:
        return [f"{pick(p.thanks, register)} {_upper(pick(p.apology, register))}"]
    return [pick(p.thanks, register)]


def _next_step(material: Material, p: Phrases, register: Register, passages: Sequence[Passage]) -> list[str]:
    steps = []
    if material.wants_order:
        steps.append(pick(p.ask_order, register))
    if material.thanks_only:
        return steps
    open_questions = bool(material.open) or any(r.known is Known.NOVEL for r in material.retrievals)
    if material.known is Known.NOVEL or open_questions:
        if not material.wants_order and material.triage.category is not Category.FEATURE_REQUEST:
            steps.append(pick(p.passed_on, register))
    elif passages:
        steps.append(pick(p.unsure, register))
    return steps


def _sentence_case(blocks: list[str], language: str) -> list[str]:
    """German goes on in lower case after the greeting's comma; every later block begins with a capital."""
    head = blocks[0] if language == "de" else _upper(blocks[0])
    return [head, *(_upper(block) for block in blocks[1:])]


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _shortened(text: str) -> str:
    spans = sentences(text)
    return text if len(spans) <= MOST_SENTENCES else text[: spans[MOST_SENTENCES - 1][1]]
