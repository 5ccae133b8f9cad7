"""Versions of a draft: two side by side word by word, any pair, and an earlier one offered again as a new one."""

import pytest
from driving import desk_screen, put, settled, until, words
from hypothesis import given
from hypothesis import strategies as st

from desk.actions import review
from desk.errors import Refused
from desk.store import drafts
from desk.ui.panes import versions
from desk.ui.screens.versions import Versions
from desk.ui.widgets.paper import Paper

TEXT = st.text(st.sampled_from("ab é.,\n-7"), max_size=80)


@given(TEXT, TEXT)
def test_the_pieces_make_up_both_texts(old: str, new: str) -> None:
    found = versions.changes(old, new)
    assert "".join(text for sign, text in found if sign != versions.IN) == old
    assert "".join(text for sign, text in found if sign != versions.OUT) == new
    if old == new:
        assert {sign for sign, _ in found} <= {versions.SAME}


def test_only_the_words_that_changed_are_marked() -> None:
    found = versions.changes("Dear Anna,\n\nit takes 5 days.", "Dear Anna,\n\nit takes 7 working days.")
    assert [text for sign, text in found if sign == versions.OUT] == ["5"]
    assert "".join(text for sign, text in found if sign == versions.IN).split() == ["7", "working"]


def three(made) -> int:
    """A ticket whose draft was changed twice by a person."""
    desk, ticket = made.desk(), made.ids["tom"]
    for body in ("Dear Tom,\n\nyour parcel left on Monday.", "Dear Tom,\n\nyour parcel left on Friday."):
        review.edit(desk, made.db.get(drafts.current(ticket)).id, body)
    return ticket


async def test_any_two_versions_are_compared_and_an_earlier_one_is_offered_again(made):
    ticket = three(made)
    async with desk_screen(made) as (pilot, screen):
        await put(pilot, screen, ticket)
        await pilot.press("V")
        await until(pilot, lambda: isinstance(pilot.app.screen, Versions), "the versions")
        paper = pilot.app.screen.query_one(Paper)
        assert "version 2" in paper.text
        assert "version 3" in paper.text
        assert "1 word out, 1 word in" in paper.text
        await pilot.press("h")
        await until(pilot, lambda: "version 1" in paper.text, "an older one")
        assert "you will have it tomorrow" in paper.text
        await pilot.press("[")
        await until(pilot, lambda: "version 3" not in paper.text, "an older newer one")
        await pilot.press("l", "]", "l", "l")
        await until(pilot, lambda: "The words are the same." in paper.text, "the same twice")
        await pilot.press("h", "a")
        await until(pilot, lambda: pilot.app.screen is screen and settled(screen), "back")
        await until(pilot, lambda: "Version 2 is on offer again, as version 4" in words(pilot.app), "said")
        assert made.db.get(drafts.current(ticket)).body.endswith("Monday.")
        await pilot.press("u")
        await until(pilot, lambda: made.db.get(drafts.current(ticket)).body.endswith("Friday."), "taken back")


async def test_one_version_alone_says_so_and_mono_says_by_form_what_changed(made, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    ticket = three(made)
    async with desk_screen(made, size=(80, 24)) as (pilot, screen):
        await put(pilot, screen, made.ids["anna"])
        await pilot.press("V")
        await until(pilot, lambda: "one version only" in words(pilot.app), "said")
        await put(pilot, screen, ticket)
        await pilot.press("V")
        await until(pilot, lambda: isinstance(pilot.app.screen, Versions), "the versions")
        assert "[-Monday-]{+Friday+}" in pilot.app.screen.query_one(Paper).text


def test_what_was_before_stays_as_it_was_and_what_was_sent_is_not_offered(made) -> None:
    ticket = three(made)
    desk = made.desk()
    before = made.db.get(drafts.revisions(ticket))
    review.restore(desk, before[0].id)
    after = made.db.get(drafts.revisions(ticket))
    assert [(d.body, d.created_at, d.written_by) for d in after[:3]] == [
        (d.body, d.created_at, d.written_by) for d in before
    ]
    new = after[3]
    assert (new.body, new.gates, new.claims, new.written_by, new.state) == (
        before[0].body, before[0].gates, before[0].claims, before[0].written_by, "offered",
    )  # fmt: skip
    with pytest.raises(Refused, match="is on offer"):
        review.restore(desk, new.id)
    with made.db.write() as tx:
        drafts.settle(tx, new.id, "approved")
    with pytest.raises(Refused, match="on its way"):
        review.restore(desk, before[0].id)
    with made.db.write() as tx:
        drafts.settle(tx, new.id, "sent", expect="approved")
    with pytest.raises(Refused, match="has been sent"):
        review.restore(desk, new.id)
