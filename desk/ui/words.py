"""Small words and figures of the screen: ages, confidence, waits, cutting by cells."""

from datetime import datetime, timedelta

from rich.cells import cell_len, set_cell_size

__all__ = ["age", "blocks", "cell_len", "clip", "countdown", "cut", "language", "moment", "plain", "plural", "span"]

BLOCKS = 5


def age(then: datetime, now: datetime) -> str:
    """How long ago, short: now, 2m, 3h, 5d, 7w, 2y."""
    seconds = max(0, int((now - then).total_seconds()))
    for size, unit in ((31_536_000, "y"), (604_800 * 2, "w"), (86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= size:
            return f"{seconds // (604_800 if unit == 'w' else size)}{unit}"
    return "now"


def span(seconds: float) -> str:
    """A length of time in short: 34 s, 5 min, 3 h, 2 days."""
    for size, unit in ((172_800, "days"), (7_200, "h"), (120, "min")):
        if seconds >= size:
            return f"{seconds / {'days': 86_400, 'h': 3_600, 'min': 60}[unit]:.0f} {unit}"
    return f"{seconds:.0f} s"


def countdown(until: datetime, now: datetime) -> str:
    """Time left as m:ss, above an hour in words."""
    seconds = max(0, round((until - now).total_seconds()))
    return f"{seconds // 60}:{seconds % 60:02d}" if seconds < 3600 else span(seconds)


def blocks(probability: float) -> str:
    """A probability as five blocks and two digits: ▰▰▰▰▱ 0.91."""
    p = min(1.0, max(0.0, probability))
    full = min(BLOCKS, int(p * BLOCKS))
    return f"{'▰' * full}{'▱' * (BLOCKS - full)} {p:.2f}"


def clip(text: str, width: int) -> str:
    """The text in exactly `width` cells: cut with … where it is longer, padded where it is shorter."""
    if width <= 0:
        return ""
    if cell_len(text) <= width:
        return text + " " * (width - cell_len(text))
    return set_cell_size(text, width - 1) + "…"


def cut(text: str, width: int) -> str:
    """The text in at most `width` cells, cut with …."""
    return clip(text, width) if cell_len(text) > width else text


def moment(at: datetime, now: datetime) -> str:
    """A local date and time, as short as it can be understood: 13:58, Tue 13:58, 14 Oct 13:58, 14 Oct 2025."""
    at, now = at.astimezone(), now.astimezone()
    if at.date() == now.date():
        return f"{at:%H:%M}"
    if abs(now - at) < timedelta(days=6):
        return f"{at:%a %H:%M}"
    return f"{at.day} {at:%b %H:%M}" if at.year == now.year else f"{at.day} {at:%b %Y}"


def plural(count: int, one: str, many: str = "") -> str:
    """`1 source`, `2 sources`."""
    return f"{count} {one if count == 1 else many or one + 's'}"


LANGUAGES = {
    "en": "English",
    "de": "German",
    "nl": "Dutch",
    "fr": "French",
    "es": "Spanish",
    "it": "Italian",
    "pt": "Portuguese",
    "pl": "Polish",
    "da": "Danish",
    "sv": "Swedish",
    "ru": "Russian",
    "zh": "Chinese",
    "ja": "Japanese",
    "ar": "Arabic",
}


def language(code: str) -> str:
    """The name of a language, or its code where there is none."""
    return LANGUAGES.get(code, code or "unknown language")


def plain(name: str) -> str:
    """An enum's value in words: feature_request → feature request."""
    return name.replace("_", " ")
