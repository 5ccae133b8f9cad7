"""Cutting text into sentences, and what in a sentence must have a source."""

import re

_MARKUP = (
    (re.compile(r"^\s{0,3}#{1,6}\s+.*$", re.M), ""),
    (re.compile(r"!\[([^\]]*)\]\([^)]*\)"), r"\1"),
    (re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)"), r"\1 (\2)"),
    (re.compile(r"(\*\*|__)(.+?)\1"), r"\2"),
    (re.compile(r"(?<!\w)[*_](\S(?:.*?\S)?)[*_](?!\w)"), r"\1"),
    (re.compile(r"`([^`]+)`"), r"\1"),
    (re.compile(r"^[ \t]*[*+•][ \t]+", re.M), "- "),
)
_ABBREVIATIONS = frozenset(
    "dr mr mrs ms prof st nr no art z.b bzw ca inkl usw etc e.g i.e vs approx bijv dhr mevr p.ej sr sra m mme "
    "tel abs max min".split()
)
_END = re.compile(r"([.!?…]+[\"'”’»)]*)(\s+|$)|\n+")
_WRAP = re.compile(r"(?<=[^\n]{48}[^\n.!?:])\n(?=[^\W_]|[(\"'“‘„«])(?!\d{1,2}[.)] )")
"""The end of a long line that ends no sentence, before one that begins no list."""
_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_NUMBER = re.compile(r"\d+(?:[.,:/]\d+)*")
_LINK = re.compile(r"(?:https?://|www\.)[^\s<>()\"']+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.I)
_PROMISE = re.compile(
    r"\b(?:guarantee\w*|promise\w*|we will refund|i will refund|full refund|free of charge|compensat\w+|"
    r"garantier\w*|versprech\w*|erstatten wir|kostenlos\w*|gratis|"
    r"garandeer\w*|beloof\w*|beloven|vergoeden|kosteloos|"
    r"garanti(?:s|r|t|ssons)|promet\w*|rembourser(?:ons|ai)|gratuit\w*|"
    r"garantiza\w*|promet\w*|reembolsar\w*|gratuit\w*)\b",
    re.I,
)
_INTRODUCTION = re.compile(
    r"\b(?:my name is|i am|i'm|this is|mein name ist|ich bin|ich heiße|mijn naam is|ik ben|je m'appelle|je suis|"
    r"me llamo|mi nombre es|soy)\s+(?P<name>[A-ZÀ-Ý][a-zà-ÿ]+)",
    re.I,
)
_STOP = frozenset(
    """a an and are as at be been but by can could do does for from had has have he her his how i if in into is it its me my
    no not of on or our she should so than that the their them then there these they this to was we were what when where
    which who will with would you your yours us am also any all more please thank thanks
    der die das den dem des ein eine einen einem einer und oder aber ist sind war waren wir ihr sie ich du es nicht mit von
    zu zum zur im in an am auf für bei aus nach über wie was wenn dass auch noch nur schon sich ihre ihren ihrem ihnen uns
    unser de het een en of maar is zijn was wij we u je jij ik niet met van naar te op voor bij uit over hoe wat als dat ook
    nog le la les un une des et ou mais est sont nous vous tu je il elle ne pas avec de du au aux pour dans sur par que qui
    ce el los las una unos unas y o pero es son nosotros usted tú yo no con del al para en por que se su sus lo""".split()
)


def plain(markdown: str) -> str:
    """Markdown as the plain text of a mail: headings dropped, emphasis and links written out."""
    for pattern, into in _MARKUP:
        markdown = pattern.sub(into, markdown)
    return re.sub(r"\n{3,}", "\n\n", markdown).strip()


def sentences(text: str) -> list[tuple[int, int]]:
    """Spans (start, end) of the sentences and lines of a text, without surrounding white space."""
    spans, start = [], 0
    for found in _END.finditer(text):
        end = found.end(1) if found.group(1) else found.start()
        last = text[start:end].rstrip(".").rsplit(None, 1)[-1:] or [""]
        short = last[0].lower().strip("(") in _ABBREVIATIONS or last[0].isdigit()
        if found.group(1) == "." and short and found.end() < len(text):
            continue
        spans.append((start, end))
        start = found.end()
    spans.append((start, len(text)))
    out = []
    for a, b in spans:
        piece = text[a:b]
        if stripped := piece.strip():
            a += piece.index(stripped[0])
            out.append((a, a + len(stripped)))
    return out


def words(text: str) -> set[str]:
    """The content words of a text, casefolded: letters only, function words of five languages left out."""
    return {w for w in (m.group().casefold() for m in _WORD.finditer(text)) if w not in _STOP and len(w) > 1}


def hard_tokens(sentence: str) -> set[str]:
    """What a source must carry to the letter: numbers, amounts, dates, links, addresses, and a name someone gives as theirs."""
    links = {found.group().rstrip(".,;:!?") for found in _LINK.finditer(sentence)}
    rest = _LINK.sub(" ", sentence)
    numbers = {number(found.group()) for found in _NUMBER.finditer(rest)}
    names = {found.group("name") for found in _INTRODUCTION.finditer(rest) if found.group("name")[0].isupper()}
    return {token.casefold() for token in links | numbers | names}


def number(text: str) -> str:
    """A number in one spelling: 29,90 and 29.90 are the same, trailing zeros and separators of thousands aside."""
    text = text.rstrip(".,:/")
    if re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", text):
        return re.sub(r"[.,]", "", text)
    if re.fullmatch(r"\d+[.,]\d{1,2}", text):
        whole, part = re.split(r"[.,]", text)
        return f"{whole}.{part.ljust(2, '0')}" if part.strip("0") else whole
    return text


def carries(source: str, tokens: set[str]) -> bool:
    """Whether a source holds every one of these hard tokens."""
    return tokens <= {number(f.group()).casefold() for f in _NUMBER.finditer(source)} | {
        f.group().rstrip(".,;:!?").casefold() for f in _LINK.finditer(source)
    } | {w.group().casefold() for w in _WORD.finditer(source)}


def promises(sentence: str) -> bool:
    """Whether the sentence commits the shop to something (money, a guarantee)."""
    return bool(_PROMISE.search(sentence))


def unwrapped(text: str) -> str:
    """The text with the breaks of hard-wrapped lines as spaces; every place in it stays the same."""
    return _WRAP.sub(" ", text)


def bare(mail: str) -> str:
    """The words of a mail between its greeting and its closing."""
    lines = mail.strip().splitlines()
    while lines and (
        not lines[0].strip() or (len(lines[0].split()) <= 6 and lines[0].strip().endswith((",", ":", "!")))
    ):
        lines.pop(0)
    while lines and (
        not lines[-1].strip() or (len(lines[-1].split()) <= 5 and not lines[-1].strip().endswith((".", "?", "!")))
    ):
        lines.pop()
    return "\n".join(lines).strip()
