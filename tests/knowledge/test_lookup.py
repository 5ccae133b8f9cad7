from pathlib import Path

import pytest

from desk.errors import KnowledgeError
from desk.knowledge.lookup import belongs_to, lookup

ORDERS = """number,date,customer_email,customer_name,status,carrier,tracking,items,total,currency,paid_with,delivered_on
SO-10071,2025-03-01,ann@one.example,Ann Lee,delivered,Swift Post,SP9,"1 x cup",9.00,EUR,card,2025-03-04
SO-10072,2025-03-02,bo@two.example,Bo Ek,processing,,,"1 x cup",9.00,EUR,card,
SO-10073,2025-03-02,,Nobody,on hold,,,"1 x cup",9.00,EUR,card,
"""
PRODUCTS = """sku,ean,name,category,price,currency,stock,warranty_months,notes
CU-1,4006381333931,"Tern mug, blue",cup,12.50,EUR,4,24,
CU-2,4006381333948,"Tern mug, red",cup,12.50,EUR,0,24,
BO-7,96385074,"Serving bowl, large",bowl,31.00,EUR,2,0,
"""


@pytest.fixture
def tables(tmp_path: Path) -> tuple[Path, Path]:
    (tmp_path / "orders.csv").write_text(ORDERS, encoding="utf-8")
    (tmp_path / "products.csv").write_text(PRODUCTS, encoding="utf-8")
    return tmp_path / "orders.csv", tmp_path / "products.csv"


def keys(text: str, tables: tuple[Path, Path]) -> list[str]:
    return [fact.key for fact in lookup(text, *tables)]


@pytest.mark.parametrize("text", ["Order SO-10071?", "so10071", "it's 10071.", "order SO 10071 is late", "#10071"])
def test_an_order_is_found_however_its_number_is_written(tables, text):
    assert keys(text, tables) == ["SO-10071"]


@pytest.mark.parametrize("text", ["order 1007", "call 100711", "the year 2025", "SO-1", "no number here", ""])
def test_other_numbers_find_no_order(tables, text):
    assert keys(text, tables) == []


def test_an_order_is_told_to_its_customer_alone(tables):
    facts = lookup("SO-10071 and SO-10073", *tables)
    assert [fact.fields["customer_email"] for fact in facts] == ["ann@one.example", ""]
    assert belongs_to(facts[0], "Ann@One.example ")
    assert not belongs_to(facts[0], "bo@two.example")
    assert not belongs_to(facts[1], "")
    assert not belongs_to(facts[1], "ann@one.example")


def test_the_sentence_names_neither_customer_nor_address(tables):
    for language in ("en", "de", "nl", "fr", "es", "it"):
        [fact] = lookup("SO-10071", *tables, language=language)
        assert "Ann" not in fact.text
        assert "@" not in fact.text
        assert "SO-10071" in fact.text
        assert "2025" in fact.text
        assert fact.source == "orders.csv, line 2"


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "was delivered on 4 March 2025 by Swift Post"),
        ("de", "wurde am 4. März 2025 von Swift Post zugestellt"),
        ("nl", "is op 4 maart 2025 door Swift Post bezorgd"),
        ("fr", "a été livrée le 4 mars 2025 par Swift Post"),
        ("es", "se entregó el 4 de marzo de 2025 por Swift Post"),
    ],
)
def test_an_order_is_told_in_the_customers_language(tables, language, said):
    assert said in lookup("SO-10071", *tables, language=language)[0].text


def test_an_unknown_status_is_quoted(tables):
    assert "“on hold”" in lookup("SO-10073", *tables)[0].text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4006381333931", ["CU-1"]),
        ("EAN 4 006381 333948", ["CU-2"]),
        ("is the Tern mug in red available?", ["CU-2"]),
        ("Do you have the Tern?", ["CU-1", "CU-2"]),
        ("a mug, any mug", []),
        ("a bowl please", []),
        ("the large serving bowl", ["BO-7"]),
        ("cu-1", ["CU-1"]),
    ],
)
def test_products_by_ean_number_and_name(tables, text, expected):
    assert keys(text, tables) == expected


def test_price_stock_and_warranty_are_told(tables):
    [fact] = lookup("CU-2", *tables, language="de")
    assert (
        fact.text
        == "Tern mug, red (CU-2) kostet 12,50 EUR und ist zurzeit nicht auf Lager. Die Garantie gilt 24 Monate."
    )


def test_a_changed_table_is_read_again(tables):
    assert keys("SO-20000", tables) == []
    tables[0].write_text(ORDERS + "SO-20000,2025-04-01,c@c.example,C,shipped,,,,1,EUR,card,\n", encoding="utf-8")
    assert keys("SO-20000", tables) == ["SO-20000"]


def test_errors_name_the_table_and_the_cure(tmp_path: Path, tables):
    with pytest.raises(KnowledgeError, match=r"gone\.csv.*knowledge\.orders"):
        lookup("x", tmp_path / "gone.csv", None)
    (tmp_path / "bad.csv").write_text("id,mail\n1,a\n")
    with pytest.raises(KnowledgeError, match="lacks the column number, customer_email, status"):
        lookup("x", tmp_path / "bad.csv", None)
    (tmp_path / "latin.csv").write_bytes("number,customer_email,status\nä".encode("latin-1"))
    with pytest.raises(KnowledgeError, match="UTF-8"):
        lookup("x", tmp_path / "latin.csv", None)


def test_no_tables_no_facts():
    assert lookup("SO-10071", None, None) == []
