"""Short forms of long messages, made in idle time for the day a conversation no longer fits into a model's context.

Extractive: the sentences nearest to what the whole message is about, those with numbers and questions first, none that
says again what another one said, each word for word and in its place (maximal marginal relevance: Carbonell and
Goldstein, SIGIR 1998). Nothing is rephrased, so a short form of clean text is clean text.
"""

import re
from collections.abc import Callable, Sequence
from datetime import datetime

import numpy as np

from desk.domain.guarded import content_hash
from desk.knowledge.embed import Embedder
from desk.pipeline.runner.load import own_words
from desk.pipeline.sentences import bare, sentences, unwrapped
from desk.store import changes, messages, summaries
from desk.store.database import Database, within
from desk.triage import intents

LOOKED = "summaries.looked"
"""Setting: the last message that was looked at."""
LONG = 600
"""Characters of its own words from which a message gets a short form."""
SHORT, MOST = 1 / 3, 500
"""How much of a message its short form may be, and how many characters at most."""
AGAIN = 0.85
"""Cosine from which a sentence says what another one said."""
_TELLING = re.compile(r"\d|€|\$|£|@")


class Summaries:
    """Makes the short forms of a ticket's long messages as soon as it has more than one."""

    def __init__(self, db: Database, embedder: Embedder | None, clock: Callable[[], datetime]) -> None:
        self.db, self.embedder, self.clock = db, embedder, clock

    def once(self) -> bool:
        """Look at the tickets of the next messages; False when none came."""
        looked = self.db.get(changes.setting(LOOKED)) or 0
        arrived = self.db.get(summaries.arrived_after(looked))
        if not arrived:
            return False
        made = [one for thread_id in dict.fromkeys(a.thread_id for a in arrived if a.count > 1)
                for one in self._missing(thread_id)]  # fmt: skip
        with self.db.write() as tx:
            if (within(tx, changes.setting(LOOKED)) or 0) == looked:
                for message_id, text, made_of in made:
                    summaries.keep(tx, message_id, text, made_of, at=self.clock())
                changes.set_setting(tx, LOOKED, arrived[-1].message_id)
        return True

    def _missing(self, thread_id: int) -> list[tuple[int, str, str]]:
        """The short forms a ticket lacks: message, text, and the hash of what it was made of."""
        known = self.db.get(summaries.of_thread(thread_id))
        found = []
        for row in self.db.get(messages.of_thread(thread_id)):
            text = own_words(row).text if row.clean else ""
            digest = content_hash(text.encode("utf-8", "replace"))
            if len(text) >= LONG and known.get(row.id, ("", ""))[1] != digest:
                found.append((row.id, summarise(text, self.embedder), digest))
        return found


def summarise(text: str, embedder: Embedder | None) -> str:
    """The sentences of a message that tell most, a line each, at most a third of it; without an embedder the first telling
    ones. At least one sentence, however long."""
    whole = bare(text) or text
    said = [whole[a:b] for a, b in sentences(unwrapped(whole)) if not intents.is_courtesy(whole[a:b])] or [whole]
    worth = [0.25 * bool(_TELLING.search(s)) + 0.25 * intents.asks(s) + 0.1 * intents.wants(s) for s in said]
    near = np.eye(len(said), dtype=np.float32)
    if embedder is not None:
        vectors = embedder.embed(said)
        centre = vectors.mean(axis=0)
        worth = [w + float(v @ centre) for w, v in zip(worth, vectors, strict=True)]
        near = vectors @ vectors.T
    return "\n".join(said[i] for i in sorted(_chosen(said, worth, near, min(MOST, len(text) * SHORT))))


def _chosen(
    said: Sequence[str], worth: Sequence[float], near: "np.typing.NDArray[np.float32]", room: float
) -> list[int]:
    chosen: list[int] = []
    for i in sorted(range(len(said)), key=lambda i: (-worth[i], i)):
        used = sum(len(said[j]) + 1 for j in chosen)
        if chosen and (used + len(said[i]) > room or any(near[i, j] >= AGAIN for j in chosen)):
            continue
        chosen.append(i)
    return chosen
