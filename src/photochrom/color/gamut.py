"""The sRGB gamut in CIELAB: is a colour inside, and how far out may chroma go?

At fixed L and hue the colours inside form one stretch of chroma that begins at the grey, with one
exception: close to yellow, L 93 to 98 and hue 98° to 107°, there are colours inside beyond a gap of
colours that are too bright (by up to 3 % of linear red or green). Both ends of the gap are looked
for on a grid of chroma and then found by bisection.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from photochrom.color.arrays import Floats, floats, triplets
from photochrom.color.lab import lab_to_linear

ROUNDING = 4e-6
"""Linear light by which a colour may leave 0…1 and still be taken as inside: what a float32 Lab
colour on the surface loses to rounding. At most 0.014 of an 8-bit step."""

_WIDEST_CHROMA = 160.0  # sRGB's largest is 133.8, at blue
_PLACES = 32  # what lies beyond the gap is rarely thinner than this share of a chroma
_HALVINGS = 20  # 160 / 32 / 2**20 is about what float32 can tell apart


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
    """The nearest less vivid colours inside sRGB of the same L and hue.

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
        colors[..., 1:] *= _end_of_inside(colors, outermost=True)[..., np.newaxis]
        fitted[outside] = colors
    return fitted


def max_chroma(lightness: ArrayLike, hue: ArrayLike) -> Floats:
    """The chroma up to which every colour of an L and a hue is inside sRGB.

    `lightness`: 0…100; `hue`: radians from +a towards +b; broadcast together. 0 at black, at white
    and beyond them; NaN gives 0. Exact to about 1e-4 (float32) or 1e-5.

    >>> round(float(max_chroma(53.24, np.radians(40.0))), 1)
    104.5
    """
    level, angle = np.broadcast_arrays(floats(lightness), floats(hue))
    colors = np.stack([level, _WIDEST_CHROMA * np.cos(angle), _WIDEST_CHROMA * np.sin(angle)], axis=-1)
    possible = (level > 0) & (level < 100)
    return np.where(possible, _WIDEST_CHROMA * _end_of_inside(colors, outermost=False), 0)


def _end_of_inside(lab: Floats, *, outermost: bool) -> Floats:
    """The factor in 0…1 on (a, b) at which a way out of the gamut crosses its surface, shape (…).

    `lab`: (…, 3), outside. `outermost`: the crossing nearest to `lab`, otherwise nearest to grey.
    """
    places = np.arange(_PLACES, dtype=lab.dtype) / _PLACES
    inside = np.stack([in_gamut(_shrunk(lab, np.full(lab.shape[:-1], place))) for place in places])
    if outermost:
        last = _PLACES - 1 - inside[::-1].argmax(axis=0)
    else:
        last = np.where(inside.all(axis=0), _PLACES, inside.argmin(axis=0)) - 1
    # A colour whose very grey is outside, which only NaN and L beyond 0…100 are, keeps no chroma.
    low = np.where(inside.any(axis=0), np.maximum(last, 0) / lab.dtype.type(_PLACES), 0)
    low = low.astype(lab.dtype)
    high = low + lab.dtype.type(1 / _PLACES)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        within = in_gamut(_shrunk(lab, middle))
        low, high = np.where(within, middle, low), np.where(within, high, middle)
    return low


def _shrunk(lab: Floats, share: Floats) -> Floats:
    """`lab`, (…, 3), with a and b times `share`, (…)."""
    shrunk = lab.copy()
    shrunk[..., 1:] *= share[..., np.newaxis].astype(lab.dtype)
    return shrunk
