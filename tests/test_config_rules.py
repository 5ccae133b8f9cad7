"""Mail rules and mailboxes that share an inbox, as the configuration reads them: a broken rule stops nothing."""

from pathlib import Path

import pytest

from desk.cli.settings import write
from desk.config import Config, MailboxConfig, parse
from desk.config_mailboxes import home, named, receiving, speaking
from desk.config_rules import BrokenRule, RuleConfig
from desk.errors import ConfigError

WHERE = Path("desk.toml")
BOXES = """
[[mailboxes]]
name = "Support"
address = "help@shop.example"
aliases = ["Sales@shop.example", "jobs@shop.example"]
imap.host = "mail.shop.example"
[[mailboxes]]
name = "sales"
inbox = "support"
address = "sales@shop.example"
"""


def read(text: str) -> Config:
    return parse((BOXES + text).encode(), WHERE, {})


def test_rules_are_read_in_order_and_one_word_needs_no_list() -> None:
    config = read(
        '[[rules]]\nname = "to sales"\nto = "sales@shop.example"\nmailbox = "SALES"\n'
        '[[rules]]\nfrom = ["a@b.example", "@c.example"]\nsubject = "invoice*"\ntags = "money"\nassign = "mara"\n'
        '[[rules]]\nreply_to = "x"\nlist_id = "y"\nmailbox = "help@shop.example"\n'
    )
    assert config.rules == (
        RuleConfig("to sales", to=("sales@shop.example",), mailbox="sales"),
        RuleConfig(
            "rule 2", from_=("a@b.example", "@c.example"), subject=("invoice*",), tags=("money",), assign="mara"
        ),
        RuleConfig("rule 3", reply_to=("x",), list_id=("y",), mailbox="Support"),
    )
    assert parse(write(config).encode(), WHERE, {}) == config


@pytest.mark.parametrize(
    ("rule", "what", "fix"),
    [
        ('subjct = "a"\nmailbox = "sales"', "there is no setting rules[1].subjct", "rules[1].subject"),
        ('to = "a"\nmailbox = "sale"', "rules[1].mailbox is 'sale'", "Did you mean sales?"),
        ('to = "a"\nmailbox = "zzzzz"', "no mailbox is called that", "Support, sales"),
        ('mailbox = "sales"', "rules[1] says of no message", "Add to, from"),
        ('to = []\nmailbox = "sales"', "rules[1] says of no message", "Add to, from"),
        ('to = "a"', "rules[1] says not what becomes", "Add mailbox"),
        ('to = ["a", " "]\nmailbox = "sales"', "rules[1].to[1] is empty", "Give it a word"),
        ('to = ""\nmailbox = "sales"', "rules[1].to[0] is empty", "Give it a word"),
        ('to = 5\nmailbox = "sales"', "rules[1].to must be a list, not 5", "Change it"),
        ('to = "a"\nmailbox = 5', "rules[1].mailbox must be text", "Change it"),
        ('to = "a"\ntags = ["b\\u0000"]', "rules[1].tags[0] has a null character", "Take it out"),
        ('name = 5\nto = "a"\nmailbox = "sales"', "rules[1].name must be text", "Change it"),
    ],
)
def test_a_broken_rule_is_set_aside_and_says_how_to_mend_it(rule: str, what: str, fix: str) -> None:
    good = '[[rules]]\nto = "a"\nmailbox = "sales"\n'
    first, broken, last = read(f"{good}[[rules]]\n{rule}\n{good}").rules
    assert isinstance(broken, BrokenRule)
    assert broken.what.startswith("desk.toml: ")
    assert what in broken.what
    assert fix in broken.fix
    assert broken.name == "rule 2"
    for one, name in ((first, "rule 1"), (last, "rule 3")):
        assert one == RuleConfig(name, to=("a",), mailbox="sales")


@pytest.mark.parametrize("text", ['rules = "a"\n', "rules = [1, 2]\n", "rules.to = 'a'\n"])
def test_rules_that_are_no_tables_stop_nothing_either(text: str) -> None:
    found = parse((text + BOXES).encode(), WHERE, {}).rules
    assert found
    assert all(isinstance(rule, BrokenRule) and "[[rules]]" in rule.fix for rule in found)


def test_a_mailbox_that_shares_an_inbox_uses_its_servers_and_writes_from_its_own_address() -> None:
    config = read("")
    support, sales = config.mailboxes
    assert receiving(config) == (support,)
    assert home(config, sales) is support
    assert home(config, support) is support
    assert speaking(config, support) is support
    writes = named(config, "sales")
    assert writes is not None
    assert writes.address == "Sales@shop.example"
    assert set(writes.aliases) == {"help@shop.example", "jobs@shop.example", "sales@shop.example"}
    assert named(config, "jobs") is None


@pytest.mark.parametrize("address", ["", "sale@shop.example", "sales@elsewhere.example"])
def test_an_address_that_is_not_the_desks_own_is_not_written_from(address: str) -> None:
    config = read(f'[[mailboxes]]\nname = "third"\ninbox = "Support"\naddress = "{address}"\nsignature = "Third"\n')
    third = named(config, "third")
    assert third is not None
    assert (third.address, third.signature) == ("help@shop.example", "Third")
    assert "help@shop.example" not in third.aliases
    assert not address or address in third.aliases


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ('inbox = "supprt"', "mailboxes[2].inbox is 'supprt'"),
        ('inbox = "third"', "mailboxes[2].inbox is 'third'"),
        ('inbox = "sales"', "mailboxes[2].inbox is 'sales'"),
        ('inbox = "support"\nimap.host = "h"', "mailboxes[2].imap is set"),
        ('inbox = "support"\npassword_cmd = "pass"', "mailboxes[2].password_cmd is set"),
        ('inbox = "support"\nfolder = "/tmp"', "mailboxes[2].folder is set"),
    ],
)
def test_an_inbox_that_cannot_be_shared_is_refused(more: str, what: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(f'[[mailboxes]]\nname = "third"\n{more}\n')
    assert what in caught.value.what
    assert caught.value.fix


def test_a_mailbox_of_its_own_shares_nothing() -> None:
    config = Config(mailboxes=(MailboxConfig(name="a", address="a@x.example"),))
    assert named(config, "a") is config.mailboxes[0]
    assert home(config, config.mailboxes[0]) is config.mailboxes[0]
