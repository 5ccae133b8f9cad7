"""Text in the person's own editor: $VISUAL, else $EDITOR, with the screen put aside meanwhile."""

import os
import shlex
import subprocess
import tempfile
from pathlib import Path

from textual.app import App

from desk.errors import DeskError


def outside(app: App[object], text: str) -> str:
    """Open the text in the editor and give back what it holds afterwards; raise DeskError when there is no editor."""
    words = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    with tempfile.TemporaryDirectory(prefix="desk-") as folder:
        path = Path(folder) / "reply.txt"
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")
        try:
            with app.suspend():
                ended = subprocess.run([*words, str(path)], check=False)
        except OSError as problem:
            raise DeskError(
                f"The editor {words[0]} did not start: {problem.strerror}.", "Set $EDITOR, or use e."
            ) from problem
        if ended.returncode:
            raise DeskError(f"The editor ended with {ended.returncode}; nothing was changed.", "Try again, or use e.")
        return path.read_text(encoding="utf-8", errors="replace")
