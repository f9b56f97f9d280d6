"""Whether colour ends where things end."""

from __future__ import annotations

from typing import Final

import numpy as np

from photochrom.evaluation.metrics.edges import reduced, smoothed, steepness
from photochrom.evaluation.rendered import Rendered

_SHORT: Final = 256
# Units of L from one pixel to the next at which a place counts half as an edge.
_EDGE: Final = 2.0


def bleeding(result: Rendered) -> float:
    """The share of a picture's changes of colour that lie where lightness does not change, in %.

    Σ w · |∇(a, b)|² / Σ |∇(a, b)|² with w = 2² / (2² + |∇L|²), of the picture reduced to a short
    side of 256 and smoothed once: 0…100, and 0 for one without any change of colour. A share, so
    that it does not grow with vividness; squares, so that outlines count and grain does not.

    Some colours of every photograph change at equal lightness, so it needs no truth and has no
    best value: nearness to the truth's own value is what is good. Colour that is blurred or moved
    against lightness raises it (docs/metrics.md has by how much). The definition is our own.
    """
    lightness, a, b = (smoothed(plane) for plane in np.moveaxis(reduced(result, _SHORT), -1, 0))
    changes = np.square(steepness(a, b).astype(np.float64))
    flat = _EDGE**2 / (_EDGE**2 + np.square(steepness(lightness)))
    total = float(changes.sum())
    return 100 * float((changes * flat).sum()) / total if total else 0.0
