"""How near the numbers of a result are to those of the truth."""

from __future__ import annotations

from typing import Final

import numpy as np

from photochrom.evaluation.rendered import Rendered

PSNR_CEILING: Final = 100.0
"""dB of a picture without any error. Its ratio is infinite and would take every mean with it; the
smallest error that 8 bits can hold scores 96 dB in a picture of 150 × 150 pixels."""

_PEAK: Final = 255.0


def mse(result: Rendered, truth: Rendered) -> float:
    """The mean squared error over all samples of R, G and B, codes 0…255; 0 for the same picture."""
    total = 0.0
    for rows in truth.blocks():
        error = result.rgb[rows].astype(np.int32) - truth.rgb[rows]
        total += float(np.square(error).sum(dtype=np.float64))
    return total / truth.rgb.size


def psnr(result: Rendered, truth: Rendered) -> float:
    """10 · log10(255² / MSE) over all samples of R, G and B of one picture, in dB, at most 100."""
    return _decibels(mse(result, truth))


def psnr_ab(result: Rendered, truth: Rendered) -> float:
    """10 · log10(255² / MSE) over all samples of a and b, in CIELAB units, in dB, at most 100.

    The peak is the range of a and b in 8-bit Lab, −128…127 (ICC.1:2022, 6.3.4.2), so the value is
    that of programs that compare 8-bit codes of a and b, but for their rounding. There is no
    common usage: with a and b divided by 110 and taken as −1…1, the peak is 220 units and every
    value 1.28 dB lower; with a peak of 1 after that division it is 110 and 7.30 dB lower.
    """
    total = 0.0
    for rows in truth.blocks():
        error = result.lab[rows, :, 1:] - truth.lab[rows, :, 1:]
        total += float(np.square(error).sum(dtype=np.float64))
    return _decibels(total * 3 / (2 * truth.rgb.size))


def _decibels(error: float) -> float:
    if error == 0:
        return PSNR_CEILING
    return min(PSNR_CEILING, float(10 * np.log10(_PEAK**2 / error)))
