"""Train desk/guard/head.npz: which passage is an order to the machine that answers, on our own examples.

`python .ci/train_guard.py [--check]`. Attacks come from desk/guard/examples/attacks.tsv (technique, language, text).
Harmless passages come from harmless.tsv, from the triage examples, the sample mailbox, and ../shared/corpora/support/
train.jsonl where it is there. `--check` leaves out one technique, then one language, at a time, prints what is found of
it, and writes nothing.
"""

import argparse
import json
import sys
import tomllib
from itertools import pairwise, product
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from desk.guard import head  # noqa: E402
from desk.guard.normalise import views  # noqa: E402

HERE = ROOT / "desk" / "guard" / "examples"
CORPUS = ROOT.parent / "shared" / "corpora" / "support" / "train.jsonl"


def level(text: str) -> str:
    """A text as the guard reads it."""
    return views(text.replace("\\n", "\n")).views[0].text


def rows(name: str) -> list[tuple[str, str, str]]:
    """Lines of an example file: technique, language, text."""
    lines = (HERE / name).read_text("utf-8").splitlines()
    return [(a, b, level(c)) for a, b, c in (line.split("\t", 2) for line in lines if line.strip())]


def joined() -> tuple[list[tuple[str, str, str]], list[str]]:
    """Attacks and harmless sentences put together from halves: every half stands with many others."""
    attacks: list[tuple[str, str, str]] = []
    harmless: list[str] = []
    for language, part in tomllib.loads((HERE / "parts.toml").read_text("utf-8")).items():
        pairs = list(product(part["machine"], part["order"]))
        attacks += [("joined", language, level(f"{a} {b}")) for a, b in pairs[:: 1 + len(pairs) // 250]]
        attacks += [("joined", language, level(b)) for b in part["order"]]
        pairs = [*product(part["person"], part["chore"]), *product(part["talk"], part["chore"])]
        harmless += [level(f"{a} {b}") for a, b in pairs[:: 1 + len(pairs) // 250]]
        harmless += [level(t) for t in (*part["talk"], *part["chore"], *part["person"])]
    return attacks, harmless


def others() -> list[str]:
    """Harmless passages that were written for something else."""
    texts: list[str] = []
    files = sorted((ROOT / "desk" / "triage" / "examples").glob("*.jsonl"))
    for file in [*files, *([CORPUS] if CORPUS.exists() else [])]:
        texts += [json.loads(line)["text"] for line in file.read_text("utf-8").splitlines() if line.strip()]
    texts += [p.read_text("utf-8") for p in sorted((ROOT / "sample_mailbox" / "knowledge").glob("*.md"))]
    found: list[str] = []
    for text in texts:
        read = level(text)
        found += [read[a:b] for a, b in head.passages(read)]
    return sorted({t for t in found if len(head.words(t)) >= 3})


def matrix(texts: list[str]) -> csr_matrix:
    """The same features as head.logit, one row a passage."""
    at, to, value = [], [], []
    for row, text in enumerate(texts):
        tokens = head.words(text)
        scale = 1 / np.sqrt(len(tokens) + 4)
        for bucket, weight in [p for t in tokens for p in head.pieces(t)] + [
            (head.pair(a, b), 0.8) for a, b in pairwise(tokens)
        ]:
            at.append(row), to.append(bucket), value.append(weight * scale)
    return csr_matrix((value, (at, to)), shape=(len(texts), head.BUCKETS))


def fit(x: csr_matrix, y: np.ndarray, w: np.ndarray) -> LogisticRegression:
    return LogisticRegression(C=30.0, max_iter=400).fit(x, y, sample_weight=w)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    attacks, harmless, more = rows("attacks.tsv"), rows("harmless.tsv"), others()
    put, mild = joined()
    attacks, more = attacks + put, more + mild
    texts = [r[2] for r in attacks] + [r[2] for r in harmless] + more
    y = np.array([1] * len(attacks) + [0] * (len(harmless) + len(more)))
    w = np.array([3.0 if r[0] != "joined" else 1.0 for r in attacks] + [2.0] * len(harmless) + [1.0] * len(more))
    x = matrix(texts)
    print(f"{len(attacks)} attacks, {len(harmless)} look-alikes, {len(more)} other passages")
    if not check:
        model = fit(x, y, w)
        np.savez_compressed(HERE.parent / "head.npz", weights=model.coef_[0].astype(np.float16), bias=model.intercept_)
        return
    fold = np.arange(len(y)) % 5
    quiet = np.concatenate(
        [fit(x[f], y[f], w[f]).decision_function(x[~f & (y == 0)]) for f in (fold != k for k in range(5))]
    )
    cut = float(np.quantile(quiet, 0.998))
    print(f"2 in 1,000 harmless passages (left out in fifths) lie above {cut:.2f}")
    for column, name in ((0, "technique"), (1, "language")):
        keys = [r[column] for r in attacks]
        found = total = 0
        for key in sorted(set(keys)):
            out = np.array([k == key for k in keys] + [False] * (len(y) - len(attacks)))
            got = fit(x[~out], y[~out], w[~out]).decision_function(x[out])
            found, total = found + int((got > cut).sum()), total + len(got)
            print(
                f"  left out {name} {key:12} n={len(got):3} found {np.mean(got > cut):.2f}  median logit {np.median(got):.2f}"
            )
        print(f"{name}: {found / total:.3f} of {total}")


if __name__ == "__main__":
    main()
