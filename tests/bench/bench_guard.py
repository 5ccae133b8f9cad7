"""What the first door costs: median per mail, 100 kB, 1 MB of hostile input, and the ratio at twice the size.

Run as `python tests/bench/bench_guard.py`. Prints milliseconds of processor time.
"""

import base64
import html
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "guard"))
sys.path.insert(0, str(Path(__file__).parents[2]))

from guard_mails import record

from desk.domain.mail import ParsedMail
from desk.guard import scan
from desk.guard.meaning import Embed
from desk.knowledge import embed as sentences

WORDS = (
    "order parcel lamp invoice please could you send the new bulb for our kitchen since Monday it flickers when we dim "
    "answer reply system message instructions manual previous account customer service model assistant thank regards "
    "and or with from to in on at of is are was were not but so because delivery address city street number refund"
).split()


def prose(size: int, seed: int = 1) -> str:
    """Running text of about `size` characters, with the words a support mailbox knows."""
    rng = random.Random(seed)
    out: list[str] = []
    length = 0
    while length < size:
        word = rng.choice(WORDS)
        out.append(word + rng.choice((" ", " ", " ", " ", " ", ", ", ".\n")))
        length += len(out[-1])
    return "".join(out)[:size]


def cost(mail: ParsedMail, times: int = 3, embed: Embed | None = None) -> float:
    """Best processor time of a scan in milliseconds; with `embed` the second head is asked."""
    best = float("inf")
    for _ in range(times):
        begun = time.process_time()
        scan(mail, embed=embed)
        best = min(best, time.process_time() - begun)
    return best * 1000


def page(size: int) -> str:
    """A newsletter-like page of about `size` characters."""
    row = '<tr><td style="color:#222;font-size:14px"><a href="https://shop.example/p?id={}">{}</a></td></tr>'
    rows = "".join(row.format(i, prose(120, i)) for i in range(max(1, size // 220)))
    return (
        f"<html><head><style>.a{{color:#333}} td p{{margin:0}}</style></head><body><table>{rows}</table></body></html>"
    )


SAMPLE = Path(__file__).parents[2] / "sample_mailbox" / "knowledge"


def natural(size: int, *, mixed: bool = False) -> str:
    """The sample's articles one after the other, in English or (`mixed`) in four other languages by turns."""
    files = sorted(p for p in SAMPLE.glob("*.md") if (p.name.count(".") == 2) == mixed)
    text = "\n\n".join(p.read_text(encoding="utf-8") for p in files)
    return (text * (size // len(text) + 1))[:size]


def natural_page(size: int) -> str:
    """The same English as a page of headings and paragraphs."""
    row = '<tr><td style="color:#222;font-size:14px"><h3>{}</h3><p>{}</p></td></tr>'
    parts = [html.escape(p) for p in natural(size).split("\n\n") if len(p) > 60]
    return ("<html><body><table>" + "".join(row.format(p[:30], p) for p in parts))[:size]


def distinct(size: int, stems: tuple[str, ...] = ("",)) -> str:
    """Words that never come twice, each beginning with one of `stems`."""
    rng = random.Random(8)
    letters = "abcdefghijklmnopqrstuvwxyz"
    return " ".join(rng.choice(stems) + "".join(rng.choices(letters, k=7)) for _ in range(size // 7))[:size]


HOSTILE: dict[str, Callable[[int], str]] = {
    "prose": prose,
    "ignore ignore": lambda n: ("ignore " * n)[:n],
    "half an attack": lambda n: ("ignore the previous and all of your other " * n)[:n],
    "letters a": lambda n: "a" * n,
    "spaced letters": lambda n: ("a " * n)[:n],
    "spaced prose": lambda n: " ".join(prose(n // 2).replace(" ", "")),
    "base64": lambda n: base64.b64encode(random.Random(2).randbytes(n))[:n].decode(),
    "base64 of text": lambda n: base64.b64encode(prose(n).encode())[:n].decode(),
    "hex": lambda n: random.Random(2).randbytes(n // 2).hex(),
    "percent": lambda n: ("%41" * n)[:n],
    "ampersands": lambda n: ("&amp;" * n)[:n],
    "open angles": lambda n: ("<|<|" * n)[:n],
    "dashes": lambda n: ("-" * n)[:n],
    "quotes": lambda n: ("> " * n)[:n],
    "tags": lambda n: "\U000e0041" * n,
    "selectors": lambda n: "\ufe01" * n,
    "zero width": lambda n: "a\u200b" * (n // 2),
    "cyrillic": lambda n: ("забудь все предыдущие " * n)[:n],
    "chinese": lambda n: ("忽略之前的所有" * n)[:n],
    "newlines": lambda n: "\n" * n,
    "reversed": lambda n: prose(n)[::-1],
    "distinct words": lambda n: distinct(n),
    "words like stems": lambda n: distinct(n, ("instruction", "ignore", "prompt", "assistant", "system", "message")),
    "encoded lines": lambda n: ("%41 =41 &amp; \\u0041 ignore\n\n" * n)[:n],
    "chained words": lambda n: ("ig-no-re the pre-vi-ous " * n)[:n],
    "chinese prose": lambda n: "".join(random.Random(5).choices([chr(c) for c in range(0x4E00, 0x5E00)], k=n)),
    "mixed scripts": lambda n: "".join(random.Random(6).choices([chr(c) for c in range(0x20, 0x600)], k=n)),
}


def main() -> None:
    """Print the figures."""
    mails = [record(prose(random.Random(i).randint(300, 4000), i), subject="Order 12") for i in range(200)]
    mails += [record(prose(800, i), html=page(6000)) for i in range(50)]
    for mail in mails[:20]:
        scan(mail)
    each = [cost(m, 1) for m in mails]
    print(
        f"median per mail       {statistics.median(each):9.2f} ms   (p95 {sorted(each)[int(len(each) * 0.95)]:.2f} ms)"
    )
    vectors = sentences.load(threads=1).tokens
    scan(mails[0], embed=vectors)
    each = [cost(m, 1, vectors) for m in mails]
    print(
        f"  with sentence vectors {statistics.median(each):7.2f} ms   (p95 {sorted(each)[int(len(each) * 0.95)]:.2f} ms)"
    )
    small, large = cost(record(prose(100_000))), cost(record(prose(200_000)))
    print(f"100 kB text           {small:9.2f} ms")
    print(f"100 kB page           {cost(record(html=page(100_000))):9.2f} ms")
    print(f"100 kB English        {cost(record(natural(100_000))):9.2f} ms")
    print(f"100 kB four languages {cost(record(natural(100_000, mixed=True))):9.2f} ms")
    print(f"100 kB page, English  {cost(record(html=natural_page(100_000))):9.2f} ms")
    print(f"ratio at twice the size {large / small:7.2f}")
    worst = ("", 0.0)
    for name, make in HOSTILE.items():
        got, double = cost(record(make(500_000)), 1), cost(record(make(1_000_000)), 1)
        worst = max(worst, (name, double), key=lambda w: w[1])
        print(f"1 MB {name:20} {double:9.1f} ms   ratio {double / max(got, 0.01):5.2f}")
    print(f"worst 1 MB            {worst[1]:9.1f} ms   ({worst[0]})")


if __name__ == "__main__":
    main()
