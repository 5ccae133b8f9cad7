import json
from pathlib import Path

import pytest

from desk.triage import urgent

EXAMPLES = Path(__file__).resolve().parents[2] / "desk" / "triage" / "examples"


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("URGENT: no access", "We cannot work."),
        ("", "There is smoke coming out of the lamp!"),
        ("", "My daughter got an electric shock from the switch"),
        ("", "The server is down and nobody can log in."),
        ("", "This is urgent, I need the parcel before my flight tomorrow."),
        ("", "I need it asap, the wedding is tomorrow"),
        ("", "Aus der Maschine kommen Funken und es riecht verbrannt."),
        ("Dringend", "Bitte rufen Sie an."),
        ("", "Es ist dringend: ich brauche die Rechnung heute noch."),
        ("", "Unser Kassensystem ist ausgefallen"),
        ("", "De lamp staat in brand geweest, er komen vonken uit"),
        ("Spoed", "Graag bellen."),
        ("", "De l'appareil sort de la fumée !"),
        ("Urgent", "Merci de me rappeler."),
        ("", "El enchufe echa humo"),
        ("Urgente", "Llámenme por favor."),
        ("", "La lampada ha preso fuoco"),
        ("", "I think my account was hacked"),
        ("", "Es urgente, por favor: no puede esperar a mañana."),
        ("", "È urgente, per favore: non può aspettare fino a domani."),
        ("Urgent", "Je ne peux pas attendre."),
        ("", "No critical update was installed and now the server is down."),
    ],
)
def test_what_cannot_wait(subject, text):
    assert urgent(subject, text)


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("", "This is not urgent, whenever you have time."),
        ("", "Es eilt nicht, antworten Sie in Ruhe."),
        ("", "Pas urgent du tout, merci."),
        ("", "No corre prisa."),
        ("", "Geen haast hoor."),
        ("", "Nessuna urgenza, scrivetemi."),
        ("", "Per favore, non è per niente urgente."),
        ("", "Por favor, no es nada urgente."),
        ("", "Aucune urgence, merci."),
        ("", "Il n'y a vraiment pas d'urgence, dites-le-moi demain."),
        ("", "Es ist wirklich nicht besonders dringend, bitte heute nicht mehr anrufen."),
        ("", "Heeft totaal geen spoed."),
        ("", "Não é nada urgente, por favor."),
        ("Urgent?", "No, it can wait until Monday."),
        ("Act now!", "Urgent offer, buy now, limited time only! Click here"),
        ("Out of office", "In urgent cases please contact my colleague."),
        ("", "Where is my order?"),
        ("", "Do you sell fire bowls and smoke detectors?"),
        ("", "I returned the shoes immediately after they arrived."),
        ("", "The lamp is broken. What now?"),
        ("", "Can I pick it up today or tomorrow?"),
        ("", "Ich habe die Bestellung sofort bezahlt."),
        ("", "Gibt es die Lampe heute im Angebot?"),
        ("", "What is a critical path?"),
        ("", "Le site est très beau, bravo."),
        ("", ""),
    ],
)
def test_what_can_wait(subject, text):
    assert not urgent(subject, text)


def test_few_ordinary_messages_are_called_urgent():
    rows = [json.loads(line) for path in EXAMPLES.glob("*.jsonl") for line in path.open(encoding="utf-8")]
    said = [(row["priority"] == "urgent", urgent(row["subject"], row["text"])) for row in rows]
    called = [true for true, guess in said if guess]
    assert sum(called) / len(called) >= 0.8
    assert sum(called) / sum(true for true, _ in said) >= 0.7
