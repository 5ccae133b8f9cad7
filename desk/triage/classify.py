"""The whole judgement on one message."""

from desk.domain.enums import Category, Intent, Priority, Sentiment
from desk.domain.ticket import IntentSpan, Triage
from desk.triage import heads, intents, language
from desk.triage.urgent import urgent

_MOST_SENTENCES = 12
_READ_CLOSELY = 300  # characters of sentences the head judges; what comes after is told by its grammar alone
_BY_GRAMMAR = 0.6
_LONGEST_SENTENCE = 240


def triage(text: str, *, subject: str = "", embed: heads.Embed) -> Triage:
    """Judge one message; `embed` turns texts into L2-normalised vectors, shape (n, dim). Under 50 ms on one core.

    `confidence` is the calibrated probability of the category. What `urgent` holds for has priority urgent.
    """
    found = language.detect(f"{subject}\n{text}" if len(text) < 40 else text)
    judged = heads.judge(("category", "priority", "sentiment"), subject, text, embed)
    category = max(judged["category"], key=judged["category"].__getitem__)
    hurry = urgent(subject, text)
    priority = Priority.URGENT if hurry else Priority(_best(judged["priority"]))
    return Triage(
        category=Category(category),
        priority=priority,
        sentiment=Sentiment(_best(judged["sentiment"])),
        language=found,
        register=language.register(text, found),
        urgent=hurry,
        confidence=judged["category"][category],
        intents=tuple(spans(text, embed)),
        probabilities={str(c): judged["category"].get(str(c), 0.0) for c in Category},
    )


def spans(text: str, embed: heads.Embed) -> list[IntentSpan]:
    """Intent of each sentence that says something, neighbours of one intent joined, in order."""
    out: list[IntentSpan] = []
    read = 0
    for start, end in intents.sentences(text)[:_MOST_SENTENCES]:
        sentence = text[start:end]
        if intents.is_courtesy(sentence):
            continue
        if read < _READ_CLOSELY:
            intent, sure = of_sentence(sentence, embed)
            read += min(len(sentence), _LONGEST_SENTENCE)
        elif intents.asks(sentence) or intents.wants(sentence):
            intent, sure = (Intent.QUESTION if intents.asks(sentence) else Intent.REQUEST), _BY_GRAMMAR
        else:
            continue
        last = out[-1] if out else None
        if last and last.intent == intent and intent not in (Intent.QUESTION, Intent.REQUEST):
            out[-1] = IntentSpan(intent, max(last.confidence, sure), last.start, end)
        else:
            out.append(IntentSpan(intent, sure, start, end))
    return out


def of_sentence(sentence: str, embed: heads.Embed) -> tuple[Intent, float]:
    """Intent of one sentence and its probability: the head's, helped by what the grammar shows."""
    judged = dict(heads.judge(["intent"], "", sentence[:_LONGEST_SENTENCE], embed)["intent"])
    if intents.asks(sentence):
        judged["question"] = judged.get("question", 0.0) + 0.5
    elif intents.wants(sentence):
        judged["request"] = judged.get("request", 0.0) + 0.4
    total = sum(judged.values())
    best = _best(judged)
    return Intent(best), judged[best] / total


def _best(probabilities: dict[str, float]) -> str:
    return max(probabilities, key=lambda label: probabilities[label])
