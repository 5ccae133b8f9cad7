"""Ready-made replies for one ticket: filled from what is known of it, those that fit first."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from desk.actions.answer import newest_inbound
from desk.actions.desk import Desk, found
from desk.domain import names
from desk.domain.canned import Canned, fill, unfilled
from desk.domain.enums import TICKET
from desk.domain.ticket import Source
from desk.store import jobs, messages, replies, threads
from desk.store.threads import ThreadDetail


@dataclass(frozen=True, slots=True)
class Filled:
    """A reply as it would go into this ticket: its text, what nothing fills, and how often it was used before."""

    reply: Canned
    text: str
    missing: tuple[str, ...]
    used: int

    @property
    def source(self) -> Source:
        """What a draft that holds this reply rests on."""
        return Source(source_id(self.reply), self.reply.name, 0, len(self.text), self.text)


def source_id(reply: Canned) -> str:
    """A reply's name among the sources of a draft."""
    return f"reply:{reply.id}"


def offered(desk: Desk, thread_id: int) -> list[Filled]:
    """Every ready-made reply, filled: in the ticket's language first, then its category, then the most used."""
    detail = found(desk.db.get(threads.one(thread_id, desk.agent)), "This ticket")
    known, facts = _of_ticket(desk, detail), _of_facts(desk, thread_id)
    counts = desk.db.get(replies.used())
    row = detail.row

    def rank(one: Filled) -> tuple[object, ...]:
        reply = one.reply
        fits = (
            _fit(reply.language, row.language),
            _fit(reply.category, row.category),
            _fit(reply.register, detail.register),
        )
        return (bool(reply.problem), *fits, -one.used, reply.name)

    @cache
    def house(language: str, register: str) -> Mapping[str, str]:
        return desk.house(row.mailbox, language, register, known["contact.name"])

    filled = []
    for reply in desk.canned():
        own = house(reply.language or row.language, reply.register or detail.register)
        text = fill(reply.text, {**facts, **known, **own})
        filled.append(Filled(reply, text, unfilled(text), counts.get(source_id(reply), 0)))
    return sorted(filled, key=rank)


def _fit(own: str, wanted: str) -> int:
    """0 where they are the same, 1 where the reply is for any, 2 where it is for another."""
    return 1 if not own else 0 if own == wanted else 2


def _of_ticket(desk: Desk, detail: ThreadDetail) -> dict[str, str]:
    """What the ticket itself tells. A name counts only where it is a person's."""
    rows = desk.db.get(messages.of_thread(detail.row.id))
    newest = newest_inbound(rows)
    name = names.person(newest.from_name) if newest is not None else ""
    name = name or names.person(detail.row.contact_name)
    return {
        "contact.name": name,
        "contact.first": names.first(name) if name else "",
        "contact.address": detail.row.contact_addr,
        "ticket.number": detail.row.number,
        "agent.name": desk.agent,
    }


def _of_facts(desk: Desk, thread_id: int) -> dict[str, str]:
    """What was looked up for the newest message and may be told to its sender; nothing where two of a kind were found."""
    runs = [run for run in desk.db.get(jobs.of_thread(thread_id)) if run.kind == TICKET and run.parent_id is None]
    steps = desk.db.get(jobs.steps(runs[0].id)) if runs else []
    facts: list[dict[str, Any]] = next((step.output.get("facts", []) for step in steps if step.step == "search"), [])
    groups = Counter(_group(fact) for fact in facts)
    known: dict[str, str] = {}
    for fact in facts:
        group = _group(fact)
        if groups[group] == 1:
            known |= {f"{group}.{key}".lower(): str(value) for key, value in (fact.get("fields") or {}).items()}
            known |= {f"{group}.text": str(fact["text"]), f"{group}.key": str(fact["key"])}
    return known


def _group(fact: Mapping[str, Any]) -> str:
    """What the blanks of a fact begin with: order or product, or the name of the house's own lookup."""
    source, key = str(fact["source"]), f" {fact['key']}"
    return (source.removesuffix(key) if source.endswith(key) else str(fact["kind"])).lower()
