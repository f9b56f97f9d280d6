"""LPIPS: how far a result is from the truth in the features of a network that learned to see."""

from __future__ import annotations

import math
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from photochrom.evaluation.backbones import backbone
from photochrom.evaluation.rendered import Rendered

Layers = list[NDArray[Any]]

# The last layer of each has no place for a smaller picture.
_SMALLEST: Final = {"lpips-alex": 31, "lpips-vgg": 16}
# Rows of the picture from one row of a layer to the next.
_STRIDES: Final = {"lpips-alex": (4, 8, 16, 16, 16), "lpips-vgg": (1, 2, 4, 8, 16)}

# VGG's features need about 1 GB for a million pixels. A larger picture is taken in strips, whose
# edges lie on rows of every layer, and so far beyond what is kept that no kept feature sees them:
# the last layers look at 163 and 196 rows, 96 of them at most on one side and 98.
_STRIP_PIXELS: int = 1 << 21
_GRID: Final = 16
_MARGIN: Final = 112

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

    NaN if a side is shorter than 16 pixels. Source: `preparation.lpips`. Raises MissingBackbone.
    """
    return _distance("lpips-vgg", result, truth)


@dataclass(frozen=True)
class _Strip:
    """Rows of a picture. seen: those that are looked at; kept: those among them that are compared.

    Both count from the picture's upper edge; None is its lower edge.
    """

    seen: tuple[int, int | None]
    kept: tuple[int, int | None]

    @property
    def is_whole(self) -> bool:
        """Whether there are no others."""
        return self.seen == (0, None)

    def of(self, picture: Rendered) -> Rendered:
        """What is seen of it."""
        return picture if self.is_whole else Rendered(picture.rgb[slice(*self.seen)])

    def rows(self, stride: int) -> slice:
        """What is kept of a layer of what is seen."""
        start, (first, last) = self.seen[0], self.kept
        return slice((first - start) // stride, None if last is None else (last - start) // stride)


def _strips(height: int, width: int) -> Iterator[_Strip]:
    if height * width <= _STRIP_PIXELS:
        yield _Strip((0, None), (0, None))
        return
    step = max(_MARGIN, (_STRIP_PIXELS // width - 2 * _MARGIN) // _GRID * _GRID)
    for top in range(0, height, step):
        bottom = top + step
        seen = bottom + _MARGIN
        yield _Strip(
            (max(0, top - _MARGIN), seen if seen < height else None),
            (top, bottom if bottom < height else None),
        )


def _distance(name: str, result: Rendered, truth: Rendered) -> float:
    """The sum over layers of the mean over positions of the squared distance of their embeddings."""
    height, width = truth.rgb.shape[:2]
    if min(height, width) < _SMALLEST[name]:
        return math.nan
    strides = _STRIDES[name]
    sums, places = np.zeros(len(strides)), np.zeros(len(strides))
    for strip in _strips(height, width):
        theirs = _of_truth(name, truth) if strip.is_whole else _embedding(name, strip.of(truth))
        ours = theirs if result is truth else _embedding(name, strip.of(result))
        for i, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            rows = strip.rows(strides[i])
            error = one[:, :, rows] - other[:, :, rows]
            sums[i] += np.square(error).sum(dtype=np.float64)
            places[i] += error.shape[2] * error.shape[3]
    return float((sums / places).sum())


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
