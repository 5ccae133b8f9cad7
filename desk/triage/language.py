"""Which language a text is in.

py3langid (a naive Bayes over byte n-grams, Lui and Baldwin 2012) limited to the languages mail comes in; texts too short
for it are judged by their commonest words first.
"""

import re
import threading
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

LANGUAGES = tuple("ar bg ca cs da de el en es fi fr he hi hu id it ja ko nl no pl pt ro ru sv tr uk vi zh".split())
_SAME = {"nb": "no", "nn": "no"}
_SHORT = 60
_LONGEST = 3000
_NOISE = re.compile(r"https?://\S+|www\.\S+|\S+@\S+|<[^>\n]{1,80}>|\b[\w.-]*\d[\w.-]*\b")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
# Words that are frequent in one of these languages and absent or rare in the others.
_TELLING = {
    "en": "the and is are you your my i was have has where when what how please thanks thank hello order would like with "
    "this that not it's i'm don't can't to of for can could do does did it we they be been from if",
    "de": "der das ist sind nicht ich sie und ein eine mein meine wo wie wann bitte danke hallo habe haben wird mit für "
    "auf bei noch nur kann können zu vom zum dass auch oder wir ihr euch warum welche kein keine guten",
    "nl": "het een niet ik jullie mijn waar wanneer hoe graag bedankt hallo heb hebben wordt met voor op bij nog kan "
    "kunnen naar van ook maar wij waarom welke geen dit dat zijn mij wil je uw goedemorgen",
    "fr": "le les est sont pas je vous et une mon ma où quand comment merci bonjour avec pour sur encore peut pouvez à "
    "du des aussi ou nous pourquoi quelle quel c'est j'ai n'est cette ce que qui suis ne",
    "es": "el los está son yo usted y una mi dónde cuándo cómo gracias hola con para sobre todavía puede pueden del "
    "también nosotros qué por cuál este esta quiero tengo mis se lo es muy ustedes buenas",
    "it": "il gli è sono non io lei una mio mia dov'è quando come grazie buongiorno ciao con per ancora può potete del "
    "della anche noi perché che questo questa vorrei ho di si salve avete",
    "pt": "o os está são não eu você e uma meu minha onde quando obrigado obrigada olá com para ainda pode podem do da "
    "também nós por qual este esta quero tenho foi bom boa ao muito",
}
_SCRIPTS = (
    ("HANGUL", "ko"),
    ("HIRAGANA", "ja"),
    ("KATAKANA", "ja"),
    ("HEBREW", "he"),
    ("GREEK", "el"),
    ("DEVANAGARI", "hi"),
)
_loading = threading.Lock()


@lru_cache(maxsize=8)
def _identifier(languages: tuple[str, ...]) -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # type: ignore[import-untyped]

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    known = set(identifier.nb_classes)
    wanted = {code for name in languages for code in ((name, "nb", "nn") if name == "no" else (name,))}
    identifier.set_languages(sorted(wanted & known))
    return identifier


@lru_cache(maxsize=1)
def _telling() -> dict[str, frozenset[str]]:
    return {name: frozenset(words.split()) for name, words in _TELLING.items()}


def detect(text: str, languages: Sequence[str] = LANGUAGES, *, default: str = "en") -> str:
    """ISO 639-1 code of the language `text` is in, one of `languages`; `default` where nothing can be read."""
    clean = _NOISE.sub(" ", text[:_LONGEST])
    words = [w.lower().replace("’", "'") for w in _WORD.findall(clean)]
    if not words:
        return default
    if (found := _by_script(clean)) in languages:
        return found
    if len(clean.strip()) <= _SHORT and (found := _by_words(words, languages)):
        return found
    with _loading:
        code = str(_identifier(tuple(languages)).classify(clean)[0])
    return _SAME.get(code, code)


def _by_script(text: str) -> str:
    """The language of a script that one language uses here; empty for the others."""
    names = [unicodedata.name(c, "") for c in text if c.isalpha()][:400]
    for script, language in _SCRIPTS:
        if sum(name.startswith(script) for name in names) > 0.15 * len(names):
            return language
    return ""


def _by_words(words: Sequence[str], languages: Sequence[str]) -> str:
    """The language most of whose telling words stand here, when it leads clearly; empty otherwise."""
    counts = sorted(
        ((sum(w in telling for w in words), name) for name, telling in _telling().items() if name in languages),
        reverse=True,
    )
    if not counts or counts[0][0] == 0:
        return ""
    second = counts[1][0] if len(counts) > 1 else 0
    clear = counts[0][0] >= max(2, second + 2, 0.4 * len(words)) or (counts[0][0] == len(words) and not second)
    return counts[0][1] if clear else ""
