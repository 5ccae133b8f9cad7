"""What the guard finds of attacks that nobody trained on, and what harmless mail it flags.

`python .ci/check_guard.py FOLDER`. The folder holds wrappers.txt (kind, language, text with {P}), payloads.txt (kind,
language, text), whole.txt and harmless.txt (language, text), tab between. Every wrapper gets a payload of its language,
and all of it is put into mail a support desk gets: in plain sight, or with `--hidden` where a person does not see it.
Printed are recall per kind, false alarms, how well the scores rank and what is found at one false alarm in a hundred.
"""

import argparse
import html
import json
import random
import sys
from collections import defaultdict
from dataclasses import dataclass
from email.message import EmailMessage
from itertools import product
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from desk.guard import scan  # noqa: E402
from desk.guard.meaning import Embed  # noqa: E402
from desk.knowledge import embed  # noqa: E402
from desk.mail.parse import parse  # noqa: E402


@dataclass(frozen=True, slots=True)
class Case:
    """A text, its kind, and whether it is an attack."""

    text: str
    kind: str
    attack: bool


def rows(file: Path, columns: int) -> list[list[str]]:
    """Lines of tab-separated columns; `\\n` in a text is a line break."""
    lines = file.read_text("utf-8").splitlines()
    return [line.replace("\\n", "\n").split("\t", columns - 1) for line in lines if line.strip()]


def cases(folder: Path, rng: random.Random) -> list[Case]:
    """Every wrapper with a payload of its language, every whole attack, every harmless text."""
    payloads: dict[str, list[str]] = defaultdict(list)
    for _, language, text in rows(folder / "payloads.txt", 3):
        payloads[language].append(text)
    found = [
        Case(text.replace("{P}", rng.choice(payloads.get(language) or payloads["en"])), kind, True)
        for kind, language, text in rows(folder / "wrappers.txt", 3)
    ]
    found += [Case(text, "whole", True) for _, text in rows(folder / "whole.txt", 2)]
    return found + [Case(text, "harmless", False) for _, text in rows(folder / "harmless.txt", 2)]


def carriers() -> list[dict[str, str]]:
    """Mails of the triage examples that are long enough to hide something in."""
    files = sorted((ROOT / "desk" / "triage" / "examples").glob("*.jsonl"))
    mails = [json.loads(line) for f in files if f.stem != "spam" for line in f.read_text("utf-8").splitlines() if line]
    return [m for m in mails if 150 < len(m["text"]) < 1500]


def mail(text: str, carrier: dict[str, str], rng: random.Random, *, hidden: bool) -> bytes:
    """A mail with the text as a paragraph of its own, or in an element that no one sees."""
    message = EmailMessage()
    message["From"], message["To"] = "Ann Lee <ann@shop.example>", "help@desk.example"
    message["Subject"], message["Message-ID"] = carrier.get("subject") or "Question", "<1@shop.example>"
    paragraphs = carrier["text"].split("\n\n")
    at = rng.randint(0, len(paragraphs))
    if not hidden:
        message.set_content("\n\n".join([*paragraphs[:at], text, *paragraphs[at:]]))
        return message.as_bytes()
    shown = [f"<p>{html.escape(p)}</p>" for p in paragraphs]
    shown.insert(max(1, at), f'<div style="display:none">{html.escape(text)}</div>')
    message.set_content(f"<html><body>{''.join(shown)}</body></html>", subtype="html")
    return message.as_bytes()


def ranked(bad: np.ndarray, good: np.ndarray) -> tuple[float, float]:
    """Chance that an attack outranks a harmless mail, and recall at one false alarm in a hundred."""
    order = np.sort(good)
    above = (np.searchsorted(order, bad, "left") + np.searchsorted(order, bad, "right")) / 2 / len(order)
    return float(above.mean()), float((bad > order[::-1][len(order) // 100]).mean())


def measure(found: list[Case], vectors: Embed | None, *, hidden: bool) -> None:
    """Scan every case in a mail of its own and print what was found."""
    rng, mails = random.Random(7), carriers()
    verdicts = []
    for case in found:
        raw = mail(case.text, rng.choice(mails), rng, hidden=hidden)
        verdicts.append(scan(parse(raw), raw=raw, embed=vectors).verdict)
    groups: dict[str, list[bool]] = defaultdict(list)
    for case, verdict in zip(found, verdicts, strict=True):
        groups[case.kind].append(verdict.flagged)
    attack = np.array([c.attack for c in found])
    score, flagged = np.array([v.score for v in verdicts]), np.array([v.flagged for v in verdicts])
    area, at_one = ranked(score[attack], score[~attack])
    joined = attack & np.array([c.kind != "whole" for c in found])
    print("  " + ", ".join(f"{kind} {sum(g)}/{len(g)}" for kind, g in sorted(groups.items())))
    print(
        f"  found {flagged[joined].mean():.3f} of {joined.sum()} wrapped, {flagged[attack].mean():.3f} of {attack.sum()};"
        f" false alarms {flagged[~attack].sum()} of {(~attack).sum()};"
        f" AUC {area:.3f}; found at 1 % false alarms {at_one:.3f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--hidden", action="store_true", help="put the attacks where a person does not see them")
    given = parser.parse_args()
    found = cases(given.folder, random.Random(3))
    vectors = embed.load(threads=1).tokens
    for name, used in product(("rules and words", "with sentence vectors"), (False, True)[: 1 + given.hidden]):
        print(f"{name}, {'hidden' if used else 'in plain sight'}")
        measure(found, vectors if name.startswith("with") else None, hidden=used)


if __name__ == "__main__":
    main()
