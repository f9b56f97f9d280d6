"""How far the truth about one place tells of others, and so where to ask first.

Hints are led over a picture by Gaussian-process regression (`inference.obey`). The same process, with
expected ΔE2000 as its standard deviation, says beforehand how much of the picture an answer would set
right: the place to ask next is the one whose answer takes most expected square error away from the
whole picture, in view of what is known by then (greedy A-optimal design; Krause, Singh and Guestrin,
"Near-Optimal Sensor Placements in Gaussian Processes", JMLR 9, 2008, has it for other measures).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from photochrom.color.bins import AbBins
from photochrom.hints import led
from photochrom.inference.obey import correlation, kinship
from photochrom.inference.upsample import enlarge

if TYPE_CHECKING:
    from photochrom.inference.guess import Guess

Plane = NDArray[np.float32]
Numbers = NDArray[np.int64]

# In place of a variance of 0, which a place of one possible colour has.
_TINY: Final = np.float32(1e-6)
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
        return np.asarray(
            whole.reshape(shape).mean(axis=(2, 4)).reshape(count, self.rows * self.columns), np.float32
        )

    def centers(self) -> NDArray[np.float64]:
        """(rows · columns, 2): y and x in places, of the middle of each cell."""
        cells = np.indices((self.rows, self.columns)).reshape(2, -1).T
        return np.asarray((cells + 0.5) * self.side, np.float64)


@dataclass(frozen=True, eq=False)
class Doubt:
    """The errors of a picture as a Gaussian process over the N cells of a grid, before or after hints."""

    grid: Grid
    error: Plane
    """(N,): expected ΔE2000 with nothing told."""
    centers: NDArray[np.float64]
    """(N, 2): y and x of each cell in short sides."""
    covariance: Plane
    """(N, N) of errors in ΔE2000, given what is known."""
    known: Numbers
    """Cells whose colour has been told."""

    @property
    def left(self) -> Plane:
        """(N,): which share of `error` is left by what is known, 0…1."""
        variance = self.covariance.diagonal().clip(0) / np.maximum(np.square(self.error), _TINY)
        return np.asarray(np.sqrt(np.minimum(variance, 1)), np.float32)

    def left_over(self, height: int, width: int) -> Plane:
        """The same at each place: (height, width)."""
        grid = self.grid
        left = self.left.reshape(1, grid.rows, grid.columns)
        return enlarge(left, grid.rows * grid.side, grid.columns * grid.side)[0, :height, :width]


def doubt_of(guess: Guess, bins: AbBins, error: Plane) -> Doubt:
    """What is doubtful in a look at a picture, less what the hints told to it tell.

    error: (h, w), expected ΔE2000 of the same look with nothing told
    """
    first = guess.unhinted or guess
    assert first.logits is not None
    h, w = error.shape
    grid = Grid.over(h, w)
    kin = kinship(first.logits, first.lightness, first.features, bins)
    centers, expected = grid.centers() / min(h, w), grid.means(error[np.newaxis])[0]
    coarse = replace(
        kin,
        shape=(grid.rows, grid.columns),
        lightness=grid.means(kin.lightness.reshape(1, h, w))[0],
        places=centers.astype(np.float32),
        roots=np.sqrt(grid.means(np.square(kin.roots).reshape(-1, h, w))),
        seen=grid.means(kin.seen.reshape(len(kin.seen), h, w)),
    )
    shared = correlation(coarse, np.arange(len(expected)))
    shared *= expected[:, np.newaxis] * expected
    known, sure = _told(guess.hints, grid, h, w)
    if len(known):
        rows = shared[known]
        noise = led.NOISE * np.square(expected[known]) / sure + _TINY
        shared = shared - rows.T @ np.linalg.solve(rows[:, known] + np.diag(noise), rows)
    return Doubt(grid, expected, centers, shared, known)


def _told(hints: Plane | None, grid: Grid, h: int, w: int) -> tuple[Numbers, Plane]:
    """The cells in which a hint has been told, and how sure the surest of each is, above 0."""
    if hints is None or not (hints[2] > 0).any():
        return np.empty(0, np.int64), np.empty(0, np.float32)
    rows, columns = np.nonzero(hints[2] > 0)
    down, across = h / hints.shape[1], w / hints.shape[2]
    y = ((rows + 0.5) * down).astype(np.int64) // grid.side
    x = ((columns + 0.5) * across).astype(np.int64) // grid.side
    sure = np.zeros(grid.rows * grid.columns, np.float32)
    np.maximum.at(sure, y * grid.columns + x, hints[2, rows, columns])
    known = np.flatnonzero(sure)
    return known, sure[known]


def places_to_ask(doubt: Doubt, count: int) -> list[Asked]:
    """Up to `count` cells, the most helpful first, each in view of those before and of what is known.

    Fewer where no others lie far enough apart from each other and from hints, 1/16 of the short side.
    """
    shared = doubt.covariance.copy()
    noise = led.NOISE * np.square(doubt.error) + _TINY
    left = np.ones(len(doubt.error), np.bool_)
    for cell in doubt.known:
        left &= _apart(doubt.centers, cell)
    asked: list[Asked] = []
    while left.any() and len(asked) < count:
        variance = shared.diagonal() + noise
        gain = np.einsum("ij,ij->i", shared, shared) / variance
        cell = int(np.where(left, gain, -1).argmax())
        row = shared[cell].copy()
        helped = (row > 0) & (np.square(row) / variance[cell] >= _HELPED * shared.diagonal())
        asked.append(Asked(cell, float(helped.mean())))
        shared -= row[:, np.newaxis] * (row / variance[cell])
        left &= _apart(doubt.centers, cell)
    return asked


def _apart(centers: NDArray[np.float64], cell: int) -> NDArray[np.bool_]:
    return np.asarray(np.hypot(*(centers - centers[cell]).T) >= _APART)
