"""Mail without references: the same subject leads it to its ticket, and nobody else's (200 pairs each way)."""

import random
from datetime import UTC, datetime, timedelta

from mailmessages import raw

from desk.mail.parse import parse
from desk.mail.threads import Candidate, assign, subject_key

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
SHOP = "help@shop.example"
THINGS = (
    "lamp chair kettle invoice bicycle Lampe Stuhl Fahrrad Rechnung bureau chaise lámpara silla ランプ лампа".split()
)
TROUBLES = (
    "the {t} arrived broken", "{t} {n} has not arrived", "wrong colour of my {t}", "Frage zu {t} Nr. {n}",
    "{t}: does it fit in a small room?", "{t} {n} - can I change the address?", "Facture pour {t} {n}", "Retour van {t} {n}",
)  # fmt: skip
MARKS = (
    "Re: {s}", "RE: {s}", "AW: {s}", "Antw: {s}", "SV: {s}", "Re: Fwd: {s}", "WG: AW: {s}", "RV: {s}", "R: {s}", "回复：{s}",
    "Re[2]: {s}", "{s}", "  {s} ", "Odp: {s}", "Re: [lamps] {s}", "RE : {s}", "TR: {s}", "VS: {s}", "Ynt: {s}", "Re: {s} (fwd)",
)  # fmt: skip
GENERIC = ("Question", "Hello", "Frage", "Order", "Hi", "Re:", "(no subject)", "Rechnung", "help please", "12345")


def subject(rng: random.Random, number: int) -> str:
    return rng.choice(TROUBLES).format(t=rng.choice(THINGS), n=1000 + number)


def thread(key: str, people: frozenset[str], days: float) -> list[Candidate]:
    """What the store finds: a ticket with this key, unless the key says nothing."""
    at = NOW - timedelta(days=days)
    return [Candidate(7, "subject", people, at, at)] if key else []


def test_two_hundred_that_belong_together_and_two_hundred_that_do_not() -> None:
    rng = random.Random(3)
    right = wrong = missed = 0
    for n in range(200):
        told, sender = subject(rng, n), f"ann{n}@customer.example"
        again = rng.choice(MARKS).format(s=told)
        mail = parse(raw(From=sender, Subject=again, Date="Mon, 05 Jan 2026 10:00:00 +0100"))
        same = subject_key(mail.subject) == subject_key(told)
        found = assign(mail, thread(subject_key(told) if same else "", frozenset({sender, SHOP}), rng.uniform(0, 29)))
        right += found.thread_id == 7 and found.guessed
        missed += found.thread_id is None
    for n in range(200):
        told, sender = subject(rng, n), f"ann{n}@customer.example"
        kind, days, people, other = n % 4, rng.uniform(0, 29), frozenset({sender, SHOP}), told
        if kind == 0:
            people = frozenset({f"bob{n}@customer.example", SHOP})
        elif kind == 1:
            days = rng.uniform(31, 400)
        elif kind == 2:
            told = other = rng.choice(GENERIC)
        else:
            other = f"{told} and a shade"
        mail = parse(
            raw(From=sender, Subject=rng.choice(MARKS[:12]).format(s=other), Date="Mon, 05 Jan 2026 10:00:00 +0100")
        )
        key = subject_key(told)
        found = assign(mail, thread(key if subject_key(mail.subject) == key else "", people, days))
        wrong += found.thread_id is not None
    precision, recall = right / (right + wrong), right / (right + missed)
    assert precision >= 0.99, (right, wrong)
    assert recall >= 0.97, (right, missed)
