"""Train desk/guard/head.npz and meaning.npz (which passage is an order to the machine that answers) and spamwords.npz.

`python .ci/train_guard.py [--check | --spam]`. What the first two learn from is put together by guard_examples.py. `--check`
leaves out a fifth of the lines at a time, wrappers and payloads and harmless ones at once, and prints what the first
head finds of what was made from them alone, and writes nothing. `--spam` trains the spam head alone: it learns from spam
of the triage examples, of train.jsonl and of the grammar.
"""

import argparse
import json
import random
import sys
import zlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache

import numpy as np
from guard_examples import CORPUS, HERE, ROOT, Example, Maker, examples, level, lines, sentences
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from token_net import TokenNet

sys.path.insert(0, str(ROOT))

from desk.guard import head, spamwords
from desk.knowledge import embed

SEEN, APART = 4, 2
"""A feature is kept when it stands in this many examples, made from this many different lines."""
FOLDS = 5
TALK = 2_081
"""Lines of talk.tsv that the spam head learns from: with all of them it found less spam among labelled mail."""


def features(given: list[Example]) -> list[tuple[int, list[tuple[int, float]]]]:
    """Number of words and the first head's features of every example."""
    found = []
    for example in given:
        tokens = head.words(example.text)
        found.append((len(tokens), list(head.features(tokens))))
    return found


class Words:
    """The first head while it learns."""

    def __init__(self, given: list[Example], found: list[tuple[int, list[tuple[int, float]]]]) -> None:
        count: Counter[int] = Counter()
        apart: dict[int, set[tuple[str, ...]]] = defaultdict(set)
        for example, (_, keys) in zip(given, found, strict=True):
            for key in {key for key, _ in keys}:
                count[key] += 1
                if len(apart[key]) < APART:
                    apart[key].add(example.lines)
        kept = sorted(key for key, n in count.items() if n >= SEEN and len(apart[key]) >= APART)
        self.column = {key: i for i, key in enumerate(kept)}
        y, w = labels(given)
        self.model = LogisticRegression(C=6.0, max_iter=300).fit(self.matrix(found), y, sample_weight=w)

    def matrix(self, found: list[tuple[int, list[tuple[int, float]]]]) -> csr_matrix:
        """One row a passage, as head.logit adds them up."""
        at, to, value = [], [], []
        for row, (count, keys) in enumerate(found):
            scale = head.damping(count)
            for key, weight in keys:
                column = self.column.get(key)
                if column is not None:
                    at.append(row), to.append(column), value.append(weight * scale)
        return csr_matrix((value, (at, to)), shape=(len(found), len(self.column)))

    def write(self) -> None:
        """Put the head beside the guard's code; what weighs next to nothing is left out."""
        keys, weights = np.array(list(self.column), np.uint32), self.model.coef_[0].astype(np.float16)
        heavy = np.abs(weights) > 0.03
        np.savez_compressed(
            HERE.parent / "head.npz", keys=keys[heavy], weights=weights[heavy], bias=self.model.intercept_
        )


def labels(given: list[Example]) -> tuple[np.ndarray, np.ndarray]:
    """Attack or not, and weights."""
    return np.array([int(e.attack) for e in given]), np.array([e.weight for e in given])


@lru_cache(maxsize=1)
def _model() -> embed.Embedder:
    return embed.load(threads=1)


def _pieces(texts: Sequence[str]) -> list[np.ndarray]:
    """What the bundled model makes of the word pieces of each text."""
    return [found.astype(np.float16) for found in _model().tokens(texts)]


def meaning(given: list[Example]) -> None:
    """Train the second head, the mean of two nets in one, and put it beside the guard's code."""
    texts = [example.text[:400] for example in given]
    with ProcessPoolExecutor() as cores:
        pieces = [
            one for some in cores.map(_pieces, (texts[i : i + 500] for i in range(0, len(texts), 500))) for one in some
        ]
    y, w = labels(given)
    sizes = np.array([len(one) for one in pieces])
    rows, at_rows = np.concatenate(pieces), np.stack([np.cumsum(sizes) - sizes, sizes], axis=1)
    del pieces
    nets = [TokenNet(rows.shape[1], seed).fit(rows, at_rows, y.astype(np.float32), w).layers for seed in (0, 1)]
    np.savez_compressed(
        HERE.parent / "meaning.npz",
        into=np.concatenate([net["into"] for net in nets], axis=1).astype(np.float16),
        into_bias=np.concatenate([net["into_bias"] for net in nets]),
        out=(np.concatenate([net["out"] for net in nets]) / len(nets)).astype(np.float16),
        mean=(sum(net["mean"] for net in nets) / len(nets)).astype(np.float16),
        out_bias=(sum(net["out_bias"] for net in nets) / len(nets)).astype(np.float32),
    )


def whole(kind: str, count: int, seed: int, most: int) -> list[str]:
    """Texts of one to `most` sentences of the grammar."""
    rng, texts = np.random.default_rng(seed), [t for _, t in sentences(kind, count, seed)]
    found: list[str] = []
    while texts:
        size = int(rng.integers(1, most + 1))
        found.append("\n".join(texts[:size]))
        texts = texts[size:]
    return found


def made_up(texts: dict[bool, list[str]]) -> None:
    """Add mails of one to four paragraphs of spam.tsv and ham.tsv, and what people write to a desk."""
    rng, maker = random.Random(8), Maker(8)
    for name, bad, count in (("spam.tsv", True, 3_000), ("ham.tsv", False, 1_500)):
        by_language: dict[str, list[str]] = {}
        for line in lines(name):
            by_language.setdefault(line.language, []).append(line.text)
        for _ in range(count):
            of = by_language["en"] if rng.random() < 0.85 else rng.choice(list(by_language.values()))
            texts[bad].append(level("\n".join(maker.expand(rng.choice(of)) for _ in range(rng.randint(1, 4)))))
    texts[False] += [level(line.text) for line in lines("talk.tsv")[:TALK]]


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
    made_up(texts)
    at, to, value = [], [], []
    for row, text in enumerate(texts[True] + texts[False]):
        found = spamwords.buckets(text)
        at += [row] * len(found)
        to += found
        value += [spamwords.damping(len(found))] * len(found)
    bad, good = len(texts[True]), len(texts[False])
    x = csr_matrix((value, (at, to)), shape=(bad + good, spamwords.BUCKETS))
    w = np.array([4.0] * real + [1.0] * (bad - real) + [1.5] * good)
    y = np.array([1] * bad + [0] * good)
    model = LogisticRegression(C=10.0, max_iter=400).fit(x, y, sample_weight=w)
    np.savez_compressed(HERE.parent / "spamwords.npz", weights=model.coef_[0].astype(np.float16), bias=model.intercept_)
    print(f"{bad} spam, {good} harmless mails")


def check(given: list[Example], found: list[tuple[int, list[tuple[int, float]]]]) -> None:
    """Leave out a fifth of all lines at a time, and of each language but English."""
    fold = {line: zlib.crc32(line.encode()) % FOLDS for e in given for line in e.lines}
    scores: dict[bool, list[float]] = {True: [], False: []}
    for k in range(FOLDS):
        inside = [i for i, e in enumerate(given) if all(fold[line] != k for line in e.lines)]
        outside = [i for i, e in enumerate(given) if e.weight >= 1 and all(fold[line] == k for line in e.lines)]
        words = Words([given[i] for i in inside], [found[i] for i in inside])
        got = words.model.decision_function(words.matrix([found[i] for i in outside]))
        for i, score in zip(outside, got, strict=True):
            scores[given[i].attack].append(float(score))
    cut = float(np.quantile(scores[False], 0.99))
    print(
        f"lines left out: {np.mean(np.array(scores[True]) > cut):.3f} of {len(scores[True])} attacks found at one false"
    )
    print(f"alarm in 100 of {len(scores[False])} harmless passages (above {cut:.2f})")
    for language in sorted({e.language for e in given if e.attack and e.language not in ("", "en")}):
        inside = [i for i, e in enumerate(given) if not (e.attack and e.language == language)]
        outside = [i for i, e in enumerate(given) if e.attack and e.language == language]
        words = Words([given[i] for i in inside], [found[i] for i in inside])
        got = words.model.decision_function(words.matrix([found[i] for i in outside]))
        print(f"  without {language}: {np.mean(got > cut):.2f} of {len(got)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--spam", action="store_true")
    asked = parser.parse_args()
    if asked.spam:
        return spam()
    given = examples()
    print(f"{sum(e.attack for e in given)} attacks, {sum(not e.attack for e in given)} harmless passages", flush=True)
    found = features(given)
    if asked.check:
        return check(given, found)
    Words(given, found).write()
    print("the first head is written", flush=True)
    meaning(given)
    spam()


if __name__ == "__main__":
    main()
