import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from desk.ui import when

PROGRAM = """
import asyncio, sys
from desk.config import Config
from desk.ui.app import DeskApp
HEAVY = ("sqlalchemy", "llama_cpp", "lancedb", "fastembed", "sklearn", "onnxruntime", "aiosqlite", "alembic")
painted = []
def connect():
    painted.append(app.screen.query_one("#keys").size.width > 0)
    painted.append([m for m in HEAVY if m in sys.modules])
    from desk.errors import StoreError
    raise StoreError("The database did not answer.", "Look at the disk.")
app = DeskApp(connect, Config())
async def main():
    async with app.run_test(size=(80, 24)) as pilot:
        while not painted or "did not answer" not in app.screen.list.empty:
            await pilot.pause()
        assert painted == [True, []], painted
asyncio.run(main())
print("fine")
"""


def test_nothing_heavy_is_loaded_before_the_first_frame(tmp_path):
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        text=True,
        timeout=60,
        env={"DESK_HOME": str(tmp_path), "PATH": "", "TERM": "xterm", "PYTHONPATH": ":".join(sys.path)},
        check=False,
    )
    assert ended.stdout.strip() == "fine", ended.stderr[-2000:]


NOW = datetime(2026, 10, 20, 14, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    "words", ["2h", "3d", "tomorrow", "tue 9", "fri 14:30", "24 dec", "this evening", "1w", "tomorrow 8", "17:00"]
)
def test_plain_words_for_later(words):
    found = when.parse(words, NOW)
    assert found is not None, words
    assert found > NOW
    assert found < NOW + timedelta(days=90)


@pytest.mark.parametrize("words", ["", "yesterday", "99:99", "soonish", "31 feb", "0h"])
def test_what_is_no_moment_is_none(words):
    assert when.parse(words, NOW) is None
