"""Messages that break the rules in ways other senders' programs do: each class is read as a careful person would."""

import base64
import uuid
from datetime import UTC, datetime

import pytest
from mailmessages import multipart, raw

from desk.domain.mail import ParsedMail
from desk.mail import charsets, headers, invitations
from desk.mail.parse import parse
from desk.mail.reply import split

HEAD = b"From: a@x.example\nSubject: S\n"
TEXT = "Content-Type: text/plain\n\nHello"
IMAGE = "Content-Type: image/png; name=a.png\nContent-Transfer-Encoding: base64\n\naGVsbG8="


def read(text: str) -> ParsedMail:
    return parse(HEAD + text.encode())


@pytest.mark.parametrize("boundary", ['"other"', '""', "'b b'", '"=_x"'])
def test_parts_are_found_where_the_boundary_is_not_what_it_says(boundary: str) -> None:
    used = uuid.uuid5(uuid.NAMESPACE_DNS, boundary).hex
    body = f"--{used}\n{TEXT}\n--{used}\n{IMAGE}\n--{used}--\n"
    mail = read(f"Content-Type: multipart/mixed; boundary={boundary}\n\n{body}")
    assert mail.text.strip() == "Hello"
    assert [(a.filename, a.content) for a in mail.attachments] == [("a.png", b"hello")]
    assert any("not where it says" in problem for problem in mail.problems)


def test_parts_are_found_where_no_boundary_is_given() -> None:
    assert read(f"Content-Type: multipart/mixed\n\n--x\n{TEXT}\n--x\n{IMAGE}\n--x--\n").text.strip() == "Hello"


def test_a_multipart_without_parts_is_its_text() -> None:
    mail = read("Content-Type: multipart/mixed; boundary=b\n\nOnly words, no parts\n")
    assert mail.text == "Only words, no parts"
    assert not mail.attachments


SCRIPTS = {
    "gb18030": "您好，我上周买的灯没有收到，请问什么时候可以发货？",
    "cp950": "您好，我上週買的燈沒有收到，請問什麼時候可以出貨？",
    "cp949": "안녕하세요, 지난주에 주문한 램프가 아직 도착하지 않았습니다.",
    "cp932": "こんにちは、先週注文したランプがまだ届いていません。",
    "euc_jp": "こんにちは、先週注文したランプがまだ届いていません。",
    "koi8-r": "Добрый день, лампа, которую я заказал, так и не пришла.",
    "cp1251": "Добрый день, лампа, которую я заказал, так и не пришла.",
    "cp1253": "Καλημέρα σας, η λάμπα που παράγγειλα δεν έχει φτάσει ακόμα.",
    "cp1255": "שלום, המנורה שהזמנתי בשבוע שעבר עדיין לא הגיעה",
    "cp1256": "مرحبا المصباح الذي طلبته الاسبوع الماضي لم يصل بعد",
    "cp1252": "Grüße, die Lampe ist schön, aber größer als gewünscht – très déçu, señor",
    "utf-8": "Grüße, 您好, Добрый день",
}


@pytest.mark.parametrize("codec", list(SCRIPTS))
def test_undeclared_bytes_are_read_in_the_script_they_look_like(codec: str) -> None:
    text = SCRIPTS[codec]
    mail = parse(b"From: a@x.example\nSubject: " + text.encode(codec) + b"\n\n" + text.encode(codec))
    assert (mail.subject, mail.text) == (text, text)


@pytest.mark.parametrize("text", ["é", "Ünü", "Señor", "çà et là", "“Õ”", "£ £ £ £", "© ® ™ é"])
def test_few_accents_are_western(text: str) -> None:
    assert charsets.decode(text.encode("cp1252")) == text


NINE = datetime(2026, 3, 3, 9, 41, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "Tue, 3 Mar 2026 10:41:00 +01:00",
        "Tue, 3 Mar 2026 10:41:00 GMT+0100",
        "Tue, 3 Mar 2026 10:41:00 UTC+01:00",
        "Tue, 3 Mar 2026 10:41:00 +01",
        "Tue, 3 Mar 2026 10:41:00 CET",
        "Tue, 3 Mar 2026 12:41:00 MSK",
        "Tue, 3. Mar 2026 10:41:00 +0100",
        "Tue, 3 Mar. 2026 10:41:00 +0100",
        "Date: Tue, 3 Mar 2026 10:41:00 +0100",
        "Di., 3. März 2026 10:41:00 +0100",
        "mar., 3 mars 2026 10:41:00 +0100",
        "martes, 3 de marzo de 2026 10:41:00 +0100",
        "ter, 3 mar 2026 10:41:00 +0100",
        "вт, 3 мар 2026 12:41:00 +0300",
        "2026-03-03T10:41:00+01:00",
        "2026/03/03 10:41:00 +0100",
        "Tue, 03 Mar 26 09:41:00 UT",
        "Tue Mar  3 09:41:00 2026",
        "Mon, 3 Mar 2026 09.41.00 -0000",
    ],
)
def test_dates_of_other_programs(value: str) -> None:
    assert headers.date(value) == NINE


def test_a_day_of_twenty_four_hours_and_a_leap_second_end_in_the_next() -> None:
    assert headers.date("Mon, 2 Mar 2026 24:00:00 +0000") == datetime(2026, 3, 3, tzinfo=UTC)
    assert headers.date("Mon, 2 Mar 2026 23:59:60 +0000") == datetime(2026, 3, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    "value", ["Tue, 32 Mar 2026 10:00:00", "yesterday", "", "0 Foo 0000 99:99", "Tue, 3 Mar 2026 99:00:00"]
)
def test_what_is_no_date_is_none(value: str) -> None:
    assert headers.date(value) is None


def test_fields_with_a_space_before_the_colon_are_fields() -> None:
    mail = parse(b"From : Ann <a@x.example>\nSubject\t: Broken lamp\n\nbody : text")
    assert (mail.from_addr, mail.subject, mail.text) == ("a@x.example", "Broken lamp", "body : text")


def test_nested_comments_are_no_part_of_an_address() -> None:
    (address,) = headers.addresses("a(x)@x.example (Ann (of (the)) Shop)")
    assert address.addr == "a@x.example"


def test_a_comma_in_an_unquoted_name_does_not_cut_it() -> None:
    assert headers.addresses("Doe, Jo <jo@x.example>") == [headers.Address("Doe, Jo", "jo@x.example")]
    assert [a.addr for a in headers.addresses("jo@x.example, Bo <bo@x.example>")] == ["jo@x.example", "bo@x.example"]


@pytest.mark.parametrize(
    ("value", "ids"),
    [
        ("a@b,c@d", ("a@b", "c@d")),
        ("<=?utf-8?q?a=40b?=>", ("a@b",)),
        ("<a@b>,<c@d>", ("a@b", "c@d")),
        ("<a@b><c@d>", ("a@b", "c@d")),
    ],
)
def test_identifiers_however_they_are_joined(value: str, ids: tuple[str, ...]) -> None:
    assert headers.ids(value) == ids


def test_a_disposition_without_its_semicolon_still_names_its_file() -> None:
    assert headers.parameters('attachment filename="a b.pdf"') == ("attachment", {"filename": "a b.pdf"})


def test_a_footer_below_base64_is_not_decoded() -> None:
    encoded = base64.encodebytes(b"The lamp is broken.").decode()
    mail = read(f"Content-Transfer-Encoding: base64\n\n{encoded}\n-- \nParcels mailing list\n")
    assert mail.text == "The lamp is broken."


def test_text_labelled_base64_that_is_not_stays_as_it_is() -> None:
    assert read("Content-Transfer-Encoding: base64\n\nThe lamp is broken, and I want another.").text.startswith(
        "The lamp"
    )


def test_enriched_text_is_read_without_its_commands() -> None:
    mail = read(
        "Content-Type: text/enriched\n\n<bold>Broken</bold> lamp,\nsize <<5\n\n<color><param>red</param>Please</color> help"
    )
    assert mail.text == "Broken lamp, size <5\nPlease help"


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        ("application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", "encrypted with S/MIME"),
        ("application/x-pkcs7-mime; smime-type=signed-data; name=smime.p7m", "signed with S/MIME"),
    ],
)
def test_sealed_mail_is_kept_and_named(kind: str, word: str) -> None:
    mail = read(f"Content-Type: {kind}\nContent-Transfer-Encoding: base64\n\naGVsbG8=")
    assert [a.filename for a in mail.attachments] == ["smime.p7m"]
    assert any(word in problem for problem in mail.problems)


def test_pgp_encrypted_mail_is_kept_and_named() -> None:
    made = multipart(
        "encrypted",
        "Content-Type: application/pgp-encrypted\n\nVersion: 1",
        "Content-Type: application/octet-stream; name=e.asc\n\nx",
    )
    mail = parse(raw(made.pop("body"), **made))
    assert "e.asc" in [a.filename for a in mail.attachments]
    assert any("encrypted with PGP" in problem for problem in mail.problems)


def test_the_frame_of_text_signed_inline_is_not_its_text() -> None:
    head, tail = (
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n",
        "\n-----BEGIN PGP SIGNATURE-----\n\nab\n-----END PGP SIGNATURE-----\n",
    )
    assert split(f"{head}The lamp is broken.\n\n- -- \nAnn{tail}").reply == "The lamp is broken."


def test_an_invitation_says_what_when_where_and_who() -> None:
    calendar = (
        "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VTIMEZONE\r\nDTSTART:16010101T000000\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\n"
        "SUMMARY;LANGUAGE=en:Lamp\\, second\r\n  fitting\r\nDTSTART;TZID=Europe/Berlin:20260303T094100\r\n"
        "DTEND:20260303T104100Z\r\n"
        'ORGANIZER;CN="Quist, Nora":mailto:nora@shop.example\r\nATTENDEE;PARTSTAT=ACCEPTED:MAILTO:ann@x.example\r\n'
        "DESCRIPTION:One\\nTwo\r\nBEGIN:VALARM\r\nDESCRIPTION:Reminder\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    assert invitations.to_text(calendar).splitlines() == [
        "Invitation",
        "",
        "Summary: Lamp, second fitting",
        "Start: 2026-03-03 09:41 (Europe/Berlin)",
        "End: 2026-03-03 10:41 UTC",
        "Organizer: Quist, Nora <nora@shop.example>",
        "Invited: ann@x.example (accepted)",
        "Description: One",
        "Two",
    ]
