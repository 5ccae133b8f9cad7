from dataclasses import fields

import pytest

from desk.errors import ConfigError
from desk.paths import packaged
from desk.ui import themes

TEXTS = ("text", "quiet", "accent", "urgent", "asks", "good", "warning", "danger")


def test_there_are_at_least_five_and_all_load():
    found, problems = themes.load((packaged("themes"),))
    assert not problems
    assert len(found) >= 5
    assert "harbour" in found
    assert any(not t.dark for t in found.values())


@pytest.mark.parametrize("name", sorted(themes.load((packaged("themes"),))[0]))
def test_every_word_can_be_read_on_every_ground(name):
    colors = themes.load((packaged("themes"),))[0][name].colors
    for text in TEXTS:
        for ground in ("background", "surface", "selection"):
            ratio = themes.contrast(getattr(colors, text), getattr(colors, ground))
            assert ratio >= 4.5, f"{text} on {ground} is {ratio:.2f}"
    assert themes.contrast(colors.on_accent, colors.accent) >= 4.5
    assert themes.contrast(colors.background, colors.danger) >= 4.5


def test_the_high_contrast_theme_has_seven_to_one():
    colors = themes.load((packaged("themes"),))[0]["signal"].colors
    assert all(themes.contrast(getattr(colors, t), colors.background) >= 7 for t in TEXTS)


def test_a_theme_of_ones_own_wins_and_a_broken_one_is_named(tmp_path):
    body = "\n".join(f'{f.name} = "#112233"' for f in fields(themes.Colors))
    (tmp_path / "harbour.toml").write_text(f"title = 'Mine'\n[colors]\n{body}\n")
    (tmp_path / "broken.toml").write_text("[colors]\naccnt = '#112233'\n")
    found, problems = themes.load((packaged("themes"), tmp_path))
    assert found["harbour"].title == "Mine"
    assert "accent" in problems[0]
    with pytest.raises(ConfigError, match=r"broken\.toml"):
        themes.read(tmp_path / "broken.toml")


def test_contrast_is_the_standard_one():
    assert themes.contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert themes.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
