"""How each mailbox writes, learned from what it sent, and learned anew when more was."""

from collections.abc import Sequence

from desk.pipeline.voice import Letter, Voice, learn
from desk.store import messages
from desk.store.database import Database
from desk.triage import language

MORE = 5
"""Letters sent since from which a voice is learned anew."""


class Voices:
    """Called with a mailbox's name, gives its voices. They are computed at need, without a model."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self._count = -MORE
        self._known: dict[str, Sequence[Voice]] = {}

    def __call__(self, mailbox: str) -> Sequence[Voice]:
        """The voices of one mailbox, those with the most letters first."""
        count = self.db.get(messages.sent_count())
        if count >= self._count + MORE or count < self._count:
            self._count, self._known = count, {}
        if mailbox not in self._known:
            rows = self.db.get(messages.sent_letters(mailbox))
            self._known[mailbox] = learn(
                Letter(body, code or language.detect(body), to, name) for body, code, to, name in rows
            )
        return self._known[mailbox]
