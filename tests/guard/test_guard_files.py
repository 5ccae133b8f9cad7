"""Files that are not what their name says, or that start something, are told; ordinary ones are not."""

import pytest

from desk.guard.files import risk

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("invoice.pdf.exe", b"MZ\x90", "calls itself .pdf"),
        ("invoice.pdf", b"MZ\x90", "is a Windows program"),
        ("photo.jpg", b"#!/bin/sh", "is a script"),
        ("run.js", b"var a", "starts something"),
        ("bill.docm", b"PK\x03\x04", "macros"),
        ("bill.docx", b"PK\x03\x04 word/vbaProject.bin", "macros"),
        ("bill.rtf", OLE, "old Office"),
        ("photo.png", b"PK\x03\x04", "is a ZIP file"),
        ("invoice\u202efdp.exe", b"", "starts something"),
        ("invoice\u202efdp.txt", b"", "backwards"),
        ("login.html", b"<html>", "scripts"),
        ("a.lnk", None, "starts something"),
    ],
)
def test_a_risk_is_told(name: str, content: bytes | None, says: str) -> None:
    assert says in risk(name, content)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("invoice.pdf", b"%PDF-1.7"), ("photo.jpg", b"\xff\xd8\xff"), ("a.zip", b"PK\x03\x04"), ("t.csv", b"a,b"),
        ("letter.docx", b"PK\x03\x04"), ("old.doc", OLE), ("notes.txt", b"hello"), ("", b"x"), ("a.b.c.pdf", b"%PDF"),
    ],
)  # fmt: skip
def test_an_ordinary_file_is_no_risk(name: str, content: bytes) -> None:
    assert risk(name, content) == ""
