"""Whether an element shows: its computed style, and the ways in which a style hides what it holds."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from desk.guard import css

_NEVER_SHOWN = {
    "noscript": "noscript", "noembed": "noscript", "noframes": "noscript", "template": "template", "datalist": "datalist",
    "object": "fallback", "audio": "fallback", "video": "fallback", "canvas": "fallback", "iframe": "fallback",
    "desc": "svg", "metadata": "svg", "annotation": "svg", "annotation-xml": "svg", "defs": "svg", "xml": "xml",
    "title": "title", "head": "head", "textarea": "form", "select": "form", "rp": "ruby", "dialog": "dialog",
    "xmp": "xmp", "applet": "fallback", "map": "map", "o:p": "",
}  # fmt: skip
_PRESENTATIONAL = frozenset(("color", "bgcolor", "background", "text"))
_WHITE: css.Colour = (255.0, 255.0, 255.0, 1.0)
_FONT_PX = {"xx-small": 9, "x-small": 10, "small": 13, "medium": 16, "large": 18, "x-large": 24, "smaller": 13}


@dataclass(frozen=True, slots=True)
class Style:
    """Computed state that children inherit. `hidden` names why nothing inside shows, `unseen` is visibility alone."""

    hidden: str = ""
    unseen: str = ""
    size: float = 16.0
    fore: css.Colour = (0.0, 0.0, 0.0, 1.0)
    back: css.Colour | None = _WHITE
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
    if style.back is not None and css.contrast(style.fore, style.back) < 1.18:
        return "colour"
    return ""


def computed(element: css.Element, chain: list[css.Element], outer: Style, sheet: css.Sheet) -> Style:
    """The element's own style from its parent's, the sheet and its attributes."""
    rules = sheet.matching(chain) if sheet.count else []
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
            known = sheet.known[key] = _styled(rules, inline, style)
        style = known[0]
        why = why or known[1]
    if element.tag in ("pre", "textarea", "listing"):
        style = replace(style, pre=True)
    return replace(style, hidden=why) if why and not style.hidden else style


def _styled(rules: Iterable[css.Rule], inline: str, style: Style) -> tuple[Style, str]:
    """What rules and a style attribute make of an inherited style, and why the box shows nothing, if so."""
    props: css.Props = {}
    for rule in rules:
        _merge(props, rule.props)
    if inline:
        _merge(props, css.declarations(inline))
    if not props:
        return style, ""
    values = {k: v for k, (v, _) in props.items()}
    style = _apply(values, style)
    return style, _box(values, style)


def _merge(props: css.Props, more: css.Props) -> None:
    for name, (value, important) in more.items():
        if name in props and props[name][1] and not important:
            continue
        props[name] = (value, important)


def _by_kind(element: css.Element) -> str:
    tag, attributes = element.tag, element.attributes
    if tag in _NEVER_SHOWN:
        return "" if tag == "dialog" and "open" in attributes else _NEVER_SHOWN[tag]
    if "hidden" in attributes:
        return "hidden_attribute"
    if (attributes.get("aria-hidden") or "").strip().lower() == "true":
        return "aria_hidden"
    if tag in ("td", "div", "tr") and (attributes.get("height") or "").strip() in ("0", "0px") and tag == "div":
        return "height"
    return ""


def _presentational(element: css.Element, style: Style) -> Style:
    attributes = element.attributes
    fore = css.colour(attributes.get("color") or attributes.get("text") or "")
    if fore is not None and element.tag in ("font", "body", "basefont"):
        style = replace(style, fore=fore)
    if attributes.get("background"):
        style = replace(style, back=None)
    back = css.colour(attributes.get("bgcolor") or "")
    if back is not None and back[3] > 0.5:
        style = replace(style, back=back)
    if element.tag == "font" and (attributes.get("size") or "").strip() in ("0", "-7", "-8", "-9"):
        style = replace(style, size=1.0)
    return style


def _apply(values: Mapping[str, str], style: Style) -> Style:
    """Inherited properties: size, colours, opacity, visibility."""
    size = _font_size(values, style.size)
    fore = css.colour(values.get("-webkit-text-fill-color", "") or values.get("color", "")) or style.fore
    back = _background(values, style.back)
    opacity = style.opacity
    if "opacity" in values or "filter" in values:
        m = re.search(r"opacity\(\s*([\d.]+%?)", values.get("filter", ""))
        for text in filter(None, (values.get("opacity", ""), m.group(1) if m else "")):
            number = re.match(r"[\d.]+", text)
            if number and number.group().count(".") < 2 and number.group() != ".":
                opacity *= float(number.group()) / (100 if text.endswith("%") else 1)
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
    if text.startswith(("calc(", "min(", "max(", "clamp(")):
        inner = re.findall(r"[\d.]+[a-z%]*", text)
        sizes = [s for s in (css.length(i, base) for i in inner if i.strip(".")) if s is not None]
        return (max(sizes) if text.startswith("max") else min(sizes)) if sizes else base
    size = css.length(text, base)
    return base if size is None else abs(size)


def _background(values: Mapping[str, str], inherited: css.Colour | None) -> css.Colour | None:
    both = f"{values.get('background', '')} {values.get('background-color', '')} {values.get('background-image', '')}"
    if "url(" in both or "gradient" in both:
        found = css.colour(values.get("background-color", ""))
        return found if found is not None and found[3] > 0.5 else None
    result = inherited
    for text in (values.get("background", ""), values.get("background-color", "")):
        for token in re.findall(r"(?:rgba?|hsla?)\([^)]*\)|#[0-9a-f]{3,8}|[a-z]+", text):
            found = css.colour(token)
            if found is not None and found[3] > 0.5:
                result = found
    return result


def _box(values: Mapping[str, str], style: Style) -> str:
    """Why a box with these properties shows nothing, or nothing."""
    if values.get("display", "").startswith("none"):
        return "display_none"
    if values.get("content-visibility") == "hidden":
        return "display_none"
    if "all" in values.get("mso-hide", ""):
        return "mso_hide"
    base = style.size
    overflow = (values.get(k, "") for k in ("overflow", "overflow-x", "overflow-y"))
    clips = any(v.startswith(("hidden", "clip", "scroll", "auto")) for v in overflow)
    for name in ("max-height", "height", "max-width", "width", "line-height"):
        size = css.length(values.get(name, ""), 100.0)
        if size is not None and size <= 1.0 and (clips or name == "max-height") and values.get(name, "")[-1:] != "%":
            return "size"
    for name in ("left", "right", "top", "bottom", "text-indent", "margin-left", "margin-top"):
        size = css.length(values.get(name, ""), base)
        if size is not None and abs(size) >= 400 and (size < 0 or name not in ("margin-left", "margin-top")):
            return "off_screen"
    moved = f"{values.get('transform', '')} {values.get('-webkit-transform', '')}"
    if re.search(r"scale(?:3d|x|y)?\(\s*0?\.?0*\s*[,)]|rotate[xy]\(\s*90|translate(?:x|y|3d)?\([^)]*-\d{3,}", moved):
        return "transform"
    if values.get("scale", "").strip() in ("0", "0%") or values.get("zoom", "").strip() in ("0", "0%", "0.01"):
        return "transform"
    clip = f"{values.get('clip', '')} {values.get('clip-path', '')}"
    if re.search(
        r"rect\(\s*[01](?:px)?[\s,]+[01](?:px)?[\s,]+[01](?:px)?|inset\(\s*(?:5\d|[6-9]\d|100)(?:\.\d+)?%", clip
    ):
        return "clip"
    if re.search(r"(?:circle|ellipse)\(\s*0|polygon\(\s*(?:0(?:px|%)?[\s,]*)+\)|inset\(\s*100", clip):
        return "clip"
    spacing = css.length(values.get("letter-spacing", ""), base)
    if spacing is not None and spacing < -0.5 * base:
        return "spacing"
    return ""
