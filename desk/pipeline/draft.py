"""Draft: the composed version always, and the model's where there is something to ground it on."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from desk.config import MailboxConfig
from desk.domain.codec import to_json
from desk.domain.enums import Author, Known
from desk.domain.ticket import Draft
from desk.errors import ModelError
from desk.knowledge.retrieve import in_language
from desk.llm.base import Generation, Model, Prompt
from desk.llm.prompts import Part, tone
from desk.pipeline import wishes
from desk.pipeline.case import Case, Promise, Result, Rooms
from desk.pipeline.claims import claims, house
from desk.pipeline.compose import Material, Wish, compose
from desk.pipeline.context import brief
from desk.pipeline.material import material_of
from desk.pipeline.phrases import closing, greeting, phrases
from desk.pipeline.sentences import bare, plain
from desk.pipeline.voice import Voice, fitting


def run(case: Case, rooms: Rooms) -> Result:
    """Compose, then let the model write. A model that fails leaves the composed draft and a note; `Cancelled` goes up.

    What a colleague asked for is composed where that can be done; `undone` says what of it only a model could do.
    """
    whole, wish = material_of(case.outputs), wishes.of(case.instruction)
    material, undone = wishes.grant(whole, wish, translator(rooms))
    composed = compose(
        material,
        subject=reply_subject(case.subject.text),
        name=case.contact_name,
        box=case.box,
        playbooks=rooms.playbooks(),
        wish=Wish() if undone else wish,
        voices=rooms.voices(case.box.name),
    )
    if case.instruction and not undone:
        composed = _granted(composed, case, [f"Left out: {q}" for q in wishes.unanswered(whole, material)])
    composed = replace(composed, notes=(*composed.notes, *(promised(one, case.on) for one in case.promised)))
    output = {"composed": to_json(composed), "model": None, "undone": undone}
    model, why = rooms.models.capable, _why_none(case, rooms, material, composed, undone)
    if model is None or why is not None:
        output["composed"] = to_json(replace(composed, notes=(*composed.notes, *([why] if why else []))))
        return Result(output)
    prompt = request(case, rooms, material, composed)
    try:
        written = _write(model, case, rooms, prompt, composed)
    except ModelError as problem:
        output["composed"] = to_json(
            replace(composed, notes=(*composed.notes, f"The model could not write: {problem}"))
        )
        return Result(output, model=model.name, prompt_version=prompt.version)
    generated = dress(written.text, composed, name=case.contact_name, box=case.box, voices=rooms.voices(case.box.name))
    output["model"] = to_json(generated) if generated else None
    return Result(output, written.usage, model.name, prompt.version)


def promised(one: Promise, on: date | None) -> str:
    """What a person should remember who answers: what was promised, and whether its day is over."""
    said = f"Promised on {one.at:%d %b}: “{' '.join(one.text.text.split())}”"
    if one.due is None:
        return said
    return f"{said} {'It was due' if on and one.due < on else 'It is due'} on {one.due:%d %b}."


def translator(rooms: Rooms) -> wishes.Translate:
    """How a passage is found in another language here; nothing is, without an index."""
    index = rooms.index
    return (lambda found, language: in_language(index, found, language)) if index is not None else lambda *_: None


def _granted(composed: Draft, case: Case, left_out: list[str]) -> Draft:
    """The draft as it was asked for, with what that cost; one that did not change says so."""
    same = composed.body.strip() == case.rejected.strip()
    notes = ["Nothing more can be changed without losing an answer, a number or a condition."] if same else left_out
    return replace(composed, notes=(*composed.notes, *notes))


def _why_none(case: Case, rooms: Rooms, material: Material, composed: Draft, undone: str) -> str | None:
    """Why no model writes: a note for the person, empty where none is needed; None where one writes."""
    model, trusted = rooms.models.capable, rooms.trust.get("draft")
    if model is None:
        return f"No model: {rooms.models.why_none}" if rooms.models.why_none else "No model is set."
    if not case.outputs["context"]["fits"]:
        return "The message is too long for the model's context."
    if case.instruction:
        return None if undone or (trusted or 0.0) > 0 else ""
    if trusted is not None and trusted <= 0:
        return f"{model.name} is not trusted with drafts: `desk models check` found too few it could send."
    return None if worth_generating(material, composed) else ""


def worth_generating(material: Material, composed: Draft) -> bool:
    """A model writes only where sources carry an answer; else it could only invent."""
    return bool(composed.sources) and material.known is not Known.NOVEL and not material.thanks_only


def request(case: Case, rooms: Rooms, material: Material, composed: Draft) -> Prompt:
    """The prompt of the draft: the ticket's briefing, its sources, then the task."""
    numbered = [
        Part(f"Source {number}", f"{source.title}\n{plain(source.text)}")
        for number, source in enumerate(composed.sources, 1)
    ]
    briefing = brief(case, rooms, numbered)
    words = tone(composed.language, composed.register)
    if not case.instruction:
        return briefing.ask("draft", **words)
    return briefing.ask("draft", "redraft", draft=case.rejected or composed.body, instruction=case.instruction, **words)


def dress(text: str, composed: Draft, *, name: str, box: MailboxConfig, voices: Sequence[Voice] = ()) -> Draft | None:
    """The model's words in our frame: our greeting and closing, its own dropped. None where nothing is left."""
    _, p = phrases(composed.language)
    voice = fitting(voices, composed.language, composed.register)
    body = bare(text)
    if not body:
        return None
    framed = "\n\n".join(
        [
            greeting(p, composed.register, name, voice),
            body,
            closing(p, composed.register, box, voice),
        ]
    )
    return replace(composed, body=framed, written_by=Author.MODEL, claims=())


def reply_subject(subject: str) -> str:
    """`Re:` once in front of the subject, whatever number of prefixes it came with."""
    rest = subject.strip()
    while rest[:3].casefold() in ("re:", "aw:", "sv:", "rv:", "tr:", "wg:", "fw:"):
        rest = rest[3:].lstrip()
    return f"Re: {rest}" if rest else "Re: your message"


def _write(model: Model, case: Case, rooms: Rooms, prompt: Prompt, composed: Draft) -> Generation:
    watch = Watch(case, rooms, composed)
    return model.generate(prompt, max_tokens=rooms.config.pipeline.draft_tokens, on_text=watch.add, cancel=watch)


class Watch:
    """Follows a draft while it is written: shows it, and stops it at the first sentence that no source carries.

    The check would refuse that draft anyway, so what it would go on to say need not be waited for.
    """

    def __init__(self, case: Case, rooms: Rooms, composed: Draft) -> None:
        self.case, self.rooms, self.composed = case, rooms, composed
        self.ours = house(case.box, rooms.voices(case.box.name))
        self.text = ""
        self.unsourced = False
        self._looked = 0

    def add(self, piece: str) -> None:
        """Take the next piece."""
        self.text += piece
        self.rooms.stream(self.case.thread_id, self.text)
        whole = self.text[: max(self.text.rfind(mark) for mark in (". ", "! ", "\n")) + 1]
        if len(whole) > self._looked:
            self._looked = len(whole)
            said = replace(self.composed, body=whole, written_by=Author.MODEL)
            self.unsourced = any(c.source is None for c in claims(said, self.case.question.text, self.ours))

    def is_set(self) -> bool:
        """Whether to stop: asked to, or not worth going on."""
        return self.unsourced or self.rooms.cancel.is_set()
