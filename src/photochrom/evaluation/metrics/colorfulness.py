"""How colourful a picture looks."""

from __future__ import annotations

from typing import Final

import numpy as np

from photochrom.evaluation.rendered import Rendered

_MEAN_SHARE: Final = 0.3


def colorfulness(result: Rendered) -> float:
    """√(σ²rg + σ²yb) + 0.3 · √(μ²rg + μ²yb) with rg = R − G and yb = (R + G) / 2 − B, codes 0…255.

    0 for grey, about 15 for slightly and 60 for quite colourful photographs. The differences are
    signed: several code bases take their absolute values, which the paper does not, and whose
    figures are not comparable. Source: Hasler and Süsstrunk, "Measuring colourfulness in natural
    images", SPIE 5007 (2003), M̂(3).
    """
    sums = np.zeros(2)
    squares = np.zeros(2)
    for rows in result.blocks():
        red, green, blue = np.moveaxis(result.rgb[rows].astype(np.int32), -1, 0)
        # yb is doubled, so that all of it is whole numbers and exact.
        opponents = (red - green, red + green - 2 * blue)
        sums += [plane.sum(dtype=np.int64) for plane in opponents]
        squares += [np.square(plane).sum(dtype=np.int64) for plane in opponents]
    count = result.rgb.shape[0] * result.rgb.shape[1]
    scale = np.array([1.0, 0.5])
    mean = sums / count * scale
    variance = np.maximum(squares / count * scale**2 - mean**2, 0)
    return float(np.sqrt(variance.sum()) + _MEAN_SHARE * np.sqrt(np.square(mean).sum()))
