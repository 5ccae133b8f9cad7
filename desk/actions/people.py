"""Contacts as a person keeps them."""

from functools import partial

from desk.actions.desk import Desk, Done, found, unit
from desk.errors import Refused
from desk.store import people


def rename(desk: Desk, contact_id: int, name: str) -> Done:
    """Give a contact another name."""
    if not name.strip():
        raise Refused("A contact needs a name.", "Type one.")
    with unit(desk, "contact.rename", f"contact:{contact_id}", {"to": name}) as u:
        row = found(u.get(people.contact(contact_id)), "This contact")
        people.rename(u.tx, contact_id, name.strip())
        u.note("contact.renamed", f"{row.name or row.addresses[0]} is now {name.strip()}")
    back = partial(rename, desk, contact_id, row.name) if row.name else None
    return Done(f"Now called {name.strip()}", back)
