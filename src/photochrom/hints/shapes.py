"""Where a hint is, and how far it covers each cell of a grid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from photochrom.color.srgb import srgb_to_lab
from photochrom.errors import BadOption
from photochrom.hints.words import Number, ab_of, hex_of, share_of

Plane = NDArray[np.float32]
Bits = NDArray[np.bool_]
Lines = NDArray[np.floating[Any]]

DEFAULT_RADIUS: Final = 0.012
"""Of the short side: the area of the 6 × 6 pixels of 256 that hints are measured with."""

# Places looked at along each side of a cell, to tell how far it is covered.
_FINE: Final = 4
# Widths over heights may differ so much: pictures are reduced to whole pixels.
_SAME_SHAPE: Final = 0.02


@dataclass(frozen=True)
class Canvas:
    """A grid of h × w cells over a picture of width × height pixels."""

    width: int
    height: int
    h: int
    w: int

    def lines(self) -> tuple[Lines, Lines]:
        """y and x of the fine rows and columns, in pixels from the upper left corner of the picture."""
        y = (np.arange(self.h * _FINE) + 0.5) * (self.height / (self.h * _FINE))
        x = (np.arange(self.w * _FINE) + 0.5) * (self.width / (self.w * _FINE))
        return y, x

    def coarse(self, fine: Bits) -> Plane:
        """How far each cell is covered, 0…1. fine: a value for each fine place."""
        return np.asarray(fine.reshape(self.h, _FINE, self.w, _FINE).mean(axis=(1, 3)), np.float32)

    def along(self, number: Number, side: int, name: str, hint: str) -> float:
        """A place along a side in pixels from its edge; a whole number of pixels means that pixel's middle.

        Raises BadOption for one outside the picture.
        """
        if isinstance(number, str):
            return share_of(number, side)
        if number >= side:
            raise BadOption(hint, f"{name} {number:g} is outside the picture of {self.width}×{self.height}")
        return min(number + 0.5, side)

    def spot(self, x: Number, y: Number, hint: str) -> tuple[float, float]:
        """x and y in pixels from the upper left corner."""
        return self.along(x, self.width, "x", hint), self.along(y, self.height, "y", hint)

    def radius(self, radius: Number | None) -> float:
        """In pixels."""
        short = min(self.width, self.height)
        return DEFAULT_RADIUS * short if radius is None else share_of(radius, short)

    def cell(self, x: float, y: float) -> tuple[int, int]:
        """Row and column of the cell that a place lies in."""
        return min(int(y / self.height * self.h), self.h - 1), min(int(x / self.width * self.w), self.w - 1)

    def check_shape(self, width: int, height: int, hint: str) -> None:
        """Raise BadOption for a mask or picture of another shape than the picture."""
        if abs(np.log(width / height) - np.log(self.width / self.height)) > _SAME_SHAPE + 1 / min(
            width, height
        ):
            mine = f"{self.width}×{self.height}"
            raise BadOption(hint, f"{width}×{height} is of another shape than the picture of {mine}")


@dataclass(frozen=True)
class Point:
    """A disc round x, y."""

    kind: ClassVar[str] = "point"
    x: Number
    y: Number
    color: str
    radius: Number | None = None
    confidence: float = 1.0

    def covered(self, canvas: Canvas, hint: str) -> Plane:
        """(h, w), 0…1. Raises BadOption for a point outside the picture."""
        spot = canvas.spot(self.x, self.y, hint)
        return _discs(canvas, [spot], canvas.radius(self.radius))


@dataclass(frozen=True)
class Stroke:
    """A line from point to point, round at its ends."""

    kind: ClassVar[str] = "stroke"
    points: tuple[tuple[Number, Number], ...]
    color: str
    radius: Number | None = None
    confidence: float = 1.0

    def covered(self, canvas: Canvas, hint: str) -> Plane:
        """(h, w), 0…1. Raises BadOption for a point outside the picture."""
        spots = [canvas.spot(x, y, hint) for x, y in self.points]
        return _discs(canvas, spots, canvas.radius(self.radius))


@dataclass(frozen=True)
class Rectangle:
    """Upright, from one corner to the other; pixels named are inside."""

    kind: ClassVar[str] = "rectangle"
    left: Number
    top: Number
    right: Number
    bottom: Number
    color: str
    confidence: float = 1.0

    def covered(self, canvas: Canvas, hint: str) -> Plane:
        """(h, w), 0…1. Raises BadOption for a corner outside the picture or on the wrong side."""
        left, top = canvas.spot(self.left, self.top, hint)
        right, bottom = canvas.spot(self.right, self.bottom, hint)
        if right < left or bottom < top:
            raise BadOption(hint, "right must not be left of left, nor bottom above top")
        half = 0.5  # a pixel that is named is inside as a whole
        y, x = canvas.lines()
        rows = _between(y, top - half * _whole(self.top), bottom + half * _whole(self.bottom))
        columns = _between(x, left - half * _whole(self.left), right + half * _whole(self.right))
        covered = canvas.coarse(rows[:, np.newaxis] & columns)
        return _somewhere(covered, canvas, [((left + right) / 2, (top + bottom) / 2)])


@dataclass(frozen=True, eq=False)
class Mask:
    """True where the colour is meant; of any size, in the shape of the picture."""

    kind: ClassVar[str] = "mask"
    mask: Bits = field(repr=False)
    """(H, W); not to be written to."""
    color: str
    confidence: float = 1.0

    def covered(self, canvas: Canvas, hint: str) -> Plane:
        """(h, w), 0…1. Raises BadOption for a mask of another shape than the picture."""
        canvas.check_shape(self.mask.shape[1], self.mask.shape[0], hint)
        return _means(self.mask[..., np.newaxis], canvas)[..., 0]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Mask):
            return NotImplemented
        same = (self.color, self.confidence) == (other.color, other.confidence)
        return same and np.array_equal(self.mask, other.mask)

    def __hash__(self) -> int:
        return hash((self.color, self.confidence, self.mask.shape, self.mask.tobytes()))


@dataclass(frozen=True, eq=False)
class Painted:
    """Colours that somebody painted; of any size, in the shape of the picture."""

    kind: ClassVar[str] = "picture"
    pixels: NDArray[np.uint8] = field(repr=False)
    """(H, W, 4) RGBA, opaque where a colour is meant and all 0 elsewhere; not to be written to."""
    confidence: float = 1.0

    def covered(self, canvas: Canvas, hint: str) -> Plane:
        """(h, w), 0…1. Raises BadOption for a picture of another shape."""
        canvas.check_shape(self.pixels.shape[1], self.pixels.shape[0], hint)
        return _means(self.pixels[..., 3:] > 0, canvas)[..., 0]

    def commonest(self, cells: Bits) -> str:
        """#rrggbb, the commonest colour painted in these cells, (h, w); at all if they hold none."""
        height, width = self.pixels.shape[:2]
        rows, columns = (
            (np.arange(n) * 2 + 1) * k // (2 * n) for n, k in zip((height, width), cells.shape, strict=True)
        )
        told = self.pixels[..., 3] > 0
        here = told & cells[rows[:, np.newaxis], columns]
        painted = self.pixels[here if here.any() else told, :3]
        # Brushes blend at their edges: colours count together in steps of 32 before the one of most pixels.
        step = np.array([64, 8, 1])
        buckets = (painted // 32) @ step
        most = painted[buckets == np.bincount(buckets).argmax()]
        colors, count = np.unique(most, axis=0, return_counts=True)
        return hex_of(colors[count.argmax()])

    def ab(self, canvas: Canvas) -> Plane:
        """(2, h, w): the mean colour painted in each cell; 0 where there is none."""
        told = self.pixels[..., 3:] > 0
        lab = srgb_to_lab(self.pixels[..., :3] / np.float32(255)) * told
        means = _means(np.concatenate([lab[..., 1:], told], axis=-1), canvas)
        return np.asarray((means[..., :2] / np.maximum(means[..., 2:], 1e-6)).transpose(2, 0, 1))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Painted):
            return NotImplemented
        return self.confidence == other.confidence and np.array_equal(self.pixels, other.pixels)

    def __hash__(self) -> int:
        return hash((self.confidence, self.pixels.shape, self.pixels.tobytes()))


Shape = Point | Stroke | Rectangle | Mask | Painted


def told_cells(covered: Plane) -> Bits:
    """The cells that a hint is told in: covered half as far as the best of the nine round each.

    So an area ends where it covers less than half a cell, and a thin line is not lost.
    """
    padded = np.pad(covered, 1)
    h, w = covered.shape
    best = np.max([padded[i : i + h, j : j + w] for i in range(3) for j in range(3)], axis=0)
    return np.asarray((covered > 0) & (covered >= best / 2))


def colors_of(shape: Shape, canvas: Canvas) -> Plane:
    """a and b wanted in each cell: (2, h, w)."""
    if isinstance(shape, Painted):
        return shape.ab(canvas)
    return np.broadcast_to(ab_of(shape.color)[:, np.newaxis, np.newaxis], (2, canvas.h, canvas.w))


def _whole(number: Number) -> bool:
    return not isinstance(number, str)


def _between(lines: Lines, low: float, high: float) -> Bits:
    """Which lines lie from low to high: one at least, for a thinner bar would slip through between them."""
    missing = max(lines[1] - lines[0] - (high - low), 0) / 2 if len(lines) > 1 else 0
    return np.asarray((lines >= low - missing) & (lines <= high + missing))


def _discs(canvas: Canvas, spots: Sequence[tuple[float, float]], radius: float) -> Plane:
    """How far a disc covers each cell on its way from spot to spot; the cells of the spots at least."""
    ys, xs = canvas.lines()
    # A thinner line would slip through between the places that are looked at.
    radius = max(radius, math.hypot(canvas.width / len(xs), canvas.height / len(ys)) / 2)
    fine = np.zeros((len(ys), len(xs)), np.bool_)
    starts = np.array(spots)
    ends = np.array([*spots[1:], spots[-1]])
    for start, end in zip(starts, ends, strict=True):
        low, high = np.minimum(start, end) - radius, np.maximum(start, end) + radius
        rows = slice(*np.searchsorted(ys, (low[1], high[1])))
        columns = slice(*np.searchsorted(xs, (low[0], high[0])))
        dy, dx = ys[rows, np.newaxis] - start[1], xs[columns] - start[0]
        step_x, step_y = end - start
        length = max(step_x**2 + step_y**2, 1e-12)
        along = np.clip((dx * step_x + dy * step_y) / length, 0, 1)
        fine[rows, columns] |= np.hypot(dx - along * step_x, dy - along * step_y) <= radius
    return _somewhere(canvas.coarse(fine), canvas, spots)


def _somewhere(covered: Plane, canvas: Canvas, spots: Sequence[tuple[float, float]]) -> Plane:
    """What is too small to meet any fine place covers the cell it lies in."""
    for x, y in spots:
        row, column = canvas.cell(x, y)
        if not covered[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2].any():
            covered[row, column] = 1
    return covered


def _means(values: NDArray[Any], canvas: Canvas) -> Plane:
    """Means over what lies in each cell, or the nearest value: (H, W, C) → (h, w, C)."""
    for axis, cells in ((0, canvas.h), (1, canvas.w)):
        size = values.shape[axis]
        edges = np.arange(cells + 1) * size // cells
        count = np.maximum(np.diff(edges), 1).reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
        # Summed as float32: a copy of a large mask in that would be four times the mask.
        values = np.add.reduceat(values, edges[:-1], axis=axis, dtype=np.float32) / count
    return values.astype(np.float32)
