"""A house's own lists of words: off at first, counted and shown, tagging or keeping back as told."""

from dataclasses import replace
from pathlib import Path

import pytest
from letters import Clock, deliver, letter

from desk.actions import quarantine as kept_back
from desk.actions.desk import Desk
from desk.config import Config, GuardConfig, ProhibitedConfig, parse
from desk.domain.enums import MessageStatus
from desk.errors import ConfigError
from desk.guard.prohibited import find
from desk.pipeline.case import Rooms
from desk.pipeline.runner import Runner
from desk.pipeline.runner.rescan import rescan
from desk.store import messages, quarantine, threads
from desk.store.database import Database
from desk.store.tables import messages as table
from desk.workers.fetch import Fetcher

WEAPONS = ProhibitedConfig("weapons", ("ghost gun", "Schlagring"), "quarantine")
RIVALS = ProhibitedConfig("rivals", ("Lumos Ltd",))


def test_whole_words_are_found_and_counted_in_any_case_and_spelling() -> None:
    text = "One GHOST\u200b GUN, two ghost  guns and a ghost\ngun for Lumos Ltd."
    found = find("schlagring?", text, (WEAPONS, RIVALS))
    assert [(e.rule, e.channel, e.text) for e in found] == [
        ("prohibited.weapons", "subject", "1 × weapons: “schlagring”"),
        ("prohibited.weapons", "body", "2 × weapons: “ghost gun”"),
        ("prohibited.rivals", "body", "1 × rivals: “lumos ltd”"),
    ]
    assert not find("a lamp", "the ghostgun and Schlagringe", (WEAPONS, RIVALS))
    assert not find("ghost gun", "ghost gun", ())


@pytest.mark.parametrize("told", ["name = 'x'", "words = ['a']", "name = 'x'\nwords = ['a']\naction = 'burn'"])
def test_a_list_that_is_not_complete_is_named(told: str) -> None:
    with pytest.raises(ConfigError, match="guard"):
        parse(f"[[guard.prohibited]]\n{told}\n".encode(), Path("desk.toml"), {})


def test_mail_is_tagged_or_kept_back_and_can_be_released(
    config: Config, db: Database, fetcher: Fetcher, rooms: Rooms, clock: Clock, desk: Desk
) -> None:
    config = replace(config, guard=GuardConfig((WEAPONS, RIVALS)))
    runner = Runner(db, replace(rooms, config=config), clock)
    for number, text in enumerate(("Is the lamp in stock?", "Do you sell a ghost gun?", "Lumos Ltd is cheaper.")):
        deliver(
            config,
            letter(text, sender=f"a{number}@web.example", subject=f"s{number}", message_id=f"<{number}@web.example>"),
        )
    fetcher.poll()
    while runner.once(("scan",)):
        pass
    views = (threads.View.ALL, threads.View.QUARANTINE)
    ids = {i for view in views for i in db.get(threads.ids(threads.Filter(view)))}
    rows = {row.subject: row for i in ids for row in db.get(messages.of_thread(i))}
    assert {s: r.status for s, r in rows.items()} == {
        "s0": MessageStatus.PROCESSING, "s1": MessageStatus.QUARANTINED, "s2": MessageStatus.PROCESSING,
    }  # fmt: skip
    assert [e.text for e in db.get(quarantine.evidence(rows["s1"].id)) if e.layer == "list"] == [
        "1 × weapons: “ghost gun”"
    ]
    tagged = {t for i in ids for t in db.get(threads.one(i)).tags}
    assert tagged == {"weapons", "rivals"}
    with db.write() as tx:
        tx.execute(table.update().values(scanner="guard-0"))
    assert not [found for found in rescan(db, config, clock) if found]
    assert [e.layer for e in db.get(quarantine.evidence(rows["s1"].id)) if e.layer == "list"], (
        "a rescan keeps what the lists say"
    )
    kept_back.release(desk, rows["s1"].id, "a collector")
    assert db.get(messages.one(rows["s1"].id)).status is MessageStatus.PROCESSING
