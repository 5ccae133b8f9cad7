"""Driving the screen: wait for what must come, never for time."""

import asyncio
from collections.abc import Callable
from contextlib import asynccontextmanager

from filling import ADDRESS, Shop

from desk.config import Config, MailboxConfig, ScreenConfig
from desk.ui.app import DeskApp
from desk.ui.screens.main import MainScreen


async def until(pilot, what: Callable[[], bool], said: str = "", tries: int = 400) -> None:
    for _ in range(tries):
        await pilot.pause()
        if what():
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"it did not come to this: {said or what}\n{words(pilot.app)}")


def words(app) -> str:
    """Everything on the screen, as a person reads it."""
    width, height = app.size
    lines = [[" "] * width for _ in range(height)]
    return "\n".join("".join(s.text for s in strip) for strip in app.screen._compositor.render_strips()) or str(lines)


@asynccontextmanager
async def desk_screen(made: Shop, size=(120, 36), *, theme="harbour", demo=False, keys=None, more=()):
    boxes = (MailboxConfig(address=ADDRESS), *more)
    config = Config(screen=ScreenConfig(theme=theme, keys=keys or {}), mailboxes=boxes)
    app = DeskApp(lambda: (made.desk(), made.reads()), config, demo=demo)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: settled(app.screen), "opened")
        yield pilot, app.screen


def settled(screen) -> bool:
    return (
        isinstance(screen, MainScreen)
        and screen.connected
        and screen.list.sheet is not None
        and (screen.opened.pane, screen.opened.id) == (screen.pane, screen.list.id_here)
    )


async def go(pilot, screen, key: str, pane: str) -> None:
    await pilot.press(*key.split())
    await until(pilot, lambda: screen.pane == pane and settled(screen), pane)


async def put(pilot, screen, id: int) -> None:
    """The cursor on an id, its ticket shown."""
    assert screen.list.put(id) or screen.list.id_here == id
    await until(pilot, lambda: settled(screen), "the ticket is shown")
