"""Whose word counts where pieces of knowledge disagree or are equally near, and how a person is told."""

from desk.domain.enums import Authority, Known
from desk.domain.ticket import Passage, Retrieval, outranks

_WORDS = {Authority.POLICY: "policy", Authority.ARTICLE: "article", Authority.LEARNT: "learnt from a ticket"}


def rank(passage: Passage) -> int:
    """Lower is stronger; a resolved ticket has the least."""
    return len(_WORDS) if passage.kind == "ticket" else list(_WORDS).index(passage.authority)


def notes(retrieval: Retrieval, answers: Passage | None) -> list[str]:
    """What a person should know of the sources: what contradicts the one that answers, and what it was preferred to."""
    if answers is None or retrieval.known is Known.NOVEL:
        return []
    said = [_contradiction(one, other, mine, theirs) for one, other, mine, theirs in _against(retrieval, answers)]
    named = {other.article for _, other, _, _ in _against(retrieval, answers)}
    passed = [
        p
        for p in retrieval.passages
        if p.public and p.score > answers.score and p.language == answers.language
        and rank(p) > rank(answers) and p.article not in named
    ]  # fmt: skip
    return said + [
        f"“{p.title}” ({_WORDS[p.authority]}) was as near; “{answers.title}” ({_WORDS[answers.authority]}) answers."
        for p in passed
    ]


def unsettled(retrieval: Retrieval, answers: Passage | None) -> str:
    """The sentence about something at least as strong that contradicts what answers; empty where nothing does."""
    if answers is None or retrieval.known is Known.NOVEL:
        return ""
    for one, other, mine, theirs in _against(retrieval, answers):
        if not outranks(one.authority, other.authority):
            return _contradiction(one, other, mine, theirs)
    return ""


def _against(retrieval: Retrieval, answers: Passage) -> list[tuple[Passage, Passage, str, str]]:
    """What answers, what contradicts it, and what each of them says."""
    by_id = {p.article: p for p in retrieval.passages}
    found = []
    for c in retrieval.conflicts:
        if c.article == answers.article and c.other in by_id:
            found.append((answers, by_id[c.other], c.said, c.other_said))
        elif c.other == answers.article and c.article in by_id:
            found.append((answers, by_id[c.article], c.other_said, c.said))
    return found


def _contradiction(answers: Passage, other: Passage, mine: str, theirs: str) -> str:
    first, second = _WORDS[answers.authority], _WORDS[other.authority]
    text = f"“{answers.title}” ({first}) says “{mine}”, “{other.title}” ({second}) says “{theirs}”"
    if outranks(answers.authority, other.authority):
        return f"{text}: the {first} answers."
    return f"{text}: check which of them holds."
