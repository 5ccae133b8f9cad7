"""The first door: a parsed message in, a verdict and (where it is clean) text for a model out."""

import time
from collections.abc import Collection

from desk.domain.guarded import _SEAL, CleanText, Scan, Verdict
from desk.domain.mail import ParsedMail
from desk.errors import Refused
from desk.guard import policy, spam, urls
from desk.guard.channels import read
from desk.guard.meaning import Embed


def scan(mail: ParsedMail, *, released: bool = False, own_domains: Collection[str] = (), raw: bytes = b"",
         embed: Embed | None = None, threshold: float = policy.THRESHOLD) -> Scan:  # fmt: skip
    """Judge a message in all its channels.

    `released` is True where a person let exactly this content pass; then the text is handed on whatever the verdict.
    It is flagged from a score of `threshold` on.
    `own_domains` are the desk's own, for look-alikes. With `raw`, what stands outside the MIME parts is read too.
    `embed` gives vectors of the bundled model: what rules and words leave undecided is then judged by its meaning.
    Never raises on any message; a bound that was hit makes the verdict incomplete, and an incomplete one yields no
    clean text.
    """
    begun = time.perf_counter()
    reading = read(mail, raw=raw)
    found = policy.judge(reading.channels, embed)
    flagged = found.score >= threshold
    complete = reading.complete and found.complete
    phishing, why_phishing = urls.phishing(mail, reading, own_domains)
    spam_score, why_spam = spam.score(mail, reading)
    evidence = found.evidence + why_phishing + why_spam
    verdict = Verdict(
        flagged=flagged,
        score=round(min(1.0, found.score), 4),
        attack_type=found.type,
        evidence=evidence,
        spam=spam_score,
        phishing=phishing,
        complete=complete,
        scanner=policy.SCANNER,
        ms=(time.perf_counter() - begun) * 1000,
    )
    clean = None
    if released or (complete and not flagged):
        clean = CleanText(reading.shown, mail.message_id or "message", _SEAL)
    return Scan(verdict, clean, reading.hidden, reading.shown)


def readmit(text: str, *, status_clean: bool, released: bool, origin: str) -> CleanText:
    """Clean text again for text loaded from the store: only where its message was clean or a person released it."""
    if not (status_clean or released):
        raise Refused(
            f"The text of {origin} has no clean verdict and nobody released it, so it can't go into a prompt.",
            "Look at it in quarantine and release it there if it is harmless.",
        )
    return CleanText(text, origin, _SEAL)
