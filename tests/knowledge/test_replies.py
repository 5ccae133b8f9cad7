"""Files of ready-made replies: what is read, and what is said of those that can't be used."""

from pathlib import Path

import pytest

from desk.knowledge import replies
from desk.paths import packaged


def written(folder: Path, name: str, text: str) -> None:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def test_a_reply_is_its_front_matter_and_its_text(tmp_path: Path) -> None:
    written(
        tmp_path,
        "money/refund.de.md",
        "---\nname: Geld\ncategory: Billing\nlanguage: DE\nshortcut: ;g\n---\n\nHallo.\n",
    )
    written(tmp_path, "just-words.md", "Thank you.\n")
    written(tmp_path, ".hidden.md", "no")
    plain, refund = replies.load(tmp_path)
    assert (plain.id, plain.name, plain.text, plain.problem) == ("just-words", "just words", "Thank you.", "")
    assert (refund.id, refund.name, refund.category, refund.language) == ("money/refund.de", "Geld", "billing", "de")
    assert (refund.shortcut, refund.text) == (";g", "Hallo.")


def test_a_remark_behind_a_value_is_no_part_of_it(tmp_path: Path) -> None:
    head = "name: 'A # B'\ncategory: billing   # optional\nlanguage:  # any\nshortcut: ;c#"
    written(tmp_path, "a.md", f"---\n{head}\n---\nWords # here.")
    (one,) = replies.load(tmp_path)
    assert (one.name, one.category, one.language, one.shortcut) == ("A # B", "billing", "", ";c#")
    assert one.text == "Words # here."


def test_no_folder_is_no_replies(tmp_path: Path) -> None:
    assert replies.load(tmp_path / "none") == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("---\ncategry: billing\n---\nx", "did you mean category"),
        ("---\ncategory: money\n---\nx", "no category money"),
        ("---\nlanguage: german\n---\nx", "two letters"),
        ("---\nregister: loud\n---\nx", "formal or casual"),
        ("---\nshortcut: a b\n---\nx", "space"),
        ("---\nname: empty\n---\n", "no text"),
        ("---\nname: open\nx", "never closes"),
        ("Hi {{contact name}}", "not written like"),
        ("Hi {{contact.name}", "not written like"),
    ],
)
def test_a_file_that_cannot_be_used_says_why_and_hides_no_other(tmp_path: Path, text: str, said: str) -> None:
    written(tmp_path, "bad.md", text)
    written(tmp_path, "good.md", "Fine.")
    bad, good = replies.load(tmp_path)
    assert said in bad.problem
    assert bad.text == ""
    assert not good.problem


def test_a_file_that_is_no_text_and_a_shortcut_twice(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b"\xff\xfe\x00")
    written(tmp_path, "b.md", "---\nshortcut: ;x\n---\none")
    written(tmp_path, "c.md", "---\nshortcut: ;x\n---\ntwo")
    bad, first, second = replies.load(tmp_path)
    assert "UTF-8" in bad.problem
    assert not first.problem
    assert "b's already" in second.problem


def test_a_blank_that_nothing_ever_fills_is_named(tmp_path: Path) -> None:
    written(tmp_path, "a.md", "{{contact.name}} {{contact.nam}} {{parcel.anything}} {{order.total}}")
    (one,) = replies.load(tmp_path)
    assert replies.strange(one, {"contact.name", "parcel.*"}) == ["contact.nam", "order.total"]


def test_the_replies_of_the_sample_mailbox_are_fine() -> None:
    found = replies.load(packaged("sample_mailbox") / "replies")
    assert len(found) >= 8
    assert [one.problem for one in found if one.problem] == []
    assert {"en", "de", "fr", "nl"} <= {one.language for one in found}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("## Say\nYes.", "no category"),
        ("---\ncategory: billing\n---\n## Say\nYes.", "write which"),
        ("---\ncategory: billing\nlanguage: en\n---\nYes.", "belong ## Say"),
        ("---\ncategory: billing\nlanguage: en\n---\n## Do\nYes.", "belong ## Say"),
        ("---\ncategory: billing\nlanguage: en\n---\n## Say\nDear {{contact.name}}", "no blanks"),
        ("---\ncategory: billing\nshortcut: x\n---\n## Remember\n- a", "no key shortcut"),
    ],
)
def test_a_playbook_that_cannot_be_used_says_why(tmp_path: Path, text: str, said: str) -> None:
    written(tmp_path, "bad.md", text)
    (bad,) = replies.load_playbooks(tmp_path)
    assert said in bad.problem


def test_a_playbook_says_and_reminds_and_has_a_version(tmp_path: Path) -> None:
    head = "---\nname: Money\ncategory: billing\nlanguage: en\n---\n"
    written(tmp_path, "money.md", f"{head}## Say\nTwo.\nLines.\n\n## Remember\n- one\n* two\n")
    (first,) = replies.load_playbooks(tmp_path)
    assert (first.say, first.remember, first.problem) == ("Two.\nLines.", ("one", "two"), "")
    written(tmp_path, "money.md", f"{head}## Say\nThree.\n")
    (second,) = replies.load_playbooks(tmp_path)
    assert first.version != second.version
    assert [p.problem for p in replies.load_playbooks(packaged("sample_mailbox") / "playbooks")] == ["", ""]
