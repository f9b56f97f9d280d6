"""Chroma to full size along the edges of lightness.

He and Sun's fast guided filter (arXiv 1505.00996): near every place chroma is a straight line of
lightness, ab = slope · L + offset. Slopes and offsets are found at the size at which the network
looked, where that is cheap, and enlarged instead of the chroma; applied to full-size L they follow
its edges. The filter alone also blurs; so what it lost of each answer is added back to the offsets.
`docs/upsampling.md` compares it with joint bilateral and bicubic enlarging.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]

# Half the window in places of the guide, and the variance of L (units²) below which it counts as flat:
# the best of benchmarks/upsampling.py.
RADIUS = 2
FLATNESS = 5.0


def box_mean(x: Plane, radius: int) -> Plane:
    """Mean over a (2r+1)² window, cut off at the border. x: (..., H, W) → the same shape."""
    for axis in (-2, -1):
        x = _box_along(x, radius, axis)
    return x


def _box_along(x: Plane, radius: int, axis: int) -> Plane:
    n = x.shape[axis]
    total = np.cumsum(x, axis=axis, dtype=np.float64)
    total = np.concatenate([np.zeros_like(np.take(total, [0], axis=axis)), total], axis=axis)
    last = np.minimum(np.arange(n) + radius + 1, n)
    first = np.maximum(np.arange(n) - radius, 0)
    spread = np.take(total, last, axis=axis) - np.take(total, first, axis=axis)
    shape = [1] * x.ndim
    shape[axis] = n
    mean: Plane = (spread / (last - first).reshape(shape)).astype(np.float32)
    return mean


def enlarge(x: Plane, height: int, width: int) -> Plane:
    """Bilinear, pixel centres aligned, borders repeated. x: (C, h, w) → (C, height, width)."""
    for axis, size in ((1, height), (2, width)):
        n = x.shape[axis]
        place = np.clip((np.arange(size) + 0.5) * (n / size) - 0.5, 0, n - 1)
        low = np.minimum(place.astype(np.int64), max(n - 2, 0))
        shape = [1, 1, 1]
        shape[axis] = size
        part = (place - low).astype(np.float32).reshape(shape)
        x = np.take(x, low, axis) * (1 - part) + np.take(x, np.minimum(low + 1, n - 1), axis) * part
    return x


def guided_coefficients(
    guide: Plane,
    chroma: Plane,
    *,
    radius: int = RADIUS,
    flatness: float = FLATNESS,
    corrected: bool = True,
) -> Plane:
    """Slopes and offsets of a and b over L.

    guide: (k·h, k·w), L 0…100; chroma: (2, h, w) of the same view, or other planes, (C, h, w). Without
    `corrected` it is the filter as published. Returns (k·h, k·w, 4): slope of a, slope of b, offset of
    a, offset of b; or (k·h, k·w, 2C).
    """
    count, h, w = chroma.shape
    k = guide.shape[0] // h
    ab = enlarge(chroma, *guide.shape)
    mean_l, mean_ab = box_mean(guide, radius), box_mean(ab, radius)
    variance = box_mean(guide * guide, radius) - mean_l * mean_l
    covariance = box_mean(guide * ab, radius) - mean_l * mean_ab
    slope = np.asarray(covariance / (np.maximum(variance, 0) + flatness), dtype=np.float32)
    offset = box_mean(mean_ab - slope * mean_l, radius)
    slope = box_mean(slope, radius)
    if corrected:
        answer = (slope * guide + offset).reshape(count, h, k, w, k).mean(axis=(2, 4))
        offset = offset + enlarge(chroma - answer, *guide.shape)
    return np.ascontiguousarray(np.concatenate([slope, offset]).transpose(1, 2, 0))


def plain_coefficients(chroma: Plane) -> Plane:
    """The same shape of answer for chroma enlarged without a guide. chroma: (2, h, w) → (h, w, 4)."""
    return np.ascontiguousarray(np.concatenate([np.zeros_like(chroma), chroma]).transpose(1, 2, 0))
