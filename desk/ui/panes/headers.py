"""A message's headers as they came, and in a sentence what the servers on its way say about its sender."""

import re
from email.parser import BytesHeaderParser
from email.policy import compat32

from rich.text import Text

from desk.ui.themes import Ink
from desk.ui.widgets.paper import Page
from desk.ui.widgets.safe import line, longest

_RESULT = re.compile(r"\b(spf|dkim|dmarc|arc)=(\w+)", re.IGNORECASE)


def page(raw: bytes, ink: Ink) -> Page:
    """Authentication first, then every header."""
    found = Page()
    found.anchor()
    head = BytesHeaderParser(policy=compat32).parsebytes(raw[:200_000])
    results = [
        r
        for name, value in head.items()
        if name.lower() == "authentication-results"
        for r in _RESULT.findall(str(value))
    ]
    if results:
        verdicts = Text()
        for method, result in results:
            good = result.lower() == "pass"
            verdicts.append("✓ " if good else "✗ ", ink.good if good else ink.danger)
            verdicts.append(f"{line(method).upper()} {line(result)}   ")
        found.add(verdicts, "")
    else:
        found.add(Text("No server says whether the sender is who it claims to be.", ink.warning), "")
    for name, value in head.items():
        found.add(Text.assemble((line(str(name)), ink.accent), ": ", line(longest(str(value), 4000)[0])))
    if not head.items():
        found.add(Text("This message has no headers desk can read.", ink.quiet))
    return found
