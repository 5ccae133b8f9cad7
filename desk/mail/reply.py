"""What the author of a message wrote, told apart from quotes, forwarded originals and signature.

Works line by line on plain text (HTML is converted first, its blockquotes as `>`), in time linear in the text. Own words
below or between quotes are kept: they are answers too. When nothing at all would be left, own words win over doubt.
"""

import re
from dataclasses import dataclass

from desk.mail import quotemarks as marks

MAX_SIGNATURE = 25
"""Lines below a signature mark; more than that is text, not a signature."""


MAX_PICKED = 10
"""Lines of a quote that a person put above an answer by hand; more than that is a whole mail."""
MAX_FOOTER = 9
"""Lines below a long ruler, counting it, that are a list's or program's footer."""


@dataclass(frozen=True, slots=True)
class ReplyParts:
    """One text in three: what its author wrote, what is quoted from others, and the signature."""

    reply: str
    quoted: str
    signature: str


OWN, QUOTE, SIGN = "own", "quote", "sign"


def split(text: str) -> ReplyParts:
    """Tell own words, quotes and signature apart. `text` is a decoded body with \\n line ends."""
    lines = text.replace("\r\n", "\n").split("\n")
    parts = _split(lines)
    if parts.reply or not parts.quoted:
        return parts
    return _rescued(lines, parts)


def _split(lines: list[str], below_head: bool = False) -> ReplyParts:
    kinds = [OWN] * len(lines)
    bare = lines
    if not all(map(str.isascii, lines)):
        bare = [line if line.isascii() else marks.BIDI.sub("", line) for line in lines]
    if any(line.startswith("-----BEGIN PGP") for line in lines):
        _mark_armour(bare, kinds)
    if any(map(marks.MAY_QUOTE.match, bare)):
        _mark_prefixed(bare, kinds)
        if not below_head:
            _keep_picked(bare, kinds)
    _mark_originals(bare, kinds)
    _mark_signatures(bare, kinds)
    return ReplyParts(*(_gather(lines, kinds, kind) if kind in kinds else "" for kind in (OWN, QUOTE, SIGN)))


def _rescued(lines: list[str], parts: ReplyParts) -> ReplyParts:
    """Nothing own was found. A bare forward is what its sender wants read, an answer below an unprefixed attribution may
    be their own, and a text quoted as a whole without saying whom is theirs too."""
    first = _next_text(lines, 0, len(lines))
    if first is None:
        return parts
    if not any(marks.QUOTED.match(line) for line in lines[first : first + 1]):
        rest = lines
        for _ in range(3):  # a ruler, the header block below it, perhaps an attribution
            top = _next_text(rest, 0, len(rest))
            below = _original_starts(rest, [OWN] * len(rest), top) if top is not None else None
            if below is None:
                break
            rest = rest[below:]
        inner = _split(rest, below_head=True)
        return ReplyParts(inner.reply, parts.quoted, inner.signature) if inner.reply else parts
    bare = [marks.QUOTED.sub("", line, count=1).strip() for line in lines]
    if (head := _next_text(bare, 0, len(bare))) is not None and _forwards(bare, head):
        inner = split("\n".join(bare))
        return ReplyParts(inner.reply, parts.quoted, inner.signature)
    if any(marks.is_attribution(line) for line in bare if line) or _header_block(bare, 0) is not None:
        return parts
    return ReplyParts("\n".join(lines).strip("\n"), "", parts.signature)


def _forwards(lines: list[str], n: int) -> bool:
    """Whether a forward's head starts here: a ruler with words, or a header block."""
    return bool(marks.ORIGINAL.match(lines[n])) or _header_block(lines, n) is not None


def _gather(lines: list[str], kinds: list[str], kind: str) -> str:
    """The lines of one kind; a cut between two runs stays visible as one blank line."""
    out: list[str] = []
    for line, given in zip(lines, kinds, strict=True):
        if given == kind:
            out.append(line.rstrip())
        elif out and out[-1] and kind == OWN:
            out.append("")
    text = "\n".join(out).strip("\n")
    return _GAP.sub("\n\n", text) if "\n\n\n" in text else text


_GAP = re.compile(r"\n{3,}")


def _mark_armour(lines: list[str], kinds: list[str]) -> None:
    """Mark the frame of text signed inline (RFC 9580 7): its first lines up to a blank one, and the signature below."""
    inside = ""
    for n, line in enumerate(lines):
        if not line.startswith("-----") and not inside:
            continue
        mark = line.strip()
        if mark in (marks.PGP_SIGNED, marks.PGP_SIGNATURE[0]):
            inside = mark
        if inside:
            kinds[n] = SIGN
        if mark == marks.PGP_SIGNATURE[1] or (inside == marks.PGP_SIGNED and not mark):
            inside = ""


def _mark_prefixed(lines: list[str], kinds: list[str]) -> None:
    """Mark `>` lines, the attribution above each run of them, and wrapped leftovers between two of them."""
    n = 0
    while n < len(lines):
        if not _quoted(lines, n):
            n += 1
            continue
        above = _attribution_above(lines, kinds, n)
        for k in range(above, n):
            kinds[k] = QUOTE
        while n < len(lines) and (_quoted(lines, n) or _gap(lines, n)):
            kinds[n] = QUOTE
            n += 1


def _keep_picked(lines: list[str], kinds: list[str]) -> None:
    """Quotes that open the text and are answered below, with nothing said of whose they are, were picked by hand: without
    them the answers mean nothing, so they stay."""
    runs: list[list[int]] = []
    last_own = max((n for n, kind in enumerate(kinds) if kind == OWN and lines[n].strip()), default=-1)
    for n in range(last_own):
        if kinds[n] != QUOTE:
            continue
        if lines[n].strip() and not marks.QUOTED.match(lines[n]):
            return  # an attribution: a program quoted
        if runs and runs[-1][-1] == n - 1:
            runs[-1].append(n)
        else:
            runs.append([n])
    first = _next_text(lines, 0, len(lines))
    if not runs or first != runs[0][0] or any(len(run) > MAX_PICKED for run in runs):
        return
    bare = [marks.QUOTED.sub("", lines[n], count=1).strip() for n in runs[0]]
    if (
        any(marks.is_attribution(line) or marks.ORIGINAL.match(line) for line in bare)
        or _header_block(bare, 0) is not None
    ):
        return
    for n in (n for run in runs for n in run):
        kinds[n] = OWN


def _quoted(lines: list[str], n: int) -> bool:
    """A `>` line, or one of several with a bar, as some programs write."""
    if marks.QUOTED.match(lines[n]):
        return True
    if not marks.BARRED.match(lines[n]):
        return False
    return any(0 <= k < len(lines) and marks.BARRED.match(lines[k]) for k in (n - 1, n + 1))


def _gap(lines: list[str], n: int) -> bool:
    """A blank line with quoted lines right below it belongs to the quote."""
    return not lines[n].strip() and n + 1 < len(lines) and _quoted(lines, n + 1)


def _attribution_above(lines: list[str], kinds: list[str], start: int) -> int:
    """The first line of the attribution that ends just above `start`, or `start` when there is none."""
    end = start
    while end > 0 and start - end < 3 and not lines[end - 1].strip():
        end -= 1
    best = start
    for height in range(1, 6):
        first = end - height
        if first < 0 or kinds[first] != OWN or not lines[first].strip():
            break
        joined = " ".join(line.strip() for line in lines[first:end])
        if not marks.is_attribution(joined):
            continue
        if best == start or (marks.begins(lines[first]) and not marks.begins(lines[best])):
            best = first
    if best != start:
        above = best > 0 and kinds[best - 1] == OWN and marks.wrapped_name(lines[best - 1], lines[best])
        return best - 1 if above else best
    if end > 0 and kinds[end - 1] == OWN and marks.names_only(lines[end - 1]):
        return end - 1
    if end > 1 and kinds[end - 2] == OWN and marks.dated_only(lines[end - 1]) and marks.closed_address(lines[end - 2]):
        return end - 2
    return _labels_above(lines, end, start)


def _labels_above(lines: list[str], end: int, start: int) -> int:
    first = end
    while first > 0 and end - first < 8 and marks.label(lines[first - 1]):
        first -= 1
    return first if end - first >= 2 else start


def _mark_originals(lines: list[str], kinds: list[str]) -> None:
    """Mark unprefixed originals: from a ruler, header block or attribution down to the end."""
    for n, line in enumerate(lines):
        if kinds[n] != OWN or not line.strip() or not (marks.may_open(line) or _wrapped_name(lines, n)):
            continue
        if _original_starts(lines, kinds, n) is not None:
            kinds[n:] = [QUOTE] * (len(lines) - n)
            return


def _original_starts(lines: list[str], kinds: list[str], n: int) -> int | None:
    """The line after the head of an unprefixed original that starts at `n`, or None."""
    line = lines[n]
    if marks.ORIGINAL.match(line) or marks.ABOVE.match(line):
        return n + 1
    if (block := _header_block(lines, n)) is not None:
        return block
    if marks.RULER.match(line) or marks.TITLED.match(line):
        below = _next_text(lines, n + 1)
        return None if below is None else _header_block(lines, below)
    return _attribution_below(lines, kinds, n)


def _attribution_below(lines: list[str], kinds: list[str], n: int) -> int | None:
    """The line after an attribution that starts at `n`, wrapped over up to six lines (blank ones only in between)."""
    if not marks.starts(lines[n]) and not _wrapped_name(lines, n):
        return None
    if not any(marks.ends(line) for line in lines[n : n + 9]):
        return None
    dated = bool(marks.opens(lines[n]) and marks.DATE.search(lines[n]))
    joined, used = "", 0
    for k in range(n, min(n + 9, len(lines))):
        if not lines[k].strip():
            if not dated:
                return None
            continue
        if kinds[k] != OWN and not (dated and ">" in lines[k][:2] and marks.WROTE.search(lines[k])):
            return None
        joined, used = f"{joined} {lines[k].strip()}", used + 1
        if used > 6 or len(joined) > 420:
            return None
        if (
            marks.ends(lines[k])
            and marks.is_attribution(joined)
            and (marks.DATE.search(joined) or marks.ends_in_verb(joined))
        ):
            return None if marks.self_told(joined) else k + 1
    return None


def _wrapped_name(lines: list[str], n: int) -> bool:
    return n + 1 < len(lines) and "<" in lines[n + 1] and marks.wrapped_name(lines[n], lines[n + 1])


def _next_text(lines: list[str], n: int, within: int = 4) -> int | None:
    for k in range(n, min(n + within, len(lines))):
        if lines[k].strip():
            return k
    return None


def _header_block(lines: list[str], n: int) -> int | None:
    """A block of "From: / Sent: / To: / Subject:" in any language: three fields with a subject or an address, or the sender's
    with an address and one more. "From: Berlin / To: Rome / Date: …" is somebody's journey."""
    fields: set[str] = set()
    k, addressed, blanks, last_subject = n, False, 0, False
    while k < len(lines) and k - n < 14:
        match = marks.label(lines[k])
        if match:
            fields |= {name for name in ("from", "sent", "to", "subject", "cc") if match.group(name)}
            addressed = addressed or bool(marks.EMAIL.search(match.group("value")))
            blanks, last_subject = 0, bool(match.group("subject"))
        elif not lines[k].strip():
            blanks += 1
            if blanks > 1 or not fields:
                break
        elif not fields or blanks or not (_continues(lines[k]) or last_subject):
            break
        k += 1
    if len(fields) >= 3 and fields & {"from", "sent"} and (addressed or "subject" in fields):
        return k
    if len(fields) >= 2 and "from" in fields and addressed:
        return k
    return _foreign_block(lines, n)


def _foreign_block(lines: list[str], n: int) -> int | None:
    """A header block in a language not listed: a field with "Name <address>" and two or more below it, one of them dated."""
    if "@" not in lines[n] or not (marks.FIELD.match(lines[n]) and marks.BRACKETED.search(lines[n])):
        return None
    k = n
    while k < len(lines) and k - n < 10 and marks.FIELD.match(lines[k]):
        k += 1
    dated = any(marks.DATE.search(line) for line in lines[n + 1 : k])
    return k if k - n >= 3 and dated else None


def _continues(line: str) -> bool:
    """A wrapped address list inside a header block."""
    return bool(marks.EMAIL.search(line)) or line.startswith((" ", "\t"))


def _mark_signatures(lines: list[str], kinds: list[str]) -> None:
    """Mark a signature at the end of each run of own lines; never everything that is left."""
    before, n = list(kinds), 0
    while n < len(lines):
        if kinds[n] != OWN:
            n += 1
            continue
        stop = next((k for k in range(n, len(lines)) if kinds[k] != OWN), len(lines))
        cut = _signature_in(lines, n, stop)
        if cut is not None and any(
            kind == OWN and lines[k].strip() and not cut <= k < stop for k, kind in enumerate(before)
        ):
            kinds[cut:stop] = [SIGN] * (stop - cut)
        n = stop


def _signature_in(lines: list[str], start: int, stop: int) -> int | None:
    found = _signature_mark(lines, start, stop) if any(map(marks.MAY_SIGN.match, lines[start:stop])) else None
    last = stop if found is None else found
    while last > start and (
        not lines[last - 1].strip() or marks.is_sent_with(lines[last - 1]) or marks.TRACKER.match(lines[last - 1])
    ):
        last -= 1
    if last < stop and any(lines[k].strip() for k in range(last, stop)):
        return last
    return found


def _signature_mark(lines: list[str], start: int, stop: int) -> int | None:
    """The line above the signature, or above the footer that a list or program put there."""
    size, first = 0, stop
    while first > start and size + bool(lines[first - 1].strip()) <= MAX_SIGNATURE:
        first -= 1
        size += bool(lines[first].strip())
    for n in range(first, stop):
        if marks.SIGNATURE.match(lines[n]) or (marks.FOOTER.match(lines[n]) and size <= MAX_FOOTER):
            return n
        size -= bool(lines[n].strip())
    return None
