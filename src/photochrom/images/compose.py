"""Lightness and chroma to a finished picture at full size, streamed by libvips.

Per pixel a = ca·L + da and b = cb·L + db; Lab to linear RGB with Y as it was; a step towards the
grey (Y, Y, Y) where a channel lies outside 0…1; sRGB. Written as sums of differences from grey, so
that a = b = 0 gives R = G = B exactly, and in planes of one band with look-ups in small tables, the
fastest of the forms tried: 24 megapixels take about 1 s of processor time, less than libvips' own
Lab to sRGB takes together with a fit to the gamut.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyvips
from numpy.typing import NDArray

from photochrom.color.constants import (
    A_SCALE,
    B_SCALE,
    DELTA,
    L_OFFSET,
    L_SCALE,
    LAB_OFFSET,
    LAB_SLOPE,
    RELATIVE_TO_RGB,
)
from photochrom.color.lab import lightness_from_y
from photochrom.color.srgb import linear_to_srgb
from photochrom.errors import BadOption
from photochrom.images.picture import Picture, at_depth
from photochrom.images.resample import stretched
from photochrom.images.tone import table_image

# f(X) and f(Z) of CIELAB as 16-bit codes. Of sRGB they need 0.13…1.01 and 0.12…1.12; the rest is for
# chroma that lies outside and is brought back at its own hue: b from −140 to 140.
_LEAST_RESPONSE: Final = -0.7
_RESPONSE_STEPS: Final = 65535 / 2.4
_LINEAR_STEPS: Final = 65535
# In place of a division by zero at black and white, where nothing but grey fits.
_LEAST_ROOM: Final = 1e-6
_GAP: Final = 100  # parts of a width that the gap between two pictures side by side is one of
_WHITE: Final = {8: 255, 16: 65535}


@dataclass(frozen=True, eq=False)
class _Planes:
    """What the tone alone decides, one band each, in steps of the tables.

    lightness: L; response: f(Y), rounded; relative: the value that `_stimuli` gives for it;
    per_headroom, per_footroom: 1 / (1 − Y) and −1 / Y
    """

    lightness: pyvips.Image
    response: pyvips.Image
    relative: pyvips.Image
    per_headroom: pyvips.Image
    per_footroom: pyvips.Image


def compose(picture: Picture, coefficients: NDArray[np.float32]) -> pyvips.Image:
    """The coloured picture: RGB or RGBA, of `picture.bit_depth` bits, at its full size, lazy.

    coefficients: (h, w, 4) finite, of any size: ca, cb, da, db, enlarged bilinearly with centres
        of pixels aligned. Plain chroma is ca = cb = 0 and da, db = a, b.

    L of the result is that of the picture but for the rounding to 8 or 16 bits; grey is exactly
    neutral; nothing is clipped, for what does not fit is brought nearer to grey at the same Y.
    The result streams once if the picture does: compose again for a second reading.
    """
    if coefficients.ndim != 3 or coefficients.shape[2] != 4 or 0 in coefficients.shape:
        raise BadOption("coefficients", f"of shape {coefficients.shape}, not (h, w, 4)")
    if not np.isfinite(coefficients).all():
        raise BadOption("coefficients", "not all of them are finite")
    tone = picture.tone()
    y = tone.luminance
    lightness = lightness_from_y(y)
    response = np.rint(((lightness + L_OFFSET) / L_SCALE - _LEAST_RESPONSE) * _RESPONSE_STEPS)
    stimuli = _stimuli()
    planes = _Planes(
        lightness=tone.look_up(lightness),
        # Half a step, because the cast to an integer cuts off.
        response=tone.look_up(response + 0.5),
        relative=tone.look_up(stimuli[response.astype(np.intp)]),
        per_headroom=tone.look_up(1.0 / np.maximum(1.0 - y, _LEAST_ROOM)),
        per_footroom=tone.look_up(-1.0 / np.maximum(y, _LEAST_ROOM)),
    )
    differences = _from_gray(planes, _enlarged(coefficients, picture.width, picture.height))
    scale = _LINEAR_STEPS / _excess(planes, differences)
    if picture.bit_depth == 8:
        # Half a step again.
        base = tone.look_up(y * _LINEAR_STEPS + 0.5)
        encode = table_image(_encoded_bytes())
        channels = [(step * scale + base).cast("ushort").maplut(encode) for step in differences]
        rgb = channels[0].bandjoin(channels[1:]).copy(interpretation="srgb")
    else:
        base = tone.look_up(y)
        light = [step * (scale * (1 / _LINEAR_STEPS)) + base for step in differences]
        linear = light[0].bandjoin(light[1:]).copy(interpretation="scrgb")
        rgb = linear.scRGB2sRGB(depth=16)
    if tone.alpha is not None:
        rgb = rgb.bandjoin(at_depth(tone.alpha, picture.bit_depth))
    return rgb


def side_by_side(before: Picture, after: pyvips.Image) -> pyvips.Image:
    """The neutral picture in its own tones, a thin white gap, and its coloured result, at full size, lazy."""
    tone = before.pixels.tone()
    codes = linear_to_srgb(tone.luminance).clip(0.0, 1.0) * _WHITE[before.bit_depth]
    dtype = np.uint8 if before.bit_depth == 8 else np.uint16
    gray = tone.look_up(np.rint(codes).astype(dtype))
    left = gray.bandjoin([gray, gray]).copy(interpretation=after.interpretation)
    if tone.alpha is not None:
        left = left.bandjoin(at_depth(tone.alpha, before.bit_depth))
    gap = max(2, before.width // _GAP)
    white = _WHITE[before.bit_depth]
    return left.join(after, "horizontal", shim=gap, background=[white] * left.bands)


def _enlarged(coefficients: NDArray[np.float32], width: int, height: int) -> list[pyvips.Image]:
    """The four planes at full size, scaled so that L and they add up to steps of f(X) and f(Z)."""
    per_channel = np.array([1 / A_SCALE, -1 / B_SCALE] * 2) * _RESPONSE_STEPS
    small = pyvips.Image.new_from_array(np.float32(coefficients * per_channel))
    full = stretched(small, width, height)
    return [full[band] for band in range(4)]


def _from_gray(planes: _Planes, parts: list[pyvips.Image]) -> list[pyvips.Image]:
    """Linear R − Y, G − Y and B − Y."""
    table = table_image(_stimuli())
    x, z = (
        (parts[axis] * planes.lightness + parts[axis + 2] + planes.response).cast("ushort").maplut(table)
        - planes.relative
        for axis in (0, 1)
    )
    # Each row of the matrix sums to 1, so equal parts of X/Xn, Y and Z/Zn are grey, and Y drops out.
    return [x * float(row[0]) + z * float(row[2]) for row in RELATIVE_TO_RGB]


def _excess(planes: _Planes, differences: list[pyvips.Image]) -> pyvips.Image:
    """By how many times the differences reach beyond 0…1 of linear light; 1 where they do not."""
    first, others = differences[0], differences[1:]
    highest, lowest = first.bandrank(others, index=2), first.bandrank(others, index=0)
    above, below = highest * planes.per_headroom, lowest * planes.per_footroom
    return above.maxpair(below).clamp(min=1, max=1e12)


def _stimuli() -> NDArray[np.float64]:
    """X/Xn or Z/Zn of each code of f: CIE 15:2018, 8.2.1, inverted."""
    response = np.arange(65536) / _RESPONSE_STEPS + _LEAST_RESPONSE
    return np.where(response > DELTA, response**3, (response - LAB_OFFSET) / LAB_SLOPE)


def _encoded_bytes() -> NDArray[np.uint8]:
    """8-bit sRGB of each step of linear light; a step is a twentieth of the least of its own."""
    return np.rint(linear_to_srgb(np.linspace(0.0, 1.0, _LINEAR_STEPS + 1)) * 255).astype(np.uint8)
