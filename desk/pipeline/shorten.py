"""A passage with fewer words: what answers, and every number, condition and promise; nothing else is left out by guess."""

import re

from desk.pipeline.sentences import hard_tokens, promises, sentences, words

_STEM = 5
"""Letters by which two words are told to be the same."""
_CONDITION = re.compile(
    r"\b(?:if|unless|only|except|until|not|no|never|must|cannot|can't|without|before|after|"
    r"wenn|falls|sofern|nur|außer|bis|nicht|kein\w*|nie|muss|müssen|ohne|bevor|nachdem|"
    r"als|indien|tenzij|alleen|behalve|tot|niet|geen|nooit|moet|moeten|zonder|voordat|"
    r"si|sauf|seulement|uniquement|jusqu\w*|pas|aucune?|jamais|doit|devez|sans|avant|après|"
    r"solo|sólo|excepto|salvo|hasta|ningun\w*|nunca|debe|sin|antes|después)\b|\bn['’]",
    re.I,
)


def shortened(text: str, question: str) -> str:
    """The sentences of `text` that share a word with the question, hold a number, a link, a condition or a promise, or
    lead to one that does; all of it where that would leave nothing."""
    asked = {word[:_STEM] for word in words(question) if len(word) > 3}
    spans = sentences(text)
    keep = [_counts(text[a:b], asked) for a, b in spans]
    for place in range(len(spans) - 2, -1, -1):
        leads = text[spans[place][0] : spans[place][1]].endswith(":")
        keep[place] = keep[place] or (leads and keep[place + 1])
    if not any(keep) or all(keep):
        return text
    out, at = "", 0
    for (start, end), wanted in zip(spans, keep, strict=True):
        if wanted:
            gap = text[at:start]
            out += ("\n\n" if gap.count("\n") > 1 else "\n" if "\n" in gap else " ") if out else ""
            out += text[start:end]
        at = end if wanted else at
    return out


def _counts(sentence: str, asked: set[str]) -> bool:
    said = {word[:_STEM] for word in words(sentence)}
    return bool(hard_tokens(sentence)) or promises(sentence) or bool(_CONDITION.search(sentence)) or bool(said & asked)
