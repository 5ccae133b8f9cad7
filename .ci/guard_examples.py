"""What the guard's heads learn from: passages that are orders to a machine, and passages that are not.

Attacks are put together from wrappers.tsv (how a passage takes hold of a machine, `{P}` for what it wants) and
payloads.tsv (what it wants), whole.tsv, attacks.tsv and parts.toml, and made up by grammar.toml; in wrappers, payloads
and forms `{a|b}` stands for either and `<name>` for a line of words.toml. Harmless are talk.tsv, forms.tsv,
harmless.tsv, the mails of mail.tsv, the grammar, the triage examples, what the code says about itself, and
../shared/corpora/support/train.jsonl where it is there.
"""

import ast
import json
import random
import re
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from desk.guard import head
from desk.guard.normalise import views

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / "desk" / "guard" / "examples"
CORPUS = ROOT.parent / "shared" / "corpora" / "support" / "train.jsonl"
_NAME = re.compile(r"<([A-Za-z]+\d?)>")
_EITHER = re.compile(r"\{([^{}]*\|[^{}]*)\}")
_ASKED = (
    'answer this: "{}"', "answer the following question: {}", "tell me this: {}", 'answer "{}"', "find out: {}",
    "reply to this question: {}", "answer this question: '{}'",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Example:
    """A passage, whether it is an attack, how much it counts, and the lines it was made from."""

    text: str
    attack: bool
    weight: float
    lines: tuple[str, ...] = ()
    language: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an example file with its name and language."""

    name: str
    language: str
    text: str


def level(text: str) -> str:
    """A text as the guard reads it."""
    return views(text.replace("\\n", "\n").replace("\\(", "(").replace("\\)", ")")).views[0].text


def lines(file: str) -> list[Line]:
    """Lines of a file of language and text, tab between."""
    rows = [row.split("\t", 1) for row in (HERE / file).read_text("utf-8").splitlines() if "\t" in row]
    return [Line(f"{file}:{n}", language, text) for n, (language, text) in enumerate(rows)]


def rows(name: str) -> list[tuple[str, str, str]]:
    """Lines of an older example file: technique, language, text."""
    found = (HERE / name).read_text("utf-8").splitlines()
    return [(a, b, level(c)) for a, b, c in (line.split("\t", 2) for line in found if line.strip())]


def tables(name: str) -> dict[str, dict[str, list[str]]]:
    """The tables of a TOML file of examples."""
    return tomllib.loads((HERE / name).read_text("utf-8"))


class Maker:
    """Puts examples together, the same ones every time."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self._words: dict[str, list[str]] = tomllib.loads((HERE / "words.toml").read_text("utf-8"))
        self._wrappers, payloads = lines("wrappers.tsv"), lines("payloads.tsv")
        self._payloads: dict[str, list[Line]] = defaultdict(list)
        for line in payloads:
            self._payloads[line.language].append(line)

    def expand(self, text: str) -> str:
        """A text with every choice made."""
        for _ in range(12):
            chosen = _EITHER.sub(lambda m: self._rng.choice(m[1].split("|")), text)
            chosen = _NAME.sub(lambda m: self._rng.choice(self._words.get(m[1], [m[0]])), chosen)
            if chosen == text:
                break
            text = chosen
        return text

    def pair(self, wrapper: str, payload: str) -> str:
        """A wrapper around a payload, as a sentence."""
        before, _, after = wrapper.partition("{P}")
        ahead = before.rstrip(" \"'")
        begins = not ahead or ahead[-1] in ".:!?>])-=*|\n;"
        if payload.endswith("?"):
            if not begins or self._rng.random() < 0.25:
                payload = self._rng.choice(_ASKED).format(payload)
        elif begins and (not ahead or ahead[-1] not in ":;" or self._rng.random() < 0.5):
            payload = payload[:1].upper() + payload[1:]
        if payload[-1:] in ".?!" and after[:1] in (".", "?", "!", ",", ";"):
            after = after[1:]
        text = f"{before}{payload}{after}"
        return f"{text}." if text[-1:].isalnum() and self._rng.random() < 0.7 else text

    def wrapped(self) -> Iterator[Example]:
        """Every wrapper with several payloads, every payload with several wrappers, and each of both alone."""
        choice = self._rng.choice
        free = [w for w in self._wrappers if w.language == "en"]
        for wrapper in self._wrappers:
            many = "|" in wrapper.text
            for _ in range(40 if many else 6):
                yield self._join(wrapper, choice(self._payloads.get(wrapper.language) or self._payloads["en"]))
            alone = re.sub(r"\{P\}\W*$", "", wrapper.text)
            if re.search(r"[.:!)\]>|]\s*$", alone) and "{P}" not in alone and len(alone) > 18:
                for _ in range(3 if many else 1):
                    yield Example(level(self.expand(alone)), True, 0.5, (wrapper.name,), wrapper.language)
        for payload in (p for found in self._payloads.values() for p in found):
            many = "<" in payload.text or "|" in payload.text
            for _ in range((60 if many else 3) * (payload.language == "en")):
                yield self._join(choice(free), payload)
            for _ in range(12 if many else 1):
                yield Example(level(self.expand(payload.text)), True, 0.4, (payload.name,), payload.language)

    def _join(self, wrapper: Line, payload: Line) -> Example:
        text = self.pair(self.expand(wrapper.text), self.expand(payload.text))
        weight = 0.5 if wrapper.text == "{P}" else 1.0
        return Example(level(text), True, weight, (wrapper.name, payload.name), wrapper.language)

    def talk(self) -> Iterator[Example]:
        """Harmless texts, each by itself, its passages, and beside something else that is harmless."""
        found = [Example(level(line.text), False, 3.0, (line.name,)) for line in lines("talk.tsv")]
        yield from found
        for example in found:
            text = example.text
            for a, b in head.passages(text):
                if b - a < len(text) - 2:
                    yield Example(text[a:b], False, 1.0, example.lines)
        for _ in range(1_200):
            one, two = self._rng.choice(found), self._rng.choice(found)
            if len(one.text) + len(two.text) < 400:
                yield Example(f"{one.text} {two.text}", False, 1.0, one.lines)
        forms = lines("forms.tsv")
        for _ in range(7_000):
            form = self._rng.choice(forms)
            yield Example(level(self.expand(form.text)), False, 1.0, (form.name,))


def joined() -> tuple[list[tuple[str, str]], list[str]]:
    """Attacks (language, text) and harmless sentences put together from halves."""
    attacks: list[tuple[str, str]] = []
    harmless: list[str] = []
    for language, part in tables("parts.toml").items():
        pairs = list(product(part["machine"], part["order"]))
        attacks += [(language, level(f"{a} {b}")) for a, b in pairs[:: 1 + len(pairs) // 250]]
        attacks += [(language, level(b)) for b in part["order"]]
        pairs = [*product(part["person"], part["chore"]), *product(part["talk"], part["chore"])]
        harmless += [level(f"{a} {b}") for a, b in pairs[:: 1 + len(pairs) // 250]]
        harmless += [level(t) for t in (*part["talk"], *part["chore"], *part["person"])]
    return attacks, harmless


def made(table: dict[str, list[str]], text: str, rng: random.Random) -> str:
    """A line of the grammar with every `<name>` filled in; `<Name>` begins with a capital, `<NAME>` is all capitals."""

    def put(m: re.Match[str]) -> str:
        name = m[1]
        if name.lower() not in table or name not in (name.lower(), name.capitalize(), name.upper()):
            return m[0]
        found = made(table, rng.choice(table[name.lower()]), rng)
        if name == name.lower():
            return found
        return found.upper() if name == name.upper() else found[:1].upper() + found[1:]

    return _NAME.sub(put, text)


def sentences(kind: str, count: int, seed: int) -> list[tuple[str, str]]:
    """`count` sentences of the grammar, each with the name of the form it was made from."""
    table, rng = tables("grammar.toml")[kind], random.Random(seed)
    forms = table[kind]
    return [(f"{kind}:{i % len(forms)}", level(made(table, forms[i % len(forms)], rng))) for i in range(count)]


def _said_in_code() -> Iterator[str]:
    """What the docstrings of desk say, but for the guard's own, which speak of attacks."""
    for file in sorted((ROOT / "desk").rglob("*.py")):
        if "guard" in file.parts:
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                yield ast.get_docstring(node) or ""


def mails() -> list[tuple[str, str, str]]:
    """Whole mails that are no orders to a machine: "spam" or "ham", language, text."""
    found = (HERE / "mail.tsv").read_text("utf-8").splitlines()
    return [(kind, language, text.replace("\\n", "\n")) for kind, language, text in (row.split("\t") for row in found)]


def others() -> list[str]:
    """Harmless passages that were written for something else."""
    texts = list(_said_in_code())
    for file in [
        *sorted((ROOT / "desk" / "triage" / "examples").glob("*.jsonl")),
        *([CORPUS] if CORPUS.exists() else []),
    ]:
        texts += [json.loads(line)["text"] for line in file.read_text("utf-8").splitlines() if line.strip()]
    texts += [text for _, _, text in mails()]
    texts += [p.read_text("utf-8") for p in sorted((ROOT / "sample_mailbox" / "knowledge").glob("*.md"))]
    found: list[str] = []
    for text in texts:
        read = level(text)
        found += [read[a:b] for a, b in head.passages(read)]
    return sorted({t for t in found if len(head.words(t)) >= 2})


def examples() -> list[Example]:
    """All passages, each once."""
    put, mild = joined()
    maker = Maker(1)
    found = [Example(t, True, 1.5, (technique,), language) for technique, language, t in rows("attacks.tsv")]
    found += [Example(t, False, 1.5, ("harmless.tsv",)) for _, _, t in rows("harmless.tsv")]
    found += [Example(level(x.text), True, 2.0, (x.name,), x.language) for x in lines("whole.tsv")]
    found += maker.wrapped()
    found += maker.talk()
    found += [Example(t, True, 0.6, (f"parts:{language}",), language) for language, t in put]
    found += [Example(t, False, 0.6, ("parts",)) for t in mild]
    found += [Example(t, False, 1.0, (f"other:{t}",)) for t in others()]
    found += [Example(t, True, 0.7, (form,), "en") for form, t in sentences("attack", 3_500, 1)]
    found += [Example(t, False, 0.8, (form,)) for form, t in sentences("harmless", 8_000, 2)]
    return list({e.text: e for e in reversed(found)}.values())
