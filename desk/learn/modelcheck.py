"""What a model is good for on this machine: our own labelled tasks, asked the way the pipeline asks them.

Its drafts go through the very steps that write and check drafts; its judgements are compared with what decides today.
"""

import json
import math
import resource
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from desk.config import Config, MailboxConfig
from desk.domain.codec import to_json
from desk.domain.enums import Category, Known, Priority, Register, Sentiment
from desk.domain.guarded import CleanText
from desk.domain.ticket import Passage, Retrieval, Triage
from desk.guard import readmit
from desk.knowledge.embed import Embedder
from desk.llm import Model, Models
from desk.llm.prompts import Part, briefing, tone
from desk.llm.trust import DRAFT, Report, Verdict
from desk.pipeline import check, context, draft
from desk.pipeline.case import Case, Rooms
from desk.pipeline.triage import FIELDS, SURE, pool
from desk.triage import address, heads

FOLDER = Path(__file__).parent / "tasks"
BETTER_BY = 2
"""So many more messages a model must get right than the classifiers, among those they are unsure of."""
ANSWERS = 0.8
"""Share of right yes and no from which a model may spare a person the question: 23 of 24 show that."""
DRAFTS = 0.5
"""Share of its drafts that must pass every check and hold the answer for the waiting to be worth it: 8 of 10 show that."""
CODE = "5e1f7a3c"
"""The framing code of the tasks, always the same so that two checks of one model agree."""
Say = Callable[[str], None]
Chances = dict[str, float]


def measure(model: Model, config: Config, embedder: Embedder, at: str, say: Say, *, local: bool = True) -> Report:
    """Run every task; a minute or two with a small model. Raises ModelError when the model can't be asked.

    `say` gets a line of progress; `local` is whether the model's memory is this process's.
    """
    verdicts = {
        **judgements(model, embedder, say),
        "answerable": answerable(model, say),
        DRAFT: drafts(model, config, say),
    }
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 if sys.platform != "darwin" else 1024**2)
    read, written = speed(model)
    return Report(
        model.name, model.fingerprint, at, round(read, 1), round(written, 1), memory if local else 0, verdicts
    )


def speed(model: Model) -> tuple[float, float]:
    """Tokens a second read and written: a prompt nobody asked before, then the same one answered at length."""
    rows = tasks("drafts")
    text = "\n".join(row["passage"] for row in rows)
    asked = briefing("system", [Part("Source 1", text)]).ask("draft", **tone(rows[0]["language"], Register.FORMAL))
    first = model.generate(asked, max_tokens=1).usage
    second = model.generate(asked, max_tokens=64, temperature=0.8, seed=1).usage
    read = first.tokens_evaluated or first.tokens_in
    return _rate(read, first.ms), _rate(second.tokens_out, second.ms)


def _rate(tokens: int, ms: float) -> float:
    return tokens / ms * 1000 if ms else 0.0


def judgements(model: Model, embedder: Embedder, say: Say) -> dict[str, Verdict]:
    """Category, sentiment and intent: the model against the classifiers where these are unsure."""
    asked: dict[str, list[tuple[Chances, Chances, str]]] = {name: [] for name in FIELDS}
    rows = tasks("labels")
    for number, row in enumerate(rows, 1):
        say(f"message {number} of {len(rows)}")
        judged = heads.judge(tuple(FIELDS), "", row["text"], embedder.embed)
        unsure = [name for name in FIELDS if max(judged[name].values()) < SURE]
        brief = briefing("system", _parts(row["text"]), delimiter=CODE)
        for name in unsure:
            template, labels = FIELDS[name]
            scores = model.score(brief.ask(template), labels)
            asked[name].append((judged[name], scores.probabilities, row[name]))
    return {name: compare(found) for name, found in asked.items()}


def compare(found: Sequence[tuple[Chances, Chances, str]]) -> Verdict:
    """Who is right more often, and the weight under which both together are least surprised (0 to 0.9, log loss)."""
    without = sum(_best(own) == truth for own, _, truth in found)
    right = sum(_best(its) == truth for _, its, truth in found)
    if right - without < BETTER_BY:
        why = f"right in {right} of {len(found)} where the classifiers are unsure, they in {without}"
        return Verdict(right, len(found), without, 0.0, why)

    def surprise(weight: float) -> float:
        return -sum(math.log(0.02 + pool(own, its, weight).get(truth, 0.0)) for own, its, truth in found)

    weight = min((step / 10 for step in range(1, 10)), key=surprise)
    return Verdict(
        right, len(found), without, weight, f"right in {right} of {len(found)}, the classifiers in {without}"
    )


def answerable(model: Model, say: Say) -> Verdict:
    """Does a passage answer a question: asked only where the search is unsure, so a person decides without it."""
    rows, right = tasks("answers"), 0
    for number, row in enumerate(rows, 1):
        say(f"passage {number} of {len(rows)}")
        asked = briefing("system", _parts(row["question"]), delimiter=CODE).ask(
            "answers", question=_clean(row["question"]), passage=row["passage"]
        )
        scores = model.score(asked, ("yes", "no"))
        right += scores.best == row["answer"]
    return Verdict(
        right, len(rows), 0, 1.0 if surely(right, len(rows)) >= ANSWERS else 0.0, f"right in {right} of {len(rows)}"
    )


def drafts(model: Model, config: Config, say: Say) -> Verdict:
    """Its drafts through the steps that write and check them: offered, and with the answer in it."""
    rows, right = tasks("drafts"), 0
    rooms = Rooms(config, None, None, Models(model, model), None, None)
    for number, row in enumerate(rows, 1):
        say(f"draft {number} of {len(rows)}")
        case = _case(row)
        for name, step in (("context", context.run), ("draft", draft.run), ("check", check.run)):
            result = step(case, rooms)
            case = replace(case, outputs={**case.outputs, name: result.output})
        offered = case.outputs["check"]["draft"]
        right += offered["written_by"] == "model" and row["must"].casefold() in offered["body"].casefold()
    return Verdict(
        right,
        len(rows),
        0,
        1.0 if surely(right, len(rows)) >= DRAFTS else 0.0,
        f"{right} of {len(rows)} could be offered",
    )


def surely(right: int, of: int) -> float:
    """The share that so many right ones show with 95 % certainty: Wilson's lower bound (1927). Luck in few tasks is none."""
    z2 = 1.645**2
    share = right / of
    spread = math.sqrt(z2 * (share * (1 - share) / of + z2 / (4 * of * of)))
    return (share + z2 / (2 * of) - spread) / (1 + z2 / of)


def tasks(name: str) -> list[dict[str, str]]:
    """The labelled tasks of one kind."""
    lines = (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def _case(row: dict[str, str]) -> Case:
    text, tongue = row["text"], row["language"]
    passage = Passage(row["title"], row["title"], row["passage"], 0, len(row["passage"]), 0.9, language=tongue)
    labels = Triage(
        Category.SUPPORT, Priority.NORMAL, Sentiment.NEUTRAL, tongue, address.register(text, tongue), False, 0.9, ()
    )
    found = {
        "retrievals": to_json([Retrieval(text, (passage,), 0.95, Known.KNOWN)]),
        "facts": [],
        "known": str(Known.KNOWN),
        "wants_order": False,
        "thanks_only": False,
    }
    return Case(
        thread_id=0,
        run_id=0,
        number="",
        subject=_clean(row["title"]),
        question=_clean(text),
        turns=(),
        contact_id=0,
        contact_name="",
        contact_addr="",
        earlier_threads=0,
        box=MailboxConfig(),
        outputs={"triage": {"triage": to_json(labels)}, "search": found},
    )


def _parts(text: str) -> list[Part]:
    return [Part("The customer's message", _clean(text))]


def _clean(text: str) -> CleanText:
    return readmit(text, status_clean=True, released=False, origin="desk models check")


def _best(chances: Chances) -> str:
    return max(chances, key=lambda label: chances[label])
