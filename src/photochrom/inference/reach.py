"""How far the truth about one place tells of others, and so where to ask first.

What a network has wrong is alike at places that look alike to it. How much alike was measured: of 30
photographs of known colour, the error at one place predicts the error at another best, scaled by

    exp(−H² / 0.15 − ΔL / 80 − d / 1)

H²: the squared Hellinger distance of the two distributions over colours; ΔL: between their
lightnesses; d: their distance in short sides of the picture. The encoder's features, in place of H² or
beside it, predict no better (`docs/suggestions.md`). With that as correlation and expected ΔE2000 as
standard deviation the errors of a picture are treated as a Gaussian process; the place to ask next is
the one that takes most expected square error away from the whole picture (greedy A-optimal design, as
in Krause, Singh and Guestrin, "Near-Optimal Sensor Placements in Gaussian Processes", JMLR 9, 2008).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
Numbers = NDArray[np.int64]

_HELLINGER: Final = 0.15
_LIGHTNESS: Final = 80.0
_DISTANCE: Final = 1.0
# Variance of an answer, as a share of that of the place: an object's colours vary about the click.
_NOISE: Final = 0.05
# Of the short side: nearer to each other than this, places are not asked for.
_APART: Final = 1 / 16
# A place is helped if its expected difference falls by a fifth.
_HELPED: Final = 1 - 0.8**2
# A table of all pairs is held: 9 MB.
_MOST_CELLS: Final = 1500


@dataclass(frozen=True)
class Asked:
    """A place to ask for: `cell` of the grid, and the share of cells, 0…1, that the answer helps."""

    cell: int
    area: float


@dataclass(frozen=True, eq=False)
class Grid:
    """Squares of `side` × `side` places of an answer, (rows, columns) of them, each one cell."""

    side: int
    rows: int
    columns: int

    @classmethod
    def over(cls, height: int, width: int) -> Grid:
        """The finest over (height, width) places that has no more cells than a table can be made for."""
        side = 1
        while -(-height // side) * -(-width // side) > _MOST_CELLS:
            side += 1
        return cls(side, -(-height // side), -(-width // side))

    def means(self, planes: Plane) -> Plane:
        """Of each cell: (C, h, w) → (C, rows · columns). The edge is repeated where it ends in a cell."""
        count, height, width = planes.shape
        margin = ((0, 0), (0, self.rows * self.side - height), (0, self.columns * self.side - width))
        whole = np.pad(planes, margin, mode="edge")
        shape = (count, self.rows, self.side, self.columns, self.side)
        return np.asarray(whole.reshape(shape).mean(axis=(2, 4)).reshape(count, -1), np.float32)

    def centers(self) -> NDArray[np.float64]:
        """(rows · columns, 2): y and x in places, of the middle of each cell."""
        cells = np.indices((self.rows, self.columns)).reshape(2, -1).T
        return np.asarray((cells + 0.5) * self.side, np.float64)


def correlation(share: Plane, lightness: Plane, centers: NDArray[np.float64]) -> Plane:
    """How alike errors are: (N, N), 0…1. share: (K, N), summing to 1; lightness: (N,);

    centers: (N, 2) in short sides.
    """
    root = np.sqrt(share)
    alike = np.minimum(root.T @ root, 1)
    exponent = (alike - 1) / np.float32(_HELLINGER)
    exponent -= np.abs(lightness[:, np.newaxis] - lightness) / np.float32(_LIGHTNESS)
    y, x = np.asarray(centers / _DISTANCE, np.float32).T
    exponent -= np.hypot(y[:, np.newaxis] - y, x[:, np.newaxis] - x)
    return np.asarray(np.exp(exponent), np.float32)


def places_to_ask(
    alike: Plane, error: Plane, centers: NDArray[np.float64], known: Numbers, count: int
) -> list[Asked]:
    """Up to `count` cells, the most helpful first, each in view of those before and of the `known`.

    alike: of `correlation`; error: (N,), expected ΔE2000; centers: as there; known: cells whose colour
    has been told. Fewer where no others lie far enough apart, 1/16 of the short side.
    """
    covariance = alike * error[:, np.newaxis] * error
    noise = _NOISE * np.square(error) + np.float32(1e-6)
    left = np.ones(len(error), np.bool_)
    if len(known):
        rows = covariance[known]
        inner = rows[:, known] + np.diag(noise[known])
        covariance -= rows.T @ np.linalg.solve(inner, rows)
        for cell in known:
            left &= _apart(centers, cell)
    asked = []
    for _ in range(count):
        if not left.any():
            break
        variance = covariance.diagonal() + noise
        gain = np.einsum("ij,ij->i", covariance, covariance) / variance
        cell = int(np.where(left, gain, -1).argmax())
        row = covariance[cell].copy()
        helped = np.square(row) / variance[cell] >= _HELPED * covariance.diagonal()
        asked.append(Asked(cell, float((helped & (row > 0)).mean())))
        covariance -= row[:, np.newaxis] * (row / variance[cell])
        left &= _apart(centers, cell)
    return asked


def _apart(centers: NDArray[np.float64], cell: int) -> NDArray[np.bool_]:
    return np.asarray(np.hypot(*(centers - centers[cell]).T) >= _APART)
