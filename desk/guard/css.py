"""As much CSS as hiding needs: declarations that decide whether text is seen, and selectors matched in linear time.

CSS 2.1 cascade (importance, specificity, order) for the properties in `RELEVANT`; an unknown selector part narrows
nothing, so a rule that might hide is taken to hide.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

RELEVANT = frozenset(
    "display visibility opacity font-size font color background background-color background-image position left right "
    "top bottom text-indent margin-left margin-top clip clip-path height max-height width max-width overflow overflow-x "
    "overflow-y line-height mso-hide transform -webkit-transform translate rotate scale zoom filter -ms-filter float all "
    "content-visibility -webkit-text-fill-color letter-spacing mask mask-image mask-size -webkit-mask -webkit-mask-image "
    "-webkit-mask-size -webkit-clip-path margin margin-right padding padding-left padding-top inset inset-inline-start "
    "inset-inline-end inset-block-start inset-block-end block-size inline-size max-block-size max-inline-size z-index".split()
)
MAX_RULES = 600
MAX_PARTS = 6
_ELSEWHERE = re.compile(r"\bprint|speech|tty|portrait|dark|reduce|resolution|pixel-ratio|hover|pointer")
_EXTENT = re.compile(
    r"(min|max)-(?:device-)?(width|height)\s*:\s*([\d.]+)(px|em|rem)?|\b(width|height)\s*([<>])=?\s*([\d.]+)"
)
_DESKTOP = {"width": 900.0, "height": 700.0}
Props = dict[str, tuple[str, bool]]
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)|<!--|-->", re.DOTALL)
_ESCAPED = re.compile(r"\\([0-9A-Fa-f]{1,6})\s?|\\(.)", re.DOTALL)
_HEX_ESCAPE = re.compile(r"\\([0-9A-Fa-f]{1,6})\s?")
_MATCHES = re.compile(r":(?:is|where|matches)\(\s*([.#]?[\w-]+(?:[.#][\w-]+)*)\s*\)")
_PART = re.compile(
    r"([#.]?)([\w-]+|\*)|\[\s*([\w-]+)\s*(?:([~|^$*]?=)\s*[\"']?([^\"'\]]*)[\"']?\s*[isIS]?\s*)?\]"
    r"|(::?[\w-]+(?:\([^()]*\))?)"
)
_NEVER_APPLIES = (":hover", ":focus", ":active", ":before", ":after", ":visited", ":target", ":checked", ":placeholder")


@dataclass(frozen=True, slots=True)
class Compound:
    """One simple selector sequence such as `p.note#x[hidden]`."""

    tag: str = ""
    ident: str = ""
    classes: frozenset[str] = frozenset()
    attributes: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """A selector as compounds from left to right, its weight in the cascade and what it declares."""

    parts: tuple[Compound, ...]
    child: tuple[bool, ...]
    specificity: tuple[int, int, int]
    order: int
    props: Props


@dataclass(slots=True)
class Sheet:
    """All rules that matter, found by the key of their last compound. `complete` is False when a bound was hit."""

    by_id: dict[str, list[Rule]] = field(default_factory=dict)
    by_class: dict[str, list[Rule]] = field(default_factory=dict)
    by_tag: dict[str, list[Rule]] = field(default_factory=dict)
    count: int = 0
    complete: bool = True
    custom: dict[str, str] = field(default_factory=dict)
    """Custom properties of the page, wherever they are set: a `var(--x)` is looked up here."""
    known: dict[Any, Any] = field(default_factory=dict)
    """Styles already worked out on this page; see `style.computed`."""

    def add(self, css: str) -> None:
        """Take in the text of one style element."""
        for selector, body in _blocks(_COMMENT.sub(" ", css)):
            said = declarations(body)
            self.custom.update({k: v for k, (v, _) in said.items() if k.startswith("--")})
            props = {k: v for k, v in said.items() if k in RELEVANT}
            if not props:
                continue
            for one in selector.split(","):
                if self.count >= MAX_RULES:
                    self.complete = False
                    return
                rule = _selector(one, self.count, props)
                if rule is not None:
                    self.count += 1
                    self._file(rule)

    def _file(self, rule: Rule) -> None:
        last = rule.parts[-1]
        if last.ident:
            self.by_id.setdefault(last.ident, []).append(rule)
        elif last.classes:
            self.by_class.setdefault(min(last.classes), []).append(rule)
        else:
            self.by_tag.setdefault(last.tag or "*", []).append(rule)

    def matching(self, chain: list["Element"]) -> list[Rule]:
        """Rules for the last element of `chain` (its ancestors before it), weakest first."""
        me = chain[-1]
        found: list[Rule] = []
        if me.ident:
            found += self.by_id.get(me.ident, ())
        for name in me.classes:
            found += self.by_class.get(name, ())
        found += self.by_tag.get(me.tag, ())
        found += self.by_tag.get("*", ())
        kept = [r for r in found if _matches(r, chain)] if found else found
        if len(kept) > 1:
            kept.sort(key=lambda r: (r.specificity, r.order))
        return kept


@dataclass(slots=True)
class Element:
    """What a selector sees of an element."""

    tag: str
    ident: str
    classes: tuple[str, ...]
    attributes: Mapping[str, str | None]


def declarations(body: str) -> Props:
    """`name: value` pairs of a style attribute or block → {name: (value, important)}, names and values lower case."""
    found: Props = {}
    if "\\" in body:
        body = _ESCAPED.sub(lambda m: chr(min(int(m.group(1), 16), 0x10FFFF)) if m.group(1) else m.group(2), body)
    if "/*" in body:
        body = _COMMENT.sub("", body)
    for part in body.split(";")[:200]:
        name, colon, value = part.partition(":")
        if not colon:
            continue
        name, value = name.strip().lower(), value.strip().lower()[:200]
        important = "!" in value and "important" in value
        if important:
            value = value.partition("!")[0].strip()
        if name in found and found[name][1] and not important:
            continue
        found[name] = (value, important)
    return found


def _blocks(css: str) -> Iterable[tuple[str, str]]:
    """(selector, body) pairs; what stands inside a media rule counts where it applies to a screen of any width."""
    skip_depth = 0
    opened: list[bool] = []
    at = 0
    braces = list(re.finditer(r"[{}]", css[:300_000]))
    for i, m in enumerate(braces):
        if m.group() == "{":
            head = css[max(at, m.start() - 2000) : m.start()].strip().rpartition(";")[2].strip()
            if head.startswith("@"):
                lower = head.lower()
                applies = lower.startswith(("@media", "@supports", "@layer", "@container", "@document"))
                applies = applies and _on_desktop(lower)
                opened.append(applies)
                skip_depth += not applies
            else:
                end = braces[i + 1].start() if i + 1 < len(braces) else len(css)
                opened.append(True)
                if not skip_depth and head:
                    yield head, css[m.end() : end]
        elif opened:
            skip_depth -= not opened.pop()
        at = m.end()


def _on_desktop(condition: str) -> bool:
    """Whether a media rule applies to a person at a desk: a light, wide screen. `not print` does."""
    if _ELSEWHERE.search(condition.replace("not print", "")):
        return False
    for bound, name, number, unit, ranged, sign, limit in _EXTENT.findall(condition):
        size = (
            float(limit or number) * (16 if unit in ("em", "rem") else 1) if (limit or number).count(".") < 2 else 0.0
        )
        have = _DESKTOP[name or ranged]
        if (have < size) if bound == "min" or sign == ">" else (have > size):
            return False
    return True


def _selector(text: str, order: int, props: Props) -> Rule | None:
    parts: list[Compound] = []
    child: list[bool] = []
    a = b = c = 0
    text = _HEX_ESCAPE.sub(lambda m: chr(min(int(m.group(1), 16), 0x10FFFF)), text)
    text = _MATCHES.sub(r"\1", text)
    spaced = re.sub(r"\s*([>+~])\s*", r" \1 ", text.strip())
    direct = False
    for word in spaced.split()[: MAX_PARTS * 2]:
        if word in (">", "+", "~"):
            direct = word == ">"
            if word != ">" and parts:
                # A sibling's place is not followed: the left side is dropped, so the rule matches more, never less.
                parts.pop()
                child.pop()
            continue
        tag = ident = ""
        classes: set[str] = set()
        attributes: list[tuple[str, str, str]] = []
        for m in _PART.finditer(word.replace("\\", "")):
            mark, name, attr, op, value, pseudo = m.groups()
            if pseudo:
                if any(p in pseudo.lower() for p in _NEVER_APPLIES):
                    return None
                b += 1
            elif attr:
                attributes.append((attr.lower(), op or "", value or ""))
                b += 1
            elif mark == "#":
                ident, a = name, a + 1
            elif mark == ".":
                classes.add(name)
                b += 1
            elif name != "*":
                tag, c = name.lower(), c + 1
        parts.append(Compound(tag, ident, frozenset(classes), tuple(attributes)))
        child.append(direct)
        direct = False
    if not parts:
        return None
    return Rule(tuple(parts[-MAX_PARTS:]), tuple(child[-MAX_PARTS:]), (a, b, c), order, props)


def _fits(part: Compound, e: Element) -> bool:
    if part.tag and part.tag != e.tag:
        return False
    if part.ident and part.ident != e.ident:
        return False
    if part.classes and not part.classes.issubset(e.classes):
        return False
    return all(_has(e, *a) for a in part.attributes)


def _has(e: Element, name: str, op: str, value: str) -> bool:
    if name not in e.attributes:
        return False
    have = e.attributes[name] or ""
    if op == "=":
        return have == value
    if op == "~=":
        return value in have.split()
    if op == "^=":
        return have.startswith(value)
    if op == "$=":
        return have.endswith(value)
    if op == "*=":
        return value in have
    return not op or have == value or have.startswith(value + "-")


def _matches(rule: Rule, chain: list[Element]) -> bool:
    if not _fits(rule.parts[-1], chain[-1]):
        return False
    at = len(chain) - 2
    for i in range(len(rule.parts) - 2, -1, -1):
        if rule.child[i + 1]:
            if at < 0 or not _fits(rule.parts[i], chain[at]):
                return False
            at -= 1
            continue
        floor = max(-1, at - 40)
        while at > floor and not _fits(rule.parts[i], chain[at]):
            at -= 1
        if at <= floor:
            return False
        at -= 1
    return True


# --- values ------------------------------------------------------------------------------------------------------

_UNIT = {"px": 1.0, "pt": 1.333, "pc": 16.0, "in": 96.0, "cm": 37.8, "mm": 3.78, "q": 0.945, "": 1.0}
_LENGTH = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*([a-z%]*)")


def length(value: str, base: float = 16.0) -> float | None:
    """A CSS length in px (`base` px for em and percent), or None where it is not one."""
    value = value.strip()
    if value.startswith(("calc(", "min(", "max(", "clamp(")):
        return _calculated(value[:200], base)
    m = _LENGTH.match(value)
    if m is None:
        return None
    number, unit = max(-1e9, min(1e9, float(m.group(1)))), m.group(2)
    if unit in ("em", "rem", "ex", "ch"):
        return number * (base if unit == "em" else 16.0 if unit == "rem" else base / 2)
    if unit == "%":
        return number * base / 100
    if unit in ("vw", "vh", "vmin", "vmax"):
        return number * 8
    return number * _UNIT[unit] if unit in _UNIT else None


def _calculated(value: str, base: float) -> float | None:
    """Sums and products inside `calc()`; the least of what `min()`, `max()` and `clamp()` offer (the most of `max()`)."""
    name, _, inside = value.partition("(")
    if name != "calc":
        sizes = [s for s in (length(i, base) for i in re.findall(r"[+-]?[\d.]+[a-z%]*", inside)) if s is not None]
        return None if not sizes else max(sizes) if name == "max" else min(sizes)
    total, product, sign, divide, seen = 0.0, 1.0, 1.0, False, False
    for mark, number in re.findall(r"(?<=\s)([+-])(?=\s)|([+-]?(?:\d+\.?\d*|\.\d+)[a-z%]*|[*/])", inside):
        if mark:
            total, product, sign, seen = total + sign * product, 1.0, -1.0 if mark == "-" else 1.0, False
        elif number in "*/":
            divide = number == "/"
        else:
            size = length(number, base)
            if size is None:
                return None
            product = product / size if divide and size else product * size
            divide, seen = False, True
    return total + sign * product if seen else None
