"""CSS colours as numbers: what `fill_style` takes.

Not for: painting. Red, green, blue and alpha are 0 … 255.

https://drafts.csswg.org/css-color-4/
"""

from __future__ import annotations

import colorsys
import difflib
import re
from typing import Final, TypeAlias

__all__ = ["Colour", "parse_colour", "serialised"]

Colour: TypeAlias = tuple[int, int, int, int]

_NAMES: Final[dict[str, str]] = dict(
    re.findall(
        r"(\w+)=(\w+)",
        """
aliceblue=f0f8ff antiquewhite=faebd7 aqua=00ffff aquamarine=7fffd4 azure=f0ffff beige=f5f5dc bisque=ffe4c4
black=000000 blanchedalmond=ffebcd blue=0000ff blueviolet=8a2be2 brown=a52a2a burlywood=deb887 cadetblue=5f9ea0
chartreuse=7fff00 chocolate=d2691e coral=ff7f50 cornflowerblue=6495ed cornsilk=fff8dc crimson=dc143c cyan=00ffff
darkblue=00008b darkcyan=008b8b darkgoldenrod=b8860b darkgray=a9a9a9 darkgreen=006400 darkgrey=a9a9a9
darkkhaki=bdb76b darkmagenta=8b008b darkolivegreen=556b2f darkorange=ff8c00 darkorchid=9932cc darkred=8b0000
darksalmon=e9967a darkseagreen=8fbc8f darkslateblue=483d8b darkslategray=2f4f4f darkslategrey=2f4f4f
darkturquoise=00ced1 darkviolet=9400d3 deeppink=ff1493 deepskyblue=00bfff dimgray=696969 dimgrey=696969
dodgerblue=1e90ff firebrick=b22222 floralwhite=fffaf0 forestgreen=228b22 fuchsia=ff00ff gainsboro=dcdcdc
ghostwhite=f8f8ff gold=ffd700 goldenrod=daa520 gray=808080 green=008000 greenyellow=adff2f grey=808080
honeydew=f0fff0 hotpink=ff69b4 indianred=cd5c5c indigo=4b0082 ivory=fffff0 khaki=f0e68c lavender=e6e6fa
lavenderblush=fff0f5 lawngreen=7cfc00 lemonchiffon=fffacd lightblue=add8e6 lightcoral=f08080 lightcyan=e0ffff
lightgoldenrodyellow=fafad2 lightgray=d3d3d3 lightgreen=90ee90 lightgrey=d3d3d3 lightpink=ffb6c1
lightsalmon=ffa07a lightseagreen=20b2aa lightskyblue=87cefa lightslategray=778899 lightslategrey=778899
lightsteelblue=b0c4de lightyellow=ffffe0 lime=00ff00 limegreen=32cd32 linen=faf0e6 magenta=ff00ff maroon=800000
mediumaquamarine=66cdaa mediumblue=0000cd mediumorchid=ba55d3 mediumpurple=9370db mediumseagreen=3cb371
mediumslateblue=7b68ee mediumspringgreen=00fa9a mediumturquoise=48d1cc mediumvioletred=c71585
midnightblue=191970 mintcream=f5fffa mistyrose=ffe4e1 moccasin=ffe4b5 navajowhite=ffdead navy=000080
oldlace=fdf5e6 olive=808000 olivedrab=6b8e23 orange=ffa500 orangered=ff4500 orchid=da70d6 palegoldenrod=eee8aa
palegreen=98fb98 paleturquoise=afeeee palevioletred=db7093 papayawhip=ffefd5 peachpuff=ffdab9 peru=cd853f
pink=ffc0cb plum=dda0dd powderblue=b0e0e6 purple=800080 rebeccapurple=663399 red=ff0000 rosybrown=bc8f8f
royalblue=4169e1 saddlebrown=8b4513 salmon=fa8072 sandybrown=f4a460 seagreen=2e8b57 seashell=fff5ee
sienna=a0522d silver=c0c0c0 skyblue=87ceeb slateblue=6a5acd slategray=708090 slategrey=708090 snow=fffafa
springgreen=00ff7f steelblue=4682b4 tan=d2b48c teal=008080 thistle=d8bfd8 tomato=ff6347 turquoise=40e0d0
violet=ee82ee wheat=f5deb3 white=ffffff whitesmoke=f5f5f5 yellow=ffff00 yellowgreen=9acd32
""",
    )
)
_HEX: Final = re.compile(r"#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})")
_FUNCTION: Final = re.compile(r"(rgb|rgba|hsl|hsla)\(([^()]*)\)")
_NUMBER: Final = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?"
_COMMAS: Final = re.compile(rf"({_NUMBER})(%|deg)?,({_NUMBER})(%)?,({_NUMBER})(%)?(?:,({_NUMBER})(%)?)?")
_SPACES: Final = re.compile(rf"({_NUMBER})(%|deg)? ({_NUMBER})(%)? ({_NUMBER})(%)?(?:/({_NUMBER})(%)?)?")


def parse_colour(text: str) -> Colour:
    """*Parse a CSS <color> value*: names, ``#rgb`` to ``#rrggbbaa``, ``rgb()`` and ``hsl()`` in all their spellings.

    https://drafts.csswg.org/css-color-4/#parse-a-css-color-value

    Raises: ValueError that names the nearest colour.
    """
    value = re.sub(r"\s+", " ", text.strip().lower())
    if value == "transparent":
        return (0, 0, 0, 0)
    if value in _NAMES:
        value = f"#{_NAMES[value]}"
    if match := _HEX.fullmatch(value):
        return _of_hex(match[1])
    if match := _FUNCTION.fullmatch(value):
        inner = re.sub(r" ?([,/]) ?", r"\1", match[2].strip())
        numbers = _COMMAS.fullmatch(inner) or _SPACES.fullmatch(inner)
        found = numbers and (_of_rgb(numbers) if match[1].startswith("rgb") else _of_hsl(numbers))
        if found:
            return found
    near = difflib.get_close_matches(value, _NAMES, 1)
    hint = f"did you mean {near[0]!r}?" if near else "take a name, '#rrggbb' or 'rgb(255, 0, 0)'"
    raise ValueError(f"no CSS colour: {text!r}; {hint}")


def _of_hex(digits: str) -> Colour:
    if len(digits) < 6:
        digits = "".join(digit * 2 for digit in digits)
    red, green, blue, *alpha = bytes.fromhex(digits)
    return (red, green, blue, alpha[0] if alpha else 255)


def _byte(value: float) -> int:
    return round(min(max(value, 0.0), 255.0))


def _alpha(numbers: re.Match[str]) -> int:
    if numbers[7] is None:
        return 255
    return _byte(255 * float(numbers[7]) / (100 if numbers[8] else 1))


def _of_rgb(numbers: re.Match[str]) -> Colour | None:
    units = {numbers[2], numbers[4], numbers[6]}
    if len(units) != 1 or "deg" in units:  # all percentages, or none
        return None
    whole = 100 if "%" in units else 255
    red, green, blue = (_byte(255 * float(numbers[group]) / whole) for group in (1, 3, 5))
    return (red, green, blue, _alpha(numbers))


def _of_hsl(numbers: re.Match[str]) -> Colour | None:
    if numbers[2] == "%" or not (numbers[4] and numbers[6]):
        return None
    hue = float(numbers[1]) % 360 / 360
    saturation, lightness = (min(max(float(numbers[group]) / 100, 0.0), 1.0) for group in (3, 5))
    red, green, blue = (_byte(255 * part) for part in colorsys.hls_to_rgb(hue, lightness, saturation))
    return (red, green, blue, _alpha(numbers))


def serialised(colour: Colour) -> str:
    """Write a colour as canvases do: ``#rrggbb`` when it is opaque, else ``rgba(…)``.

    https://html.spec.whatwg.org/multipage/canvas.html#serialisation-of-a-color
    """
    red, green, blue, alpha = colour
    if alpha == 255:
        return f"#{red:02x}{green:02x}{blue:02x}"
    exact = f"{alpha / 255:.2f}"
    shown = exact if _byte(float(exact) * 255) == alpha else f"{alpha / 255:.3f}"
    return f"rgba({red}, {green}, {blue}, {shown.rstrip('0').rstrip('.')})"
