"""`desk rules test`: the mail rules tried on stored mail before they are let loose on new mail."""

import argparse
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from desk.cli import lines, plain, rooms
from desk.config import Config, MailboxConfig
from desk.config_rules import BrokenRule, RuleConfig

if TYPE_CHECKING:
    from desk.store.database import Database


@dataclass(frozen=True, slots=True)
class Move:
    """A ticket that the rules of today would have put elsewhere, and the rule ("" where none fits any more)."""

    ticket: str
    subject: str
    sender: str
    belongs_to: str
    would_belong_to: str
    rule: str


@dataclass(slots=True)
class Trial:
    """What the rules make of stored messages, by their place in the file; `None` stands for no rule."""

    taken: Counter[int | None] = field(default_factory=Counter)
    answers: Counter[int | None] = field(default_factory=Counter)
    """Of those, the ones that answer in a ticket and stay there."""
    moved: Counter[int | None] = field(default_factory=Counter)
    moves: list[Move] = field(default_factory=list)
    times: list[datetime] = field(default_factory=list)


def rules(given: argparse.Namespace) -> int:
    """What each rule would have taken, and which tickets would move; 1 when a rule can't be followed."""
    config, places = rooms.configuration()
    db = rooms.store(config, places)
    try:
        found = trial(db, config, given.limit)
    finally:
        db.close()
    if given.json:
        lines.put(_as_json(config.rules, found))
    elif not config.rules:
        print(f"There are no rules yet. Write [[rules]] into {places.config}.")  # noqa: T201
    else:
        _show(config.rules, found)
    return 1 if any(isinstance(rule, BrokenRule) for rule in config.rules) else 0


def trial(db: "Database", config: Config, limit: int) -> Trial:
    """Try the rules on the newest `limit` messages as they would be tried when these came in; nothing is written."""
    from desk.mail.parse import parse
    from desk.mail.rules import Rulebook
    from desk.store import messages

    book, boxes, found = Rulebook(config), {box.name: box for box in config.mailboxes}, Trial()
    for row in db.get(messages.filed(limit)):
        mail = parse(db.get(messages.blob(row.blob_hash)))
        rule = book.fitting(mail, boxes.get(row.came_to) or MailboxConfig(row.came_to))
        place = next((n for n, one in enumerate(config.rules) if one is rule), None)
        found.times.append(row.received_at)
        found.taken[place] += 1
        found.answers[place] += not row.opened
        target = (rule and rule.mailbox) or row.came_to
        if row.opened and target != row.belongs_to:
            name = rule.name if rule else ""
            found.moved[place] += 1
            found.moves.append(Move(row.number, mail.subject, mail.from_addr, row.belongs_to, target, name))
    return found


def _as_json(given: tuple[RuleConfig, ...], found: Trial) -> dict[str, Any]:
    def told(rule: RuleConfig, place: int) -> dict[str, Any]:
        wrong = (rule.what, rule.fix) if isinstance(rule, BrokenRule) else ("", "")
        counts = {"taken": found.taken[place], "answers": found.answers[place], "moves": found.moved[place]}
        does = {"name": rule.name, "mailbox": rule.mailbox, "tags": list(rule.tags), "assign": rule.assign}
        return {**does, **counts, "problem": wrong[0], "fix": wrong[1]}

    return {
        "messages": found.taken.total(),
        "since": min(found.times).isoformat() if found.times else None,
        "until": max(found.times).isoformat() if found.times else None,
        "rules": [told(rule, place) for place, rule in enumerate(given)],
        "no_rule": found.taken[None],
        "moves": [
            {
                "ticket": move.ticket,
                "subject": move.subject,
                "from": move.sender,
                "belongs_to": move.belongs_to,
                "would_belong_to": move.would_belong_to,
                "rule": move.rule,
            }
            for move in found.moves
        ],
    }


def _show(given: tuple[RuleConfig, ...], found: Trial) -> None:
    if found.times:
        first, last = (f"{time.astimezone():%d %b %Y}" for time in (min(found.times), max(found.times)))
        _say(f"The newest {found.taken.total()} messages, {first} to {last}. Nothing was changed.")
    else:
        _say("No mail is stored yet, so there is nothing to try the rules on.")
    for place, rule in enumerate(given):
        broken = isinstance(rule, BrokenRule)
        count = "✗" if broken else str(found.taken[place])
        _say(f"{count:>6}  {plain.line(_told(rule, found, place))}")
    _say(f"{found.taken[None]:>6}  no rule: in the mailbox they came to")
    if found.moves:
        _say("Tickets that would have been another mailbox's:")
    for move in found.moves:
        way = plain.line(f"{move.belongs_to} → {move.would_belong_to}", 24)
        who = plain.line(move.sender, 28)
        name = plain.line(move.rule or "no rule", 20)
        _say(f"{move.ticket:8} {way:24} {name:20} {who:28} {plain.line(move.subject, 60)}")


def _say(line: str) -> None:
    print(line)  # noqa: T201


def _told(rule: RuleConfig, found: Trial, place: int) -> str:
    if isinstance(rule, BrokenRule):
        return f"{rule.name} is not followed. {rule.what} {rule.fix}"
    moves, answers = found.moved[place], found.answers[place]
    counts = [f"{moves} would move" if moves else "", f"{answers} in tickets there were, which stay" if answers else ""]
    told = ", ".join(filter(None, counts))
    return f"{rule.name}: {rule.does}{f' ({told})' if told else ''}"
