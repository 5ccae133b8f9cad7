"""Which messages belong together: closure over references for a whole mailbox, and one careful decision per new mail."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from desk.domain.mail import ParsedMail

SUBJECT_DAYS = 30
"""How long after a thread's last message an equal subject from the same contact may join it."""

Via = Literal["reference", "answered", "tag", "subject"]
"""How a thread was found: the message refers to it, it refers to the message (which comes late), or it seems so."""

_PREFIX = re.compile(
    r"^\s*(?:(?:re|aw|wg|fw|fwd|fyi|antw(?:ort)?|antwoord|betr|doorst|sv|vs|vb|vl|ref|r|rif|"
    r"i|tr|rép|rep|res|enc|rv|enm|"
    r"odp|pd|ynt|ilt|hå|atb|bls|dw|fs|trs|ats|pt|vá|továbbítás|εκτ|απ|σχετ|пер|отв|отг|на|ha|"
    r"回复|回覆|答复|转发|轉寄|返信|転送|回信|"
    r"답장|전달|رد|إعادة توجيه|תגובה|השב|הועבר|ตอบกลับ|trả lời|chuyển tiếp|bal)"
    r"\s*(?:\[\d{1,3}\]|\(\d{1,3}\)|\^\d{1,3}|\*\d{1,3})?\s*[:：]\s*)",
    re.I,
)
_TAG = re.compile(r"\[\s*(T-\d{1,10})\s*\]", re.I)
_LIST_TAG = re.compile(r"^\s*\[[^\]\n]{1,40}\]\s*")
_TRAILER = re.compile(r"\s*\((?:fwd|was:[^)]*)\)\s*$", re.I)
_GENERIC = frozenset(
    "hi|hello|hey|help|help please|please help|question|questions|a question|quick question|"
    "urgent|problem|issue|issues|support|"
    "support request|request|info|information|inquiry|enquiry|contact|contact form|order|my order|"
    "your order|invoice|payment|"
    "no subject|(no subject)|none|test|feedback|complaint|return|refund|delivery|thanks|thank you|"
    "important|update|new message|"
    "hallo|guten tag|frage|anfrage|hilfe|bitte um hilfe|problem|bestellung|meine bestellung|"
    "rechnung|kein betreff|(kein betreff)|"
    "ohne betreff|dringend|kontakt|kontaktformular|reklamation|rückgabe|lieferung|vraag|hulp|"
    "bestelling|mijn bestelling|factuur|"
    "geen onderwerp|(geen onderwerp)|klacht|retour|bonjour|salut|aide|commande|ma commande|facture|"
    "sans objet|(sans objet)|"
    "(aucun objet)|demande|renseignement|réclamation|hola|pregunta|consulta|ayuda|pedido|mi pedido|"
    "factura|sin asunto|(sin asunto)|"
    "ciao|domanda|aiuto|ordine|fattura|(nessun oggetto)|olá|pergunta|ajuda|encomenda|fatura|"
    "(sem assunto)|pytanie|pomoc|zamówienie|"
    "hej|fråga|spørgsmål|beställning|faktura|kysymys|tilaus".split("|")
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A thread that a new message might belong to, and how it was found.

    `participants` are all addresses seen in From, To and Cc of the thread, `authors` those in From, in lower case.
    """

    thread_id: int
    via: Via
    participants: frozenset[str]
    last_at: datetime
    first_at: datetime | None = None
    authors: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Decision:
    """Where a message goes: a thread or a new one (None), threads it joins to that one, whether that is a guess, and why.

    `refused` are threads it refers to whose circle its sender is not in.
    """

    thread_id: int | None
    also: tuple[int, ...]
    guessed: bool
    reason: str
    refused: tuple[int, ...] = ()


def subject_key(subject: str) -> str:
    """What equal subjects have in common: reply marks, list and ticket tags, case and spaces gone; "" for one that says
    nothing (empty, or a word anybody might write)."""
    text = _TAG.sub(" ", subject)
    for _ in range(20):
        shorter = _TRAILER.sub("", _LIST_TAG.sub("", _PREFIX.sub("", text)))
        if shorter == text:
            break
        text = shorter
    text = " ".join(text.split()).casefold().strip(" .!?:;-–—*\"'")
    return "" if text in _GENERIC or len(text) < 4 or text.isdecimal() else text


def strip_prefixes(subject: str) -> str:
    """The subject without its reply and forward marks, otherwise as it was."""
    for _ in range(20):
        shorter = _PREFIX.sub("", subject)
        if shorter == subject:
            break
        subject = shorter
    return subject.strip()


def ticket_tag(subject: str) -> str | None:
    """The ticket number in a subject such as "Re: [T-1042] Lamp", or None."""
    match = _TAG.search(subject)
    return match.group(1).upper() if match else None


def is_reply_subject(subject: str) -> bool:
    """Whether the subject starts with a reply or forward mark of some language."""
    return bool(_PREFIX.match(_TAG.sub(" ", subject)))


def assign(mail: ParsedMail, found: Sequence[Candidate], own: Sequence[str] = ()) -> Decision:
    """Pick the thread for a new message. References and tags count only from participants (or our `own` addresses): whoever
    else quotes them is put in a thread of their own. An equal subject counts only for the same contact within
    `SUBJECT_DAYS`, and is marked as a guess."""
    ours = {a.lower() for a in own}
    strong = [c for via in ("reference", "answered", "tag") for c in found if c.via == via]
    trusted = [c for c in strong if _belongs(mail, c, ours)]
    named = [c.thread_id for c in strong if c.via != "tag"]
    if trusted:
        first = trusted[0]
        named_too = (c.thread_id for c in trusted if c.via != "tag" and c.thread_id != first.thread_id)
        refused = tuple(t for t in dict.fromkeys(named) if t not in {c.thread_id for c in trusted})
        return Decision(first.thread_id, tuple(dict.fromkeys(named_too)), False, _HOW[first.via], refused)
    refused = tuple(dict.fromkeys(named))
    if near := _near(mail, found):
        also = tuple(c.thread_id for c in near[1:])
        why = "Same contact and subject as this thread, so probably part of it."
        return Decision(near[0].thread_id, also, True, why, refused)
    if strong:
        return Decision(None, (), False, "It refers to a thread that its sender never took part in.", refused)
    return Decision(None, (), False, "It starts a new conversation.")


_HOW = {
    "reference": "It answers a message of this thread.",
    "answered": "A message of this thread answers it.",
    "tag": "Its subject carries the ticket number.",
}


def _belongs(mail: ParsedMail, found: Candidate, ours: set[str]) -> bool:
    """Whoever refers to the other must be in its circle: the sender in the thread's, or an author of it in the mail's."""
    if found.via == "answered":
        return bool((_people(mail) | ours) & found.authors)
    sender = mail.from_addr.lower()
    return sender in found.participants or sender in ours


def _near(mail: ParsedMail, found: Sequence[Candidate]) -> list[Candidate]:
    """Threads of the same contact with the same telling subject and not too far in time, the newest first."""
    sender, alike = mail.from_addr.lower(), [c for c in found if c.via == "subject"]
    if not alike or not sender or not subject_key(mail.subject):
        return []
    when, far = mail.date or datetime.now(UTC), timedelta(days=SUBJECT_DAYS)
    near = [c for c in alike if sender in c.participants and (c.first_at or c.last_at) - far <= when <= c.last_at + far]
    return sorted(near, key=lambda c: c.last_at, reverse=True)


def group(mails: Sequence[tuple[str, ParsedMail]]) -> list[list[str]]:
    """Partition a mailbox: messages connected through Message-ID, In-Reply-To and References, even over missing ones.

    A reply that names no message at all joins the thread with its subject and a shared participant. Groups and their
    members keep the order of the input.
    """
    parent: dict[str, str] = {}

    def find(x: str) -> str:
        parent.setdefault(x, x)
        while parent[x] != x:
            parent[x] = parent[parent[x]]
            x = parent[x]
        return x

    def join(a: str, b: str) -> None:
        a, b = find(a), find(b)
        if a != b:
            parent[b] = a

    for n, (_, mail) in enumerate(mails):
        node = f"#{n}"
        for identity in (mail.message_id, mail.in_reply_to, *mail.references):
            if identity:
                join(node, f"<{identity}>")
    _join_by_subject(mails, join)
    groups: dict[str, list[str]] = {}
    for n, (given, _) in enumerate(mails):
        groups.setdefault(find(f"#{n}"), []).append(given)
    return list(groups.values())


def _join_by_subject(mails: Sequence[tuple[str, ParsedMail]], join: Callable[[str, str], None]) -> None:
    seen: dict[str, list[int]] = {}
    order = sorted(range(len(mails)), key=lambda n: (mails[n][1].date or datetime.max.replace(tzinfo=UTC), n))
    for n in order:
        mail = mails[n][1]
        if not (key := subject_key(mail.subject)):
            continue
        orphan = not mail.in_reply_to and not mail.references and is_reply_subject(mail.subject)
        if orphan:
            people = _people(mail)
            for m in reversed(seen.get(key, [])):
                if people & _people(mails[m][1]) and _close(mail, mails[m][1]):
                    join(f"#{m}", f"#{n}")
                    break
        seen.setdefault(key, []).append(n)


def _people(mail: ParsedMail) -> set[str]:
    return {a.lower() for a in (mail.from_addr, mail.reply_to, *mail.to, *mail.cc) if a}


def _close(a: ParsedMail, b: ParsedMail) -> bool:
    return a.date is None or b.date is None or abs(a.date - b.date) <= timedelta(days=SUBJECT_DAYS)
