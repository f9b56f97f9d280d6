"""A set of pictures at a glance: a contact sheet, and which colours there are."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from photochrom.color.srgb import lab_to_srgb
from photochrom.datasets.inspection import AB_CELLS, AB_EDGE, AB_STEP
from photochrom.datasets.pictures import EncodedPicture
from photochrom.datasets.screen import DECODE_ERRORS

CELL, GAP, ACROSS, MOST = 128, 4, 8, 48
# Pixels of one cell of the histogram, and of the margin round it.
_CELL, _MARGIN = 10, 24
# Lightness at which most hues are in the gamut; the share at which a cell has its full colour.
_LIGHTNESS, _FULL, _LEAST = 65.0, 1e-2, 1e-6
_INK, _PAPER = (60, 60, 60), (255, 255, 255)


def contact_sheet(pictures: Sequence[EncodedPicture]) -> Image.Image:
    """48 of the pictures, evenly spread over the set, each whole; cells of damaged ones stay empty."""
    count = min(len(pictures), MOST)
    chosen = [pictures[round(i)] for i in np.linspace(0, len(pictures) - 1, count)]
    step = CELL + GAP
    across = max(1, min(count, ACROSS))
    sheet = Image.new("RGB", (across * step - GAP, max(1, -(-count // across)) * step - GAP), _PAPER)
    for place, picture in enumerate(chosen):
        row, column = divmod(place, across)
        try:
            with Image.open(io.BytesIO(picture.data)) as image:
                image.draft("RGB", (CELL, CELL))
                small = image.convert("RGB")
        except DECODE_ERRORS:
            continue
        small.thumbnail((CELL, CELL), Image.Resampling.LANCZOS)
        left, top = (CELL - small.width) // 2, (CELL - small.height) // 2
        sheet.paste(small, (column * step + left, row * step + top))
    return sheet


def histogram(shares: NDArray[np.float64]) -> Image.Image:
    """How common each ab is, as `Inspection.ab` has it: the stronger a cell's colour, by logarithm.

    a grows to the right, b upwards. One hundredth of all pixels has the full colour, one millionth none.
    """
    centres = -AB_EDGE + AB_STEP * (np.arange(AB_CELLS) + 0.5)
    a, b = np.meshgrid(centres, centres, indexing="ij")
    colors = lab_to_srgb(np.stack([np.full_like(a, _LIGHTNESS), a, b], -1)).clip(0, 1)
    strength = np.log(np.maximum(shares, _LEAST) / _LEAST) / np.log(_FULL / _LEAST)
    drawn = 1 + (colors - 1) * strength.clip(0, 1)[..., None]
    pixels = np.asarray((drawn.transpose(1, 0, 2)[::-1] * 255).round(), np.uint8)
    side = AB_CELLS * _CELL
    sheet = Image.new("RGB", (side + 2 * _MARGIN, side + 2 * _MARGIN), _PAPER)
    sheet.paste(Image.fromarray(pixels).resize((side, side), Image.Resampling.NEAREST), (_MARGIN, _MARGIN))
    draw = ImageDraw.Draw(sheet)
    middle, end = _MARGIN + side // 2, _MARGIN + side
    draw.rectangle((_MARGIN - 1, _MARGIN - 1, end, end), outline=_INK)
    draw.line((middle, _MARGIN, middle, end), fill=_INK)
    draw.line((_MARGIN, middle, end, middle), fill=_INK)
    for text, place in (
        ("a", (end + 8, middle - 6)),
        ("b", (middle - 3, 6)),
        ("0", (middle - 3, end + 6)),
        (f"{-AB_EDGE}", (_MARGIN, end + 6)),
        (f"{AB_EDGE}", (end - 18, end + 6)),
    ):
        draw.text(place, text, fill=_INK)
    return sheet
