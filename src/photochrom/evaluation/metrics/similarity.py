"""SSIM: whether the structure of the truth is still there."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from photochrom.evaluation.rendered import Rendered

_RADIUS: Final = 5
_SIGMA: Final = 1.5
_PEAK: Final = 255
_C1: Final = (0.01 * _PEAK) ** 2
_C2: Final = (0.03 * _PEAK) ** 2


def ssim(result: Rendered, truth: Rendered) -> float:
    """The mean structural similarity of R, G and B: each channel on its own, then their mean.

    −1…1, 1 for the same picture; NaN for pictures less than 11 pixels wide or high. An 11 × 11
    Gaussian window of σ 1.5 with the weights as they are (no n / (n − 1)), only where it lies
    wholly inside; K1 = 0.01, K2 = 0.03. Source: Wang, Bovik, Sheikh and Simoncelli, "Image Quality
    Assessment: From Error Visibility to Structural Similarity", IEEE Transactions on Image
    Processing 13 (2004), equation 13.

    What is coloured keeps the structure of its lightness, so all colourings score high: the
    differences say more than the values. Published values of lightness alone, or of whole pictures
    as one channel, are others.
    """
    height, width, channels = truth.rgb.shape
    if min(height, width) <= 2 * _RADIUS:
        return math.nan
    total = 0.0
    inner = height - 2 * _RADIUS
    for rows in truth.blocks():
        if rows.start >= inner:
            break
        seen = slice(rows.start, min(rows.stop, inner) + 2 * _RADIUS)
        total += float(_similarity(result.rgb[seen], truth.rgb[seen]).sum())
    return float(total / (inner * (width - 2 * _RADIUS) * channels))


def _similarity(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.float64]:
    """(h, w, 3) twice → (h − 10, w − 10, 3)."""
    x, y = one.astype(np.float64), other.astype(np.float64)
    mean_x, mean_y = _window(x), _window(y)
    means = mean_x * mean_y
    mean_squares = mean_x**2 + mean_y**2
    covariance = _window(x * y) - means
    variances = _window(x**2 + y**2) - mean_squares
    return ((2 * means + _C1) * (2 * covariance + _C2)) / ((mean_squares + _C1) * (variances + _C2))


def _window(planes: NDArray[np.float64]) -> NDArray[np.float64]:
    """(h, w, 3) → (h − 10, w − 10, 3): the Gaussian mean round each place that has a whole window."""
    steps = np.arange(_RADIUS + 1)
    weights = np.exp(-0.5 * (steps / _SIGMA) ** 2)
    weights /= weights[0] + 2 * weights[1:].sum()
    for axis in (0, 1):
        length = planes.shape[axis] - 2 * _RADIUS
        parts = np.moveaxis(planes, axis, 0)
        centre = weights[0] * parts[_RADIUS : _RADIUS + length]
        for step in steps[1:]:
            before = parts[_RADIUS - step : _RADIUS - step + length]
            after = parts[_RADIUS + step : _RADIUS + step + length]
            centre += weights[step] * (before + after)
        planes = np.moveaxis(centre, 0, axis)
    return planes
