"""Keeping the search index in step with the store: one writer, by lease; the store is the truth."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from desk.config import KnowledgeConfig
from desk.errors import KnowledgeError
from desk.knowledge import articles as files
from desk.knowledge.index import Index, digest
from desk.store import articles, changes, proposals
from desk.store.database import Database
from desk.workers.loop import now

LEASE = "index"
LEASE_SECONDS = 60.0


class Indexer:
    """Follows the articles of the store into the vector index."""

    def __init__(self, db: Database, index: Index) -> None:
        self.db, self.index = db, index
        self.token = secrets.token_hex(8)
        self._seen: dict[str, str] | None = None

    def once(self) -> int:
        """Bring the index up to date; returns how many items changed. Does nothing while another writer holds the lease."""
        hashes = self.db.get(articles.hashes())
        if hashes == self._seen or not self._may_write():
            return 0
        try:
            items = {row.article.id: row.article for row in self.db.get(articles.all_rows())}
            held = self.index.ids()
            stale = [item for item in items.values() if held.get(item.id) != digest(item)]
            gone = sorted(held.keys() - items.keys())
            if stale:
                self.index.upsert(stale)
            if gone:
                self.index.remove(gone)
            self._seen = hashes
            return len(stale) + len(gone)
        finally:
            self._written()

    def rebuild(self) -> int | None:
        """Make the index anew from the store; how many items it holds, None while another writer holds the lease."""
        if not self._may_write():
            return None
        try:
            return self.index.rebuild(row.article for row in self.db.get(articles.all_rows()))
        finally:
            self._written()

    def _may_write(self) -> bool:
        with self.db.write() as tx:
            return changes.lease(tx, LEASE, self.token, "think", now=now(), seconds=LEASE_SECONDS)

    def _written(self) -> None:
        with self.db.write() as tx:
            changes.end_lease(tx, LEASE, self.token)


@dataclass(frozen=True, slots=True)
class Imported:
    """How many items were read, and the ids of those where a person must choose: changed here, and in their file too."""

    read: int
    both: tuple[str, ...]


def import_files(db: Database, config: KnowledgeConfig) -> Imported:
    """Take the configured folders into the store; unchanged files write nothing.

    What a person changed or took out here stays as it is; where its file changed too, the file's version is proposed.
    Raises KnowledgeError naming the file that can't be read.
    """
    items = []
    if config.folder:
        items += files.load(_there(config.folder, "knowledge.folder"))
    if config.resolved:
        items += files.load_resolved(_there(config.resolved, "knowledge.resolved"))
    known = {row.article.id for row in db.get(articles.all_rows()) if row.source == articles.FILE}
    both: list[str] = []
    with db.write() as tx:
        for item in items:
            if not articles.take_in(tx, item, by="import", at=now()):
                proposals.add(tx, item, at=now(), replaces=item.id)
                both.append(item.id)
        for gone in _other_parts(known, [item.id for item in items]):
            articles.remove(tx, gone, by="import", at=now())
    return Imported(len(items), tuple(both))


def _other_parts(known: Collection[str], read: Collection[str]) -> list[str]:
    """Parts of documents that were read again and no longer have them: a heading went, or the whole was cut or joined."""
    documents, parts = {name.partition("#")[0] for name in read}, set(read)
    return sorted(name for name in known if name not in parts and name.partition("#")[0] in documents)


def _there(name: str, key: str) -> Path:
    path = Path(name).expanduser()
    if not path.exists():
        raise KnowledgeError(f"{key} names {path}, which is not there.", "Mend the path in the configuration.")
    return path
