"""A thousand tickets of mail that may and mail that may not be seen: bytes of the latter in any prompt or draft.

Run as `python tests/bench/bench_clean_prompts.py --threads 1000`. Real store, guard, embeddings and pipeline; a listener
stands where a model would. Exit status 1 where anything leaked.
"""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "workers"))
sys.path.insert(0, str(Path(__file__).parents[2]))

from letters import Clock
from mixed_threads import Listener, Marks, work

from desk.cli import rooms as composition
from desk.config import Config, MailboxConfig, PipelineConfig
from desk.domain.ticket import Article
from desk.knowledge import embed
from desk.knowledge.index import Index
from desk.llm import Models
from desk.llm.prompts.builder import Briefing
from desk.pipeline.case import Rooms
from desk.pipeline.runner import Runner
from desk.store import database
from desk.workers.fetch import Fetcher


def main() -> None:
    """Print what was found."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--threads", type=int, default=1000)
    given.add_argument("--seed", type=int, default=1)
    asked = given.parse_args()
    built: list[str] = []
    ask = Briefing.ask

    def kept(self: Briefing, template: str, **values: object) -> object:
        prompt = ask(self, template, **values)  # type: ignore[arg-type]
        built.append(prompt.text())
        return prompt

    Briefing.ask = kept  # type: ignore[method-assign,assignment]
    begun = time.monotonic()
    marks = Marks(random.Random(asked.seed))
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "mailbox"
        folder.mkdir()
        box = MailboxConfig(name="help", address="help@shop.example", folder=str(folder), signature="The lamp shop")
        config = Config(mailboxes=(box,), pipeline=PipelineConfig(window_seconds=30, hold_seconds=15))
        db = database.open(f"sqlite:///{place}/desk.db")
        embedder = embed.load()
        index = Index(None, embedder)
        index.rebuild(
            [Article("returns", "Returning an order", "You can return a lamp within 30 days, for 4.90 euros.")]
        )
        listener, clock = Listener(), Clock()
        rooms = Rooms(config, embedder, index, Models(listener, listener, ""), None, None)
        rooms.trust.update(triage=0.3, answerable=0.3)
        fetcher = Fetcher(db, box, composition.source, clock)
        work(config, db, fetcher, Runner(db, rooms, clock), clock, marks, asked.threads)
        db.close()
    everything = "\n".join((*built, *listener.prompts))
    leaked = [mark for mark in marks.never if mark in everything]
    heard = sum(mark in everything for mark in marks.may)
    print(
        f"{asked.threads} tickets, {len(built)} prompts, {len(everything)} characters, {time.monotonic() - begun:.0f} s"
    )
    print(f"marks of clean mail that stand in a prompt: {heard} of {len(marks.may)}")
    print(f"marks of other mail that do: {len(leaked)} of {len(marks.never)}")
    sys.exit(bool(leaked))


if __name__ == "__main__":
    main()
