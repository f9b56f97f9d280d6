"""A plane of numbers as a picture that people can read: the colours of viridis, at full size."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyvips
from numpy.typing import NDArray

from photochrom.errors import BadOption
from photochrom.images.picture import Picture
from photochrom.images.resample import stretched
from photochrom.images.tone import table_image

# Sixteen even steps of viridis (N. Smith and S. van der Walt, matplotlib, CC0): lighter as the number is
# higher, and evenly so, to the colour-blind and in grey print too.
_VIRIDIS: Final = (
    "440154 481a6c 472f7d 414487 39568c 31688e 2a788e 23888e 1f988b "
    "22a884 35b779 54c568 7ad151 a5db36 d2e21b fde725"
)


def heat_map(picture: Picture, coefficients: NDArray[np.float32], top: float) -> pyvips.Image:
    """The map at the picture's full size: RGB, 8 bits a channel, lazy. Ask again for each reading.

    coefficients: (h, w, 2): slope and offset over the picture's L, enlarged as `compose` does
    top: the number that is yellow, as all above it are; 0 and all below is dark violet

    Raises BadOption for other coefficients.
    """
    if coefficients.ndim != 3 or coefficients.shape[2] != 2 or not np.isfinite(coefficients).all():
        raise BadOption("coefficients", f"of shape {coefficients.shape}, not (h, w, 2), or not finite")
    small = pyvips.Image.new_from_array(np.float32(coefficients * (255 / top)))
    planes = stretched(small, picture.width, picture.height)
    steps = planes[0] * picture.lightness + planes[1]
    # Half a step, because the cast to an integer cuts off.
    codes = (steps.clamp(min=0, max=255) + 0.5).cast("uchar")
    colors = viridis()
    bands = [codes.maplut(table_image(np.ascontiguousarray(colors[:, band]))) for band in range(3)]
    return bands[0].bandjoin(bands[1:]).copy(interpretation="srgb")


def viridis() -> NDArray[np.uint8]:
    """(256, 3): sRGB of each step from dark violet over green to yellow."""
    anchors = np.array([list(bytes.fromhex(color)) for color in _VIRIDIS.split()], np.float64)
    place = np.linspace(0, 255, len(anchors))
    bands = [np.interp(np.arange(256), place, anchors[:, band]) for band in range(3)]
    return np.rint(np.stack(bands, axis=-1)).astype(np.uint8)
