"""People: contacts with their addresses and organisation, agents, teams."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from desk.store.columns import maker, moment, stamp, when
from desk.store.database import Read
from desk.store.tables import agents as agent_table
from desk.store.tables import contact_addresses, contacts, organisations, threads
from desk.store.upsert import insert, reserve, unless_there

PUBLIC_DOMAINS = frozenset(
    {
        *("gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "yahoo.com", "icloud.com", "me.com"),
        *("gmx.de", "gmx.net", "web.de", "t-online.de", "freenet.de", "posteo.de", "mailbox.org", "proton.me"),
        *(
            "protonmail.com",
            "aol.com",
            "orange.fr",
            "laposte.net",
            "free.fr",
            "ziggo.nl",
            "kpnmail.nl",
            "telefonica.net",
        ),
    }
)
"""Mail providers: sharing one of these domains makes nobody colleagues."""


@dataclass(frozen=True, slots=True)
class Contact:
    """One customer, with every address we know."""

    id: int
    name: str
    addresses: tuple[str, ...]
    organisation: str
    language: str
    notes: str
    vip: bool
    undeliverable: str
    created_at: datetime | None
    threads: int


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One earlier ticket of a contact."""

    thread_id: int
    number: str
    subject: str
    status: str
    category: str
    last_message_at: datetime
    message_count: int


@dataclass(frozen=True, slots=True)
class Agent:
    """One person who works on the desk."""

    id: int
    login: str
    name: str
    role: str
    seen_at: datetime | None


_contact = maker(Contact, organisation=lambda name: name or "", created_at=when)
_history = maker(HistoryRow, last_message_at=moment)
_agent = maker(Agent, seen_at=when)


def contact_of(tx: Connection, address: str, name: str = "", *, at: datetime) -> int:
    """The contact behind an address, made when new; a contact without a name learns it. Returns its id."""
    address = address.strip().lower()
    return contacts_of(tx, [(address, name)], at=at)[address]


def contacts_of(tx: Connection, wanted: Sequence[tuple[str, str]], *, at: datetime) -> dict[str, int]:
    """The contact behind each (address, name), as in `contact_of`; addresses in lower case. Returns their ids."""
    given: dict[str, str] = {}
    for address, name in wanted:
        given[address] = given.get(address) or name.replace("\0", "")
    found = {r[0]: (int(r[1]), r[2]) for r in tx.execute(_BEHIND, {"wanted": list(given)})}
    learnt = [
        {"row": found[a][0], "learnt": name} for a, name in given.items() if name and a in found and not found[a][1]
    ]
    if learnt:
        tx.execute(_LEARN, learnt)
    missing = [a for a in given if a not in found]
    if missing:
        found |= _added(tx, {address: given[address] for address in missing}, at)
    return {address: found[address][0] for address in given}


def _added(tx: Connection, names: dict[str, str], at: datetime) -> dict[str, tuple[int, str]]:
    """New contacts with these addresses and names; where somebody else was quicker, theirs."""
    homes, ids = _organisations(tx, list(names)), dict(zip(names, reserve(tx, contacts, len(names)), strict=True))
    seconds = stamp(at)
    tx.execute(
        contacts.insert(),
        [
            {"id": ids[a], "name": name, "created_at": seconds, "organisation_id": homes.get(_domain(a))}
            for a, name in names.items()
        ],
    )
    tx.execute(
        unless_there(tx, contact_addresses, "address"),
        [{"address": a, "contact_id": new, "first_seen": seconds} for a, new in ids.items()],
    )
    found = {r[0]: (int(r[1]), r[2]) for r in tx.execute(_BEHIND, {"wanted": list(names)})}
    if late := [ids[a] for a in names if found[a][0] != ids[a]]:
        tx.execute(contacts.delete().where(contacts.c.id.in_(late)))
    return found


def _domain(address: str) -> str:
    domain = address.rpartition("@")[2]
    return "" if domain in PUBLIC_DOMAINS else domain


def _organisations(tx: Connection, addresses: Sequence[str]) -> dict[str, int]:
    """The organisation of each address's domain, made when new."""
    domains = sorted({_domain(a) for a in addresses} - {""})
    if not domains:
        return {}
    known = {r[0]: int(r[1]) for r in tx.execute(_OF_DOMAIN, {"wanted": domains})}
    if new := [{"name": d, "domain": d} for d in domains if d not in known]:
        tx.execute(unless_there(tx, organisations, "domain"), new)
        known |= {r[0]: int(r[1]) for r in tx.execute(_OF_DOMAIN, {"wanted": domains})}
    return known


_BEHIND = (
    sa.select(contact_addresses.c.address, contact_addresses.c.contact_id, contacts.c.name)
    .join_from(contact_addresses, contacts)
    .where(contact_addresses.c.address.in_(sa.bindparam("wanted", expanding=True)))
)
_OF_DOMAIN = sa.select(organisations.c.domain, organisations.c.id).where(
    organisations.c.domain.in_(sa.bindparam("wanted", expanding=True))
)
_LEARN = (
    contacts.update()
    .where(contacts.c.id == sa.bindparam("row"), contacts.c.name == "")
    .values(name=sa.bindparam("learnt"))
)


def contact(contact_id: int) -> Read[Contact | None]:
    """One contact, with addresses, organisation and the number of tickets."""
    c = contacts.c
    number = sa.select(sa.func.count()).where(threads.c.contact_id == c.id, threads.c.merged_into.is_(None))
    statement = (
        sa.select(
            *(c.id, c.name, contact_addresses.c.address, organisations.c.name, c.language, c.notes, c.vip),
            *(c.undeliverable, c.created_at, number.scalar_subquery()),
        )
        .outerjoin_from(contacts, contact_addresses, contact_addresses.c.contact_id == c.id)
        .outerjoin(organisations, organisations.c.id == c.organisation_id)
        .where(c.id == contact_id)
        .order_by(contact_addresses.c.first_seen, contact_addresses.c.address)
    )

    def convert(rows: Sequence[Any]) -> Contact | None:
        if not rows:
            return None
        addresses = tuple(r[2] for r in rows if r[2] is not None)
        return _contact((*rows[0][:2], addresses, *rows[0][3:]))

    return Read(statement, convert)


def history(contact_id: int, limit: int = 50) -> Read[list[HistoryRow]]:
    """A contact's tickets, newest first."""
    t = threads.c
    statement = sa.select(t.id, t.number, t.subject, t.status, t.category, t.last_message_at, t.message_count)
    statement = statement.where(t.contact_id == contact_id, t.merged_into.is_(None))
    return Read(
        statement.order_by(t.last_message_at.desc(), t.id.desc()).limit(limit),
        lambda rows: [_history(r) for r in rows],
    )


def ensure_agent(tx: Connection, login: str, name: str = "", *, at: datetime) -> int:
    """The agent's row, made at the first sight of the login; notes when they were last here."""
    statement = insert(tx, agent_table).values(login=login, name=name or login, seen_at=stamp(at))
    statement = statement.on_conflict_do_update(index_elements=["login"], set_={"seen_at": stamp(at)})
    return int(tx.execute(statement.returning(agent_table.c.id)).scalar_one())


def agents() -> Read[list[Agent]]:
    """Everyone who works here, by name."""
    a = agent_table.c
    statement = sa.select(a.id, a.login, a.name, a.role, a.seen_at).where(a.active.is_(True)).order_by(a.name, a.login)
    return Read(statement, lambda rows: [_agent(r) for r in rows])


def undeliverable(tx: Connection, address: str, why: str) -> None:
    """Mark the contact behind an address: a delivery report says mail can't reach it."""
    a = contact_addresses.c
    owner = sa.select(a.contact_id).where(a.address == address.lower()).scalar_subquery()
    tx.execute(contacts.update().where(contacts.c.id == owner).values(undeliverable=why))


def unreachable(addresses: Collection[str]) -> Read[dict[str, str]]:
    """Which of these addresses mail did not reach for good, and what the report said."""
    c, a = contacts.c, contact_addresses.c
    statement = sa.select(a.address, c.undeliverable).join_from(contact_addresses, contacts)
    statement = statement.where(a.address.in_(sorted({x.lower() for x in addresses})), c.undeliverable != "")
    return Read(statement, lambda rows: {str(r[0]): str(r[1]) for r in rows if r[1].lower().startswith(r[0])})


def reached(tx: Connection, address: str) -> None:
    """Somebody wrote from this address, so what was marked unreachable no longer is."""
    a = contact_addresses.c
    owner = sa.select(a.contact_id).where(a.address == address.lower()).scalar_subquery()
    there = (contacts.c.id == owner, contacts.c.undeliverable.startswith(address.lower(), autoescape=True))
    tx.execute(contacts.update().where(*there).values(undeliverable=""))


def rename(tx: Connection, contact_id: int, name: str) -> None:
    """Give a contact another name."""
    tx.execute(contacts.update().where(contacts.c.id == contact_id).values(name=name, version=contacts.c.version + 1))


def known(addresses: Collection[str]) -> Read[frozenset[str]]:
    """Which of these addresses (lower case) belong to a contact."""
    a = contact_addresses.c.address
    statement = sa.select(a).where(a.in_(sorted(addresses)[:200]))
    return Read(statement, lambda rows: frozenset(str(r[0]) for r in rows))
