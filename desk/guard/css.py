"""As much CSS as hiding needs: declarations that decide whether text is seen, and selectors matched in linear time.

CSS 2.1 cascade (importance, specificity, order) for the properties in `RELEVANT`; an unknown selector part narrows
nothing, so a rule that might hide is taken to hide.
"""

import colorsys
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

RELEVANT = frozenset(
    "display visibility opacity font-size font color background background-color background-image position left right "
    "top bottom text-indent margin-left margin-top clip clip-path height max-height width max-width overflow overflow-x "
    "overflow-y line-height mso-hide transform -webkit-transform scale zoom filter content-visibility "
    "-webkit-text-fill-color letter-spacing mask mask-image -webkit-mask float all".split()
)
MAX_RULES = 600
MAX_PARTS = 6
_NARROW = re.compile(r"print|width|height|speech|orientation|prefers|resolution|tty")
Props = dict[str, tuple[str, bool]]
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)|<!--|-->", re.DOTALL)
_ESCAPED = re.compile(r"\\([0-9A-Fa-f]{1,6})\s?|\\(.)", re.DOTALL)
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
    known: dict[Any, Any] = field(default_factory=dict)
    """Styles already worked out on this page; see `style.computed`."""

    def add(self, css: str) -> None:
        """Take in the text of one style element."""
        for selector, body in _blocks(_COMMENT.sub(" ", css)):
            props = {k: v for k, v in declarations(body).items() if k in RELEVANT}
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


@dataclass(frozen=True, slots=True)
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
                applies = applies and not _NARROW.search(lower)
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


def _selector(text: str, order: int, props: Props) -> Rule | None:
    parts: list[Compound] = []
    child: list[bool] = []
    a = b = c = 0
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
_NAMED = {
    "white": (255, 255, 255), "black": (0, 0, 0), "snow": (255, 250, 250), "ivory": (255, 255, 240),
    "ghostwhite": (248, 248, 255), "whitesmoke": (245, 245, 245), "floralwhite": (255, 250, 240),
    "mintcream": (245, 255, 250), "azure": (240, 255, 255), "aliceblue": (240, 248, 255), "seashell": (255, 245, 238),
    "lavenderblush": (255, 240, 245), "honeydew": (240, 255, 240), "oldlace": (253, 245, 230), "linen": (250, 240, 230),
    "beige": (245, 245, 220), "lightyellow": (255, 255, 224), "cornsilk": (255, 248, 220), "gainsboro": (220, 220, 220),
    "lightgray": (211, 211, 211), "lightgrey": (211, 211, 211), "silver": (192, 192, 192), "gray": (128, 128, 128),
    "grey": (128, 128, 128), "red": (255, 0, 0), "green": (0, 128, 0), "blue": (0, 0, 255), "yellow": (255, 255, 0),
    "navy": (0, 0, 128), "maroon": (128, 0, 0), "orange": (255, 165, 0), "purple": (128, 0, 128), "lime": (0, 255, 0),
    "cyan": (0, 255, 255), "aqua": (0, 255, 255), "magenta": (255, 0, 255), "fuchsia": (255, 0, 255),
    "teal": (0, 128, 128), "olive": (128, 128, 0), "lavender": (230, 230, 250), "pink": (255, 192, 203),
    "lightcyan": (224, 255, 255), "antiquewhite": (250, 235, 215), "papayawhip": (255, 239, 213),
    "canvas": (255, 255, 255), "window": (255, 255, 255),
}  # fmt: skip
Colour = tuple[float, float, float, float]


def length(value: str, base: float = 16.0) -> float | None:
    """A CSS length in px (`base` px for em and percent), or None where it is not one."""
    m = _LENGTH.match(value.strip())
    if m is None:
        return None
    number, unit = float(m.group(1)), m.group(2)
    if unit in ("em", "rem", "ex", "ch"):
        return number * (base if unit == "em" else 16.0 if unit == "rem" else base / 2)
    if unit == "%":
        return number * base / 100
    if unit in ("vw", "vh", "vmin", "vmax"):
        return number * 8
    return number * _UNIT[unit] if unit in _UNIT else None


def colour(value: str) -> Colour | None:
    """A CSS or HTML colour as red, green, blue (0..255) and alpha (0..1); None where it names none."""
    value = value.strip().lower()
    if value == "transparent":
        return (255.0, 255.0, 255.0, 0.0)
    if value in _NAMED:
        return (*map(float, _NAMED[value]), 1.0)  # type: ignore[return-value]
    if value.startswith("#") or re.fullmatch(r"[0-9a-f]{6}", value):
        digits = value.lstrip("#")
        if not re.fullmatch(r"[0-9a-f]{3,8}", digits):
            return None
        if len(digits) in (3, 4):
            digits = "".join(c * 2 for c in digits)
        r, g, b = (int(digits[i : i + 2].ljust(2, "0"), 16) for i in (0, 2, 4))
        return (r, g, b, int(digits[6:8], 16) / 255 if len(digits) == 8 else 1.0)
    m = re.match(r"(rgba?|hsla?)\(([^)]*)\)?", value)
    if m is None:
        return None
    return _function(m.group(1), re.findall(r"[+-]?(?:\d+\.?\d*|\.\d+)%?", m.group(2)))


def _function(name: str, parts: list[str]) -> Colour | None:
    if len(parts) < 3:
        return None
    alpha = 1.0
    if len(parts) > 3:
        alpha = float(parts[3].rstrip("%")) / (100 if parts[3].endswith("%") else 1)
    if name.startswith("rgb"):
        r, g, b = (float(p.rstrip("%")) * (2.55 if p.endswith("%") else 1) for p in parts[:3])
        return (r, g, b, alpha)
    h, s, light = float(parts[0].rstrip("%")), float(parts[1].rstrip("%")) / 100, float(parts[2].rstrip("%")) / 100
    r, g, b = colorsys.hls_to_rgb((h % 360) / 360, min(1.0, light), min(1.0, s))
    return (r * 255, g * 255, b * 255, alpha)


def contrast(a: Colour, b: Colour) -> float:
    """WCAG 2.1 contrast ratio of two opaque colours, 1 (none) to 21."""

    def luminance(c: Colour) -> float:
        parts = [max(0.0, min(255.0, v)) / 255 for v in c[:3]]
        r, g, bl = (v / 12.92 if v <= 0.03928 else ((v + 0.055) / 1.055) ** 2.4 for v in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * bl

    x, y = sorted((luminance(a), luminance(b)))
    return (y + 0.05) / (x + 0.05)
