"""Bytes to text for mail as it really arrives: wrong, missing and invented charset names."""

import codecs
import re
from functools import lru_cache

_ALIASES = {
    "us-ascii": "utf-8",
    "ascii": "utf-8",
    "ansi_x3.4-1968": "utf-8",
    "ansi_x3.110-1983": "cp1252",
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "l1": "cp1252",
    "ansi": "cp1252",
    "western": "cp1252",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-8-e": "iso-8859-8",
    "iso-8859-6-i": "iso-8859-6",
    "iso-8859-6-e": "iso-8859-6",
    "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874",
    "tis-620": "cp874",
    "windows-874": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "cp936": "gb18030",
    "gb_2312-80": "gb18030",
    "gb-2312": "gb18030",
    "hz-gb-2312": "hz",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601-1989": "cp949",
    "ksc5601": "cp949",
    "euc-kr": "cp949",
    "big5": "cp950",
    "x-x-big5": "cp950",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "sjis": "cp932",
    "windows-31j": "cp932",
    "iso-2022-jp": "iso2022_jp_ext",
    "cp50220": "iso2022_jp_ext",
    "csiso2022jp": "iso2022_jp_ext",
    "unicode-1-1-utf-7": "utf-7",
    "utf8mb4": "utf-8",
    "utf_8": "utf-8",
    "unicode": "utf-16",
    "iso-10646-ucs-2": "utf-16",
    "ucs-2": "utf-16",
    "utf-8-mac": "utf-8",
    "x-mac-roman": "mac-roman",
    "macintosh": "mac-roman",
    "mac": "mac-roman",
    "x-mac-cyrillic": "mac-cyrillic",
    "x-mac-ce": "mac-latin2",
    "koi8r": "koi8-r",
    "koi": "koi8-r",
    "x-cp1250": "cp1250",
    "x-cp1251": "cp1251",
    "x-ibm850": "cp850",
    "8bit": "",
    "7bit": "utf-8",
    "binary": "",
    "x-unknown": "",
    "unknown": "",
    "unknown-8bit": "",
    "x-user-defined": "",
    "default": "",
    "default_charset": "",
    "none": "",
}
_BAD_CODECS = {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem", "utf-7"}
_CONTROL = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 127], None)
_ESCAPE_JP = re.compile(rb"\x1b\$[@B]|\x1b\(J")
_HIGH = re.compile(rb"[\x80-\xff]")
_UTF8_PAIR = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")


@lru_cache(maxsize=256)
def codec(name: str) -> str:
    """The Python codec for a charset name as found in mail, or "" when there is none that turns bytes into text."""
    plain = name.strip().strip("\"'<>").split("*", 1)[0].strip().lower()
    if plain in _ALIASES:
        return _ALIASES[plain]
    tries = [plain, plain.removeprefix("x-"), plain.replace("windows-", "cp"), plain.removeprefix("charset=")]
    if found := re.search(r"(?:windows|win|cp|ibm)[-_ ]?(\d{3,5})", plain):
        tries.append("cp" + found.group(1))
    if found := re.search(r"8859[-_ ]?(\d{1,2})", plain):
        tries.append("iso-8859-" + found.group(1))
    for candidate in tries:
        if not candidate or "\0" in candidate:
            continue
        if candidate in _ALIASES:
            return _ALIASES[candidate]
        try:
            info = codecs.lookup(candidate)
        except (LookupError, UnicodeError, ValueError):
            continue
        if not info._is_text_encoding or (info.name in _BAD_CODECS and info.name != "utf-7"):
            continue
        return "cp1252" if info.name == "iso8859-1" else "utf-8" if info.name == "ascii" else info.name
    return ""


def decode(data: bytes, charset: str = "") -> str:
    """Text of `data`: the declared charset when it fits, else what the bytes look like. Never raises.

    Declared UTF-8 that is not UTF-8 is read as windows-1252, unless most of it is well formed; other wrong labels keep
    their codec with replacement characters. NUL and other controls are dropped, line ends become \\n.
    """
    name = codec(charset)
    if data.startswith(codecs.BOM_UTF8):
        data, name = data[3:], "utf-8"
    elif data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and len(data) % 2 == 0:
        name = "utf-16"
    if name and name != "utf-8":
        try:
            return clean(data.decode(name))
        except (UnicodeError, ValueError, LookupError):
            return clean(_forced(data, name))
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return clean(_guess(data, declared_utf8=codec(charset) == "utf-8" and bool(charset)))
    if b"\x1b" in data and _ESCAPE_JP.search(data):
        text = data.decode("iso2022_jp_ext", "replace")
    return clean(text)


def _forced(data: bytes, name: str) -> str:
    if name == "cp1252":
        # The five bytes windows-1252 leaves open are the C1 controls of ISO 8859-1.
        return "".join(_CP1252[b] for b in data) if not _mostly_utf8(data) else data.decode("utf-8", "replace")
    if _mostly_utf8(data):
        return data.decode("utf-8", "replace")
    try:
        return data.decode(name, "replace")
    except (UnicodeError, ValueError, LookupError):
        return _guess(data)


_CP1252 = [bytes([b]).decode("cp1252", "ignore") or chr(b) for b in range(256)]


def _mostly_utf8(data: bytes) -> bool:
    high = len(_HIGH.findall(data))
    good = sum(len(m) for m in _UTF8_PAIR.findall(data))
    return high > 3 and good >= 0.9 * high


def _guess(data: bytes, declared_utf8: bool = False) -> str:
    if b"\x1b" in data and _ESCAPE_JP.search(data):
        return data.decode("iso2022_jp_ext", "replace")
    high = len(_HIGH.findall(data))
    good = sum(len(m) for m in _UTF8_PAIR.findall(data))
    if high and good >= (0.5 if declared_utf8 else 0.8) * high:
        return data.decode("utf-8", "replace")
    if other := _japanese(data, high) or _other_script(data, high):
        return other
    return "".join(_CP1252[b] for b in data)


def _japanese(data: bytes, high: int) -> str:
    """Undeclared Shift_JIS or EUC-JP, taken only when nearly every high byte becomes kana or kanji."""
    if high < 8:
        return ""
    best, best_share = "", 0.0
    for name in ("cp932", "euc_jp"):
        try:
            text = data.decode(name)
        except UnicodeDecodeError:
            continue
        outside = [c for c in text if ord(c) > 127]
        kana = sum("\u3040" <= c <= "\u30ff" for c in outside)
        wide = sum("\u3000" <= c <= "\u9fff" or "\uff00" <= c <= "\uff60" for c in outside)
        share = wide / len(outside) if outside else 0.0
        if share >= 0.95 and kana >= 0.15 * len(outside) and share > best_share:
            best, best_share = text, share
    return best


# Letters that make up most of any text in a script, and how much of it they make up at least.
_COMMON = {
    "cp1251": ("оеаинтсрвлкмдпуяызьбй,", 0.6),
    "koi8-r": ("оеаинтсрвлкмдпуяызьбй,", 0.6),
    "cp1253": ("αοιετνσρηυκπλμςάέήίόύώγδ", 0.6),
    "cp1255": ("יוהלארתבמשנםעדקחכ", 0.6),
    "cp1256": ("اليمنورتبةعدسفكهحقش", 0.6),
    "gb18030": (
        "的一是不了在人有我他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可里后小么心多天而能好都然没日于起还发成"
        "事只作当想看文无开手用主行方又如前所本见经头面公同三已老从动两长知样现理电话谢请问退款单货收买卖订产品服务，。！？",
        0.3,
    ),
    "cp950": (
        "的一是不了在人有我他這中大來上國個到說們為子和你地出道也時年得就那要下以生會自著去之過家學對可裡後小麼心多天而能好都然沒日於起還發成"
        "事只作當想看文無開手用主行方又如前所本見經頭面公同三已老從動兩長知樣現理電話謝請問退款單貨收買賣訂產品服務您尚未，。！？",
        0.3,
    ),
    "cp949": ("이다는을의가에하고지요니세로한도습사기안녕주문합시게은있어서리아나자를인그수", 0.3),
}


def _other_script(data: bytes, high: int) -> str:
    """Undeclared text in a script of its own, where high bytes outnumber the ASCII letters; Latin text never looks so.

    Of the codecs that read all of it, the one wins whose script's most common letters it shows the most of.
    """
    letters = sum(chr(b).isalpha() for b in data[:4000] if b < 128)
    if high < 4 or len(_HIGH.findall(data[:4000])) < 1.5 * letters:
        return ""
    best, best_score = "", 1.0
    for name, (common, share) in _COMMON.items():
        try:
            text = data.decode(name)
        except UnicodeDecodeError:
            continue
        outside = [c for c in text[:4000] if ord(c) > 127]
        score = sum(c in common for c in outside) / len(outside) / share if outside else 0.0
        if score > best_score:
            best, best_score = text, score
    return best


def clean(text: str) -> str:
    """Drop control characters and lone surrogates and unify line ends, so that any store and terminal can take it."""
    if not text.replace("\n", "").isprintable():
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        text = text.translate(_CONTROL)
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
