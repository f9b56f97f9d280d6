"""How near the numbers of a result are to those of the truth."""

from __future__ import annotations

from typing import Final

import numpy as np

from photochrom.evaluation.rendered import Rendered

PSNR_CEILING: Final = 100.0
"""dB of a picture without any error. Its ratio is infinite and would take every mean with it; the
smallest error that 8 bits can hold scores 96 dB in a picture of 150 × 150 pixels."""


def psnr(result: Rendered, truth: Rendered) -> float:
    """10 · log10(255² / MSE) over all samples of R, G and B of one picture, in dB, at most 100."""
    total = 0.0
    for rows in truth.blocks():
        error = result.rgb[rows].astype(np.int32) - truth.rgb[rows]
        total += float(np.square(error).sum(dtype=np.float64))
    if total == 0:
        return PSNR_CEILING
    return min(PSNR_CEILING, float(10 * np.log10(255**2 * truth.rgb.size / total)))
