"""What is wrong with the replies desk composed for the sample mailbox, read from the store it left behind."""

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path

from desk.config import load
from desk.domain.codec import from_json
from desk.domain.ticket import Draft
from desk.guard import outgoing
from desk.pipeline.claims import claims, house
from desk.pipeline.phrases import PHRASES
from desk.triage import language

_READ = """
select d.subject, d.body, d.language, d.register, d.written_by, d.confidence, d.sources, m.clean_text, m.from_name
from drafts d join messages m on m.id = d.message_id where d.state = 'offered'
"""
_NO_PERSON = re.compile(r"\b(?:form|team|support|service|warehouse|info|office)\b", re.I)


def wrong(folder: Path) -> tuple[int, list[str]]:
    """How many drafts are on offer in the demo kept in `folder`, and everything wrong with them, in words."""
    ours = house(load(folder / "desk.toml").mailboxes[0])
    with closing(sqlite3.connect(folder / "desk.sqlite")) as store:
        store.row_factory = sqlite3.Row
        rows = store.execute(_READ).fetchall()
    problems: list[str] = []
    for row in rows:
        data = {**dict(row), "sources": json.loads(row["sources"]), "claims": []}
        draft, customer = from_json(Draft, data), row["clean_text"] or ""
        found = [*_claims(draft, customer, ours), *_name(draft, row["from_name"]), *_language(draft, customer)]
        found += [g.reason for g in outgoing.check(draft.body) if g.name == "placeholders" and not g.passed]
        problems += [f"{row['subject']!r}: {problem}" for problem in found]
    return len(rows), problems


def _claims(draft: Draft, customer: str, ours: frozenset[str]) -> list[str]:
    return [f"no source for {c.text!r}" for c in claims(draft, customer, ours) if c.source is None]


def _name(draft: Draft, name: str) -> list[str]:
    """The greeting names the customer as they call themselves, or nobody."""
    head = draft.body.splitlines()[0]
    nameless = {form for pair in PHRASES.values() for form in pair.greeting_nameless}
    said = [word for pair in PHRASES.values() for form in pair.greeting for word in form.split(" ")]
    left = [w for w in re.findall(r"[^\W\d_][\w.'’-]*", head) if w not in " ".join(said)]
    if head in nameless:
        return []
    strange = [w for w in left if w.casefold() not in name.casefold()]
    return [f"{head!r} to {name!r}"] if strange or not left or _NO_PERSON.search(head) else []


def _language(draft: Draft, customer: str) -> list[str]:
    """The customer's language; what is quoted in another one is said to be."""
    wanted = language.detect(customer.split("\n>")[0])
    if draft.language != (wanted if wanted in PHRASES else "en"):
        return [f"written in {draft.language} to a customer who writes {wanted}"]
    foreign = [s.title for s in draft.sources if ":" not in s.id and language.detect(s.text) != draft.language]
    told = any(form in draft.body for form in PHRASES[draft.language].other_language)
    return [f"quotes {foreign[0]!r} in another language unsaid"] if foreign and not told else []
