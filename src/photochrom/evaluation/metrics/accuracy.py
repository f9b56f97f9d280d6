"""How much of a picture has about the right colour: Zhang's raw accuracy, plain and class-balanced."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from photochrom.color.constants import AB_GRID
from photochrom.evaluation.rendered import Rendered

_FARTHEST: Final = 150.0
_COUNTS: Final = Path(__file__).with_name("ab_counts.txt")
_RAREST: Final = 1e-5
# sRGB reaches from −107.9 to 98.3 on either axis.
_REACH: Final = 11


def auc(result: Rendered, truth: Rendered) -> float:
    """The area under "share of pixels whose (a, b) is within t of the truth's", t = 0…150, in %.

    100 for the same picture; that of grey is about 90, for most of most photographs is nearly grey.
    Taken as a whole and not in steps of t: the area under a distribution function is
    1 − mean(min(distance, 150)) / 150. Source: Zhang, Isola and Efros, "Colorful Image
    Colorization", ECCV 2016, section 3.1, "raw accuracy".
    """
    distance = 0.0
    for rows in truth.blocks():
        distance += float(_distance(result, truth, rows).sum(dtype=np.float64))
    return 100 * (1 - distance / (truth.rgb.size / 3 * _FARTHEST))


def auc_balanced(result: Rendered, truth: Rendered) -> float:
    """`auc` in which a pixel weighs 1 / p, p being how common its true colour is in photographs; %.

    p is the share of the nearest point of a 10-unit grid of ab, and at least 10⁻⁵, in the 131
    million pixels of 8,000 photographs of places (`ab_counts.txt`): one prior for all sets of
    pictures and all models, so that a value is a matter of the picture alone. Not that of a model's
    card, which would favour the model trained on it.

    Source: as `auc`, with the weights of its equation 4 for λ = 0; the paper counts p on ImageNet,
    smooths it, and puts the pixels of all pictures together, so that a few vivid ones decide. Here
    each picture has one value as it has of every other metric; these are higher.
    """
    lost = total = 0.0
    for rows in truth.blocks():
        place = np.rint(truth.lab[rows, :, 1:] / np.float32(AB_GRID)).astype(np.int64) + _REACH
        weight = _weights()[place[..., 0], place[..., 1]]
        lost += float((weight * _distance(result, truth, rows)).sum())
        total += float(weight.sum())
    return 100 * (1 - lost / (total * _FARTHEST))


def _distance(result: Rendered, truth: Rendered, rows: slice) -> NDArray[np.float32]:
    error = result.lab[rows, :, 1:] - truth.lab[rows, :, 1:]
    return np.asarray(np.minimum(np.hypot(error[..., 0], error[..., 1]), np.float32(_FARTHEST)))


@cache
def _weights() -> NDArray[np.float64]:
    """(23, 23): 1 / p at a = −110, −100, … 110 and the same b."""
    counted = np.loadtxt(_COUNTS, dtype=np.int64)
    counts = np.zeros((2 * _REACH + 1, 2 * _REACH + 1))
    a, b = (counted[:, :2] // round(AB_GRID) + _REACH).T
    counts[a, b] = counted[:, 2]
    return np.asarray(1 / np.maximum(counts / counts.sum(), _RAREST))
