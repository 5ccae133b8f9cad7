"""Spam by weighted patterns."""

from desk.domain.guarded import Evidence
from desk.domain.mail import ParsedMail
from desk.guard.channels import Reading


def score(mail: ParsedMail, reading: Reading) -> tuple[float, tuple[Evidence, ...]]:
    """Score 0..1 and evidence."""
    return 0.0, ()
