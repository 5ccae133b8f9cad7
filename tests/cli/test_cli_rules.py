"""`desk rules test`: what the mail rules would make of stored mail, and that trying them changes nothing."""

from pathlib import Path

import pytest
from commands import Shell
from postgres import ON_BOTH

from desk.cli.rules import trial
from desk.config import Config, MailboxConfig
from desk.config_rules import RuleConfig
from desk.domain.codec import to_json
from desk.store import database, messages, threads
from desk.store.database import Database

BOXES = """
[[mailboxes]]
name = "support"
address = "help@shop.example"
aliases = ["sales@shop.example"]
folder = "{folder}"
[[mailboxes]]
name = "sales"
inbox = "support"
address = "sales@shop.example"
"""
SALES = '[[rules]]\nname = "sales mail"\nto = "sales"\nmailbox = "sales"\n'
LAMPS = '[[rules]]\nsubject = "lamp*"\ntags = "lamps"\nassign = "mara"\n'
BROKEN = '[[rules]]\nname = "typo"\nsubjct = "x"\nmailbox = "sales"\n'


def mail(n: int, to: str, subject: str, answers: int = 0) -> str:
    reference = f"In-Reply-To: <{answers}@web.example>\r\n" if answers else ""
    head = f"From: Ann <ann{n}@web.example>\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <{n}@web.example>\r\n"
    return f"{head}{reference}\r\nWhen does it come?\r\n"


@pytest.fixture
def shop(desk: Shell, tmp_path: Path) -> Shell:
    """A desk with four messages that came before there were rules."""
    boxes = BOXES.format(folder=tmp_path)
    desk.config(boxes)
    for raw in (
        mail(1, "sales@shop.example", "Forty chairs"),
        mail(2, "help@shop.example", "Lamps flicker \x1b[2J"),
        mail(3, "help@shop.example", "A table"),
        mail(1, "sales@shop.example", "Re: Forty chairs", answers=1),
    ):
        assert desk("ingest", stdin=raw).status == 0
    desk.config(boxes + SALES + LAMPS)
    return desk


def everything(desk: Shell) -> list[object]:
    """All that the store holds about tickets and mail."""
    db = database.open(desk.home / "desk.sqlite")
    rows = [to_json(db.get(threads.one(i))) for i in db.get(threads.ids(threads.Filter(threads.View.ALL)))]
    rows += [to_json(db.get(messages.one(i))) for i in db.get(messages.all_ids())]
    rows.append(db.get(messages.mailbox_names()))
    db.close()
    return rows


def test_it_says_what_each_rule_takes_and_what_would_move_and_changes_nothing(shop: Shell) -> None:
    before = everything(shop)
    done = shop("rules", "test")
    assert done.status == 0
    assert "The newest 4 messages" in done.out
    assert "     2  sales mail: → sales (1 would move, 1 in tickets there were, which stay)" in done.out
    assert "     1  rule 2: tag lamps, for mara" in done.out
    assert "     1  no rule" in done.out
    (move,) = [line for line in done.out.splitlines() if line.startswith("T-")]
    assert move.split() == "T-1001 support → sales sales mail ann1@web.example Forty chairs".split()
    assert "\x1b" not in done.out
    assert everything(shop) == before


def test_json_says_the_same(shop: Shell) -> None:
    told = shop("rules", "--json").json
    assert (told["messages"], told["no_rule"]) == (4, 1)
    one, two = told["rules"]
    assert one == {
        "name": "sales mail", "mailbox": "sales", "tags": [], "assign": "", "taken": 2, "answers": 1, "moves": 1,
        "problem": "", "fix": "",
    }  # fmt: skip
    assert (two["taken"], two["moves"], two["tags"], two["assign"]) == (1, 0, ["lamps"], "mara")
    assert told["moves"] == [
        {
            "ticket": "T-1001", "subject": "Forty chairs", "from": "ann1@web.example", "belongs_to": "support",
            "would_belong_to": "sales", "rule": "sales mail",
        }
    ]  # fmt: skip
    assert told["since"] <= told["until"]


def test_only_the_newest_are_asked_when_told_so(shop: Shell) -> None:
    told = shop("rules", "--limit", "2", "--json").json
    assert told["messages"] == 2
    assert told["moves"] == []


def test_a_ticket_whose_rule_is_gone_would_move_back(shop: Shell, tmp_path: Path) -> None:
    shop("ingest", stdin=mail(5, "sales@shop.example", "Ten tables"))
    shop.config(BOXES.format(folder=tmp_path) + LAMPS)
    (move,) = shop("rules", "--json").json["moves"]
    assert (move["ticket"], move["belongs_to"], move["would_belong_to"], move["rule"]) == (
        "T-1004",
        "sales",
        "support",
        "",
    )
    assert "no rule" in shop("rules").out.splitlines()[-1]


def test_a_broken_rule_is_named_with_how_to_mend_it(shop: Shell, tmp_path: Path) -> None:
    shop.config(BOXES.format(folder=tmp_path) + BROKEN + SALES)
    done = shop("rules")
    assert done.status == 1
    assert "typo is not followed" in done.out
    assert "Did you mean rules[0].subject?" in done.out
    told = shop("rules", "--json")
    assert told.status == 1
    broken, good = told.json["rules"]
    assert "rules[0].subjct" in broken["problem"]
    assert broken["fix"]
    assert (good["taken"], good["problem"]) == (2, "")
    checks = {check["name"]: check for check in shop("doctor", "--json").json}
    assert not checks["typo of the mail rules"]["ok"]
    assert checks["typo of the mail rules"]["fix"] == "Did you mean rules[0].subject?"
    assert checks["rules"]["ok"]
    assert shop("ingest", stdin=mail(6, "sales@shop.example", "Mail goes on to arrive")).status == 0


def test_doctor_says_from_which_address_a_shared_mailbox_writes(shop: Shell, tmp_path: Path) -> None:
    boxes = BOXES.format(folder=tmp_path)
    shop.config(boxes)
    (sales,) = [check for check in shop("doctor", "--json").json if check["name"] == "sales"]
    assert sales["ok"]
    assert not sales["note"]
    assert "replies go out from sales@shop.example" in sales["detail"]
    shop.config(boxes.replace('aliases = ["sales@shop.example"]\n', ""))
    (sales,) = [check for check in shop("doctor", "--json").json if check["name"] == "sales"]
    assert sales["ok"]
    assert sales["note"]
    assert "replies go out from help@shop.example" in sales["detail"]
    assert "aliases of support" in sales["fix"]


def test_without_rules_or_mail_it_says_so(desk: Shell) -> None:
    assert "no rules yet" in desk("rules").out
    assert desk("rules", "--json").json["rules"] == []
    desk.config('[[mailboxes]]\nname = "a"\n[[rules]]\nto = "x"\nmailbox = "a"\n')
    assert "No mail is stored yet" in desk("rules").out


@ON_BOTH
def test_the_trial_reads_either_store(empty_store: str) -> None:
    db: Database = database.open(empty_store)
    from desk.mail.rules import Rulebook
    from desk.workers.ingest import ingest, mailbox_for

    boxes = (MailboxConfig(name="a", address="a@shop.example"), MailboxConfig(name="b", inbox="a"))
    bare, ruled = Config(mailboxes=boxes), Config(mailboxes=boxes, rules=(RuleConfig("r", to=("x",), mailbox="b"),))
    from records import NOW

    for n, config in ((1, bare), (2, ruled)):
        raw = mail(n, "x@shop.example", f"Parcel {n} is late").encode()
        ingest(db, mailbox_for(config, raw), raw, "ingest", now=NOW, rules=Rulebook(config))
    found = trial(db, ruled, 10)
    assert found.taken == {0: 2}
    assert [(move.ticket, move.would_belong_to) for move in found.moves] == [("T-1001", "b")]
    db.close()
