"""winmail.dat: built here after MS-OXTNEF, read back; and the worked example of MS-OXRTFCP."""

import base64
import struct

from hypothesis import given
from hypothesis import strategies as st
from mailmessages import multipart, raw

from desk.mail import tnef
from desk.mail.parse import parse

PACKED = bytes.fromhex(
    "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c09002062770 5b06c647d0a800fa0".replace(
        " ", ""
    )
)


def attribute(level: int, tag: int, value: bytes) -> bytes:
    return bytes([level]) + struct.pack("<II", tag, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)


def properties(*found: tuple[int, int, bytes]) -> bytes:
    out = struct.pack("<I", len(found))
    for prop, kind, value in found:
        out += struct.pack("<HHII", kind, prop, 1, len(value)) + value + bytes(-len(value) % 4)
    return out


def winmail(*attributes: bytes) -> bytes:
    return struct.pack("<IH", 0x223E9F78, 1) + b"".join(attributes)


FILE = (
    attribute(2, 0x00069002, bytes(14)),
    attribute(2, 0x00018010, b"RECHNU~1.PDF\0"),
    attribute(2, 0x0006800F, b"%PDF content"),
    attribute(2, 0x00069005, properties((0x3707, 0x1F, "Rechnung März.pdf\0".encode("utf-16-le")))),
)


def mail_with(data: bytes, text: str = " ") -> bytes:
    encoded = base64.encodebytes(data).decode()
    wrapped = f"Content-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64\n\n{encoded}"
    made = multipart("mixed", f"Content-Type: text/plain\n\n{text}", wrapped)
    return raw(made.pop("body"), **made)


def test_text_and_files_are_unwrapped() -> None:
    body = attribute(1, 0x00069003, properties((0x1000, 0x1F, "Größe?\0".encode("utf-16-le"))))
    mail = parse(mail_with(winmail(body, *FILE)))
    assert mail.text == "Größe?"
    assert [(a.filename, a.content_type, a.content) for a in mail.attachments] == [
        ("Rechnung März.pdf", "application/pdf", b"%PDF content")
    ]


def test_html_and_rich_text_stand_in_and_own_text_wins() -> None:
    rich = attribute(1, 0x00069003, properties((0x1009, 0x102, PACKED)))
    web = attribute(1, 0x00069003, properties((0x1013, 0x102, b"<p>It <b>broke</b></p>")))
    assert parse(mail_with(winmail(rich))).text == "hello world"
    assert parse(mail_with(winmail(web))).text == "It broke"
    assert parse(mail_with(winmail(web), "My words")).text.strip() == "My words"


def test_the_published_example_unpacks() -> None:
    assert tnef.unpack_rtf(PACKED) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"


def test_a_file_that_only_says_it_is_one_is_kept() -> None:
    mail = parse(mail_with(b"not tnef at all"))
    assert [(a.filename, a.content) for a in mail.attachments] == [("winmail.dat", b"not tnef at all")]


@given(st.binary(max_size=300), st.integers(0, 250), st.binary(max_size=8))
def test_damaged_files_never_stop_the_parser(tail: bytes, cut: int, noise: bytes) -> None:
    whole = winmail(attribute(1, 0x00069003, properties((0x1009, 0x102, PACKED), (0x1000, 0x1F, b"a\0"))), *FILE)
    for data in (whole[:cut] + noise + whole[cut + len(noise) :], whole[:cut], whole[:6] + tail):
        tnef.unwrap(data)
    tnef.rtf_text(tnef.unpack_rtf(PACKED[:16] + tail))
