"""Train desk/knowledge/sameness.npz: the map under which two wordings of one request lie near, other requests far.

`python .ci/train_same.py [--check]`. A square matrix over the sentence vectors, learned with the supervised contrastive
loss (Khosla et al. 2020) on desk/knowledge/examples/requests.tsv and, where it is there, the labelled requests of
../shared/corpora/support/train.jsonl (attribution in desk/knowledge/NOTICE.md). It starts as the identity and stops early,
so that it turns the vectors a little and forgets nothing. `--check` trains on two thirds of the requests and prints what
it does for the others.
"""

import argparse
import json
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from desk.knowledge import embed  # noqa: E402
from desk.knowledge.same import without_numbers  # noqa: E402

CORPUS = ROOT.parent / "shared" / "corpora" / "support" / "train.jsonl"
TARGET = ROOT / "desk" / "knowledge" / "sameness.npz"
TEMPERATURE, STEPS, RATE, TIED = 0.1, 30, 2e-3, 1e-3
FRAMES = (
    "I want to {}",
    "how can I {}?",
    "I need help to {}",
    "can you help me {}, please",
    "what do I have to do to {}",
    "I'm trying to {}",
    "is it possible to {}",
    "where can I {}",
    "could you tell me how to {}",
    "I'd like to {}, thanks",
    "hello, i need to {}",
    "I don't know how to {}",
    "help me {}",
    "assistance needed to {}",
    "How to {}",
)
AROUND = ("Hello, {}", "{} Can you help?", "please help, {}", "hi there {}")


def requests() -> list[tuple[str, str, str]]:
    """(request, wording, the wording it was made from). A wording with ~ is what somebody wants to do: it gets frames."""
    rng = random.Random(0)
    out: list[tuple[str, str, str]] = []
    for line in (ROOT / "desk/knowledge/examples/requests.tsv").open(encoding="utf-8"):
        request, wordings = line.rstrip("\n").split("\t")
        for wording in wordings.split(" | "):
            plain = wording.removeprefix("~")
            frames = rng.sample(FRAMES, 3) if wording.startswith("~") else [rng.choice(AROUND)]
            out += [(request, text, plain) for text in (plain, *(frame.format(plain) for frame in frames))]
    return out


def given() -> list[tuple[str, str, str]]:
    """The labelled requests that ask for something to be done; greetings and thanks are no requests."""
    if not CORPUS.exists():
        return []
    rows = [json.loads(line) for line in CORPUS.open(encoding="utf-8")]
    asked = [r for r in rows if r["source"] in ("bitext", "clinc") and r["intent"] != "acknowledgment"]
    return [(f"given.{r['source_label']}", r["text"], r["text"]) for r in asked if r["source_label"] != "greeting"]


def fit(x: Any, request: Any, wording: Any) -> Any:
    """The map, shape (dim, dim), for vectors `x`; wordings made from the same one are neither alike nor apart."""
    start = np.eye(x.shape[1], dtype=np.float32)
    w, mean, square = start.copy(), np.zeros_like(start), np.zeros_like(start)
    other = wording[:, None] != wording[None]
    alike = (request[:, None] == request[None]) & other
    share = alike / np.maximum(alike.sum(1, keepdims=True), 1)
    counts = alike.any(1, keepdims=True) / len(x) / TEMPERATURE
    for step in range(1, STEPS + 1):
        mapped = x @ w
        length = np.linalg.norm(mapped, axis=1, keepdims=True)
        unit = mapped / length
        logits = np.where(other, unit @ unit.T / TEMPERATURE, -1e9)
        power = np.exp(logits - logits.max(1, keepdims=True))
        slope = (power / power.sum(1, keepdims=True) - share) * counts
        pull = slope @ unit + slope.T @ unit
        gradient = x.T @ ((pull - unit * (pull * unit).sum(1, keepdims=True)) / length) + TIED * (w - start)
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.99 * square + 0.01 * gradient**2
        w = w - RATE * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.99**step)) + 1e-8)
    return w.astype(np.float32)


def auc(scores: Any, right: Any) -> float:
    """Area under the ROC curve."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(right, scores))


def check(x: Any, request: Any, wording: Any) -> None:
    """Near pairs of requests that were not trained on: how well the cosine tells same from other, before and after."""
    third = np.array([hash(r) % 3 for r in request])
    held = third == 0
    for name, w in (
        ("as it is", np.eye(x.shape[1], dtype=np.float32)),
        ("mapped", fit(x[~held], request[~held], wording[~held])),
    ):
        unit = x[held] @ w
        unit /= np.linalg.norm(unit, axis=1, keepdims=True)
        up = np.triu_indices(len(unit), 1)
        near = (unit @ unit.T)[up]
        same = (request[held][:, None] == request[held][None])[up]
        known = (wording[held][:, None] != wording[held][None])[up]
        apart = np.sort(near[known & ~same])[::-1][: 10 * int((known & same).sum())]
        scores = np.concatenate([near[known & same], apart])
        print(name, "AUC", round(auc(scores, np.arange(len(scores)) < (known & same).sum()), 3))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--check", action="store_true", help="print figures on requests held back and write nothing")
    wanted = options.parse_args()
    embedder = embed.load()
    rows = requests() + given()
    x = embedder.embed([without_numbers(text) for _, text, _ in rows])
    request, wording = np.array([r[0] for r in rows]), np.array([r[2] for r in rows])
    if wanted.check:
        check(x, request, wording)
        return
    w = fit(x, request, wording)
    np.savez_compressed(TARGET, map=w.astype(np.float16))
    print(f"{TARGET}: {TARGET.stat().st_size / 1024:.0f} KB, {len(rows)} wordings of {len(set(request))} requests")


if __name__ == "__main__":
    main()
