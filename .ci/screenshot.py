"""Draw the README's picture: the review list of the demo, as the app itself exports it.

python .ci/screenshot.py
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from desk.cli import main, rooms
from desk.store.database import AsyncDatabase
from desk.ui.app import DeskApp

PICTURE = Path(__file__).resolve().parents[1] / "sample_mailbox" / "screen.svg"


async def draw(home: str) -> None:
    config, places = rooms.configuration()
    db = rooms.store(config, places)
    app = DeskApp(lambda: (rooms.desk(config, db, who="Mara"), AsyncDatabase(rooms.location(config, places))), config)
    async with app.run_test(size=(150, 40)) as pilot:
        await pilot.pause(1.5)
        await pilot.press("2")
        await pilot.pause(1.0)
        for _ in range(7):
            await pilot.press("j")
        await pilot.pause(1.5)
        PICTURE.write_text(app.export_screenshot(title="desk"), encoding="utf-8")
    db.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="desk-picture-") as folder:
        main(["demo", "--headless", "--no-model", "--keep", folder])
        asyncio.run(draw(folder))
    sys.exit(0)
