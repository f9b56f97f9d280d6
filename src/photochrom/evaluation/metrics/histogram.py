"""Whether the colours of a result are as common as they are in the truth, wherever they lie."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from photochrom.evaluation.rendered import Rendered

_WIDTH: Final = 4.0
_REACH: Final = 32

AB_EDGES: Final[NDArray[np.float64]] = (np.arange(2.0 * _REACH + 2) - _REACH - 0.5) * _WIDTH
"""(66,): where the 65 bins of a and of b begin and end. They are 4 units wide, near what the eye
tells apart, and centred on multiples of 4, so that grey and its rounding fall into one bin."""


def ab_shares(picture: Rendered) -> NDArray[np.float64]:
    """(2, 65): the share of pixels in each bin of a and in each bin of b; both rows sum to 1.

    −130…130 is wider than sRGB, whose a ends at −86.2 and 98.3 and whose b at −107.9 and 94.5.
    """
    return _counts(picture) / _pixels(picture)


def intersection_a(result: Rendered, truth: Rendered) -> float:
    """Σ min(p, q) of the shares of a in the bins of `AB_EDGES`, 0…1; 1 for the same histogram.

    Where the colours lie does not count. Source: Swain and Ballard, "Color Indexing", International
    Journal of Computer Vision 7 (1991). Of each picture on its own; Isola et al., "Image-to-Image
    Translation with Conditional Adversarial Networks", CVPR 2017, take all pictures together, which
    cannot give less and commonly gives far more.
    """
    return _intersection(result, truth, axis=0)


def intersection_b(result: Rendered, truth: Rendered) -> float:
    """`intersection_a` of b."""
    return _intersection(result, truth, axis=1)


def _intersection(result: Rendered, truth: Rendered, *, axis: int) -> float:
    # Whole numbers up to here, so that a picture has exactly 1 in common with itself.
    common = np.minimum(_counts(result)[axis], _counts(truth)[axis]).sum()
    return float(common / _pixels(truth))


def _counts(picture: Rendered) -> NDArray[np.int64]:
    counts = np.zeros((2, 2 * _REACH + 1), np.int64)
    for rows in picture.blocks():
        places = np.floor(picture.lab[rows, :, 1:] / np.float32(_WIDTH) + np.float32(_REACH + 0.5))
        for axis in (0, 1):
            within = places[..., axis].astype(np.int64).ravel()
            counts[axis] += np.bincount(within, minlength=counts.shape[1])
    return counts


def _pixels(picture: Rendered) -> int:
    return picture.rgb.size // 3
