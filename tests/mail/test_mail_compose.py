"""Messages out: addressed rightly, threaded everywhere, and read back as they were written."""

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mailmessages import raw

from desk.config import MailboxConfig
from desk.domain.mail import Attachment
from desk.errors import SendError
from desk.mail import automated, compose
from desk.mail.parse import parse
from desk.mail.reply import split

BOX = MailboxConfig(address="help@shop.example", display_name="Shop", aliases=("hello@shop.example",))
NOW = datetime(2026, 1, 6, 9, tzinfo=UTC)
WORDS = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=12)


def test_replies_thread_and_say_re_once() -> None:
    asked = parse(raw(Subject="AW: Re: Lamp", References="<0@x> <1@x>"))
    out = compose.reply(
        box=BOX, to=asked, body="Yes.", now=NOW, references=("0@x", "ours@shop.example"), number="T-1042"
    )
    back = parse(out.raw)
    assert back.in_reply_to == "m1@customer.example"
    assert back.references == ("ours@shop.example", "0@x", "1@x", "m1@customer.example")
    assert back.subject == out.subject == "Re: Lamp [T-1042]"
    assert back.message_id == out.message_id
    assert out.message_id.endswith("@shop.example")
    assert compose.reply_subject(back.subject, "T-1042") == back.subject


def test_reply_to_is_honoured_and_a_foreign_one_is_shown() -> None:
    same = compose.recipients(parse(raw(Reply_To="orders@customer.example")), (BOX.address,))
    other = compose.recipients(parse(raw(Reply_To="ann@elsewhere.example")), (BOX.address,))
    assert (same.to, same.warnings) == (("orders@customer.example",), ())
    assert other.to == ("ann@elsewhere.example",)
    assert "elsewhere.example" in other.warnings[0]


def test_everybody_else_is_kept_in_copy_and_own_addresses_are_dropped() -> None:
    mail = parse(
        raw(To="Help@Shop.example, bo@customer.example", Cc="hello@shop.example, ann@customer.example, cy@x.example")
    )
    out = compose.reply(box=BOX, to=mail, body="Yes.", now=NOW, cc=("BO@customer.example", "dee@x.example"))
    back = parse(out.raw)
    assert back.to == ("ann@customer.example",)
    assert back.cc == ("bo@customer.example", "cy@x.example", "dee@x.example")
    assert out.recipients == (*back.to, *back.cc)


def test_answering_our_own_message_goes_to_whom_it_went() -> None:
    assert compose.recipients(parse(raw(From=BOX.address, To="ann@customer.example")), (BOX.address,)).to == (
        "ann@customer.example",
    )


def test_a_message_without_recipient_is_refused() -> None:
    with pytest.raises(SendError, match="no recipient"):
        compose.reply(box=BOX, to=parse(b"Subject: nobody\n\nx"), body="Yes.", now=NOW)


def test_only_autonomous_replies_are_marked_as_such() -> None:
    by_hand = parse(compose.reply(box=BOX, to=parse(raw()), body="Yes.", now=NOW).raw)
    by_rule = parse(compose.reply(box=BOX, to=parse(raw()), body="Yes.", now=NOW, auto_submitted=True).raw)
    assert "auto-submitted" not in {k.lower() for k, _ in by_hand.headers}
    assert ("Auto-Submitted", "auto-replied") in by_rule.headers
    assert (by_hand.auto, by_rule.auto) == (None, "auto")


def test_the_loop_mark_travels() -> None:
    token = automated.loop_token(BOX.address, "secret")
    sent = parse(compose.reply(box=BOX, to=parse(raw()), body="Yes.", now=NOW, loop=token).raw)
    assert automated.is_own_loop(sent.headers, "secret")


@pytest.mark.parametrize("language", [*compose.LANGUAGES, "xx"])
@pytest.mark.parametrize("name", ["Ann Other <ann@customer.example>", "ann@customer.example"])
def test_the_quoted_original_is_recognised_as_a_quote_again(language: str, name: str) -> None:
    out = compose.reply(box=BOX, to=parse(raw("Does it fit?", From=name)), body="Yes.", now=NOW, language=language)
    back = parse(out.raw)
    assert "> Does it fit?" in back.text
    assert back.reply_text == "Yes."


@given(
    body=st.lists(st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=60), max_size=8),
    subject=st.lists(WORDS, min_size=1, max_size=12),
    name=st.lists(WORDS, max_size=4),
    refs=st.lists(st.from_regex(r"[a-z0-9.]{1,40}@[a-z0-9]{1,20}\.example", fullmatch=True), max_size=60, unique=True),
)
@settings(max_examples=150, deadline=None)
def test_what_is_written_is_what_is_read(body: list[str], subject: list[str], name: list[str], refs: list[str]) -> None:
    text, title, who = "\n".join(body).strip(), " ".join(subject), " ".join(name)
    box = MailboxConfig(address="help@shop.example", display_name=who)
    out = compose.new(box=box, to=("ann@customer.example",), subject=title, body=text, now=NOW, references=refs)
    back = parse(out.raw)
    assert back.subject == title
    assert [line.rstrip() for line in back.text.split("\n")] == [line.rstrip() for line in text.rstrip().split("\n")]
    # Quotes around a whole name are how some programs write it, and are taken off in reading.
    assert back.from_name.strip("'").split() == who.strip("'").split()
    assert back.date == NOW
    assert set(back.references) <= set(refs)
    assert back.references[-1:] == tuple(refs[-1:])
    for line in out.raw.split(b"\r\n"):
        assert len(line) <= 998
        assert b"\n" not in line
        assert b"\r" not in line
    strict = message_from_bytes(out.raw, policy=policy.default)
    assert not strict.defects
    assert str(strict["subject"]).split() == title.split()


@pytest.mark.parametrize("bad", ["x\r\nBcc: victim@x.example", "x\nBcc: victim@x.example", "x\rBcc: victim@x.example"])
def test_headers_cannot_be_smuggled_in(bad: str) -> None:
    box = MailboxConfig(address="help@shop.example", display_name=bad)
    out = compose.new(box=box, to=("a@x.example",), subject=bad, body="Hi", now=NOW, loop=bad, references=(bad,))
    names = {k.lower() for k, _ in parse(out.raw).headers}
    assert "bcc" not in names


def test_attachments_arrive_whole() -> None:
    files = (
        Attachment("Rechnung März.pdf", "application/pdf", 3, b"\x00\xff\n"),
        Attachment("../n.txt", "text/plain", 2, b"hi"),
    )
    back = parse(compose.reply(box=BOX, to=parse(raw()), body="Here.", now=NOW, attachments=files).raw)
    assert [(a.filename, a.content_type, a.content) for a in back.attachments] == [
        ("Rechnung März.pdf", "application/pdf", b"\x00\xff\n"),
        (".._n.txt".lstrip("."), "text/plain", b"hi"),
    ]
    assert back.reply_text == "Here."


def test_nested_quotes_stay_quotes() -> None:
    mail = parse(raw("> earlier\n\nMine"))
    assert split(f"Answer\n\n{compose.quote_original(mail, 'de')}").reply == "Answer"


def test_a_forward_carries_the_original_with_its_files() -> None:
    original = parse(raw())
    file = Attachment("ä.pdf", "application/pdf", 4, b"%PDF")
    given_files = replace(original, attachments=(Attachment("a.csv", "text/csv", 3, b"a,b"),))
    out = compose.forward(
        box=BOX, original=given_files, to=["depot@shop.example"], body="Can you look?", now=NOW, number="T-1001",
        attachments=[file],
    )  # fmt: skip
    got = parse(out.raw)
    assert got.to == ("depot@shop.example",)
    assert got.subject.startswith("Fwd: ")
    assert got.subject.endswith("[T-1001]")
    assert got.text.startswith("Can you look?")
    assert original.text.strip() in got.text
    assert f"From: {original.from_name}" in got.text or f"From: {original.from_addr}" in got.text
    assert {(a.filename, a.content) for a in got.attachments} == {("ä.pdf", b"%PDF"), ("a.csv", b"a,b")}
    assert original.message_id in got.references
    assert not got.in_reply_to
    assert got.reply_text.strip() == "Can you look?"


# Letters and digits of any script: what else a name holds, the reader may make safe (a colon, a slash, a lone dot).
NAMES = st.text(st.characters(categories=("L", "N")), min_size=1, max_size=40).map(lambda name: f"{name} 1.pdf")
LOCALS = st.from_regex(r"[a-z0-9]([a-z0-9.+_'-]{0,20}[a-z0-9])?", fullmatch=True).filter(lambda x: ".." not in x)
ADDRESSES = st.builds(
    lambda local, host: f"{local}@{host}.example", LOCALS, st.from_regex(r"[a-z]{1,12}", fullmatch=True)
)
FILES = st.lists(st.tuples(NAMES, st.binary(max_size=300)), max_size=3)


@given(to=st.lists(ADDRESSES, min_size=1, max_size=8, unique=True), cc=st.lists(ADDRESSES, max_size=8), files=FILES)
@settings(max_examples=120, deadline=None)
def test_whom_it_goes_to_and_what_goes_with_it_is_read_back(
    to: list[str], cc: list[str], files: list[tuple[str, bytes]]
) -> None:
    sent = tuple(Attachment(name, "application/octet-stream", len(data), data) for name, data in files)
    out = compose.new(box=BOX, to=to, cc=cc, subject="Files", body="Here.", now=NOW, attachments=sent)
    back = parse(out.raw)
    assert back.to == tuple(to)
    assert back.cc == tuple(dict.fromkeys(a for a in cc if a not in to))
    assert out.recipients == (*back.to, *back.cc)
    assert [a.content for a in back.attachments] == [data for _, data in files]
    assert [a.filename for a in back.attachments] == [name for name, _ in files]
    assert back.text.strip() == "Here."
