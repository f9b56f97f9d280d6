"""How colourful a picture looks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from photochrom.evaluation.rendered import Rendered

_MEAN_SHARE: Final = 0.3


def colorfulness(result: Rendered) -> float:
    """√(σ²rg + σ²yb) + 0.3 · √(μ²rg + μ²yb) with rg = R − G and yb = (R + G) / 2 − B, codes 0…255.

    0 for grey, about 15 for slightly and 60 for quite colourful photographs. The differences are
    signed: several code bases take their absolute values, which the paper does not, and whose
    figures are not comparable. Source: Hasler and Süsstrunk, "Measuring colourfulness in natural
    images", SPIE 5007 (2003), M̂(3).
    """
    return _colorfulness(result, lambda opponent: opponent)


def colorfulness_abs(result: Rendered) -> float:
    """`colorfulness` of |R − G| and |(R + G) / 2 − B|: not what the paper says, but what is published.

    An absolute value folds opposite hues upon each other: a picture half red, half green has no
    spread of |rg| at all, and one of a single hue keeps its value. Only for comparison with the
    figures of programs that compute so. Source: piddnad/DDColor, basicsr/metrics/colorfulness.py.
    """
    return _colorfulness(result, np.abs)


def colorfulness_error(result: Rendered, truth: Rendered) -> float:
    """|colorfulness(result) − colorfulness(truth)|; 0 where a picture is as colourful as the truth.

    The mean of it over pictures is not the difference of the two means: a model that paints every
    picture equally vivid has a difference near 0 and a large error. Papers print either as "ΔCF".
    """
    return abs(colorfulness(result) - colorfulness(truth))


def _colorfulness(picture: Rendered, folded: Callable[[NDArray[np.int32]], NDArray[np.int32]]) -> float:
    sums = np.zeros(2)
    squares = np.zeros(2)
    for rows in picture.blocks():
        red, green, blue = np.moveaxis(picture.rgb[rows].astype(np.int32), -1, 0)
        # yb is doubled, so that all of it is whole numbers and exact.
        opponents = (folded(red - green), folded(red + green - 2 * blue))
        sums += [plane.sum(dtype=np.int64) for plane in opponents]
        squares += [np.square(plane).sum(dtype=np.int64) for plane in opponents]
    count = picture.rgb.shape[0] * picture.rgb.shape[1]
    scale = np.array([1.0, 0.5])
    mean = sums / count * scale
    variance = np.maximum(squares / count * scale**2 - mean**2, 0)
    return float(np.sqrt(variance.sum()) + _MEAN_SHARE * np.sqrt(np.square(mean).sum()))
