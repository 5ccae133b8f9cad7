"""The vector index: LanceDB on disk (or in memory), derived from the articles and rebuildable at any time.

Every item has several vectors: the whole of it, its title and each sentence. Who may see an item (contact, public) is
decided before anything is scored. One process writes; readers follow its versions.
"""

import hashlib
import json
import os
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import fields
from datetime import date, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from desk.domain.ticket import Article
from desk.errors import KnowledgeError
from desk.knowledge.closely import LOOKED_AT, Closely
from desk.knowledge.embed import Embedder
from desk.knowledge.glossary import spoken
from desk.knowledge.same import requests
from desk.knowledge.sentences import sentences
from desk.knowledge.snapshot import Hit, Snapshot

T = TypeVar("T")

_LAYOUT = 1
_TABLE = "vectors"
_BATCH = 64
_OPTIMISE_EVERY = 100
_KEPT_VERSIONS = timedelta(hours=1)
_ANN_FROM = 20_000
_CANDIDATES = 400
_MOST_SENTENCES = 200
_GOVERNING = ("authority", "valid_from", "valid_until", "supersedes")
_PLAIN = {f.name: f.default for f in fields(Article)}


class Index:
    """Search over articles and resolved tickets. `folder` None keeps everything in memory."""

    def __init__(self, folder: Path | None, embedder: Embedder, *, ann_from: int = _ANN_FROM) -> None:
        self._folder = folder
        self._embedder = embedder
        self._ann_from = ann_from
        self._db: Any = None
        self._table: Any = None
        self._snapshot: Snapshot | None = None
        self._snapshot_version = -1
        self._commits = 0
        self._closely = Closely(embedder)
        self._lock = threading.RLock()

    @property
    def embedder(self) -> Embedder:
        """What turns text into vectors here."""
        return self._embedder

    def ids(self) -> dict[str, str]:
        """Id and content hash of every item; empty when the index was made by another model or layout."""
        return {item.id: digest for item, digest in self._current().items_with_hashes()}

    def article(self, id: str, *, quotable: bool = False) -> Article | None:
        """One item by its id, None when the index has none such; with `quotable` only what anybody may be told today."""
        snapshot = self._current()
        if quotable and not (snapshot.marked([id]) & snapshot.allowed(None, False, date.today())).any():
            return None
        return snapshot.item(id)

    def rebuild(self, items: Iterable[Article]) -> int:
        """Replace everything by `items`; returns how many there are."""
        with self._lock:
            self._run(self._drop)
            return self._write(items)

    def upsert(self, items: Iterable[Article]) -> int:
        """Write what is new or changed, in batches of one commit each; returns how many items were written."""
        with self._lock:
            known = self.ids()
            return self._write(item for item in items if known.get(item.id) != digest(item))

    def remove(self, ids: Collection[str]) -> None:
        """Forget these items; unknown ids are ignored."""
        with self._lock:
            if ids and self._open() is not None:
                self._run(lambda: self._open().delete(_among(ids)))
                self._committed()

    def search(
        self,
        text: str,
        k: int = 8,
        contact_id: int | None = None,
        include_private: bool = True,
        language: str = "",
        on: date | None = None,
    ) -> list[Hit]:
        """The `k` items nearest to `text`, best first; `score` is about -0.1..1.2.

        Items in `language` (of the question; found from its words when empty) are preferred among equals. Only what holds
        on the day `on` (today when None) and is not superseded by then is looked at.

        Items of one contact are seen only with that `contact_id`; `include_private=False` leaves internal ones out.
        Raises KnowledgeError when the index can't be read.
        """
        snapshot = self._current()
        allowed = snapshot.allowed(contact_id, include_private, on or date.today())
        if not text.strip() or not allowed.any():
            return []
        query = self._embedder.embed([text])[0]
        if len(snapshot.vectors) >= self._ann_from:
            allowed &= self._near(query, snapshot, contact_id, include_private) | snapshot.alike(text, _CANDIDATES // 4)
        asked = requests(self._embedder, query[None])[0]
        language = language or spoken(text)
        found = snapshot.best(text, query, asked, allowed, max(k, LOOKED_AT), language)
        return self._closely.reordered(text, found, language)[:k]

    def _near(
        self, query: NDArray[np.float32], snapshot: Snapshot, contact_id: int | None, include_private: bool
    ) -> NDArray[np.bool_]:
        """Items whose vectors LanceDB finds nearest, the filter applied before its search."""

        def ask() -> Any:
            found = (
                self._open()
                .search(query)
                .distance_type("cosine")
                .where(_visible(contact_id, include_private), prefilter=True)
            )
            return found.limit(_CANDIDATES).nprobes(24).select(["item", "_distance"]).to_arrow()["item"].to_pylist()

        return snapshot.marked(set(self._run(ask)))

    # Writing

    def _write(self, items: Iterable[Article]) -> int:
        written = 0
        stream = iter(items)
        while batch := list(islice(stream, _BATCH)):
            latest = {item.id: item for item in batch}
            rows = [row for item in latest.values() for row in self._rows(item)]
            self._run(lambda rows=rows, latest=latest: self._merge(rows, latest))  # type: ignore[misc]
            written += len(latest)
        if written:
            self._committed()
        return written

    def _merge(self, rows: list[dict[str, Any]], items: Collection[str]) -> None:
        import pyarrow as pa  # type: ignore[import-untyped]

        data = pa.Table.from_pylist(rows, schema=self._schema())
        table = self._open()
        if table is None:
            self._table = self._connect().create_table(_TABLE, data, mode="overwrite")
            return
        merge = table.merge_insert("key").when_matched_update_all().when_not_matched_insert_all()
        merge.when_not_matched_by_source_delete(_among(items)).execute(data)
        self._commits += 1

    def _committed(self) -> None:
        """After writes: compact now and then, and make the nearest-neighbour index once there is enough for one."""
        table = self._open()
        if table is None:
            return
        self._commits += 1
        if self._commits >= _OPTIMISE_EVERY:
            self._run(lambda: self._open().optimize(cleanup_older_than=_KEPT_VERSIONS))
            self._commits = 0
        if table.count_rows() >= self._ann_from and not table.list_indices():
            from lancedb.index import IvfFlat

            self._run(lambda: self._open().create_index("vector", config=IvfFlat(distance_type="cosine")))

    def _rows(self, item: Article) -> Iterator[dict[str, Any]]:
        text = item.question or item.body
        spans = sentences(text)[:_MOST_SENTENCES]
        whole = text if item.question else f"{item.title}\n{text}"
        title = item.title or (text[spans[0][0] : spans[0][1]] if spans else text)
        parts = [("whole", whole, 0, len(text)), ("title", title, 0, 0)]
        parts += [("sentence", text[start:end], start, end) for start, end in spans]
        vectors = self._embedder.embed([part[1] for part in parts])
        mark = digest(item)
        for number, (part, start, end) in enumerate((p[0], p[2], p[3]) for p in parts):
            yield {
                "key": f"{item.id}\x1f{number}",
                "item": item.id,
                "part": part,
                "start": start,
                "end": end,
                "public": item.public,
                "contact": item.contact_id,
                "hash": mark,
                "content": _content(item) if part == "whole" else "",
                "made_by": self._made_by(),
                "vector": vectors[number].tolist(),
            }

    def _schema(self) -> Any:
        import pyarrow as pa

        return pa.schema(
            [
                ("key", pa.string()),
                ("item", pa.string()),
                ("part", pa.string()),
                ("start", pa.int32()),
                ("end", pa.int32()),
                ("public", pa.bool_()),
                ("contact", pa.int64()),
                ("hash", pa.string()),
                ("content", pa.string()),
                ("made_by", pa.string()),
                ("vector", pa.list_(pa.float32(), self._embedder.dimensions)),
            ]
        )

    def _made_by(self) -> str:
        return f"{_LAYOUT}:{self._embedder.fingerprint}"

    # Opening and reading

    def _connect(self) -> Any:
        if self._db is None:
            os.environ.setdefault("LANCE_LOG", "error")
            os.environ.setdefault("LANCEDB_LOG", "error")
            import lancedb

            where = "memory://" if self._folder is None else str(self._folder)
            self._db = lancedb.connect(where, read_consistency_interval=timedelta(0))
        return self._db

    def _open(self) -> Any:
        """The table, or None where there is none or another model made it (it is then written anew)."""
        if self._table is None:
            db = self._connect()
            if _TABLE in db.list_tables().tables:
                table = db.open_table(_TABLE)
                made = table.search().select(["made_by"]).limit(1).to_arrow()["made_by"].to_pylist()
                if not made or made[0] == self._made_by():
                    self._table = table
        return self._table

    def _drop(self) -> None:
        db = self._connect()
        if _TABLE in db.list_tables().tables:
            db.drop_table(_TABLE)
        self._table, self._snapshot, self._snapshot_version = None, None, -1

    def _current(self) -> Snapshot:
        """The table's newest version in memory."""
        with self._lock:
            return self._run(self._read)

    def _read(self) -> Snapshot:
        table = self._open()
        if table is None:
            return Snapshot.empty(self._embedder.dimensions)
        table.checkout_latest()
        version = table.version
        if self._snapshot is None or version != self._snapshot_version:
            rows = table.to_arrow()
            self._snapshot = Snapshot.read(rows, self._embedder.dimensions, partial(requests, self._embedder))
            self._snapshot_version = version
        return self._snapshot

    def _run(self, work: Callable[[], T]) -> T:
        """Do `work`; where it fails, open the table again (a writer may have cleaned up) and try once more."""
        try:
            return work()
        except KnowledgeError:
            raise
        except Exception:
            if self._folder is None:
                raise
            self._db, self._table, self._snapshot, self._snapshot_version = None, None, None, -1
        try:
            return work()
        except Exception as problem:
            raise KnowledgeError(
                f"The search index in {self._folder} can't be used: {problem}.",
                "Rebuild it with `desk kb rebuild`; nothing is lost, it is made from the articles.",
            ) from problem


def digest(item: Article) -> str:
    """Hash of everything of an item that the index holds."""
    return hashlib.sha256(_content(item).encode()).hexdigest()[:24]


def _content(item: Article) -> str:
    """Everything of an item; what is as it mostly is, is left out of the fields that govern it."""
    kept = {f.name: getattr(item, f.name) for f in fields(item)}
    kept = {name: value for name, value in kept.items() if name not in _GOVERNING or value != _PLAIN[name]}
    return json.dumps(kept, ensure_ascii=False, sort_keys=True)


def _among(ids: Collection[str]) -> str:
    quoted = ", ".join("'" + name.replace("'", "''") + "'" for name in sorted(ids))
    return f"item IN ({quoted})"


def _visible(contact_id: int | None, include_private: bool) -> str:
    scope = "contact IS NULL" if contact_id is None else f"(contact IS NULL OR contact = {int(contact_id)})"
    return scope if include_private else f"{scope} AND public"
