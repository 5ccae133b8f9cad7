import shutil

import numpy as np
import pytest

from desk.knowledge import embed
from desk.knowledge.same import requests, same, without_numbers

PAIRS = [
    (
        "May I borrow a bike for the weekend?",
        "is it possible to rent one of your bicycles",
        "My rented bike has a flat tyre",
    ),
    ("The locker would not open", "my locker stays shut, what now", "Where are your lockers?"),
    ("I was billed for a month I did not use", "why did you charge me for June, I had left", "How do I pay for June?"),
    ("how to change the name on my badge", "my badge shows the wrong name, please put it right", "I lost my badge"),
]


@pytest.mark.parametrize(("a", "b", "other"), PAIRS)
def test_another_wording_is_nearer_than_another_request_about_the_same_thing(embedder, a, b, other):
    assert same(embedder, a, b) > same(embedder, a, other)


def test_the_map_tells_requests_apart_better_than_the_vectors_do(embedder):
    def leads(turned):
        vectors = [embedder.embed(triple) for triple in PAIRS]
        vectors = [requests(embedder, v) for v in vectors] if turned else vectors
        return sum(float(v[0] @ v[1] - v[0] @ v[2]) for v in vectors)

    assert leads(True) > leads(False)


def test_turned_vectors_keep_shape_and_length(embedder):
    vectors = embedder.embed(["a lamp", "where is my order?", ""])
    turned = requests(embedder, vectors)
    assert turned.shape == vectors.shape
    assert np.allclose(np.linalg.norm(turned, axis=1), 1, atol=1e-4)
    assert not np.allclose(turned, vectors, atol=1e-2)


def test_vectors_of_another_model_stay_as_they_are(tmp_path, embedder):
    folder = tmp_path / "model"
    shutil.copytree(embed.BUNDLED, folder)
    other = embed.load(str(folder))
    vectors = embedder.embed(["a lamp"])
    assert requests(other, vectors) is vectors


def test_numbers_go_and_a_text_of_numbers_stays():
    assert without_numbers("where is order #4711") == "where is order"
    assert without_numbers("4711") == "4711"
