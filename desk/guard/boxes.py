"""Why a box shows nothing: the ways in which the declarations of one element hide all that it holds.

Each way is one function over the element's values (names and values lower case); `reason` asks them in turn. What is not
surely shown counts as hidden.
"""

import re
from collections.abc import Callable, Mapping

from desk.guard import css
from desk.guard.colours import TOKEN, colour

Values = Mapping[str, str]
FAR = 400.0
"""Pixels beyond which something has been moved out of sight; a percentage is taken of a box of this size."""
_SIDES = ("top", "right", "bottom", "left")
_LOGICAL = {
    "inset-inline-start": "left", "inset-inline-end": "right", "inset-block-start": "top", "inset-block-end": "bottom",
    "block-size": "height", "inline-size": "width", "max-block-size": "max-height", "max-inline-size": "max-width",
    "-webkit-clip-path": "clip-path", "-webkit-mask": "mask", "-webkit-mask-image": "mask-image",
    "-webkit-mask-size": "mask-size", "-webkit-transform": "transform", "-ms-filter": "filter",
}  # fmt: skip
_CALL = re.compile(r"([a-z0-9]+)\(([^()]*(?:\([^()]*\)[^()]*)*)\)")
_SPLIT = re.compile(r"[\s,]+")


def longhand(values: Values) -> dict[str, str]:
    """The values with shorthands, logical and prefixed names spelled out; what is said by its own name stays."""
    found: dict[str, str] = {}
    for short in ("margin", "padding", "inset"):
        parts = values.get(short, "").split()[:4]
        if parts and "(" not in values[short]:
            four = (parts[int(i)] for i in ("0000", "0101", "0121", "0123")[len(parts) - 1])
            names = _SIDES if short == "inset" else tuple(f"{short}-{side}" for side in _SIDES)
            found.update(zip(names, four, strict=True))
    found.update({_LOGICAL[name]: value for name, value in values.items() if name in _LOGICAL})
    return {**found, **{name: value for name, value in values.items() if name not in _LOGICAL}}


def number(text: str) -> float | None:
    """A number such as an opacity, `50%` as 0.5; None where it is none."""
    return css.length(text, 1.0)


def _switched_off(values: Values, size: float) -> bool:
    return values.get("display", "").startswith("none") or values.get("content-visibility") == "hidden"


def _for_outlook(values: Values, size: float) -> bool:
    return "all" in values.get("mso-hide", "")


def _no_room(values: Values, base: float) -> bool:
    overflow = (values.get(k, "") for k in ("overflow", "overflow-x", "overflow-y"))
    clips = any(v.startswith(("hidden", "clip", "scroll", "auto")) for v in overflow)
    for name in ("max-height", "height", "max-width", "width", "line-height"):
        size = css.length(values.get(name, ""), 100.0)
        if size is None or size > 1.0 or not (clips or name == "max-height"):
            continue
        if size == 0 or values[name][-1:] != "%":
            return True
    return False


def _off_screen(values: Values, base: float) -> bool:
    for name in ("left", "right", "top", "bottom", "text-indent", "margin-left", "margin-top", "margin-right"):
        value = values.get(name, "")
        size = css.length(value, FAR if value.endswith("%") else base)
        if size is not None and abs(size) >= FAR and (size < 0 or not name.startswith("margin")):
            return True
    pads = (css.length(values.get(name, ""), base) for name in ("padding-left", "padding-top"))
    return any(pad is not None and pad >= 2 * FAR for pad in pads)


def _transformed(values: Values, base: float) -> bool:
    calls = _CALL.findall(values.get("transform", ""))
    calls += [(name, values[name]) for name in ("translate", "scale", "rotate") if name in values]
    for name, inside in calls:
        parts = [p for p in _SPLIT.split(inside.strip()) if p]
        if name.startswith("scale"):
            factors = [n for p in parts[:2] if (n := number(p)) is not None]
            if any(abs(n) < 0.1 for n in factors):
                return True
        elif name.startswith("translate"):
            if any(abs(css.length(p, FAR if p.endswith("%") else base) or 0.0) >= FAR for p in parts):
                return True
        elif name.startswith("matrix"):
            m = [number(p) or 0.0 for p in parts]
            if len(m) == 6 and (abs(m[0] * m[3] - m[1] * m[2]) < 0.01 or max(abs(m[4]), abs(m[5])) >= FAR):
                return True
        elif name in ("rotatex", "rotatey", "rotate3d") and re.search(r"(?:^|[\s,])-?(?:90|270)deg", inside):
            return True
    zoom = number(values.get("zoom", ""))
    return zoom is not None and zoom < 0.1


def _clipped(values: Values, base: float) -> bool:
    clip = f"{values.get('clip', '')} {values.get('clip-path', '')}"
    for name, inside in _CALL.findall(clip):
        parts = [p for p in _SPLIT.split(inside.partition("round")[0].strip()) if p]
        sizes = [s for p in parts if (s := css.length(p, FAR)) is not None]
        if name == "rect" and len(sizes) >= 3 and max(sizes) <= 1.0:
            return True
        if name == "inset" and sizes and max(sizes) >= FAR / 2:
            return True
        if name in ("circle", "ellipse") and sizes and sizes[0] <= 1.0:
            return True
        if name == "polygon" and len({" ".join(p.split()) for p in inside.split(",")}) < 3:
            return True
    return False


def _masked(values: Values, base: float) -> bool:
    mask = f"{values.get('mask', '')} {values.get('mask-image', '')}".strip()
    if not mask or mask in ("none", "initial", "unset", "inherit"):
        return False
    size = css.length(values.get("mask-size", ""), 100.0)
    if "gradient" not in mask or (size is not None and size <= 1.0):
        return True
    shades = [c for token in TOKEN.findall(mask) if (c := colour(token)) is not None]
    return all(c[3] < 0.12 for c in shades)


def _filtered(values: Values, base: float) -> bool:
    said = values.get("filter", "")
    for name, inside in _CALL.findall(said):
        value = number(inside)
        if value is None:
            continue
        if (name == "brightness" and value >= 5) or (name == "contrast" and value < 0.05):
            return True
        if name == "blur" and (css.length(inside, base) or 0.0) >= 5:
            return True
    return re.search(r"alpha\(\s*opacity\s*=\s*\d?\s*\)", said) is not None


def _behind(values: Values, base: float) -> bool:
    layer = number(values.get("z-index", ""))
    return layer is not None and layer < 0 and values.get("position", "") in ("absolute", "relative", "fixed", "sticky")


def _spaced_out(values: Values, base: float) -> bool:
    spacing = css.length(values.get("letter-spacing", ""), base)
    return spacing is not None and (spacing < -0.5 * base or spacing > 8 * base)


_WAYS: tuple[tuple[str, Callable[[Values, float], bool]], ...] = (
    ("display_none", _switched_off), ("mso_hide", _for_outlook), ("size", _no_room), ("off_screen", _off_screen),
    ("transform", _transformed), ("clip", _clipped), ("mask", _masked), ("filter", _filtered), ("behind", _behind),
    ("spacing", _spaced_out),
)  # fmt: skip


def reason(values: Values, size: float) -> str:
    """Why a box with these values and this font size (px) shows nothing, or nothing."""
    values = longhand(values)
    return next((name for name, hides in _WAYS if hides(values, size)), "")
