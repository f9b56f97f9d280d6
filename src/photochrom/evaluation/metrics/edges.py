"""Where lightness and colour change in a picture: what `bleeding` and `blobs` look at."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.evaluation.rendered import Rendered

Plane = NDArray[np.floating[Any]]
Mask = NDArray[np.bool_]


def reduced(picture: Rendered, short: int) -> NDArray[np.float32]:
    """Lab, (h, w, 3), with a short side of at most `short`: each place is the mean of its pixels.

    So that an edge is as wide, and grain as faint, in a scan as in a small copy of it.
    """
    height, width = picture.rgb.shape[:2]
    scale = min(1.0, short / min(height, width))
    tops = np.arange(max(1, round(height * scale)))
    lefts = np.arange(max(1, round(width * scale)))
    tops, lefts = tops * height // len(tops), lefts * width // len(lefts)
    sums = np.add.reduceat(np.add.reduceat(picture.lab, lefts, axis=1), tops, axis=0)
    heights, widths = np.diff(tops, append=height), np.diff(lefts, append=width)
    return np.asarray(sums / (heights[:, None, None] * widths[None, :, None]), np.float32)


def smoothed(plane: Plane) -> Plane:
    """Each place mixed with its neighbours, 1 : 2 : 1 down and across; the border repeats."""
    for axis in (0, 1):
        lines = np.moveaxis(_bordered(plane, axis), axis, 0)
        plane = np.moveaxis((lines[:-2] + 2 * lines[1:-1] + lines[2:]) / 4, 0, axis)
    return plane


def steepness(*planes: Plane) -> Plane:
    """How far a colour with these coordinates moves from one pixel to the next, in their units."""
    total = np.zeros_like(planes[0])
    for plane in planes:
        for axis in (0, 1):
            lines = np.moveaxis(_bordered(plane, axis), axis, 0)
            total += np.square(np.moveaxis((lines[2:] - lines[:-2]) / 2, 0, axis))
    return np.sqrt(total)


def nearby_maximum(plane: Plane, *, radius: int) -> Plane:
    """The largest value within `radius` places down and across."""
    for axis in (0, 1):
        for _ in range(radius):
            lines = np.moveaxis(_bordered(plane, axis), axis, 0)
            plane = np.moveaxis(np.maximum(np.maximum(lines[:-2], lines[1:-1]), lines[2:]), 0, axis)
    return plane


def _bordered(plane: Plane, axis: int) -> Plane:
    return np.pad(plane, [(1, 1) if i == axis else (0, 0) for i in (0, 1)], mode="edge")
