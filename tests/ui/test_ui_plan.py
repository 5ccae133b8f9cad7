"""The plan at the screen: shown under the draft, switched off, added to, done when the draft is approved."""

from driving import desk_screen, go, put, settled, until, words

from desk.domain.enums import ActionKind
from desk.domain.ticket import PlannedAction
from desk.store import answers, drafts, jobs, plans, threads
from desk.ui.screens.dialogs import Ask, Confirm, Menu
from desk.ui.screens.plan import PlanList


def planned(made) -> int:
    ticket = made.ids["anna"]
    with made.db.write() as tx:
        run = jobs.enqueue(tx, "ticket", run_at=made.now, now=made.now, thread_id=ticket, step="context")
        actions = [
            PlannedAction(ActionKind.REPLY, "reply from Refunds"),
            PlannedAction(ActionKind.TAG_THREAD, "tag billing", {"tag": "billing"}),
        ]
        plans.propose(tx, ticket, run, actions)
    return ticket


async def shown(pilot) -> None:
    await until(pilot, lambda: isinstance(pilot.app.screen, PlanList), "the plan")


async def test_the_plan_is_changed_by_keys_and_done_with_the_approval(made):
    ticket = planned(made)
    async with desk_screen(made, size=(140, 40)) as (pilot, screen):
        await put(pilot, screen, ticket)
        await until(pilot, lambda: "T changes it" in screen.draft.text, "under the draft")
        await pilot.press("T")
        await shown(pilot)
        assert "[x] tag billing" in words(pilot.app)
        await pilot.press("j", "space")
        await until(pilot, lambda: "[ ] tag billing" in words(pilot.app), "off")
        await pilot.press("K")
        await until(pilot, lambda: made.db.get(plans.of_thread(ticket))[0].action.detail == "tag billing", "moved")
        await shown(pilot)
        await pilot.press("+")
        await until(pilot, lambda: isinstance(pilot.app.screen, Menu), "the kinds")
        await pilot.press("1")
        await until(pilot, lambda: isinstance(pilot.app.screen, Ask), "which tag")
        await pilot.press(*"vip", "enter")
        await shown(pilot)
        await until(pilot, lambda: "[x] tag vip" in words(pilot.app), "added")
        await pilot.press("q")
        await until(pilot, lambda: settled(pilot.app.screen), "closed")
        assert "off: tag billing" in screen.draft.text
        await pilot.press("a")
        await until(pilot, lambda: made.db.get(threads.one(ticket)).tags == ("vip",), "done with the approval")
        done = [row.action.detail for row in made.db.get(plans.of_thread(ticket)) if row.state == "executed"]
        assert done == ["reply from Refunds", "tag vip"]


async def test_without_a_plan_something_can_be_added(made):
    async with desk_screen(made, size=(80, 24)) as (pilot, screen):
        await put(pilot, screen, made.ids["tom"])
        await pilot.press("T")
        await shown(pilot)
        assert "Nothing is planned" in words(pilot.app)
        await pilot.press("space", "J", "q")
        await until(pilot, lambda: settled(pilot.app.screen), "closed")


async def test_a_picked_article_is_kept_for_next_time_only_with_y(made):
    ticket = made.ids["jan"]
    with made.db.write() as tx:
        run = jobs.enqueue(tx, "ticket", run_at=made.now, now=made.now, thread_id=ticket, step="search")
        taken = jobs.claim(tx, ["ticket"], now=made.now, lease_seconds=60)
        found = {"retrievals": [{"question": "Which size?", "known": "unsure"}]}
        jobs.wait(tx, jobs.finish_step(tx, taken, "search", found, 1.0, "plan", now=made.now))
        drafts.ask(
            tx, ticket, "Which of these answers?", now=made.now, run_id=run, options=["Sizes [sizes]", "none of these"]
        )
        threads.update(tx, ticket, asks=True, question_count=1)
    async with desk_screen(made, size=(140, 40)) as (pilot, screen):
        await go(pilot, screen, "1", "inbox")
        await put(pilot, screen, ticket)
        await until(pilot, lambda: bool(screen.opened.questions), "the question")
        await pilot.press("a")
        await until(pilot, lambda: isinstance(pilot.app.screen, Menu), "the options")
        await pilot.press("1")
        await until(pilot, lambda: isinstance(pilot.app.screen, Confirm), "next time?")
        assert "Use this answer next time?" in words(pilot.app)
        await pilot.press("y")
        await until(pilot, lambda: bool(made.db.get(answers.in_use(made.now))), "kept")
    (kept,) = made.db.get(answers.in_use(made.now))
    assert (kept.question, kept.article, kept.by) == ("Which size?", "sizes", "Mara")
