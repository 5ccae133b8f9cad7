"""The demo's five steps: each is done by doing it."""

from desk.ui.keymap import Keymap

STEPS = (
    ("open", "read a ticket", "open"),
    ("why", "see why it is here", "why"),
    ("approve", "approve a draft", "approve"),
    ("undo", "take it back before it leaves", "undo"),
    ("attack", "look at an attack that was stopped", "go-quarantine"),
)
"""(what was done, in words, the command that does it)."""


class Guide:
    """Which steps are done, and the next one in words with its key."""

    def __init__(self, keymap: Keymap) -> None:
        self._keymap = keymap
        self.done: set[str] = set()

    def mark(self, step: str) -> None:
        """A step was done."""
        self.done.add(step)

    @property
    def hint(self) -> str:
        """The first step that is not done."""
        for place, (step, text, command) in enumerate(STEPS, 1):
            if step not in self.done:
                where = "" if command in ("open", "go-quarantine") else " in Review" if step == "approve" else ""
                return f"{place}/{len(STEPS)}  {text}{where}: {self._keymap.shown(command)}"
        return f"That is the desk. {self._keymap.shown('help')} shows every key, {self._keymap.shown('leave')} leaves."
