"""The sRGB gamut in CIELAB: is a colour inside, and how far out may chroma go?

At fixed L and hue the colours inside form one stretch of chroma that begins at the grey (tested on
a fine grid over the whole gamut), so bisection finds its end.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from photochrom.color.arrays import Floats, floats, triplets
from photochrom.color.lab import lab_to_linear

ROUNDING = 1e-6
"""Linear light by which a colour may leave 0…1 and still be taken as inside: what a float32 Lab
colour on the surface loses to rounding. Under 0.004 of an 8-bit step."""

_WIDEST_CHROMA = 160.0  # sRGB's largest is 133.8, at blue
_STEPS = 26  # 160 / 2**26 is finer than float32 holds a chroma


def in_gamut(lab: ArrayLike, *, tolerance: float = ROUNDING) -> NDArray[np.bool_]:
    """Whether each colour can be shown in sRGB.

    `lab`: (…, 3). `tolerance`: linear light, 0…1, by which a channel may be outside. Returns
    booleans of shape (…); NaN and infinities are outside.

    >>> in_gamut([[50.0, 0.0, 0.0], [50.0, 0.0, 120.0]]).tolist()
    [True, False]
    """
    light = lab_to_linear(lab)
    inside = (light >= -tolerance) & (light <= 1 + tolerance)
    return np.asarray(inside.all(axis=-1))


def fit_to_gamut(lab: ArrayLike) -> Floats:
    """The nearest colours inside sRGB of the same L and hue: chroma is shrunk where need be.

    `lab`: (…, 3). L is clipped to 0…100; colours inside, greys above all, are returned as they
    are; NaN stays NaN. What comes out leaves the gamut by at most `ROUNDING`.

    >>> fit_to_gamut([[50.0, 0.0, 120.0], [50.0, 10.0, 20.0]]).round(1).tolist()
    [[50.0, 0.0, 56.0], [50.0, 10.0, 20.0]]
    """
    fitted = triplets(lab).copy()
    np.clip(fitted[..., 0], 0, 100, out=fitted[..., 0])
    chroma = np.hypot(fitted[..., 1], fitted[..., 2])
    outside = ~in_gamut(fitted) & (chroma > 0) & np.isfinite(fitted).all(axis=-1)
    if outside.any():
        colors = fitted[outside]
        # An enormous chroma first comes down to one that bisection covers.
        start = np.minimum(1, _WIDEST_CHROMA / chroma[outside])
        colors[..., 1:] *= start[..., np.newaxis]
        colors[..., 1:] *= _largest_share(colors)[..., np.newaxis]
        fitted[outside] = colors
    return fitted


def max_chroma(lightness: ArrayLike, hue: ArrayLike) -> Floats:
    """The largest chroma that sRGB has at an L and a hue.

    `lightness`: 0…100; `hue`: radians from +a towards +b; broadcast together. 0 at black, at white
    and beyond them. Exact to about 1e-5.

    >>> round(float(max_chroma(53.24, np.radians(40.0))), 1)
    104.5
    """
    level, angle = np.broadcast_arrays(floats(lightness), floats(hue))
    colors = np.stack(
        [level, _WIDEST_CHROMA * np.cos(angle), _WIDEST_CHROMA * np.sin(angle)], axis=-1
    )
    possible = (level > 0) & (level < 100)
    return np.where(possible, _WIDEST_CHROMA * _largest_share(colors), 0)


def _largest_share(lab: NDArray[np.floating[Any]]) -> Floats:
    """The largest factor in 0…1 on (a, b), shape (…), that keeps each (…, 3) colour inside."""
    low = np.zeros(lab.shape[:-1], dtype=lab.dtype)
    high = np.ones_like(low)
    tried = lab.copy()
    for _ in range(_STEPS):
        middle = (low + high) / 2
        tried[..., 1:] = lab[..., 1:] * middle[..., np.newaxis]
        inside = in_gamut(tried)
        low = np.where(inside, middle, low)
        high = np.where(inside, high, middle)
    return low
