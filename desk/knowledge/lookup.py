"""Facts from tables: an order by its number, a product by its EAN, article number or name.

An order belongs to one customer. Its `Fact` carries `fields["customer_email"]`, and may be used only in a reply to that very
address: anyone can write somebody else's order number into a mail.
"""

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from desk.domain.ticket import Fact
from desk.errors import KnowledgeError
from desk.knowledge.facts import order_sentence, product_sentence
from desk.knowledge.glossary import fold

_TOKEN = re.compile(r"[^\W_]+(?:[-/][^\W_]+)*")
_EAN = re.compile(r"(?<![\d-])\d(?:[ -]?\d){7,13}(?![\d-])")
_WORD = re.compile(r"[^\W\d_]{2,}|\d+")
_MOST_PRODUCTS = 3
_ORDER_COLUMNS = ("number", "customer_email", "status")
_PRODUCT_COLUMNS = ("sku", "name")


@dataclass(frozen=True, slots=True)
class _Table:
    name: str
    rows: tuple[dict[str, str], ...]
    keys: dict[str, int]
    """Normalised order number, SKU or EAN to the row."""
    digits: dict[str, int]
    """The digits of a key alone to the row, where only one row has them."""


def lookup(text: str, orders: Path | None, products: Path | None, *, language: str = "en") -> list[Fact]:
    """Orders and products that `text` names, in the order they are named, as sentences in `language` (else English).

    Raises KnowledgeError when a table is missing, is not UTF-8, or lacks a column it must have. An order fact must be used
    only where `fields["customer_email"]` is the writer's own address; see `belongs_to`.
    """
    facts: list[Fact] = []
    if orders:
        table = _read(orders, _ORDER_COLUMNS, "number")
        for row in _numbers(text, table):
            fields = table.rows[row]
            facts.append(
                Fact(
                    "order", fields["number"], order_sentence(fields, language), f"{table.name}, line {row + 2}", fields
                )
            )
    if products:
        table = _read(products, _PRODUCT_COLUMNS, "sku", "ean")
        for row in _products(text, table):
            fields = table.rows[row]
            facts.append(
                Fact(
                    "product",
                    fields["sku"],
                    product_sentence(fields, language),
                    f"{table.name}, line {row + 2}",
                    fields,
                )
            )
    return facts


def columns(table: Path) -> frozenset[str]:
    """The names of a table's columns, none where it has no rows; raises KnowledgeError as `lookup` does."""
    rows = _read(table, ()).rows
    return frozenset(rows[0]) if rows else frozenset()


def belongs_to(fact: Fact, address: str) -> bool:
    """Whether a fact may be told to `address`: every product, and an order of this very customer."""
    owner = fact.fields.get("customer_email", "").strip().lower()
    return fact.kind != "order" or (bool(owner) and owner == address.strip().lower())


def _key(value: str) -> str:
    return re.sub(r"[^0-9a-z]", "", value.lower())


def _numbers(text: str, table: _Table) -> list[int]:
    """Rows whose number stands in the text: as written, without its hyphen, or its digits (four or more) alone."""
    found: dict[int, None] = {}
    tokens = _TOKEN.findall(text)
    for at, token in enumerate(tokens):
        for candidate in (_key(token), _key("".join(tokens[at : at + 2]))):
            row = table.keys.get(candidate)
            if row is None and candidate.isdigit() and len(candidate) >= 4:
                row = table.digits.get(candidate)
            if row is not None:
                found[row] = None
                break
    return list(found)


def _by_digits(keys: dict[str, int]) -> dict[str, int]:
    """Digits of the numbers to rows, those that two orders share left out."""
    seen: dict[str, int] = {}
    for key, row in keys.items():
        digits = re.sub(r"\D", "", key)
        seen[digits] = -1 if digits in seen else row
    return {digits: row for digits, row in seen.items() if row >= 0 and len(digits) >= 4}


def _products(text: str, table: _Table) -> list[int]:
    found: dict[int, None] = {}
    for match in _EAN.finditer(text):
        row = table.keys.get(_key(match.group()))
        if row is not None:
            found[row] = None
    for token in _TOKEN.findall(text):
        row = table.keys.get(_key(token)) if re.search(r"\d", token) else None
        if row is not None:
            found[row] = None
    for row in _by_name(text, table.rows):
        found[row] = None
    return list(found)[:_MOST_PRODUCTS]


def _by_name(text: str, rows: Sequence[dict[str, str]]) -> list[int]:
    """Products whose own name (the word few others bear) stands in the text; of each name the variant that fits best."""
    words = set(_WORD.findall(fold(text)))
    names = [_WORD.findall(fold(row["name"])) for row in rows]
    bearers: dict[str, int] = {}
    for name in names:
        for word in set(name):
            bearers[word] = bearers.get(word, 0) + 1
    best: dict[str, tuple[int, list[int]]] = {}
    for number, name in enumerate(names):
        if not name or name[0] not in words:
            continue
        # A first word that is common ("bulb", "table") names a product only together with the rest of its name.
        own = bearers[name[0]] <= max(3, len(rows) // 12) and rows[number]["name"][:1].isupper()
        hits = len(words & set(name))
        if hits < (1 if own and _as_name(rows[number]["name"], text) else min(3, len(set(name)))):
            continue
        score, group = best.get(name[0], (0, []))
        if hits > score:
            best[name[0]] = (hits, [number])
        elif hits == score:
            group.append(number)
    return [number for _, group in best.values() for number in group]


def _as_name(name: str, text: str) -> bool:
    """Whether the first word of a product's name is written as a name (with its capital) somewhere in the text."""
    first = re.escape(name.split()[0].strip(",;"))
    return bool(re.search(rf"\b{first}\b", text)) or bool(
        re.search(rf"\b{first}\b.*\b(?:lamp|lampe|lámpara)", text, re.I)
    )


def _read(path: Path, columns: Iterable[str], *keys: str) -> _Table:
    try:
        stat = path.stat()
    except OSError as problem:
        raise KnowledgeError(
            f"The table {path} can't be read: {problem.strerror or problem}.",
            "Mend knowledge.orders and knowledge.products in the configuration, or empty them.",
        ) from problem
    return _load(path, tuple(columns), keys, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=8)
def _load(path: Path, columns: tuple[str, ...], keys: tuple[str, ...], _changed: int, _size: int) -> _Table:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise KnowledgeError(f"The table {path} can't be read: {problem}.", "Save it as CSV in UTF-8.") from problem
    head = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=head.count)
    lines = csv.DictReader(text.splitlines(), delimiter=delimiter)
    missing = [name for name in columns if name not in (lines.fieldnames or ())]
    if missing:
        raise KnowledgeError(
            f"The table {path} lacks the column {', '.join(missing)}.",
            f"Its first line must name the columns, among them {', '.join(columns)}.",
        )
    rows = tuple({k: (v or "").strip() for k, v in row.items() if isinstance(k, str)} for row in lines)
    index: dict[str, int] = {}
    for number, row in enumerate(rows):
        for column in keys:
            if key := _key(row.get(column, "")):
                index.setdefault(key, number)
    return _Table(path.name, rows, index, _by_digits(index))
