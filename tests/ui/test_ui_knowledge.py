"""The knowledge on the screen: whose word it is, until when, what contradicts it, and changing it by keys."""

from dataclasses import replace

from driving import desk_screen, go, settled, until, words

from desk.domain.enums import Authority
from desk.domain.ticket import Article, Contradiction
from desk.store import articles
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
