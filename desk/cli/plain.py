"""Text from outside for a terminal or a log: nothing in it moves the cursor, colours, renames or turns around."""

import logging
import sys


def safe(text: str) -> str:
    """The text with control characters, directions and other unprintable ones spelled out; lines and tabs stay."""
    return "".join(c if c in "\n\t" or c.isprintable() else f"<U+{ord(c):04X}>" for c in text)


def line(text: str, width: int = 2000) -> str:
    """The text as one line of at most `width` characters."""
    one = " ".join(safe(text).split())
    return one if len(one) <= width else one[: width - 1] + "…"


class Inert(logging.Formatter):
    """Log lines in which what a server or a customer said can't steer the terminal that shows the log."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as text, a traceback included."""
        return safe(super().format(record))


def log_to_stderr() -> None:
    """Log to standard error, inert, from level INFO."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Inert("%(asctime)s %(name)s %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
