"""Contact sheets: pictures side by side, for looking."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np

from photochrom.errors import BadOption
from photochrom.evaluation.pictures import Picture
from photochrom.evaluation.record import Plan, colored
from photochrom.evaluation.rendered import Bytes, image_of
from photochrom.images.read import read_picture
from photochrom.images.write import write_picture

if TYPE_CHECKING:
    from photochrom.evaluation.contestants import Contestant

_T = TypeVar("_T")

CELL_SIDE: Final = 256
"""Pixels of one cell's side."""

_GAP: Final = 4
# Between two strips that stand beside each other.
_WIDE_GAP: Final = 16
_PAPER: Final = 255
# Cells beside each other that a screen still shows well.
_CELLS_ACROSS: Final = 6


def reduced(rgb: Bytes, side: int) -> Bytes:
    """A picture (H, W, 3) whose longer side is at most `side`, reduced by Lanczos, never enlarged."""
    image = image_of(rgb)
    if max(image.width, image.height) > side:
        image = image.resize(side / max(image.width, image.height), kernel="lanczos3")
    small: Bytes = np.asarray(image.numpy())[:side, :side]
    return small


def cell(rgb: Bytes, side: int) -> Bytes:
    """A picture (H, W, 3) reduced by Lanczos to fit a white square (side, side, 3), never enlarged."""
    small = reduced(rgb, side)
    height, width = small.shape[:2]
    paper = np.full((side, side, 3), _PAPER, np.uint8)
    top, left = (side - height) // 2, (side - width) // 2
    paper[top : top + height, left : left + width] = small
    return paper


def strip(contestants: Sequence[Contestant], picture: Picture, *, plan: Plan) -> list[Bytes]:
    """The cells of one picture: input, each contestant's rows, truth if there is one."""
    return [cell(one.rgb, CELL_SIDE) for one in colored(contestants, picture, plan=plan).values()]


def contact_sheet(strips: Sequence[Sequence[Bytes]], *, side: int = CELL_SIDE) -> Bytes:
    """Each strip is one picture's cells from left to right; strips stand below, then beside each other.

    strips: of equal length, each cell (H, W, 3) uint8 of any size. Returns (height, width, 3).
    Raises BadOption if there is nothing to draw.
    """
    if not strips or not strips[0]:
        raise BadOption("sheet", "there is no picture to draw")
    across = max(1, min(len(strips), _CELLS_ACROSS // len(strips[0])))
    down = -(-len(strips) // across)
    step = side + _GAP
    strip_width = len(strips[0]) * step - _GAP
    width = across * (strip_width + _WIDE_GAP) - _WIDE_GAP
    paper = np.full((down * step - _GAP, width, 3), _PAPER, np.uint8)
    for place, strip in enumerate(strips):
        row, column = divmod(place, across)
        for i, picture in enumerate(strip):
            left = column * (strip_width + _WIDE_GAP) + i * step
            paper[row * step : row * step + side, left : left + side] = cell(picture, side)
    return paper


def spread(items: Sequence[_T], count: int) -> list[_T]:
    """`count` of the items, evenly spread over them, ends included; all if there are no more."""
    if len(items) <= count:
        return list(items)
    return [items[round(i)] for i in np.linspace(0, len(items) - 1, count)]


def write_sheet(sheet: Bytes, target: Path, *, overwrite: bool = False) -> None:
    """Write a sheet; the suffix is the format. Raises OutputExists, UnwritableOutput, UnsupportedFormat."""
    write_picture(image_of(sheet), read_picture(sheet), target, overwrite=overwrite)
