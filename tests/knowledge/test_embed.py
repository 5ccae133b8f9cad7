import socket
from pathlib import Path

import numpy as np
import pytest

from desk.errors import KnowledgeError
from desk.knowledge import embed, glossary


def test_model_loads_and_embeds_without_any_network(monkeypatch):
    def refuse(*_args, **_kwargs):
        raise AssertionError("embedding opened a socket")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    vectors = embed.load(threads=1).embed(["Where is my parcel?"])
    assert vectors.shape == (1, 384)


def test_nothing_is_loaded_before_the_first_text():
    fresh = embed.load()
    assert fresh._model is None
    assert fresh.dimensions == 384


def test_vectors_have_length_one_and_do_not_depend_on_their_company(embedder):
    texts = ["Where is my parcel?", "", "I want my money back", "x " * 900]
    together = embed.load(threads=1).embed(texts)
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    for text, vector in zip(texts, together, strict=True):
        assert np.array_equal(embed.load(threads=1).embed([text])[0], vector)


def test_word_pieces_are_given_in_their_places_and_their_mean_is_the_vector(embedder):
    one, two = embedder.tokens(["The lamp flickers.", "Where is my parcel? It was due on Monday."])
    assert one.shape[1] == two.shape[1] == embedder.dimensions
    assert len(two) > len(one) > 3
    mean = one.mean(axis=0)
    assert mean / np.linalg.norm(mean) == pytest.approx(embedder.embed(["The lamp flickers."])[0], abs=1e-3)


def test_paraphrase_is_nearer_than_another_topic(embedder):
    a, b, c = embedder.embed(
        ["How do I return a lamp?", "I'd like to send the lamp back", "Which bulb fits the socket?"]
    )
    assert a @ b > a @ c + 0.1


@pytest.mark.parametrize(
    ("foreign", "english", "other"),
    [
        ("Wo bleibt mein Paket?", "Where is my parcel?", "I want to cancel my subscription"),
        ("Ik wil mijn bestelling annuleren", "I want to cancel my order", "The coffee machine is broken"),
        ("Quand serai-je remboursé ?", "When do I get my refund?", "Which size fits me?"),
        ("He olvidado mi contraseña", "I forgot my password", "Where is your shop?"),
        ("Dov'è il mio pacco?", "Where is my parcel?", "I need an invoice"),
    ],
)
def test_other_languages_stand_beside_their_english(embedder, foreign, english, other):
    a, b, c = embedder.embed([foreign, english, other])
    assert a @ b > 0.5
    assert a @ b > a @ c + 0.2


def test_english_is_left_as_it_is():
    for text in ("Do I die if I ask for a refund? Also: no invoice", "Where is the order I placed?", "PO 4411 / lamp"):
        assert glossary.to_english(text) == text


def test_fingerprint_is_that_of_the_files(embedder, tmp_path: Path):
    for name in ("model.onnx", "config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"):
        (tmp_path / name).write_bytes((embed.BUNDLED / name).read_bytes())
    assert embed.load(str(tmp_path)).fingerprint == embedder.fingerprint
    with (tmp_path / "model.onnx").open("ab") as file:
        file.write(b"\0")
    assert embed.load(str(tmp_path)).fingerprint != embedder.fingerprint


def test_an_incomplete_folder_is_named_with_what_it_lacks(tmp_path: Path):
    (tmp_path / "model.onnx").write_bytes(b"")
    with pytest.raises(KnowledgeError, match=r"tokenizer\.json") as error:
        embed.load(str(tmp_path))
    assert "knowledge.embeddings" in error.value.fix


def test_a_broken_model_says_so(tmp_path: Path):
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"):
        (tmp_path / name).write_bytes((embed.BUNDLED / name).read_bytes())
    (tmp_path / "model.onnx").write_bytes(b"not a model")
    with pytest.raises(KnowledgeError, match="can't be loaded"):
        embed.load(str(tmp_path)).embed(["x"])
