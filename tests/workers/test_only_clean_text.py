"""The first door, from the wire to the prompt: no byte of mail that was not let through reaches a model."""

import random
from dataclasses import replace

from letters import Clock
from mixed_threads import Listener, Marks, work

from desk.config import Config
from desk.llm import Models
from desk.llm.prompts.builder import Briefing
from desk.pipeline.case import Rooms
from desk.pipeline.runner import Runner
from desk.store import drafts, jobs, messages, quarantine, threads
from desk.store.database import Database
from desk.workers.fetch import Fetcher


def test_no_prompt_and_no_draft_holds_a_byte_of_mail_that_was_kept_back(
    config: Config, db: Database, rooms: Rooms, fetcher: Fetcher, clock: Clock, monkeypatch
) -> None:
    built: list[str] = []
    ask = Briefing.ask

    def kept(self, template, **values):
        prompt = ask(self, template, **values)
        built.append(prompt.text())
        return prompt

    monkeypatch.setattr(Briefing, "ask", kept)
    listener = Listener()
    rooms = replace(rooms, models=Models(listener, listener, ""), trust={"triage": 0.3, "answerable": 0.3})
    marks = Marks(random.Random(17))
    work(config, db, fetcher, Runner(db, rooms, clock), clock, marks, 25)

    everything = "\n".join((*built, *listener.prompts))
    assert not [mark for mark in marks.never if mark in everything]
    heard = [mark for mark in marks.may if mark in everything]
    assert len(heard) > 10, "the marks of clean mail do stand in prompts, so a missing one says something"
    ids = list(db.get(threads.ids(threads.Filter(threads.View.ALL))))
    offered = [d.body for i in ids if (d := db.get(drafts.current(i)))]
    assert len(offered) > 15
    assert not [mark for mark in marks.never for body in offered if mark in body]
    assert not [run for i in ids for run in db.get(jobs.of_thread(i)) if run.state == "failed"]
    states = {str(row.status) for i in ids for row in db.get(messages.of_thread(i))}
    assert {"quarantined", "spam", "automated"} <= states
    assert db.get(quarantine.blocks())[0].hits > 1
