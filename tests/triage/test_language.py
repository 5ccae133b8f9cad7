import json
from pathlib import Path

import pytest

from desk.domain.enums import Register
from desk.triage.address import register
from desk.triage.language import LANGUAGES, detect

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpora" / "support" / "languages.jsonl"
EXAMPLES = Path(__file__).resolve().parents[2] / "desk" / "triage" / "examples"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Where is my order?", "en"),
        ("Wo ist mein Paket?", "de"),
        ("Waar is mijn pakket?", "nl"),
        ("Où est mon colis ?", "fr"),
        ("¿Dónde está mi pedido?", "es"),
        ("Dov'è il mio pacco?", "it"),
        ("Onde está a minha encomenda?", "pt"),
        ("Gdzie jest moja paczka?", "pl"),
        ("Var är mitt paket?", "sv"),
        ("Где мой заказ?", "ru"),
        ("我的包裹在哪里？", "zh"),
        ("荷物はどこですか", "ja"),
        ("제 소포는 어디에 있나요?", "ko"),
        ("איפה החבילה שלי", "he"),
        ("Πού είναι το δέμα μου;", "el"),
        ("मेरा पार्सल कहाँ है", "hi"),
        ("Hallo, die Rechnung für https://shop.example/order/en/12 fehlt noch, danke", "de"),
        ("danke", "de"),
        ("merci beaucoup", "fr"),
    ],
)
def test_short_support_questions(text, language):
    assert detect(text) == language


@pytest.mark.parametrize("text", ["", "   ", "12345", "https://example.org/x", "a@b.example", "???", "🙂🙂"])
def test_nothing_to_read_gives_the_default(text):
    assert detect(text) == "en"
    assert detect(text, default="de") == "de"


def test_only_configured_languages_are_answered():
    for text in ("Where is my order, please?", "Где мой заказ?", "荷物はどこですか", "Dov'è il mio pacco?"):
        assert detect(text, ("de", "fr")) in ("de", "fr")


def test_own_examples_are_told_apart():
    rows = [json.loads(line) for path in EXAMPLES.glob("*.jsonl") for line in path.open(encoding="utf-8")]
    right = [detect(f"{row['subject']}\n{row['text']}") == row["language"] for row in rows]
    assert sum(right) / len(right) >= 0.98


@pytest.mark.skipif(not CORPUS.exists(), reason="the labelled set is not here")
def test_floor_on_29_languages():
    rows = [json.loads(line) for line in CORPUS.open(encoding="utf-8")]
    assert {row["language"] for row in rows} <= set(LANGUAGES)
    assert sum(detect(row["text"]) == row["language"] for row in rows) / len(rows) >= 0.98


PAIRS = [
    ("de", "Können Sie mir bitte sagen, wo mein Paket ist?", "Kannst du mir sagen, wo mein Paket ist?"),
    ("de", "Wann wird Ihre Lieferung bei mir sein?", "Wann schickt ihr mir das Paket?"),
    ("de", "Ich bitte Sie um eine Rechnung.", "Hey, schick mir mal bitte deine Rechnung."),
    ("nl", "Kunt u mij de factuur sturen?", "Kunnen jullie mij de factuur sturen?"),
    ("nl", "Ik heb uw pakket niet ontvangen.", "Ik heb je pakket niet ontvangen."),
    ("fr", "Pourriez-vous m'envoyer votre facture ?", "Tu peux m'envoyer ta facture ?"),
    ("fr", "Je vous remercie de votre aide.", "Salut, je compte sur toi."),
    ("es", "¿Podría usted enviarme la factura?", "¿Me puedes enviar la factura?"),
    ("es", "Les escribo porque su paquete no ha llegado.", "Oye, ¿tienes mi paquete?"),
    ("en", "Dear Sir or Madam, I am writing about my order.", "hey guys, any news on my order? thx"),
]


@pytest.mark.parametrize(("language", "formal", "casual"), PAIRS)
def test_form_of_address(language, formal, casual):
    assert register(formal, language) == Register.FORMAL
    assert register(casual, language) == Register.CASUAL


def test_who_addresses_nobody_is_answered_formally():
    for language, text in (
        ("de", "Das Paket fehlt noch."),
        ("fr", "Colis perdu."),
        ("pl", "Gdzie jest paczka?"),
        ("de", ""),
    ):
        assert register(text, language) == Register.FORMAL


def test_a_german_she_is_no_polite_form():
    assert register("Meine Schwester hat bestellt, sie wartet noch. Kannst du nachsehen?", "de") == Register.CASUAL
