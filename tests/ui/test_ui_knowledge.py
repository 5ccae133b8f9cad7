"""The knowledge on the screen: whose word it is, until when, what contradicts it, and changing it by keys."""

from dataclasses import replace

from driving import desk_screen, go, settled, until, words

from desk.domain.enums import Authority
from desk.domain.ticket import Article, Contradiction
from desk.store import articles, gaps, proposals
from desk.store.gaps import Asked
from desk.ui.widgets.writing import Editor


def know(made, *items: Article) -> None:
    with made.db.write() as tx:
        for item in items:
            articles.save(tx, item, by="Mara", at=made.now, source="file")


async def test_what_does_not_answer_says_why_in_the_list_and_on_its_page(made):
    old = Article("old", "A rule of last year", "Fourteen days.", valid_until="2020-12-31")
    coming = Article("coming", "A rule of the future", "Ninety days.", valid_from="2999-01-01")
    new = Article("new", "B rule of today", "Thirty days.", authority=Authority.POLICY, supersedes=("gone",))
    know(made, old, coming, new, Article("gone", "A rule that was", "Ten days."))
    async with desk_screen(made, (140, 38)) as (pilot, screen):
        await go(pilot, screen, "g k", "knowledge")
        shown = words(pilot.app)
        for text in ("expired 31 Dec 2020", "from 1 Jan 2999 on", "superseded by B rule of today", "policy"):
            assert text in shown
        await until(pilot, lambda: "it answers nothing" in words(pilot.app), "the page says so too")


async def test_a_contradiction_stands_on_both_pages(made):
    one, other = Article("a1", "A first word", "30 days."), Article("a2", "A second word", "14 days.")
    know(made, one, other)
    with made.db.write() as tx:
        row = next(r for r in made.db.get(articles.all_rows()) if r.article.id == "a1")
        articles.compared(tx, row, [Contradiction("a1", "a2", "30 days.", "14 days.")])
    async with desk_screen(made, (140, 38)) as (pilot, screen):
        await go(pilot, screen, "g k", "knowledge")
        await until(pilot, lambda: "“A second word” says “14 days.”" in words(pilot.app), "on the first")
        await pilot.press("j")
        await until(pilot, lambda: "“A first word” says “30 days.”" in words(pilot.app), "on the second")


async def test_an_article_is_changed_taken_out_and_brought_back_by_keys(made):
    know(made, Article("aaa", "A first word", "Thirty days."))
    async with desk_screen(made, (140, 38)) as (pilot, screen):
        await go(pilot, screen, "g k", "knowledge")
        await pilot.press("e")
        await until(pilot, lambda: bool(screen.query(Editor)), "the editor is open")
        editor = screen.query_one(Editor)
        assert "title: A first word" in editor.text
        editor.text = editor.text.replace("valid_until:", "valid_until: soon")
        await pilot.press("ctrl+g")
        await until(
            pilot, lambda: "valid_until is 'soon'" in words(pilot.app), "what is wrong is said, nothing is lost"
        )
        editor.text = editor.text.replace("soon", "2020-01-31").replace("Thirty days.", "Sixty days.")
        await pilot.press("ctrl+g")
        await until(pilot, lambda: not screen.query(Editor), "it is kept")
        await until(pilot, lambda: "expired 31 Jan 2020" in words(pilot.app), "and shown")
        row = made.db.get(articles.one("aaa"))
        assert (row.article.body, row.version, row.source) == ("Sixty days.", 2, "desk")
        await pilot.press("x")
        await until(pilot, lambda: made.db.get(articles.one("aaa")) is None, "taken out")
        await until(pilot, lambda: settled(screen), "shown")
        await pilot.press("u")
        await until(pilot, lambda: made.db.get(articles.one("aaa")) is not None, "brought back")


async def test_what_somebody_else_saved_meanwhile_is_not_overwritten(made):
    item = Article("aaa", "A first word", "Thirty days.")
    know(made, item)
    async with desk_screen(made, (140, 38)) as (pilot, screen):
        await go(pilot, screen, "g k", "knowledge")
        await pilot.press("e")
        await until(pilot, lambda: bool(screen.query(Editor)), "the editor is open")
        know(made, replace(item, body="Forty days."))
        screen.query_one(Editor).text += "\nMine."
        await pilot.press("ctrl+g")
        await until(pilot, lambda: "Somebody saved this article meanwhile" in words(pilot.app), "it is said")
        assert made.db.get(articles.one("aaa")).article.body == "Forty days."
        assert "Mine." in screen.query_one(Editor).text


async def test_a_question_nothing_answers_becomes_an_article_by_keys(made):
    with made.db.write() as tx:
        askers = [
            Asked(made.ids[name], f"T-{n}", n, "Do you engrave lamps?") for n, name in enumerate(("anna", "old"), 1)
        ]
        gaps.keep(tx, None, askers, language="en", category="sales", at=made.now)
    async with desk_screen(made, (140, 38)) as (pilot, screen):
        await go(pilot, screen, "g k", "knowledge")
        shown = words(pilot.app)
        assert "asked 2 times, nothing answers" in shown
        assert "a begin an article" in shown
        await pilot.press("a")
        await until(pilot, lambda: screen.opened.proposal is not None, "the proposal stands in its place")
        await pilot.press("a")
        await until(pilot, lambda: "no answer in it yet" in words(pilot.app), "an empty one is not accepted")
        await pilot.press("e")
        await until(pilot, lambda: bool(screen.query(Editor)), "the editor is open")
        screen.query_one(Editor).text += "We engrave up to twenty letters."
        await pilot.press("ctrl+g")
        await until(pilot, lambda: not screen.query(Editor) and settled(screen), "it is kept")
        assert made.db.get(proposals.waiting())[0].article.body == "We engrave up to twenty letters."
        assert "do-you-engrave-lamps" not in made.db.get(articles.hashes())
        await pilot.press("a")
        await until(pilot, lambda: "do-you-engrave-lamps" in made.db.get(articles.hashes()), "it is in use")
        await until(pilot, lambda: settled(screen), "shown")
        await pilot.press("u")
        await until(pilot, lambda: "do-you-engrave-lamps" not in made.db.get(articles.hashes()), "out of use again")


async def test_a_proposal_and_a_question_are_refused_by_a_key_and_come_back(made):
    with made.db.write() as tx:
        gaps.keep(tx, None, [Asked(made.ids["anna"], "T-1", 1, "A?"), Asked(made.ids["old"], "T-2", 2, "A?")],
                  language="en", category="", at=made.now)  # fmt: skip
        article = Article("learnt-t-1", "", "Send [number] to us.", kind="ticket", question="Where to send it?")
        proposals.add(tx, article, at=made.now, thread_id=made.ids["anna"])
    async with desk_screen(made, (140, 38)) as (pilot, screen):
        await go(pilot, screen, "g k", "knowledge")
        await pilot.press("x")
        await until(pilot, lambda: screen.opened.proposal is not None, "the question is off the list")
        assert "Send [number] to us." in words(pilot.app)
        await pilot.press("x")
        await until(pilot, lambda: screen.opened.known is not None, "the proposal is refused")
        await pilot.press("u", "u")
        await until(
            pilot, lambda: "nothing answers" in words(pilot.app) and "proposed" in words(pilot.app), "both are back"
        )


async def test_while_a_pane_is_being_read_no_row_of_the_one_before_is_taken_for_one_of_it(made):
    async with desk_screen(made, (140, 38)) as (_, screen):
        for pane in ("knowledge", "activity", "outbox"):
            before, screen.pane = screen.opened, pane
            await screen._open()
            assert screen.opened is before
