"""The sample grid of a run: input | result at each validation | truth, a row a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photochrom.color.srgb import lab_to_srgb, srgb_to_lab
from photochrom.training.curves import write_png

GRID = "samples.png"
COLUMNS = "samples"
ROWS = 8
CELL = 128
GAP = 4

Bytes = NDArray[np.uint8]


def add_column(out: Path, step: int, truth: Sequence[Bytes], colored: Sequence[Bytes]) -> None:
    """Write the column of one step, and the grid of all columns so far. Both: pictures (H, W, 3).

    Columns of later steps, which a run that was taken up again takes anew, are dropped.
    """
    folder = out / COLUMNS
    folder.mkdir(exist_ok=True)
    for file in folder.glob("*.png"):
        if int(file.stem) >= step:
            file.unlink()
    write_png(_column(colored), folder / f"{step:09d}.png")
    middle = []
    for file in sorted(folder.glob("*.png")):
        with Image.open(file) as opened:
            middle.append(opened.convert("RGB"))
    columns = [_column([_grey(picture) for picture in truth]), *middle, _column(truth)]
    width = len(columns) * (CELL + GAP) - GAP
    grid = Image.new("RGB", (width, columns[0].height), (255, 255, 255))
    for place, column in enumerate(columns):
        grid.paste(column, (place * (CELL + GAP), 0))
    write_png(grid, out / GRID)


def _column(pictures: Sequence[Bytes]) -> Image.Image:
    shown = pictures[:ROWS]
    column = Image.new("RGB", (CELL, len(shown) * (CELL + GAP) - GAP), (255, 255, 255))
    for row, picture in enumerate(shown):
        cell = Image.fromarray(picture).resize((CELL, CELL), Image.Resampling.LANCZOS)
        column.paste(cell, (0, row * (CELL + GAP)))
    return column


def _grey(picture: Bytes) -> Bytes:
    """The picture's lightness alone."""
    lab = srgb_to_lab(picture.astype(np.float32) / 255)
    lab[..., 1:] = 0
    return np.asarray((lab_to_srgb(lab).clip(0, 1) * 255).round(), dtype=np.uint8)
