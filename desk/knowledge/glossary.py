"""Support vocabulary of five languages put into English, word by word, for a sentence model that knows English best.

The model was trained on English; a word-for-word gloss of the common words is enough for it to place a question beside
the right article. It is used for vectors only, never shown. `glossary.tsv` holds one row per English word with its
forms in de, nl, fr, es and it, separated by `|`; a form ending in `*` stands for every word that begins so.
"""

import hashlib
import re
import unicodedata
from functools import lru_cache
from pathlib import Path

LANGUAGES = ("de", "nl", "fr", "es", "it")
_FILE = Path(__file__).resolve().parent / "glossary.tsv"
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
# Words that tell English from the others: frequent there, rare or absent elsewhere.
_ENGLISH_WORDS = """
    the and you your my is are was were be been have has had do does did not this that these those with for
    from of to it its i me we our us they their he she his her what when where why how who which can could
    would should will shall may might must please thanks thank hello hi dear regards if or but because than
    then there here on at by about into out up down over again any some all more most other only just very
    too also an a as so get got need want know like don't can't won't isn't didn't doesn't i'm i've it's
    you're order account payment refund help password email
"""
_ENGLISH = frozenset(re.findall(r"\S+", _ENGLISH_WORDS))


@lru_cache(maxsize=1)
def _phrases() -> dict[str, tuple[re.Pattern[str], dict[str, str]]]:
    """Forms of several words per language: one pattern and what each form means."""
    found: dict[str, dict[str, str]] = {lang: {} for lang in LANGUAGES}
    for lang, forms in _table()[0].items():
        found[lang] = {form: english for form, english in forms.items() if " " in form}
    return {
        lang: (re.compile(r"\b(?:" + "|".join(map(re.escape, sorted(forms, key=len, reverse=True))) + r")\b"), forms)
        for lang, forms in found.items()
        if forms
    }


@lru_cache(maxsize=1)
def _table() -> tuple[dict[str, dict[str, str]], dict[str, dict[str, list[tuple[str, str]]]]]:
    """Whole words per language, and beginnings of words by their first two letters, the longest first."""
    exact: dict[str, dict[str, str]] = {lang: {} for lang in LANGUAGES}
    starts: dict[str, dict[str, list[tuple[str, str]]]] = {lang: {} for lang in LANGUAGES}
    for line in _FILE.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        english, *cells = line.split("\t")
        for lang, cell in zip(LANGUAGES, cells, strict=True):
            for form in filter(None, cell.split("|")):
                if form.endswith("*"):
                    beginning = fold(form[:-1])
                    starts[lang].setdefault(beginning[:2], []).append((beginning, english))
                else:
                    exact[lang].setdefault(fold(form), english)
    for letters in starts.values():
        for pairs in letters.values():
            pairs.sort(key=lambda pair: -len(pair[0]))
    return exact, starts


def fingerprint() -> str:
    """Hash of the word list: it is part of what made a vector."""
    return hashlib.sha256(_FILE.read_bytes()).hexdigest()[:16]


def fold(word: str) -> str:
    """Lower case without accents: `Größe` gives `grosse`."""
    plain = unicodedata.normalize("NFKD", word.replace("ß", "ss").replace("’", "'").lower())
    return "".join(c for c in plain if not unicodedata.combining(c))


@lru_cache(maxsize=50_000)
def _gloss(word: str, lang: str) -> str | None:
    """The English of one folded word, or None. Elided articles (l', d', c'è) and German compounds are opened."""
    exact, starts = _table()
    found = exact[lang].get(word)
    if found is not None:
        return found
    if "'" in word and lang in ("fr", "it"):
        return _gloss(word.split("'", 1)[1], lang)
    for start, english in starts[lang].get(word[:2], ()):
        if word.startswith(start):
            rest = word[len(start) :]
            if lang in ("de", "nl") and len(rest) >= 4:
                tail = _tail(rest, lang)
                return f"{english} {tail}" if tail else english
            return english
    return None


def _tail(rest: str, lang: str) -> str | None:
    """English of the second half of a compound such as Rechnungs|adresse, linking letters skipped."""
    for skip in (0, 1, 2):
        if len(rest) - skip >= 4:
            part = rest[skip:]
            exact, starts = _table()
            if part in exact[lang]:
                return exact[lang][part]
            for start, english in starts[lang].get(part[:2], ()):
                if len(start) >= 4 and part.startswith(start):
                    return english
    return None


def _weight(word: str, lang: str) -> float:
    """How strongly a folded word speaks for a language: fully where it is listed, less where only its beginning is."""
    found = _gloss(word, lang)
    if found is None or found == word:
        return 0.0
    return 1.0 if word in _table()[0][lang] else 0.6


def spoken(text: str) -> str:
    """Which of `LANGUAGES` the words of `text` belong to, or "en" when English words are as many or none is known."""
    words = [fold(w) for w in _WORD.findall(text[:2000])]
    if not words:
        return "en"
    english = sum(w in _ENGLISH for w in words)
    counts = {lang: sum(_weight(w, lang) for w in words) for lang in LANGUAGES}
    best = max(LANGUAGES, key=lambda lang: counts[lang])
    return best if counts[best] > english and counts[best] >= 0.25 * len(words) else "en"


def to_english(text: str) -> str:
    """`text` with every known foreign word replaced by its English one; English text comes back unchanged."""
    lang = spoken(text)
    if lang == "en":
        return text

    def put(match: re.Match[str]) -> str:
        found = _gloss(fold(match.group()), lang)
        return match.group() if found is None else found

    def glossed(part: str) -> str:
        return _WORD.sub(put, part)

    pattern, meanings = _phrases()[lang]
    plain, pieces, at = fold(text), [], 0
    for match in pattern.finditer(plain):
        pieces += [glossed(plain[at : match.start()]), meanings[match.group()]]
        at = match.end()
    return re.sub(r"\s+", " ", "".join([*pieces, glossed(plain[at:])])).strip()
