"""What the think worker does while nothing else is due: a small piece at a time, so that mail never waits for it."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from desk.domain.ticket import Contradiction
from desk.errors import KnowledgeError
from desk.knowledge import disagree
from desk.knowledge.index import Index
from desk.learn.gaps import Gaps
from desk.learn.promises import Promises
from desk.learn.propose import Proposals
from desk.learn.summaries import Summaries
from desk.store import articles
from desk.store.articles import ArticleRow
from desk.store.database import Database

log = logging.getLogger("desk.think")
NEIGHBOURS = 6
"""Nearest items an item is compared with."""


class Comparing:
    """Looks for what contradicts each article that was changed; people see it in the knowledge and settle it."""

    def __init__(self, db: Database, index: Index) -> None:
        self.db, self.index = db, index

    def once(self) -> bool:
        """Compare the next changed item with its neighbours; False when none was changed."""
        row = self.db.get(articles.uncompared())
        if row is None:
            return False
        try:
            found = self._against(row)
        except KnowledgeError as problem:
            log.warning("%s was compared with nothing: %s", row.article.id, problem)
            found = []
        with self.db.write() as tx:
            articles.compared(tx, row, found)
        return True

    def _against(self, row: ArticleRow) -> list[Contradiction]:
        mine = row.article
        found: list[Contradiction] = []
        for hit in self.index.search(
            f"{mine.title}\n{mine.question or mine.body}"[:2000], NEIGHBOURS + 1, mine.contact_id
        ):
            other = hit.article
            if other.id != mine.id and not mine.replaces(other) and not other.replaces(mine):
                found += filter(None, [disagree.between(mine, other, self.index.embedder)])
        return found


class Task(Protocol):
    """Something that is done bit by bit."""

    def once(self) -> bool:
        """Do the next bit; False when there is nothing to do."""


def idle_tasks(db: Database, index: Index | None, clock: Callable[[], datetime]) -> Sequence[Task]:
    """Everything that is done in idle time, the soonest wanted first; without an index what needs none."""
    always = (Promises(db, clock), Summaries(db, index.embedder if index else None, clock))
    return always if index is None else (*always, Gaps(db, index), Proposals(db, index), Comparing(db, index))
