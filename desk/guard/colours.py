"""CSS colours (CSS Color 4) as red, green, blue and alpha, and how far apart two of them are to the eye (WCAG 2.1)."""

import colorsys
import re
from functools import lru_cache

Colour = tuple[float, float, float, float]
_NAMES = (
    "aliceblue f0f8ff antiquewhite faebd7 aqua 00ffff aquamarine 7fffd4 azure f0ffff beige f5f5dc bisque ffe4c4 "
    "black 000000 blanchedalmond ffebcd blue 0000ff blueviolet 8a2be2 brown a52a2a burlywood deb887 cadetblue 5f9ea0 "
    "chartreuse 7fff00 chocolate d2691e coral ff7f50 cornflowerblue 6495ed cornsilk fff8dc crimson dc143c cyan 00ffff "
    "darkblue 00008b darkcyan 008b8b darkgoldenrod b8860b darkgray a9a9a9 darkgreen 006400 darkgrey a9a9a9 "
    "darkkhaki bdb76b darkmagenta 8b008b darkolivegreen 556b2f darkorange ff8c00 darkorchid 9932cc darkred 8b0000 "
    "darksalmon e9967a darkseagreen 8fbc8f darkslateblue 483d8b darkslategray 2f4f4f darkslategrey 2f4f4f "
    "darkturquoise 00ced1 darkviolet 9400d3 deeppink ff1493 deepskyblue 00bfff dimgray 696969 dimgrey 696969 "
    "dodgerblue 1e90ff firebrick b22222 floralwhite fffaf0 forestgreen 228b22 fuchsia ff00ff gainsboro dcdcdc "
    "ghostwhite f8f8ff gold ffd700 goldenrod daa520 gray 808080 green 008000 greenyellow adff2f grey 808080 "
    "honeydew f0fff0 hotpink ff69b4 indianred cd5c5c indigo 4b0082 ivory fffff0 khaki f0e68c lavender e6e6fa "
    "lavenderblush fff0f5 lawngreen 7cfc00 lemonchiffon fffacd lightblue add8e6 lightcoral f08080 lightcyan e0ffff "
    "lightgoldenrodyellow fafad2 lightgray d3d3d3 lightgreen 90ee90 lightgrey d3d3d3 lightpink ffb6c1 "
    "lightsalmon ffa07a lightseagreen 20b2aa lightskyblue 87cefa lightslategray 778899 lightslategrey 778899 "
    "lightsteelblue b0c4de lightyellow ffffe0 lime 00ff00 limegreen 32cd32 linen faf0e6 magenta ff00ff maroon 800000 "
    "mediumaquamarine 66cdaa mediumblue 0000cd mediumorchid ba55d3 mediumpurple 9370db mediumseagreen 3cb371 "
    "mediumslateblue 7b68ee mediumspringgreen 00fa9a mediumturquoise 48d1cc mediumvioletred c71585 midnightblue 191970 "
    "mintcream f5fffa mistyrose ffe4e1 moccasin ffe4b5 navajowhite ffdead navy 000080 oldlace fdf5e6 olive 808000 "
    "olivedrab 6b8e23 orange ffa500 orangered ff4500 orchid da70d6 palegoldenrod eee8aa palegreen 98fb98 "
    "paleturquoise afeeee palevioletred db7093 papayawhip ffefd5 peachpuff ffdab9 peru cd853f pink ffc0cb plum dda0dd "
    "powderblue b0e0e6 purple 800080 rebeccapurple 663399 red ff0000 rosybrown bc8f8f royalblue 4169e1 "
    "saddlebrown 8b4513 salmon fa8072 sandybrown f4a460 seagreen 2e8b57 seashell fff5ee sienna a0522d silver c0c0c0 "
    "skyblue 87ceeb slateblue 6a5acd slategray 708090 slategrey 708090 snow fffafa springgreen 00ff7f steelblue 4682b4 "
    "tan d2b48c teal 008080 thistle d8bfd8 tomato ff6347 turquoise 40e0d0 violet ee82ee wheat f5deb3 white ffffff "
    "whitesmoke f5f5f5 yellow ffff00 yellowgreen 9acd32 canvas ffffff window ffffff canvastext 000000 windowtext 000000"
).split()
_HEX_OF = dict(zip(_NAMES[::2], _NAMES[1::2], strict=True))
_HEX = re.compile(r"#([0-9a-f]{3,8})|([0-9a-f]{6})")
_FUNCTION = re.compile(r"(rgba?|hsla?|hwb|lab|lch|oklab|oklch|color)\(([^)]*)\)?")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,3})?%?")
TOKEN = re.compile(r"(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch|color)\([^)]*\)|#[0-9a-f]{3,8}|[a-z]+")
"""Whatever may name a colour inside a longer value."""


@lru_cache(maxsize=2048)
def colour(value: str) -> Colour | None:
    """A CSS or HTML colour as red, green, blue (0..255) and alpha (0..1); None where it names none."""
    value = value.strip().lower()
    if value == "transparent":
        return (255.0, 255.0, 255.0, 0.0)
    m = _HEX.fullmatch(_HEX_OF.get(value, value))
    if m is not None:
        digits = m.group(1) or m.group(2)
        if len(digits) in (3, 4):
            digits = "".join(c * 2 for c in digits)
        r, g, b = (int(digits[i : i + 2].ljust(2, "0"), 16) for i in (0, 2, 4))
        return (r, g, b, int(digits[6:8], 16) / 255 if len(digits) == 8 else 1.0)
    m = _FUNCTION.match(value)
    if m is None:
        return None
    return _function(m.group(1), [_number(p) for p in _NUMBER.findall(m.group(2))])


def _number(text: str) -> tuple[float, bool]:
    """A number and whether it is a percentage."""
    return max(-1e6, min(1e6, float(text.rstrip("%")))), text.endswith("%")


def _function(name: str, parts: list[tuple[float, bool]]) -> Colour | None:
    if len(parts) < 3:
        return None
    alpha = 1.0
    if len(parts) > 3:
        alpha = parts[3][0] / (100 if parts[3][1] else 1)
    if name.startswith("rgb"):
        r, g, b = (v * (2.55 if percent else 1) for v, percent in parts[:3])
        return (r, g, b, alpha)
    first, second, third = (v for v, _ in parts[:3])
    if name == "color":
        r, g, b = (v * (2.55 if percent else 255) for v, percent in parts[:3])
        return (r, g, b, alpha)
    if name.startswith("hsl"):
        r, g, b = colorsys.hls_to_rgb((first % 360) / 360, max(0.0, min(1.0, third / 100)), min(1.0, second / 100))
        return (r * 255, g * 255, b * 255, alpha)
    if name == "hwb":
        white, black = second / 100, third / 100
        scale = max(0.0, 1 - white - black)
        pure = colorsys.hls_to_rgb((first % 360) / 360, 0.5, 1.0)
        share = white / (white + black) if white + black > 1 else white
        r, g, b = (255 * (c * scale + share) for c in pure)
        return (r, g, b, alpha)
    return _grey(first / 100 if parts[0][1] or not name.startswith("ok") else first, name.startswith("ok"), alpha)


def _grey(lightness: float, perceptual: bool, alpha: float) -> Colour:
    """The grey of a lightness 0..1 (CIE L* or Oklab's): contrast asks for no hue."""
    lightness = max(0.0, min(1.0, lightness))
    luminance = (
        lightness**3 if perceptual else ((lightness * 100 + 16) / 116) ** 3 if lightness > 0.08 else lightness / 9
    )
    level = 255 * (1.055 * luminance ** (1 / 2.4) - 0.055 if luminance > 0.0031308 else 12.92 * luminance)
    return (level, level, level, alpha)


@lru_cache(maxsize=2048)
def contrast(a: Colour, b: Colour) -> float:
    """WCAG 2.1 contrast ratio of two opaque colours, 1 (none) to 21."""

    def luminance(c: Colour) -> float:
        parts = [max(0.0, min(255.0, v)) / 255 for v in c[:3]]
        r, g, bl = (v / 12.92 if v <= 0.03928 else ((v + 0.055) / 1.055) ** 2.4 for v in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * bl

    x, y = sorted((luminance(a), luminance(b)))
    return (y + 0.05) / (x + 0.05)
