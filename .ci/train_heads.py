"""Train desk/triage/heads.npz: category, priority, sentiment and intent on our own examples and support/train.jsonl.

`python .ci/train_heads.py [--check] [--only FIELD]`. Reads desk/triage/examples/*.jsonl and, where it is there, the
labelled set ../shared/corpora/support/train.jsonl (attribution in desk/triage/NOTICE.md). Two logistic regressions per
field, on vectors and on hashed words, their logits averaged, then one temperature fitted on folds that leave whole topics
out (the given labels, clusters of our own examples), so that the confidence is honest about what was not seen before.
`--check` prints figures on the tuning sets and writes nothing.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from desk.domain.enums import Category, Intent, Priority, Sentiment  # noqa: E402
from desk.knowledge import embed  # noqa: E402
from desk.triage.features import BUCKETS, hashed, joined  # noqa: E402

CORPUS = ROOT.parent / "shared" / "corpora" / "support"
FIELDS: dict[str, type[Any]] = {"category": Category, "priority": Priority, "sentiment": Sentiment, "intent": Intent}
SOBER = {"category": 0.95}
"""Real mail is a little harder than even a topic left out; so much less sure the confidence is."""
CURVE = {"category": ((0.0, 0.7, 0.9, 0.95, 1.0), (0.0, 0.7, 0.8, 0.91, 1.0))}
"""What the temperature says of the best label, and what is said of it then. Between 0.7 and 0.95 it says too much: of the
labelled tickets at 0.8 to 0.9 only 0.79 were right."""
TOPICS, FOLDS = 60, 8
LETTERS = {
    "en": [("Hello,", "Kind regards,\nAnna"), ("Dear support team,", "Thanks\nMark")],
    "de": [("Guten Tag,", "Mit freundlichen Grüßen\nKarin Voss"), ("Hallo,", "Viele Grüße\nTim")],
    "nl": [("Goedemorgen,", "Met vriendelijke groet,\nSanne")],
    "fr": [("Bonjour,", "Cordialement,\nPaul")],
    "es": [("Hola:", "Un saludo,\nLucía")],
    "it": [("Buongiorno,", "Cordiali saluti\nMarco")],
    "pt": [("Olá,", "Cumprimentos,\nRita")],
}


def rows(path: Path, source: str = "") -> list[dict[str, Any]]:
    found = [json.loads(line) for line in path.open(encoding="utf-8")]
    return [{**row, "source": row.get("source", source), "subject": row["subject"] or ""} for row in found]


def training() -> list[dict[str, Any]]:
    own: list[dict[str, Any]] = []
    for path in sorted((ROOT / "desk/triage/examples").glob("*.jsonl")):
        own += rows(path, "own")
    letters = []
    for number, row in enumerate(own):
        row["group"] = -1 - number  # a letter and what it was made from stay in one fold
        if row["category"] not in ("spam", "other") and number % 2 == 0:
            opening, closing = LETTERS[row["language"]][number // 2 % len(LETTERS[row["language"]])]
            letters.append({**row, "text": f"{opening}\n\n{row['text']}\n\n{closing}"})
    given = rows(CORPUS / "train.jsonl") if (CORPUS / "train.jsonl").exists() else []
    return own + letters + given


class Data:
    def __init__(self, rows: list[dict[str, Any]], embedder: embed.Embedder) -> None:
        texts = [joined(r["subject"], r["text"]) for r in rows]
        self.dense = embedder.embed(texts).astype(np.float64)
        self.topics = topics(rows, self.dense) if any(r["source"] == "own" for r in rows) else np.zeros(len(rows))
        columns, values, starts = [], [], [0]
        for text in texts:
            buckets, weights = hashed(text)
            columns.append(buckets)
            values.append(weights)
            starts.append(starts[-1] + len(buckets))
        self.words = csr_matrix(
            (np.concatenate(values), np.concatenate(columns), starts), shape=(len(rows), BUCKETS), dtype=np.float64
        )


class Field:
    """One field's two regressions; `logits` averages them."""

    def __init__(self, labels: list[str], c_dense: float, c_words: float, share: float) -> None:
        self.labels, self.share, self.temperature = labels, share, 1.0
        self.dense = LogisticRegression(C=c_dense, max_iter=3000, class_weight="balanced")
        self.words = LogisticRegression(C=c_words, max_iter=3000, class_weight="balanced")

    def fit(self, dense: Any, words: Any, truth: Any, weight: Any) -> "Field":
        self.dense.fit(dense, truth, sample_weight=weight)
        self.words.fit(words, truth, sample_weight=weight)
        return self

    def logits(self, dense: Any, words: Any) -> Any:
        a, b = self.dense.decision_function(dense), self.words.decision_function(words)
        a, b = a - a.mean(1, keepdims=True), b - b.mean(1, keepdims=True)
        return self.share * a + (1 - self.share) * b


def softmax(logits: Any) -> Any:
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def temperature(logits: Any, truth: Any, labels: list[str]) -> float:
    where = np.array([labels.index(t) for t in truth])

    def loss(log_t: float) -> float:
        return float(-np.log(softmax(logits * np.exp(log_t))[np.arange(len(where)), where] + 1e-12).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-3, 3), method="bounded").x))


def ece(probabilities: Any, truth: Any, labels: list[str]) -> float:
    top, best = probabilities.max(1), probabilities.argmax(1)
    right = np.array([labels[b] == t for b, t in zip(best, truth, strict=True)])
    bins = np.minimum(9, (top * 10).astype(int))
    return float(sum(abs(top[bins == b].mean() - right[bins == b].mean()) * (bins == b).mean() for b in set(bins)))


def topics(given: list[dict[str, Any]], dense: Any) -> Any:
    """The topic of each row: its label in its source, or the cluster of our own example it is or was made from."""
    own = [i for i, row in enumerate(given) if row["source"] == "own"]
    cluster = KMeans(TOPICS, n_init=3, random_state=0).fit_predict(dense[own])
    first: dict[Any, int] = {}
    for i, number in zip(own, cluster, strict=True):
        first.setdefault(given[i].get("group", i), int(number))
    return np.array(
        [
            f"own {first[row.get('group', i)]}" if row["source"] == "own" else f"{row['source']} {row['source_label']}"
            for i, row in enumerate(given)
        ]
    )


def folds(topic: Any) -> list[tuple[Any, Any]]:
    """Every topic left out whole once."""
    order = np.random.default_rng(0).permutation(sorted(set(topic)))
    part = {name: number % FOLDS for number, name in enumerate(order)}
    mine = np.array([part[name] for name in topic])
    return [(np.flatnonzero(mine != k), np.flatnonzero(mine == k)) for k in range(FOLDS)]


def train(
    name: str,
    given: list[dict[str, Any]],
    data: Data,
    *,
    c_dense: float = 1.0,
    c_words: float = 20.0,
    share: float = 0.65,
) -> Field:
    kept = np.array([i for i, r in enumerate(given) if r.get(name)])
    truth = np.array([given[i][name] for i in kept])
    labels = sorted({str(v) for v in FIELDS[name]} & set(truth))
    sources = np.array([given[i]["source"] for i in kept])
    topic = data.topics[kept]
    weight = np.where(sources == "own", 1.0, 0.3)
    dense, words = data.dense[kept], data.words[kept]
    logits, seen = [], []
    for part, rest in folds(topic):
        field = Field(labels, c_dense, c_words, share)
        if len(rest) == 0 or set(truth[part]) != set(labels):
            continue
        logits.append(field.fit(dense[part], words[part], truth[part], weight[part]).logits(dense[rest], words[rest]))
        seen.append(truth[rest])
    out, known = np.concatenate(logits), np.concatenate(seen)
    field = Field(labels, c_dense, c_words, share).fit(dense, words, truth, weight)
    field.temperature = temperature(out, known, labels)
    held = softmax(out * field.temperature)
    guessed = [labels[i] for i in held.argmax(1)]
    print(
        f"{name}: n={len(kept)} held-out macro-F1 {f1_score(known, guessed, average='macro'):.3f} "
        f"ECE {ece(held, known, labels):.3f} temperature {field.temperature:.2f}"
    )
    return field


def check(fields: dict[str, Field], embedder: embed.Embedder) -> None:
    for file in ("tickets.jsonl", "tune-only.jsonl"):
        given = rows(CORPUS / file)
        data = Data(given, embedder)
        for name, field in fields.items():
            kept = [i for i, r in enumerate(given) if r[name]]
            p = softmax(field.logits(data.dense[kept], data.words[kept]) * field.temperature)
            truth = [given[i][name] for i in kept]
            best = [field.labels[i] for i in p.argmax(1)]
            f1 = f1_score(truth, best, average="macro", labels=sorted(set(truth)))
            print(f"  {file} {name}: n={len(kept)} macro-F1 {f1:.3f} ECE {ece(p, truth, field.labels):.3f}")


def beside(given: list[dict[str, Any]]) -> dict[str, Any]:
    """How often each intent stands beside each category and sentiment in our own examples (two of each added)."""
    own = [r for r in given if r["source"] == "own" and r.get("intent")]
    out = {}
    for name in ("category", "sentiment"):
        pairs = [(r[name], r["intent"]) for r in own if r.get(name)]
        labels = sorted({str(v) for v in FIELDS[name]} & {label for label, _ in pairs})
        intents = sorted({str(v) for v in Intent} & {intent for _, intent in pairs})
        counts = np.array([[2 + pairs.count((label, intent)) for intent in intents] for label in labels], np.float32)
        out[f"intent.beside_{name}"] = counts / counts.sum(1, keepdims=True)
    return out


def save(fields: dict[str, Field], path: Path, dimensions: int, more: dict[str, Any]) -> None:
    arrays: dict[str, Any] = {"dimensions": np.array([dimensions])} | more
    if path.exists():  # heads that were not trained now stay as they are
        with np.load(path, allow_pickle=False) as before:
            arrays |= {n: before[n] for n in before.files if n.split(".")[0] not in fields and n not in more}
    for name, field in fields.items():
        arrays[f"{name}.labels"] = np.array(field.labels)
        arrays[f"{name}.dense"] = (field.share * field.dense.coef_.T).astype(np.float32)
        arrays[f"{name}.words"] = ((1 - field.share) * field.words.coef_.T).astype(np.float16)
        bias = field.share * field.dense.intercept_ + (1 - field.share) * field.words.intercept_
        arrays[f"{name}.bias"] = bias.astype(np.float32)
        if name in CURVE:
            arrays[f"{name}.curve"] = np.array(CURVE[name], np.float32)
        arrays[f"{name}.temperature"] = np.array([field.temperature * SOBER.get(name, 1.0)], np.float32)
    np.savez_compressed(path, **arrays)
    print(f"{path}: {path.stat().st_size / 1024:.0f} KB")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--check", action="store_true", help="print figures on the tuning sets and write nothing")
    options.add_argument("--only", choices=sorted(FIELDS), help="train this head alone and keep the others")
    wanted = options.parse_args()
    embedder = embed.load()
    given = training()
    data = Data(given, embedder)
    fields = {name: train(name, given, data) for name in FIELDS if wanted.only in (None, name)}
    if wanted.check:
        check(fields, embedder)
    else:
        save(fields, ROOT / "desk/triage/heads.npz", embedder.dimensions, beside(given))


if __name__ == "__main__":
    main()
