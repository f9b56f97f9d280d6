"""How different the colours of a result look from those of the truth: mean ΔE over a picture."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from photochrom.color.arrays import Floats
from photochrom.color.difference import delta_e_76, delta_e_2000
from photochrom.evaluation.rendered import Rendered


def mean_delta_e_2000(result: Rendered, truth: Rendered) -> float:
    """Mean CIEDE2000 over the pixels; 0 for the same picture. Source: `color.difference`."""
    return _mean(delta_e_2000, result, truth)


def mean_delta_e_76(result: Rendered, truth: Rendered) -> float:
    """Mean distance in CIELAB over the pixels; 0 for the same picture. Source: `color.difference`."""
    return _mean(delta_e_76, result, truth)


def _mean(difference: Callable[[Floats, Floats], Floats], result: Rendered, truth: Rendered) -> float:
    total = 0.0
    for rows in truth.blocks():
        total += float(difference(result.lab[rows], truth.lab[rows]).sum(dtype=np.float64))
    return total * 3 / truth.rgb.size
