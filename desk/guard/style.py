"""Whether an element shows: its computed style, and the ways in which a style hides what it holds."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from desk.guard import boxes, css
from desk.guard.colours import TOKEN, Colour, colour, contrast

_NEVER_SHOWN = {
    "noscript": "noscript", "noembed": "noscript", "noframes": "noscript", "template": "template", "datalist": "datalist",
    "object": "fallback", "audio": "fallback", "video": "fallback", "canvas": "fallback", "iframe": "fallback",
    "desc": "svg", "metadata": "svg", "annotation": "svg", "annotation-xml": "svg", "defs": "svg", "xml": "xml",
    "title": "title", "head": "head", "textarea": "form", "select": "form", "rp": "ruby", "dialog": "dialog",
    "xmp": "xmp", "applet": "fallback", "map": "map", "o:p": "", "svg": "svg", "progress": "fallback", "meter": "fallback",
}  # fmt: skip
_OF_THEIR_OWN = frozenset(_NEVER_SHOWN) | frozenset("details summary font pre textarea listing".split())
"""Elements that show otherwise than what is around them, whatever a page says."""
_PRESENTATIONAL = frozenset(("color", "bgcolor", "background", "text"))
_VAR = re.compile(r"var\(\s*(--[\w-]+)\s*(?:,([^()]*))?\)")
_WHITE: Colour = (255.0, 255.0, 255.0, 1.0)
_FONT_PX = {"xx-small": 9, "x-small": 10, "small": 13, "medium": 16, "large": 18, "x-large": 24, "smaller": 13}


@dataclass(frozen=True, slots=True)
class Style:
    """Computed state that children inherit. `hidden` names why nothing inside shows, `unseen` is visibility alone."""

    hidden: str = ""
    unseen: str = ""
    size: float = 16.0
    fore: Colour = (0.0, 0.0, 0.0, 1.0)
    back: Colour | None = _WHITE
    opacity: float = 1.0
    pre: bool = False


@lru_cache(maxsize=2048)
def too_faint(style: Style) -> str:
    """Why text of this style can't be read although it is drawn, or nothing."""
    if style.size <= 2.0:
        return "tiny"
    if style.opacity < 0.12:
        return "opacity"
    if style.fore[3] < 0.12:
        return "transparent"
    if style.back is not None and contrast(style.fore, style.back) < 1.18:
        return "colour"
    return ""


def computed(element: css.Element, chain: list[css.Element], outer: Style, sheet: css.Sheet) -> Style:
    """The element's own style from its parent's, the sheet and its attributes."""
    rules = sheet.matching(chain) if sheet.count else []
    if not (rules or element.attributes or element.tag in _OF_THEIR_OWN):
        return outer
    inline = element.attributes.get("style") or ""
    style = outer
    why = _by_kind(element)
    if element.tag == "details" and "open" not in element.attributes:
        why = "details"
    elif element.tag == "summary" and outer.hidden == "details":
        style = replace(style, hidden="")
    attributes = element.attributes
    if attributes.keys() & _PRESENTATIONAL or element.tag == "font":
        style = _presentational(element, style)
    if rules or inline:
        # Pages say the same styles over and over: each is worked out once for what it stands in.
        key = (tuple(r.order for r in rules), inline, style)
        known = sheet.known.get(key)
        if known is None:
            known = sheet.known[key] = _styled(rules, inline, style, sheet.custom)
        style = known[0]
        why = why or known[1]
    if element.tag in ("pre", "textarea", "listing"):
        style = replace(style, pre=True)
    return replace(style, hidden=why) if why and not style.hidden else style


def _styled(rules: Iterable[css.Rule], inline: str, style: Style, custom: Mapping[str, str]) -> tuple[Style, str]:
    """What rules and a style attribute make of an inherited style, and why the box shows nothing, if so."""
    props: css.Props = {}
    for rule in rules:
        _merge(props, rule.props)
    if inline:
        _merge(props, css.declarations(inline))
    if not props:
        return style, ""
    values = {k: v for k, (v, _) in props.items()}
    own = {**custom, **{k: v for k, v in values.items() if k.startswith("--")}}
    values = {k: _looked_up(v, own) if "var(" in v else v for k, v in values.items()}
    style = _apply(values, style)
    return style, boxes.reason(values, style.size)


def _looked_up(value: str, custom: Mapping[str, str]) -> str:
    """A value with its custom properties filled in (CSS Variables 1), a few levels deep."""
    for _ in range(4):
        value = _VAR.sub(lambda m: custom.get(m.group(1), m.group(2) or "").strip(), value)[:400]
    return value


def _merge(props: css.Props, more: css.Props) -> None:
    for name, (value, important) in more.items():
        if name in props and props[name][1] and not important:
            continue
        props[name] = (value, important)


def _by_kind(element: css.Element) -> str:
    tag, attributes = element.tag, element.attributes
    if tag in _NEVER_SHOWN:
        return "" if tag == "dialog" and "open" in attributes else _NEVER_SHOWN[tag]
    if "hidden" in attributes or "popover" in attributes:
        return "hidden_attribute"
    if (attributes.get("aria-hidden") or "").strip().lower() == "true":
        return "aria_hidden"
    if tag in ("marquee", "div") and any(
        (attributes.get(k) or "").strip() in ("0", "0px") for k in ("height", "width")
    ):
        return "size"
    return ""


def _presentational(element: css.Element, style: Style) -> Style:
    attributes = element.attributes
    fore = colour(attributes.get("color") or attributes.get("text") or "")
    if fore is not None and element.tag in ("font", "body", "basefont"):
        style = replace(style, fore=fore)
    if attributes.get("background"):
        style = replace(style, back=None)
    back = colour(attributes.get("bgcolor") or "")
    if back is not None and back[3] > 0.5:
        style = replace(style, back=back)
    if element.tag == "font" and (attributes.get("size") or "").strip() in ("0", "-7", "-8", "-9"):
        style = replace(style, size=1.0)
    return style


def _apply(values: Mapping[str, str], style: Style) -> Style:
    """Inherited properties: size, colours, opacity, visibility."""
    size = _font_size(values, style.size)
    fore = colour(values.get("-webkit-text-fill-color", "") or values.get("color", "")) or style.fore
    back = _background(values, style.back, fore)
    opacity = style.opacity
    m = re.search(r"(?<![\w-])opacity\(([^()]*)\)", values.get("filter", ""))
    for text in (values.get("opacity", ""), m.group(1) if m else ""):
        share = boxes.number(text)
        if share is not None:
            opacity *= max(0.0, min(1.0, share))
    unseen = style.unseen
    if "visibility" in values:
        unseen = "visibility" if values["visibility"] in ("hidden", "collapse") else ""
    return replace(style, size=size, fore=fore, back=back, opacity=opacity, unseen=unseen)


def _font_size(values: Mapping[str, str], base: float) -> float:
    text = values.get("font-size", "")
    if not text and "font" in values:
        found = re.findall(
            r"(?<![\w.])(?:\d*\.?\d+(?:px|pt|em|rem|ex|mm|cm|in|pc|%|vw|vh)|0)(?=[\s/]|$)", values["font"]
        )
        text = found[0] if found else ""
    if not text:
        return base
    if text in _FONT_PX:
        return float(_FONT_PX[text])
    size = css.length(text, base)
    return base if size is None else abs(size)


def _background(values: Mapping[str, str], inherited: Colour | None, fore: Colour) -> Colour | None:
    """The colour behind the text; None where a picture or a play of colours is."""
    both = f"{values.get('background', '')} {values.get('background-color', '')} {values.get('background-image', '')}"
    if "url(" in both:
        found = colour(values.get("background-color", ""))
        return found if found is not None and found[3] > 0.5 else None
    shades = [fore if token == "currentcolor" else colour(token) for token in TOKEN.findall(both)]
    solid = [c for c in shades if c is not None and c[3] > 0.5]
    if "gradient" in both and any(contrast(c, solid[0]) >= 1.18 for c in solid):
        return None
    return solid[-1] if solid else inherited
