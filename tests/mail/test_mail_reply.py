"""Own words, quotes and signatures: in many languages, for many clients, and never at the cost of an answer."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desk.mail import quotemarks as marks
from desk.mail.reply import split

OWN = "The new shade fits."

HEADS = [
    "On Mon, 5 Jan 2026 at 10:00, Shop <help@shop.example> wrote:",
    "On Mon, 5 Jan 2026 at 10:00, A Very Long Shop Name Indeed\n<help@shop.example> wrote:",
    "Am 05.01.2026 um 10:00 schrieb Shop:",
    "Shop <help@shop.example> schrieb am Mo., 5. Jan. 2026 um 10:00 Uhr:",
    "Le lun. 5 janv. 2026 à 10:00, Shop <help@shop.example> a écrit :",
    "El lun, 5 ene 2026 a las 10:00, Shop (<help@shop.example>) escribió:",
    "Op ma 5 jan 2026 om 10:00 schreef Shop <help@shop.example>:",
    "Il giorno lun 5 gen 2026 alle ore 10:00 Shop <help@shop.example> ha scritto:",
    "Em seg., 5 de jan. de 2026 às 10:00, Shop <help@shop.example> escreveu:",
    "W dniu 05.01.2026 o 10:00, Shop pisze:",
    "pon., 5 sty 2026 o 10:00 Shop <help@shop.example> napisał(a):",
    "Den mån 5 jan. 2026 kl 10:00 skrev Shop <help@shop.example>:",
    "man. 5. jan. 2026 kl. 10.00 skrev Shop <help@shop.example>:",
    "ma 5. tammik. 2026 klo 10.00 Shop (help@shop.example) kirjoitti:",
    "po 5. 1. 2026 v 10:00 odesílatel Shop <help@shop.example> napsal:",
    "po 5. 1. 2026 o 10:00 Shop <help@shop.example> napísal(a):",
    "Shop <help@shop.example> ezt írta (időpont: 2026. jan. 5., H, 10:00):",
    "În lun., 5 ian. 2026 la 10:00, Shop <help@shop.example> a scris:",
    "5 Oca 2026 Pzt, saat 10:00 tarihinde Shop <help@shop.example> şunu yazdı:",
    "пн, 5 янв. 2026 г. в 10:00, Shop <help@shop.example> написал(а):",
    "пн, 5 січ. 2026 р. о 10:00 Shop <help@shop.example> пише:",
    "На пн, 5.01.2026 г. в 10:00 Shop <help@shop.example> написа:",
    "Στις Δευ 5 Ιαν 2026 στις 10:00 π.μ., ο χρήστης Shop <help@shop.example> έγραψε:",
    "2026年1月5日(月) 10:00 Shop <help@shop.example>:",
    "Shop <help@shop.example> 于2026年1月5日周一 10:00写道：",
    "2026년 1월 5일 (월) 오전 10:00, Shop <help@shop.example>님이 작성:",
    "Vào Th 2, 5 thg 1, 2026 vào lúc 10:00 Shop <help@shop.example> đã viết:",
    "Pada tanggal Sen, 5 Jan 2026 10:00, Shop <help@shop.example> menulis:",
    "‫בתאריך יום ב׳, 5 בינו׳ 2026 ב-10:00 מאת Shop <help@shop.example> כתב:",
    "في الاثنين، 5 يناير 2026 في 10:00 Shop <help@shop.example> كتب:",
    "Dana pon, 5. sij 2026. u 10:00 Shop <help@shop.example> napisao je:",
    "E, 5. jaanuar 2026 kell 10:00 Shop <help@shop.example> kirjutas:",
    "Op Ma. 5 Jan. 2026 om 10:00 het Shop <help@shop.example> geskryf:",
    "El dl., 5 de gen. 2026 a les 10:00, Shop <help@shop.example> va escriure:",
]

BLOCKS = [
    "-----Original Message-----\nFrom: Shop\nSent: Monday, January 5, 2026 10:00\nTo: Ann\nSubject: Lamp",
    "From: Shop <help@shop.example>\nSent: Monday, January 5, 2026 10:00\nTo: Ann\nSubject: Lamp",
    "________________________________\n"
    "Von: Shop <help@shop.example>\nGesendet: Montag, 5. Januar 2026 10:00\nAn: Ann\nBetreff: Lampe",
    "De : Shop <help@shop.example>\nEnvoyé : lundi 5 janvier 2026 10:00\nÀ : Ann\nObjet : Lampe",
    "De: Shop <help@shop.example>\nEnviado: lunes, 5 de enero de 2026 10:00\nPara: Ann\nAsunto: Lámpara",
    "Van: Shop <help@shop.example>\nVerzonden: maandag 5 januari 2026 10:00\nAan: Ann\nOnderwerp: Lamp",
    "Da: Shop <help@shop.example>\nInviato: lunedì 5 gennaio 2026 10:00\nA: Ann\nOggetto: Lampada",
    "Från: Shop <help@shop.example>\nSkickat: den 5 januari 2026 10:00\nTill: Ann\nÄmne: Lampa",
    "Od: Shop <help@shop.example>\nWysłano: poniedziałek, 5 stycznia 2026 10:00\nDo: Ann\nTemat: Lampa",
    "От: Shop <help@shop.example>\nОтправлено: 5 января 2026 г. 10:00\nКому: Ann\nТема: Лампа",
    "差出人: Shop <help@shop.example>\n送信日時: 2026年1月5日 10:00\n宛先: Ann\n件名: ランプ",
    "*From:* Shop <help@shop.example>\n*Date:* Mon, 5 Jan 2026\n*To:* Ann\n*Subject:* Lamp",
    "-------- Ursprüngliche Nachricht --------\nVon: Shop\nDatum: 05.01.26 10:00\nAn: Ann\nBetreff: Lampe",
]


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("prefix", ["> ", ""])
def test_quotes_below_an_attribution_are_cut(head: str, prefix: str) -> None:
    parts = split(f"{OWN}\n\n{head}\n\n{prefix}We wrote this.\n{prefix}And this.")
    assert parts.reply == OWN
    assert "We wrote this." in parts.quoted


@pytest.mark.parametrize("block", BLOCKS)
def test_originals_below_a_header_block_are_cut(block: str) -> None:
    assert split(f"{OWN}\n\n{block}\n\nWe wrote this.").reply == OWN


@pytest.mark.parametrize("head", HEADS[::5])
def test_an_answer_below_the_quote_is_kept(head: str) -> None:
    assert split(f"{head}\n> Does it fit?\n> Please say.\n\n{OWN}\n").reply == OWN


def test_answers_between_quotes_are_kept() -> None:
    text = f"Hi,\n\n{HEADS[0]}\n> Which lamp?\n\nThe green one.\n\n> Which shade?\n\nThe small one.\n"
    assert split(text).reply == "Hi,\n\nThe green one.\n\nThe small one."


@pytest.mark.parametrize(
    "sign",
    ["-- \nAnn Other\nHead of Lamps", "--\nAnn", "Sent from my iPhone", "Von meinem iPhone gesendet", "Envoyé de mon iPhone",
     "Verstuurd vanaf mijn iPhone", "Enviado desde mi iPhone", "Get Outlook for Android", "iPhoneから送信", "发自我的iPhone"],
)  # fmt: skip
def test_signatures_are_told_apart(sign: str) -> None:
    parts = split(f"{OWN}\n\n{sign}")
    assert parts.reply == OWN
    assert [line.strip() for line in parts.signature.split("\n")] == [line.strip() for line in sign.split("\n")]


@pytest.mark.parametrize(
    "text",
    [
        "Sent from my desk is where I wrote this, and it is true.",
        "On Monday I wrote: it is broken.",
        "I ordered on 5 Jan 2026 at 10:00 and you wrote that it was sent.",
        "Order details:\nLamp: green\nSize: small",
        "The options are\n- red\n- green\n\nWhich one is it?",
        "From: what I can see, nothing arrived.",
        "My booking was\n\nFrom: Amsterdam\nTo: Berlin\nDate: 5 May 2026\n\nand I want to move it.",
        "My wishes:\n\nTo: be called back",
    ],
)
def test_own_words_that_look_like_marks_are_kept(text: str) -> None:
    assert split(text).reply == text


def test_a_forward_without_a_word_keeps_what_was_forwarded() -> None:
    head = "From: Bo <bo@x.example>\nDate: Mon, 5 Jan 2026\nSubject: Lamp\nTo: Ann"
    text = f"---------- Forwarded message ---------\n{head}\n\nIt is broken."
    assert split(text).reply == "It is broken."


def test_the_text_of_a_contact_form_is_kept() -> None:
    text = "From: Ann <ann@customer.example>\nSubject: Lamp\n\nMessage Body:\nIt is broken."
    assert "It is broken." in split(text).reply


def test_quotes_picked_by_hand_stay_with_their_answers() -> None:
    text = "> Which size?\n\nLarge.\n\n> Which colour?\n\nGreen."
    assert split(text).reply == text
    assert split(f"{text}\n\n> The rest\n> of it").reply == text


@pytest.mark.parametrize(
    "head", ["> On Tue, 3 Mar 2026, Nora <n@x.example> wrote:\n>\n", "On Tue, 3 Mar 2026, Nora wrote:\n"]
)
def test_quotes_made_by_a_program_do_not(head: str) -> None:
    assert split(f"{head}> Which size?\n\nLarge.").reply == "Large."


def test_a_whole_mail_above_the_answer_does_not_stay() -> None:
    assert split("> line of the old mail\n" * 30 + "\nLarge.").reply == "Large."


def test_a_text_quoted_as_a_whole_is_not_lost() -> None:
    assert "It is broken" in split("> It is broken.\n> Please help.").reply


@given(st.text(max_size=500))
@settings(deadline=None)
def test_no_text_is_invented(text: str) -> None:
    parts = split(text)
    lines = {line.strip() for line in text.replace("\r\n", "\n").split("\n")}
    for part in (parts.reply, parts.quoted, parts.signature):
        assert {line.strip() for line in part.split("\n") if line.strip()} <= lines


@given(
    st.lists(
        st.sampled_from([OWN, "", "> q", "On 5 Jan 2026 at 10:00, X <x@y.example> wrote:", "--", "From: x@y.example"])
    )
)
@settings(deadline=None)
def test_own_lines_above_everything_survive(lines: list[str]) -> None:
    assert OWN in split("\n".join([OWN, "", *lines])).reply


@settings(max_examples=400)
@given(st.data())
def test_the_quick_question_asked_of_every_line_hides_none_that_opens_an_original(data: st.DataObject) -> None:
    pattern = data.draw(st.sampled_from([marks.ORIGINAL, marks.ABOVE, marks.RULER, marks.TITLED, marks._START]))
    line = data.draw(st.from_regex(pattern)).split("\n", 1)[0]
    if line.strip() and (pattern.match(line) or marks.starts(line)):
        assert marks.may_open(line)
