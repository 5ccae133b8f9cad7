"""What may be learnt from a resolved ticket: the question and what a person answered, without the person who asked.

The words of an article are only ever ours: what the customer wrote becomes the question, never the answer, and nothing is
searched before somebody accepted it.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from desk.domain.enums import Author, Authority, Direction, Known
from desk.domain.ticket import Article
from desk.knowledge import retrieve
from desk.knowledge.index import Index
from desk.learn.anonymous import without_person
from desk.mail.reply import split
from desk.pipeline.promised import found
from desk.pipeline.sentences import bare, sentences, unwrapped
from desk.store import articles, changes, drafts, messages, outbox, people, proposals, threads
from desk.store.database import Database, within
from desk.store.messages import MessageRow
from desk.store.proposals import Resolved
from desk.triage import intents

LOOKED = "proposals.looked"
"""Setting: [moment, ticket] up to which resolved tickets were looked at."""
SHORTEST = 40
"""Characters of an answer below which there is nothing to learn."""
SAME = 0.8
"""Likeness, 0..1, from which two questions are one, and one proposal is enough."""
LONGEST_QUESTION = 600
NOT_LEARNT = frozenset({"spam", "internal"})


class Proposals:
    """Proposes articles from tickets as they are resolved, one at a time."""

    def __init__(self, db: Database, index: Index) -> None:
        self.db, self.index = db, index

    def once(self) -> bool:
        """Look at the next resolved ticket; False when there is none."""
        looked = self.db.get(changes.setting(LOOKED))
        ticket = self.db.get(proposals.resolved_after(*(looked or (0.0, 0))))
        if ticket is None:
            return False
        article = None if self.db.get(proposals.of_thread(ticket.thread_id)) else self.learnt(ticket)
        with self.db.write() as tx:
            if within(tx, changes.setting(LOOKED)) != looked:
                return True
            if article is not None:
                at = datetime.fromtimestamp(ticket.resolved_at, UTC)
                proposals.add(tx, article, at=at, thread_id=ticket.thread_id)
            changes.set_setting(tx, LOOKED, [ticket.resolved_at, ticket.thread_id])
        return True

    def learnt(self, ticket: Resolved) -> Article | None:
        """Question and answer of a ticket as an article; None where a person wrote nothing that was not known before."""
        detail = self.db.get(threads.one(ticket.thread_id))
        if detail is None or detail.row.category in NOT_LEARNT:
            return None
        rows = self.db.get(messages.of_thread(ticket.thread_id))
        pair = _answered(rows, self._by_rule(ticket.thread_id))
        if pair is None:
            return None
        names = _names(rows)
        contact = self.db.get(people.contact(detail.contact_id)) if detail.contact_id else None
        names |= {contact.name, *contact.addresses} if contact is not None else set()
        said = "\n".join(r.clean_text or "" for r in rows if r.direction is Direction.INBOUND)
        question = without_person(_asks(pair[0].clean_text or ""), names, said)[:LONGEST_QUESTION].strip()
        answer = without_person(_lasting(bare(split(pair[1].text).reply), pair[1].received_at), names, said)
        if len(answer) < SHORTEST or not question or not self._new(question, ticket):
            return None
        return Article(
            f"learnt-{ticket.number.lower()}",
            "",
            answer,
            kind="ticket",
            category=detail.row.category,
            language=detail.row.language or "en",
            question=question,
            authority=Authority.LEARNT,
        )

    def _by_rule(self, thread_id: int) -> set[str]:
        """Message-IDs of what left without a person."""
        return {row.message_id for row in self.db.get(outbox.of_thread(thread_id)) if row.by_rule}

    def _new(self, question: str, ticket: Resolved) -> bool:
        """Whether nothing answers it yet, or a person found the answer wanting; and nobody proposed the same already."""
        revised = any(r.written_by is Author.AGENT for r in self.db.get(drafts.revisions(ticket.thread_id)))
        if not revised and retrieve.search(self.index, question).known is Known.KNOWN:
            return False
        waiting = [row.article.question or row.article.title for row in self.db.get(proposals.waiting())]
        learnt = [row.article.question for row in self.db.get(articles.all_rows("ticket"))]
        return all(retrieve.same(self.index.embedder, question, one) < SAME for one in (*waiting, *learnt))


def _answered(rows: Sequence[MessageRow], by_rule: set[str]) -> tuple[MessageRow, MessageRow] | None:
    """The question and the answer of a ticket that say most: clean mail from outside, and what a person sent after it."""
    pairs = []
    asked: MessageRow | None = None
    for row in rows:
        if row.direction is Direction.INBOUND:
            asked = row if row.clean_text and not row.auto and not row.flagged else None
        elif asked is not None and row.message_id not in by_rule:
            pairs.append((asked, row))
    return max(pairs, key=lambda pair: len(bare(split(pair[1].text).reply)), default=None)


def _asks(text: str) -> str:
    """What a message asks: its questions and requests, or all its own words without greeting and signature."""
    own = split(text).reply
    said = [own[a:b] for a, b in intents.questions(own)]
    wanted = [s for s in said if intents.asks(s) or intents.wants(s)]
    return " ".join(" ".join(wanted).split()) or " ".join(bare(own).split())


def _lasting(text: str, at: datetime) -> str:
    """What of an answer is true for others too: no courtesies, and nothing that was promised to this one customer."""
    promised = {" ".join(one.text.split()) for one in found(text, at.astimezone().date())}
    lines = []
    for line in unwrapped(text).split("\n"):
        said = [line[a:b] for a, b in sentences(line)]
        lines.append(" ".join(s for s in said if s not in promised and not intents.is_courtesy(s)))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _names(rows: Sequence[MessageRow]) -> set[str]:
    """What the people outside are called in their headers and in the first line of their signatures."""
    found: set[str] = set()
    for row in rows:
        if row.direction is Direction.INBOUND:
            found |= {row.from_name, row.from_addr}
            signed = split(row.clean_text or "").signature.strip().strip("-").strip().splitlines()
            found |= {w.strip(".,") for w in (signed[0].split() if signed else ()) if w[:1].isupper()}
    return found - {""}
