"""What an attachment is behind its name: told by its first bytes and its endings, so that a person is warned in time."""

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a program"),
    (b"\xcf\xfa\xed\xfe", "a program"),
    (b"\xca\xfe\xba\xbe", "a program"),
    (b"#!", "a script"),
    (b"L\x00\x00\x00\x01\x14\x02\x00", "a shortcut that starts something"),
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"PK\x03\x04", "a ZIP file"),
    (b"Rar!", "a RAR file"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip file"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office file"),
)
_STARTS = frozenset(
    "exe com scr pif bat cmd msi msp dll cpl hta js jse vbs vbe wsf wsh ps1 psm1 jar lnk url reg scf inf sh bash command "
    "app apk deb rpm dmg pkg iso img vhd vhdx appx appimage desktop workflow chm gadget application one py pyw".split()
)
_MACROS = frozenset("docm dotm xlsm xltm xlam xlsb pptm potm ppam ppsm sldm xll".split())
_KNOWN = {
    "pdf": "a PDF", "png": "a picture", "jpg": "a picture", "jpeg": "a picture", "gif": "a picture",
    "zip": "a ZIP file", "docx": "a ZIP file", "xlsx": "a ZIP file", "pptx": "a ZIP file",
}  # fmt: skip
_PAGES = frozenset("html htm xhtml shtml svg mht mhtml".split())


def risk(name: str, content: bytes | None) -> str:
    """Why a person should not just open this file, in words; empty where nothing speaks against it.

    `content` may be its beginning only, or None where just the name is known. Nothing is unpacked or run.
    """
    endings = [part.strip().lower() for part in name.rsplit("/", 1)[-1].split(".")[1:] if part.strip()]
    last = endings[-1] if endings else ""
    is_one = _kind(content or b"")
    if last in _STARTS or is_one.startswith(("a Windows program", "a program", "a script", "a shortcut")):
        if len(endings) > 1 and (endings[-2] in _KNOWN or endings[-2] in ("doc", "xls", "txt")):
            return f"it calls itself .{endings[-2]} but starts as .{last}"
        if last and last not in _STARTS:
            return f"it calls itself .{last} but is {is_one}"
        return f"it is {is_one or 'a file that starts something'}"
    if any(mark in name for mark in "\u202a\u202b\u202d\u202e\u2066\u2067\u2068"):
        return "its name is written to be read backwards"
    if last in _MACROS or b"vbaProject.bin" in (content or b"")[:2_000_000]:
        return "it can hold macros"
    if is_one == "an old Office file" and last not in ("msg", "doc", "xls", "ppt"):
        return f"it is {is_one}, which can hold macros"
    if last in _KNOWN and is_one and is_one != _KNOWN[last]:
        return f"it calls itself .{last} but is {is_one}"
    return "it is a page that can run scripts" if last in _PAGES else ""


def _kind(content: bytes) -> str:
    return next((kind for magic, kind in _MAGIC if content.startswith(magic)), "")
