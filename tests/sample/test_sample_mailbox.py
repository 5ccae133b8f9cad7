"""The sample mailbox holds what it promises: its manifest, its mail, its knowledge and its tables fit together."""

import csv
import email
import email.policy
import json
import re
import tomllib
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import parseaddr, parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest

from desk.config import load
from desk.domain.enums import AttackType, Category, Known

SAMPLE = Path(__file__).parents[2] / "sample_mailbox"
MANIFEST = tomllib.loads((SAMPLE / "stories.toml").read_text(encoding="utf-8"))
STORIES: dict[str, dict[str, Any]] = {s["name"]: s for s in MANIFEST["stories"]}
FILES = [f for s in MANIFEST["stories"] for f in s["files"]]
READABLE = [f for f in FILES if not f.startswith("mail/malformed/")]
PLACES = {"review", "quarantine", "automated", "spam", "history", "archived"}
KEYS = {"place", "known", "category", "language", "intents", "attack", "released", "threads"}
ORDER = re.compile(r"GH-\d{5}")


def message(file: str) -> EmailMessage:
    return email.message_from_bytes((SAMPLE / file).read_bytes(), policy=email.policy.default)


def bodies(file: str) -> str:
    """All text parts of one message, decoded."""
    parts = [p for p in message(file).walk() if p.get_content_type() in ("text/plain", "text/html")]
    return "\n".join((p.get_payload(decode=True) or b"").decode("utf-8", "replace") for p in parts)


def story_text(name: str) -> str:
    return "\n".join(str(message(f)["Subject"]) + "\n" + bodies(f) for f in STORIES[name]["files"])


def table(name: str) -> list[dict[str, str]]:
    with (SAMPLE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def articles() -> dict[str, tuple[dict[str, str], str]]:
    found = {}
    for path in sorted((SAMPLE / "knowledge").glob("*.md")):
        empty, head, body = path.read_text(encoding="utf-8").split("---\n", 2)
        assert empty == "", f"{path.name} does not begin with its front matter"
        fields = dict(line.split(": ", 1) for line in head.splitlines())
        found[path.stem] = (fields, body)
    return found


def test_there_is_enough_of_everything() -> None:
    assert len(FILES) >= 60
    assert sum(s["expect"].get("threads", 1) for s in STORIES.values()) >= 35
    assert sum(s["expect"]["place"] == "quarantine" for s in STORIES.values()) >= 12
    assert sum(s["expect"]["place"] == "spam" for s in STORIES.values()) >= 4
    assert sum(s["expect"]["place"] == "automated" for s in STORIES.values()) >= 5
    assert sum(s["expect"].get("known") == "novel" for s in STORIES.values()) >= 4
    assert [n for n, s in STORIES.items() if s["expect"].get("released")] == ["teacher-false-positive"]
    for language in ("de", "nl", "fr", "es"):
        assert sum(s["expect"].get("language") == language for s in STORIES.values()) >= 2, language


def test_every_file_stands_in_the_manifest_once() -> None:
    on_disk = {p.relative_to(SAMPLE).as_posix() for p in (SAMPLE / "mail").rglob("*") if p.is_file()}
    assert len(FILES) == len(set(FILES))
    assert set(FILES) == on_disk
    assert len(STORIES) == len(MANIFEST["stories"])
    for name, story in STORIES.items():
        assert all(f.startswith(f"mail/{name}/") for f in story["files"])
        assert story["files"] == sorted(story["files"])
        assert set(story.get("history", [])) <= set(story["files"])
        assert story["title"]


@pytest.mark.parametrize("name", sorted(STORIES))
def test_expectations_use_the_one_set_of_words(name: str) -> None:
    story = STORIES[name]
    expect = story["expect"]
    assert set(expect) <= KEYS
    assert expect["place"] in PLACES
    if "known" in expect:
        Known(expect["known"])
    if "category" in expect:
        wanted = expect["category"]
        for category in [wanted] if isinstance(wanted, str) else wanted:
            Category(category)
    if "attack" in expect:
        assert AttackType(expect["attack"]) is not AttackType.NONE
        assert expect["place"] == "quarantine"
    assert expect.get("language", "en") in {"en", "de", "nl", "fr", "es"}
    assert expect.get("intents", 2) >= 2
    new = [f for f in story["files"] if f not in story.get("history", [])]
    assert bool(new) != (expect["place"] == "history"), "a story has new mail, or is history as a whole"


@pytest.mark.parametrize("file", READABLE)
def test_a_message_has_sender_date_and_text(file: str) -> None:
    parsed = email.message_from_bytes((SAMPLE / file).read_bytes())
    assert "@" in parseaddr(str(parsed["From"]))[1]
    sent = parsedate_to_datetime(parsed["Date"]).astimezone(UTC)
    assert datetime(2026, 10, 1, tzinfo=UTC) <= sent < datetime(2026, 11, 21, tzinfo=UTC)
    assert bodies(file).strip()


def test_the_newest_message_is_of_the_last_day() -> None:
    dates = {f: parsedate_to_datetime(str(message(f)["Date"])) for f in READABLE}
    assert max(dates.values()).date().isoformat() == "2026-11-20"
    for name, story in STORIES.items():
        sent = [dates[f] for f in story["files"] if f in dates]
        assert sent == sorted(sent), f"{name} is not in the order of its dates"


def test_replies_name_the_message_they_answer() -> None:
    for name, story in STORIES.items():
        known: list[str] = []
        for file in story["files"] if name != "malformed" else []:
            parsed = message(file)
            if known:
                assert str(parsed["In-Reply-To"]) in known, file
            known.append(str(parsed["Message-ID"]))
    ids = [str(message(f)["Message-ID"]) for f in READABLE if message(f)["Message-ID"]]
    assert len(ids) == len(set(ids)) == len(READABLE) - 1


def test_our_own_answers_are_history_and_only_a_loop_brings_one_back() -> None:
    address = load(SAMPLE / "desk.toml", {}).mailboxes[0].address
    past = {f for s in STORIES.values() for f in s.get("history", [])}
    ours = {f for f in READABLE if parseaddr(str(message(f)["From"]))[1] == address}
    assert len(ours & past) >= 8
    assert ours - past == {"mail/loop-own-message/01-came-back.eml"}


def test_knowledge_is_complete_and_partly_private() -> None:
    found = articles()
    english = [i for i, (head, _) in found.items() if head["language"] == "en"]
    private = [i for i, (head, _) in found.items() if head["public"] == "false"]
    assert len(english) >= 25
    assert len(private) >= 4
    for id_, (head, body) in found.items():
        assert list(head) == ["id", "title", "category", "language", "public"]
        assert head["id"] == id_
        Category(head["category"])
        assert head["public"] in ("true", "false")
        assert id_.endswith("." + head["language"]) == (head["language"] != "en")
        assert head["language"] == "en" or id_.rsplit(".", 1)[0] in found
        assert len(body.strip()) > 150
    assert {head["language"] for head, _ in found.values()} == {"en", "de", "nl", "fr", "es"}


def test_resolved_tickets_are_answers_without_gaps() -> None:
    rows = [json.loads(line) for line in (SAMPLE / "resolved.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(rows) >= 30
    assert len({r["id"] for r in rows}) == len(rows)
    for row in rows:
        assert set(row) == {"id", "question", "answer", "category", "language"}
        Category(row["category"])
        assert not re.search(r"[\[\]{}<>]|XX|\bTBD\b", row["answer"])
        assert len(row["answer"]) > 40


def test_figures_of_resolved_tickets_stand_in_an_article() -> None:
    said = " ".join(head["title"] + " " + body for head, body in articles().values() if head["public"] == "true")
    known = set(re.findall(r"\d+(?:[.,]\d+)?", said))
    for line in (SAMPLE / "resolved.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        assert set(re.findall(r"\d+(?:[.,]\d+)?", row["answer"])) <= known, row["id"]


def test_ean_check_digits() -> None:
    products = table("products.csv")
    assert len(products) >= 25
    assert len({p["ean"] for p in products}) == len(products) == len({p["sku"] for p in products})
    for product in products:
        digits = [int(d) for d in product["ean"]]
        assert len(digits) == 13
        assert (sum(digits[::2]) + 3 * sum(digits[1::2])) % 10 == 0, product["sku"]


def test_orders_are_consistent() -> None:
    orders = table("orders.csv")
    assert len(orders) >= 40
    assert len({o["number"] for o in orders}) == len(orders)
    skus = {p["sku"] for p in table("products.csv")}
    for order in orders:
        assert ORDER.fullmatch(order["number"])
        items = re.findall(r"\((\w\w-\d{4})\)", order["items"])
        assert items
        assert set(items) <= skus
        assert float(order["total"]) > 0
        assert bool(order["tracking"]) == (order["status"] in {"shipped", "delivered", "returned", "refunded"}) or (
            "GC-0001" in items
        )
        assert not order["delivered_on"] or order["delivered_on"] >= order["date"]


def test_the_orders_and_articles_that_customers_name_exist() -> None:
    numbers = {o["number"]: o for o in table("orders.csv")}
    mistyped = {"GH-20472"}
    for name, story in STORIES.items():
        named = set(ORDER.findall(story_text(name))) - mistyped
        assert named <= set(numbers), name
        if story["expect"].get("category") == "billing" and story["expect"]["place"] == "review":
            senders = {parseaddr(str(message(f)["From"]))[1] for f in story["files"]}
            assert {numbers[n]["customer_email"] for n in named} <= senders, name
    assert ORDER.search(story_text("billing-double-charge"))
    assert mistyped <= set(ORDER.findall(story_text("parcel-where-2")))
    eans = {p["ean"] for p in table("products.csv")}
    assert set(re.findall(r"\b\d{13}\b", story_text("product-ean"))) <= eans
    assert re.search(r"\b\d{13}\b", story_text("product-ean"))


def test_disguises_are_really_in_the_bytes() -> None:
    tags = [c for c in story_text("attack-tag-characters") if 0xE0000 <= ord(c) <= 0xE007F]
    assert "ignore all previous" in "".join(chr(ord(c) - 0xE0000) for c in tags).lower()
    invisible = story_text("attack-zero-width")
    assert invisible.count("\u200b") > 30
    assert "ignore all previous" not in invisible.lower()
    assert "ignore all previous" in invisible.replace("\u200b", "").lower()
    assert len(re.findall("[\u0400-\u04ff]", story_text("attack-homoglyph"))) > 30
    assert "ignore all previous" not in story_text("attack-homoglyph").lower()
    assert "ignore" not in story_text("attack-base64").lower()
    assert "display:none" in story_text("attack-hidden-display-none")
    assert "<|im_start|>system" in story_text("attack-chat-template")
    sender = message(STORIES["attack-display-name"]["files"][0])["From"].addresses[0]
    assert "previous instructions" in sender.display_name
    (attached,) = message(STORIES["attack-file-name"]["files"][0]).iter_attachments()
    assert "previous instructions" in str(attached.get_filename())


def test_machine_mail_and_broken_mail_are_what_they_say() -> None:
    bounce = message("mail/bounce/01-mailbox-full.eml")
    assert bounce.get_content_type() == "multipart/report"
    assert [p.get_content_type() for p in bounce.iter_parts()] == [
        "text/plain",
        "message/delivery-status",
        "text/rfc822-headers",
    ]
    returned = str(message(STORIES["answered-oil"]["files"][1])["Message-ID"])
    assert returned.encode() in (SAMPLE / "mail/bounce/01-mailbox-full.eml").read_bytes()
    assert message(STORIES["newsletter"]["files"][0])["List-Unsubscribe"]
    assert message(STORIES["out-of-office"]["files"][2])["Auto-Submitted"] == "auto-replied"
    assert message(STORIES["parcel-where-3"]["files"][0])["Message-ID"] is None
    wrong = (SAMPLE / STORIES["refund-when-3"]["files"][0]).read_bytes()
    assert b"charset=utf-8" in wrong
    with pytest.raises(UnicodeDecodeError):
        wrong.decode("utf-8")
    unknown = message(STORIES["flicker-3"]["files"][0]).get_content_charset()
    with pytest.raises(LookupError):
        "".encode(unknown)
    head = (SAMPLE / STORIES["invoice-vat-3"]["files"][0]).read_bytes().partition(b"\r\n\r\n")[0]
    assert any(byte > 127 for byte in head)
    broken = email.message_from_bytes((SAMPLE / STORIES["malformed"]["files"][0]).read_bytes())
    assert broken.defects
    assert broken["Date"] is None


def test_attachments_are_real_files() -> None:
    found = {}
    for file in READABLE:
        for part in message(file).iter_attachments() if message(file).get_content_type() == "multipart/mixed" else ():
            found[str(part.get_filename())] = part.get_payload(decode=True)
    assert found["IMG_4471.png"].startswith(b"\x89PNG\r\n\x1a\n")
    assert found["ceiling plan.pdf"].startswith(b"%PDF-")
    assert found["lamp list.csv"].startswith(b"model,quantity")


def test_the_burst_lasts_less_than_thirty_seconds() -> None:
    sent = [parsedate_to_datetime(str(message(f)["Date"])) for f in STORIES["burst-new-address"]["files"]]
    assert len(sent) == 3
    assert (sent[-1] - sent[0]).total_seconds() <= 30


def test_the_long_thread_is_long_and_its_quotes_grow() -> None:
    files = STORIES["long-thread-hotel"]["files"]
    assert len(files) >= 14
    sizes = [len(bodies(f)) for f in files[::2]]
    assert sizes[-1] > 5 * sizes[0]
    assert bodies(files[-1]).count(">>>>") > 10
    assert len(str(message(files[-1])["References"]).split()) == len(files) - 1


def test_all_addresses_are_fictional_and_no_machine_is_named() -> None:
    for path in SAMPLE.rglob("*"):
        if not path.is_file():
            continue
        text = path.read_bytes().replace(b"=\r\n", b"").decode("latin-1")
        for domain in re.findall(r"[\w.+-]+@([A-Za-z][\w-]*(?:\.[\w-]+)+)", text):
            assert domain.endswith(".example"), f"{path.name} names {domain}"
        for place in ("/home/", "/root/", "/work/", "/Users/", "localhost"):
            assert place not in text, f"{path.name} holds {place}"


def test_the_configuration_is_valid() -> None:
    config = load(SAMPLE / "desk.toml", {})
    (box,) = config.mailboxes
    assert box.address.endswith(".example")
    assert box.language == "en"
    assert box.folder == ""
    assert "Glimmerholt" in box.signature
