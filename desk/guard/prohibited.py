"""Words a house does not want to handle, from its own lists: found in what a person sees, counted, and acted on as told.

Nothing is prohibited until the configuration says so (`[[guard.prohibited]]`).
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from desk.config import ProhibitedConfig
from desk.domain.guarded import Evidence
from desk.guard.normalise import fold

LIST = "list"
"""The layer that such evidence names."""
MOST = 200_000
"""Characters that are looked at."""


def find(subject: str, text: str, lists: Sequence[ProhibitedConfig]) -> tuple[Evidence, ...]:
    """One piece of evidence a list that has words in the text: its place, and how many. Whole words, any case."""
    found = []
    for one in lists:
        for channel, said in (("subject", subject), ("body", text)):
            hits = list(_words(one.words).finditer(fold(said[:MOST]))) if one.words else []
            if hits:
                first = hits[0]
                what = f"{len(hits)} × {one.name}: “{first.group()}”"
                found.append(Evidence(LIST, f"prohibited.{one.name}", channel, first.start(), first.end(), what))
    return tuple(found)


@lru_cache(maxsize=64)
def _words(words: tuple[str, ...]) -> re.Pattern[str]:
    choices = "|".join(re.sub(r"(?:\\ )+", r"\\s{1,8}", re.escape(fold(w.strip()))) for w in words if w.strip())
    return re.compile(rf"(?<!\w)(?:{choices})(?!\w)" if choices else r"(?!)")
