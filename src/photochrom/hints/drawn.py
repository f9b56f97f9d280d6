"""Hints on a grid, and which of them the lightness of the picture does not allow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from photochrom.color.difference import delta_e_2000
from photochrom.color.gamut import fit_to_gamut
from photochrom.color.srgb import lab_to_srgb
from photochrom.hints.shapes import Canvas, Painted, Shape, colors_of, told_cells
from photochrom.hints.words import ab_of, hex_of

MET: Final = 5.0
"""ΔE2000 up to which a colour counts as the one that was asked for."""
NOTICED: Final = 0.1
"""Share of a hint's place, or of what was painted in one colour, that has to miss it to be reported."""
# Units of ab by which cells of one paint differ at most.
_ONE_PAINT: Final = 15.0


@dataclass(frozen=True)
class Unmet:
    """A hint whose colour does not exist at the lightness of its place."""

    hint: int
    """Which one, counted from 1."""
    kind: str
    asked: str
    """"#rrggbb" as it was told; of a painted picture the commonest colour of what cannot be had."""
    got: str
    """"#rrggbb", mean over where they differ: the nearest of the same hue that the lightness allows."""
    difference: float
    """ΔE2000 between the two at the picture's lightness, mean over where they differ."""

    def __str__(self) -> str:
        what = f"{_label(self.hint, self.kind)}: {self.asked} does not exist at the lightness of its place"
        return f"{what}: the nearest is {self.got}, ΔE2000 {self.difference:.0f}"


@dataclass(frozen=True, eq=False)
class Drawn:
    """Hints on a grid of h × w cells."""

    planes: NDArray[np.float32] = field(repr=False)
    """(3, h, w): a, b and confidence, 0 where nothing is told; as `Colorizer.hinted` takes them."""
    owner: NDArray[np.int64] = field(repr=False)
    """(h, w): the hint that a cell's colour is of, counted from 0; −1 where nothing is told."""
    shapes: tuple[Shape, ...] = field(repr=False)

    def unmet(self, lightness: NDArray[np.float32]) -> tuple[Unmet, ...]:
        """The hints that cannot be had: over ΔE2000 `MET` off, in a share of `NOTICED`.

        lightness: (h, w), L of the cells. Parts of a hint's place where its colour can be had do not count.
        """
        asked = np.stack([lightness, *self.planes[:2]], axis=-1)
        told = self.owner >= 0
        fitted = asked.copy()
        fitted[told] = fit_to_gamut(asked[told])
        away = delta_e_2000(asked, fitted)
        missed = []
        for index, shape in enumerate(self.shapes):
            for want, cells in self._colors(shape, self.owner == index, away > MET):
                lost = cells & (away > MET)
                if lost.any() and lost.sum() >= NOTICED * cells.sum():
                    got = hex_of(np.rint(lab_to_srgb(fitted[lost].mean(axis=0)).clip(0, 1) * 255))
                    missed.append(Unmet(index + 1, shape.kind, want, got, float(away[lost].mean())))
                    break
        return tuple(missed)

    def _colors(
        self, shape: Shape, own: NDArray[np.bool_], lost: NDArray[np.bool_]
    ) -> Iterator[tuple[str, NDArray[np.bool_]]]:
        """The hint's colour and its cells; of a painted picture each colour of which cells are lost."""
        if not isinstance(shape, Painted):
            yield shape.color, own
            return
        left = own & lost
        while left.any():
            color = shape.commonest(left)
            apart = np.linalg.norm(self.planes[:2] - ab_of(color)[:, np.newaxis, np.newaxis], axis=0)
            cells = own & (apart < _ONE_PAINT)
            # Strokes finer than a cell: its mean is no colour that was painted.
            cells = cells if (cells & left).any() else left
            yield color, cells
            left = left & ~cells


def draw(shapes: Sequence[Shape], canvas: Canvas) -> Drawn:
    """Later hints cover earlier ones. Raises BadOption naming a hint that does not fit the picture."""
    planes = np.zeros((3, canvas.h, canvas.w), np.float32)
    owner = np.full((canvas.h, canvas.w), -1)
    for index, shape in enumerate(shapes):
        told = told_cells(shape.covered(canvas, _label(index + 1, shape.kind)))
        planes[:2, told] = colors_of(shape, canvas)[:, told]
        planes[2, told] = shape.confidence
        owner[told] = index
    return Drawn(planes, owner, tuple(shapes))


def _label(number: int, kind: str) -> str:
    return f"hint {number} ({kind})"
