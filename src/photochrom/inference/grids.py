"""Planes of one view on grids of other sizes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]


def shrink(plane: Plane, h: int, w: int) -> Plane:
    """The mean of each block. plane: (k·h, k·w) → (h, w)."""
    height, width = plane.shape
    return np.asarray(plane.reshape(h, height // h, w, width // w).mean(axis=(1, 3)), np.float32)


def nearest(planes: Plane, h: int, w: int) -> Plane:
    """For each place of another grid the nearest of these. planes: (C, h', w') → (C, h, w)."""
    rows, columns = (
        ((np.arange(n) + 0.5) * have / n).astype(np.int64)
        for n, have in zip((h, w), planes.shape[1:], strict=True)
    )
    return planes[:, rows[:, np.newaxis], columns]
