"""Train desk/guard/head.npz and meaning.npz (which passage is an order to the machine that answers) and spamwords.npz.

`python .ci/train_guard.py [--check]`. Attacks come from desk/guard/examples/attacks.tsv (technique, language, text)
and from grammar.toml, which makes up as many as one likes. Harmless passages come from harmless.tsv, from the grammar,
the triage examples, the sample mailbox, and ../shared/corpora/support/train.jsonl where it is there. `--check` leaves
out one technique, one language, then one tenth of the grammar's sentence forms at a time, prints what is found of it,
and writes nothing. The spam head learns from spam of the triage examples, of train.jsonl and of the grammar.
"""

import argparse
import json
import random
import re
import sys
import tomllib
from dataclasses import dataclass
from itertools import pairwise, product
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from desk.guard import head, spamwords  # noqa: E402
from desk.guard.normalise import views  # noqa: E402
from desk.knowledge import embed  # noqa: E402

HERE = ROOT / "desk" / "guard" / "examples"
MADE_UP = 12_000
"""Sentences of each kind taken from the grammar."""
SPREAD = 6.0
"""What unit vectors are multiplied by before the second head learns, so that a step moves it."""
_NAME = re.compile(r"<([A-Za-z]+\d?)>")
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


def grammar() -> dict[str, dict[str, list[str]]]:
    """The tables of grammar.toml: kind → name → lines."""
    return tomllib.loads((HERE / "grammar.toml").read_text("utf-8"))


def made(table: dict[str, list[str]], text: str, rng: random.Random) -> str:
    """A line with every `<name>` filled in; `<Name>` begins with a capital, `<NAME>` is all capitals."""

    def put(m: re.Match[str]) -> str:
        name = m[1]
        if name.lower() not in table or name not in (name.lower(), name.capitalize(), name.upper()):
            return m[0]
        found = made(table, rng.choice(table[name.lower()]), rng)
        if name == name.lower():
            return found
        return found.upper() if name == name.upper() else found[:1].upper() + found[1:]

    return _NAME.sub(put, text)


def sentences(kind: str, count: int, seed: int) -> list[tuple[int, str]]:
    """`count` sentences of the grammar, each with the number of the form it was made from."""
    table, rng = grammar()[kind], random.Random(seed)
    forms = table[kind]
    return [(i % len(forms), level(made(table, forms[i % len(forms)], rng))) for i in range(count)]


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


@dataclass(frozen=True, slots=True)
class Example:
    """A passage, whether it is an attack, how much it counts, and what it is left out with in `--check`."""

    text: str
    attack: bool
    weight: float
    technique: str = ""
    language: str = ""


def examples() -> list[Example]:
    """All passages, each once."""
    put, mild = joined()
    found = [Example(t, True, 3.0, technique, language) for technique, language, t in rows("attacks.tsv")]
    found += [Example(t, False, 2.0) for _, _, t in rows("harmless.tsv")]
    found += [Example(t, True, 1.0, "joined", language) for _, language, t in put]
    found += [Example(t, False, 1.0) for t in (*mild, *others())]
    found += [Example(t, True, 1.0, f"form {n % 10}", "en") for n, t in sentences("attack", MADE_UP, 1)]
    found += [Example(t, False, 1.0) for _, t in sentences("harmless", MADE_UP, 2)]
    return list({e.text: e for e in reversed(found)}.values())


def fit(x: csr_matrix, y: np.ndarray, w: np.ndarray) -> LogisticRegression:
    return LogisticRegression(C=10.0, max_iter=400).fit(x, y, sample_weight=w)


def write(given: list[Example], y: np.ndarray, w: np.ndarray) -> None:
    """Train both heads on everything and put them beside the guard's code."""
    model = fit(matrix([e.text for e in given]), y, w)
    np.savez_compressed(HERE.parent / "head.npz", weights=model.coef_[0].astype(np.float16), bias=model.intercept_)
    vectors = embed.load(threads=2).embed([e.text[:400] for e in given])
    net = MLPClassifier((48,), alpha=0.02, max_iter=25, random_state=0).fit(vectors * SPREAD, y)
    np.savez_compressed(
        HERE.parent / "meaning.npz",
        into=(net.coefs_[0] * SPREAD).astype(np.float16),
        into_bias=net.intercepts_[0].astype(np.float16),
        out=net.coefs_[1][:, 0].astype(np.float16),
        out_bias=net.intercepts_[1].astype(np.float32),
    )


def whole(kind: str, count: int, seed: int, most: int) -> list[str]:
    """Texts of one to `most` sentences of the grammar."""
    rng, texts = random.Random(seed), [t for _, t in sentences(kind, count, seed)]
    found: list[str] = []
    while texts:
        size = rng.randint(1, most)
        found.append("\n".join(texts[:size]))
        texts = texts[size:]
    return found


def spam() -> None:
    """Train the spam head: real spam counts four times, orders to machines are none of it."""
    texts: dict[bool, list[str]] = {True: [], False: []}
    for file in [
        *sorted((ROOT / "desk" / "triage" / "examples").glob("*.jsonl")),
        *([CORPUS] if CORPUS.exists() else []),
    ]:
        for line in file.read_text("utf-8").splitlines():
            row = json.loads(line)
            texts[row.get("category") == "spam"].append(level(f"{row.get('subject') or ''}\n{row['text']}"))
    real = len(texts[True])
    texts[False] += [level(p.read_text("utf-8")) for p in sorted((ROOT / "sample_mailbox" / "knowledge").glob("*.md"))]
    texts[False] += whole("harmless", 12_000, 4, 8) + whole("attack", 600, 6, 1)
    texts[True] += whole("spam", 5_000, 3, 3)
    at, to, value = [], [], []
    for row, text in enumerate(texts[True] + texts[False]):
        found = spamwords.buckets(text)
        at += [row] * len(found)
        to += found
        value += [spamwords.damping(len(found))] * len(found)
    bad, good = len(texts[True]), len(texts[False])
    x = csr_matrix((value, (at, to)), shape=(bad + good, spamwords.BUCKETS))
    w = np.array([4.0] * real + [1.0] * (bad - real) + [1.5] * good)
    model = fit(x, np.array([1] * bad + [0] * good), w)
    np.savez_compressed(HERE.parent / "spamwords.npz", weights=model.coef_[0].astype(np.float16), bias=model.intercept_)
    print(f"{bad} spam, {good} harmless mails")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    given = examples()
    y, w = np.array([int(e.attack) for e in given]), np.array([e.weight for e in given])
    print(f"{y.sum()} attacks, {len(y) - y.sum()} harmless passages")
    if not check:
        write(given, y, w)
        return spam()
    x = matrix([e.text for e in given])
    fold = np.arange(len(y)) % 5
    quiet = np.concatenate(
        [fit(x[f], y[f], w[f]).decision_function(x[~f & (y == 0)]) for f in (fold != k for k in range(5))]
    )
    cut = float(np.quantile(quiet, 0.998))
    print(f"2 in 1,000 harmless passages (left out in fifths) lie above {cut:.2f}")
    for name in ("technique", "language"):
        keys = np.array([getattr(e, name) for e in given])
        found = total = 0
        for key in sorted(set(keys[y == 1])):
            out = (keys == key) & (y == 1)
            got = fit(x[~out], y[~out], w[~out]).decision_function(x[out])
            found, total = found + int((got > cut).sum()), total + len(got)
            print(
                f"  left out {name} {key:12} n={len(got):4} found {np.mean(got > cut):.2f}  median {np.median(got):.2f}"
            )
        print(f"{name}: {found / total:.3f} of {total}")


if __name__ == "__main__":
    main()
