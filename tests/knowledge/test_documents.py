from pathlib import Path

import pytest

from desk.config import KnowledgeConfig
from desk.errors import KnowledgeError
from desk.knowledge import articles, documents
from desk.store import articles as stored
from desk.store import database
from desk.workers.indexing import import_files

PAGE = """<!doctype html><html><head><title>Opening  hours</title><style>p {color: red}</style></head>
<body><nav>Home | Shop</nav><main><h1>When we are open</h1><p>On weekdays from <b>nine</b> to six.</p>
<ul><li>Saturday: ten to two</li><li>Sunday: closed</li></ul><p hidden>secret</p><script>alert(1)</script></main>
<footer>Imprint</footer></body></html>"""


def pdf(*lines: str) -> bytes:
    """A PDF of one page with these lines, as small as the format allows."""
    shown = " T* ".join(f"({line}) Tj" for line in lines)
    stream = f"BT /F1 12 Tf 14 TL 50 700 Td {shown} ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R "
        b"/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
    ]
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer << /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % len(out)
    return out + b"xref\n0 5\n0000000000 65535 f \n" + table + end


def long_text(*headings: str) -> str:
    return "\n\n".join(f"## {name}\n\n" + f"A sentence about {name.lower()}. " * 100 for name in headings)


def test_a_page_is_read_without_menus_scripts_and_hidden_text():
    title, text = documents.html(PAGE)
    assert title == "Opening hours"
    assert text.startswith("# When we are open\n\nOn weekdays from nine to six.")
    assert "- Saturday: ten to two\n" in text
    assert not any(word in text for word in ("Home", "secret", "alert", "Imprint", "color"))


def test_a_folder_of_all_kinds_gives_an_article_each(tmp_path: Path):
    (tmp_path / "hours.html").write_text(PAGE, encoding="utf-8")
    (tmp_path / "repair-times.txt").write_text("Repairs take two weeks.", encoding="utf-8")
    (tmp_path / "care.PDF").write_bytes(pdf("Wipe the lamp with a dry cloth.", "Use no soap."))
    (tmp_path / "rules.md").write_text("# Rules\n\nNo smoking.", encoding="utf-8")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "notes.txt").write_text("not for anybody", encoding="utf-8")
    found = {a.id: a for a in articles.load(tmp_path)}
    assert {name: a.title for name, a in found.items()} == {
        "hours": "Opening hours",
        "repair-times": "repair times",
        "care": "care",
        "rules": "Rules",
    }
    assert "Wipe the lamp with a dry cloth." in found["care"].body
    assert "Use no soap." in found["care"].body


@pytest.mark.parametrize(
    ("name", "data", "said"), [("x.pdf", b"%PDF-1.4 rubbish", "x.pdf"), ("y.txt", b"\xff\xfe", "UTF-8")]
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str, data: bytes, said: str):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(KnowledgeError, match=said):
        articles.load(tmp_path)


def test_a_scanned_pdf_says_that_it_holds_no_text(tmp_path: Path):
    (tmp_path / "scan.pdf").write_bytes(pdf(""))
    with pytest.raises(KnowledgeError, match="only pictures"):
        articles.load(tmp_path)


def test_a_long_document_is_cut_at_its_headings_and_a_short_one_is_not():
    text = "Before.\n\n" + long_text("Paying", "Sending", "Paying")
    parts = documents.by_heading(text)
    assert [heading for heading, _ in parts] == ["", "Paying", "Sending", "Paying"]
    assert all(part in text for _, part in parts)
    assert documents.by_heading("## One\n\nshort\n\n## Two\n\nshort") == [("", "## One\n\nshort\n\n## Two\n\nshort")]


def test_reading_again_writes_only_what_changed_and_drops_headings_that_went(tmp_path: Path):
    folder = tmp_path / "kb"
    folder.mkdir()
    guide = folder / "guide.md"
    guide.write_text("# Guide\n\n" + long_text("Paying", "Sending", "Returning"), encoding="utf-8")
    db = database.open(str(tmp_path / "desk.db"))
    config = KnowledgeConfig(folder=str(folder))

    def versions() -> dict[str, int]:
        return {row.article.id: row.version for row in db.get(stored.all_rows())}

    import_files(db, config)
    assert versions() == {"guide#paying": 1, "guide#sending": 1, "guide#returning": 1}
    import_files(db, config)
    assert set(versions().values()) == {1}
    guide.write_text("# Guide\n\n" + long_text("Paying", "Posting", "Returning") + " One more.", encoding="utf-8")
    import_files(db, config)
    assert versions() == {"guide#paying": 1, "guide#posting": 1, "guide#returning": 2}
    db.close()
