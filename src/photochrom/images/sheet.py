"""Several results of one picture on one sheet."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, sqrt
from typing import Final

import pyvips

from photochrom.images.door import reading
from photochrom.images.picture import at_depth

# The longer side of each, and the white between them, in pixels.
_LONGER_SIDE: Final = 720
_GAP: Final = 8
_WHITE: Final = 255


def contact_sheet(images: Sequence[pyvips.Image], *, name: str = "picture") -> pyvips.Image:
    """The images side by side, in rows about as many as columns: RGB, 8 bits a channel, in memory.

    images: 1 or more of one size, RGB or RGBA; larger than 720 pixels they are reduced, and stand on
    white. `name` is for messages. Raises UnreadableImage where decoding fails.
    """
    with reading(name):
        small = [_reduced(image).copy_memory() for image in images]
    across = ceil(sqrt(len(small)))
    sheet = pyvips.Image.arrayjoin(small, across=across, shim=_GAP, background=[_WHITE] * 3)
    return sheet.copy(interpretation="srgb")


def _reduced(image: pyvips.Image) -> pyvips.Image:
    image = at_depth(image, 8).copy(interpretation="srgb")
    scale = min(1.0, _LONGER_SIDE / max(image.width, image.height))
    if scale < 1:
        image = image.resize(scale, kernel="lanczos3")
    return image.flatten(background=[_WHITE] * 3) if image.hasalpha() else image
