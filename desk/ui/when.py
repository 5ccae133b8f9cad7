"""Plain words for a later moment: `2h`, `tomorrow`, `tue 9`, `fri 14:30`, `3d`, `24 dec 8:00`."""

import re
from datetime import datetime, time, timedelta

_MORNING = time(9, 0)
_UNITS = {"m": "minutes", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_SPAN = re.compile(r"(\d{1,4})\s*(min|m|h|d|w)[a-z]*\Z")
_CLOCK = re.compile(r"(\d{1,2})(?:[:.h](\d{2}))?\s*(am|pm)?\Z")

PRESETS = ("1h", "3h", "this evening", "tomorrow", "monday", "1w")


def parse(words: str, now: datetime) -> datetime | None:
    """The moment the words mean, aware and in the future, or None when they mean none. `now` is aware, local or not."""
    text = " ".join(words.lower().split())
    local = now.astimezone()
    if found := _SPAN.match(text):
        unit = _UNITS[found[2]]
        span = timedelta(**{unit: int(found[1])})
        later = local + span
        if unit in ("days", "weeks"):
            later = later.replace(hour=9, minute=0, second=0, microsecond=0)
        return later if later > local else None
    day, _, rest = _day(text, local)
    if day is None:
        return None
    at = _MORNING if not rest else _clock(rest)
    if at is None:
        return None
    if text.startswith(("this evening", "tonight")) and rest == "":
        at = time(18, 0)
    moment = day.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
    if moment <= local and _clock(text) is not None:
        moment += timedelta(days=1)
    elif moment <= local and text[:3] in _DAYS:
        moment += timedelta(days=7)
    return moment if moment > local else None


def _day(text: str, local: datetime) -> tuple[datetime | None, str, str]:
    for word, days in (("today", 0), ("this evening", 0), ("tonight", 0), ("tomorrow", 1)):
        if text.startswith(word):
            return local + timedelta(days=days), word, text[len(word) :].strip(" ,at")
    word, _, rest = text.partition(" ")
    if len(word) >= 3 and word[:3] in _DAYS and word.isalpha():
        ahead = (_DAYS.index(word[:3]) - local.weekday()) % 7
        return local + timedelta(days=ahead), word, rest.strip()
    if found := re.match(r"(\d{1,2})\.?\s+([a-z]{3})[a-z]*\s*(.*)\Z", text):
        return _date(int(found[1]), found[2], local), found[0], found[3]
    if _clock(text) is not None:
        return local, "", text
    return None, "", ""


def _date(day: int, month: str, local: datetime) -> datetime | None:
    if month not in _MONTHS:
        return None
    try:
        found = local.replace(month=_MONTHS.index(month) + 1, day=day)
        return found if found.date() >= local.date() else found.replace(year=local.year + 1)
    except ValueError:
        return None


def _clock(text: str) -> time | None:
    found = _CLOCK.match(text)
    if not found:
        return None
    hour, minute = int(found[1]), int(found[2] or 0)
    if found[3] == "pm" and hour < 12:
        hour += 12
    if found[3] == "am" and hour == 12:
        hour = 0
    return time(hour, minute) if hour < 24 and minute < 60 else None
