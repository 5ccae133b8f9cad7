"""Fit the logistic of desk/knowledge/answerable.py on the project's own questions over the sample articles.

`python .ci/fit_answerable.py` prints the coefficients to put there. With and without past tickets in the index, and
with the article a question asks for left out (then nothing answers it), so that it holds for much and little knowledge.
"""

import json
import sys
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from desk.knowledge import articles, embed  # noqa: E402
from desk.knowledge.answerable import features  # noqa: E402
from desk.knowledge.index import Index  # noqa: E402


def examples() -> tuple[np.ndarray, np.ndarray]:
    embedder = embed.load()
    sample = ROOT / "sample_mailbox"
    questions = [json.loads(line) for line in (ROOT / "tests/knowledge/questions.jsonl").open(encoding="utf-8")]
    own = articles.load(sample / "knowledge")
    past = articles.load_resolved(sample / "resolved.jsonl")
    rows, answered = [], []
    for items in (own, own + past):
        index = Index(None, embedder)
        index.rebuild(items)
        for question in questions:
            hits = index.search(question["text"], 8, include_private=False, language=question["language"])
            found = features(hits, question["language"])
            rows.append([found.top, found.margin, found.spelling, found.foreign])
            answered.append(bool(question["article"]))
    index = Index(None, embedder)
    index.rebuild(own)
    for question in questions[::3]:
        if name := question["article"]:
            hits = index.search(question["text"], 40, include_private=False, language=question["language"])
            found = features([h for h in hits if h.article.id.split(".")[0] != name][:8], question["language"])
            rows.append([found.top, found.margin, found.spelling, found.foreign])
            answered.append(False)
    return np.array(rows), np.array(answered)


def main() -> None:
    rows, answered = examples()
    model = LogisticRegression(C=100.0, class_weight="balanced", max_iter=5000)
    guessed = cross_val_predict(model, rows, answered, cv=5, method="predict_proba")[:, 1]
    model.fit(rows, answered)
    print(
        "n", len(rows), "answered", int(answered.sum()), "right", round(float(np.mean((guessed > 0.5) == answered)), 3)
    )
    print("bias", round(float(model.intercept_[0]), 2), "top margin spelling foreign", model.coef_[0].round(2).tolist())
    for low in np.arange(0, 1, 0.1):
        here = (guessed >= low) & (guessed < low + 0.1)
        if here.any():
            print(f"  said {guessed[here].mean():.2f}  was {answered[here].mean():.2f}  n {int(here.sum())}")


if __name__ == "__main__":
    main()
