"""Mail whose sender the receiving server found to be somebody else: read and answered, but told nothing of an account."""

from dataclasses import replace
from pathlib import Path

import pytest
from letters import Clock, deliver, letter

from desk.cli import rooms as composition
from desk.config import Config
from desk.domain.enums import ThreadStatus
from desk.knowledge.embed import Embedder
from desk.knowledge.index import Index
from desk.llm import Models
from desk.pipeline.case import Rooms
from desk.pipeline.runner import Runner
from desk.store import drafts, jobs, threads
from desk.store.database import Database
from desk.workers.fetch import Fetcher

ASKS = "Hello,\n\nwhere is my order LA-4711? And how many days do I have to return an unused lamp?\n\nAnna"
ORDERS = "number,customer_email,status,carrier,tracking\nLA-4711,anna@web.example,shipped,Kestrel,KP99\n"


@pytest.mark.parametrize(("word", "told"), [("pass", True), ("none", True), ("fail", False)])
def test_an_order_is_told_unless_the_sender_is_forged(
    config: Config, db: Database, embedder: Embedder, index: Index, clock: Clock, tmp_path: Path, word: str, told: bool
) -> None:
    box = replace(config.mailboxes[0], auth_servers=("mx.shop.example",))
    config = replace(config, mailboxes=(box,))
    (tmp_path / "orders.csv").write_text(ORDERS)
    rooms = Rooms(config, embedder, index, Models(None, None, "no model"), tmp_path / "orders.csv", None)
    said = f"mx.shop.example; dmarc={word} header.from=web.example"
    deliver(config, letter(ASKS, Authentication_Results=said))
    Fetcher(db, box, composition.source, clock).poll()
    runner = Runner(db, rooms, clock)
    for _ in range(4):
        while runner.once():
            pass
        clock.pass_(31)
    (thread,) = db.get(threads.ids(threads.Filter(threads.View.ALL)))
    draft = db.get(drafts.current(thread))
    detail = db.get(threads.one(thread))
    assert draft is not None
    assert detail is not None
    assert detail.row.status == ThreadStatus.PENDING_REVIEW
    assert ("KP99" in draft.body) is told
    assert "within 30 days" in draft.body
    run = db.get(jobs.of_thread(thread))[0]
    problems = next(s.output["problems"] for s in db.get(jobs.steps(run.id)) if s.step == "search")
    assert any("somebody else" in problem for problem in problems) is not told
