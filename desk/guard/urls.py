"""Phishing by its links: offline heuristics."""

from collections.abc import Collection

from desk.domain.guarded import Evidence
from desk.domain.mail import ParsedMail
from desk.guard.channels import Reading


def phishing(mail: ParsedMail, reading: Reading, own_domains: Collection[str]) -> tuple[float, tuple[Evidence, ...]]:
    """Score 0..1 and evidence."""
    return 0.0, ()
