"""The why-pane tells what the steps stored: each fact once, in the order it happened."""

from datetime import timedelta

from driving import desk_screen, put, until, words
from filling import NOW, attack_evidence
from rich.console import Console

from desk.paths import packaged
from desk.store import changes, jobs, messages, quarantine
from desk.ui import themes
from desk.ui.panes import story
from desk.ui.screens.sheets import Leaf
from desk.ui.widgets.paper import _wrapped

INK = themes.Ink(themes.load((packaged("themes"),))[0]["harbour"].colors)
UNSOURCED = "1 of 2 claims sourced: “Ms Blum will call you” has none"
STEPS = (
    ("context", {"note": {"tier": "compacted", "tokens": 1812, "dropped": ["message 4 of 2.10."]}, "fits": True}),
    (
        "triage",
        {
            "triage": {
                "category": "billing",
                "confidence": 0.93,
                "priority": "normal",
                "sentiment": "negative",
                "language": "de",
                "register": "formal",
                "urgent": False,
                "probabilities": {"billing": 0.93, "complaint": 0.06},
                "intents": [{"intent": "question", "confidence": 0.8, "start": 0, "end": 9}],
            }
        },
    ),
    (
        "search",
        {
            "retrievals": [
                {
                    "question": "When?",
                    "answerable": 0.91,
                    "known": "known",
                    "passages": [
                        {"article": "kb-refunds", "title": "Charged twice", "score": 0.71, "public": True},
                        {"article": "kb-margins", "title": "Margins", "score": 0.44, "public": False},
                    ],
                }
            ],
            "facts": [{"kind": "order", "key": "20931", "source": "orders.csv, line 3"}],
            "known": "known",
            "problems": ["products.csv could not be read"],
        },
    ),
    ("plan", {"edge": "known", "why": "the knowledge answers it", "actions": [{"detail": "tag billing"}]}),
    (
        "draft",
        {
            "composed": {"body": "ours", "sources": [{"id": "kb-refunds", "title": "Charged twice"}], "notes": []},
            "model": {"body": "Ms Blum will call you.", "written_by": "model"},
        },
    ),
    (
        "check",
        {
            "draft": {"written_by": "composed"},
            "refused": [UNSOURCED],
            "gates": [
                {"name": "claims", "passed": True, "reason": "1 of 1 claims sourced"},
                {"name": "language", "passed": False, "reason": "written in en, wanted de"},
            ],
        },
    ),
    (
        "route",
        {
            "route": {
                "to": "review",
                "reason": "the knowledge answers it",
                "gates": [{"name": "approval", "passed": False, "reason": "a person approves every reply"}],
            }
        },
    ),
)


def run_through(made, key="anna"):
    """One run with every step, its mail having waited thirty seconds."""
    thread, first = made.ids[key], NOW - timedelta(seconds=60)
    with made.db.write() as tx:
        jobs.enqueue(
            tx, "ticket", run_at=first, now=first, thread_id=thread, message_id=made.message_ids[key], step="context"
        )
        run = jobs.claim(tx, ("ticket",), now=NOW, lease_seconds=60)
        for number, (name, output) in enumerate(STEPS):
            after = STEPS[number + 1][0] if number + 1 < len(STEPS) else None
            cost = jobs.Cost("SmolLM2", "draft-3", 812, 120, 44) if name == "draft" else None
            ms, now = 2100.0 if name == "draft" else 3.0, NOW - timedelta(seconds=30 - number)
            run = jobs.finish_step(tx, run, name, output, ms, after, now=now, cost=cost)


def told(made, key="anna", evidence=None):
    thread = made.ids[key]
    rows = made.db.get(messages.of_thread(thread))
    runs = [(run, made.db.get(jobs.steps(run.id))) for run in made.db.get(jobs.of_thread(thread))]
    found = {m.id: made.db.get(quarantine.evidence(m.id)) for m in rows if m.flagged}
    page = story.tell(story.Ticket(rows, runs, made.db.get(changes.timeline(thread)), found), INK, NOW)
    return [line.plain for line in page.lines]


def test_each_step_is_a_line_with_what_it_gave(made):
    run_through(made)
    lines = told(made)
    said = [" ".join(line[7:].split()) for line in lines]
    order = ("arrived", "scanned", "waited", "context", "triage", "search", "plan", "draft", "check", "route")
    places = [next(i for i, line in enumerate(said) if line.startswith(word)) for word in order]
    assert places == sorted(places), "in the order it happened"
    text = "\n".join(said)
    for fact in (
        "clean",
        "waited 30 s",
        "compacted, 1,812 tokens",
        "did not fit: message 4 of 2.10.",
        "billing 0.93 · normal · negative · German · formal",
        "else complaint 0.06",
        "2 hits, answerable 0.91: known, 1 fact looked up",
        "0.71 Charged twice (article kb-refunds)",
        "0.44 Margins (article kb-margins, private: never quoted to a customer)",
        "fact order 20931, from orders.csv, line 3",
        "products.csv could not be read",
        "known: the knowledge answers it",
        "model SmolLM2, 2.1 s, 812 tokens in, 120 of them new, 44 out",
        "the composed version is offered; 1 gate does not hold",
        f"refused of the model's version: {UNSOURCED}",
        "│ Ms Blum will call you.",
        "✗ language: written in en, wanted de",
        "✓ claims: 1 of 1 claims sourced",
        "to review because the knowledge answers it",
        "a person approves every reply",
    ):
        assert fact in text, fact


def test_the_rules_stand_by_name_where_the_guard_kept_a_message(made):
    text = "\n".join(told(made, "evil"))
    assert "direct injection 0.97: kept back" in text
    for item in attack_evidence():
        assert item.rule in text


def test_what_people_did_stands_in_its_place_and_what_stopped_says_why(made):
    from desk.actions import inbox
    from desk.domain.enums import Priority

    run_through(made)
    inbox.set_priority(made.desk(), made.ids["anna"], Priority.LOW)
    with made.db.write() as tx:
        jobs.enqueue(tx, "ticket", run_at=NOW, now=NOW, thread_id=made.ids["tom"], step="draft")
        run = jobs.claim(tx, ("ticket",), now=NOW, lease_seconds=60)
        jobs.fail(tx, run, "the disk is full", NOW)
    lines = told(made)
    assert "Mara" in lines[-1].split()[:2], "the last thing that happened"
    assert any("at draft: the disk is full" in line for line in told(made, "tom"))


def test_an_output_of_another_shape_is_still_told(made):
    with made.db.write() as tx:
        jobs.enqueue(tx, "ticket", run_at=NOW, now=NOW, thread_id=made.ids["mei"], step="search")
        run = jobs.claim(tx, ("ticket",), now=NOW, lease_seconds=60)
        for name, after in (("search", "check"), ("check", "route"), ("route", "later"), ("later", None)):
            run = jobs.finish_step(tx, run, name, {}, 1.0, after, now=NOW)
    said = [line[7:].split() for line in told(made, "mei")]
    assert ["later", "1", "ms"] in said
    assert any(words[:2] == ["search", "0"] for words in said if words)


def test_what_is_wrapped_goes_on_below_its_own_text(made):
    run_through(made)
    rows = made.db.get(messages.of_thread(made.ids["anna"]))
    page = story.tell(story.Ticket(rows, [], []), INK, NOW)
    number = next(i for i, line in enumerate(page.lines) if "arrived" in line.plain)
    first, second, *_ = _wrapped(page.lines[number], 40, page.hangs[number], Console(width=40))
    assert first.plain[:5] == page.lines[number].plain[:5]
    assert second.plain.startswith(" " * story.IN)
    assert second.plain[story.IN] != " "


async def test_w_shows_it(made):
    run_through(made)
    async with desk_screen(made, (80, 24)) as (pilot, screen):
        await put(pilot, screen, made.ids["anna"])
        await pilot.press("w")
        await until(pilot, lambda: isinstance(pilot.app.screen, Leaf), "the story")
        shown = pilot.app.screen.query_one("Paper")
        assert "waited" in shown.text


async def test_the_draft_says_which_context_it_had_and_what_did_not_fit(made):
    run_through(made)
    with made.db.write() as tx:
        thread = made.ids["anna"]
        run = made.db.get(jobs.of_thread(thread))[-1]
        tx.exec_driver_sql(f"UPDATE drafts SET run_id = {run.id} WHERE thread_id = {thread}")
    async with desk_screen(made, (140, 60)) as (pilot, screen):
        await put(pilot, screen, thread)
        await until(pilot, lambda: "context compacted, 1812" in words(pilot.app), "the tier")
        assert "did not fit: message 4 of 2.10." in words(pilot.app)
