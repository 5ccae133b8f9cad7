"""What a message is about: language, form of address, category, priority, mood and intents, without any model call."""

from desk.triage.classify import triage
from desk.triage.urgent import urgent

__all__ = ["triage", "urgent"]
