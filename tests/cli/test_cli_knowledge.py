"""`desk kb` and `desk models`: search and comparison for other programs, and the knowledge of the store."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from commands import Shell, process

from desk.domain.ticket import Article
from desk.store import articles, database

ARTICLES = {
    "delivery": ("Delivery times", "A parcel within Europe takes three to five working days."),
    "returns": ("Sending things back", "You can return an unused lamp within thirty days of its arrival."),
    "bulbs": ("Bulbs", "All our lamps take an E27 bulb of at most forty watts."),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of Markdown articles."""
    place = tmp_path / "articles"
    place.mkdir()
    for name, (title, text) in ARTICLES.items():
        (place / f"{name}.md").write_text(f"---\ntitle: {title}\n---\n{text}\n", encoding="utf-8")
    return place


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    """The same articles as articles.jsonl in a folder."""
    place = tmp_path / "lines"
    place.mkdir()
    rows = [{"id": name, "title": title, "text": text} for name, (title, text) in ARTICLES.items()]
    (place / "articles.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    return place


@pytest.mark.parametrize("kind", ["folder", "lines"])
def test_search_over_a_folder_given(desk: Shell, kind: str, request: pytest.FixtureRequest) -> None:
    place: Path = request.getfixturevalue(kind)
    asked = [
        {"id": 1, "text": "How long does a parcel to Austria take?"},
        {"id": "b", "text": "Which bulb fits into the lamp?"},
    ]
    done = desk("kb", "search", "--kb", str(place), "--jsonl", stdin=asked)
    assert done.status == 0
    first, second = done.lines
    for found in (first, second):
        assert list(found) == ["id", "hits", "answerable"]
        assert [list(hit) for hit in found["hits"]] == [["article", "score"]] * len(found["hits"])
        scores = [hit["score"] for hit in found["hits"]]
        assert scores == sorted(scores, reverse=True)
        assert 0 <= found["answerable"] <= 1
    assert (first["id"], first["hits"][0]["article"]) == (1, "delivery")
    assert (second["id"], second["hits"][0]["article"]) == ("b", "bulbs")
    assert not (desk.home / "vectors").exists()


def test_bad_lines_are_answered_in_their_place(desk: Shell, folder: Path) -> None:
    text = 'nonsense\n{"id": 1}\n{"id": 2, "text": 5}\n{"id": 3, "text": ""}\n{"id": 4, "text": "parcel in Europe"}\n'
    answers = desk("kb", "search", "--kb", str(folder), "--jsonl", stdin=text).lines
    assert [answer["id"] for answer in answers] == [None, 1, 2, 3, 4]
    assert ["error" in answer for answer in answers[:3]] == [True] * 3
    assert "hits" in answers[3]
    assert answers[4]["hits"][0]["article"] == "delivery"


def test_search_answers_before_the_next_line_is_written(folder: Path) -> None:
    with process("kb", "search", "--kb", str(folder), "--jsonl") as child:
        assert child.stdin is not None
        assert child.stdout is not None
        for name in ("a", "b"):
            child.stdin.write(json.dumps({"id": name, "text": "parcel"}).encode() + b"\n")
            child.stdin.flush()
            assert json.loads(child.stdout.readline())["id"] == name
        child.stdin.close()
        assert child.wait(20) == 0


def test_options_may_stand_anywhere(desk: Shell, folder: Path) -> None:
    first = desk("kb", "search", "--kb", str(folder), "parcel", "Austria", "--json").json
    assert first == desk("kb", "search", "parcel", "Austria", "--json", "--kb", str(folder)).json
    assert list(first) == ["hits", "answerable"]


def test_same_tells_one_question_from_another(desk: Shell) -> None:
    asked = [
        {"id": 1, "a": "Where is my parcel?", "b": "My package has not come, where is it?"},
        {"id": 2, "a": "Where is my parcel?", "b": "Can I pay by invoice?"},
        {"id": 3, "a": "Where is my parcel?"},
    ]
    same, other, bad = desk("kb", "same", "--jsonl", stdin=asked).lines
    assert list(same) == list(other) == ["id", "score"]
    assert (same["id"], other["id"]) == (1, 2)
    assert same["score"] > other["score"]
    assert (bad["id"], bad["line"]) == (3, 3)
    assert "'b'" in bad["error"]


def test_same_in_words_and_as_json(desk: Shell) -> None:
    pair = ("Where is my parcel?", "Where is my parcel?")
    assert float(desk("kb", "same", *pair).out) == pytest.approx(
        desk("kb", "same", *pair, "--json").json["score"], abs=0.01
    )


def test_import_list_rebuild_and_search_the_store(desk: Shell, folder: Path) -> None:
    assert "3 articles" in desk("kb", "import", str(folder)).out
    assert "3 articles" in desk("kb", "import", str(folder)).out
    rows = desk("kb", "list", "--json").json
    assert [(r["id"], r["title"], r["kind"]) for r in sorted(rows, key=lambda r: r["id"])] == [
        (name, ARTICLES[name][0], "article") for name in sorted(ARTICLES)
    ]
    assert "Delivery times" in desk("kb", "list").out
    assert "3 articles" in desk("kb", "rebuild").out
    hits = desk("kb", "search", "--json", "how", "long", "does", "a", "parcel", "take").json["hits"]
    assert hits[0]["article"] == "delivery"
    assert (desk.home / "vectors").is_dir()
    assert "delivery" in desk("kb", "search", "parcel").out


def test_an_empty_folder_finds_nothing(desk: Shell, tmp_path: Path) -> None:
    found = desk("kb", "search", "parcel", "--kb", str(tmp_path), "--json").json
    assert found["hits"] == []
    assert found["answerable"] < 0.5


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (("kb",), 2, "--help"),
        (("kb", "serch"), 2, "search"),
        (("kb", "search"), 2, "nothing to look for"),
        (("kb", "search", "--kb", "/no/such", "x"), 1, "/no/such"),
        (("kb", "same", "one"), 2, "two questions"),
        (("kb", "import"), 2, "one folder"),
        (("kb", "import", "/no/such"), 1, "/no/such"),
        (("models", "lst"), 2, "list"),
    ],
)
def test_what_a_person_gets_wrong_is_one_line(desk: Shell, words: tuple[str, ...], status: int, says: str) -> None:
    assert says in desk.fails(*words, status=status)


def test_a_broken_article_is_named(desk: Shell, folder: Path, lines: Path) -> None:
    (folder / "bad.md").write_bytes(b"---\ntitle: never closed\n")
    assert "bad.md" in desk.fails("kb", "search", "x", "--kb", str(folder), status=1)
    assert "bad.md" in desk.fails("kb", "import", str(folder), status=1)
    with (lines / "articles.jsonl").open("a") as out:
        out.write("{\n")
    assert "line 4" in desk.fails("kb", "search", "x", "--kb", str(lines), status=1)
    assert desk("kb", "list", "--json").json == []


def test_a_missing_embedding_model_is_named(desk: Shell, folder: Path) -> None:
    desk.config('[knowledge]\nembeddings = "/no/such/model"\n')
    assert "/no/such/model" in desk.fails("kb", "search", "x", "--kb", str(folder), status=1)
    assert "/no/such/model" in desk.fails("inspect", str(folder / "bulbs.md"), status=2)


def test_models_lists_what_there_is_and_what_is_in_use(desk: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_PROVIDER", "none")
    found = desk("models", "list", "--json").json
    assert list(found) == ["in_use", "why_none", "models"]
    assert not found["in_use"]
    assert found["why_none"]
    keys = ["name", "file", "size_mb", "memory_mb", "licence", "good_for", "source", "here", "verified"]
    assert found["models"]
    assert all(list(model) == keys for model in found["models"])
    (desk.home / "models").mkdir(parents=True, exist_ok=True)
    absent = next(model for model in found["models"] if not model["here"])
    (desk.home / "models" / absent["file"]).write_bytes(b"GGUF")
    again = desk("models", "--json").json["models"]
    assert [m["name"] for m in again if m["here"] and m["name"] == absent["name"]] == [absent["name"]]
    assert "No model in use." in desk("models").out


def test_checking_no_model_says_so(desk: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_MODEL", "/no/such/model.gguf")
    assert "/no/such/model.gguf" in desk.fails("models", "check", status=1)
    assert "/no/such/other.gguf" in desk.fails("models", "check", "/no/such/other.gguf", status=1)
    assert "Which model?" in desk.fails("models", "pull", status=2)
    assert "no model named" in desk.fails("models", "pull", "gpt9", status=1)
    monkeypatch.setenv("LLM_PROVIDER", "gpt")
    assert "LLM_PROVIDER" in desk.fails("models", status=2)


def test_ready_made_replies_are_listed_and_checked(desk: Shell, tmp_path: Path) -> None:
    assert "no ready-made replies yet" in desk("replies").out
    table = tmp_path / "orders.csv"
    table.write_text("number;customer_email;status\nA-1;a@b.example;shipped\n", encoding="utf-8")
    desk.config(
        f"[knowledge]\norders = '{table}'\n[[knowledge.lookups]]\nname = 'Parcel'\npattern = 'P'\ncommand = ['x']\n"
    )
    folder = desk.home / "replies"
    folder.mkdir()
    good = "---\nname: Good\nlanguage: en\n---\n{{greeting}} {{order.status}} {{order.text}} {{parcel.where}}"
    (folder / "good.md").write_text(good, encoding="utf-8")
    assert desk("replies", "check").status == 0
    (folder / "bad.md").write_text("{{order.colour}}", encoding="utf-8")
    (folder / "worse.md").write_text("---\nlanguage: nowhere\n---\nx", encoding="utf-8")
    checked = desk("replies", "check", "--json")
    assert checked.status == 1
    assert {one["id"] for one in checked.json} == {"bad", "worse"}
    assert "1 of 3" in desk("replies", "check").out
    listed = desk("replies", "list", "--json").json
    assert [one["id"] for one in listed] == ["bad", "good", "worse"]
    assert "Good" in desk("replies").out
    (desk.home / "playbooks").mkdir()
    (desk.home / "playbooks" / "money.md").write_text("---\ncategory: billing\n---\n## Say\nSoon.", encoding="utf-8")
    assert {one["id"] for one in desk("replies", "check", "--json").json} == {"bad", "worse", "money"}


def test_an_import_says_where_desk_and_the_file_were_both_changed(desk: Shell, folder: Path) -> None:
    desk("kb", "import", str(folder))
    db = database.open(desk.home / "desk.sqlite")
    with db.write() as tx:
        article = Article("returns", "Sending things back", "Within sixty days, says Mara.")
        articles.save(tx, article, by="mara", at=datetime.now(UTC), source="desk")
    db.close()
    assert "Changed in desk" not in desk("kb", "import", str(folder)).out
    (folder / "returns.md").write_text("---\ntitle: Sending things back\n---\nWithin ten days.\n", encoding="utf-8")
    said = desk("kb", "import", str(folder)).out
    assert "Changed in desk and in the file as well: returns." in said
    assert desk("kb", "gaps", "--json").json == {
        "gaps": [],
        "proposals": [{"title": "Sending things back", "from": ""}],
    }
    assert "proposed: Sending things back" in desk("kb", "gaps").out


def test_without_sent_mail_the_voice_is_desks_own(desk: Shell) -> None:
    desk.config("[[mailboxes]]\nname = 'help'\naddress = 'help@shop.example'\nfolder = 'mail'\n")
    assert "too little was sent yet" in desk("voice").out
    assert desk("voice", "--json").json == {"help": []}


def test_remembered_answers_are_listed_and_forgotten(desk: Shell) -> None:
    from desk.cli import rooms
    from desk.store import answers, people, threads
    from desk.store.intake import mailbox

    assert "No answer is remembered" in desk("kb", "answers").out
    db = rooms.store(*rooms.configuration())
    with db.write() as tx:
        box = mailbox(tx, "main", "help@shop.example", at=rooms.now())
        contact = people.contact_of(tx, "a@b.example", at=rooms.now())
        ticket = threads.create(
            tx, mailbox_id=box, subject="x", contact_id=contact, contact_addr="a@b.example", at=rooms.now()
        )
        answers.remember(tx, "Where?", "where", by="bo", at=rooms.now(), thread_id=ticket)
    db.close()
    (one,) = desk("kb", "answers", "--json").json
    assert (one["question"], one["article"], one["by"]) == ("Where?", "where", "bo")
    assert "Where?" in desk("kb", "answers").out
    assert "used no more" in desk("kb", "answers", "forget", str(one["id"])).out
    assert desk("kb", "answers", "--json").json == []
    assert "forget ID" in desk.fails("kb", "answers", "drop", status=2)
