"""The part of the configuration that says when a ticket goes to somebody in charge."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EscalationConfig:
    """When a ticket goes to somebody in charge, and to whom; every rule says why it fired."""

    to: str = ""
    """Login of who gets such tickets, once their plan is carried out; they are only marked urgent when empty."""
    legal: bool = True
    """Whether mail that speaks of lawyers, courts, reports to an authority or injuries is escalated (en, de, nl, fr, es)."""
    words: tuple[str, ...] = ()
    """Further words and phrases that escalate, whole, in any case."""
    messages: int = 3
    """From how many messages of a customer in one ticket without its being solved; 0 never."""
    falling_mood: bool = True
    """Whether a customer who was not upset in the message before, and is now, is escalated."""
    vip: tuple[str, ...] = ()
    """Addresses and domains (`@shop.example`) whose tickets are always escalated."""
