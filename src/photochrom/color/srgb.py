"""sRGB ↔ linear light ↔ CIELAB.

The transfer functions are odd: a negative value, which a colour outside the gamut has, gives the
negative of its positive twin (IEC 61966-2-1/Amd 1:2003, Annex G). So they are increasing, have an
inverse everywhere, and clipping is left to whoever writes pixels.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from photochrom.color.arrays import Floats, floats, triplets
from photochrom.color.constants import (
    SRGB_ENCODED_JOIN,
    SRGB_EXPONENT,
    SRGB_LINEAR_JOIN,
    SRGB_OFFSET,
    SRGB_SLOPE,
)
from photochrom.color.lab import lab_to_linear, linear_to_lab


def srgb_to_linear(rgb: ArrayLike) -> Floats:
    """Linear light of sRGB values.

    `rgb`: any shape, 0…1. Reference: IEC 61966-2-1:1999, 5.2.

    >>> round(float(srgb_to_linear(0.5)), 5)
    0.21404
    """
    encoded = floats(rgb)
    size = np.abs(encoded)
    with np.errstate(over="ignore"):
        power = ((size + SRGB_OFFSET) / (1 + SRGB_OFFSET)) ** SRGB_EXPONENT
    return np.copysign(np.where(size <= SRGB_ENCODED_JOIN, size / SRGB_SLOPE, power), encoded)


def linear_to_srgb(rgb: ArrayLike) -> Floats:
    """sRGB values of linear light, not clipped.

    `rgb`: any shape, 0…1. Reference: IEC 61966-2-1:1999, 5.2.

    >>> round(float(linear_to_srgb(0.21404)), 5)
    0.5
    """
    light = floats(rgb)
    size = np.abs(light)
    root = size ** (1 / SRGB_EXPONENT)
    power = root + SRGB_OFFSET * (root - 1)  # as printed, but exactly 1 at 1
    return np.copysign(np.where(size <= SRGB_LINEAR_JOIN, size * SRGB_SLOPE, power), light)


def srgb_to_lab(rgb: ArrayLike) -> Floats:
    """CIELAB for D65 of sRGB values; a = b = 0 exactly where R = G = B.

    `rgb`: (…, 3), 0…1, not clipped. Returns L 0…100, a in −86.2…98.3, b in −107.9…94.5 (the
    extremes of the gamut). References: IEC 61966-2-1:1999; CIE 15:2018, 8.2.1.

    >>> srgb_to_lab([1.0, 0.0, 0.0]).round(2).tolist()
    [53.24, 80.09, 67.2]
    """
    return linear_to_lab(srgb_to_linear(triplets(rgb)))


def lab_to_srgb(lab: ArrayLike) -> Floats:
    """sRGB values of CIELAB, not clipped; R = G = B exactly where a = b = 0.

    `lab`: (…, 3), L 0…100. Outside 0…1 for colours outside the gamut: `gamut.fit_to_gamut` first.
    References: as `srgb_to_lab`, inverted.

    >>> lab_to_srgb([53.24, 40.0, 30.0]).round(3).tolist()
    [0.786, 0.377, 0.305]
    """
    return linear_to_srgb(lab_to_linear(triplets(lab)))
