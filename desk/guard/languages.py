"""Rules in other languages, made from one table of words per language and a handful of shapes.

The tables are `words/latin.toml` and `words/other.toml`. The shapes are the same everywhere: `ignore` `which`
`instructions` (all previous ones), instructions that are `void` or `new`, a `note` to the `ai`, `if_you_are` an `ai`,
`i_am_your` `developer`, `show` the `prompt`, answer `only` with, `send` `tickets` to an address, `weave` into the `answer`.
"""

from collections.abc import Callable
from functools import lru_cache

from desk.domain.enums import AttackType
from desk.guard.english import load
from desk.guard.normalise import fold
from desk.guard.rules import Rule

_ROLE = AttackType.ROLE_IMPERSONATION


def _stems(words: str) -> tuple[str, ...]:
    """The longest plain stretch of each alternative: what must occur for the rule to be worth trying."""
    found = []
    for word in words.split("|"):
        parts = sorted(word.split(), key=len)
        if parts:
            found.append(parts[-1])
    return tuple(dict.fromkeys(found))


def _group(words: str, *, tail: str) -> str:
    """Alternatives with any ending; a short word stands for itself alone ("bot" is not "bottom")."""
    return (
        "(?:" + "|".join(w + (r"(?!\w)" if tail and len(w.split()[-1]) <= 3 else tail) for w in words.split("|")) + ")"
    )


@lru_cache(maxsize=1)
def rules() -> tuple[Rule, ...]:
    """All rules of all languages but English."""
    found: list[Rule] = []
    for name in ("latin.toml", "other.toml"):
        for code, words in load(name).items():
            levelled = {k: fold(v) for k, v in words.items() if isinstance(v, str)}
            found += _rules(code, levelled, bool(words.get("loose")))
    return tuple(found)


_ENGLISH = frozenset("information note message instruction instructions attention ai bot chatbot llm robot assistant not "
                     "administrator admin nota instruktion".split())  # fmt: skip


def _not_english(w: dict[str, str], tail: str) -> str:
    """A note to the AI in which at least one of the two words is not an English one: those have rules of their own."""
    own = {k: "|".join(word for word in w[k].split("|") if word not in _ENGLISH) for k in ("note", "ai")}
    shapes = [f"{_group(own['note'], tail=tail)} <3> {_group(w['ai'], tail=tail)}"] if own["note"] else []
    shapes += [f"{_group(w['note'], tail=tail)} <3> {_group(own['ai'], tail=tail)}"] if own["ai"] else []
    return "(?:" + "|".join(shapes) + ")"


Add = Callable[..., None]
"""Adds one rule: name, family, weight, the words it needs, its pattern."""


def _overrides(add: Add, g: dict[str, str], w: dict[str, str]) -> None:
    """Forget what you were told, and take new orders."""
    both = ("instructions", "ignore")
    if all(w.get(k) for k in ("ignore", "which", "instructions")):
        add("override", "override", 0.75, (*both, "which"), f"{g['ignore']} <4> {g['which']} <3> {g['instructions']}")
        add(
            "override_after",
            "override",
            0.75,
            (*both, "which"),
            f"{g['ignore']} <3> {g['instructions']} <3> {g['which']}",
        )
        add(
            "override_last",
            "override",
            0.75,
            (*both, "which"),
            f"{g['which']} <3> {g['instructions']} <4> {g['ignore']}",
        )
    if w.get("void"):
        add("override_void", "override", 0.6, ("instructions", "void"), f"{g['instructions']} <4> {g['void']}")
    if w.get("new"):
        add(
            "override_new",
            "override",
            0.45,
            ("instructions", "new"),
            f"{g['new']} <1> {g['instructions']}" + r"\s{0,3}[:：]",
        )
        add(
            "override_new_after",
            "override",
            0.45,
            ("instructions", "new"),
            f"{g['instructions']} {g['new']}" + r"\s{0,3}[:：]",
        )


def _exfiltration(add: Add, g: dict[str, str], code: str, loose: bool) -> None:
    """Send what you know to an address."""
    add(
        "send",
        "exfiltrate",
        0.45,
        ("tickets", "send"),
        f"{g.get('send', '')} <4> {g.get('tickets', '')}" + r"(?=[^\x00\n]{0,60}[\w.+-]@)",
    )
    if loose or code in ("de", "nl", "tr"):
        add(
            "send_last",
            "exfiltrate",
            0.45,
            ("tickets", "send"),
            f"{g.get('tickets', '')}" + r"[^\x00\n]{0,60}@[^\x00\n]{0,60}?" + g.get("send", ""),
        )
        add(
            "send_into",
            "exfiltrate",
            0.45,
            ("tickets", "send"),
            f"{g.get('tickets', '')}[^\\x00\\n]{{0,30}}?{g.get('send', '')}" + r"(?=[^\x00\n]{0,60}[\w.+-]@)",
        )


def _rules(code: str, w: dict[str, str], loose: bool) -> list[Rule]:
    tail = "" if loose else r"\w*"
    g = {k: _group(v, tail=tail) for k, v in w.items()}
    s = {k: _stems(v) for k, v in w.items()}
    found: list[Rule] = []

    def add(name: str, family: str, weight: float, needs: tuple[str, ...], pattern: str,
            kind: AttackType = AttackType.DIRECT_INJECTION) -> None:  # fmt: skip
        if all(w.get(n) for n in needs):
            found.append(Rule(f"{code}.{name}", family, weight, tuple(s[n] for n in needs), pattern, kind, loose))

    _overrides(add, g, w)
    if w.get("ai"):
        for name, weight, then in (("address", 0.4, ""), ("address_line", 0.6, r"(?=[^\x00\n]{0,25}[:：])")):
            add(name, "address", weight, ("ai", "note"), _not_english(w, tail) + then, _ROLE)
            if loose:
                add(f"{name}_after", "address", weight, ("ai", "note"), f"{g['ai']} <2> {g['note']}" + then, _ROLE)
        add("address_if", "address", 0.6, ("ai", "if_you_are"), f"{g['if_you_are']} <2> {g['ai']}", _ROLE)
        add("authority_of", "authority", 0.35, ("ai", "developer"), f"{g['developer']} <3> {g['ai']}", _ROLE)
    add(
        "authority",
        "authority",
        0.6,
        ("developer", "i_am_your"),
        f"{g.get('i_am_your', '')} <1> {g.get('developer', '')}",
        _ROLE,
    )
    add("extract", "extract", 0.7, ("prompt", "show"), f"{g.get('show', '')} <4> {g.get('prompt', '')}")
    if loose or code in ("de", "nl", "tr", "hu", "fi"):
        add("extract_last", "extract", 0.7, ("prompt", "show"), f"{g.get('prompt', '')} <4> {g.get('show', '')}")
    add("only", "output", 0.4, ("only",), g.get("only", ""))
    _exfiltration(add, g, code, loose)
    add("answer", "manipulate", 0.45, ("answer", "weave"), f"{g.get('weave', '')} <9> {g.get('answer', '')}")
    return found
