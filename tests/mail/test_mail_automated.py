"""Machines are recognised, people are not, bounces say whom they mean, and nobody can forge our loop mark."""

import pytest
from mailmessages import multipart, raw

from desk.domain.mail import ParsedMail
from desk.mail import automated
from desk.mail.parse import parse

REPORT = (
    "Content-Type: text/plain\n\nYour message could not be delivered.",
    "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
    "Final-Recipient: rfc822; gone@customer.example\n"
    "Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 no such user",
    "Content-Type: message/rfc822\n\nMessage-ID: <ours@shop.example>\nSubject: Re: Lamp\n\nHello",
)


def report(kind: str, *parts: str, **fields: str) -> bytes:
    made = multipart("report", *parts)
    made["Content_Type"] += f"; report-type={kind}"
    return raw(made.pop("body"), **(made | fields))


MACHINES = {
    "auto-replied": raw(Auto_Submitted="auto-replied"),
    "auto-replied with parameter": raw(Auto_Submitted='Auto-Replied (vacation); owner-email="x@y.example"'),
    "auto-generated": raw(Auto_Submitted="auto-generated"),
    "auto-notified": raw(Auto_Submitted="auto-notified"),
    "delivery report": report("delivery-status", *REPORT, Return_Path="<>", From="MAILER-DAEMON@mx.example"),
    "text bounce": raw(
        "I'm afraid I wasn't able to deliver your message.\n<gone@customer.example>:\n550 no such user",
        Return_Path="<>", From="MAILER-DAEMON@mx.example", Subject="failure notice",
    ),
    "suppress all": raw(X_Auto_Response_Suppress="All"),
    "suppress some": raw(X_Auto_Response_Suppress="DR, oof , AutoReply"),
    "vacation subject": raw(Subject="Out of office: back on Monday"),
    "x-autoreply": raw(X_Autoreply="yes"),
    "x-autorespond": raw(X_Autorespond="1"),
    "list-unsubscribe": raw(List_Unsubscribe="<mailto:u@news.example>"),
    "list-id": raw(List_Id="News <news.example>"),
    "precedence": raw(Precedence="bulk"),
    "precedence in capitals": raw(Precedence="Bulk"),
    "no-reply": raw(From="No Reply <no-reply@shipping.example>"),
    "our own": raw(X_Desk_Loop="help@shop.example; 0123", From="help@shop.example"),
    "read receipt": report("disposition-notification", "Content-Type: text/plain\n\nRead.",
                           "Content-Type: message/disposition-notification\n\nDisposition: manual-action; displayed"),
    "abuse report": report("feedback-report", "Content-Type: text/plain\n\nSpam.",
                           "Content-Type: message/feedback-report\n\nFeedback-Type: abuse"),
    "delayed": report("delivery-status", REPORT[0], REPORT[1].replace("failed", "delayed").replace("5.1.1", "4.4.1")),
    "german vacation": raw(Subject="Automatische Antwort: Lampe"),
    "german absence": raw(Subject="Abwesenheitsnotiz"),
    "chinese vacation": raw(Subject="自动回复：台灯"),
    "dutch vacation": raw(Subject="Automatisch antwoord: Lamp"),
    "french vacation": raw(Subject="Réponse automatique : Lampe"),
    "own address": raw(From="help@shop.example", Delivered_To="help@shop.example"),
    "calendar answer": raw("BEGIN:VCALENDAR\nMETHOD:REPLY\nEND:VCALENDAR", Content_Type="text/calendar; method=REPLY"),
}  # fmt: skip

PEOPLE = {
    "says no": raw(Auto_Submitted="no"),
    "info@": raw(From="Bakery <info@bakery.example>"),
    "plain": raw(),
    "mentions out of office": raw(Subject="Can I set a reply for when I am out of office"),
    "office chair": raw(Subject="Out of office chairs I would like two"),
    "answers an absence notice": raw(Subject="Re: Out of office: back on Monday"),
    "suppresses receipts": raw(X_Auto_Response_Suppress="DR, RN, NRN"),
    "speaks of a bounce": raw("My mail to you was returned to sender, why?", Subject="Undeliverable parcel"),
    "contact form": raw(
        "Name: Ann\nEmail: ann@customer.example\nMessage: The lamp broke.",
        From="Form <form@shop.example>", Reply_To="ann@customer.example", Auto_Submitted="auto-generated",
    ),
    "another desk": raw(X_Desk_Loop="service@other.example; abcd", From="service@other.example"),
}  # fmt: skip


@pytest.mark.parametrize("name", list(MACHINES))
def test_machines_are_recognised_with_a_reason(name: str) -> None:
    mail = parse(MACHINES[name])
    assert mail.auto in ("auto", "bounce")
    assert mail.auto_reason.endswith(".")


@pytest.mark.parametrize(
    "subject",
    [
        "Automatic reply: Lamp", "Abwesenheitsnotiz: Lampe", "Réponse automatique : Lampe", "Respuesta automática: Lámpara",
        "Risposta automatica: Lampada", "Assente dall'ufficio", "Resposta automática: Luz", "Resposta automàtica: Llum",
        "Automatisch antwoord: Lamp", "Autosvar: Lampe", "Automatiskt svar: Lampa", "Frånvaromeddelande",
        "Automaattinen vastaus: Lamppu", "Autoodpowiedź: Lampa", "Automatická odpověď: Lampa", "Automatikus válasz: Lámpa",
        "Răspuns automat: Lampa", "Samodejni odgovor: Svetilka", "Automatski odgovor: Lampa", "Automatinis atsakymas: Lempa",
        "Automātiska atbilde: Lampa", "Автоответ: Лампа", "Автоматична відповідь: Лампа", "Αυτόματη απάντηση: Λάμπα",
        "Otomatik yanıt: Lamba", "自动回复: 台灯", "自動返信: ランプ", "자동 회신: 램프",
        "رد تلقائي: مصباح", "Balasan otomatis: Lampu",
    ],
)  # fmt: skip
def test_absence_notices_are_known_by_subject_in_many_languages(subject: str) -> None:
    assert parse(raw(Subject=subject)).auto == "auto"
    assert parse(raw(Subject=f"Re: {subject}")).auto is None


@pytest.mark.parametrize("name", list(PEOPLE))
def test_people_are_not_taken_for_machines(name: str) -> None:
    mail = parse(PEOPLE[name])
    assert (mail.auto, mail.auto_reason) == (None, "")


def test_a_report_is_linked_to_what_we_sent() -> None:
    (found,) = automated.bounced(parse(MACHINES["delivery report"]))
    assert (found.recipient, found.permanent, found.status) == ("gone@customer.example", True, "5.1.1")
    assert found.original_message_id == "ours@shop.example"


def test_a_delay_is_not_final_and_older_forms_are_read() -> None:
    (delayed,) = automated.bounced(parse(MACHINES["delayed"]))
    (text,) = automated.bounced(parse(MACHINES["text bounce"]))
    assert not delayed.permanent
    assert (text.recipient, text.permanent) == ("gone@customer.example", True)


def test_no_bounce_is_made_of_ordinary_mail() -> None:
    assert automated.bounced(parse(raw())) == ()
    assert automated.bounced(parse(MACHINES["auto-replied"])) == ()


def headers_of(value: str) -> tuple[tuple[str, str], ...]:
    mail: ParsedMail = parse(raw(X_Desk_Loop=value))
    return mail.headers


def test_the_loop_mark_is_ours_alone() -> None:
    token = automated.loop_token("Help@Shop.example", "secret")
    assert automated.is_own_loop(headers_of(token), "secret")
    assert not automated.is_own_loop(headers_of(token), "another secret")
    assert not automated.is_own_loop(headers_of(token.replace("help@", "sales@")), "secret")
    assert not automated.is_own_loop(headers_of("x; é"), "secret")
    assert not automated.is_own_loop(parse(raw()).headers, "secret")
