"""The ab bins: colours as a distribution over points of the ab plane.

A colour is shared between the four grid points round it, each with its bilinear weight, so that
the mean of the distribution is the colour itself. A network learns and guesses such distributions;
the annealed mean turns a guess into one colour.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from photochrom.color.arrays import Floats, floats
from photochrom.color.constants import AB_GRID
from photochrom.color.srgb import srgb_to_lab
from photochrom.errors import BadOption

# The ab plane is far larger than any colour on it; what lies beyond is brought to its edge.
_FARTHEST = 1000.0

# The four corners of a cell, as steps along a and along b.
_DOWN = np.array([0, 0, 1, 1])
_RIGHT = np.array([0, 1, 0, 1])


@dataclass(frozen=True, eq=False)
class AbBins:
    """K points of the ab plane on a square grid. Two sets are equal if their points are, in order.

    `centers`: (K, 2), a and b, multiples of `grid`, each once; taken from any nested list, such as
    a model card holds. Raises BadOption for anything else.
    """

    centers: NDArray[np.float32]
    """(K, 2) a and b; not to be written to."""

    grid: float = AB_GRID
    """Distance of neighbours in a and in b."""

    _low: NDArray[np.int64] = field(init=False, repr=False)
    _nearest: NDArray[np.int64] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        centers = np.array(self.centers, dtype=np.float32)
        if centers.ndim != 2 or centers.shape[1] != 2 or len(centers) == 0:
            raise BadOption("centers", f"must be of shape (K, 2), not {centers.shape}")
        if not self.grid > 0 or not np.isfinite(centers).all():
            raise BadOption("centers", "must be finite numbers on a grid wider than 0")
        points = np.rint(centers / self.grid).astype(np.int64)
        if np.abs(points * self.grid - centers).max() > 1e-3 * self.grid:
            raise BadOption("centers", f"must be multiples of the grid, {self.grid:g}")
        if len(set(map(tuple, points.tolist()))) != len(points):
            raise BadOption("centers", "must name each point once")
        if np.abs(centers).max() > _FARTHEST:
            raise BadOption("centers", f"must be within ±{_FARTHEST:g}")
        centers.setflags(write=False)
        object.__setattr__(self, "centers", centers)
        object.__setattr__(self, "_low", points.min(axis=0) - 1)
        object.__setattr__(self, "_nearest", _nearest_points(points))

    def __len__(self) -> int:
        return len(self.centers)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AbBins):
            return NotImplemented
        return self.grid == other.grid and np.array_equal(self.centers, other.centers)

    def __hash__(self) -> int:
        return hash((self.grid, self.centers.tobytes()))

    def encode(self, ab: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Bilinear weights of the four grid points round each colour.

        `ab`: (…, 2), finite. Returns bin numbers and weights, both (…, 4); weights are in 0…1 and
        sum to 1, and the weighted mean of the centres is `ab` to float32 rounding wherever the
        four points are bins (or have no weight): for `gamut_bins()` that is every sRGB colour. Any
        other point hands its weight to the bin nearest to it. Raises ValueError for NaN, infinity
        and other shapes.
        """
        colors = floats(ab)
        if colors.ndim == 0 or colors.shape[-1] != 2:
            raise ValueError(f"ab colours are of shape (…, 2), not {colors.shape}")
        if not np.isfinite(colors).all():
            raise ValueError("only finite colours can be encoded")
        place = colors / self.grid
        cell = np.floor(place)
        part = (place - cell).astype(np.float32)
        last = np.array(self._nearest.shape) - 2
        corner = np.clip(cell - self._low, 0, last).astype(np.int64)
        row, column = corner[..., 0, np.newaxis], corner[..., 1, np.newaxis]
        index = self._nearest[row + _DOWN, column + _RIGHT]
        along_a = np.stack([1 - part[..., 0], part[..., 0]], axis=-1)
        along_b = np.stack([1 - part[..., 1], part[..., 1]], axis=-1)
        weight = along_a[..., _DOWN] * along_b[..., _RIGHT]
        return index, weight

    def annealed_mean(self, logits: ArrayLike, temperature: float = 1.0, *, axis: int = -1) -> Floats:
        """The mean colour of softmax(logits / temperature).

        `logits`: K along `axis`; the result has a and b in its place. Temperature 1 is the plain
        mean, towards 0 it is the likeliest bin. Raises BadOption for a temperature of 0 or less
        and ValueError for another number of bins. Reference: Zhang, Isola and Efros, "Colorful
        Image Colorization", ECCV 2016, equation 5.
        """
        if not temperature > 0:
            raise BadOption("temperature", f"must be greater than 0, not {temperature:g}")
        scores = np.moveaxis(floats(logits), axis, -1)
        if scores.shape[-1] != len(self):
            raise ValueError(f"{len(self)} logits a place are wanted, not {scores.shape[-1]}")
        share = np.exp((scores - scores.max(axis=-1, keepdims=True)) / temperature)
        share /= share.sum(axis=-1, keepdims=True)
        return np.moveaxis(share @ self.centers.astype(scores.dtype), -1, axis)


@cache
def gamut_bins() -> AbBins:
    """The 309 bins that hold the whole sRGB gamut: every corner of its 268 cells of a 10-unit grid.

    (The nearest bin of every sRGB colour would be 261 bins, but a colour at the edge of the gamut
    shares itself among corners outside it.) Sorted by a, then by b.

    The gamut's shadow on the ab plane is bounded by the six edges of the RGB cube that run from hue
    to hue, red to yellow to green and on, and has no hole or bay across a row of cells; so the
    cells of those edges, filled row by row, are all the cells (tested on all 2²⁴ colours).
    """
    hues = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 1, 1], [0, 0, 1], [1, 0, 1], [1, 0, 0]])
    step = np.linspace(0.0, 1.0, 1024)[:, np.newaxis, np.newaxis]
    edges = hues[:-1] + step * (hues[1:] - hues[:-1])
    cells = np.floor(srgb_to_lab(edges)[..., 1:].reshape(-1, 2) / AB_GRID).astype(np.int64)
    corners: set[tuple[int, int]] = set()
    for row in np.unique(cells[:, 0]):
        columns = cells[cells[:, 0] == row, 1]
        for column in range(columns.min(), columns.max() + 2):
            corners |= {(int(row), column), (int(row) + 1, column)}
    return AbBins(np.array(sorted(corners), dtype=np.float32) * AB_GRID)


def mix_prior(counts: ArrayLike, *, uniform: float = 0.02) -> Floats:
    """How common each bin is, with a part of the uniform distribution so that none is impossible.

    `counts`: (K,), 0 or more, not all 0. `uniform`: the part, 0…1. Returns (K,), sum 1. Raises
    BadOption.
    """
    seen = floats(counts).astype(np.float64)
    if not 0 <= uniform <= 1:
        raise BadOption("uniform", f"must be in 0…1, not {uniform:g}")
    if seen.ndim != 1 or not (np.isfinite(seen).all() and (seen >= 0).all() and seen.sum() > 0):
        raise BadOption("counts", "must be numbers of 0 or more, not all of them 0")
    return np.asarray((1 - uniform) * seen / seen.sum() + uniform / len(seen))


def _nearest_points(points: NDArray[np.int64]) -> NDArray[np.int64]:
    """The number of the bin nearest to each grid point of the box round all bins, one cell wider."""
    low, high = points.min(axis=0) - 1, points.max(axis=0) + 1
    rows, columns = (np.arange(start, stop + 1) for start, stop in zip(low, high, strict=True))
    box = np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1)
    distance = np.square(box[:, :, np.newaxis] - points).sum(axis=-1)
    return np.asarray(distance.argmin(axis=-1), dtype=np.int64)
