"""Red, magenta and violet patches where nothing is: what people complain of first."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from photochrom.evaluation.metrics.edges import Mask, nearby_maximum, reduced, smoothed, steepness
from photochrom.evaluation.rendered import Rendered

_SHORT: Final = 192
# From violet over magenta to a red just short of orange, where skin begins; degrees of CIELAB hue.
_HUES: Final = (-50.0, 15.0)
# A dark coat looks purple at a chroma that nobody would see in a light wall.
_VIVID_SHARE: Final = 0.25
_VIVID_OFFSET: Final = 25.0
_SMALLEST_SHARE: Final = 0.003
# A colour fades if its outline loses less than this share of it in a pixel.
_FADING: Final = 0.2
_FAINT_CHROMA: Final = 5.0
# Units of L a pixel below which there is nothing for a colour to end at.
_NO_EDGE: Final = 1.0


def red_blobs(result: Rendered) -> float:
    """How many red-to-violet patches there are that fade out or end at nothing; 0 is best.

    In the picture reduced to a short side of 192, a patch is a connected region (by sides and
    corners) of at least 0.3 % of the picture, of hue 310°…15° and of chroma above (L + 25) / 4.
    A flower, a dress or a car has an outline: its colour ends sharply, and lightness changes there.
    A patch is a blob unless, in half of its outline or more, colour changes by at least 0.2 of
    (its mean chroma + 5) a pixel within two pixels of a place where L changes too. A tint of the
    whole picture has no outline and is no blob.

    Of grey 0. The definition is our own; against pictures marked by eye: docs/metrics.md.
    """
    lightness, a, b = (smoothed(smoothed(p)) for p in np.moveaxis(reduced(result, _SHORT), -1, 0))
    chroma = np.hypot(a, b)
    hue = np.degrees(np.arctan2(b, a))
    vivid = chroma > _VIVID_SHARE * (lightness + _VIVID_OFFSET)
    labels, count = patches(vivid & (_HUES[0] <= hue) & (hue <= _HUES[1]))
    sharp = nearby_maximum(steepness(a, b), radius=2)
    sharp[nearby_maximum(steepness(lightness), radius=2) < _NO_EDGE] = 0
    outline = _outline(labels)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    blobs = 0
    for patch in range(1, count + 1):
        rim = sharp[outline & (labels == patch)] if sizes[patch] >= _SMALLEST_SHARE * labels.size else []
        if len(rim):
            mean = float(chroma[labels == patch].mean())
            blobs += bool(np.median(rim) < _FADING * (mean + _FAINT_CHROMA))
    return float(blobs)


def patches(mask: Mask) -> tuple[NDArray[np.int64], int]:
    """Number the regions that are connected by sides or corners.

    mask: (h, w). Returns (h, w), 0 outside and 1…n inside, and n.
    """
    joined: list[int] = [0]
    labels = np.zeros(mask.shape, np.int64)
    above: list[tuple[int, int, int]] = []
    for row, line in enumerate(mask):
        turns = np.flatnonzero(np.diff(line.astype(np.int8), prepend=0, append=0)).tolist()
        runs: list[tuple[int, int, int]] = []
        for start, stop in zip(turns[::2], turns[1::2], strict=True):
            touching = [_root(joined, run) for begin, end, run in above if begin <= stop and start <= end]
            label = min(touching, default=len(joined))
            if not touching:
                joined.append(label)
            for other in touching:
                joined[other] = label
            labels[row, start:stop] = label
            runs.append((start, stop, label))
        above = runs
    roots = np.array([_root(joined, label) for label in range(len(joined))])
    kept, numbers = np.unique(roots, return_inverse=True)
    return numbers[labels], len(kept) - 1


def _root(joined: list[int], label: int) -> int:
    while joined[label] != label:
        label = joined[label]
    return label


def _outline(labels: NDArray[np.int64]) -> Mask:
    """Places inside a patch that have one outside it beside them; the picture's border is none."""
    around = np.pad(labels > 0, 1, constant_values=True)
    inner = around[1:-1, 1:-1]
    surrounded = around[:-2, 1:-1] & around[2:, 1:-1] & around[1:-1, :-2] & around[1:-1, 2:]
    return np.asarray(inner & ~surrounded)
