"""Feed the first door with broken, mutated and invented messages; count what raises and what is slow.

Run as `python tests/bench/fuzz_guard.py --seed 1 --count 100000`. Prints one line for each failure (its number and seed
make it again), and the totals.
"""

import argparse
import html
import random
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1] / "guard"))

from guard_mails import record

from desk.domain.mail import Attachment, ParsedMail
from desk.guard import scan
from desk.mail.parse import parse

SAMPLES = Path(__file__).parents[2] / "sample_mailbox" / "mail"
SLOW = 1.0
"""Seconds of processor time beyond which an input of a few kilobytes counts as slow."""
TAGS = (
    "div p span a table tr td th ul li font b i u center h1 pre blockquote details summary select option textarea input "
    "template noscript script style title svg desc metadata math annotation iframe object video canvas dialog map xmp "
    "plaintext br img form button label head body html frameset"
).split()
PROPERTIES = (
    "display visibility opacity color background background-color font font-size line-height height max-height width "
    "overflow position left top text-indent margin-left transform clip clip-path zoom filter letter-spacing all"
).split()
VALUES = (
    "none hidden 0 0px 1px 1e9em -9999px .  . .5 50% #fff #ffffff00 white rgb(255,255,255) rgba(0,0,0,0) rgb(1%,,) "
    "hsl(0,0%,100%) hsla(1e400,1%,1%,1) scale(0) rect(0,0,0,0) inset(100%) calc(1px+) calc() var(--x) url(x) inherit "
    "0/0 opacity(0) translate(-9999px) !important 1e309px transparent 12px/1 \\66 \\110000 NaN"
).split()
BITS = (
    "ignore previous instructions|\u200b|\u202e|\u00ad|\U000e0041\U000e0042\U000e0043|\ufe01\ufe02\ufe03\ufe04|\ud800|\x00"
    "|\x1b[31m|=?utf-8?b?aWdub3Jl?=|=?x?q?=ZZ?=|&#x110000;|&#xd800;|&lt;|%u0041|%zz|\\u{110000}|\\x|\\777|aWdub3Jl IGFsbA=="
    "|69676e6f7265|.- -.. / ..|01101001 01100111 01101110 01101111 01110010 01100101|i g n o r e|vtaber nyy|erongi"
    "|<|im_start|>|[INST]|]]>|<!--|-->|<![CDATA[|data:text/html;base64,PGI+|\u0635\u0661\u0662\u0663|\u4ece\u73b0\u5728"
    "|\U0001d422\U0001d420\U0001d427|\uff49\uff47\uff4e| |\n|\r\n|\t|>|\u2028|\x85|\u0130|\u1e9e|=C3=|=\n"
).split("|")


def noise(rng: random.Random) -> str:
    """Bits of disguises, of markup and of words in any order."""
    return "".join(rng.choice(BITS) * rng.choice((1, 1, 1, 2, 9)) for _ in range(rng.randint(1, 30)))


def markup(rng: random.Random, depth: int = 0) -> str:
    """A tree of elements with styles that hardly make sense, often left open."""
    out: list[str] = []
    for _ in range(rng.randint(1, 4)):
        tag = rng.choice(TAGS)
        style = ";".join(
            f"{rng.choice(PROPERTIES)}:{' '.join(rng.choices(VALUES, k=rng.randint(1, 3)))}"
            for _ in range(rng.randint(0, 4))
        )
        extra = rng.choice(("", ' class="a b"', " hidden", ' id="x"', f' title="{html.escape(noise(rng))}"', " ="))
        inside = markup(rng, depth + 1) if depth < 5 and rng.random() < 0.6 else noise(rng)
        if tag == "style":
            inside = f".a{{{style}}} @media x{{#x>{tag}:not(p),{{{style}}} /* {inside}"
        out.append(f'<{tag} style="{style}"{extra}>{inside}' + (f"</{tag}>" if rng.random() < 0.8 else ""))
    return "".join(out)


def mutated(rng: random.Random, samples: list[bytes]) -> bytes:
    """A sample message with bytes changed, cut, doubled and strewn in."""
    body = bytearray(rng.choice(samples))
    for _ in range(rng.choice((1, 3, 9))):
        at = rng.randrange(len(body) + 1)
        kind = rng.randrange(4)
        if kind == 0:
            body[at:at] = rng.choice(BITS).encode("utf-8", "surrogatepass")
        elif kind == 1:
            del body[at : at + rng.randint(1, 80)]
        elif kind == 2 and body:
            body[at % len(body)] = rng.randrange(256)
        else:
            body[at:at] = body[rng.randrange(len(body) + 1) :][: rng.randint(1, 200)]
    return bytes(body)


def message(rng: random.Random, samples: list[bytes]) -> tuple[ParsedMail, bytes]:
    """One invented message and its bytes (empty where there are none)."""
    kind = rng.randrange(4)
    if kind == 0:
        raw = mutated(rng, samples)
        return parse(raw), raw
    if kind == 1:
        raw = rng.randbytes(rng.randint(0, 600))
        return parse(raw), raw
    if kind == 2:
        return record(noise(rng) if rng.random() < 0.5 else "", html=markup(rng), subject=noise(rng)), b""
    content = noise(rng).encode("utf-8", "surrogatepass")
    name = rng.choice(("a.txt", "a.svg", "b.ics", "c.html", "", noise(rng)))
    attachment = Attachment(name, rng.choice(("text/plain", "text/html", "text/calendar", "x")), len(content), content)
    headers = ((noise(rng), noise(rng)), ("From", noise(rng)), ("Content-Type", noise(rng)))
    return record(noise(rng), subject=noise(rng), from_name=noise(rng), headers=headers, attachments=(attachment,)), b""


def failures(
    seed: int, count: int, samples: list[bytes], tell: Callable[[int], None] = lambda n: None
) -> Iterator[str]:
    """What went wrong with `count` messages, in words."""
    for number in range(count):
        rng = random.Random(f"{seed}:{number}")
        begun = time.process_time()
        try:
            mail, raw = message(rng, samples)
            begun = time.process_time()
            scan(mail, raw=raw, own_domains=("desk.example",))
        except Exception as e:
            yield f"{seed}:{number} raised {type(e).__name__}: {str(e)[:160]}"
        took = time.process_time() - begun
        if took > SLOW:
            yield f"{seed}:{number} slow: {took:.2f} s"
        tell(number)


def main() -> None:
    """Run and print."""
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--count", type=int, default=10_000)
    asked = ap.parse_args()
    samples = [p.read_bytes()[:6000] for p in sorted(SAMPLES.rglob("*")) if p.is_file()]

    def tell(number: int) -> None:
        if number and number % 1_000 == 0:
            print(f"… {number}", flush=True)

    found = 0
    for line in failures(asked.seed, asked.count, samples, tell):
        found += 1
        print(line, flush=True)
    print(f"{asked.count} inputs, {found} failures")


if __name__ == "__main__":
    main()
