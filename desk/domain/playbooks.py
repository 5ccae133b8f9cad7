"""How the house answers one kind of ticket: what every reply says, and what the person who approves it should remember."""

from collections.abc import Sequence
from dataclasses import dataclass

from desk.domain.ticket import Source


@dataclass(frozen=True, slots=True)
class Playbook:
    """One playbook as its file holds it. `version` changes with its words; `problem` says why it can't be used."""

    id: str
    name: str
    category: str = ""
    language: str = ""
    say: str = ""
    """Sentences that go into a reply, before it ends."""
    remember: tuple[str, ...] = ()
    """What the person is told beside the draft."""
    version: str = ""
    problem: str = ""

    @property
    def source(self) -> Source:
        """The playbook as a source of what it has the reply say."""
        return Source(f"playbook:{self.id}", f"{self.name}, version {self.version}", 0, len(self.say), self.say)


def fitting(playbooks: Sequence[Playbook], category: str, language: str) -> tuple[Playbook, ...]:
    """Those for a category in a language or in any; what one without a language says is in no reply."""
    mine = [p for p in playbooks if not p.problem and p.category == category and p.language in ("", language)]
    return tuple(sorted(mine, key=lambda p: p.id))
