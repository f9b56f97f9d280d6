"""Linear RGB ↔ XYZ ↔ CIELAB for the white point D65, and L on its own.

Greys are exactly neutral. A matrix product rounds R = G = B differently in each row, which leaves
a and b of about 1e-14 in float64 and 1e-5 in float32. Here the tristimulus values are taken
relative to white, where each row of the matrix sums to 1, so that x = G + m₀(R − G) + m₂(B − G) is
the same product; for R = G = B the differences are 0 and x = y = z = G to the last bit. The way
back is written likewise. White is the matrix's own row sums (`constants.WHITE_D65`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from photochrom.color.arrays import Floats, floats, triplets
from photochrom.color.constants import (
    A_SCALE,
    B_SCALE,
    DELTA,
    L_OFFSET,
    L_SCALE,
    LAB_CUBE_JOIN,
    LAB_OFFSET,
    LAB_SLOPE,
    RELATIVE_TO_RGB,
    RGB_TO_RELATIVE,
    WHITE_D65,
)

# For arrays that hold infinities on purpose: "inf − inf" is then no news.
_without_warnings = np.errstate(invalid="ignore", over="ignore")


@_without_warnings
def linear_to_xyz(rgb: ArrayLike) -> Floats:
    """CIE XYZ of linear sRGB light, Y = 1 for white.

    `rgb`: (…, 3), 0…1, not clipped. Reference: IEC 61966-2-1, primaries of ITU-R BT.709.

    >>> linear_to_xyz([1.0, 1.0, 1.0]).round(4).tolist()
    [0.9505, 1.0, 1.0891]
    """
    light = triplets(rgb)
    return _mixed(light, RGB_TO_RELATIVE) * WHITE_D65.astype(light.dtype)


@_without_warnings
def xyz_to_linear(xyz: ArrayLike) -> Floats:
    """Linear sRGB light of CIE XYZ; outside 0…1 for colours outside the gamut.

    `xyz`: (…, 3), Y = 1 for white. Reference: as `linear_to_xyz`, inverted.

    >>> xyz_to_linear([0.9504559, 1.0, 1.0890578]).round(6).tolist()
    [1.0, 1.0, 1.0]
    """
    tristimulus = triplets(xyz)
    return _mixed(tristimulus / WHITE_D65.astype(tristimulus.dtype), RELATIVE_TO_RGB)


@_without_warnings
def xyz_to_lab(xyz: ArrayLike) -> Floats:
    """CIELAB for D65 of CIE XYZ; the linear part goes on below black.

    `xyz`: (…, 3), Y = 1 for white. Returns L 0…100, a and b. Reference: CIE 15:2018, 8.2.1.

    >>> xyz_to_lab([0.4124, 0.2126, 0.0193]).round(1).tolist()
    [53.2, 80.1, 67.2]
    """
    tristimulus = triplets(xyz)
    return _relative_to_lab(tristimulus / WHITE_D65.astype(tristimulus.dtype))


@_without_warnings
def lab_to_xyz(lab: ArrayLike) -> Floats:
    """CIE XYZ of CIELAB for D65, Y = 1 for white; below black by the linear part.

    `lab`: (…, 3), L 0…100. Reference: CIE 15:2018, 8.2.1 inverted.

    >>> lab_to_xyz([100.0, 0.0, 0.0]).round(4).tolist()
    [0.9505, 1.0, 1.0891]
    """
    colors = triplets(lab)
    return _lab_to_relative(colors) * WHITE_D65.astype(colors.dtype)


@_without_warnings
def linear_to_lab(rgb: ArrayLike) -> Floats:
    """CIELAB for D65 of linear sRGB light; a = b = 0 exactly where R = G = B.

    `rgb`: (…, 3), 0…1, not clipped. Reference: `linear_to_xyz` then `xyz_to_lab`.

    >>> linear_to_lab([0.2, 0.2, 0.2])[1:].tolist()
    [0.0, 0.0]
    """
    return _relative_to_lab(_mixed(triplets(rgb), RGB_TO_RELATIVE))


@_without_warnings
def lab_to_linear(lab: ArrayLike) -> Floats:
    """Linear sRGB light of CIELAB; R = G = B exactly where a = b = 0.

    `lab`: (…, 3), L 0…100. Outside 0…1 for colours outside the gamut. Reference: `lab_to_xyz` then
    `xyz_to_linear`.

    >>> lab_to_linear([100.0, 0.0, 0.0]).tolist()
    [1.0, 1.0, 1.0]
    """
    return _mixed(_lab_to_relative(triplets(lab)), RELATIVE_TO_RGB)


@_without_warnings
def lightness_from_y(y: ArrayLike) -> Floats:
    """L of relative luminance.

    `y`: any shape, 0…1 for black…white. Returns 0…100. Reference: CIE 15:2018, 8.2.1.

    >>> round(float(lightness_from_y(0.1841865)), 3)
    50.0
    """
    return L_SCALE * _response(floats(y)) - L_OFFSET


@_without_warnings
def y_from_lightness(lightness: ArrayLike) -> Floats:
    """Relative luminance of L.

    `lightness`: any shape, 0…100. Returns 0…1. Reference: CIE 15:2018, 8.2.1 inverted.

    >>> round(float(y_from_lightness(50.0)), 7)
    0.1841865
    """
    return _stimulus((floats(lightness) + L_OFFSET) / L_SCALE)


def _mixed(values: Floats, matrix: NDArray[np.float64]) -> Floats:
    """(…, 3) through a matrix whose rows sum to 1, written so that three equal values stay equal."""
    middle = values[..., 1]
    first, last = values[..., 0] - middle, values[..., 2] - middle
    mixed = np.empty_like(values)
    for row in range(3):
        mixed[..., row] = middle + matrix[row, 0] * first + matrix[row, 2] * last
    return mixed


def _relative_to_lab(relative: Floats) -> Floats:
    """CIELAB of XYZ divided by that of white."""
    response = _response(relative)
    x, y, z = response[..., 0], response[..., 1], response[..., 2]
    lab = np.empty_like(relative)
    lab[..., 0] = L_SCALE * y - L_OFFSET
    lab[..., 1] = A_SCALE * (x - y)
    lab[..., 2] = B_SCALE * (y - z)
    return lab


def _lab_to_relative(lab: Floats) -> Floats:
    """XYZ divided by that of white of CIELAB."""
    response = np.empty_like(lab)
    response[..., 1] = (lab[..., 0] + L_OFFSET) / L_SCALE
    response[..., 0] = response[..., 1] + lab[..., 1] / A_SCALE
    response[..., 2] = response[..., 1] - lab[..., 2] / B_SCALE
    return _stimulus(response)


def _response(stimulus: Floats) -> Floats:
    """The compressive function f of CIE 15:2018, 8.2.1."""
    linear = LAB_SLOPE * stimulus + LAB_OFFSET
    return np.where(stimulus > LAB_CUBE_JOIN, np.cbrt(stimulus), linear)


def _stimulus(response: Floats) -> Floats:
    """The inverse of `_response`."""
    linear = (response - LAB_OFFSET) / LAB_SLOPE
    return np.where(response > DELTA, response**3, linear)
