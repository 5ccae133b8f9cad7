"""The terminal is a target too: whatever stands in any field, no pane hands an escape or a mark-up to the terminal."""

import unicodedata
from dataclasses import replace

import pytest
from driving import desk_screen, go, put, settled, until
from filling import ATTACK_HIDDEN, Shop, attack_evidence
from rich.cells import cell_len

from desk.actions import inbox
from desk.domain.enums import AttackType, MessageStatus
from desk.domain.guarded import Verdict
from desk.domain.ticket import Article, Claim, Gate, Source
from desk.store import articles, changes
from desk.ui.widgets.safe import COMBINING_MOST

NASTY = (
    "\x1b]52;c;aGFja2Vk\x07\x1b[31;5m\x1b]0;owned\x07\x9b2J\x9d0;t\x9c[red on blue]R[/][link=http://x]l[/link]"
    "[@click=app.quit]q[/]\u202egnp\u2066\x00\x08\x7f\u0301" + "\u0315" * 80 + "\U000e0068\U000e0069\ud800�李\t|"
)
"""An escape, a clipboard write, a title, C1 controls, markup of Rich and Textual, bidi, a flood of marks, tags."""
DIRECT = AttackType.DIRECT_INJECTION
BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")


def said(text: str) -> str:
    """The field as it was sent: a lone half of a pair cannot be stored, so it is none."""
    return (text + " " + NASTY).replace("\ud800", "")


@pytest.fixture
def hostile(made: Shop) -> Shop:
    """The shop with one ticket a view whose every field is hostile."""
    for number, (key, status, shelf) in enumerate(
        (
            ("bad", MessageStatus.CLASSIFIED, "desk"),
            ("held", MessageStatus.QUARANTINED, "quarantine"),
            ("auto", MessageStatus.AUTOMATED, "automated"),
            ("junk", MessageStatus.SPAM, "spam"),
            ("done", MessageStatus.CLASSIFIED, "desk"),
        )
    ):
        evidence = tuple(
            replace(e, rule=said(e.rule), text=said(e.text), channel=said("body")) for e in attack_evidence()
        )
        made.mail(
            key,
            f"{said('bad')}{number}@x.example",
            said("Bad"),
            said(f"Subject of {key}"),
            said("Hello") + "\n> " + said("quoted") + "\n" + NASTY.replace("\ud800", "") * 5,
            minutes=number,
            verdict=Verdict(status is MessageStatus.QUARANTINED, 0.9, DIRECT, evidence, 0.5, 0.5, True, "t"),
            hidden=said(ATTACK_HIDDEN),
            status=status,
            shelf=shelf,
            category="other",
            needs=said("needs"),
            step=said("step"),
        )  # fmt: skip
    made.draft(
        "bad",
        said("Dear customer,\n\nwe refund it."),
        subject=said("Re:"),
        sources=(Source(said("kb"), said("title"), 0, 9, said("text")),),
        claims=(Claim(said("we refund it"), None),),
        gates=(Gate("claims", False, said("no source")),),
        notes=(said("note"),),
    )
    desk = made.desk()
    inbox.note(desk, made.ids["bad"], said("a note"))
    inbox.tag(desk, made.ids["bad"], "vip")
    inbox.done(desk, made.ids["done"])
    with made.db.write() as tx:
        articles.save(
            tx,
            Article(said("kb-9"), said("Title"), said("# Head\n\nText"), category=said("c")),
            by=said("m"),
            at=made.now,
        )
        changes.record(tx, "message.received", said("fact"), actor=said("who"), at=made.now, thread_id=made.ids["bad"])
        changes.set_worker(tx, "fetch", "error", said("trouble"), at=made.now)
        changes.stream(tx, made.ids["held"], said("written"), at=made.now)
    return made


def faults(app) -> list[str]:
    """What of the screen could steer a terminal."""
    found = []
    width, _ = app.size
    for strip in app.screen._compositor.render_strips():
        text = "".join(segment.text for segment in strip if not segment.control)
        found += [f"control {c!r} in {text!r}" for c in text if unicodedata.category(c) in ("Cc", "Cs")]
        found += [f"direction {c!r} in {text!r}" for c in text if c in BIDI or 0xE0000 <= ord(c) <= 0xE007F]
        run = 0
        for c in text:
            run = run + 1 if unicodedata.category(c) in ("Mn", "Me") else 0
            if run > COMBINING_MOST:
                found.append(f"a flood of marks in {text!r}")
        if cell_len(text) != width:
            found.append(f"{cell_len(text)} cells, not {width}: {text!r}")
        for segment in strip:
            style = segment.style
            if style is not None and (style.link or "quit" in str(style.meta)):
                found.append(f"a link or action came alive: {segment!r}")
    return found


VIEWS = (
    ("1", "inbox"), ("2", "review"), ("3", "mine"), ("4", "outbox"), ("6", "quarantine"), ("7", "automated"),
    ("8", "spam"), ("9", "done"), ("g a", "all"), ("g k", "knowledge"), ("g l", "activity"),
)  # fmt: skip


@pytest.mark.parametrize("size", [(120, 36), (80, 24)])
async def test_no_field_of_any_pane_steers_the_terminal(hostile: Shop, size):
    hurt: list[str] = []
    async with desk_screen(hostile, size=size) as (pilot, screen):
        for key, pane in VIEWS:
            await go(pilot, screen, key, pane)
            hurt += [f"{pane}: {fault}" for fault in faults(pilot.app)]
            for step in ("enter", "G", "enter", "z", "escape", "escape"):
                await pilot.press(step)
                await pilot.pause()
                hurt += [f"{pane} after {step}: {fault}" for fault in faults(pilot.app)]
            await until(pilot, lambda: pilot.app.screen is screen, "back on the desk")
    assert not hurt, "\n".join(hurt[:10])


async def test_no_dialog_steers_the_terminal(hostile: Shop):
    hurt: list[str] = []
    async with desk_screen(hostile) as (pilot, screen):
        await go(pilot, screen, "g a", "all")
        await put(pilot, screen, hostile.ids["bad"])
        for key in ("w", "H", "A", "M", "o", "y", "t", "P", "a", "x", "R", "B", "r", "/", "colon", "question_mark"):
            await pilot.press(key)
            await pilot.pause()
            await pilot.pause()
            hurt += [f"{key}: {fault}" for fault in faults(pilot.app)]
            for _ in range(3):
                if pilot.app.screen is not screen:
                    await pilot.press("escape")
                    await pilot.pause()
            await pilot.press("escape")
            await pilot.pause()
            if not (pilot.app.screen is screen and screen.pane == "all"):
                await until(pilot, lambda: pilot.app.screen is screen, "back")
                await go(pilot, screen, "g a", "all")
            await put(pilot, screen, hostile.ids["bad"])
        assert settled(screen)
    assert not hurt, "\n".join(hurt[:10])


async def test_what_goes_to_the_clipboard_holds_no_escape(hostile: Shop, monkeypatch):
    from desk.ui.app import DeskApp

    copied: list[str] = []
    monkeypatch.setattr(DeskApp, "copy_to_clipboard", lambda self, text: copied.append(text))
    async with desk_screen(hostile) as (pilot, screen):
        await go(pilot, screen, "g a", "all")
        await put(pilot, screen, hostile.ids["bad"])
        for number in range(4):
            await pilot.press("y")
            await pilot.pause()
            for _ in range(number):
                await pilot.press("down")
            await pilot.press("enter")
            await pilot.pause()
    assert copied
    for text in copied:
        assert not [c for c in text if unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t"], text
        assert not BIDI & set(text)
