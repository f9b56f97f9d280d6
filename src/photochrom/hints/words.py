"""What people write: colours, places and lengths, checked and brought to one spelling."""

from __future__ import annotations

import math
import re
from difflib import get_close_matches
from numbers import Real
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from photochrom.color.srgb import srgb_to_lab
from photochrom.errors import BadOption

Number = float | str
"""Pixels, or per cent as "25%"."""

GREY: Final = "#808080"

# CSS Color Module Level 4, 6.1: the sixteen basic names and those that people reach for beside them.
NAMES: Final = {
    "aqua": "#00ffff",
    "beige": "#f5f5dc",
    "black": "#000000",
    "blue": "#0000ff",
    "brown": "#a52a2a",
    "crimson": "#dc143c",
    "fuchsia": "#ff00ff",
    "gold": "#ffd700",
    "gray": GREY,
    "green": "#008000",
    "grey": GREY,
    "indigo": "#4b0082",
    "ivory": "#fffff0",
    "khaki": "#f0e68c",
    "lavender": "#e6e6fa",
    "lime": "#00ff00",
    "maroon": "#800000",
    "navy": "#000080",
    "olive": "#808000",
    "orange": "#ffa500",
    "pink": "#ffc0cb",
    "purple": "#800080",
    "red": "#ff0000",
    "salmon": "#fa8072",
    "silver": "#c0c0c0",
    "skyblue": "#87ceeb",
    "tan": "#d2b48c",
    "teal": "#008080",
    "turquoise": "#40e0d0",
    "violet": "#ee82ee",
    "white": "#ffffff",
    "yellow": "#ffff00",
}

_HEX: Final = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})", re.ASCII)
_PER_CENT: Final = re.compile(r"\s*([0-9.eE+-]+)\s*%\s*", re.ASCII)


def color_of(text: Any, hint: str) -> str:
    """#rrggbb in lower case. text: that, #rgb, or a name of `NAMES`. Raises BadOption naming the hint."""
    word = text.strip().lower() if isinstance(text, str) else ""
    if _HEX.fullmatch(word):
        return word if len(word) == 7 else "#" + "".join(2 * digit for digit in word[1:])
    if word in NAMES:
        return NAMES[word]
    near = get_close_matches(word, NAMES, n=1)
    wanted = f"did you mean {near[0]}?" if near else '"#rrggbb", "#rgb" or a basic name is wanted'
    raise BadOption(hint, f"{text!r} is not a colour; {wanted}")


def ab_of(color: str) -> NDArray[np.float32]:
    """(2,): a and b of "#rrggbb"; exactly 0 for greys."""
    codes = np.array(list(bytes.fromhex(color[1:])), np.float64)
    if np.ptp(codes) == 0:
        return np.zeros(2, np.float32)
    return srgb_to_lab(codes / 255)[1:].astype(np.float32)


def hex_of(codes: NDArray[Any]) -> str:
    """(3,) whole numbers 0…255 as "#rrggbb"."""
    return f"#{np.asarray(codes).astype(np.uint8).tobytes().hex()}"


def number_of(value: Any, name: str, hint: str) -> Number:
    """A float of 0 or more, or per cent in one spelling. Raises BadOption naming the hint."""
    text = _PER_CENT.fullmatch(value) if isinstance(value, str) else None
    try:
        number = float(text[1] if text else value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if isinstance(value, bool) or not math.isfinite(number) or number < 0:
        raise BadOption(hint, f'{name} must be pixels, or per cent such as "25%", not {value!r}')
    number += 0.0  # −0 has another spelling
    if text and number > 100:
        raise BadOption(hint, f"{name} must be at most 100%, not {value}")
    return f"{number!r}%".replace(".0%", "%") if text else number


def share_of(number: Number, pixels: int) -> float:
    """The number in pixels, of a side or a picture with so many."""
    return float(number[:-1]) / 100 * pixels if isinstance(number, str) else number


def confidence_of(value: Any, hint: str) -> float:
    """Above 0, at most 1. Raises BadOption naming the hint."""
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 < float(value) <= 1:
        raise BadOption(hint, f"confidence must be above 0 and at most 1, not {value!r}")
    return float(value)


def radius_of(value: Any, hint: str) -> Number | None:
    """Above 0, or None for the default. Raises BadOption naming the hint."""
    if value is None:
        return None
    radius = number_of(value, "radius", hint)
    if radius in (0, "0%"):
        raise BadOption(hint, "radius must be above 0")
    return radius
