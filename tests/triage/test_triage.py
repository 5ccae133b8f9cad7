import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from desk.domain.enums import Category, Intent, Priority, Register, Sentiment
from desk.errors import KnowledgeError
from desk.knowledge import embed
from desk.triage import heads, triage
from desk.triage.classify import beside_the_rest

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpora" / "support" / "tickets.jsonl"
PRIORITIES = Path(__file__).parent / "priorities.jsonl"


@pytest.fixture(scope="session")
def embedder() -> embed.Embedder:
    return embed.load(threads=1)


MESSAGES = [
    ("", "Where is my parcel? It should have been here on Monday.", Category.SUPPORT, "en"),
    ("", "You charged my credit card twice for one order, I want one payment back.", Category.BILLING, "en"),
    ("Quote", "Please send us an offer for 60 lamps for our hotel.", Category.SALES, "en"),
    ("Idea", "It would be great if the app could remember my favourite filter.", Category.FEATURE_REQUEST, "en"),
    ("", "Your service is a disgrace, third time the driver did not come. I am furious.", Category.COMPLAINT, "en"),
    ("You won!!!", "Click here now to claim your free prize, no risk, limited offer!", Category.SPAM, "en"),
    ("", "Thank you so much, everything works now!", Category.OTHER, "en"),
    ("", "Ich möchte vom 2. bis 9. Mai Urlaub nehmen, Jana vertritt mich.", Category.INTERNAL, "de"),
    ("", "Mir wurde der Betrag doppelt abgebucht, bitte erstatten Sie ihn.", Category.BILLING, "de"),
    ("", "Wo bleibt mein Paket? Die Sendungsverfolgung bewegt sich nicht.", Category.SUPPORT, "de"),
    ("", "Kunnen jullie een offerte maken voor 25 bureaulampen?", Category.SALES, "nl"),
    ("", "Je n'arrive pas à me connecter à mon compte, le mot de passe est refusé.", Category.SUPPORT, "fr"),
    ("", "¡Es una vergüenza! Llevo un mes esperando y nadie me contesta.", Category.COMPLAINT, "es"),
    ("", "Quando ricevo il rimborso dei soldi?", Category.BILLING, "it"),
]


def test_plain_messages_of_every_category(embedder):
    right = []
    for subject, text, category, language in MESSAGES:
        found = triage(text, subject=subject, embed=embedder.embed)
        right.append(found.category == category)
        assert found.language == language
    assert sum(right) / len(right) >= 0.85


@pytest.mark.parametrize("text", ["", " ", "?", "🙂", "a" * 20_000, "word " * 5_000, "<b>" * 300, "\n" * 50 + "ok"])
def test_any_text_gets_probabilities(embedder, text):
    found = triage(text, embed=embedder.embed)
    assert set(found.probabilities) == {str(c) for c in Category}
    assert all(0 <= p <= 1 for p in found.probabilities.values())
    assert sum(found.probabilities.values()) == pytest.approx(1, abs=1e-4)
    assert found.confidence == found.probabilities[found.category] == max(found.probabilities.values())
    assert all(0 <= i.start < i.end <= len(text) and 0 <= i.confidence <= 1 for i in found.intents)


def test_the_same_message_gets_the_same_judgement(embedder):
    for subject, text, _, _ in MESSAGES[:4]:
        other = embed.load(threads=2)
        assert triage(text, subject=subject, embed=embedder.embed) == triage(text, subject=subject, embed=other.embed)


def test_intents_point_at_their_sentences(embedder):
    text = (
        "Hello,\n\nThe lamp arrived broken. Can you send me a new one? I want to speak to your manager.\n\nRegards, Ann"
    )
    found = triage(text, embed=embedder.embed).intents
    said = [text[i.start : i.end] for i in found]
    assert "Can you send me a new one?" in said
    assert found[said.index("Can you send me a new one?")].intent in (Intent.QUESTION, Intent.REQUEST)
    assert not any(s.startswith(("Hello", "Regards")) for s in said)


def test_mood_and_hurry(embedder):
    angry = triage("This is the worst service ever, I am very disappointed and angry.", embed=embedder.embed)
    glad = triage("Thanks a lot, you are wonderful, I am very happy with the lamp!", embed=embedder.embed)
    fire = triage("The socket is on fire, sparks are coming out!", embed=embedder.embed)
    assert (angry.sentiment, glad.sentiment) == (Sentiment.NEGATIVE, Sentiment.POSITIVE)
    assert fire.urgent
    assert fire.priority == Priority.URGENT


def test_form_of_address_is_judged(embedder):
    assert triage("Kannst du mir die Rechnung schicken?", embed=embedder.embed).register == Register.CASUAL
    assert triage("Können Sie mir die Rechnung schicken?", embed=embedder.embed).register == Register.FORMAL


def test_heads_hold_every_label_and_no_pickle():
    loaded = heads.load()
    for name, kind in {"category": Category, "priority": Priority, "sentiment": Sentiment, "intent": Intent}.items():
        assert set(loaded[name].labels) == {str(v) for v in kind}


def test_another_models_vectors_are_refused():
    with pytest.raises(KnowledgeError, match="384 numbers"):
        triage("Where is it?", embed=lambda texts: np.ones((len(texts), 8), np.float32))


@pytest.mark.skipif(not CORPUS.exists(), reason="the labelled set is not here")
def test_floor_on_the_labelled_tickets(embedder):
    rows = [json.loads(line) for line in CORPUS.open(encoding="utf-8")]
    counts = defaultdict(lambda: [0, 0, 0])
    bins = defaultdict(list)
    for row in rows:
        judged = heads.judge(["category"], row["subject"] or "", row["text"], embedder.embed)["category"]
        best = max(judged, key=judged.__getitem__)
        bins[min(9, int(judged[best] * 10))].append((judged[best], best == row["category"]))
        counts[row["category"]][0 if best == row["category"] else 1] += 1
        counts[best][2] += best != row["category"]
    f1 = [2 * hit / (2 * hit + missed + wrong) for hit, missed, wrong in counts.values()]
    sure = [right for number in (8, 9) for _, right in bins[number]]
    error = sum(abs(sum(c for c, _ in b) - sum(y for _, y in b)) for b in bins.values()) / len(rows)
    assert sum(f1) / len(f1) >= 0.70
    assert error <= 0.06
    assert len(sure) >= 0.45 * len(rows)
    assert sum(sure) >= 0.95 * len(sure)


def test_a_wish_that_mostly_describes_is_a_request(embedder):
    text = (
        "### Version\n4.2 on Windows 11\n\n### What happens today\nThe report is saved as a picture only and the columns "
        "can't be chosen.\n\n### Proposal\nA table export for spreadsheets with a choice of columns."
    )
    found = triage(text, subject="Feature: table export of reports", embed=embedder.embed)
    assert found.category == "feature_request"
    assert found.intents[0].intent == "request"


def test_mood_and_topic_weigh_in_where_the_words_are_open():
    judged = {
        "intent": {"complaint": 0.3, "information": 0.4, "request": 0.3},
        "category": {"complaint": 0.9, "support": 0.1},
        "sentiment": {"negative": 0.9, "neutral": 0.1},
    }
    weighed = beside_the_rest(judged)
    assert max(weighed, key=weighed.__getitem__) == "complaint"
    assert abs(sum(weighed.values()) - 1) < 1e-9


def test_what_can_wait_is_low_and_what_waits_for_an_answer_is_not(embedder):
    told = [json.loads(line) for line in PRIORITIES.open(encoding="utf-8")]
    found = [(row, str(triage(row["text"], embed=embedder.embed).priority)) for row in told]
    share = {
        kind: sum(said == kind for row, said in found if row["priority"] == kind)
        / sum(row["priority"] == kind for row in told)
        for kind in ("low", "normal")
    }
    assert share["low"] >= 0.7
    assert share["normal"] >= 0.9
    assert not [row["text"] for row, said in found if said == "urgent"]
