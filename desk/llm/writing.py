"""From tokens to text while it is being written: whole characters only, and nothing of a stop word."""

import codecs
from collections.abc import Callable, Sequence


class Writer:
    """Collects pieces of bytes into text. What is handed to `on_text`, joined, is exactly `text`."""

    def __init__(self, stop: Sequence[str] = (), on_text: Callable[[str], None] | None = None) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._stop = tuple(word for word in stop if word)
        self._on_text = on_text
        self._held = ""
        self._parts: list[str] = []
        self.stopped = False

    @property
    def text(self) -> str:
        """What has been given out."""
        return "".join(self._parts)

    def feed(self, piece: bytes) -> bool:
        """Take the bytes of one token; true when a stop word is complete (it and what follows are not given out)."""
        return self._take(self._decoder.decode(piece))

    def finish(self) -> None:
        """Give out what was held back in case a stop word came; an unfinished character becomes U+FFFD."""
        if not self.stopped and not self._take(self._decoder.decode(b"", final=True)):
            self._give(self._held)
            self._held = ""

    def _take(self, text: str) -> bool:
        self._held += text
        found = [at for word in self._stop if (at := self._held.find(word)) >= 0]
        if found:
            self._give(self._held[: min(found)])
            self._held = ""
            self.stopped = True
            return True
        ready = len(self._held) - self._waiting()
        self._give(self._held[:ready])
        self._held = self._held[ready:]
        return False

    def _waiting(self) -> int:
        """Characters at the end that may be the beginning of a stop word."""
        longest = max((len(word) for word in self._stop), default=1) - 1
        for size in range(min(longest, len(self._held)), 0, -1):
            if any(word.startswith(self._held[-size:]) for word in self._stop):
                return size
        return 0

    def _give(self, text: str) -> None:
        if text:
            self._parts.append(text)
            if self._on_text is not None:
                self._on_text(text)
