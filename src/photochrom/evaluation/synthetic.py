"""Made-up photographs for timing: files of any size that cost a codec what real ones cost.

Octaves of noise whose strength falls with frequency, as in natural pictures (Field, "Relations
between the statistics of natural images and the response properties of cortical cells", 1987), and
the grain of a sensor: a JPEG of quality 92 takes about 2.5 bits a pixel, as those of cameras do.
"""

from __future__ import annotations

import functools
import operator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from photochrom.images.read import read_picture

if TYPE_CHECKING:
    import pyvips

_TILE: Final = 64
# Pixels from one random value to the next, and its standard deviation in codes. The finest two are
# texture and grain, the coarsest light and shade.
_OCTAVES: Final = ((512, 34.0), (64, 16.0), (8, 9.0), (2, 5.0), (1, 4.0))
_TINTS: Final = ((512, 14.0), (64, 6.0))
_GRAIN_TILE: Final = 512
_QUALITY: Final = 92
_WEIGHTS: Final = ((1.0, 0.0), (-0.4, -0.3), (0.0, 1.0))


def write_photograph(path: Path, *, width: int, height: int, bands: int) -> None:
    """Write the same file for the same arguments: 8-bit grey (1 band) or RGB (3 bands).

    The suffix of `path` is .jpg (quality 92) or .tif (deflate, tiles of 256). Streamed: memory does
    not grow with the picture.
    """
    rng = np.random.default_rng(20)
    gray = _noise(rng, width, height, _OCTAVES) + 118
    image = gray
    if bands == 3:
        red_cyan, blue_yellow = (_noise(rng, width, height, _TINTS) for _ in range(2))
        channels = [gray + red_cyan * r + blue_yellow * b for r, b in _WEIGHTS]
        image = channels[0].bandjoin(channels[1:])
    image = image.clamp(min=0, max=255).cast("uchar")
    options: dict[str, Any] = {"Q": _QUALITY}
    if path.suffix == ".tif":
        options = {"compression": "deflate", "tile": True, "tile_width": 256, "tile_height": 256}
    interpretation = "srgb" if bands == 3 else "b-w"
    image.copy(interpretation=interpretation).write_to_file(str(path), **options)


def _noise(
    rng: np.random.Generator, width: int, height: int, octaves: tuple[tuple[int, float], ...]
) -> pyvips.Image:
    layers = [_octave(rng, width, height, cell) * strength for cell, strength in octaves]
    return functools.reduce(operator.add, layers)


def _octave(rng: np.random.Generator, width: int, height: int, cell: int) -> pyvips.Image:
    """Smooth noise of mean 0 and standard deviation about 1, one float band."""
    side = _GRAIN_TILE if cell == 1 else _TILE
    # Kept in 0…1, where the reader expects floats to be, until it is inside libvips.
    samples = np.clip(rng.normal(0.5, 0.1, (side, side)), 0, 1).astype(np.float32)
    tile = (read_picture(samples).pixels.source.open() - 0.5) * 10
    across, down = -(-width // (cell * side)), -(-height // (cell * side))
    if cell > 1:
        across, down = across + 1, down + 1
    field = tile.replicate(across, down)
    if cell > 1:
        field = field.crop(0, 0, min(field.width, width // cell + 4), min(field.height, height // cell + 4))
        field = field.resize(cell, kernel="cubic")
    return field.crop(0, 0, width, height)
