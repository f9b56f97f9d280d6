"""How different the colours of a result look from those of the truth: mean ΔE over a picture."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from photochrom.color.arrays import Floats
from photochrom.color.difference import delta_e_76, delta_e_2000
from photochrom.evaluation.rendered import Rendered
from photochrom.evaluation.scene import Box


def mean_delta_e_2000(result: Rendered, truth: Rendered) -> float:
    """Mean CIEDE2000 over the pixels; 0 for the same picture. Source: `color.difference`."""
    return _mean(delta_e_2000, result, truth)


def mean_delta_e_76(result: Rendered, truth: Rendered) -> float:
    """Mean distance in CIELAB over the pixels; 0 for the same picture. Source: `color.difference`."""
    return _mean(delta_e_76, result, truth)


def skin(result: Rendered, truth: Rendered, faces: Sequence[Box]) -> float:
    """Mean CIEDE2000 over the pixels whose centre lies in one of the boxes, 0 for the same picture.

    Each pixel counts once, however many boxes hold it. NaN if none does.
    """
    height, width = truth.rgb.shape[:2]
    marked = np.zeros((height, width), np.bool_)
    down, across = np.arange(height) + 0.5, np.arange(width) + 0.5
    for box in faces:
        inside = (box.top <= down) & (down < box.bottom)
        marked |= inside[:, np.newaxis] & (box.left <= across) & (across < box.right)
    total = 0.0
    for rows in truth.blocks():
        part = marked[rows]
        errors = delta_e_2000(result.lab[rows][part], truth.lab[rows][part])
        total += float(errors.sum(dtype=np.float64))
    count = np.count_nonzero(marked)
    return total / count if count else math.nan


def _mean(difference: Callable[[Floats, Floats], Floats], result: Rendered, truth: Rendered) -> float:
    total = 0.0
    for rows in truth.blocks():
        total += float(difference(result.lab[rows], truth.lab[rows]).sum(dtype=np.float64))
    return total * 3 / truth.rgb.size
