"""Claims: what a text states, sentence by sentence, and which source carries it.

A sentence with a number, a date, an amount, a link, a name or a promise needs one source that carries all of it to the
letter; any other statement needs a source that shares most of its content words.
"""

from collections.abc import Sequence

from desk.config import MailboxConfig
from desk.domain.ticket import Claim, Draft, Source
from desk.pipeline.phrases import own_sentences, phrases, pick
from desk.pipeline.sentences import carries, hard_tokens, promises, sentences, words
from desk.pipeline.voice import Voice

SHARED_WORDS = 0.6
"""Part of a statement's content words that one source must share with it."""


def house(box: MailboxConfig, voices: Sequence[Voice] = ()) -> frozenset[str]:
    """What is ours in any reply of a mailbox, and needs no source: its signature, its name and address, how it closes."""
    lines = {line.strip() for line in box.signature.splitlines() if line.strip()}
    own = {box.signature.strip(), box.display_name, box.address, *lines}
    return frozenset(own.union(*(voice.own_lines for voice in voices)))


def claims(draft: Draft, customer: str, ours: frozenset[str] = frozenset()) -> tuple[Claim, ...]:
    """The statements of a draft, each with the source that carries it, or None where none does."""
    frame = own_sentences(draft.language) | ours
    quoting = pick(phrases(draft.language)[1].asked_too, draft.register).partition("{")[0]
    found: list[Claim] = []
    spans = sentences(draft.body)
    for number, (a, b) in enumerate(spans):
        text = draft.body[a:b].removeprefix(quoting)
        if _is_frame(text, frame, first=number == 0):
            continue
        hard = hard_tokens(text)
        if not hard and not promises(text) and (text.endswith("?") or len(words(text)) < 3):
            continue
        found.append(Claim(text, _source(text, hard, draft.sources, customer)))
    return tuple(found)


def _source(text: str, hard: set[str], sources: Sequence[Source], customer: str) -> str | None:
    mine = words(text)
    if not mine and not hard:
        return None
    best, share = None, 0.0
    for source in (*sources, Source("customer", "the customer's own mail", 0, len(customer), customer)):
        if hard and not carries(source.text, hard):
            continue
        common = len(mine & words(source.text)) / len(mine) if mine else 1.0
        if common > share:
            best, share = source.id, common
    return best if share >= SHARED_WORDS else None


def _is_frame(text: str, frame: frozenset[str], *, first: bool) -> bool:
    if (first and text.endswith((",", ":"))) or (first and len(text.split()) <= 4 and text.endswith("!")):
        return True
    folded = text.casefold().strip()
    return any(folded == own.casefold().strip() or folded in own.casefold() for own in frame if own)
