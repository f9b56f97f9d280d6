"""The numbers of colour science that Photochrom uses: each is typed once, here, and cited.

Whatever can be derived is derived; numpy and torch code import the same names.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

# ── sRGB: IEC 61966-2-1:1999 ───────────────────────────────────────────────────────────────────
SRGB_SLOPE: Final = 12.92
SRGB_OFFSET: Final = 0.055
SRGB_EXPONENT: Final = 2.4
SRGB_ENCODED_JOIN: Final = 0.04045
# The standard prints 0.0031308. The quotient keeps both directions on the same side of the join.
SRGB_LINEAR_JOIN: Final = SRGB_ENCODED_JOIN / SRGB_SLOPE

# Chromaticities x, y of the primaries and of the white point (ITU-R BT.709-6, item 1.3 and 1.4).
SRGB_PRIMARIES: Final = ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060))
D65_CHROMATICITY: Final = (0.3127, 0.3290)

# ── CIELAB: CIE 15:2018, 8.2.1 ─────────────────────────────────────────────────────────────────
DELTA: Final = 6 / 29
LAB_CUBE_JOIN: Final = DELTA**3
LAB_SLOPE: Final = 1 / (3 * DELTA**2)
LAB_OFFSET: Final = 4 / 29
L_SCALE: Final = 116.0
L_OFFSET: Final = 16.0
A_SCALE: Final = 500.0
B_SCALE: Final = 200.0


def _frozen(values: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    frozen = values.astype(np.float64)
    frozen.setflags(write=False)
    return frozen


def _xyz_of(chromaticity: tuple[float, float]) -> list[float]:
    """XYZ at Y = 1 of a chromaticity (CIE 15:2018, 7.3)."""
    x, y = chromaticity
    return [x / y, 1.0, (1.0 - x - y) / y]


def _rgb_to_xyz() -> NDArray[np.float64]:
    """Scale the primaries' XYZ so that R = G = B = 1 is the white point (SMPTE RP 177-1993)."""
    primaries = np.array([_xyz_of(primary) for primary in SRGB_PRIMARIES]).T
    return np.asarray(primaries * np.linalg.solve(primaries, np.array(_xyz_of(D65_CHROMATICITY))))


RGB_TO_XYZ: Final = _frozen(_rgb_to_xyz())
"""(3, 3): linear RGB columns to XYZ with Y = 1 for white."""

XYZ_TO_RGB: Final = _frozen(np.linalg.inv(RGB_TO_XYZ))
"""(3, 3): the inverse of `RGB_TO_XYZ`."""

WHITE_D65: Final = _frozen(RGB_TO_XYZ.sum(axis=1))
"""(3,): XYZ of R = G = B = 1. The row sums, not the chromaticity: equal but for the last bit, and
only so is white the colour that the matrix itself gives for it."""

RGB_TO_RELATIVE: Final = _frozen(RGB_TO_XYZ / WHITE_D65[:, np.newaxis])
"""(3, 3): linear RGB to XYZ divided by that of the white; each row sums to 1."""

RELATIVE_TO_RGB: Final = _frozen(XYZ_TO_RGB * WHITE_D65)
"""(3, 3): the inverse of `RGB_TO_RELATIVE`; each row sums to 1."""

# ── ab bins: Zhang, Isola and Efros, "Colorful Image Colorization", ECCV 2016, section 2.2 ────
AB_GRID: Final = 10.0
