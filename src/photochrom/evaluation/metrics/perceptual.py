"""LPIPS: how far a result is from the truth in the features of a network that learned to see."""

from __future__ import annotations

import math
import weakref
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from photochrom.evaluation.backbones import backbone
from photochrom.evaluation.rendered import Rendered

Layers = list[NDArray[Any]]

# The last layer of each has no place for a smaller picture.
_SMALLEST: Final = {"lpips-alex": 31, "lpips-vgg": 16}

# The truth's embedding is needed for every row of its picture, and is far larger than the picture:
# the last one is kept, and only while its picture lives.
_kept: dict[str, tuple[weakref.ref[Rendered], Layers]] = {}


def lpips_alex(result: Rendered, truth: Rendered) -> float:
    """LPIPS 0.1 with AlexNet; 0 for the same picture, about 0.7 for a wrecked one.

    NaN if a side is shorter than 31 pixels. Source: `preparation.lpips`. Raises MissingBackbone.
    """
    return _distance("lpips-alex", result, truth)


def lpips_vgg(result: Rendered, truth: Rendered) -> float:
    """LPIPS 0.1 with VGG16; 0 for the same picture, about 0.6 for a wrecked one.

    NaN if a side is shorter than 16 pixels. It takes about 1 GB of memory for each megapixel.
    Source: `preparation.lpips`. Raises MissingBackbone.
    """
    return _distance("lpips-vgg", result, truth)


def _distance(name: str, result: Rendered, truth: Rendered) -> float:
    """The sum over layers of the mean over positions of the squared distance of their embeddings."""
    if min(truth.rgb.shape[:2]) < _SMALLEST[name]:
        return math.nan
    theirs = _of_truth(name, truth)
    ours = theirs if result is truth else _embedding(name, result)
    total = 0.0
    for one, other in zip(ours, theirs, strict=True):
        height, width = one.shape[2:]
        total += float(np.square(one - other).sum(dtype=np.float64)) / (height * width)
    return total


def _embedding(name: str, picture: Rendered) -> Layers:
    """Five arrays (1, C, h, w): h and w smaller from one to the next."""
    return backbone(name).run({"rgb": picture.rgb[np.newaxis]})


def _of_truth(name: str, truth: Rendered) -> Layers:
    last = _kept.get(name)
    if last is not None and last[0]() is truth:
        return last[1]
    _kept.pop(name, None)
    layers = _embedding(name, truth)
    _kept[name] = (weakref.ref(truth, lambda gone: _forget(name, gone)), layers)
    return layers


def _forget(name: str, gone: weakref.ref[Rendered]) -> None:
    if name in _kept and _kept[name][0] is gone:
        del _kept[name]
