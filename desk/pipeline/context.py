"""Context: what was said before, who writes, how we answer — and the one briefing that every prompt of a ticket shares."""

from collections.abc import Sequence

from desk.domain.codec import to_json
from desk.domain.enums import Tier
from desk.domain.guarded import CleanText
from desk.domain.ticket import ContextNote
from desk.llm.budget import Kind, Sized, fit
from desk.llm.prompts import Briefing, Part, briefing
from desk.pipeline.case import Case, Result, Rooms

SOURCE_TOKENS = 900
"""What a briefing leaves free for passages and a step's question."""
CHARACTERS_A_TOKEN = 4
"""The estimate where no model is there to count."""


def run(case: Case, rooms: Rooms) -> Result:
    """Choose what fits: the question always; of the rest, what gives way first is fixed in `llm.budget.Kind`."""
    model = rooms.models.capable
    count = model.count if model else (lambda text: len(text) // CHARACTERS_A_TOKEN + 1)
    window = model.context if model else rooms.config.model.context
    limit = max(400, window - SOURCE_TOKENS - rooms.config.pipeline.draft_tokens)
    parts = _parts(case, rooms.config.pipeline.thread_messages)
    fitted = fit(parts, limit, count)
    note = ContextNote(fitted.tier, fitted.tokens, fitted.dropped)
    texts = {sized.name: str(sized.part.text) for sized in fitted.parts}
    return Result({"note": to_json(note), "texts": texts, "fits": fitted.fits and fitted.tier is not Tier.EMERGENCY})


def brief(case: Case, rooms: Rooms, sources: Sequence[Part] = ()) -> Briefing:
    """The ticket's briefing as context chose it, then the sources once they are known: later prompts extend earlier ones."""
    texts = case.outputs["context"]["texts"]
    chosen: list[Part] = []
    for sized in _parts(case, rooms.config.pipeline.thread_messages):
        if sized.name not in texts:
            continue
        whole, kept = sized.part.text, texts[sized.name]
        text = whole.narrow(kept) if isinstance(whole, CleanText) else kept
        chosen.append(Part(sized.part.label, text))
    return briefing("system", chosen).plus(*sources)


def _parts(case: Case, most: int) -> list[Sized]:
    """Everything that may go into the briefing, in the order it is read: who, what was said, what is asked now."""
    box = case.box
    house = f"We are {box.display_name or box.address}."
    seen = "has not written before" if not case.earlier_threads else f"has {case.earlier_threads} earlier tickets"
    parts = [Sized(Part("About us", house), Kind.COMMITMENT, "about us")]
    parts.append(Sized(Part("Customer", f"This customer {seen}."), Kind.CONTACT, "contact"))
    for promise in case.promised:
        due = f", due on {promise.due:%d.%m.%Y}" if promise.due else ""
        label = f"We promised on {promise.at:%d.%m.%Y}{due}"
        parts.append(Sized(Part(label, promise.text), Kind.COMMITMENT, f"promise {len(parts)} of {promise.at:%d.%m.}"))
    turns = case.turns[-most:] if most else ()
    last_own = max((turn.message_id for turn in turns if turn.ours), default=0)
    for number, turn in enumerate(turns, len(case.turns) - len(turns) + 1):
        label = f"{'Our earlier reply' if turn.ours else 'Earlier message'} of {turn.at:%d.%m.%Y}"
        kind = Kind.OWN_REPLY if turn.message_id == last_own else Kind.HISTORY
        name = f"{'our reply' if turn.ours else 'message'} {number} of {turn.at:%d.%m.}"
        parts.append(Sized(Part(label, turn.text), kind, name, turn.short))
    parts.append(Sized(Part("Subject of the message", case.subject), Kind.QUESTION, "subject"))
    parts.append(Sized(Part("The customer's message", case.question), Kind.QUESTION, "question"))
    return parts
