"""Calendar invitations (RFC 5545) as the few lines a person would read: what, when, where, who."""

import re

MAX_EVENTS = 20
"""Events of one calendar that are read."""
MAX_PEOPLE = 20
"""Invited people named for one event."""

_METHODS = {"CANCEL": "Cancelled", "REPLY": "Answer to an invitation", "REQUEST": "Invitation"}
_ANSWERS = {"ACCEPTED": "accepted", "DECLINED": "declined", "TENTATIVE": "maybe"}
_ESCAPE = re.compile(r"\\([nN,;\\])")
_LINE = re.compile(r'([\w-]+)((?:;[\w-]+=(?:"[^"]*"|[^";:]*)(?:,(?:"[^"]*"|[^";:]*))*)*):(.*)', re.S)
_PARAMETER = re.compile(r';([\w-]+)=(?:"([^"]*)"|([^";:]*))')
_MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(?:\d\d)?(Z?))?$")


def to_text(calendar: str) -> str:
    """The events of a calendar, one line per fact; what is no calendar gives what lines of it are readable."""
    kind, events, inside = "", list[list[str]](), list[str]()
    current: list[str] = []
    for line in re.sub(r"\r?\n[ \t]", "", calendar).splitlines():
        match = _LINE.match(line.strip())
        if not match:
            continue
        name, given, value = match.group(1).upper(), match.group(2), match.group(3).strip()
        if name == "BEGIN":
            inside.append(value.upper())
            if value.upper() == "VEVENT":
                current = []
                events.append(current)
        elif name == "END":
            inside = inside[:-1]
        elif name == "METHOD":
            kind = _METHODS.get(value.upper(), "")
        elif inside[-1:] == ["VEVENT"] and value:
            fact = _fact(name, {k.upper(): a or b for k, a, b in _PARAMETER.findall(given)}, value)
            current += [fact] if fact else []
    shown = ["\n".join(_few(event)) for event in events[:MAX_EVENTS] if event]
    return "\n\n".join(([kind] if kind and shown else []) + shown)


def _few(event: list[str]) -> list[str]:
    people = [fact for fact in event if fact.startswith("Invited: ")]
    return [fact for fact in event if fact not in people[MAX_PEOPLE:]]


def _fact(name: str, given: dict[str, str], value: str) -> str:
    plain = _ESCAPE.sub(lambda m: "\n" if m.group(1) in "nN" else m.group(1), value).strip()
    if name in ("SUMMARY", "LOCATION", "DESCRIPTION"):
        return f"{name.capitalize()}: {plain}"
    if name in ("DTSTART", "DTEND"):
        return f"{ {'DTSTART': 'Start', 'DTEND': 'End'}[name] }: {_when(value, given.get('TZID', ''))}"
    if name in ("ORGANIZER", "ATTENDEE"):
        address = re.sub(r"^mailto:", "", plain, flags=re.I)
        who = f"{given['CN']} <{address}>" if given.get("CN") and given["CN"] != address else address
        answer = _ANSWERS.get(given.get("PARTSTAT", "").upper(), "")
        return f"{'Organizer' if name == 'ORGANIZER' else 'Invited'}: {who}" + (f" ({answer})" if answer else "")
    return ""


def _when(value: str, zone: str) -> str:
    match = _MOMENT.match(value)
    if not match:
        return value
    year, month, day, hour, minute, utc = match.groups()
    clock = f" {hour}:{minute}" if hour else ""
    return f"{year}-{month}-{day}{clock}" + (" UTC" if utc else f" ({zone})" if zone and clock else "")
