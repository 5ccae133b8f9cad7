import pytest

from desk.ui.screens.first_run import FirstRun


@pytest.mark.parametrize(
    ("keys", "choice"), [(["enter"], "demo"), (["j", "enter"], "connect"), (["o"], "open"), (["q"], None)]
)
async def test_the_first_screen_gives_one_choice(tmp_path, keys, choice):
    app = FirstRun(folder=tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*keys)
    assert app.return_value == choice
