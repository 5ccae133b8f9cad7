"""Messages as they really arrive: nothing stops the parser, and what is readable is read."""

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mailmessages import multipart, raw

from desk.domain.mail import ParsedMail
from desk.mail import charsets, headers, html
from desk.mail.parse import parse


def of(kind: str, *parts: str, **fields: str) -> ParsedMail:
    made = multipart(kind, *parts)
    return parse(raw(made.pop("body"), **(made | fields)))


def storable(mail: ParsedMail) -> None:
    for value in (mail.subject, mail.from_name, mail.from_addr, mail.text, mail.reply_text, mail.html, *mail.to):
        value.encode("utf-8")
        assert "\0" not in value
    for name, value in mail.headers:
        f"{name}{value}".encode()


@given(st.binary(max_size=600))
@settings(max_examples=300, deadline=None)
def test_any_bytes_parse_and_can_be_stored(data: bytes) -> None:
    storable(parse(data))


FRAGMENTS = st.sampled_from(
    [
        b"From: ", b"To: a@b, ", b"Subject: =?utf-8?b?w6Q=?=", b"=?x?q?=\xff", b"Content-Type: multipart/mixed; boundary=b",
        b"Content-Type: text/html; charset=nope", b"Content-Transfer-Encoding: base64", b"Content-Type: message/rfc822",
        b"Content-Disposition: attachment; filename*0*=utf-8''%e2%82; filename*1*=%ac", b"Date: 99 Foo 0000",
        b"\r\n", b"\r\n\r\n", b"\n", b"\r", b"--b\r\n", b"--b--\r\n", b"\x1b$B\xff", b"<b>x</b>", b"begin 644 x\n", b"\nend\n",
        b"> quoted\n", b"On Monday, x@y.z wrote:\n", b"References: <a@b> <", b"Message-ID: <\xe4@x>", b":", b" ", b"\t", b"\0",
    ]
)  # fmt: skip


@given(st.lists(FRAGMENTS, max_size=40).map(b"".join))
@settings(max_examples=300, deadline=None)
def test_any_mix_of_mail_syntax_parses_and_can_be_stored(data: bytes) -> None:
    storable(parse(data))


def test_an_empty_text_part_does_not_hide_the_html() -> None:
    mail = of("alternative", "Content-Type: text/plain\n\n \n", "Content-Type: text/html\n\n<p>It <b>broke</b></p>")
    assert mail.text == "It broke"
    assert "<b>broke</b>" in mail.html


def test_html_only_mail_is_readable_and_scripts_are_not_read() -> None:
    mail = parse(raw("<style>p{}</style><p>Gr&uuml;&szlig;e</p><script>x()</script>", Content_Type="text/html"))
    assert mail.text == "Grüße"


def test_a_plain_part_that_only_asks_for_an_html_reader_gives_way() -> None:
    stub = "Content-Type: text/plain\n\nPlease use an HTML capable mail program to view this message."
    rich = "Content-Type: text/html\n\n<p>" + "The order arrived with a cracked shade and no bulb. " * 6 + "</p>"
    assert "cracked shade" in of("alternative", stub, rich).text


def test_several_inline_texts_are_read_in_order_and_files_are_kept() -> None:
    mail = of(
        "mixed",
        "Content-Type: text/plain\n\nFirst",
        "Content-Type: image/png; name=a.png\nContent-Transfer-Encoding: base64\n\naGVsbG8=",
        "Content-Type: text/plain\n\nSecond",
    )
    assert mail.text.split() == ["First", "Second"]
    assert [(a.filename, a.size, a.content) for a in mail.attachments] == [("a.png", 5, b"hello")]


def test_a_message_inside_a_message_stays_a_file() -> None:
    inner = "Content-Type: message/rfc822\n\nSubject: Inner words\nFrom: x@y.example\n\nInner text"
    mail = of("mixed", "Content-Type: text/plain\n\nOuter", inner)
    assert mail.text.strip() == "Outer"
    assert [(a.filename, a.content_type) for a in mail.attachments] == [("Inner words.eml", "message/rfc822")]
    assert b"Inner text" in (mail.attachments[0].content or b"")


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("/etc/shadow", "shadow"),
        ("..", ""),
        ("CON.txt", "_CON.txt"),
        ("a\x00b\u202egnp.exe", "abgnp.exe"),
        ("Rechnung März.pdf", "Rechnung März.pdf"),
    ],
)
def test_file_names_cannot_leave_their_folder(name: str, safe: str) -> None:
    quoted = name.replace(chr(92), chr(92) * 2)
    part = f'Content-Type: application/x-y\nContent-Disposition: attachment; filename="{quoted}"\n\nx'
    (file,) = of("mixed", "Content-Type: text/plain\n\nHi", part).attachments
    assert file.filename == safe


@given(st.text(min_size=1, max_size=300))
@settings(deadline=None)
def test_no_file_name_holds_a_path(name: str) -> None:
    from desk.mail.bodies import safe_name

    made = safe_name(name)
    assert "/" not in made
    assert "\\" not in made
    assert made not in (".", "..")
    assert len(made) <= 200


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("=?UTF-8?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?utf-8?B?w6Q?= =?utf-8?B?w7Y=?=", "äö"),
        ("=?utf-8?b?4oI=?= =?utf-8?b?rA==?=", "€"),
        ("=?iso-8859-1?Q?a_b?= c", "a b c"),
        ("=?utf-8*de?q?gr=C3=BCn?=", "grün"),
        ("=?nonsense?q?plain?=", "plain"),
        ("=?utf-8?q?unfinished", "=?utf-8?q?unfinished"),
        ("folded\r\n  line", "folded line"),
        ("=?windows-1252?Q?=80?=5", "€5"),
    ],
)
def test_encoded_words(value: str, text: str) -> None:
    assert headers.decode(value) == text


@pytest.mark.parametrize(
    ("value", "pairs"),
    [
        ('"Doe, Jane" <jane@X.Example>, bob@y.example', [("Doe, Jane", "jane@x.example"), ("", "bob@y.example")]),
        ("jane@x.example (Jane Doe)", [("Jane Doe", "jane@x.example")]),
        ("undisclosed-recipients:;", []),
        ("Team: a@x.example, b@x.example;", [("", "a@x.example"), ("", "b@x.example")]),
        ("=?utf-8?q?M=C3=BCller=2C_Jo?= <jo@x.example>", [("Müller, Jo", "jo@x.example")]),
        ("Jane <jane@x.example", [("Jane", "jane@x.example")]),
        ("<mailto:jane@x.example>", [("", "jane@x.example")]),
        ("'Jane' <jane@x.example>", [("Jane", "jane@x.example")]),
        ("jane@x.example <jane@x.example>", [("jane@x.example", "jane@x.example")]),
    ],
)
def test_addresses(value: str, pairs: list[tuple[str, str]]) -> None:
    assert [(a.name, a.addr) for a in headers.addresses(value) if a.addr] == pairs


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("attachment; filename=\"a b.pdf\"", "a b.pdf"),
        ("attachment; filename=a b.pdf; size=3", "a b.pdf"),
        ("attachment; filename*=utf-8''%e2%82%ac.pdf", "€.pdf"),
        ("attachment; filename*0=\"one \"; filename*1=\"two.pdf\"", "one two.pdf"),
        ("attachment; filename*0*=utf-8''%e2%82; filename*1*=%ac.pdf", "€.pdf"),
        ("attachment; filename=\"=?utf-8?q?=E2=82=AC.pdf?=\"", "€.pdf"),
        ("attachment; filename*=unknown-9''%41.pdf", "A.pdf"),
    ],
)  # fmt: skip
def test_file_name_parameters(value: str, name: str) -> None:
    assert headers.parameters(value)[1]["filename"] == name


def test_raw_eight_bit_headers_and_unknown_charsets_leave_clean_text() -> None:
    data = b"From: M\xfcller <m@x.example>\nSubject: Gr\xfc\xdfe\nContent-Type: text/plain; charset=x-who-knows\n\nsch\xf6n"
    mail = parse(data)
    assert (mail.from_name, mail.subject, mail.text) == ("Müller", "Grüße", "schön")
    storable(mail)


@pytest.mark.parametrize(
    ("data", "charset", "text"),
    [
        ("schön".encode("latin-1"), "utf-8", "schön"),
        ("schön".encode(), "us-ascii", "schön"),
        ("“x”".encode("cp1252"), "iso-8859-1", "“x”"),
        ("テスト".encode("iso2022_jp"), "", "テスト"),
        ("你好吗".encode("gb18030"), "gb2312", "你好吗"),
        ("안녕".encode("cp949"), "ks_c_5601-1987", "안녕"),
        ("naïve €".encode("utf-16"), "", "naïve €"),
        (b"a\x00b\x07c", "utf-8", "abc"),
    ],
)
def test_charsets(data: bytes, charset: str, text: str) -> None:
    assert charsets.decode(data, charset) == text


def test_broken_header_blocks_do_not_end_the_headers() -> None:
    data = b"From: a@x.example\nthis line is no header\nSubject: Still here\n\nBody"
    mail = parse(data)
    assert (mail.subject, mail.text) == ("Still here", "Body")
    assert mail.problems


def test_a_missing_blank_line_keeps_the_text() -> None:
    mail = parse(b"From: a@x.example\nSubject: Hi\nIt is broken and I want my money back\n\nsecond paragraph")
    assert mail.subject == "Hi"
    assert "money back" in mail.text
    assert "second paragraph" in mail.text


def test_flowed_text_is_joined_and_uuencoded_files_are_taken_out() -> None:
    flowed = parse(raw("one \ntwo\n> q \n> r\n", Content_Type="text/plain; format=flowed"))
    assert flowed.text == "one two\n> q r"
    mail = parse(raw("See:\nbegin 644 a.txt\n#86)C\n`\nend\nBye"))
    assert [(a.filename, a.content) for a in mail.attachments] == [("a.txt", b"abc")]
    assert mail.text.split() == ["See:", "Bye"]


def test_an_invitation_alone_is_read_as_text() -> None:
    lines = ("METHOD:REQUEST", "BEGIN:VEVENT", "SUMMARY:Fitting of the lamp", "LOCATION:Shop", "END:VEVENT")
    event = "\n".join(("BEGIN:VCALENDAR", *lines, "END:VCALENDAR"))
    mail = parse(raw(event, Content_Type="text/calendar; method=REQUEST"))
    assert "Fitting of the lamp" in mail.text


def test_message_without_id_and_with_wrong_date_is_still_a_message() -> None:
    mail = parse(raw("text", Message_ID="", Date="yesterday"))
    assert (mail.message_id, mail.date, mail.text) == ("", None, "text")


def bombs() -> dict[str, Any]:
    nested = "".join(f"Content-Type: multipart/mixed; boundary=b{i}\n\n--b{i}\n" for i in range(3000))
    return {
        "escaped html": raw("&lt;div&gt;" * 100_000, Content_Type="text/html"),
        "tags": raw("<div><p>" * 120_000, Content_Type="text/html"),
        "half tags": raw("<a <" * 250_000, Content_Type="text/html"),
        "holders": raw('<div class="gmail_quote">x' * 9_000, Content_Type="text/html"),
        "holders with a quote": raw('<div class="gmail_quote">x' * 9_000 + "<blockquote>y", Content_Type="text/html"),
        "comments": raw("<!--" * 250_000, Content_Type="text/html"),
        "nested": nested.encode(),
        "quotes": raw("> a\n" * 250_000),
        "labels": raw("From: x\n" * 125_000),
        "spaces": raw("Hello" + " " * 1_000_000 + "x"),
        "wrote": raw("On Mon, 5 Jan 2026 at 10:00 x\n" * 30_000),
        "encoded words": raw("x", Subject="=?utf-8?q?a?= " * 60_000),
        "addresses": raw("x", To="a@b.example, " * 60_000),
        "open quotes": raw("x", To='"' * 60_000 + "(" * 60_000),
        "parameters": raw("x", Content_Type="text/plain;" + ' a="b;' * 60_000),
        "lines": raw("-\n" * 500_000),
    }


@pytest.mark.parametrize("name", list(bombs()))
def test_no_message_costs_seconds(name: str) -> None:
    data = bombs()[name]
    started = time.process_time()
    storable(parse(data))
    # Two orders of magnitude above an ordinary message of this size: what this catches is time that grows with the square.
    assert time.process_time() - started < 4.0


def test_html_conversion_stays_near_linear() -> None:
    small, large = "<p>word &amp; word</p>" * 500, "<p>word &amp; word</p>" * 5000
    assert len(html.to_text(large)) > 9 * len(html.to_text(small))
